"""Level of the test of assignment on the decision that the case-mix model predicts, in logs dealt out by lot.

python -m tests.validity.assignment_of_predictions --runs 1000

A prediction that was fitted with the row itself rejects too often (`case_mix` says why), so that is not what an audit
tests; it stands there to show the difference. The true worth of cases, which no decision went into, stands there as a
control: it shares much of the chance in the same logs. Only the regression of the model is fitted here, which is what
this is about: the learner adds one column to its 263 and takes five times as long. `--learner` is the whole model.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.assignment import balance_of
from noiseaudit.comparable.basis import MOST_COLUMNS, ROWS_A_COLUMN, Basis
from noiseaudit.comparable.case_mix import adjust
from noiseaudit.comparable.features import FeatureTable, useful
from noiseaudit.comparable.within_judges import WithinSums, fit_within
from noiseaudit.result import Balance
from noiseaudit.simulation import LogRows, draw_log
from tests.validity.study_logs import DESIGNS, feature_table

LOGS = (
    "pooled, yes/no, 1 period",
    "pooled, amounts, 1 period",
    "random, yes/no, 1 period",
    "random, amounts, 1 period",
)
WORDS = {"unseen": "predicted decision", "seen": "the same, fitted with the row", "worth": "true worth"}
FOLDS = 5


def regression(y: Floats, table: FeatureTable, rows: LogRows) -> tuple[Floats, Floats]:
    """Predictions from fits without and with the row."""
    pool = np.zeros(len(y), dtype=np.intp) if rows.pool is None else rows.pool
    _, group = np.unique(rows.judge * (int(pool.max()) + 1) + pool, return_inverse=True)
    groups = int(group.max()) + 1
    columns = Basis.of(table, most=min(MOST_COLUMNS, (len(y) - groups) // ROWS_A_COLUMN)).columns(table.values)
    fold = (np.random.default_rng(0).permutation(len(y)) % FOLDS)[rows.case]  # as `adjust` does
    parts = [WithinSums.of(columns[fold == k], y[fold == k], group[fold == k], groups) for k in range(FOLDS)]
    total, unseen = reduce(add, parts), np.empty(len(y))
    for k, part in enumerate(parts):
        unseen[fold == k] = columns[fold == k] @ fit_within(total - part).beta
    return unseen, columns @ fit_within(total).beta


def one(name: str, seed: int, *, learner: bool) -> dict[str, object]:
    """F and p of the predicted decision and of the true worth of cases, in one log."""
    design = DESIGNS[name]
    rows = draw_log(design, np.random.default_rng([20261126, seed]))
    y = np.log(rows.decision) if design.scale == "log" else rows.decision
    y = y - y.mean()
    table, _ = useful(feature_table(rows), rows.judge)
    if learner:
        mix = adjust(y, table, rows.judge, pool=rows.pool, unit=rows.case)
        unseen, seen = mix.unseen, mix.predicted
    else:
        unseen, seen = regression(y, table, rows)
    record: dict[str, object] = {"log": name, "seed": seed}
    for key, column in (("unseen", unseen), ("seen", seen), ("worth", rows.worth)):
        found = balance_of(column, rows.judge, rows.pool, feature=key)
        assert isinstance(found, Balance)
        record |= {key: found.p, f"f_{key}": found.f}
    return record


def table_of(records: list[dict[str, object]]) -> list[str]:
    """The lines of the table."""
    lines = ["| log | tested | logs | mean F | p < .05 | p < .01 | mean p |", "|---|---|---|---|---|---|---|"]
    for name in LOGS:
        mine = [record for record in records if record["log"] == name]
        for key, words in WORDS.items():
            p, f = (np.array([record[column] for record in mine], dtype=np.float64) for column in (key, f"f_{key}"))
            if len(p):
                levels = (f"{(p < a).mean():.3f} ± {math.sqrt(a * (1 - a) / len(p)):.3f}" for a in (0.05, 0.01))
                mean = f"{f.mean():.3f} ± {f.std() / len(f) ** 0.5:.3f}"
                lines.append(f"| {name} | {words} | {len(p)} | {mean} | {' | '.join(levels)} | {p.mean():.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--logs", default="pooled", help="only logs whose name holds these words")
    parser.add_argument("--learner", action="store_true", help="the whole model, not only its regression")
    parser.add_argument("--keep", type=Path, help="keep finished logs here, to go on from")
    chosen = parser.parse_args()
    done = []
    if chosen.keep and chosen.keep.exists():
        done = [json.loads(line) for line in chosen.keep.read_text().splitlines()]
    known = {(record["log"], record["seed"]) for record in done}
    for seed in range(chosen.runs):
        for name in (name for name in LOGS if chosen.logs in name and (name, seed) not in known):
            done.append(one(name, seed, learner=chosen.learner))
            if chosen.keep:
                with chosen.keep.open("a") as kept:
                    kept.write(json.dumps(done[-1]) + "\n")
        sys.stderr.write(f"\r{seed + 1}")
    print("\n".join(table_of(done)))


if __name__ == "__main__":
    main()
