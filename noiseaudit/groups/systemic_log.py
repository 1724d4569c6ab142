"""Gaps in a log that all professionals share, with intervals over professionals.

    within professional and stratum h:      Delta = sum w_h (m1 - m0) / sum w_h ,  w_h = n1 n0/(n1 + n0)
    rates (Mantel-Haenszel):                ratio = sum D1 E0/E / sum D0 E1/E
    after a case-mix model:                 Delta = sum g~ r / sum g~^2 ,  g~ = g - ghat, centred within professionals
    as they are:                            mean in the group minus mean outside it

Yes/no decisions as numbers 0 and 1: a difference of shares. A case-mix model that does not know the group learns from
the features what the group does: r = Delta (g - E[g | x]) + ..., so a difference of r in and out of the group is too
small by the share of the group that the features predict. With ghat, what the same features predict of the group,
learnt out of sample, Delta is right (Robinson 1988). Intervals: jackknife over professionals, t with the degrees of
freedom of their parts of the variance, w_j s2 + w_j^2 tau2: chance, and the spread of their own gaps (jackknife.py).
For yes/no decisions V is never less than chance alone gives, with p_h the share of group and rest together:

    V >= sum_s r_s sum_h w_h^2 p_h (1 - p_h)/n_hs/(sum w_h)^2 ,  s = in the group, outside it
    r_s = p_s (1 - p_s)/(e_s (1 - e_s)) ,  p_s = (ones + 1)/(n + 2) ,  e_s: the same of the ones that p_h lets expect

or it would close where nobody in the group, or everybody, got a 1. One more of each: Agresti & Caffo (2000). After a
case-mix model: the variance of all that is left over the sum of g~^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import normal_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.jackknife import effective_df, reach
from noiseaudit.groups.gaps import NORMAL, SharedFigure, nothing_varies
from noiseaudit.groups.margins import Counts
from noiseaudit.groups.sums import GroupSums, sides_of
from noiseaudit.result.parts import Number

_FEWEST = 3  # professionals of an interval


def shared_log_gap(
    sums: GroupSums,
    value: int,
    *,
    unit: str | None = None,
    unknown: int | None = None,
    yes_no: bool = False,
    confidence: float = 0.95,
) -> Number:
    """Delta of one value against the rest, within professional and stratum. unknown: code left out of the rest."""
    side = sides_of(sums, unknown=unknown)[value]
    n1, n0 = side.inside.n, side.outside.n
    w = n1 * n0 / np.maximum(n1 + n0, 1.0)
    above = sum_by(side.judge, w * (side.inside.mean - side.outside.mean), len(sums.judges))
    squares, df = (
        float(within.sum() + outside.sum())
        for within, outside in ((side.inside.m2, side.all_out[1]), (np.maximum(n1 - 1, 0.0), side.all_out[2]))
    )
    below = sum_by(side.judge, w, len(sums.judges))
    shares = [(part.n, part.n * part.mean) for part in (side.inside, side.outside)]
    least = _chance_of_shares(shares, side.stratum) if yes_no else 0.0
    parts = _parts(above, below, squares / max(df, 1.0))
    back = _as_share if yes_no else float
    size = float(np.abs(sums.mean).max(initial=0.0))
    return _ratio(above, below, unit=unit, confidence=confidence, parts=parts, size=size, least=least, back=back)


def shared_adjusted_gap(
    adjusted: Floats,
    group: Floats,
    *,
    judge: Codes,
    expected: Floats | None = None,
    unit: str | None = None,
    yes_no: bool = False,
    confidence: float = 0.95,
) -> Number:
    """Delta of (R,) decisions less what the features predict of them. group: (R,) 1 in the group, else 0.

    expected: ghat, what the features predict of the group, cross-fitted as the decisions were; None: the features say
    nothing about it.
    """
    size = int(judge.max(initial=-1)) + 1
    own = _centred(group if expected is None else group - expected, judge, size)
    left = _centred(adjusted, judge, size)
    above, below = sum_by(judge, own * left, size), sum_by(judge, own * own, size)
    total = float(below.sum())
    squares = float(((left - own * above.sum() / total) ** 2).sum()) if total > 0 else 0.0
    noise = squares / max(len(left) - size - 1, 1)
    least = noise / total if yes_no and total > 0 else 0.0
    parts, back = _parts(above, below, noise), _as_share if yes_no else float
    largest = float(np.abs(adjusted).max(initial=0.0))
    return _ratio(above, below, unit=unit, confidence=confidence, parts=parts, size=largest, least=least, back=back)


def shared_rate_ratio(counts: Counts, *, confidence: float = 0.95) -> Number:
    """Rate in the group over the rate outside it, within professional and stratum, interval on the log scale."""
    e = np.where(counts.both(), counts.e1 + counts.e0, 1.0)
    size = int(counts.test.max(initial=-1)) + 1
    above, below = (
        sum_by(counts.test, np.where(counts.both(), part, 0.0), size)
        for part in (counts.d1 * counts.e0 / e, counts.d0 * counts.e1 / e)
    )
    if not (above.sum() > 0 and below.sum() > 0):
        return NotIdentified.of("no_events")
    parts = (above + below) ** 2
    return _ratio(above, below, unit="ratio", confidence=confidence, parts=parts, size=1.0, scale=np.log, back=np.exp)


def raw_log_gap(
    sums: GroupSums,
    value: int,
    *,
    unit: str | None = None,
    unknown: int | None = None,
    yes_no: bool = False,
    confidence: float = 0.95,
) -> Number:
    """Mean in the group minus mean outside it, with all differences between cases in it."""
    inside = sums.value == value
    outside = ~inside if unknown is None or unknown == value else ~inside & (sums.value != unknown)
    n1, n0 = (sums.of_judges(np.where(side, sums.n, 0.0)) for side in (inside, outside))
    y1, y0 = (sums.of_judges(np.where(side, sums.n * sums.mean, 0.0)) for side in (inside, outside))
    if not (n1.sum() > 0 and n0.sum() > 0):
        return NotIdentified.of("empty_group")
    gap = float(y1.sum() / n1.sum() - y0.sum() / n0.sum())
    there = n1 + n0 > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (y1.sum() - y1) / (n1.sum() - n1) - (y0.sum() - y0) / (n0.sum() - n0)
    # chance goes with a share of the decisions, differences between professionals with its square: both are in here
    parts = (n1 / n1.sum() + n0 / n0.sum()) ** 1.5
    totals = [(n.sum(keepdims=True), y.sum(keepdims=True)) for n, y in ((n1, y1), (n0, y0))]
    least = _chance_of_shares(totals, np.zeros(1, dtype=np.intp)) if yes_no else 0.0
    back = _as_share if yes_no else float
    size = float(np.abs(sums.mean).max(initial=0.0))
    return _figure(
        gap, left_out[there], parts[there], unit=unit, confidence=confidence, size=size, least=least, back=back
    )


def _centred(values: Floats, judge: Codes, size: int) -> Floats:
    n = np.maximum(np.bincount(judge, minlength=size), 1)
    return np.asarray(values - (sum_by(judge, values, size) / n)[judge])


def _parts(above: Floats, below: Floats, noise: float) -> Floats:
    """(J,) part of each in the variance of the shared gap: w s2 + w^2 tau2, tau2 by DerSimonian & Laird (1986)."""
    w = below[below > 0]
    if len(w) < 2 or not noise > 0:
        return np.asarray(below**2)
    own = above[below > 0] / w
    gap = float((w * own).sum() / w.sum())
    spread = float((w * (own - gap) ** 2).sum()) - noise * (len(w) - 1)
    tau2 = max(0.0, spread / float(w.sum() - (w**2).sum() / w.sum()))
    return np.asarray(below * noise + below**2 * tau2)


def _chance_of_shares(sides: Sequence[tuple[Floats, Floats]], stratum: Codes) -> float:
    """The least V of a gap of shares. sides: decisions and ones of (T,) cells in the group, and of those outside it."""
    both = (sides[0][0] > 0) & (sides[1][0] > 0)
    (n1, y1), (n0, y0) = ((n[both], y[both]) for n, y in sides)
    if not len(n1):
        return 0.0
    h, strata = stratum[both], int(stratum.max()) + 1
    share = (sum_by(h, y1 + y0, strata) / np.maximum(sum_by(h, n1 + n0, strata), 1.0))[h]
    w, variance = n1 * n0 / (n1 + n0), 0.0
    for n, y in ((n1, y1), (n0, y0)):
        found, expected = ((float(part.sum()) + 1) / (float(n.sum()) + 2) for part in (y, n * share))
        ratio = found * (1 - found) / (expected * (1 - expected))
        variance += ratio * float((w**2 * share * (1 - share) / n).sum() / w.sum() ** 2)
    return variance


def _as_share(gap: float) -> float:
    """A difference of two shares, or a limit of one."""
    return min(1.0, max(-1.0, float(gap)))


def _same(value: Floats) -> Floats:
    return value


def _ratio(
    above: Floats,
    below: Floats,
    *,
    unit: str | None,
    confidence: float,
    parts: Floats,
    size: float,
    least: float = 0.0,
    scale: Callable[[Floats], Floats] = _same,
    back: Callable[[float], float] = float,
) -> Number:
    """sum above / sum below over professionals; interval on a scale, and back."""
    there = (below > 0) | (above != 0)
    if not below.sum() > 0:
        return NotIdentified.of("empty_group")
    above, below = above[there], below[there]
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = scale((above.sum() - above) / (below.sum() - below))
    value = float(scale(np.asarray(above.sum() / below.sum())))
    return _figure(value, left_out, parts[there], unit=unit, confidence=confidence, size=size, least=least, back=back)


def _figure(
    value: float,
    left_out: Floats,
    parts: Floats,
    *,
    unit: str | None,
    confidence: float,
    size: float,
    least: float = 0.0,
    back: Callable[[float], float] = float,
) -> SharedFigure:
    """The figure with its interval, none where nothing varies. least: of its variance; size: of the decisions."""
    shown = float(back(value))
    if len(left_out) < _FEWEST:
        return SharedFigure(shown, unit, None, "too_few_judges")
    if not np.all(np.isfinite(left_out)):
        return SharedFigure(shown, unit, None, "one_alone")
    by_chance = float(normal_quantile(0.5 + confidence / 2)) * math.sqrt(max(least, 0.0))
    half = max(reach(left_out, parts, confidence=confidence), by_chance)
    if nothing_varies(half, size):
        return SharedFigure(shown, unit, None, "no_variation")
    if not math.isfinite(half):
        return SharedFigure(shown, unit, None, "too_wide")
    df = NORMAL if half == by_chance else min(float(effective_df(parts)), NORMAL)
    return SharedFigure(shown, unit, (float(back(value - half)), float(back(value + half))), df=df)
