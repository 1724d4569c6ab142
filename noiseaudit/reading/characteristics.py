"""Groups, relations and features: few enough values, one for each case, and no small group in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.group_columns import GroupColumn, alike_but_capitals, group_columns
from noiseaudit.reading.legal_basis import NO_BASIS, without_basis
from noiseaudit.reading.shapes import trimmed
from noiseaudit.reading.table import MOST_PLACES, VIEW, Table
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

MOST_LEVELS = 200
FEWEST_CASES = 10
_MANY_NUMBERS = 20
_MUCH_MISSING = 0.5
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_AGAIN = "cases_again"


@dataclass(frozen=True)
class Asked:
    """What may be read of what was asked for, and what has to be said.

    columns: those of one value too, since other exports may hold others. not_analysed: name -> code of the reason; P602
    where the law asks for a legal basis that the config does not name.
    """

    columns: tuple[GroupColumn, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_analysed: Mapping[str, str] = field(default_factory=dict)


def check_characteristics(table: Table, design: AuditDesign, *, case: str, judge: str) -> Asked:
    """Problems of group, relation and feature columns, all of them at once (DataError); small groups as findings.

    case, judge: SQL of their ids. Groups with more than 200 values are free text (E517); a group or feature that
    changes between the rows of a case, or a relation between those of one professional on one case, belongs to the row
    (E516).
    """
    if not (design.groups or design.relations or design.features):
        return Asked()
    refused, findings = without_basis(design)
    design = design.changed(
        groups=tuple(name for name in design.groups if name not in refused),
        relations=tuple(text for text in design.relations if text not in refused),
        features=tuple(name for name in design.features if name not in refused),
    )
    # Only cases with several rows can contradict themselves: of a log hardly any, and found in one look at all rows.
    table.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_AGAIN} AS SELECT h FROM (SELECT hash({case}) AS h FROM {VIEW} "
        f"WHERE ({case}) IS NOT NULL) GROUP BY h HAVING count(*) > 1"
    )
    some = bool(table.fetch(f"SELECT 1 FROM {_AGAIN} LIMIT 1"))
    problems: list[Problem] = []
    columns: list[GroupColumn] = []
    nothing = dict.fromkeys(refused, NO_BASIS)
    for column in group_columns(table, design):
        of_group = column.kind == "group"
        said = _group(table, column, case, design, problems) if of_group else _relation(table, column, design)
        findings += said
        empty = [one.code for one in said if one.code.endswith(("_one_value", "_empty"))]
        if empty:
            nothing[column.name] = empty[0]
        columns.append(column)
        if some and not any(problem.column == column.name for problem in problems):
            problems += _changing(table, column.name, column.sql, case, None if of_group else judge)
    for name in design.features if some else ():
        problems += _changing(table, name, trimmed(table, name, design), case, None)
    table.connection.execute(f"DROP TABLE {_AGAIN}")
    if problems:
        raise DataError(problems)
    return Asked(tuple(columns), tuple(findings), nothing)


def _group(table: Table, column: GroupColumn, case: str, design: AuditDesign, problems: list[Problem]) -> list[Finding]:
    name = column.name
    values = f"(SELECT {column.sql} AS v, {case} AS c FROM {VIEW})"
    levels = table.fetch(
        f"SELECT v, count(DISTINCT c) FROM {values} WHERE v IS NOT NULL AND c IS NOT NULL GROUP BY v "
        f"LIMIT {MOST_LEVELS + 1}"
    )
    numbers = not column.labels and sum(bool(_NUMBER.fullmatch(value)) for value, _ in levels) > 0.9 * len(levels)
    if len(levels) > MOST_LEVELS:
        advice = f'write [analysis.bins] and "{name}" = [30, 45, 65] in noiseaudit.toml' if numbers else "by region"
        problems.append(
            table.problem_at(name, [], 0, code="E517",
                             what=f"a group with more than {MOST_LEVELS} different values is free text or an id.",
                             do=f"Group the values first (by class: {advice}), or leave this role out.")
        )  # fmt: skip
        return []
    rows, known = table.fetch(f"SELECT count(*), count(v) FROM {values} WHERE c IS NOT NULL")[0]
    if not levels:
        return [finding("group_empty", "warning", column=name)]
    if len(levels) == 1 and known == rows:
        return [finding("group_one_value", "warning", column=name)]
    findings = []
    if known <= (1 - _MUCH_MISSING) * rows:
        findings.append(finding("group_missing", "warning", column=name, share=f"{1 - known / rows:.0%}"))
    if numbers and len(levels) > _MANY_NUMBERS:
        findings.append(finding("group_of_numbers", "warning", column=name, n=len(levels)))
    fewest = design.min_cell or FEWEST_CASES
    if any(cases < fewest for _, cases in levels):
        findings.append(finding("P601", "warning", column=name, fewest=fewest))
    return findings


def _relation(table: Table, column: GroupColumn, design: AuditDesign) -> list[Finding]:
    name = column.name
    counts = dict(table.fetch(f"SELECT v, count(*) FROM (SELECT {column.sql} AS v FROM {VIEW}) GROUP BY v"))
    unknown = counts.pop(None, 0)
    if not counts:
        return [finding("relation_empty", "warning", relation=name)]
    findings = []
    alike = alike_but_capitals(table, name, design)
    if alike:
        findings.append(finding("relation_capitals", "warning", relation=name, n=alike))
    if len(counts) == 1:
        return [*findings, finding("relation_one_value", "warning", relation=name)]
    if unknown:
        share = unknown / (unknown + sum(counts.values()))
        weight = "warning" if share >= _MUCH_MISSING else "info"
        findings.append(finding("relation_unknown", weight, relation=name, n=unknown, share=f"{share:.0%}"))  # type: ignore[arg-type]
    return findings


def _changing(table: Table, name: str, value: str, case: str, judge: str | None) -> list[Problem]:
    """Cases (or cases of one judge) on which the value is not one: the first row that differs from the first."""
    keys = "c" if judge is None else "c, j"
    several = (
        f"(SELECT row, {value} AS v, {case} AS c{'' if judge is None else f', {judge} AS j'} FROM {VIEW} "
        f"WHERE hash({case}) IN (SELECT h FROM {_AGAIN}))"
    )
    known = "v IS NOT NULL AND c IS NOT NULL" + ("" if judge is None else " AND j IS NOT NULL")
    contradicting = (
        f"SELECT min(row) FILTER (v <> f) AS row FROM (SELECT row, v, {keys}, first_value(v) OVER "
        f"(PARTITION BY {keys} ORDER BY row) AS f FROM {several} WHERE {known}) GROUP BY {keys} HAVING min(v) <> max(v)"
    )
    if not table.fetch(f"SELECT 1 FROM {several} WHERE {known} GROUP BY {keys} HAVING min(v) <> max(v) LIMIT 1"):
        return []
    total = int(table.fetch(f"SELECT count(*) FROM ({contradicting})")[0][0])
    rows = table.fetch(f"SELECT row, NULL FROM ({contradicting}) ORDER BY row LIMIT {MOST_PLACES}")
    if judge is not None:
        what = f"in {total} cases the relation holds in one decision of a professional and not in another of the same."
        do = "Give each professional and each case one value in these columns."
    else:
        what = f"{total} cases have more than one value here; these rows differ from an earlier one."
        do = (
            "Give every case one value, or leave this role out if it belongs to the decision. What a professional and "
            'a person have in common is asked for with --relation "column == other column".'
        )
    return [table.problem_at(name, rows, total, code="E516", what=what, do=do)]
