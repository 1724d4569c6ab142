"""Pairs of colleagues on one case: the differences that one case would see by the draw of its professional.

Every case counts 1, so a pair on a case with n judges weighs 2/(n (n-1)). A cell with repeats enters as the two
values mean -+ sqrt(M2/m), each with half of the weight: exactly its decisions for one and two of them, and a
stand-in with the right mean and variance for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.linked import Linked

Measure = Callable[[Floats, Floats], Floats]
_EXACT = 2_000_000  # values up to which medians are exact; above, from a histogram
_BINS = 2000
_DEEPEST = 1e-12  # share of the largest value from which that histogram looks


@dataclass(frozen=True)
class PairMean:
    """Mean over pairs with what its interval needs: (J,) values without each judge, and the cases' part X."""

    value: float
    left_out: Floats
    case_part: float


def pair_values(
    linked: Linked, measure: Measure, *, shift: float = 0.0
) -> Iterator[tuple[Codes, Codes, Codes, Floats]]:
    """Blocks of pairs: case, judge a and judge b (P,), and measure(a, b), (1, P), or (4, P) where cells repeat."""
    value = linked.x[:, 0] + shift
    half = np.sqrt(linked.q / linked.m)
    signs = (-1.0, 1.0) if half.any() else (0.0,)
    for cells, judges in linked.panels():
        first, second = np.triu_indices(judges.shape[1], k=1)
        a, b = cells[:, first].ravel(), cells[:, second].ravel()
        found = [measure(value[a] + s * half[a], value[b] + t * half[b]) for s in signs for t in signs]
        yield linked.case[a], judges[:, first].ravel(), judges[:, second].ravel(), np.stack(found)


def case_weight(linked: Linked) -> Floats:
    """(C,) weight of one pair of the case."""
    n = linked.per_case
    return np.asarray(2.0 / (n * (n - 1)), dtype=np.float64)


def pair_mean(linked: Linked, measure: Measure, *, shift: float = 0.0) -> PairMean:
    """Mean of a measure over pairs, weights held fixed when a judge is left out.

    D = sum w d / sum w ;  D_(r) = (sum w d - sum_{pairs of r} w d)/(sum w - sum_{pairs of r} w)
    X = max(0, C/(C-1) sum_i (sum_{pairs of i} w (d - D)/C)^2 - sum_pairs (w (d - D)/C)^2)
    """
    weight_case = case_weight(linked)
    own_sum, own_weight = np.zeros(linked.J), np.zeros(linked.J)
    case_mean, squares = np.zeros(linked.C), np.zeros(linked.C)
    for case, a, b, found in pair_values(linked, measure, shift=shift):
        w = weight_case[case]
        weighted = w * found.mean(axis=0)
        case_mean += sum_by(case, weighted, linked.C)
        squares += sum_by(case, weighted**2, linked.C)
        for judge in (a, b):
            own_sum += sum_by(judge, weighted, linked.J)
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
class Distribution:
    """Values of pairs in order, (V,), and the share of the weight that has been reached at each, (V,)."""

    value: Floats
    reached: Floats

    def quantile(self, share: float) -> float:
        """The value at which a share of the weight is reached; the mean of two neighbours where it falls between."""
        last = len(self.value) - 1
        low, high = np.searchsorted(self.reached, (share - 1e-9, share + 1e-9)).clip(max=last)
        return float((self.value[low] + self.value[high]) / 2)


def distribution(linked: Linked, measure: Measure, *, shift: float = 0.0) -> Distribution:
    """Weighted distribution of a measure of at least 0 over pairs; exact up to two million values.

    Above, from 2,000 bins of equal ratio below the largest value (1.4 % each), so small values keep their digits.
    """
    weight_case = case_weight(linked)
    blocks = ((weight_case[case], found) for case, _, _, found in pair_values(linked, measure, shift=shift))
    n = linked.per_case
    points = 4 if linked.q.any() else 1
    if points * int((n * (n - 1) // 2).sum()) <= _EXACT:
        parts = [(found.ravel(), np.tile(w / len(found), len(found))) for w, found in blocks]
        values, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(values, kind="stable")
        return _in_order(values[order], weights[order])
    top = max(float(found.max()) for *_, found in pair_values(linked, measure, shift=shift))
    if top <= 0:
        return Distribution(np.zeros(1), np.ones(1))
    edges = np.concatenate([[0.0], np.geomspace(_DEEPEST * top, top, _BINS)])
    mass = np.zeros(_BINS + 1)
    for w, found in blocks:
        for row in found:
            mass += sum_by(np.searchsorted(edges, row), w / len(found), _BINS + 1)
    return _in_order(edges, mass)


def _in_order(values: Floats, weights: Floats) -> Distribution:
    reached = np.cumsum(weights)
    return Distribution(values, reached / reached[-1])


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
    weight_case = case_weight(linked)
    for case, _, _, found in pair_values(linked, absolute_difference):
        for row in found:
            place = np.searchsorted(edges, row, side="right") - 1
            share += sum_by(place.clip(0, len(share) - 1), weight_case[case] / len(found), len(share))
    return edges, share / share.sum(), distribution(linked, absolute_difference).quantile(0.5)


def absolute_difference(a: Floats, b: Floats) -> Floats:
    """|a - b|."""
    return np.abs(a - b)


def relative_difference(a: Floats, b: Floats) -> Floats:
    """|a - b| / ((a + b)/2), for decisions above 0."""
    return np.abs(a - b) / ((a + b) / 2)


def relative_difference_of_logs(a: Floats, b: Floats) -> Floats:
    """The same from logs: 2 tanh(|log a - log b|/2)."""
    return 2 * np.tanh(np.abs(a - b) / 2)
