"""to_metric_frame(result, source): the groups of an audit as fairlearn's MetricFrame, from one group-by."""
# ruff: noqa: S608  the SQL holds the names of this package and quoted literals only

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from noiseaudit.aggregates.moments import Floats
from noiseaudit.design import SINGLE_ROLES, AuditDesign
from noiseaudit.errors import CallError
from noiseaudit.groups.metric_frame import collapsed_metric_frame
from noiseaudit.reading import CaseClasses, Log, read, tabulate
from noiseaudit.reading.group_values import value_codes
from noiseaudit.reading.table import VIEW, literal
from noiseaudit.result import AuditResult
from noiseaudit.result.group_parts import UNKNOWN

if TYPE_CHECKING:
    from noiseaudit.groups.metric_frame import MetricFrame

_ANSWERS = 3  # codes of the truth: 0 unknown, 1 no, 2 yes
_OF_FEATURES: dict[str, Any] = {"features": (), "relations": (), "as_category": (), "comparable": "auto"}


def to_metric_frame(result: AuditResult, source: object, *, by_judge: bool = False) -> MetricFrame:
    """fairlearn's MetricFrame of the decisions that `result` rests on, by the groups of its design.

    source: the data that were audited; they are read again in the same way, and collapsed in the engine. by_judge: the
    professional is a control feature. Metrics: count, and selection_rate of yes/no decisions or mean_prediction of
    numbers (on the log scale where the audit was); with a column of right answers accuracy, false_positive_rate and
    false_negative_rate. Unknown characteristics are the value `(unknown)`.

    It is for the analyst: it names professionals and holds groups of any size, so nothing of it belongs in a file for
    others as it is. Its bootstrap would draw rows of the collapsed table: use the intervals of the result. CallError
    where the source is another, no group is left, or decisions have no order.
    """
    design = _design(result)
    if result.design.scale == "nominal":
        raise CallError("no_mean", "the categories have no order, so fairlearn has no metric for them")
    with read(source, design, propose=True) as log:
        if result.input.sha256 not in (None, log.table.sha256):
            raise CallError("other_source", f"this is not the data that {result.input.name!r} was when it was audited")
        counts, rows_used = _counts(log, truth=result.design.scale == "binary" and "truth" in log.roles)
        if rows_used != result.input.rows_used:
            raise CallError(
                "other_source", f"{rows_used} rows can be used here; the audit used {result.input.rows_used}"
            )
        groups = [column.name for column in log.analysed]
        judge = str(log.roles["judge"])
    binary = result.design.scale == "binary"
    counts = counts.rename(columns={"judge": judge})
    if binary and not by_judge:
        keys = [name for name in counts if name not in (judge, "n")]
        counts = counts.groupby(keys, dropna=False, sort=False)[["n"]].sum().reset_index()
    return collapsed_metric_frame(counts, groups, judge=judge if by_judge else None, binary=binary)


def _design(result: AuditResult) -> AuditDesign:
    """The design of the audit without what bears on features, and with the groups that were analysed."""
    settings: Mapping[str, Any] = result.settings
    roles = {role: value for role, value in settings["roles"].items() if role in (*SINGLE_ROLES, "groups")}
    if settings.get("judge_columns"):  # judge and decision are columns of the table that a wide one was made into
        roles = {role: value for role, value in roles.items() if role not in ("judge", "decision")}
    if any(isinstance(settings.get(name), str) for name in ("judge_columns", "exclude_judges")):
        raise CallError(
            "names_withheld",
            "this result does not hold the names of professionals that the audit was told; audit again",
        )
    aside = result.supplement.groups.not_analysed if result.supplement.groups is not None else {}
    groups = tuple(name for name in roles.get("groups", ()) if name not in aside)
    if not groups:
        raise CallError("no_groups", "the audit has no group column that may be compared; name one with groups=[…]")
    kept = {name: value for name, value in settings.items() if name in AuditDesign.model_fields}
    bins = {name: bounds for name, bounds in kept.get("bins", {}).items() if name in groups}
    return AuditDesign(**{**kept, **roles, **_OF_FEATURES, "groups": groups, "bins": bins})


def _counts(log: Log, *, truth: bool) -> tuple[pd.DataFrame, int]:
    """One row a judge, combination of values, decision and truth, with n; and how many rows of the source they are."""
    if not log.analysed:
        raise CallError("no_groups", "no group column of the audit has two values to compare")
    code, sizes, labels = "0", [], []
    for column in log.analysed:
        value = _of_case(log, column.sql)
        found = log.table.fetch(f"SELECT DISTINCT v FROM (SELECT {column.sql} AS v FROM {VIEW}) WHERE v IS NOT NULL")
        raw = sorted(text for (text,) in found)
        place, named = value_codes(pd.Series(raw, dtype=object), column)
        labels.append(np.array([UNKNOWN, *named], dtype=object)[np.append(-1, place) + 1])
        listed = ", ".join(map(literal, raw))
        sizes.append(len(raw) + 1)
        code = f"({code}) * {sizes[-1]} + coalesce(list_position([{listed}], {value}), 0)"
    if truth:
        code = f"({code}) * {_ANSWERS} + coalesce(CAST({_of_case(log, log.columns['truth'])} AS INTEGER) + 1, 0)"
    table = tabulate(log, classes=CaseClasses(nw.col("class"), {"class": f"CAST({code} AS BIGINT)"}))
    cells = table.main
    key = np.array([int(label) for label in cells.cases])[cells.case]
    if truth:
        key, answer = np.divmod(key, _ANSWERS)
    values = dict(zip([c.name for c in log.analysed], np.unravel_index(key, sizes), strict=True))
    frame = pd.DataFrame({"judge": np.asarray(cells.judges, dtype=object)[cells.judge]})
    for (name, at), known in zip(values.items(), labels, strict=True):
        frame[name] = known[at]
    if truth:
        frame["truth"] = np.array([np.nan, 0.0, 1.0])[answer]
    mean = cells.mean[:, 0] + float(cells.shift)
    if log.scale != "binary":
        return frame.assign(decision=mean, n=cells.n), table.input.rows_used
    return _yes_and_no(frame, np.rint(cells.n * mean), cells.n), table.input.rows_used


def _yes_and_no(frame: pd.DataFrame, yes: Floats, n: Floats) -> pd.DataFrame:
    both = pd.concat([frame.assign(decision=1.0, n=yes), frame.assign(decision=0.0, n=n - yes)], ignore_index=True)
    return both[both["n"] > 0].reset_index(drop=True)


def _of_case(log: Log, sql: str) -> str:
    """The value of the row; of its case where some rows of a case name it and others do not."""
    case = log.columns["case_id"]
    rows = log.select({"c": case, "v": sql})
    partly = f"SELECT 1 FROM ({rows}) WHERE c IS NOT NULL GROUP BY c HAVING count(v) BETWEEN 1 AND count(*) - 1 LIMIT 1"
    return f"max({sql}) OVER (PARTITION BY {case})" if log.table.fetch(partly) else sql
