"""Log: a source that was read, with its roles, its scale and the shift, ready to be aggregated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any

from noiseaudit.reading.table import Table
from noiseaudit.result import Finding


@dataclass
class Log:
    """Typed rows that stay in the engine. Use it as a context manager: it owns the engine and private copies.

    sql: query over the table's view with columns row, case_id, judge_id, decision (DOUBLE, shift taken off and
    logs taken; category code 1..K for nominal and ordinal decisions; NULL where missing) and truth.
    roles: role -> column as used. reading: everything needed to read the file the same way again.
    """

    table: Table
    sql: str
    scale: str
    roles: Mapping[str, Any]
    shift: Decimal = Decimal(0)
    categories: tuple[str, ...] = ()
    unit: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    duplicates: int = 0

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.table.close()
