"""All group tests of ten million decisions, against the aggregation that they need.

    python -m benchmarks.groups_speed --runs 3 > benchmarks/groups_speed.md

The aggregation is one GROUP BY professional, stratum and value in DuckDB, read from Parquet. The tests start from its
table: 5,000 professionals x 20 values, each against the rest. CPU time, in one process, in turn.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.measure import HEAD, cpu_times, rows
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.sums import GroupSums

JUDGES, VALUES = 5_000, 20


def make(path: Path, *, decisions: int) -> None:
    """Decisions of professionals with levels of their own; some values are common, some rare; ten strata."""
    duckdb.connect().sql(
        f"""COPY (SELECT (hash(i) % {JUDGES})::INT AS judge, (hash(i * 3) % 10)::INT AS stratum,
        floor({VALUES} * pow((hash(i * 5) % 1000003) / 1000003.0, 2))::INT AS "value",
        (hash(i * 7) % 1000003) / 1000003.0 + 0.1 * sin((hash(i) % {JUDGES}) * 1.7) + 0.02 * (hash(i * 3) % 10)
        AS amount
        FROM range({decisions}) t(i)) TO '{path}' (FORMAT parquet)"""
    )


def aggregate(path: Path, *, strata: int, share: float | None) -> GroupSums:
    """The table of sums. share: yes/no decisions with about this share of 1; None: numbers."""
    decision = "amount" if share is None else f"(amount > {1.09 - share})::INT"
    stratum = "stratum" if strata > 1 else "0"
    con = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
    table = con.sql(
        f"""SELECT judge, {stratum} AS stratum, "value", count(*) AS n, avg({decision}) AS mean,
        var_pop({decision}) * count(*) AS m2 FROM read_parquet('{path}') GROUP BY ALL"""
    ).fetchnumpy()
    judge, stratum, value = (np.asarray(table[name], dtype=np.intp) for name in ("judge", "stratum", "value"))
    n, mean, m2 = (np.asarray(table[name], dtype=np.float64) for name in ("n", "mean", "m2"))
    labels = [pd.RangeIndex(size).astype("str") for size in (JUDGES, strata, VALUES)]
    return GroupSums.from_codes(
        judge, stratum, value=value, decision=mean, n=n, m2=m2, judges=labels[0], strata=labels[1], values=labels[2]
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000_000)
    chosen = parser.parse_args()
    print("# All group tests of ten million decisions\n")
    print(f"Made by `python -m benchmarks.groups_speed --runs {chosen.runs}`: {chosen.rows:,} decisions, {JUDGES:,} "
          f"professionals x {VALUES} values, one engine thread.")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        make(path, decisions=chosen.rows)
        for strata in (1, 10):
            for name, share, tests in (
                ("yes/no decisions, half of them 1", 0.5, binary_log_gaps),
                ("yes/no decisions, one in twenty 1", 0.05, binary_log_gaps),
                ("numbers", None, numeric_log_gaps),
            ):
                sums = aggregate(path, strata=strata, share=share)
                calls = {
                    "aggregation": lambda s=strata, p=share: aggregate(path, strata=s, share=p),
                    "all tests": lambda t=tests, s=sums: t(s),
                }
                tested = sum(int(gaps.tested.sum()) for gaps in tests(sums))
                print(f"\n## {name.capitalize()}, {strata} {'stratum' if strata == 1 else 'strata'}\n")
                print("\n".join([HEAD, *rows(cpu_times(calls, runs=chosen.runs), base="aggregation")]))
                print(f"\n{tested:,} tests from {len(sums):,} sums.")


if __name__ == "__main__":
    main()
