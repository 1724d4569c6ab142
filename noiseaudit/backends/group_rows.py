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
    ]
    if truth:
        wanted += [nw.col("truth").min().alias("truth_low"), nw.col("truth").max().alias("truth_high")]
    table = _collected(rows.group_by(*KEYS).agg(*wanted))
    table["m2"] = table.pop("variance").fillna(0.0) * table["n"]
    return table


def group_categories(rows: nw.LazyFrame[Any]) -> pd.DataFrame:
    """One row per (case, judge, category code): case_id, judge_id, decision, rows, first. Nulls keep their row."""
    wanted = rows.group_by(*KEYS, "decision").agg(nw.len().alias("rows"), nw.col("row").min().alias("first"))
    return _collected(wanted)


def _collected(lazy: nw.LazyFrame[Any]) -> pd.DataFrame:
    """A pandas frame in the order of first appearance."""
    table: pd.DataFrame = lazy.collect("pandas").to_native()
    whole = [name for name in ("rows", "n", "first") if name in table]  # engines count in types of their own
    return table.astype(dict.fromkeys(whole, "int64")).sort_values("first", kind="stable", ignore_index=True)
