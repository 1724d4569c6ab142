"""Groups and features of cases: few enough values, the same on every row of a case, and no small group in silence."""

from __future__ import annotations

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.shapes import trimmed
from noiseaudit.reading.table import MOST_PLACES, VIEW, Table
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

MOST_LEVELS = 200
FEWEST_CASES = 10
_AGAIN = "cases_again"


def check_characteristics(table: Table, design: AuditDesign, *, case: str) -> list[Finding]:
    """Problems of group and feature columns, all of them at once (DataError); small groups as findings.

    case: SQL of the case. Groups with more than 200 values are free text (E517); a group or feature that changes
    between the rows of a case belongs to the row, not to the case (E516).
    """
    problems: list[Problem] = []
    findings: list[Finding] = []
    if not (design.groups or design.features):
        return findings
    # Only cases with several rows can contradict themselves: of a log hardly any, and found in one look at all rows.
    table.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_AGAIN} AS SELECT h FROM (SELECT hash({case}) AS h FROM {VIEW} "
        f"WHERE ({case}) IS NOT NULL) GROUP BY h HAVING count(*) > 1"
    )
    some = bool(table.fetch(f"SELECT 1 FROM {_AGAIN} LIMIT 1"))
    for name in design.groups:
        value = trimmed(table, name, design)
        levels = table.fetch(
            f"SELECT v, count(DISTINCT c) FROM (SELECT {value} AS v, {case} AS c FROM {VIEW}) "
            f"WHERE v IS NOT NULL AND c IS NOT NULL GROUP BY v LIMIT {MOST_LEVELS + 1}"
        )
        if len(levels) > MOST_LEVELS:
            problems.append(
                table.problem_at(name, [], 0, code="E517",
                                 what=f"a group with more than {MOST_LEVELS} different values is free text or an id.",
                                 do="Group the values first (by age class, by region), or leave this role out.")
            )  # fmt: skip
            continue
        small = sum(1 for _, cases in levels if cases < FEWEST_CASES)
        if small:
            findings.append(finding("P601", "warning", n=small, column=name, fewest=FEWEST_CASES))
        problems += _changing(table, name, value, case) if some else []
    for name in design.features if some else ():
        problems += _changing(table, name, trimmed(table, name, design), case)
    table.connection.execute(f"DROP TABLE {_AGAIN}")
    if problems:
        raise DataError(problems)
    return findings


def _changing(table: Table, name: str, value: str, case: str) -> list[Problem]:
    """Cases on which the value is not one and the same: the first row that says something else than the first."""
    several = f"(SELECT row, {value} AS v, {case} AS c FROM {VIEW} WHERE hash({case}) IN (SELECT h FROM {_AGAIN}))"
    contradicting = (
        f"SELECT min(row) FILTER (v <> f) AS row FROM (SELECT row, v, c, first_value(v) OVER "
        f"(PARTITION BY c ORDER BY row) AS f FROM {several} "
        f"WHERE v IS NOT NULL AND c IS NOT NULL) GROUP BY c HAVING min(v) <> max(v)"
    )
    if not table.fetch(
        f"SELECT 1 FROM {several} WHERE v IS NOT NULL AND c IS NOT NULL GROUP BY c HAVING min(v) <> max(v) LIMIT 1"
    ):
        return []
    total = int(table.fetch(f"SELECT count(*) FROM ({contradicting})")[0][0])
    rows = table.fetch(f"SELECT row, NULL FROM ({contradicting}) ORDER BY row LIMIT {MOST_PLACES}")
    return [
        table.problem_at(name, rows, total, code="E516",
                         what=f"{total} cases have more than one value here; these rows differ from an earlier one.",
                         do="Give every case one value, or leave this role out if it belongs to the decision.")
    ]  # fmt: skip
