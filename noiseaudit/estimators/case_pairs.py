"""Pairs of colleagues on one case: the differences that one case would see by the draw of its professional.

Every case counts 1, so a pair on a case with n judges weighs 2/(n (n-1)). A cell with repeats enters as the two
values mean -+ sqrt(M2/m): exact for one and two decisions, with the right mean and variance for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.linked import Linked

Measure = Callable[[Floats, Floats], Floats]
_EXACT = 2_000_000  # pairs up to which medians are exact; above, from a fine histogram
_BINS = 2000


@dataclass(frozen=True)
class PairMean:
    """Mean over pairs with what its interval needs: (J,) values without each judge, and the cases' part X."""

    value: float
    left_out: Floats
    case_part: float


def pair_values(
    linked: Linked, measure: Measure, *, shift: float = 0.0
) -> Iterator[tuple[Codes, Codes, Codes, Floats]]:
    """Blocks of (case, judge a, judge b, measure(a, b)); repeats are averaged over their two-point values."""
    value = linked.x[:, 0] + shift
    half = np.sqrt(linked.q / linked.m)
    repeated = bool(half.any())
    for cells, judges in linked.panels():
        first, second = np.triu_indices(judges.shape[1], k=1)
        a, b = cells[:, first].ravel(), cells[:, second].ravel()
        if repeated:
            signs = (-1.0, 1.0)
            found = sum(measure(value[a] + s * half[a], value[b] + t * half[b]) for s in signs for t in signs) / 4
        else:
            found = measure(value[a], value[b])
        yield linked.case[a], judges[:, first].ravel(), judges[:, second].ravel(), np.asarray(found)


def pair_mean(linked: Linked, measure: Measure, *, shift: float = 0.0) -> PairMean:
    """Mean of a measure over pairs, weights held fixed when a judge is left out.

    D = sum w d / sum w ;  D_(r) = (sum w d - sum_{pairs of r} w d)/(sum w - sum_{pairs of r} w)
    X = max(0, C/(C-1) sum_i (sum_{pairs of i} w (d - D)/C)^2 - sum_pairs (w (d - D)/C)^2)
    """
    n = linked.per_case
    weight_case = 2.0 / (n * (n - 1))
    own_sum, own_weight = np.zeros(linked.J), np.zeros(linked.J)
    case_mean, squares = np.zeros(linked.C), np.zeros(linked.C)
    for case, a, b, found in pair_values(linked, measure, shift=shift):
        w = weight_case[case]
        case_mean += sum_by(case, w * found, linked.C)
        squares += sum_by(case, (w * found) ** 2, linked.C)
        for judge in (a, b):
            own_sum += sum_by(judge, w * found, linked.J)
            own_weight += sum_by(judge, w, linked.J)
    C = linked.C
    total = float(case_mean.sum())
    mean = total / C
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (total - own_sum) / (C - own_weight)
    # sum over pairs of (w (d - D))^2, expanded: the weights of a case sum to 1
    within = squares - 2 * mean * weight_case * case_mean + mean**2 * weight_case
    between = float(((case_mean - mean) ** 2).sum())
    part = max(0.0, (C / (C - 1) * between - float(within.sum())) / C**2) if C > 1 else 0.0
    return PairMean(mean, np.where(C - own_weight > 1e-9, left_out, np.nan), part)


@dataclass(frozen=True)
class PairMedian:
    """Weighted median over pairs, and (J,) medians without each judge."""

    value: float
    left_out: Floats


def pair_median(linked: Linked, measure: Measure, *, shift: float = 0.0, top: float) -> PairMedian:
    """Weighted median of a measure with values in [0, top]; exact up to two million pairs.

    The delete-one-judge medians come from a histogram of 2,000 bins, interpolated within the bin.
    """
    n = linked.per_case
    weight_case = 2.0 / (n * (n - 1))
    whole, own = np.zeros(_BINS), np.zeros((linked.J, _BINS))
    exact = int((n * (n - 1) // 2).sum()) <= _EXACT
    kept: list[tuple[Floats, Floats]] = []
    for case, a, b, found in pair_values(linked, measure, shift=shift):
        w = weight_case[case]
        place = np.minimum((found / top * _BINS).astype(np.intp), _BINS - 1)
        whole += sum_by(place, w, _BINS)
        for judge in (a, b):
            own += sum_by(judge * _BINS + place, w, linked.J * _BINS).reshape(linked.J, _BINS)
        if exact:
            kept.append((found, w))
    if exact:
        values, weights = (np.concatenate(part) for part in zip(*kept, strict=True))
        value = weighted_median(values, weights)
    else:
        value = float(_binned_median(whole[None, :], top)[0])
    return PairMedian(value, _binned_median(whole - own, top))


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value at which half of the weight is reached; the mean of two neighbours where half falls between."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    half = reached[-1] / 2
    tolerance = 1e-9 * reached[-1]
    low = int(np.searchsorted(reached, half - tolerance))
    high = int(np.searchsorted(reached, half + tolerance))
    return float((values[order[low]] + values[order[min(high, len(values) - 1)]]) / 2)


def _binned_median(mass: Floats, top: float) -> Floats:
    """(R,) medians of histograms (R, bins) on [0, top], linear within the bin; -1 for an empty histogram."""
    reached = np.cumsum(np.maximum(mass, 0.0), axis=1)
    total = reached[:, -1]
    half = total / 2
    bin_ = (reached < half[:, None]).sum(axis=1).clip(max=mass.shape[1] - 1)
    row = np.arange(len(mass))
    before = np.where(bin_ > 0, reached[row, bin_ - 1], 0.0)
    here = np.where(mass[row, bin_] > 0, mass[row, bin_], 1.0)
    return np.where(total > 1e-9, (bin_ + (half - before) / here) * (top / mass.shape[1]), -1.0)


def difference_histogram(linked: Linked, *, bins: int = 24) -> tuple[Floats, Floats, float]:
    """(edges (B+1,), share (B,), median) of |difference|; whole-number decisions get bins of whole steps."""
    top = float(max((linked.over_case_max() - linked.over_case_min()).max(), 0.0))
    repeated = bool(linked.q.any())
    if repeated:
        top += 2 * float(np.sqrt(linked.q / linked.m).max())
    steps = linked.x[:, 0] - linked.x[0, 0]
    whole = not repeated and bool(np.all(np.abs(steps - np.round(steps)) < 1e-9)) and top <= bins
    edges = np.arange(-0.5, round(top) + 1.0) if whole else np.linspace(0.0, top if top > 0 else 1.0, bins + 1)
    share = np.zeros(len(edges) - 1)
    weight_case = 2.0 / (linked.per_case * (linked.per_case - 1))
    for case, _, _, found in pair_values(linked, absolute_difference):
        place = np.searchsorted(edges, found, side="right") - 1
        share += sum_by(place.clip(0, len(share) - 1), weight_case[case], len(share))
    median = pair_median(linked, absolute_difference, top=top).value if top > 0 else 0.0
    return edges, share / linked.C, median


def absolute_difference(a: Floats, b: Floats) -> Floats:
    """|a - b|."""
    return np.abs(a - b)


def relative_difference(a: Floats, b: Floats) -> Floats:
    """|a - b| / ((a + b)/2), for decisions above 0."""
    return np.abs(a - b) / ((a + b) / 2)


def relative_difference_of_logs(a: Floats, b: Floats) -> Floats:
    """The same from logs: 2 tanh(|log a - log b|/2)."""
    return 2 * np.tanh(np.abs(a - b) / 2)
