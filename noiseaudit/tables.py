"""AuditResult -> typed tables that charts, report and summary share: numbers and units, no text yet."""

from __future__ import annotations

import math
from dataclasses import dataclass

from noiseaudit.estimators.d_study import averaged_noise
from noiseaudit.result import AuditResult, Component, DifferenceDistribution, Estimate, Figure, Interval, Number

CATEGORICAL = ("binary", "nominal")
FEWEST_FOR_POINTS = 10
FEWEST_PER_BAND = 5


@dataclass(frozen=True)
class Part:
    """One part of the noise: signed variance, SD, share of system noise, each with its interval where there is one."""

    name: str
    component: Component
    depth: int

    @property
    def estimate(self) -> Estimate | None:
        """The estimate, where the part is identified."""
        return self.component if isinstance(self.component, Estimate) else None


def noise_parts(result: AuditResult) -> list[Part]:
    """System noise and its parts, indented by depth; in a log with the part of pattern noise that it can show."""
    names = [("system", 0), ("level", 1), ("pattern", 1), ("stable_pattern", 2), ("occasion", 2)]
    if is_log(result):
        names.insert(3, ("detectable_pattern", 2))
    return [Part(name, getattr(result.noise, name), depth) for name, depth in names]


def is_log(result: AuditResult) -> bool:
    """Whether each case was decided once, so that comparable cases stand in for shared ones."""
    return result.design.kind == "log"


def decision_unit(result: AuditResult) -> str | None:
    """Unit of the decision's noise: of the difference on one case, in a log of that on comparable cases."""
    figures: list[Number] = [result.lottery.mean_difference]
    if is_log(result):
        log = result.supplement.log
        figures += [log.comparable_pairs_difference] if log is not None else []
        figures.append(result.supplement.mean_decision)
    return next((figure.unit for figure in figures if isinstance(figure, Figure)), None)


def chance_to_differ(result: AuditResult) -> Number:
    """P(disagree) of two colleagues on one case; in a log on two comparable cases."""
    log = result.supplement.log
    return result.lottery.disagreement if log is None else log.comparable_pairs_disagreement


def bar_parts(result: AuditResult) -> list[Part]:
    """The parts of the decomposition bar: pattern whole where it cannot be split. Empty where nothing is known."""
    split = isinstance(result.noise.stable_pattern, Estimate) and isinstance(result.noise.occasion, Estimate)
    wanted = ("level", "stable_pattern", "occasion") if split else ("level", "pattern")
    parts = [part for part in noise_parts(result) if part.name in wanted and part.estimate is not None]
    return parts if len(parts) == len(wanted) else []


def noise_factor(result: AuditResult) -> float:
    """What a variance is multiplied with to be shown: 2 for yes/no (P(disagree) = 2 Sys), else 1."""
    return 2.0 if result.design.scale == "binary" else 1.0


def whole_steps(spread: DifferenceDistribution) -> bool:
    """Whether the bins stand for differences of 0, 1, 2 … steps."""
    return spread.edges[0] == -0.5


@dataclass(frozen=True)
class Averaging:
    """Noise of the mean of k independent professionals: SD, and the part of today's that is saved."""

    professionals: int
    sd: float
    saved: float


def averaging(result: AuditResult, *, most: int = 10) -> list[Averaging]:
    """k = 1 … most; empty where system noise is not known or zero, and for categories, which have no mean."""
    level, pattern = result.noise.level, result.noise.pattern
    if not (isinstance(level, Estimate) and isinstance(pattern, Estimate)) or result.design.scale in CATEGORICAL:
        return []
    one = level.variance + pattern.variance
    if one <= 0:
        return []
    rows = []
    for k in range(1, most + 1):
        noise = averaged_noise(level=level.variance, stable=pattern.variance, professionals=k)
        rows.append(Averaging(k, math.sqrt(noise), 1 - math.sqrt(noise / one)))
    return rows


@dataclass(frozen=True)
class SecondLook:
    """Noise SD of one professional who decides r times and averages: only occasion noise shrinks."""

    times: int
    sd: float
    saved: float


def second_looks(result: AuditResult, *, most: int = 4) -> list[SecondLook]:
    """r = 1 … most, where occasion noise is known; else empty, and for categories, which have no mean."""
    level, stable, occasion = result.noise.level, result.noise.stable_pattern, result.noise.occasion
    if not (isinstance(level, Estimate) and isinstance(stable, Estimate) and isinstance(occasion, Estimate)):
        return []
    if result.design.scale in CATEGORICAL:
        return []
    one = level.variance + stable.variance + occasion.variance
    if one <= 0:
        return []
    looks = []
    for r in range(1, most + 1):
        noise = max(
            0.0,
            averaged_noise(level=level.variance, stable=stable.variance, occasion=occasion.variance, occasions=r),
        )
        looks.append(SecondLook(r, math.sqrt(noise), 1 - math.sqrt(noise / one)))
    return looks


@dataclass(frozen=True)
class Point:
    """One unlabelled professional in the funnel: precision as a number of cases, P/se^2, and level."""

    precision: float
    level: float


def variance_of_one(result: AuditResult) -> float | None:
    """The variance with which one decision tells of a level: pattern noise; in a log all within a professional.

    In a log se^2 = s2/n, so s2 is taken as the median of n se^2.
    """
    if is_log(result):
        each = sorted(judge.decisions * judge.se**2 for judge in result.judges if judge.se is not None and judge.se > 0)
        return each[len(each) // 2] if each else None
    pattern = result.noise.pattern
    return pattern.variance if isinstance(pattern, Estimate) and pattern.variance > 0 else None


def of_rates(result: AuditResult) -> bool:
    """Events out of an exposure: limits symmetric around 0 would accuse those with one event in a short time."""
    return result.supplement.log is not None and result.supplement.log.rates is not None


def funnel_points(result: AuditResult) -> list[Point]:
    """Levels without names, by precision; empty below ten professionals, where levels are not known, and for rates.

    P/se^2 is the number of cases that a judge would need on a complete panel to be known as well; in a log it is
    about the number of decisions.
    """
    one = variance_of_one(result)
    if one is None or of_rates(result):
        return []
    points = [
        Point(one / judge.se**2, judge.level)
        for judge in result.judges
        if judge.level is not None and judge.se is not None and judge.se > 0
    ]
    return sorted(points, key=lambda p: (p.precision, p.level)) if len(points) >= FEWEST_FOR_POINTS else []


@dataclass(frozen=True)
class Band:
    """Professionals of about equal precision, at least five: how many lie outside the 95 % and 99.8 % limits."""

    cells: Interval
    judges: int
    outside_95: int
    outside_998: int


def precision_bands(result: AuditResult, *, most: int = 4) -> list[Band]:
    """The funnel as a table: bands of at least five professionals by number of cases; empty below ten and for rates."""
    if of_rates(result):
        return []
    known = [j for j in result.judges if j.level is not None and j.se is not None and j.se > 0]
    if len(known) < FEWEST_FOR_POINTS:
        return []
    known.sort(key=lambda j: (j.cells, j.se or 0.0))
    wanted = -(-len(known) // min(most, len(known) // FEWEST_PER_BAND))
    groups = [[known[0]]]
    for judge in known[1:]:  # cut only where the number of cases changes, so that bands do not overlap
        if len(groups[-1]) >= wanted and judge.cells != groups[-1][-1].cells:
            groups.append([])
        groups[-1].append(judge)
    if len(groups) > 1 and len(groups[-1]) < FEWEST_PER_BAND:
        groups[-2:] = [groups[-2] + groups[-1]]
    bands = []
    for group in groups:
        z = [abs((j.level or 0.0) / (j.se or 1.0)) for j in group]
        bands.append(
            Band(
                (float(group[0].cells), float(group[-1].cells)),
                len(group),
                sum(value > 1.959964 for value in z),
                sum(value > 3.090232 for value in z),
            )
        )
    return bands


def chance_range(expected: float) -> tuple[int, int]:
    """How many a count with this expected value is, from its 5 % to its 95 % point (Poisson)."""
    from scipy import stats

    low, high = stats.poisson.ppf([0.05, 0.95], expected)
    return int(low), int(high)
