"""Validity of the audit of ordinary logs: three routes to comparable cases, on logs with known truth.

python -m tests.validity.study_logs --runs 200 > docs/validity_logs.md
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from noiseaudit.aggregates.cells import index_cells
from noiseaudit.comparable.assignment import balance_of
from noiseaudit.comparable.case_mix import adjust
from noiseaudit.comparable.classes import grow_classes
from noiseaudit.comparable.features import Feature, FeatureTable, useful
from noiseaudit.comparable.measure import Measured, measure_case_mix, measure_classes, measure_unadjusted
from noiseaudit.comparable.rules import class_codes
from noiseaudit.comparable.strata import stratify
from noiseaudit.result import Balance, Bounded, Estimate
from noiseaudit.simulation import LogDesign, LogRows, draw_log
from noiseaudit.simulation.log_truth import log_truth

ROUTES = ("unadjusted", "strata", "classes", "classes, honest", "case_mix")
_AMOUNTS = {"scale": "log", "level": 0.2, "detectable_pattern": 0.2, "stable_pattern": 0.3, "occasion": 0.5}
_YES_NO = {"scale": "binary", "level": 0.5, "detectable_pattern": 0.4, "stable_pattern": 0.4, "occasion": 0.0,
           "case_sd": 1.2}  # fmt: skip
DESIGNS: dict[str, LogDesign] = {
    f"{assignment}, {name}, {periods} period{'s' if periods > 1 else ''}": LogDesign(
        judges=60, cases=5000, assignment=assignment, periods=periods, persistence=0.7 if periods > 1 else 1.0, **scale
    )  # type: ignore[arg-type]
    for periods, assignments in ((1, ("random", "pooled", "specialised", "confounded")), (4, ("random", "confounded")))
    for name, scale in (("amounts", _AMOUNTS), ("yes/no", _YES_NO))
    for assignment in assignments
}


def feature_table(rows: LogRows) -> FeatureTable:
    """The features of a simulated log."""
    features, columns = [], []
    for name, values in rows.features.items():
        labels = tuple(chr(97 + k) for k in range(int(values.max()) + 1)) if name in rows.categorical else ()
        features.append(Feature(name, labels))
        columns.append(values.astype(np.float64))
    return FeatureTable(tuple(features), np.stack(columns, axis=1))


def measured(rows: LogRows, design: LogDesign, route: str) -> tuple[Measured, np.ndarray | None]:
    """One route on one log, and the predicted decision where the route gives one."""
    y = np.log(rows.decision) if design.scale == "log" else rows.decision
    y, judge, pool = y - y.mean(), rows.judge, rows.pool
    most = 0.5 if design.scale == "binary" else np.inf
    if route == "unadjusted":
        return measure_unadjusted(y, judge, pool=pool, most=most), None
    table, _ = useful(feature_table(rows), judge)
    if route == "classes, honest":  # grown on a third of the rows, which then do not count
        grown = np.random.default_rng(1).random(len(y)) < 1 / 3
        rules = grow_classes(y[grown], table.rows(grown), judge[grown]).rules
        y, judge, table = y[~grown], judge[~grown], table.rows(~grown)
        pool = None if pool is None else pool[~grown]
    if route == "case_mix":
        mix = adjust(y, table, judge, pool=pool, unit=rows.case)
        return measure_case_mix(mix, table, judge, pool=pool, most=most), mix.unseen
    if route == "strata":  # what a user would name: the two categories, and the strongest number in five bins
        table = table.only([k for k, name in enumerate(table.names) if name in ("kind", "channel", "x4")])
        rules = stratify(table)
    elif route == "classes":
        rules = grow_classes(y, table, judge).rules
    code = class_codes(rules, table.features, table.values)
    if pool is not None:
        _, code = np.unique(code * (int(pool.max()) + 1) + pool, return_inverse=True)
    found, _ = measure_classes(index_cells(code.astype(np.intp), judge, y), name="classes", most=most)
    return found, None


def one(task: tuple[str, int]) -> dict[str, object]:
    """Every route on one log of a design."""
    name, seed = task
    design = DESIGNS[name]
    truth, rows = log_truth(design), draw_log(design, np.random.default_rng([20261125, seed]))
    record: dict[str, object] = {"design": name, "seed": seed}
    for route in ROUTES:
        found, predicted = measured(rows, design, route)
        level, system = found.level_component, found.bounds.system
        if not (isinstance(level, Estimate) and isinstance(system, Bounded) and level.variance_interval is not None):
            continue
        detected = found.detectable.variance if isinstance(found.detectable, Estimate) else None
        record[route] = {
            "level": level.variance / truth.level_all_periods,
            "covered": level.variance_interval[0] <= truth.level_all_periods <= level.variance_interval[1],
            "detected": None if detected is None else detected / truth.detectable_pattern,
            "held": system.variance_bounds[0] <= truth.system <= system.variance_bounds[1],
            "low": (system.variance_bounds[0] / truth.system) ** 0.5,
            "high": (system.variance_bounds[1] / truth.system) ** 0.5,
        }
        if predicted is not None:
            balance = balance_of(predicted, rows.judge, rows.pool, feature="predicted")
            record["p"] = balance.p if isinstance(balance, Balance) else None
    return record


def table(records: list[dict[str, object]]) -> Iterator[str]:
    """The lines of the table."""
    yield "| log | route | level noise² / true (MC SE) | RMSE | interval holds it | detected / detectable | "\
          "bounds hold system noise | lower, upper bound / true SD | P(assignment test < .05) |"  # fmt: skip
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in DESIGNS:
        mine = [record for record in records if record["design"] == name]
        for route in ROUTES:
            rows = [record[route] for record in mine if route in record]
            if not rows:
                continue
            level = np.array([row["level"] for row in rows])
            detected = [row["detected"] for row in rows if row["detected"] is not None]
            p = [record["p"] for record in mine if record.get("p") is not None]
            yield (
                f"| {name} ({len(rows)}) | {route} | {level.mean():.2f} ({level.std() / len(level) ** 0.5:.2f}) | "
                f"{((level - 1) ** 2).mean() ** 0.5:.2f} | {np.mean([row['covered'] for row in rows]):.3f} | "
                f"{f'{np.mean(detected):.2f}' if detected else '–'} | {np.mean([row['held'] for row in rows]):.3f} | "
                f"{np.mean([row['low'] for row in rows]):.2f}, {np.mean([row['high'] for row in rows]):.2f} | "
                f"{f'{np.mean(np.array(p) < 0.05):.3f}' if route == 'case_mix' and p else ''} |"
            )


HEAD = """# Validity of the audit of a log

J = 60 professionals, 5,000 decisions, nine features of which two do not matter, f nonlinear with interactions
(`simulate_log`). `specialised`: professionals get their own range of features; `confounded`: harsher professionals get
cases with higher f; `pooled`: cases are dealt out within 8 pools that differ in cases. All confounders are in the log.
With four periods levels change (correlation .7 from one to the next), and the truth is the variance of a
professional's mean level. Strata: two categories and the strongest number in five bins, as a user would name them.
Classes: the tree of `comparable/classes.py`, grown on all rows or, `honest`, on a third that then does not count.
case_mix: the model of `comparable/case_mix.py`. Detected: the pattern noise that was counted, as a share of what lies
in the features (two of them, each a half).

Made with `python -m tests.validity.study_logs --runs {runs}`.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="keep finished logs here, to go on from")
    chosen = parser.parse_args()
    done = []
    if chosen.keep and chosen.keep.exists():
        done = [json.loads(line) for line in chosen.keep.read_text().splitlines()]
    known = {(record["design"], record["seed"]) for record in done}
    tasks = [(name, seed) for seed in range(chosen.runs) for name in DESIGNS if (name, seed) not in known]
    with ProcessPoolExecutor(chosen.workers) as pool:
        for record in pool.map(one, tasks, chunksize=4):
            done.append(record)
            if chosen.keep:
                with chosen.keep.open("a") as kept:
                    kept.write(json.dumps(record) + "\n")
            sys.stderr.write(f"\r{len(done)}")
    print(HEAD.format(runs=chosen.runs))
    print("\n".join(table(done)))


if __name__ == "__main__":
    main()
