"""Shares and errors of each group with intervals, and the largest difference between groups.

    rate:  Wilson's limits with N* = min( p (1 - p)/V, N/deff ) decisions, t with min(G_J, G_C) - 1 df:
           [ p + t^2/2N* -+ t sqrt(p (1 - p)/N* + t^2/4N*^2) ] / (1 + t^2/N*)
           with fewer than 5 yeses the lower limit reaches as far as the exact one (Clopper-Pearson on N* (z/t)^2
           decisions); with fewer than 5 noes the upper one
    error: mean +- t sqrt(V)
    difference of two rates (MOVER), r = C_ab/sqrt(V_a V_b):
           lower_ab = p_a - p_b - sqrt( (p_a - l_a)^2 + (u_b - p_b)^2 - 2 r (p_a - l_a)(u_b - p_b) )
           upper_ab = p_a - p_b + sqrt( (u_a - p_a)^2 + (p_b - l_b)^2 - 2 r (u_a - p_a)(p_b - l_b) )
    largest difference D = max_ab (p_a - p_b):  [ max(0, max_ab lower_ab), max_ab upper_ab ]

V, deff and C: clustered_means. The lower limits of the differences hold together (Bonferroni over the pairs of
values), so that groups that differ by chance alone leave 0 in; the upper limit needs no such correction, since the
pair that truly differs most is one of those that the maximum is over. D itself is too large by chance, the more so
the smaller the groups are; a bootstrap of D would be centred on that, and never reach 0.

Sources: Wilson (1927); Korn & Graubard (1998) and Dean & Pagano (2015), limits of rates of clustered data; Newcombe
(1998) and Zou & Donner (2008), differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import beta_quantile, normal_quantile, t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.clustered_means import ClusteredMeans, Clusters, clustered_means
from noiseaudit.groups.metric_frame import value_rates
from noiseaudit.result.group_parts import UNKNOWN, Fairness, GroupRates
from noiseaudit.result.parts import Figure, Number

FEW = 5.0  # yeses, or noes: Wilson's limit on that side then misses too often
FEWEST = 3  # professionals, and cases, that an interval rests on


@dataclass(frozen=True)
class GroupDecisions:
    """Decisions with the group of their case, collapsed: each row stands for n decisions.

    judge, value: (R,) codes, value into `values`. decision: (R,) mean of the row, 0 to 1 for yes/no; m2: (R,) sum of
    squared deviations from it. truth: (R,) right answer, NaN where not known; None where no column tells. case: (R,)
    codes, each in one value, one row a judge; None where every decision is a case of its own.
    """

    judge: Codes
    value: Codes
    n: Floats
    decision: Floats
    m2: Floats
    values: tuple[str, ...]
    truth: Floats | None = None
    case: Codes | None = None

    @classmethod
    def of_cells(cls, cells: Cells, code: Codes, labels: Sequence[str]) -> GroupDecisions:
        """From cells (K = 1) and the value of each, -1 where it is not known: a value like any other, the last one."""
        values = (*labels, UNKNOWN) if (code < 0).any() else tuple(labels)
        truth = None if cells.truth is None else cells.truth[cells.case] + float(cells.shift)
        value, decision = np.where(code < 0, len(labels), code), cells.mean[:, 0] + float(cells.shift)
        return cls(cells.judge, value, cells.n, decision, cells.m2[:, 0], values, truth, cells.case)

    @property
    def clusters(self) -> Clusters:
        """The rows without their decisions."""
        return Clusters(self.judge, self.case, self.value, self.n, len(self.values))


@dataclass(frozen=True)
class _Rates:
    """Clustered means of selection, false positives and false negatives; the last two None without a truth."""

    selection: ClusteredMeans
    false_positive: ClusteredMeans | None
    false_negative: ClusteredMeans | None


def rates_by_group(
    table: GroupDecisions, group: str, *, binary: bool, unit: str | None = None, confidence: float = 0.95
) -> tuple[GroupRates, ...]:
    """Of every value of the characteristic `group`: rates for yes/no decisions, the mean error for numbers."""
    nothing: Number = NotIdentified.of("of_numbers" if binary else "of_yes_no")
    missing: Number = NotIdentified.of("no_truth")
    k = len(table.values)
    everything = clustered_means(table.clusters, table.decision, m2=table.m2)
    selection, positive, negative = [nothing] * k, [nothing] * k, [nothing] * k
    truths: list[tuple[int | None, int | None, int | None]] = [(None, None, None)] * k
    error = [nothing if binary else missing] * k
    if binary:
        rates, value = _measured(table), value_rates(table.value, table.n, table.decision, table.truth, values=k)
        selection = _rate_figures(rates.selection, value.selection, confidence, "empty_group")
        positive, negative = [missing] * k, [missing] * k
        if rates.false_positive is not None and rates.false_negative is not None:
            positive = _rate_figures(rates.false_positive, value.false_positive, confidence, "no_truth_0")
            negative = _rate_figures(rates.false_negative, value.false_negative, confidence, "no_truth_1")
            both = zip(rates.false_positive.cases, rates.false_negative.cases, strict=True)
            truths = [(int(no), int(yes), int(no + yes)) for no, yes in both]
    elif table.truth is not None:
        known = ~np.isnan(table.truth)
        apart = table.decision[known] - table.truth[known]
        errors = clustered_means(table.clusters.where(known), apart, m2=table.m2[known])
        error = _error_figures(errors, unit, confidence)
        truths = [(None, None, int(cases)) for cases in errors.cases]
    return tuple(
        GroupRates(
            group,
            name,
            int(everything.cases[a]),
            int(everything.n[a]),
            selection[a],
            positive[a],
            negative[a],
            error[a],
            *truths[a],
        )
        for a, name in enumerate(table.values)
    )


def fairness(table: GroupDecisions, group: str, *, confidence: float = 0.95) -> Fairness:
    """Demographic parity difference and equalised odds difference of yes/no decisions, as fairlearn defines them.

    Equalised odds: the larger of the largest differences in true-positive and in false-positive rate. A value
    without cases of some truth has no such rate and stays out (fairlearn counts it as 0).
    """
    rates = _measured(table)
    value = value_rates(table.value, table.n, table.decision, table.truth, values=len(table.values))
    parity = largest_difference([(rates.selection, value.selection)], confidence)
    if rates.false_positive is None or rates.false_negative is None:
        return Fairness(group, parity, NotIdentified.of("no_truth"))
    # The true-positive rate is 1 minus the false-negative rate, so its differences are as large.
    both = [(rates.false_positive, value.false_positive), (rates.false_negative, value.false_negative)]
    return Fairness(group, parity, largest_difference(both, confidence))


def _measured(table: GroupDecisions) -> _Rates:
    selection = clustered_means(table.clusters, table.decision, m2=table.m2)
    if table.truth is None:
        return _Rates(selection, None, None)
    no, yes = table.truth == 0, table.truth == 1
    return _Rates(
        selection,
        clustered_means(table.clusters.where(no), table.decision[no], m2=table.m2[no]),
        clustered_means(table.clusters.where(yes), 1 - table.decision[yes], m2=table.m2[yes]),
    )


def _too_few(means: ClusteredMeans) -> list[str | None]:
    """Why a value has no interval; None where it has one."""
    return [
        "too_few_judges" if judges < FEWEST else "too_few_cases" if cases < FEWEST else None
        for judges, cases in zip(means.judges, means.cases, strict=True)
    ]


def _rate_figures(means: ClusteredMeans, rate: Floats, confidence: float, empty: str) -> list[Number]:
    low, high = wilson_limits(means, tail=(1 - confidence) / 2)
    return [
        NotIdentified.of(empty)
        if n == 0
        else Figure(float(p), None, None if why else (float(lower), float(upper)), why)
        for n, p, lower, upper, why in zip(means.n, rate, low, high, _too_few(means), strict=True)
    ]


def _error_figures(means: ClusteredMeans, unit: str | None, confidence: float) -> list[Number]:
    reach = t_quantile(0.5 + confidence / 2, means.df) * np.sqrt(means.variance)
    figures: list[Number] = []
    for n, mean, half, why in zip(means.n, means.mean, reach, _too_few(means), strict=True):
        reason = why or (None if half > 0 else "no_variation")
        interval = None if reason else (float(mean - half), float(mean + half))
        figures.append(NotIdentified.of("no_truth_in_group") if n == 0 else Figure(float(mean), unit, interval, reason))
    return figures


def wilson_limits(means: ClusteredMeans, *, tail: float) -> tuple[Floats, Floats]:
    """(k,) limits that each miss with probability `tail`; 0 and 1 where too few professionals or cases tell."""
    p = np.nan_to_num(means.mean)
    spread = p * (1 - p)
    n = np.minimum(
        np.divide(spread, means.variance, out=np.full_like(p, np.inf), where=means.variance > 0), means.independent
    )
    blind = np.array([why is not None for why in _too_few(means)]) | (n <= 0)
    n = np.where(blind, 1.0, n)
    t = -t_quantile(tail, means.df)
    centre, half = p + t**2 / (2 * n), t * np.sqrt(spread / n + t**2 / (4 * n**2))
    shrink = 1 + t**2 / n
    low, high = np.clip((centre - half) / shrink, 0.0, p), np.clip((centre + half) / shrink, p, 1.0)
    held = n * (normal_quantile(tail) / t) ** 2  # decisions that tell as much under normal limits
    hits, rest = held * p, held * (1 - p)
    with np.errstate(invalid="ignore"):  # a beta law with a 0 has no quantiles: there the limit is 0 or 1 itself
        exact_low = np.nan_to_num(beta_quantile(tail, hits, rest + 1))
        exact_high = 1 - np.nan_to_num(beta_quantile(tail, rest, hits + 1))
    low = np.where(hits < FEW, np.minimum(low, exact_low), low)
    high = np.where(rest < FEW, np.maximum(high, exact_high), high)
    return np.where(blind, 0.0, low), np.where(blind, 1.0, high)


def largest_difference(rates: Sequence[tuple[ClusteredMeans, Floats]], confidence: float) -> Number:
    """Largest difference between two values in any of the rates, (k,) each with their clustered means; its limits."""
    known = [(_only(means, means.n > 0), rate[means.n > 0]) for means, rate in rates]
    known = [(means, rate) for means, rate in known if len(rate) >= 2]
    if not known:
        return NotIdentified.of("one_group_value")
    pairs = sum(len(rate) * (len(rate) - 1) // 2 for _, rate in known)
    tail = (1 - confidence) / 2
    lower = max(float(_differences(means, tail=tail / pairs)[0].max()) for means, _ in known)
    upper = max(float(_differences(means, tail=tail)[1].max()) for means, _ in known)
    largest = max(float(rate.max() - rate.min()) for _, rate in known)
    if all(sum(why is None for why in _too_few(means)) < 2 for means, _ in known):
        return Figure(largest, None, None, next(why for means, _ in known for why in _too_few(means) if why))
    return Figure(largest, None, (min(max(0.0, lower), largest), max(min(1.0, upper), largest)))


def _differences(means: ClusteredMeans, *, tail: float) -> tuple[Floats, Floats]:
    """(k, k) limits of p_a - p_b, -1 and 1 on the diagonal."""
    low, high = wilson_limits(means, tail=tail)
    down, up = means.mean - low, high - means.mean
    scale = np.sqrt(np.outer(means.variance, means.variance))
    r = np.clip(np.divide(means.covariance, scale, out=np.zeros_like(scale), where=scale > 0), -1.0, 1.0)
    apart = means.mean[:, None] - means.mean[None, :]
    lower = apart - np.sqrt(np.maximum(down[:, None] ** 2 + up[None, :] ** 2 - 2 * r * np.outer(down, up), 0.0))
    upper = apart + np.sqrt(np.maximum(up[:, None] ** 2 + down[None, :] ** 2 - 2 * r * np.outer(up, down), 0.0))
    np.fill_diagonal(lower, -1.0)
    np.fill_diagonal(upper, -1.0)
    return lower, upper


def _only(means: ClusteredMeans, keep: np.ndarray) -> ClusteredMeans:
    parts = {name: getattr(means, name)[keep] for name in means.__dataclass_fields__ if name != "covariance"}
    return replace(means, **parts, covariance=means.covariance[np.ix_(keep, keep)])
