"""Persistence: do professionals keep their level from one period to the next?

    rho = sum_t Cov_t / sum_t (L_t + L_{t+1})/2 ;   1 - rho: share of level noise that is not stable

Cov_t: covariance of judges' means in periods t and t + 1, over the judges with two decisions or more in both; L_t by
(log_level.py) on the same judges. The cases of two periods are different, so the covariance needs no correction, and
the ratio is not drawn to 0 by few decisions. Ratios are never averaged: the sums are divided.

Interval: the jackknife over judges gives the covariance of the sums above (N) and below (D), with which Fieller (1954)
solves (N - rho D)^2 = t^2 Var(N - rho D). Where D may be 0 that has no end: then rho -+ t SE of the jackknifed ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.jackknife import effective_df
from noiseaudit.estimators.log_level import left_out_levels, sampling_variance
from noiseaudit.estimators.periods import JudgePeriods
from noiseaudit.result import Figure, Interval, Number

LEAST_JUDGES = 3  # in two periods running: without one of them there is still a covariance
_WIDEST = 2.0  # as wide as all that a correlation can be


def persistence(periods: JudgePeriods, *, confidence: float) -> Number:
    """rho between neighbouring periods of the calendar, without unit; it can pass 1 by chance."""
    if len(periods.number) < 2:
        return NotIdentified.of("one_period")
    pairs = [pair for t in np.flatnonzero(np.diff(periods.number) == 1) if (pair := _pair(periods, int(t))) is not None]
    if not pairs:
        return NotIdentified.of("few_in_both_periods")
    N, D = (sum(getattr(pair, name) for pair in pairs) for name in ("covariance", "level"))
    if D <= 0:
        return NotIdentified.of("no_level_to_keep")
    used = np.any([pair.judges for pair in pairs], axis=0)
    left_N, left_D = (np.sum([getattr(pair, name) for pair in pairs], axis=0)[used]
                      for name in ("left_covariance", "left_level"))  # fmt: skip
    times = np.sum([pair.judges for pair in pairs], axis=0)[used].astype(np.float64)
    t = float(t_quantile(0.5 + confidence / 2, effective_df(times)))
    interval, reason = _interval(N, D, left_N, left_D, t)
    return Figure(N / D, interval=interval, interval_reason=reason)


@dataclass(frozen=True)
class _Pair:
    """Two periods: covariance and mean level, (J,) the same without each judge, and who was active in both."""

    covariance: float
    level: float
    left_covariance: Floats
    left_level: Floats
    judges: np.ndarray[tuple[int], np.dtype[np.bool_]]


def _pair(periods: JudgePeriods, t: int) -> _Pair | None:
    both = (periods.n[:, t] >= 2) & (periods.n[:, t + 1] >= 2)
    m = int(both.sum())
    if m < LEAST_JUDGES:
        return None
    x, y = (periods.mean[both, k] - periods.mean[both, k].mean() for k in (t, t + 1))
    vx, vy = (sampling_variance(periods.n[both, k], periods.m2[both, k]) for k in (t, t + 1))
    product = float((x * y).sum())
    covariance, level = product / (m - 1), float(x.var(ddof=1) - vx.mean() + y.var(ddof=1) - vy.mean()) / 2
    left_covariance, left_level = np.full(len(both), covariance), np.full(len(both), level)
    left_covariance[both] = (product - x * y * m / (m - 1)) / (m - 2)
    left_level[both] = (left_out_levels(x, vx) + left_out_levels(y, vy)) / 2
    return _Pair(covariance, level, left_covariance, left_level, both)


def _interval(N: float, D: float, left_N: Floats, left_D: Floats, t: float) -> tuple[Interval | None, str | None]:
    J = len(left_N)
    V = np.cov(left_N, left_D, ddof=0) * (J - 1)
    a, b, c = D**2 - t**2 * V[1, 1], N * D - t**2 * V[0, 1], N**2 - t**2 * V[0, 0]
    if a > 0:
        root = math.sqrt(max(b**2 - a * c, 0.0))
        low, high = float((b - root) / a), float((b + root) / a)
    elif np.all(left_D > 0):
        ratio = left_N / left_D
        half = t * math.sqrt((J - 1) * float(ratio.var()))
        low, high = N / D - half, N / D + half
    else:
        return None, "too_wide"
    if high - low > _WIDEST:
        return None, "too_wide"
    return ((low, high), None) if high > low else (None, "no_variation")
