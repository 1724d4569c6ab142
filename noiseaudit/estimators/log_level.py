"""Level noise of a log: how far professionals' means of comparable decisions lie apart, net of chance.

    L = var_j(rbar_j, ddof 1) - mean_j v_j ,   v_j = s2/n_j
    s2 = sum M2_j/(N - J) ;   each professional's own M2_j/(n_j - 1) where every n_j >= 20
    L_(j) = [sum lhat^2 - lhat_j^2/c - tr (1 - v_j/sum v)]/(dJ - 1) ,   lhat_j = rbar_j - mean rbar
    c = dJ/J ,  dJ = J - 1 ,  tr = c sum v ,  nu_j = c v_j

Judges with two decisions or more count, each the same. Interval: log jackknife with a kurtosis floor from ten judges
on, else the chi-square form (intervals.py).
"""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.intervals import MANY_JUDGES, down_to_zero, few_judges, level_floor, log_jackknife
from noiseaudit.result import Estimate

OWN_VARIANCE = 20  # decisions of every judge from which each judge's own spread is taken


def sampling_variance(n: Floats, m2: Floats) -> Floats:
    """(J,) v_j, the chance variance of each judge's mean; n: (J,) counts >= 2, m2: (J,) squared deviations."""
    if np.all(n >= OWN_VARIANCE):
        return m2 / (n - 1) / n
    return float(m2.sum()) / float((n - 1).sum()) / n


def left_out_levels(mean: Floats, variance: Floats) -> Floats:
    """(J,) L_(j), the signed level variance without each judge, from J >= 3 means and their v_j."""
    dJ = len(mean) - 1
    c, effects, total = dJ / (dJ + 1), mean - mean.mean(), float(variance.sum())
    kept = c * (total - variance)
    left = ((effects**2).sum() - effects**2 / c - kept) / (dJ - 1)
    return np.asarray(left, dtype=np.float64)


def level_from_moments(
    n: Floats, mean: Floats, m2: Floats, *, confidence: float, kurtosis_floor: float
) -> Estimate | NotIdentified:
    """Level noise with its interval from each judge's n, mean and M2 (J,) of the adjusted decisions.

    Variances are in squared decision units, and signed. Needs two judges with two decisions each, three for an
    interval.
    """
    if int((n > 0).sum()) < 2:
        return NotIdentified.of("single_judge")
    use = n >= 2
    if int(use.sum()) < 2:
        return NotIdentified.of("too_few_each")
    mean, v = mean[use], sampling_variance(n[use], m2[use])
    J, dJ = len(mean), len(mean) - 1
    noise = float(v.mean())
    level = float(mean.var(ddof=1)) - noise
    if J < 3:
        return estimate_of(level, None, reason="too_few_judges")
    interval = None
    if dJ >= MANY_JUDGES:
        floor = level_floor(level, dJ / J * v, df=dJ, kurtosis_floor=kurtosis_floor)
        left = left_out_levels(mean, v)
        interval = log_jackknife(level, left, weights=dJ / J, add=0.0, floor=floor, df=dJ, confidence=confidence)
    if interval is None:
        interval = few_judges(level, noise=noise, df=dJ, kurtosis_floor=kurtosis_floor, confidence=confidence)
    chance = few_judges(level, noise=noise, df=dJ, kurtosis_floor=0.0, confidence=confidence)
    return estimate_of(level, down_to_zero(interval, chance))
