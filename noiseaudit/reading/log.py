"""Log: a source that was read, with its roles, its scale and the shift, ready to be aggregated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import TracebackType
from typing import Any

from noiseaudit.design import AuditDesign
from noiseaudit.reading.group_columns import GroupColumn
from noiseaudit.reading.table import VIEW, Table
from noiseaudit.result import Finding


@dataclass
class Log:
    """Typed rows that stay in the engine. Use it as a context manager: it owns the engine and private copies.

    columns: SQL over the table's view by name: row, case_id, judge_id, decision (DOUBLE, shift taken off and logs
    taken; category code 1..K for nominal and ordinal decisions; NULL where missing), truth, weight, moment, pool and
    office where such roles are given. where: of the rows that count, None for all.
    clock: moments have a time of day. excluded_judges: accounts that are no professionals.
    design: as asked, its columns under the names that the table has for them. roles: role -> column as used.
    reading: everything needed to read the file the same way again; evidence: why.
    period: first and last day of the decisions, where a column tells. duplicates: identical rows: ask, keep, drop.
    characteristics: groups and relations that may be read. not_analysed: what was asked for of which these rows tell
    nothing, or that may not be read, with the code of the reason.
    """

    table: Table
    design: AuditDesign
    columns: Mapping[str, str]
    scale: str
    roles: Mapping[str, Any]
    shift: Decimal = Decimal(0)
    categories: tuple[str, ...] = ()
    unit: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    period: tuple[date, date] | None = None
    duplicates: str = "ask"
    where: str | None = None
    clock: bool = False
    excluded_judges: tuple[str, ...] = ()
    characteristics: tuple[GroupColumn, ...] = ()
    not_analysed: Mapping[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """Query with these columns of the rows that count."""
        return self.select(self.columns)

    def select(self, columns: Mapping[str, str]) -> str:
        """Query with other columns, of the same rows."""
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        return f"SELECT {listed} FROM {VIEW}" + ("" if self.where is None else f" WHERE {self.where}")

    @property
    def analysed(self) -> tuple[GroupColumn, ...]:
        """Characteristics and relations that these rows can tell of."""
        return tuple(column for column in self.characteristics if column.name not in self.not_analysed)

    @property
    def timed(self) -> bool:
        """Some column tells repeats of one professional on one case apart."""
        return "occasion" in self.roles or "time" in self.roles

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.table.close()
