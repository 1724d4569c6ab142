"""The lottery: what the draw of the professional does to one case.

Mean difference: the mean over same-case pairs of |a - b|. Noise index: their median of |a - b|/((a + b)/2).
Disagreement: P(two random colleagues decide differently) = 2 Sys for yes/no, sum_k Sys_k for categories.
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.case_pairs import (
    absolute_difference,
    difference_histogram,
    distribution,
    pair_mean,
    relative_difference,
    relative_difference_of_logs,
)
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.intervals import jackknife_variance, level_floor, log_jackknife
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Component, DifferenceDistribution, Estimate, Figure, Number

_TIE = 1e-12  # relative: equal differences that rounding has set apart
_HALF = 0.5 - 1e-9
_LARGEST = 2.0  # of a relative difference: one of the two is 0


def mean_difference(estimate: PanelEstimate, *, unit: str | None, confidence: float, kurtosis_floor: float) -> Number:
    """Mean |difference| of two random colleagues on one case, decision units.

    Interval: log jackknife over judges plus the cases' part. A mean difference scales like an SD, so its floor is
    a quarter of system noise's relative one: D^2 (VN_L + VN_P)/(4 Sys^2). Exact for cells of one and two decisions;
    for more an approximation, because a cell keeps no more than its mean and its spread.
    """
    linked = estimate.linked
    found = pair_mean(linked, absolute_difference)
    if found.value <= 0:
        return Figure(0.0, unit, None, "no_disagreement_observed")
    if linked.J < 3:
        return Figure(found.value, unit, None, "too_few_judges")
    interval = log_jackknife(
        found.value,
        found.left_out,
        weights=(linked.J - 1) / linked.J,
        add=found.case_part,
        floor=found.value**2 * _relative_floor(estimate, kurtosis_floor) / 4,
        df=linked.J - 1,
        confidence=confidence,
    )
    return Figure(found.value, unit, interval, None if interval else _why_not(found.left_out))


def _why_not(left_out: Floats) -> str:
    """Why a jackknife over judges gives no interval."""
    if not np.all(np.isfinite(left_out)):
        return "needs_everyone"
    return "one_alone" if np.any(left_out <= 0) else "too_wide"


def _relative_floor(estimate: PanelEstimate, kurtosis_floor: float) -> float:
    """(VN_L + VN_P)/Sys^2; as if all were level where the parts are not known."""
    linked, level, pattern = estimate.linked, estimate.level, estimate.pattern
    if (
        not (isinstance(level, Estimate) and isinstance(pattern, Estimate))
        or estimate.effect_variance is None
        or level.variance + pattern.variance <= 0
    ):
        return (2 + kurtosis_floor) / linked.dJ
    of_level = level_floor(level.variance, estimate.effect_variance, df=linked.dJ, kurtosis_floor=kurtosis_floor)
    of_pattern = 2 * pattern.variance**2 / max(linked.H0, 2)
    return (of_level + of_pattern) / (level.variance + pattern.variance) ** 2


def noise_index(linked: Linked, *, logs: bool, shift: float, confidence: float) -> Number:
    """Median relative difference of two colleagues on one case, as a fraction of their mean.

    Needs decisions above 0. The median commutes with the transform 2 tanh(|log a - log b|/2), so logs give the
    same index. Interval after Woodruff (1952), which holds for tied ratings too: with F the weighted distribution
    of the differences and se the jackknife error of F(median) over judges plus the cases' part,

        [ F^-1(1/2 - t se), F^-1(1/2 + t se) ],   t on min(J - G, C - 1) degrees of freedom
    """
    refusal = None if logs else _not_positive(linked, shift)
    if refusal is not None:
        return NotIdentified.of(refusal)
    measure, moved = (relative_difference_of_logs, 0.0) if logs else (relative_difference, shift)
    spread = distribution(linked, measure, shift=moved)
    (median,) = spread.quantiles(0.5)
    if spread.largest <= 0:
        return Figure(0.0, "fraction", None, "no_disagreement_observed")
    if linked.J < 3 or linked.C < 2:
        return Figure(median, "fraction", None, "too_few_judges" if linked.J < 3 else "single_case")
    reached = pair_mean(linked, lambda a, b: (measure(a, b) <= median * (1 + _TIE)).astype(np.float64), shift=moved)
    if not np.all(np.isfinite(reached.left_out)):
        return Figure(median, "fraction", None, "needs_everyone")
    variance = jackknife_variance(reached.left_out, (linked.J - 1) / linked.J) + reached.case_part
    if variance <= _TIE:
        return Figure(median, "fraction", None, "no_variation")
    t = float(t_quantile(0.5 + confidence / 2, min(linked.dJ, linked.C - 1)))
    reach = t * math.sqrt(variance)
    low, high = spread.quantiles(0.5 - reach, 0.5 + reach) if reach < _HALF else (0.0, _LARGEST)
    return Figure(median, "fraction", (low, high))


def _not_positive(linked: Linked, shift: float) -> str | None:
    """The reason where a decision is, or could be, 0 or below; cells of one and two decisions tell exactly.

    Among m decisions with mean x and sum of squares q none lies below x - sqrt(q (m - 1)/m).
    """
    centre, few = linked.x[:, 0] + shift, linked.m <= 2
    if np.any(np.where(few, centre - np.sqrt(linked.q / linked.m), centre) <= 0):
        return "nonpositive_values"
    least = centre - np.sqrt(linked.q * (linked.m - 1) / linked.m)
    return "nonpositive_not_excluded" if np.any(least <= 0) else None


def disagreement(system: Component, *, factor: float, categories: int, judges: int) -> Number:
    """P(disagree) from system noise: factor 2 for one yes/no indicator, 1 for K category indicators.

    Two of J judges drawn for one case differ with a chance of at most (1 - 1/K) J/(J - 1): the interval ends there.
    """
    if not isinstance(system, Estimate):
        return system if isinstance(system, NotIdentified) else NotIdentified.of("not_available_for_estimator")
    bounds, value = system.variance_interval, min(1.0, factor * max(0.0, system.variance))
    most = max(value, min(1.0, (1 - 1 / categories) * judges / (judges - 1)))
    interval = None if bounds is None else (factor * bounds[0], min(most, factor * bounds[1]))
    return Figure(
        value,
        "probability",
        interval,
        None if interval else system.interval_reason,
    )


def differences(linked: Linked) -> DifferenceDistribution:
    """The distribution of |difference| over same-case pairs of colleagues."""
    edges, share, median = difference_histogram(linked)
    return DifferenceDistribution(tuple(edges.tolist()), tuple(share.tolist()), median)


def chance_corrected_agreement(linked: Linked) -> Number:
    """Fleiss-type kappa = 1 - P(disagree, same case)/P(disagree, different case and judge), K indicators.

    With T the sum over all cells, per column: ordered pairs of different case and judge have
    sum |x - x'|^2 = all pairs - same-case pairs - same-judge pairs.
    """
    x, n = linked.x, len(linked)

    def pair_sum(count: Floats, squares: Floats, sums: Floats) -> tuple[float, float]:
        """(sum over ordered pairs within groups of |x - x'|^2, number of such pairs)."""
        return float((2 * (count * squares - (sums**2).sum(axis=1))).sum()), float((count * (count - 1)).sum())

    squares, u = (x**2).sum(axis=1), linked.q / linked.m
    ones = np.ones(n)
    everything = pair_sum(np.array([float(n)]), np.array([squares.sum()]), x.sum(axis=0)[None, :])
    case = pair_sum(linked.over_case(ones), linked.over_case(squares), linked.over_case(x))
    judge = pair_sum(linked.over_judge(ones), linked.over_judge(squares), linked.over_judge(x))
    extra_all = 2 * (n - 1) * float(u.sum())
    extra_case = 2 * float(((linked.per_case[linked.case] - 1) * u).sum())
    extra_judge = 2 * float(((linked.per_judge[linked.judge] - 1) * u).sum())
    pairs = everything[1] - case[1] - judge[1]
    if pairs <= 0:
        return NotIdentified.of("single_case")
    far = (everything[0] - case[0] - judge[0] + extra_all - extra_case - extra_judge) / pairs
    near = (case[0] + extra_case) / case[1]
    if far <= 0:
        return NotIdentified.of("no_disagreement_observed")
    return Figure(1 - near / far, None, None, "descriptive")
