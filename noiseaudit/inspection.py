"""What a file holds, how it was read and on what evidence, what is wrong, and what its design can tell: no result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.estimators.overlap import Overlap, describe_overlap
from noiseaudit.reading import Proposal, read_table, tabulate
from noiseaudit.reading.columns import Column, describe_columns
from noiseaudit.reading.dates import date_column
from noiseaudit.reading.decisions import code_decision
from noiseaudit.reading.roles import REQUIRED, resolve_roles
from noiseaudit.reading.source import open_table
from noiseaudit.result import Finding, Input


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
    """What one look after another found."""

    problems: list[Problem] = field(default_factory=list)

    def at(self, look: Callable[[], object]) -> object:
        """The outcome of a look, or None and its problems kept."""
        try:
            return look()
        except DataError as error:
            self.problems += [problem for problem in error.problems if problem not in self.problems]
        except CallError as error:
            hint = f"Roles that are needed: {', '.join(REQUIRED)}."
            self.problems.append(Problem(error.code, error.message, hint))
        return None


def _unreadable(name: str, design: AuditDesign, problems: tuple[Problem, ...]) -> Inspection:
    return Inspection(name, "unreadable", 0, (), {}, {}, design.roles(), (), None, problems, ())


def inspect(source: object, design: AuditDesign | None = None, *, name: str | None = None) -> Inspection:
    """Look at a source; problems with its rows are listed, each with its places.

    CallError only for a wrong call (no such file, an unknown option).
    """
    design = design or AuditDesign()
    gathered = _Gathered()
    try:
        table = open_table(source, design, name=name)
    except DataError as error:
        nothing: tuple[()] = ()
        return Inspection(
            name or str(source),
            "unreadable",
            0,
            nothing,
            {},
            {},
            design.roles(),
            nothing,
            None,
            error.problems,
            nothing,
        )
    try:
        columns, rows = describe_columns(table), table.rows()
        resolved = gathered.at(lambda: resolve_roles(table, design))
        proposals: list[Proposal] = []
        roles, scale = design.roles(), None
        reading, evidence, findings = dict(table.reading), dict(table.evidence), list(table.findings)
        account = overlap = None
        if isinstance(resolved, tuple):
            table, known, proposals = resolved
            roles = known.roles()
            gathered.at(lambda: code_decision(table, str(known.decision), known))
            if known.time is not None:
                gathered.at(lambda: date_column(table, str(known.time), known))
            log = gathered.at(lambda: read_table(table, known, proposals=proposals))
            if log is not None:
                found = gathered.at(lambda: tabulate(log))  # type: ignore[arg-type]
                reading, evidence, findings, scale = log.reading, log.evidence, log.findings, log.scale  # type: ignore[attr-defined]
                if found is not None:
                    account, findings = found.input, list(found.findings)  # type: ignore[attr-defined]
                    overlap = describe_overlap(found.main)  # type: ignore[attr-defined]
        return Inspection(
            table.name, table.kind, rows, columns, reading, evidence, roles, tuple(proposals), scale,
            tuple(gathered.problems), tuple(findings), account, overlap,
        )  # fmt: skip
    finally:
        table.close()
