"""Reading: any source becomes a Log, every row accounted for. Nothing is guessed in silence."""

from __future__ import annotations

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.decisions import MOST_CATEGORIES, code_decision, code_truth
from noiseaudit.reading.log import Log
from noiseaudit.reading.roles import Proposal, resolve_roles
from noiseaudit.reading.table import VIEW, Table, open_table
from noiseaudit.reading.tabulate import Tabulated, tabulate
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

__all__ = ["MOST_CATEGORIES", "Log", "Proposal", "Table", "Tabulated", "open_table", "read", "tabulate"]


def read(source: object, design: AuditDesign, *, name: str | None = None, propose: bool = True) -> Log:
    """Open a source, find the roles, code the decision. Use the Log as a context manager.

    CallError for a wrong call, DataError with every row for data that cannot be used as given. With
    propose=False roles are never guessed.
    """
    for role in ("weight", "exposure"):
        if getattr(design, role) is not None:
            raise CallError("not_supported", f"the role {role!r} is not supported in this version; leave it out")
    table = open_table(source, design, name=name)
    try:
        return _read(table, design, propose)
    except BaseException:
        table.close()
        raise


def _read(table: Table, design: AuditDesign, propose: bool) -> Log:
    if not table.names:
        raise DataError([Problem("E101", "the table has no columns.", "Export it again.")])
    resolved, proposals = resolve_roles(table, design, propose=propose)
    case, judge, decision = str(resolved.case), str(resolved.judge), str(resolved.decision)
    if not table.fetch(f"SELECT 1 FROM {VIEW} LIMIT 1"):
        raise DataError([Problem("E102", "there is a header and not one row.", "Export again, with the rows.")])
    if not table.fetch(f"SELECT 1 FROM {VIEW} WHERE {_filled(table, decision)} LIMIT 1"):
        raise DataError(
            [Problem("E411", "every decision is missing.", "Check that this is the right column.", column=decision)]
        )
    coding = code_decision(table, decision, resolved)
    truth = "" if resolved.truth is None else f", {code_truth(table, resolved.truth, resolved, coding)} AS truth"
    sql = (
        f"SELECT row, {_key(table, case, resolved)} AS case_id, {_key(table, judge, resolved)} AS judge_id, "
        f"{coding.sql} AS decision{truth} FROM {VIEW}"
    )
    findings = _said(table, resolved, proposals) + list(coding.findings)
    log = Log(
        table,
        sql,
        coding.scale,
        resolved.roles(),
        coding.shift,
        coding.categories,
        coding.unit or design.unit,
        _how_read(table, coding.decimal),
        findings,
    )
    if resolved.occasion is None and resolved.time is None:
        _identical_rows(log, design)
    return log


def _filled(table: Table, name: str) -> str:
    column = table.column(name)
    return f"{column} IS NOT NULL" + (f" AND trim(CAST({column} AS VARCHAR)) <> ''" if table.is_text(name) else "")


def _key(table: Table, name: str, design: AuditDesign) -> str:
    """Ids stay what they are; whole types group fastest and are labelled later. Missing markers are missing."""
    column = table.column(name)
    if table.is_text(name):
        column = f"CAST({column} AS VARCHAR)"
        if design.na != "auto":
            listed = ", ".join("'" + marker.replace("'", "''") + "'" for marker in design.na)
            return f"CASE WHEN {column} IN ({listed}) THEN NULL ELSE {column} END"
        return column
    kind = table.kind(name)
    return column if "INT" in kind or kind in ("DOUBLE", "FLOAT") else f"CAST({column} AS VARCHAR)"


def _how_read(table: Table, decimal: str | None) -> dict[str, object]:
    if table.text is None:
        return {}
    return {
        "encoding": table.text.encoding,
        "delimiter": table.text.delimiter,
        "header_row": table.text.header_row,
        **({} if decimal is None else {"decimal": decimal}),
    }


def _said(table: Table, design: AuditDesign, proposals: list[Proposal]) -> list[Finding]:
    """What was assumed on the way, aloud."""
    findings = []
    if proposals:
        listed = "; ".join(f"{p.role} = {p.column} ({p.why})" for p in proposals)
        findings.append(finding("roles_assumed", roles=listed))
    if table.text is not None:
        if table.text.encoding not in ("utf-8", "utf-8-sig"):
            findings.append(finding("encoding_found", encoding=table.text.encoding))
        if table.text.header_row > 1:
            findings.append(finding("header_found", row=table.text.header_row))
        if table.text.blank:
            findings.append(finding("blank_rows", n=table.text.blank))
    ignored = [role for role in ("groups", "relations", "features", "office", "pool") if getattr(design, role)]
    if ignored:
        findings.append(finding("roles_not_used", "warning", roles=", ".join(ignored)))
    return findings


def _identical_rows(log: Log, design: AuditDesign) -> None:
    """Rows equal in every column: ask, keep as repeats, or drop; looked for only where a cell repeats at all."""
    table = log.table
    repeated = table.fetch(
        f"SELECT 1 FROM ({log.sql}) WHERE decision IS NOT NULL GROUP BY case_id, judge_id HAVING count(*) > 1 LIMIT 1"
    )
    if not repeated or design.duplicates == "keep":
        return
    columns = ", ".join(f"c{i}" for i in range(len(table.names)))
    twice = f"SELECT min(row) AS row, count(*) AS times FROM {VIEW} GROUP BY {columns} HAVING count(*) > 1"
    extra, groups = table.fetch(f"SELECT coalesce(sum(times - 1), 0), count(*) FROM ({twice})")[0]
    if not extra:
        return
    if design.duplicates == "drop":
        keep = f"SELECT min(row) FROM {VIEW} GROUP BY {columns}"
        log.sql = f"SELECT * FROM ({log.sql}) WHERE row IN ({keep})"
        log.duplicates = int(extra)
        return
    rows = table.fetch(f"SELECT row FROM ({twice}) ORDER BY row LIMIT 20")
    raise DataError(
        [
            Problem(
                "E501",
                f"{int(extra)} rows repeat an earlier row in every column. If the same professional judged the same "
                "case twice, that is a retest and worth keeping; if the export doubled them, it is not.",
                "Say which with --duplicates keep or --duplicates drop, or give the column that tells occasions apart "
                "with --occasion.",
                rows=tuple(int(row) + table.offset for (row,) in rows),
                total=int(groups),
            )
        ]
    )
