"""SQL over the rows of a log, before any label is cleaned: which of them have a case, and which sum up others."""

from __future__ import annotations

from collections.abc import Mapping

from noiseaudit.reading.account import sums_up
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.log import Log
from noiseaudit.reading.table import VIEW, literal

_LONGEST = 60  # bytes of a label that is looked at
_LIKELY = "tota|som|sum|gemidd|averag|mean"


def has_case(log: Log) -> str:
    """SQL: the id names a case, so it is more than spaces and letters that nobody sees."""
    column, case = log.columns["case_id"], str(log.roles["case"])
    if not log.table.is_text(case):
        floating = log.table.type_of(case) in ("DOUBLE", "FLOAT")
        return f"({column}) IS NOT NULL" + (f" AND NOT isnan({column})" if floating else "")
    bare = log.table.fetch(
        f"SELECT DISTINCT v FROM (SELECT {column} AS v FROM {VIEW}) WHERE NOT (v >= '!' AND v < '\x7f') "
        f"AND strlen(v) < {_LONGEST} AND NOT regexp_matches(v, '[0-9A-Za-z]')"
    )
    empty = [literal(label) for (label,) in bare if not label_of(label)]
    return f"({column}) IS NOT NULL" + (f" AND ({column}) NOT IN ({', '.join(empty)})" if empty else "")


def sums_up_others(log: Log) -> str:
    """SQL: a total or a mean of other rows. In a long table the labels of case and judge both say so."""
    cases = _labels(log, "case")
    if not cases or log.table.kind == "wide":  # there a judge is the name of a column
        return cases or "false"
    judges = _labels(log, "judge")
    return f"({cases}) AND ({judges})" if judges else "false"


def counted_rows(log: Log, columns: Mapping[str, str]) -> str:
    """Query with these columns of the decisions that count: with a case and a judge, no sums, no accounts left out."""
    wanted = {
        **columns, "judge_id": log.columns["judge_id"], "decision": log.columns["decision"],
        "keyed": f"{has_case(log)} AND NOT ({sums_up_others(log)})",
    }  # fmt: skip
    known = "keyed AND judge_id IS NOT NULL AND decision IS NOT NULL"
    if log.excluded_judges:
        accounts = ", ".join(map(literal, log.excluded_judges))
        known += f" AND trim(CAST(judge_id AS VARCHAR)) NOT IN ({accounts})"
    return f"(SELECT * FROM ({log.select(wanted)}) WHERE {known})"


def _labels(log: Log, role: str) -> str:
    """SQL: the label is one of a sum; empty where there is none."""
    if not log.table.is_text(str(log.roles[role])):
        return ""
    column = log.columns[f"{role}_id"]
    found = log.table.fetch(
        f"SELECT DISTINCT v FROM (SELECT {column} AS v FROM {VIEW}) WHERE strlen(v) < {_LONGEST} "
        f"AND regexp_matches(lower(v), '{_LIKELY}')"
    )
    listed = ", ".join(literal(str(label)) for (label,) in found if sums_up(label_of(label)))
    return f"({column}) IN ({listed})" if listed else ""
