"""Sequence effect: how a decision moves with the previous one of the same day, within professionals.

    b_S = sum_j sum_{t in S} (r_t - rbar_j)(r_{t-1} - rbar'_j) / sum_j sum_{t in S} (r_{t-1} - rbar'_j)^2
    b   = 2 b_all - (b_first + b_second)/2

S: all pairs of a judge, the first half and the second half of them; rbar_j, rbar'_j: means over the judge's pairs in S.
A regression with judge effects is off by about -(1 + rho)/(T - 1), which looks like a contrast effect; without them
level noise inflates it. The half-panel jackknife takes the first bias off, and best with halves of the PAIRS: halves of
the decisions lose the pair in the middle (docs/validity_time.md). Dhaene & Jochmans (2015); Nickell (1981).

Pairs do not run across days: what is asked is the pull of the case just before, which a night ends, and pairs across
nights and holidays would water it down. Decisions of one day share the day's mood, which b holds too: judge-day noise
D adds about D/(D + O), O the variance within days. `beyond_day` takes that out, for a mood moves the decision before
the previous one just as much:

    beyond_day = b(lag 1) - b(lag 2)        (rho - rho^2) O/(D + O) for a chain that reaches one decision back

Interval: jackknife over judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.jackknife import reach
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Figure, Number

_JACKKNIFE = np.array([2.0, -0.5, -0.5])
_ROUNDING = 1e-20  # of sums of squares: what computing alone leaves
LEAST_PAIRS = 6  # of a judge: three in each half, the fewest from which a half has a slope with something to spare


@dataclass(frozen=True)
class Sequence:
    """effect: change of a decision after one unit more in the previous one; beyond_day: what no mood explains."""

    effect: Number
    beyond_day: Number


def sequence_effect(timeline: Timeline, *, confidence: float) -> Sequence:
    """Both figures, without unit (decision per decision).

    Only judges with at least 6 pairs; three of them for an interval. Not identified without times of day, or where
    more than a tenth of the pairs have the same moment, for then the order is not known.
    """
    reason = "constant_decisions" if timeline.constant else timeline.order_unknown
    if reason is not None:
        return Sequence(NotIdentified.of(reason), NotIdentified.of(reason))
    one, two = _half_panel(timeline, lag=1), _half_panel(timeline, lag=2)
    missing = NotIdentified.of("few_in_a_row")
    if one is None:
        return Sequence(missing, missing)
    effect = _figure(one, confidence)
    if two is None:
        return Sequence(effect, missing)
    difference = _Slope(one.value - two.value, one.left_out - two.left_out, np.minimum(one.weight, two.weight))
    return Sequence(effect, _figure(difference, confidence))


@dataclass(frozen=True)
class _Slope:
    """A slope, its (J,) values without each judge, and (J,) what each judge weighs."""

    value: float
    left_out: Floats
    weight: Floats


def _figure(slope: _Slope, confidence: float) -> Figure:
    used = slope.weight > 0
    if used.sum() < 3:
        return Figure(slope.value, interval_reason="too_few_judges")
    if not np.all(np.isfinite(slope.left_out[used])):
        return Figure(slope.value, interval_reason="needs_everyone")
    half = reach(slope.left_out[used], slope.weight[used], confidence=confidence)
    return Figure(slope.value, interval=(slope.value - half, slope.value + half))


def _half_panel(timeline: Timeline, *, lag: int) -> _Slope | None:
    """The jackknifed slope on the decision `lag` before; None where no judge has enough pairs that vary."""
    later = np.flatnonzero(timeline.day[lag:] == timeline.day[:-lag]) + lag
    pairs = np.bincount(timeline.judge[later], minlength=timeline.judges)
    later = later[(pairs >= LEAST_PAIRS)[timeline.judge[later]]]
    judge, J = timeline.judge[later], timeline.judges
    if not len(later):
        return None
    centre = timeline.value[later].mean()  # a shift that no slope sees
    x, y = timeline.value[later - lag] - centre, timeline.value[later] - centre
    place = np.arange(len(judge)) - np.searchsorted(judge, judge)
    second = (place >= pairs[judge] // 2).astype(np.intp)
    halves = _sums(2 * judge + second, x, y, 2 * J)
    panels = np.stack([_sums(judge, x, y, J), halves[:, 0::2], halves[:, 1::2]])  # all, first, second: (3, 2, J)
    total = panels.sum(axis=2, keepdims=True)
    if not np.all(total[:, 1] > _ROUNDING * (x @ x)):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (total - panels)[:, 0] / (total - panels)[:, 1]
    return _Slope(float(_JACKKNIFE @ (total[:, 0] / total[:, 1])[:, 0]), _JACKKNIFE @ left, panels[0, 1])


def _sums(code: Codes, x: Floats, y: Floats, size: int) -> Floats:
    """(2, size) sums of products and of squares of x, both about the group's means."""
    n = np.maximum(np.bincount(code, minlength=size), 1)
    x = x - (sum_by(code, x, size) / n)[code]
    y = y - (sum_by(code, y, size) / n)[code]
    return np.stack([sum_by(code, x * y, size), sum_by(code, x * x, size)])
