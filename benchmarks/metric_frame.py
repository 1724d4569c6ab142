"""fairlearn's MetricFrame of a million decisions: on single rows, and on the collapsed table.

    python -m benchmarks.metric_frame --runs 3 > benchmarks/metric_frame.md

Rows lie in memory as a pandas frame, as an analyst has them; collapsing is one group-by in DuckDB on that frame. Of
our figures one row is without and one with that group-by.
"""

from __future__ import annotations

import argparse

import duckdb
import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, count, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score

from benchmarks.measure import HEAD, cpu_times, rows
from noiseaudit.groups.metric_frame import collapsed_metric_frame

METRICS = {
    "count": count, "selection_rate": selection_rate, "accuracy": accuracy_score,
    "false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate,
}  # fmt: skip


def make(size: int) -> pd.DataFrame:
    """50 professionals, two characteristics with 2 and 5 values, a right answer."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, size)
    sex, origin = rng.integers(0, 2, size), rng.choice(5, size, p=[0.6, 0.2, 0.1, 0.07, 0.03])
    chance = 0.2 + 0.4 * truth + 0.05 * sex
    return pd.DataFrame({
        "judge": rng.integers(0, 50, size), "sex": np.array(["f", "m"])[sex],
        "origin": np.array(list("abcde"))[origin],
        "truth": truth, "decision": (rng.random(size) < chance).astype(int),
    })  # fmt: skip


def raw(table: pd.DataFrame, *, judge: bool) -> MetricFrame:
    return MetricFrame(
        metrics=METRICS, y_true=table["truth"], y_pred=table["decision"], sensitive_features=table[["sex", "origin"]],
        control_features=table[["judge"]] if judge else None,
    )  # fmt: skip


def collapse(table: pd.DataFrame, *, judge: bool) -> pd.DataFrame:
    keys = ("judge, " if judge else "") + "sex, origin, truth, decision"
    engine = duckdb.connect()
    engine.register("held", table)
    return engine.sql(f"SELECT {keys}, count(*) AS n FROM held GROUP BY ALL ORDER BY ALL").df()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    table = make(arguments.rows)
    print("# fairlearn's MetricFrame on single rows and on the collapsed table\n")
    print(
        f"Made by `python -m benchmarks.metric_frame --runs {arguments.runs}`: {len(table):,} decisions in memory, 50"
    )
    print("professionals, two characteristics (2 and 5 values), five metrics. All runs in one process, in turn.\n")
    for judge, title in ((False, "By group"), (True, "By group and professional (control feature)")):
        counts = collapse(table, judge=judge)
        column = "judge" if judge else None
        theirs = raw(table, judge=judge).by_group.astype(float)
        ours = collapsed_metric_frame(counts, ["sex", "origin"], judge=column).by_group.astype(float)
        told = ours.notna()
        apart = float((ours - theirs).abs().to_numpy()[told.to_numpy()].max())
        calls = {
            "MetricFrame on single rows": lambda judge=judge: raw(table, judge=judge),
            "collapsed_metric_frame, the table given": lambda counts=counts, column=column: collapsed_metric_frame(
                counts, ["sex", "origin"], judge=column
            ),
            "the same, with the group-by in DuckDB": lambda judge=judge, column=column: collapsed_metric_frame(
                collapse(table, judge=judge), ["sex", "origin"], judge=column
            ),
        }
        times = cpu_times(calls, runs=arguments.runs)
        print(f"## {title}\n\n{len(counts):,} rows in the collapsed table, {len(ours):,} groups; largest difference of")
        print(
            f"any figure {apart:.1e}; rates that nothing tells of (fairlearn: 0): {int((~told).to_numpy().sum()):,}.\n"
        )
        print(HEAD)
        print("\n".join(rows(times, base="collapsed_metric_frame, the table given")))
        print()


if __name__ == "__main__":
    main()
