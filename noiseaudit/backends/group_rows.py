"""The aggregations: rows of a log to one small frame. They know no statistics and no labels.

Any narwhals lazy frame will do: DuckDB runs them by default and out of core; pandas, Polars, Arrow, Spark and
(through Ibis) a database run the same expressions.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

KEYS = ("case_id", "judge_id")


def group_rows(rows: nw.LazyFrame[Any], *, truth: bool = False) -> pd.DataFrame:
    """One row per (case, judge), in one pass.

    rows: columns case_id, judge_id, row, decision (numbers near 0: the shift is taken off), truth if asked for.
    Returns case_id, judge_id, rows (all), n (with a decision), first (lowest row), mean, m2, and for truth its
    lowest and highest value. Keys may be null. M2 = n var, from engines that compute a stable variance.
    """
    decision = nw.col("decision")
    wanted = [
        nw.len().alias("rows"),
        decision.count().alias("n"),
        nw.col("row").min().alias("first"),
        decision.mean().alias("mean"),
        decision.var(ddof=0).alias("variance"),
        *_truth(truth),
    ]
    table = _collected(rows.group_by(*KEYS).agg(*wanted))
    table["m2"] = table.pop("variance").fillna(0.0) * table["n"]
    return table


def group_values(rows: nw.LazyFrame[Any], *, truth: bool = False, weight: bool = False) -> pd.DataFrame:
    """One row per (case, judge, value): case_id, judge_id, decision, rows, first, weight, truth_low and truth_high.

    For category codes, and for weighted rows, whose mean and M2 then follow exactly. Nulls keep their row.
    """
    wanted = [nw.len().alias("rows"), nw.col("row").min().alias("first"), *_truth(truth)]
    if weight:
        wanted.append(nw.col("weight").sum().cast(nw.Float64).alias("weight"))
    return _collected(rows.group_by(*KEYS, "decision").agg(*wanted))


def _truth(wanted: bool) -> list[nw.Expr]:
    return [nw.col("truth").min().alias("truth_low"), nw.col("truth").max().alias("truth_high")] if wanted else []


def _collected(lazy: nw.LazyFrame[Any]) -> pd.DataFrame:
    """A pandas frame in the order of first appearance."""
    table: pd.DataFrame = lazy.collect("pandas").to_native()
    whole = [name for name in ("rows", "n", "first") if name in table]  # engines count in types of their own
    return table.astype(dict.fromkeys(whole, "int64")).sort_values("first", kind="stable", ignore_index=True)
