"""Pairs of colleagues on one case: the differences that one case would see by the draw of its professional.

Every case counts 1, so a pair on a case with n judges weighs 2/(n (n-1)). A cell with repeats enters as the two
values mean -+ sqrt(M2/m), each with half of the weight: exactly its decisions for one and two of them, and a
stand-in with the right mean and variance for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.linked import Linked, Panel

Measure = Callable[[Floats, Floats], Floats]  # of two decisions; at least 0 where its distribution is asked for
Blocks = Iterable[tuple[float, Floats]]
_KEPT = 2_000_000  # values up to which the pairs are kept; more are gone through again for every look
_SHIFT, _BINS = 46, 1 << 17  # a number of at least 0 by its leading 18 bits: values within 1.6 % of one another
_POSITIVE = (1 << 63) - 1  # without the sign, that 0 can have


@dataclass(frozen=True)
class PairMean:
    """Mean over pairs with what its interval needs: (J,) values without each judge, and the cases' part X."""

    value: float
    left_out: Floats
    case_part: float


def pair_values(linked: Linked, measure: Measure, *, shift: float = 0.0) -> Iterator[tuple[Panel, list[Floats]]]:
    """Cases of equal size, and measure(a, b) of their pairs: one array (P, b), or four where cells repeat."""
    value = linked.x[:, 0] + shift
    half = np.sqrt(linked.q / linked.m) if linked.q.any() else None
    for panel in linked.panels():
        middle = value[panel.cells]
        ends = [middle] if half is None else [middle - half[panel.cells], middle + half[panel.cells]]
        firsts, seconds = ([end[seat] for end in ends] for seat in (panel.seats.first, panel.seats.second))
        yield panel, [measure(a, b) for a in firsts for b in seconds]


def _weight(panel: Panel) -> float:
    """Of one pair of such a case."""
    return 1.0 / len(panel.seats.first)


def pair_mean(linked: Linked, measure: Measure, *, shift: float = 0.0) -> PairMean:
    """Mean of a measure over pairs, weights held fixed when a judge is left out.

    D = sum w d / sum w ;  D_(r) = (sum w d - sum_{pairs of r} w d)/(sum w - sum_{pairs of r} w)
    X = max(0, C/(C-1) sum_i (sum_{pairs of i} w (d - D)/C)^2 - sum_pairs (w (d - D)/C)^2)
    """
    own_sum, case_mean, within = np.zeros(linked.J), [], []
    for panel, found in pair_values(linked, measure, shift=shift):
        w = _weight(panel)
        d = sum(found[1:], start=found[0]) / len(found)
        own_sum += sum_by(panel.judges.ravel(), w * (panel.seats.taken @ d).ravel(), linked.J)
        case_mean.append(w * d.sum(axis=0))
        within.append((w, np.einsum("pb,pb->b", d, d)))
    own_weight = linked.over_judge(2.0 / linked.per_case[linked.case])
    C = linked.C
    of_case = np.concatenate(case_mean)
    total = float(of_case.sum())
    mean = total / C
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (total - own_sum) / (C - own_weight)
    # sum over pairs of (w (d - D))^2, expanded: the weights of a case sum to 1
    inside = sum(
        float((w**2 * squares + w * (mean**2 - 2 * mean * own)).sum())
        for (w, squares), own in zip(within, case_mean, strict=True)
    )
    between = float(((of_case - mean) ** 2).sum())
    part = max(0.0, (C / (C - 1) * between - inside) / C**2) if C > 1 else 0.0
    return PairMean(mean, np.where(C - own_weight > 1e-9, left_out, np.nan), part)


@dataclass(frozen=True)
class Distribution:
    """Weighted values of at least 0. blocks: shows them, as often as asked, each block with the weight of its values.

    mass: (B,) weight by leading bits, which stand in the order of the numbers.
    """

    blocks: Callable[[], Blocks]
    mass: Floats
    largest: float

    @classmethod
    def of(cls, blocks: Callable[[], Blocks]) -> Distribution:
        """Look at all values once."""
        mass, largest = np.zeros(_BINS), 0.0
        for weight, values in blocks():
            mass += weight * np.bincount(_bin_of(values), minlength=_BINS)
            largest = max(largest, float(values.max()))
        return cls(blocks, mass, largest)

    def quantiles(self, *shares: float) -> list[float]:
        """The values at which shares of the weight are reached; the mean of two neighbours where one falls between.

        Exact: bins say where to look, and the values in them are put in order.
        """
        reached = np.cumsum(self.mass)
        targets = reached[-1] * (np.array(shares)[:, None] + [-1e-9, 1e-9])
        first_bin, last = np.flatnonzero(self.mass)[[0, -1]]
        places = np.searchsorted(reached, targets).clip(first_bin, last)  # (shares, 2): of both neighbours
        wanted = np.zeros(_BINS, dtype=bool)
        wanted[places] = True
        parts = []
        for weight, values in self.blocks():  # ties are counted at once, so that only different values are held
            different, count = np.unique(values[wanted[_bin_of(values)]], return_counts=True)
            parts.append((different, weight * count))
        values, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(values, kind="stable")
        values, bins = values[order], _bin_of(values[order])
        # what lies below the bin, and then value by value
        inside = np.cumsum(weights[order])
        first = np.searchsorted(bins, places)
        before = np.where(first > 0, inside[first - 1], 0.0)
        ends = np.searchsorted(bins, places, side="right") - 1
        sought = targets - (reached[places] - self.mass[places]) + before
        found = values[np.clip(np.searchsorted(inside, sought), first, ends)]  # rounding stays within the bin
        return [float(each) for each in found.mean(axis=1)]


def _bin_of(values: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return (values.view(np.int64) & _POSITIVE) >> _SHIFT


def distribution(linked: Linked, measure: Measure, *, shift: float = 0.0) -> Distribution:
    """Weighted distribution of a measure of at least 0 over pairs."""

    def blocks() -> Iterator[tuple[float, Floats]]:
        for panel, found in pair_values(linked, measure, shift=shift):
            for values in found:
                yield _weight(panel) / len(found), values.ravel()

    n = linked.per_case
    points = 4 if linked.q.any() else 1
    if points * int((n * (n - 1) // 2).sum()) > _KEPT:
        return Distribution.of(blocks)
    kept = list(blocks())
    return Distribution.of(lambda: kept)


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
    spread = distribution(linked, absolute_difference)
    for weight, values in spread.blocks():
        inside = np.minimum(values, edges[-1])
        share += weight * np.histogram(inside, bins=len(share), range=(edges[0], edges[-1]))[0]
    return edges, share / share.sum(), spread.quantiles(0.5)[0]


def absolute_difference(a: Floats, b: Floats) -> Floats:
    """|a - b|."""
    return np.abs(a - b)


def relative_difference(a: Floats, b: Floats) -> Floats:
    """|a - b| / ((a + b)/2), for decisions above 0."""
    return np.abs(a - b) / ((a + b) / 2)


def relative_difference_of_logs(a: Floats, b: Floats) -> Floats:
    """The same from logs: 2 tanh(|log a - log b|/2)."""
    return 2 * np.tanh(np.abs(a - b) / 2)
