"""A million decisions with ten features through the case-mix route, against scikit-learn's own cross-validation alone.

    python -m benchmarks.log_case_mix --runs 1 > benchmarks/log_case_mix.md

Each way runs in a process of its own, which also gives its peak memory.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import HEAD, in_own_processes, in_this_process, rows

JUDGES = 500


def make(path: Path, *, cases: int) -> None:
    """A log of specialised professionals: seven features that matter and three that do not, two of them categories."""
    from noiseaudit.simulation import LogDesign, draw_log

    log = draw_log(
        LogDesign(judges=JUDGES, cases=cases, features=10, assignment="specialised"), np.random.default_rng(1)
    )
    names = list(log.features)
    values = np.stack([log.features[name].astype(np.float64) for name in names], axis=1)
    labels = [int(log.features[name].max()) + 1 if name in log.categorical else 0 for name in names]
    np.savez(path, values=values, labels=labels, judge=log.judge, case=log.case, decision=log.decision)


def _table(path: str):
    from noiseaudit.comparable.features import Feature, FeatureTable

    held = np.load(path)
    features = tuple(Feature(f"f{k}", tuple(map(str, range(int(count))))) for k, count in enumerate(held["labels"]))
    return held, FeatureTable(features, held["values"])


def ours(path: str) -> int:
    """Features that are useful, the adjusted decisions, level noise, detectable pattern, bounds."""
    from noiseaudit.comparable.case_mix import adjust
    from noiseaudit.comparable.features import useful
    from noiseaudit.comparable.measure import measure_case_mix

    held, table = _table(path)
    judge = held["judge"].astype(np.intp)
    table, _ = useful(table, judge)
    mix = adjust(held["decision"], table, judge, unit=held["case"].astype(np.intp))
    measure_case_mix(mix, table, judge)
    return len(mix.adjusted)


def cross_validation(path: str) -> int:
    from sklearn.model_selection import KFold, cross_val_predict

    from noiseaudit.comparable.case_mix import default_learner

    held, table = _table(path)
    folds = KFold(5, shuffle=True, random_state=0)
    return len(cross_val_predict(default_learner(table.categories), table.values, held["decision"], cv=folds))


WAYS = {"cross_val_predict, 5 folds, the same learner": cross_validation, "noiseaudit, the case-mix route": ours}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--path")
    chosen = parser.parse_args()
    if chosen.way is not None:
        in_this_process(WAYS[chosen.way], chosen.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.npz"
        make(path, cases=chosen.rows)
        measured = in_own_processes("benchmarks.log_case_mix", [(way, str(path)) for way in WAYS], runs=chosen.runs)
    base = next(iter(WAYS))
    print("# A million decisions through the case-mix route\n")
    print(f"Made by `python -m benchmarks.log_case_mix --runs {chosen.runs}`: {chosen.rows:,} decisions of {JUDGES} "
          "professionals, ten features.\n")  # fmt: skip
    print("\n".join([HEAD, *rows(measured.times, base=base)]))
    peaks = "; ".join(f"{way} {peak:.0f} MB" for way, peak in measured.peaks.items())
    print(f"\nPeak memory of the whole process: {peaks}.")


if __name__ == "__main__":
    main()
