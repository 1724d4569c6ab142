"""Bias, coverage and false alarms of the figures over time, by simulation with known truth.

The long run is by hand; its table is committed:

    nice -n 10 python -m tests.validity.study_time --runs 1000 --out docs/validity_time.md
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.drift import level_signals, period_means
from noiseaudit.estimators.judge_days import judge_day_noise
from noiseaudit.estimators.log_level import level_from_moments
from noiseaudit.estimators.moments_of_day import moment_effects
from noiseaudit.estimators.periods import JudgePeriods
from noiseaudit.estimators.persistence import persistence
from noiseaudit.estimators.sequence import sequence_effect
from noiseaudit.estimators.timeline import Moments, Timeline
from noiseaudit.result import Component, Estimate, Figure, Number

Triple = tuple[float, float, float]
MISSING: Triple = (math.nan, math.nan, math.nan)


def errors(rng: np.random.Generator, shape: int | tuple[int, ...], *, skewed: bool = False) -> Floats:
    """Mean 0, variance 1: normal, or centred exponential."""
    return rng.exponential(size=shape) - 1 if skewed else rng.normal(size=shape)


@dataclass(frozen=True)
class Months:
    """Judges over months: levels with correlation `keeps` from month to month, about `each` decisions a judge-month.

    level: variance of levels; within: of a judge's decisions; busy: SD of log workload; away: share of judge-months
    without decisions; leavers: share of judges who leave halfway, replaced by as many; lift: what the last month adds
    to all decisions; widen: factor on the levels in the second half.
    """

    judges: int = 40
    months: int = 12
    each: float = 20
    level: float = 0.25
    within: float = 1.0
    keeps: float = 0.7
    busy: float = 0.0
    away: float = 0.0
    leavers: float = 0.0
    lift: float = 0.0
    widen: float = 1.0
    skewed: bool = False

    def draw(self, rng: np.random.Generator) -> Timeline:
        J, T = self.judges, self.months
        level = errors(rng, (J, T), skewed=self.skewed)
        for t in range(1, T):
            level[:, t] = self.keeps * level[:, t - 1] + math.sqrt(1 - self.keeps**2) * level[:, t]
        level *= math.sqrt(self.level)
        level[:, T // 2 :] *= self.widen
        load = np.exp(rng.normal(0, self.busy, (J, 1))) if self.busy else np.ones((J, 1))
        n = rng.poisson(self.each * load * np.ones((1, T)))
        n[rng.random((J, T)) < self.away] = 0
        turn = int(self.leavers * J)
        n[:turn, T // 2 :], n[turn : 2 * turn, : T // 2] = 0, 0
        cell = np.repeat(np.arange(J * T), n.ravel())
        value = level.ravel()[cell] + math.sqrt(self.within) * errors(rng, len(cell), skewed=self.skewed)
        value += self.lift * (cell % T == T - 1)
        month = np.datetime64("2023-01") + (cell % T).astype("timedelta64[M]")
        return Timeline.of(cell // T, value, month.astype("datetime64[D]") + rng.integers(0, 28, len(cell)))


@dataclass(frozen=True)
class Days:
    """Judges over days: about `each` decisions a day (at least one; exactly that many if `fixed`), in working hours.

    mood: variance of judge-days; pull: slope on the previous decision of the day; slope: SD of judges' linear drift
    over the whole time; afternoon: what the hours from 13 on add. Within-day variance 1.
    """

    judges: int = 40
    days: int = 60
    each: int = 5
    fixed: bool = False
    level: float = 0.25
    mood: float = 0.0
    pull: float = 0.0
    slope: float = 0.0
    afternoon: float = 0.0
    skewed: bool = False

    def arrays(self, rng: np.random.Generator) -> tuple[Codes, Floats, Moments]:
        J, D = self.judges, self.days
        n = np.full(J * D, self.each) if self.fixed else 1 + rng.poisson(self.each - 1, J * D)
        day = np.repeat(np.arange(J * D), n)
        place = np.arange(len(day)) - np.repeat(np.cumsum(n) - n, n)
        chain = errors(rng, len(day), skewed=self.skewed)
        for at in range(1, int(n.max())):
            here = np.flatnonzero(place == at)
            chain[here] = self.pull * chain[here - 1] + math.sqrt(1 - self.pull**2) * chain[here]
        minute = np.floor(480 * (place + rng.random(len(day))) / n[day])
        level = math.sqrt(self.level) * errors(rng, J, skewed=self.skewed)
        mood = math.sqrt(self.mood) * errors(rng, J * D, skewed=self.skewed)
        drift = np.outer(rng.normal(0, self.slope, J), np.linspace(-0.5, 0.5, D)).ravel()
        value = level[day // D] + (mood + drift)[day] + chain + self.afternoon * (minute >= 240)
        date = np.datetime64("2024-01-01") + day % D // 5 * 7 + day % D % 5
        return day // D, value, date.astype("datetime64[s]") + ((540 + minute) * 60).astype("timedelta64[s]")

    def draw(self, rng: np.random.Generator) -> Timeline:
        return Timeline.of(*self.arrays(rng))


def triple(found: Component | Number) -> Triple:
    """(value, low, high), NaN for what there is not."""
    if isinstance(found, Estimate):
        return found.variance, *(found.variance_interval or MISSING[1:])
    return (found.value, *(found.interval or MISSING[1:])) if isinstance(found, Figure) else MISSING


def repeat(one: Callable[[np.random.Generator], Sequence[float]], runs: int, seed: int) -> Floats:
    """(runs, …) what `one` gives, each run with its own generator."""
    return np.array([one(np.random.default_rng((seed, run))) for run in range(runs)])


def scored(name: str, truth: float, found: Floats) -> str:
    """A row: mean +- MC SE, SD, coverage with the number of intervals, and median width."""
    value = found[np.isfinite(found[:, 0]), 0]
    held = found[np.isfinite(found[:, 1])]
    covered = ((held[:, 1] <= truth + 1e-12) & (truth - 1e-12 <= held[:, 2])).mean()
    width = np.median(held[:, 2] - held[:, 1])
    mean, sd = value.mean(), value.std(ddof=1)
    return (f"| {name} | {truth:g} | {mean:.4f} ± {sd / math.sqrt(len(value)):.4f} | {sd:.4f} | {covered:.3f} "
            f"({len(held)} of {len(found)}) | {width:.4f} |")  # fmt: skip


SCORED = "| design | true | mean ± MC SE | SD | coverage (intervals) | median width |\n|---|---|---|---|---|---|"

PERSISTENCE = {
    "40 judges, 4 months": (Months(months=4), 0.7),
    "40 judges, 2 months (one pair)": (Months(months=2), 0.7),
    "15 judges, 2 months (one pair)": (Months(judges=15, months=2), 0.7),
    "15 judges, 4 months": (Months(judges=15, months=4), 0.7),
    "8 judges, 4 months, n ~ 40": (Months(judges=8, months=4, each=40), 0.7),
    "40 judges, 4 months, skewed": (Months(months=4, skewed=True), 0.7),
    "40 judges, 12 months, a fifth away": (Months(away=0.2), 0.7),
    "40 judges, 4 months, nothing kept": (Months(months=4, keeps=0), 0.0),
    "40 judges, 4 months, all kept": (Months(months=4, keeps=1), 1.0),
    "40 judges, 4 months, level .05": (Months(months=4, level=0.05), 0.7),
}
JUDGE_DAYS = {
    "40 judges, 60 days of 5": (Days(mood=0.05), 0.05),
    "20 judges, 30 days of 4": (Days(judges=20, days=30, each=4, mood=0.05), 0.05),
    "8 judges, 60 days of 5": (Days(judges=8, mood=0.05), 0.05),
    "40 judges, 60 days of 5, skewed": (Days(mood=0.05, skewed=True), 0.05),
    "40 judges, 60 days of 5, slow drift (SD .5 of slopes)": (Days(mood=0.05, slope=0.5), 0.05),
    "40 judges, 20 days of 5, slow drift (SD .5)": (Days(days=20, mood=0.05, slope=0.5), 0.05),
    "40 judges, 60 days of 5, level 4": (Days(mood=0.05, level=4), 0.05),
    "40 judges, 60 days of 5, no mood": (Days(), 0.0),
}
FALSE_ALARMS = {
    "40 judges, 12 months": Months(),
    "10 judges, 12 months": Months(judges=10),
    "5 judges, 8 months": Months(judges=5, months=8),
    "40 judges, unequal workloads (SD of logs 1)": Months(busy=1),
    "20 judges, half of the judge-months empty": Months(judges=20, away=0.5),
    "40 judges, a third leaves halfway": Months(judges=60, leavers=1 / 3),
    "40 judges, skewed": Months(skewed=True),
    "40 judges, level .02": Months(level=0.02),
    "100 judges, 24 months": Months(judges=100, months=24),
    "*40 judges, last month .3 higher*": Months(lift=0.3),
    "*40 judges, levels 1.5 times as wide from halfway*": Months(widen=1.5),
}
MOMENTS = {
    "hour, nothing": (Days(judges=20), "hour", 0.0),
    "hour, nothing, mood .05": (Days(judges=20, mood=0.05), "hour", 0.0),
    "weekday, nothing, mood .05": (Days(judges=20, mood=0.05), "weekday", 0.0),
    "place in the row, nothing, mood .05": (Days(judges=20, mood=0.05), "position", 0.0),
    "weekday, nothing, 10 judges, 30 days, skewed": (Days(judges=10, days=30, mood=0.05, skewed=True), "weekday", 0.0),
    "weekday, nothing, 100 judges of 5 days, mood .3": (Days(judges=100, days=5, mood=0.3), "weekday", 0.0),
    "hour, afternoons .3 higher": (Days(judges=20, mood=0.05, afternoon=0.3), "hour", 0.0225),
    "hour, afternoons .1 higher": (Days(judges=20, mood=0.05, afternoon=0.1), "hour", 0.0025),
}
SEQUENCE = ((20, 0.0), (20, -0.05), (100, 0.0), (100, -0.05))
MOODS = {"pull 0": Days(each=8, mood=0.05), "pull -.05": Days(each=8, mood=0.05, pull=-0.05),
         "pull .1": Days(each=8, mood=0.05, pull=0.1)}  # fmt: skip


def persistence_rows(runs: int) -> Iterator[str]:
    yield SCORED
    for seed, (name, (design, truth)) in enumerate(PERSISTENCE.items()):

        def one(rng: np.random.Generator, design: Months = design) -> Triple:
            return triple(persistence(JudgePeriods.of(design.draw(rng), unit="month"), confidence=0.95))

        yield scored(name, truth, repeat(one, runs, seed))


def judge_day_rows(runs: int) -> Iterator[str]:
    yield SCORED
    for seed, (name, (design, truth)) in enumerate(JUDGE_DAYS.items()):

        def one(rng: np.random.Generator, design: Days = design) -> Triple:
            return triple(judge_day_noise(design.draw(rng), confidence=0.95))

        yield scored(name, truth, repeat(one, runs, 20 + seed))


def slopes(timeline: Timeline) -> tuple[float, float]:
    """Of a decision on the previous one: over all pairs, and with an effect of every judge."""
    later = np.flatnonzero(timeline.day[1:] == timeline.day[:-1]) + 1
    x, y, judge = timeline.value[later - 1], timeline.value[later], timeline.judge[later]
    pooled = np.polyfit(x, y, 1)[0]
    n = np.bincount(judge)
    x, y = (z - (np.bincount(judge, z) / n)[judge] for z in (x, y))
    return float(pooled), float((x * y).sum() / (x * x).sum())


def by_decisions(timeline: Timeline, T: int) -> float:
    """The half-panel jackknife with halves of a judge's T decisions, without the pair between them."""
    table = timeline.value.reshape(-1, T)

    def within(part: Floats) -> float:
        x, y = (z - z.mean(axis=1, keepdims=True) for z in (part[:, :-1], part[:, 1:]))
        return float((x * y).sum() / (x * x).sum())

    return 2 * within(table) - (within(table[:, : T // 2]) + within(table[:, T // 2 :])) / 2


def sequence_rows(runs: int) -> Iterator[str]:
    head = "pooled | within judges | halves of the decisions | half-panel ± MC SE | SD | coverage | width |"
    yield f"| decisions a judge | true | {head}"
    yield "|---|---|---|---|---|---|---|---|---|"
    for seed, (T, pull) in enumerate(SEQUENCE):

        def one(rng: np.random.Generator, T: int = T, pull: float = pull) -> tuple[float, ...]:
            timeline = Days(judges=50, days=1, each=T, fixed=True, pull=pull).draw(rng)
            found = triple(sequence_effect(timeline, confidence=0.95).effect)
            return *slopes(timeline), by_decisions(timeline, T), *found

        found = repeat(one, runs, 40 + seed)
        others = " | ".join(f"{mean:.3f}" for mean in found[:, :3].mean(axis=0))
        value, low, high = found[:, 3:].T
        sd = value.std(ddof=1)
        yield (f"| {T} | {pull:g} | {others} | {value.mean():.4f} ± {sd / math.sqrt(runs):.4f} | {sd:.3f} "
               f"| {((low <= pull) & (pull <= high)).mean():.3f} | {np.median(high - low):.3f} |")  # fmt: skip


def mood_rows(runs: int) -> Iterator[str]:
    yield SCORED
    for seed, (name, design) in enumerate(MOODS.items()):

        def one(rng: np.random.Generator, design: Days = design) -> tuple[float, ...]:
            found = sequence_effect(design.draw(rng), confidence=0.95)
            return *triple(found.effect), *triple(found.beyond_day)

        found = repeat(one, runs, 50 + seed)
        yield scored(f"effect, {name}", design.pull, found[:, :3])
        yield scored(f"beyond_day, {name}", (design.pull - design.pull**2) / (1 + design.mood), found[:, 3:])


def alarm_rows(runs: int) -> Iterator[str]:
    yield "| design | periods | mean outside | log with one | level signals | log with one |"
    yield "|---|---|---|---|---|---|"
    for seed, (name, design) in enumerate(FALSE_ALARMS.items()):

        def one(rng: np.random.Generator, design: Months = design) -> Floats:
            periods = JudgePeriods.of(design.draw(rng), unit="month")
            return np.array([period_means(periods).outside, level_signals(periods)])

        found = repeat(one, runs, 60 + seed)
        rate, logs = found.mean(axis=(0, 2)), found.any(axis=2).mean(axis=0)
        yield (f"| {name} | {runs * design.months} | {rate[0]:.4f} | {logs[0]:.3f} | {rate[1]:.4f} | {logs[1]:.3f} |")


def moment_rows(runs: int) -> Iterator[str]:
    yield "| design | true | p < .05 | mean ± MC SE | SD | coverage (intervals) | median width |"
    yield "|---|---|---|---|---|---|---|"
    for seed, (name, (design, covariate, truth)) in enumerate(MOMENTS.items()):

        def one(rng: np.random.Generator, design: Days = design, covariate: str = covariate) -> tuple[float, ...]:
            (effect,) = (e for e in moment_effects(design.draw(rng), confidence=0.95) if e.covariate == covariate)
            assert effect.p is not None
            return effect.p, *triple(effect.component)

        found = repeat(one, runs, 80 + seed)
        row = scored(name, truth, found[:, 1:]).split("|")
        yield "|".join([*row[:3], f" {(found[:, 0] < 0.05).mean():.3f} ", *row[3:]])


def level_rows(runs: int) -> Iterator[str]:
    """Level noise of a log without pools: coverage of (3.1) with its interval."""
    yield SCORED
    for seed, (J, kind) in enumerate((J, kind) for J in (20, 60) for kind in ("normal", "exp", "yes/no")):

        def one(rng: np.random.Generator, J: int = J, kind: str = kind) -> Triple:
            n = np.maximum(2, rng.poisson(50, J))
            judge = np.repeat(np.arange(J), n)
            if kind == "yes/no":
                y = (rng.random(len(judge)) < (0.5 + 0.1 * rng.normal(size=J)).clip(0, 1)[judge]).astype(float)
            else:
                y = 0.5 * errors(rng, J, skewed=kind == "exp")[judge] + errors(rng, len(judge), skewed=kind == "exp")
            mean = np.bincount(judge, y) / n
            m2 = np.bincount(judge, (y - mean[judge]) ** 2)
            return triple(level_from_moments(n.astype(float), mean, m2, confidence=0.95, kurtosis_floor=2.0))

        yield scored(f"{J} judges, n ~ 50, {kind}", 0.01 if kind == "yes/no" else 0.25, repeat(one, runs, 100 + seed))


SECTIONS: dict[str, tuple[Callable[[int], Iterator[str]], str]] = {
    "Persistence": (
        persistence_rows,
        "Levels follow a chain from month to month. About 20 decisions a judge and month, level variance .25,\n"
        "within 1, unless said. Where an interval would be wider than from -1 to 1, there is none.",
    ),
    "Judge-day noise": (
        judge_day_rows,
        "Level variance .25, within days 1. Slow drift: an even slope of each judge over the whole time.",
    ),
    "Sequence effect": (
        sequence_rows,
        "50 judges, level variance .25, within 1, all decisions of a judge in one row. Pooled over judges the slope\n"
        "is inflated by level noise; within judges it is pulled down by about (1 + rho)/(T - 1).",
    ),
    "Sequence effect and the mood of a day": (
        mood_rows,
        "40 judges, 60 days of 8, judge-day variance .05. True: what the previous decision does by itself.",
    ),
    "Periods outside their limits": (
        alarm_rows,
        "Limits of 99.8 %: chance puts .002 of the periods outside. Levels follow a chain with correlation .7: judges\n"
        "wander, each for himself. Rows in italics hold a real change.",
    ),
    "Moments of the day": (
        moment_rows,
        "20 judges, 60 days of 5. Explained variance within judges, net of chance; p: how often F finds something.",
    ),
    "Level noise of a log": (level_rows, "Without pools. Exp: levels and decisions both exponential."),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SECTIONS))
    options = parser.parse_args()
    parts = []
    for name in options.only:
        rows, words = SECTIONS[name]
        parts.append("\n".join([f"## {name}", "", words, "", *rows(options.runs)]))
        print(parts[-1], flush=True)
    if options.out:
        command = f"python -m tests.validity.study_time --runs {options.runs} --out {options.out}"
        head = f"# Figures over time: bias, coverage, false alarms\n\nMade by `{command}`."
        before = options.out.read_text("utf-8") if options.out.exists() else ""
        notes = "".join(before.partition("\n## Reading the tables")[1:])  # what is written by hand stays
        runs = f"{options.runs} simulated logs a row, nominal coverage .95. Seeds are fixed."
        options.out.write_text("\n\n".join([head, runs, *parts]) + "\n" + notes, "utf-8")


if __name__ == "__main__":
    main()
