"""Level and power of the test of assignment, by simulation.

python -m tests.validity.assignment --runs 2000 --out docs/validity_assignment.md
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.comparable.assignment import balance_of
from noiseaudit.result import Balance

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Generator = np.random.Generator
Dealt = tuple[Codes, Codes | None]
Draw = Callable[[Generator, Array], object]  # mean (R,) of each case -> its feature


def one_pile(judges: int, cases: int, zipf: bool = False) -> Callable[[Generator], Dealt]:
    def dealt(rng: Generator) -> Dealt:
        share = 1 / np.arange(1, judges + 1) if zipf else np.ones(judges)
        return rng.choice(judges, size=cases, p=share / share.sum()), None

    return dealt


def nested(pools: int, judges: int, cases: int) -> Callable[[Generator], Dealt]:
    """Every judge in one pool; pools of unequal size."""

    def dealt(rng: Generator) -> Dealt:
        size = 1 + np.arange(pools) / pools
        pool = rng.choice(pools, size=cases, p=size / size.sum())
        return pool * judges + rng.integers(judges, size=cases), pool

    return dealt


def moving(judges: int, pools: int, cases: int) -> Callable[[Generator], Dealt]:
    """Every judge serves in three neighbouring pools, unequally; workloads of judges are unequal too."""

    def dealt(rng: Generator) -> Dealt:
        share = 1 / np.sqrt(np.arange(1, judges + 1))
        judge = rng.choice(judges, size=cases, p=share / share.sum())
        return judge, (judge % pools + rng.choice(3, size=cases, p=[0.6, 0.3, 0.1])) % pools

    return dealt


def normal(rng: Generator, mean: Array) -> object:
    return mean + rng.standard_normal(len(mean))


def skewed(rng: Generator, mean: Array) -> object:
    """Lognormal with sigma 1: skewness 6, excess kurtosis 111."""
    return np.exp(mean + rng.standard_normal(len(mean)))


def extreme(rng: Generator, mean: Array) -> object:
    return np.exp(2 * (mean + rng.standard_normal(len(mean))))


def yes_no(share: float) -> Draw:
    def draw(rng: Generator, mean: Array) -> object:
        return (rng.random(len(mean)) < 1 / (1 + np.exp(-(math.log(share / (1 - share)) + mean)))).astype(float)

    return draw


def categories(number: int, missing: float = 0.1) -> Draw:
    """Shares that fall like 1/k; the mean moves cases towards the first categories."""

    def draw(rng: Generator, mean: Array) -> object:
        utility = -np.log(np.arange(1, number + 1)) + mean[:, None] * np.linspace(1, -1, number)
        chosen = (utility + rng.gumbel(size=(len(mean), number))).argmax(axis=1)
        label = pd.Series(chosen).astype("str").astype(object)
        label[rng.random(len(mean)) < missing] = None
        return label

    return draw


def gaps(rng: Generator, mean: Array) -> object:
    value = mean + rng.standard_normal(len(mean))
    value[rng.random(len(mean)) < 0.1] = np.nan
    return value


@dataclass(frozen=True)
class Row:
    name: str
    dealt: Callable[[Generator], Dealt]
    feature: Draw
    eta: float = 0.0


LEVEL = [
    Row("60 judges, 5000 cases, normal", one_pile(60, 5000), normal),
    Row("60 judges, 5000 cases, lognormal, workloads 1/k", one_pile(60, 5000, True), skewed),
    Row("60 judges, 5000 cases, lognormal sigma 2, workloads 1/k", one_pile(60, 5000, True), extreme),
    Row("60 judges, 5000 cases, yes 5 %, workloads 1/k", one_pile(60, 5000, True), yes_no(0.05)),
    Row("60 judges, 5000 cases, yes 0.5 %, workloads 1/k", one_pile(60, 5000, True), yes_no(0.005)),
    Row("60 judges, 5000 cases, 5 categories, 10 % missing", one_pile(60, 5000), categories(5)),
    Row("60 judges, 5000 cases, 20 categories, workloads 1/k", one_pile(60, 5000, True), categories(20)),
    Row("60 judges, 5000 cases, normal with 10 % missing", one_pile(60, 5000), gaps),
    Row("8 pools x 5 judges, 1600 cases, normal", nested(8, 5, 1600), normal),
    Row("8 pools x 5 judges, 1600 cases, lognormal", nested(8, 5, 1600), skewed),
    Row("8 pools x 5 judges, 1600 cases, yes 5 %", nested(8, 5, 1600), yes_no(0.05)),
    Row("8 pools x 5 judges, 1600 cases, 5 categories, 10 % missing", nested(8, 5, 1600), categories(5)),
    Row("40 judges in 3 of 12 pools, 2000 cases, normal", moving(40, 12, 2000), normal),
    Row("40 judges in 3 of 12 pools, 2000 cases, lognormal", moving(40, 12, 2000), skewed),
    Row("40 judges in 3 of 12 pools, 2000 cases, yes 5 %", moving(40, 12, 2000), yes_no(0.05)),
    Row("40 judges in 3 of 12 pools, 2000 cases, 5 categories", moving(40, 12, 2000), categories(5)),
    Row("40 judges, 320 cases, normal", one_pile(40, 320), normal),
    Row("40 judges, 320 cases, lognormal, workloads 1/k", one_pile(40, 320, True), skewed),
    Row("40 judges, 320 cases, yes 5 %", one_pile(40, 320), yes_no(0.05)),
    Row("8 pools x 5 judges, 320 cases, lognormal", nested(8, 5, 320), skewed),
    Row("8 pools x 5 judges, 320 cases, 5 categories", nested(8, 5, 320), categories(5)),
    Row("40 judges in 3 of 12 pools, 600 cases, lognormal", moving(40, 12, 600), skewed),
    Row("40 judges in 3 of 12 pools, 600 cases, 5 categories", moving(40, 12, 600), categories(5)),
]
POWER = [
    Row(name, dealt, normal, eta)
    for name, dealt in (
        ("60 judges, 5000 cases", one_pile(60, 5000)),
        ("8 pools x 5 judges, 1600 cases", nested(8, 5, 1600)),
        ("40 judges in 3 of 12 pools, 2000 cases", moving(40, 12, 2000)),
        ("40 judges, 320 cases", one_pile(40, 320)),
    )
    for eta in (0.05, 0.1, 0.2, 0.3)
]


def one(row: Row, run: int) -> Balance:
    """One data set: pools differ (SD .5 in their mean), judges by eta."""
    rng = np.random.default_rng((zlib.crc32(row.name.encode()), run))
    judge, pool = row.dealt(rng)
    mean = row.eta * rng.standard_normal(judge.max() + 1)[judge]
    if pool is not None:
        mean = mean + 0.5 * rng.standard_normal(pool.max() + 1)[pool]
    found = balance_of(row.feature(rng, mean), judge, pool, feature="z", seed=run)
    assert isinstance(found, Balance), found
    return found


def runs_of(row: Row, runs: int, first: int = 0) -> list[Balance]:
    """`runs` by F; a quarter of them, but 500 at least, where every one takes 999 permutations."""
    found = [one(row, first)]
    many = runs if found[0].method == "F" else min(runs, max(500, runs // 4))
    found += [one(row, run) for run in range(first + 1, first + many)]
    print(row.name, row.eta, many, np.mean([b.p < 0.05 for b in found]), file=sys.stderr)
    return found


def level_table(runs: int, first: int = 0, words: str = "") -> list[str]:
    lines = ["| data | p from | data sets | p < .05 | p < .01 | mean p |", "|---|---|---|---|---|---|"]
    for row in LEVEL:
        if words not in row.name:
            continue
        found = runs_of(row, runs, first)
        p = np.array([b.p for b in found])
        method = "/".join(sorted({b.method for b in found}))
        shares = " | ".join(f"{(p < a).mean():.3f} ± {math.sqrt(a * (1 - a) / len(p)):.3f}" for a in (0.05, 0.01))
        lines.append(f"| {row.name} | {method} | {len(p)} | {shares} | {p.mean():.2f} |")
    return lines


def power_table(runs: int) -> list[str]:
    lines = [
        "| data | true eta | data sets | p < .05 | mean eta² over truth | eta_high above truth | median eta_high |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in POWER:
        found = runs_of(row, runs)
        # z has variance 1 + eta^2 within pools
        true = row.eta / math.sqrt(1 + row.eta**2)
        high = np.array([b.eta_high for b in found], dtype=np.float64)
        eta = np.mean([b.eta**2 for b in found]) / true**2
        lines.append(
            f"| {row.name} | {row.eta} | {len(found)} | {np.mean([b.p < 0.05 for b in found]):.2f} | {eta:.2f} | "
            f"{(high >= true).mean():.3f} | {np.median(high):.2f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--first", type=int, default=0, help="number of the first data set")
    parser.add_argument("--level", help="only the table of the level, of rows whose name holds these words")
    options = parser.parse_args()
    if options.level is not None:
        print("\n".join(level_table(options.runs, options.first, options.level)))
        return
    text = "\n".join(["## Level", "", *level_table(options.runs), "", "## Power", "", *power_table(options.runs)])
    if options.out:
        command = f"python -m tests.validity.assignment --runs {options.runs} --out {options.out}"
        before = options.out.read_text("utf-8") if options.out.exists() else ""
        notes = "".join(before.partition("\n## Notes")[1:])  # what is written by hand beneath the tables stays
        options.out.write_text(f"# The test of assignment\n\nMade by `{command}`.\n\n{text}\n{notes}", "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
