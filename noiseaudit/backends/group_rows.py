"""The aggregations: rows of a log to one small frame. They know no statistics and no labels.

Any narwhals lazy frame will do: DuckDB runs them by default and out of core; pandas, Polars, Arrow, Spark and
(through Ibis) a database run the same expressions.
"""
# ruff: noqa: S608  the SQL holds the names of this file only

from __future__ import annotations

from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

KEYS = ("case_id", "judge_id")
Engine = duckdb.DuckDBPyConnection


def group_rows(rows: nw.LazyFrame[Any], engine: Engine | None, *, truth: bool = False) -> pd.DataFrame:
    """One row per (case, judge), in one pass.

    rows: columns case_id, judge_id, row, decision (numbers near 0: the shift is taken off), truth if asked for.
    engine: the DuckDB connection that `rows` belongs to; None for any other frame.
    Returns case_id, judge_id, rows (all), n (with a decision), first (lowest row), mean, m2, and for truth its
    lowest and highest value. Keys are categories, and may be null. M2 = n var, from engines that compute a stable
    variance.
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
    table = _collected(rows.group_by(*KEYS).agg(*wanted), engine)
    table["m2"] = table.pop("variance").fillna(0.0) * table["n"]
    return table


def group_values(
    rows: nw.LazyFrame[Any], engine: Engine | None, *, truth: bool = False, weight: bool = False
) -> pd.DataFrame:
    """One row per (case, judge, value): case_id, judge_id, decision, rows, first, weight, truth_low and truth_high.

    For category codes, and for weighted rows, whose mean and M2 then follow exactly; weightless: rows with weight 0.
    Nulls keep their row.
    """
    wanted = [nw.len().alias("rows"), nw.col("row").min().alias("first"), *_truth(truth)]
    if weight:
        wanted.append(nw.col("weight").sum().cast(nw.Float64).alias("weight"))
        wanted.append((nw.col("weight") == 0).cast(nw.Int64).sum().cast(nw.Float64).alias("weightless"))
    return _collected(rows.group_by(*KEYS, "decision").agg(*wanted), engine)


def group_sums(rows: nw.LazyFrame[Any], engine: Engine | None, *, weight: bool = False) -> pd.DataFrame:
    """One row per (case, judge, value of a characteristic): case_id, judge_id, value, first, n, mean and m2.

    rows: columns case_id (or the class of cases), judge_id, value, row, decision and, if asked for, weight; those
    without case, judge or decision are left out. With weights one row per decision too, whose moments then add up.
    """
    kept = rows.filter(*(~nw.col(name).is_null() for name in (*KEYS, "decision")))
    keys, decision, first = (*KEYS, "value"), nw.col("decision"), nw.col("row").min().alias("first")
    if weight:
        n = nw.col("weight").sum().cast(nw.Float64).alias("n")
        table = _collected(kept.group_by(*keys, "decision").agg(first, n), engine, keys)
        return table.rename(columns={"decision": "mean"}).assign(m2=0.0)
    moments = (decision.mean().alias("mean"), decision.var(ddof=0).alias("variance"))
    table = _collected(kept.group_by(*keys).agg(decision.count().alias("n"), first, *moments), engine, keys)
    table["m2"] = table.pop("variance").fillna(0.0) * table["n"]
    return table


def _truth(wanted: bool) -> list[nw.Expr]:
    return [nw.col("truth").min().alias("truth_low"), nw.col("truth").max().alias("truth_high")] if wanted else []


def _collected(lazy: nw.LazyFrame[Any], engine: Engine | None, keys: tuple[str, ...] = KEYS) -> pd.DataFrame:
    """A pandas frame in the order of first appearance, with keys as categories in that order."""
    native = lazy.to_native()
    if engine is not None:
        return _coded(native, engine, keys)
    table: pd.DataFrame = lazy.collect("pandas").to_native()
    table = table.sort_values("first", kind="stable", ignore_index=True)
    for key in keys:
        codes, labels = pd.factorize(table[key])
        table[key] = pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object))
    counts = [name for name in ("rows", "n", "first") if name in table]  # engines count in types of their own
    return table.astype(dict.fromkeys(counts, "int64"))


def _coded(groups: duckdb.DuckDBPyRelation, engine: Engine, keys: tuple[str, ...]) -> pd.DataFrame:
    """The keys are numbered in the engine: each text leaves it once, and not with every group that it is in."""
    run = engine.execute
    groups.query("found", "CREATE OR REPLACE TEMP TABLE grouped AS SELECT * FROM found")
    for key in keys:
        run(
            f"CREATE OR REPLACE TEMP TABLE {key}s AS SELECT {key}, CAST(row_number() OVER (ORDER BY min(first)) - 1 "
            f"AS INTEGER) AS code FROM grouped WHERE {key} IS NOT NULL GROUP BY {key}"
        )
    codes = ", ".join(f"coalesce({key}s.code, -1) AS {key}" for key in keys)
    counts = ", ".join(f"CAST({name} AS INTEGER) AS {name}" for name in ("rows", "n") if name in groups.columns)
    joins = " ".join(f"LEFT JOIN {key}s USING ({key})" for key in keys)
    rest = f"grouped.* EXCLUDE ({', '.join(keys)}) REPLACE ({counts})"
    run(f"CREATE OR REPLACE TEMP TABLE coded AS SELECT {codes}, {rest} FROM grouped {joins} ORDER BY first")
    run("DROP TABLE grouped")  # before the copies that are made on the way out
    columns = {name: np.ma.filled(values, np.nan) for name, values in run("SELECT * FROM coded").fetchnumpy().items()}
    table = pd.DataFrame(columns, copy=False)  # each column by itself: one that is dropped is gone
    run("DROP TABLE coded")
    for key in keys:
        listed = run(f"SELECT {key} FROM {key}s ORDER BY code").fetchnumpy()[key]
        labels = pd.Index(np.asarray(listed, dtype=object), dtype=object)
        table[key] = pd.Categorical.from_codes(table[key].to_numpy(), categories=labels)
        run(f"DROP TABLE {key}s")
    return table
