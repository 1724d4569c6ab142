"""Judge-day noise: decisions of one day are more alike than decisions of neighbouring days of the same professional.

    a_j = sum_d (s_d^2 - z_d) ,      ca_j = sum_d n_d (n_d - 1)          two decisions of one day
    b_j = sum_d s_d s_{d+1} ,        cb_j = sum_d n_d n_{d+1}            of a day and the next day worked
    day = sum_j ca_j (a_j/ca_j - b_j/cb_j) / sum_j ca_j                  judges with ca_j, cb_j > 0

s_d, z_d: sum and sum of squares of r - K_j on day d. The difference is taken within the judge, so that levels drop out,
and between neighbouring days, so that slow drift does: against all other days a drift would count as noise. K_j is the
mean of judge j: with one K for all, levels would leave in the estimate a noise that grows with them, without bias. The
mean of n_j decisions moves the estimate by a part of order 1/n_j of itself.

Interval: jackknife over judges. Different cases only, so it is a lower bound of occasion noise; what moves a judge for
less than a day, or longer, is not in it.
"""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.jackknife import reach
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Component, Interval


def judge_day_noise(timeline: Timeline, *, confidence: float) -> Component:
    """Variance of a judge's days in squared decision units, signed; an estimate below 0 counts as 0 in the upper limit.

    Needs a judge with two decisions on one day and another day worked; three such judges for an interval.
    """
    n, s, z = _day_sums(timeline)
    of, J = timeline.day_judge, timeline.judges
    next_day = of[1:] == of[:-1]
    before, after = np.flatnonzero(next_day), np.flatnonzero(next_day) + 1
    a, ca = sum_by(of, s**2 - z, J), sum_by(of, n * (n - 1), J)
    b, cb = (sum_by(of[before], x[before] * x[after], J) for x in (s, n))
    use = (ca > 0) & (cb > 0)
    if not use.any():
        return NotIdentified.of("no_days_to_compare")
    if timeline.constant:
        return estimate_of(0.0, None, reason="no_variation")
    ca = ca[use]
    product = a[use] - ca * b[use] / cb[use]
    day = float(product.sum() / ca.sum())
    if len(ca) < 3:
        return estimate_of(day, None, reason="too_few_judges")
    half = reach((product.sum() - product) / (ca.sum() - ca), ca, confidence=confidence)
    interval: Interval = max(0.0, day - half), max(0.0, day) + half
    return estimate_of(day, interval)


def _day_sums(timeline: Timeline) -> tuple[Floats, Floats, Floats]:
    """(D,) decisions of each day, and sum and sum of squares of their distance to the judge's mean."""
    count = np.bincount(timeline.judge)
    centred = timeline.value - (sum_by(timeline.judge, timeline.value, timeline.judges) / count)[timeline.judge]
    n = np.bincount(timeline.day, minlength=timeline.days).astype(np.float64)
    return n, sum_by(timeline.day, centred, timeline.days), sum_by(timeline.day, centred**2, timeline.days)
