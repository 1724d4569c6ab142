"""Level of the test of assignment on the decision that the case-mix model predicts, in logs dealt out by lot.

python -m tests.validity.assignment_of_predictions --runs 2000 --keep logs.jsonl

A prediction that was fitted with the row itself rejects too often (`case_mix` says why), so that is not what an audit
tests; it stands there to show the difference. The true worth of cases, which no decision went into, stands there as a
control: it shares most of the chance in the same logs.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from noiseaudit.comparable.assignment import balance_of
from noiseaudit.comparable.case_mix import adjust
from noiseaudit.comparable.features import useful
from noiseaudit.result import Balance
from noiseaudit.simulation import draw_log
from tests.validity.study_logs import DESIGNS, feature_table

LOGS = (
    "pooled, yes/no, 1 period",
    "pooled, amounts, 1 period",
    "random, yes/no, 1 period",
    "random, amounts, 1 period",
)
WORDS = {"unseen": "predicted decision", "seen": "the same, fitted with the row", "worth": "true worth"}


def one(name: str, seed: int, *, default: bool) -> dict[str, object]:
    """p of the predicted decision and of the true worth of cases, in one log."""
    design = DESIGNS[name]
    rows = draw_log(design, np.random.default_rng([20261126, seed]))
    y = np.log(rows.decision) if design.scale == "log" else rows.decision
    table, _ = useful(feature_table(rows), rows.judge)
    learner = None
    if not default:  # a third of the time, and the prediction correlates .99 with that of the default learner
        learner = HistGradientBoostingRegressor(
            min_samples_leaf=20, max_iter=25, learning_rate=0.25, max_leaf_nodes=15, early_stopping=False,
            categorical_features=table.categories, random_state=0,
        )  # fmt: skip
    mix = adjust(y - y.mean(), table, rows.judge, pool=rows.pool, unit=rows.case, learner=learner)
    record: dict[str, object] = {"log": name, "seed": seed, "default": default}
    for key, column in (("unseen", mix.unseen), ("seen", mix.predicted), ("worth", rows.worth)):
        found = balance_of(column, rows.judge, rows.pool, feature=key)
        assert isinstance(found, Balance)
        record |= {key: found.p, f"eta_{key}": found.eta, f"f_{key}": found.f}
    return record


def table(records: list[dict[str, object]]) -> list[str]:
    """The lines of the table."""
    lines = ["| log | tested | logs | p < .05 | p < .01 | mean p |", "|---|---|---|---|---|---|"]
    for name in LOGS:
        mine = [record for record in records if record["log"] == name]
        for key, words in WORDS.items():
            p = np.array([record[key] for record in mine], dtype=np.float64)
            if len(p):
                shares = " | ".join(
                    f"{(p < a).mean():.3f} ± {math.sqrt(a * (1 - a) / len(p)):.3f}" for a in (0.05, 0.01)
                )
                lines.append(f"| {name} | {words} | {len(p)} | {shares} | {p.mean():.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--logs", default="", help="only logs whose name holds these words")
    parser.add_argument("--default", action="store_true", help="the default learner, three times as slow")
    parser.add_argument("--keep", type=Path, help="keep finished logs here, to go on from")
    chosen = parser.parse_args()
    done = []
    if chosen.keep and chosen.keep.exists():
        done = [json.loads(line) for line in chosen.keep.read_text().splitlines()]
    known = {(record["log"], record["seed"]) for record in done if record["default"] == chosen.default}
    for seed in range(chosen.runs):
        for name in (name for name in LOGS if chosen.logs in name and (name, seed) not in known):
            done.append(one(name, seed, default=chosen.default))
            if chosen.keep:
                with chosen.keep.open("a") as kept:
                    kept.write(json.dumps(done[-1]) + "\n")
        sys.stderr.write(f"\r{seed + 1}")
    print("\n".join(table([record for record in done if record["default"] == chosen.default])))


if __name__ == "__main__":
    main()
