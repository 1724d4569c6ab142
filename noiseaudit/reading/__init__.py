"""Reading: any source becomes a Log, every row accounted for. Nothing is guessed in silence."""

from __future__ import annotations

from decimal import Decimal

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.characteristics import check_characteristics
from noiseaudit.reading.dates import NO_CLOCK, date_column
from noiseaudit.reading.decisions import MOST_CATEGORIES, code_decision, code_truth
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.legal_basis import NO_BASIS
from noiseaudit.reading.log import Log
from noiseaudit.reading.numbers import number_column
from noiseaudit.reading.proposals import Proposal
from noiseaudit.reading.roles import resolve_roles
from noiseaudit.reading.shapes import trimmed
from noiseaudit.reading.source import open_table
from noiseaudit.reading.table import VIEW, Table, literal
from noiseaudit.reading.tabulate import CaseClasses, Tabulated, tabulate
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

__all__ = [
    "MOST_CATEGORIES",
    "CaseClasses",
    "Log",
    "Proposal",
    "Table",
    "Tabulated",
    "open_table",
    "read",
    "read_table",
    "tabulate",
]


def read(
    source: object, design: AuditDesign, *, name: str | None = None, propose: bool = True, shift: Decimal | None = None
) -> Log:
    """Open a source, find the roles, code the decision. Use the Log as a context manager.

    CallError for a wrong call, DataError with every row for data that cannot be used as given. With
    propose=False roles are never guessed. shift: taken off numbers; None: the first of them.
    """
    table = open_table(source, design, name=name)
    try:
        return read_table(table, design, propose=propose, shift=shift)
    except BaseException:
        table.close()
        raise


def read_table(
    table: Table,
    design: AuditDesign,
    *,
    propose: bool = True,
    proposals: list[Proposal] | None = None,
    shift: Decimal | None = None,
) -> Log:
    """The Log of an open table, which owns it from then on.

    proposals: where roles were resolved before (and a wide table made long): what was assumed then.
    """
    if not table.names:
        raise DataError([Problem("E101", "the table has no columns.", "Export it again.")])
    if proposals is None:
        table, resolved, proposals = resolve_roles(table, design, propose=propose)
    else:
        resolved = design
    table.hold(resolved.columns())
    case, judge, decision = str(resolved.case), str(resolved.judge), str(resolved.decision)
    if not table.fetch(f"SELECT 1 FROM {VIEW} WHERE {_filled(table, decision)} LIMIT 1"):
        if not table.fetch(f"SELECT 1 FROM {VIEW} LIMIT 1"):
            raise DataError([Problem("E102", "there is a header and not one row.", "Export again, with the rows.")])
        raise DataError(
            [Problem("E411", "every decision is missing.", "Check that this is the right column.", column=decision)]
        )
    if resolved.exposure is not None and resolved.scale == "auto":
        resolved = resolved.changed(scale="count")
    coding = code_decision(table, decision, resolved, shift=shift)
    columns = {
        "row": "row",
        "case_id": _key(table, case, resolved),
        "judge_id": _key(table, judge, resolved),
        "decision": coding.sql,
    }
    if resolved.truth is not None:
        columns["truth"] = code_truth(table, resolved.truth, resolved, coding)
    if resolved.weight is not None:
        columns["weight"] = _weight(table, resolved.weight, resolved)
    if resolved.exposure is not None:
        columns["exposure"] = _exposure(table, resolved.exposure, resolved)
    for role in ("pool", "office"):
        if getattr(resolved, role) is not None:
            columns[role] = trimmed(table, str(getattr(resolved, role)), resolved)
    findings = [*table.findings, *_said(table, resolved, proposals), *coding.findings]
    reading = {**table.reading, **({} if coding.decimal is None else {"decimal": coding.decimal})}
    evidence = {**table.evidence, **({} if coding.evidence is None else {"decimal": coding.evidence})}
    log = Log(
        table,
        resolved,
        columns,
        coding.scale,
        _roles(resolved),
        coding.shift,
        coding.categories,
        coding.unit or design.unit,
        reading,
        evidence,
        findings,
        duplicates=design.duplicates,
        excluded_judges=tuple(dict.fromkeys(map(label_of, design.exclude_judges))),
    )
    if resolved.time is not None:
        dates = date_column(table, resolved.time, resolved)
        log.findings += dates.findings
        log.reading = {**log.reading, "dates": dates.order}
        log.evidence = {**log.evidence, "dates": dates.evidence}
        log.columns = {**columns, "moment": dates.moment}
        log.clock = dates.clock != NO_CLOCK
        log.period = None if dates.first is None or dates.last is None else (dates.first, dates.last)
    asked = check_characteristics(table, resolved, case=columns["case_id"], judge=columns["judge_id"])
    log.findings += asked.findings
    log.characteristics, log.not_analysed = asked.columns, asked.not_analysed
    refused = [name for name, reason in asked.not_analysed.items() if reason == NO_BASIS]
    log.design = resolved.changed(features=tuple(name for name in resolved.features if name not in refused))
    return log


def _roles(design: AuditDesign) -> dict[str, object]:
    """Roles as results tell them: the judges' columns of a wide table are people, so they are counted."""
    roles: dict[str, object] = {**design.roles()}
    if design.judge_columns:
        roles["judge_columns"] = f"{len(design.judge_columns)} columns"
    return roles


def _filled(table: Table, name: str) -> str:
    column = table.column(name)
    return f"{column} IS NOT NULL" + (f" AND trim(CAST({column} AS VARCHAR)) <> ''" if table.is_text(name) else "")


def _key(table: Table, name: str, design: AuditDesign) -> str:
    """Ids stay what they are; whole types group fastest and are labelled later. Missing markers are missing."""
    column = table.column(name)
    if table.is_text(name):
        if table.type_of(name) != "VARCHAR":
            column = f"CAST({column} AS VARCHAR)"
        if design.na != "auto":
            listed = ", ".join(literal(marker) for marker in design.na)
            return f"CASE WHEN trim({column}) IN ({listed}) THEN NULL ELSE {column} END"
        return column
    plain = table.is_whole(name) or table.type_of(name) in ("DOUBLE", "FLOAT")
    return column if plain else f"CAST({column} AS VARCHAR)"


def _weight(table: Table, name: str, design: AuditDesign) -> str:
    """Whole numbers from 0 up; a row with weight w counts as w equal decisions."""
    numbers = number_column(table, name, design)
    wrong = f"({numbers.sql}) IS NULL OR ({numbers.sql}) < 0 OR ({numbers.sql}) <> floor({numbers.sql})"
    if table.fetch(f"SELECT 1 FROM {VIEW} WHERE {wrong} LIMIT 1"):
        raise DataError(
            [table.problem(name, wrong, code="E417", what="a weight is a whole number from 0 up.",
                           do="Mend these, or leave --weight out.")]
        )  # fmt: skip
    return f"CAST({numbers.sql} AS BIGINT)"


def _exposure(table: Table, name: str, design: AuditDesign) -> str:
    """Numbers above 0: what the events of a row are counted out of."""
    numbers = number_column(table, name, design)
    wrong = f"({numbers.sql}) IS NULL OR ({numbers.sql}) <= 0"
    if table.fetch(f"SELECT 1 FROM {VIEW} WHERE {wrong} LIMIT 1"):
        raise DataError(
            [table.problem(name, wrong, code="E418", what="an exposure is a number above 0.",
                           do="Leave such rows out for a stated reason, or leave --exposure out.")]
        )  # fmt: skip
    return f"CAST({numbers.sql} AS DOUBLE)"


def _said(table: Table, design: AuditDesign, proposals: list[Proposal]) -> list[Finding]:
    """What was assumed on the way, aloud."""
    findings = []
    if proposals:
        named = {p.role: p.column for p in proposals} | {
            key: value for key, value in _roles(design).items() if key == "judge_columns"
        }
        listed = "; ".join(f"{p.role} = {named[p.role]} ({p.why})" for p in proposals)
        findings.append(finding("roles_assumed", roles=listed))
    used = set(design.columns())
    nameless = [i + 1 for i, name in enumerate(table.names) if not name]
    twice = sorted({name for name in table.names if name and table.names.count(name) > 1} - used)
    if nameless:
        findings.append(finding("W305", "warning", n=len(nameless), columns=", ".join(map(str, nameless[:10]))))
    if twice:
        findings.append(finding("W304", "warning", n=len(twice), columns=", ".join(map(repr, twice[:10]))))
    return findings
