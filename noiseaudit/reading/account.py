"""The account of rows: rows_read = rows_used + rows_excluded, every exclusion with its reason and its places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.errors import DataError, Place, Problem
from noiseaudit.reading.log import Log
from noiseaudit.reading.table import MOST_PLACES, VIEW, literal
from noiseaudit.reading.wide import CASE, TOTAL
from noiseaudit.reading.words import is_total, may_hold_total
from noiseaudit.result import Exclusion, Finding, Input
from noiseaudit.result.findings import finding

_MOST_TOTALS = 2000  # rows without case or professional that are looked at one by one


def account_for(
    log: Log, groups: pd.DataFrame, *, identical: int, findings: list[Finding]
) -> tuple[pd.DataFrame, Input]:
    """Used groups, and the input with every row; DataError where nothing is left.

    Rows that sum up others (a label such as Totaal, and no case or professional) are found, counted and shown.
    """
    no_case, no_judge = groups["case_id"].isna(), groups["judge_id"].isna()
    keyed = ~(no_case | no_judge)
    total_keys = keyed & _are_totals(groups["case_id"])
    if log.table.kind != "wide":  # there a professional is the name of a column, and sums up nothing
        total_keys &= _are_totals(groups["judge_id"])
    accounts = keyed & ~total_keys & groups["judge_id"].isin(log.excluded_judges)
    other = _Unkeyed() if keyed.all() else _unkeyed(log)
    totals = [*other.totals_without_case, *other.totals_without_judge, *groups.loc[total_keys, "first"].tolist()]
    undecided = groups["rows"] - groups["decided"]
    counts = {
        "missing_case": int(groups.loc[no_case, "rows"].sum()) - len(other.totals_without_case) - other.empty,
        "missing_judge": int(groups.loc[no_judge & ~no_case, "rows"].sum()) - len(other.totals_without_judge),
        "missing_decision": int(undecided[keyed & ~total_keys & ~accounts].sum()),
        "excluded_judge": int(groups.loc[accounts, "rows"].sum()),
        "zero_weight": int(groups["weightless"][keyed & ~total_keys & ~accounts].sum()),
        "total_row": len(totals) + int((groups["rows"] - 1)[total_keys].sum()),
        "identical_row": identical,
    }
    left_out = dict(log.table.left_out)
    left_out["blank_row"] = left_out.get("blank_row", 0) + other.empty
    for code, n in left_out.items():
        counts[code] = counts.get(code, 0) + n
    kept = keyed & ~total_keys & ~accounts & (groups["n"] > 0)
    used = groups if kept.all() else groups[kept].reset_index(drop=True)
    rows_used = int((used["decided"] - used["weightless"]).sum())
    excluded = tuple(Exclusion(code, finding(f"excluded_{code}").what, n) for code, n in counts.items() if n)
    read = rows_used + sum(part.n for part in excluded)
    if log.excluded_judges:
        found = groups.loc[accounts, "judge_id"].nunique()
        if found:
            findings.append(finding("judges_left_out", n=counts["excluded_judge"], accounts=int(found)))
        if found < len(log.excluded_judges):
            findings.append(finding("accounts_not_found", "warning", n=len(log.excluded_judges) - int(found)))
    if left_out["blank_row"]:
        findings.append(finding("W311", n=left_out["blank_row"]))
    if counts["total_row"]:
        shown = ", ".join(dict.fromkeys(_shown(log.table.places.of(int(row))) for row in sorted(totals)[:10]))
        rows = len({_shown(log.table.places.of(int(row))) for row in totals})  # of a wide table: fewer than decisions
        n = rows if log.table.kind == "wide" else counts["total_row"]
        findings.append(finding("W310", "warning", n=n, rows=shown))
    if read == left_out["blank_row"]:
        raise DataError([Problem("E102", "there is a header and not one row.", "Export it again, with the rows.")])
    if rows_used == 0:
        what = "not one row has a case, a professional and a decision."
        do = "Check that the roles name the right columns."
        if counts["excluded_judge"]:
            what, do = "every decision is of an account that is left out.", "Check exclude_judges and --exclude-judge."
        raise DataError(
            [
                Problem(
                    "E411",
                    what,
                    do,
                    column=str(log.roles.get("decision")),
                    total=read,
                )
            ]
        )
    return used, Input(log.table.name, log.table.sha256, read, rows_used, excluded)


def _are_totals(labels: pd.Series) -> npt.NDArray[np.bool_]:
    """Which labels sum up others: each is looked at once."""
    texts = labels.cat.categories.tolist()
    if not may_hold_total(text for text in texts if isinstance(text, str)):
        return np.zeros(len(labels), dtype=bool)
    each = np.array([*map(sums_up, texts), False])  # code -1, missing, takes the last
    return each[labels.cat.codes]


def sums_up(label: object) -> bool:
    """The label of a case or professional that sums up others."""
    return isinstance(label, str) and (label.startswith(TOTAL) or is_total(label))


def _shown(place: Place) -> str:
    return f"{place.file}: {place.row}" if place.file else str(place.row)


@dataclass(frozen=True)
class _Unkeyed:
    """Rows without case or professional that are no decisions. empty: hold nothing at all; totals: sum up others."""

    empty: int = 0
    totals_without_case: tuple[int, ...] = ()
    totals_without_judge: tuple[int, ...] = ()


def _unkeyed(log: Log) -> _Unkeyed:
    table = log.table
    if table.kind == "wide":  # a row of a wide table is no decision
        return _Unkeyed()
    texts = [f"nullif(trim(CAST(c{i} AS VARCHAR)), '')" for i in range(len(table.names))]
    nothing = " AND ".join(f"{text} IS NULL" for text in texts)
    case, judge = (texts[table.names.index(log.roles[role])] for role in ("case", "judge"))
    rows = table.fetch(
        f"SELECT row, {case} IS NULL, [{', '.join(texts)}] FROM {table.whole} "
        f"WHERE ({case} IS NULL OR {judge} IS NULL) AND NOT ({nothing}) ORDER BY row LIMIT {_MOST_TOTALS}"
    )
    totals = [(int(row), lacks_case) for row, lacks_case, values in rows if any(map(sums_up, values))]
    return _Unkeyed(
        int(table.fetch(f"SELECT count(*) FROM {table.whole} WHERE {nothing}")[0][0]),
        tuple(row for row, lacks_case in totals if lacks_case),
        tuple(row for row, lacks_case in totals if not lacks_case),
    )


def row_marks(log: Log) -> npt.NDArray[np.uint64]:
    """(R,) half of the MD5 of every row with a case, a professional and a decision, in order of size.

    Equal for rows that are equal in every column, as they are written. Names of columns count, their order does not.
    """
    table = log.table
    made = CASE if table.kind == "wide" else None  # counts the rows of one file
    order = sorted((i for i, name in enumerate(table.names) if name != made), key=lambda i: table.names[i])
    parts = [f"coalesce({literal(table.names[i] + '=')} || CAST(c{i} AS VARCHAR), '')" for i in order]
    told = [table.column(str(log.roles[role])) for role in ("case", "judge", "decision")
            if log.roles.get(role) in table.names]  # fmt: skip
    where = " AND ".join([*(f"{column} IS NOT NULL" for column in told), *([log.where] if log.where else [])])
    mark = f"md5_number_lower(concat_ws(chr(31), {', '.join(parts)}))"
    return np.sort(table.numbers(f"SELECT {mark} AS mark FROM {table.whole} WHERE {where or 'true'}", "mark"))


def drop_or_refuse_identical(log: Log) -> int:
    """Rows equal in every column: refused with their places, or dropped and counted."""
    table = log.table
    columns = ", ".join(f"c{i}" for i in range(len(table.names)))
    filled = " OR ".join(f"c{i} IS NOT NULL" for i in range(len(table.names)))
    told = [table.column(name) for name in log.roles.values() if name in table.names]
    some = f"coalesce({', '.join(f'CAST({column} AS VARCHAR)' for column in told)}) IS NOT NULL"
    alike = f"SELECT 1 FROM {VIEW} WHERE {some} GROUP BY hash({', '.join(told)}) HAVING count(*) > 1 LIMIT 1"
    if not table.fetch(alike):  # no two rows agree in the columns with a role: much less to hold than whole rows
        return 0
    twice = (
        f"SELECT min(row) AS row, count(*) AS times FROM {table.whole} WHERE {filled} "
        f"GROUP BY {columns} HAVING count(*) > 1"
    )
    extra, groups = table.fetch(f"SELECT coalesce(sum(times - 1), 0), count(*) FROM ({twice})")[0]
    if not extra:
        return 0
    if log.duplicates == "drop":
        keep = f"SELECT min(row) FROM {table.whole} GROUP BY {columns}"
        log.where = f"row IN ({keep})"
        return int(extra)
    rows = table.fetch(f"SELECT row, NULL FROM ({twice}) ORDER BY row LIMIT {MOST_PLACES}")
    raise DataError(
        [
            table.problem_at(
                None,
                rows,
                int(groups),
                code="E501",
                what=f"{int(extra)} rows repeat an earlier row in every column. If the same professional judged the "
                "same case twice, that is a retest and worth keeping; if the export doubled them, it is not.",
                do="Say which with --duplicates keep or --duplicates drop, or give the column that tells occasions "
                "apart with --occasion.",
            )
        ]
    )
