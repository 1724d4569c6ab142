"""Tried and not taken: a shorter lower limit of L and Sys (kurtosis floor 0 below, 2 above).

python -m benchmarks.shorter_intervals --runs 1000 > benchmarks/shorter_intervals.md
"""

from __future__ import annotations

import argparse

import numpy as np

from noiseaudit.estimators.components import total_interval
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.estimators.two_way_intervals import two_way_components
from noiseaudit.simulation import DESIGNS
from tests.validity.study import cells_of

NAMES = ("F10x20 normal", "F20x30 normal", "F20x30 exp", "F20x30 logn", "F40x30 normal", "F40x30 exp", "F20x30 binary",
         "F20x30 rarebin", "S40 bigcase", "S200 2perCase", "Z30 unbalanced exp")  # fmt: skip


def one(name: str, run: int) -> list[tuple[float, float]]:
    """(lower, upper) of L and Sys: default, then with the shorter lower limit."""
    fit = fit_two_way(Linked.of(cells_of(DESIGNS[name], (8, run))))
    wide = two_way_components(fit, confidence=0.95, kurtosis_floor=2.0)
    slim = two_way_components(fit, confidence=0.95, kurtosis_floor=0.0)
    level = (slim.level_interval[0], wide.level_interval[1])
    system = total_interval(wide.level, level, wide.pattern, wide.pattern_interval)
    return [wide.level_interval, level, wide.system_interval, system]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print("# A shorter lower limit, tried\n")
    print(f"Made by `python -m benchmarks.shorter_intervals --runs {runs}`. Coverage (median width of the SD interval")
    print("over the true SD); `default` has kurtosis floor 2 on both sides, `shorter` 0 in the lower limit of L.\n")
    print("| design | L default | L shorter | Sys default | Sys shorter |\n|---|---|---|---|---|")
    for name in NAMES:
        truth = DESIGNS[name].truth()
        found = np.array([one(name, run) for run in range(runs)])
        cells = []
        for k, true in enumerate((truth.level, truth.level, truth.system, truth.system)):
            low, high = found[:, k, 0], found[:, k, 1]
            width = np.median(np.sqrt(high) - np.sqrt(np.maximum(low, 0))) / np.sqrt(true)
            cells.append(f"{((low <= true) & (true <= high)).mean():.3f} ({width:.2f})")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
