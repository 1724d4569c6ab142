"""What a file holds, how it was read and on what evidence, what is wrong, and what its design can tell: no result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.estimators.overlap import Overlap, describe_overlap
from noiseaudit.reading import Proposal, Table, read_table, tabulate
from noiseaudit.reading.columns import Column, describe_columns
from noiseaudit.reading.dates import date_column
from noiseaudit.reading.decisions import code_decision
from noiseaudit.reading.roles import REQUIRED, resolve_roles
from noiseaudit.reading.source import open_table
from noiseaudit.result import Finding, Input

_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Inspection:
    """Everything about a source before an audit.

    reading: the settings that repeat the reading; evidence: why, by setting. account: rows read, used, excluded.
    overlap: what the design can tell. Both are None where problems stand in the way.
    """

    name: str
    kind: str
    rows: int
    columns: tuple[Column, ...]
    reading: Mapping[str, object]
    evidence: Mapping[str, str]
    roles: Mapping[str, object]
    proposals: tuple[Proposal, ...]
    scale: str | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    account: Input | None = None
    overlap: Overlap | None = None

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that are more than a note."""
        return tuple(found for found in self.findings if found.severity != "info")


@dataclass
class _Gathered:
    """Problems of one look after another, so that all are listed and not only the first."""

    problems: list[Problem] = field(default_factory=list)

    def at(self, look: Callable[[], _Seen]) -> _Seen | None:
        """What a look finds, or None and its problems kept."""
        try:
            return look()
        except DataError as error:
            self.problems += [problem for problem in error.problems if problem not in self.problems]
        except CallError as error:
            hint = f"Roles that are needed: {', '.join(REQUIRED)}."
            self.problems.append(Problem(error.code, error.message, hint))
        return None


def inspect(source: object, design: AuditDesign | None = None, *, name: str | None = None) -> Inspection:
    """Look at a source; problems with its rows are listed, each with its places.

    CallError only for a wrong call (no such file, an unknown option).
    """
    design = design or AuditDesign()
    try:
        table = open_table(source, design, name=name)
    except DataError as error:
        called = name or str(source)
        return Inspection(called, "unreadable", 0, (), {}, {}, design.roles(), (), None, error.problems, ())
    try:
        return _inspected(table, design)
    finally:
        table.close()


def _inspected(table: Table, design: AuditDesign) -> Inspection:
    gathered = _Gathered()
    seen = Inspection(
        table.name, table.kind, table.rows(), describe_columns(table), table.reading, table.evidence, design.roles(),
        (), None, (), tuple(table.findings),
    )  # fmt: skip
    resolved = gathered.at(lambda: resolve_roles(table, design))
    if resolved is not None:
        long, known, proposals = resolved
        seen = replace(seen, kind=long.kind, roles=known.roles(), proposals=tuple(proposals))
        # decisions and dates are looked at by themselves first, so that the problems of both are listed
        gathered.at(lambda: code_decision(long, str(known.decision), known))
        if known.time is not None:
            gathered.at(lambda: date_column(long, str(known.time), known))
        log = gathered.at(lambda: read_table(long, known, proposals=proposals))
        if log is not None:
            seen = replace(
                seen, reading=log.reading, evidence=log.evidence, scale=log.scale, findings=tuple(log.findings)
            )
            found = gathered.at(lambda: tabulate(log))
            if found is not None:
                overlap = describe_overlap(found.main)
                seen = replace(seen, account=found.input, findings=found.findings, overlap=overlap)
    return replace(seen, problems=tuple(gathered.problems))
