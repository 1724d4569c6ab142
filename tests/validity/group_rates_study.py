"""Coverage of the intervals of rates by group, and of the largest difference between groups.

    python -m tests.validity.group_rates_study --runs 500

Probit model with judges, judges x groups, and cases drawn anew in each run: the rate of a group over all judges and
cases is known exactly. Groups hold 50, 35, 10 and 5 % of the cases. Errors of numbers: centred exponential parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from noiseaudit.groups.clustered_means import clustered_means
from noiseaudit.groups.rates_by_group import GroupDecisions, largest_difference, wilson_limits
from noiseaudit.result.parts import Figure

SHARES = (0.5, 0.35, 0.1, 0.05)
NONE, SOME = (0.0, 0.0, 0.0), (0.6, 0.3, 1.2)  # SD of judges, of judges x groups, of cases; chance has SD 1


@dataclass(frozen=True)
class Design:
    """judges on each case: 0 for all of them."""

    name: str
    judges: int
    cases: int
    each: int


DESIGNS = (
    Design("10 judges x 60 cases", 10, 60, 0),
    Design("20 judges x 200 cases", 20, 200, 0),
    Design("30 judges, 150 cases, 3 each", 30, 150, 3),
    Design("log, 20 judges, 1,000 cases", 20, 1000, 1),
    Design("log, 8 judges, 400 cases", 8, 400, 1),
    Design("log, 60 judges, 300 cases", 60, 300, 1),
)


def draw(design: Design, rng: np.random.Generator, *, skewed: bool = False, sds=SOME):
    """judge, case, value (N,), and latent deviations with SD sqrt(1 + sum sds^2)."""
    size = np.round(np.array(SHARES) * design.cases).astype(int)
    group = np.repeat(np.arange(len(SHARES)), size)
    each = design.each or design.judges
    case = np.repeat(np.arange(len(group)), each)
    judge = rng.permuted(np.tile(np.arange(design.judges), (len(group), 1)), axis=1)[:, :each].ravel()

    def parts(*shape):
        return rng.exponential(size=shape) - 1 if skewed else rng.normal(size=shape)

    value = group[case]
    own = sds[0] * parts(design.judges)[judge] + sds[1] * parts(design.judges, len(SHARES))[judge, value]
    return judge, case, value, own + sds[2] * parts(len(group))[case] + parts(len(case))


def decided(design: Design, rates, rng, *, sds=SOME) -> GroupDecisions:
    judge, case, value, latent = draw(design, rng, sds=sds)
    spread = np.sqrt(1 + sum(sd**2 for sd in sds))
    y = (latent < spread * stats.norm.ppf(rates)[value]).astype(float)
    nothing = np.zeros(len(y))
    return GroupDecisions(judge, value, nothing + 1, y, nothing, ("a", "b", "c", "d"),
                          case=None if design.each == 1 else case)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """rates: (4,) of each group's interval; difference: of the largest difference; above: its lower limit too high."""

    rates: np.ndarray
    difference: float
    above: float


def coverage(design: Design, rates, *, runs: int, seed: int, sds=SOME) -> Coverage:
    rng, truth = np.random.default_rng(seed), np.array(rates)
    held, difference, above = np.zeros(len(truth)), 0, 0
    for _ in range(runs):
        table = decided(design, truth, rng, sds=sds)
        means = clustered_means(table.clusters, table.decision)
        low, high = wilson_limits(means, tail=0.025)
        held += (low <= truth) & (truth <= high)
        found = largest_difference([(means, means.mean)], 0.95)
        assert isinstance(found, Figure)
        assert found.interval is not None
        most = np.ptp(truth)
        difference += found.interval[0] <= most + 1e-12 and most - 1e-12 <= found.interval[1]
        above += found.interval[0] > most + 1e-12
    return Coverage(held / runs, difference / runs, above / runs)


def coverage_of_errors(design: Design, *, runs: int, seed: int) -> np.ndarray:
    """(4,) of the mean error, with skewed parts; the truth is 0."""
    rng, held = np.random.default_rng(seed), np.zeros(len(SHARES))
    for _ in range(runs):
        judge, case, value, error = draw(design, rng, skewed=True)
        nothing = np.zeros(len(error))
        table = GroupDecisions(judge, value, nothing + 1, error, nothing, ("a", "b", "c", "d"),
                               case=None if design.each == 1 else case)  # fmt: skip
        means = clustered_means(table.clusters, error)
        held += np.abs(means.mean) <= stats.t.ppf(0.975, means.df) * np.sqrt(means.variance)
    return held / runs


def table(*, runs: int) -> Iterator[str]:
    yield (
        "| design | rates | SD of judges, judges x groups, cases | coverage by group | of the largest difference "
        "| lower limit too high |\n|---|---|---|---|---|---|"
    )
    for k, design in enumerate(DESIGNS):
        for rates in ((0.5,) * 4, (0.1,) * 4, (0.02,) * 4, (0.98,) * 4, (0.005,) * 4, (0.5, 0.4, 0.6, 0.5),
                      (0.05, 0.05, 0.1, 0.2)):  # fmt: skip
            for sds in (SOME, NONE):
                found = coverage(design, rates, runs=runs, seed=k, sds=sds)
                shown, spread = ", ".join(map(str, dict.fromkeys(rates))), ", ".join(map(str, sds))
                held = " ".join(f"{share:.3f}" for share in found.rates)
                yield f"| {design.name} | {shown} | {spread} | {held} | {found.difference:.3f} | {found.above:.3f} |"
    yield "\nMean error of numbers, all parts centred exponential:\n"
    yield "| design | coverage by group |\n|---|---|"
    for k, design in enumerate(DESIGNS):
        held = " ".join(f"{share:.3f}" for share in coverage_of_errors(design, runs=runs, seed=k))
        yield f"| {design.name} | {held} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    arguments = parser.parse_args()
    print("# Intervals of rates by group: coverage\n")
    print(f"Made by `python -m tests.validity.group_rates_study --runs {arguments.runs}`.\n")
    print("Groups hold 50, 35, 10 and 5 % of the cases. Intervals of 95 %.\n")
    for line in table(runs=arguments.runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
