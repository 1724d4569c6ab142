"""Intervals for variance components that hold for skewed and binary decisions too.

Log jackknife over judges with a kurtosis floor (`log_jackknife`), a chi-square form for few judges
(`few_judges`), MOVER for sums and differences (`mover_sum`, `mover_difference`). Miller (1974); Arvesen (1969);
Zou & Donner (2008). Coverage is simulated in tests/validity.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from noiseaudit.aggregates.moments import Floats
from noiseaudit.result import Interval

MANY_JUDGES = 9  # degrees of freedom from which the log jackknife of the level holds


def log_jackknife(
    theta: float,
    left_out: Floats,
    *,
    weights: Floats | float,
    add: float,
    floor: float,
    df: float,
    confidence: float,
) -> Interval | None:
    """Interval for theta > 0 from its leave-one-judge-out values; None where some value is not above 0.

        s^2 = max( sum c_j (log a_j - mean log a)^2 + add/theta^2 , floor/theta^2 )
        lower = exp(log theta - t s)
        upper = exp(log theta + max(0, sum c_j (log theta - log a_j)) + t s)

    left_out: (J,) a_j; weights: c_j; add: variance due to the cases; floor: normal-theory variance with excess
    kurtosis (both in units of theta squared); df: degrees of freedom of t.
    """
    if theta <= 0 or not np.all(left_out > 0) or df < 1:
        return None
    logs = np.log(left_out)
    spread = float(np.sum(weights * (logs - logs.mean()) ** 2)) + add / theta**2
    s = math.sqrt(max(spread, floor / theta**2))
    shift = max(0.0, float(np.sum(weights * (math.log(theta) - logs))))
    reach = float(stats.t.ppf(0.5 + confidence / 2, df)) * s
    return math.exp(math.log(theta) - reach), _exp(math.log(theta) + shift + reach)


def jackknife_variance(left_out: Floats, weight: float) -> float:
    """weight * sum (a_j - mean a)^2 over the values that exist (NaN: without that judge nothing is identified)."""
    known = left_out[np.isfinite(left_out)]
    return weight * float(((known - known.mean()) ** 2).sum()) if len(known) else 0.0


def level_floor(level: float, effect_variance: Floats, *, df: float, kurtosis_floor: float) -> float:
    """VN_L = 2/dJ mean_j (L+ + nu_j)^2 + kap/dJ L+^2: normal theory with excess kurtosis kap of judge effects."""
    positive = max(level, 0.0)
    return 2 / df * float(((positive + effect_variance) ** 2).mean()) + kurtosis_floor / df * positive**2


def _exp(value: float) -> float:
    """exp without overflow: an interval that wide says nothing, but stays a finite number in JSON."""
    return math.exp(min(value, 700.0))


def few_judges(theta: float, *, noise: float, df: float, kurtosis_floor: float, confidence: float) -> Interval:
    """Chi-square interval of a signed variance estimate that had sampling noise taken off.

        nu = df/(1 + kap/2);  [ max(0, nu (theta+vb)/chi2_{hi,nu} - vb), max(0, nu (theta+vb)/chi2_{lo,nu} - vb) ]

    noise: vb, the mean noise variance taken off; df: degrees of freedom of the judges.
    """
    return satterthwaite(theta + noise, nu=df / (1 + kurtosis_floor / 2), confidence=confidence, offset=noise)


def satterthwaite(total: float, *, nu: float, confidence: float, offset: float = 0.0) -> Interval:
    """Scaled chi-square interval with nu degrees of freedom, minus an offset, truncated at 0."""
    tail = (1 - confidence) / 2
    if total <= 0 or nu <= 0:
        return (0.0, 0.0)
    low, high = float(stats.chi2.ppf(1 - tail, nu)), float(stats.chi2.ppf(tail, nu))
    upper = nu * total / high if high > 0 else math.inf
    return max(0.0, nu * total / low - offset), min(max(0.0, upper - offset), 1e300)


def mover_sum(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """MOVER interval of first + second (variances; the first floored at 0 for its distances), truncated at 0."""
    centre, floored = first + second, max(first, 0.0)
    down = math.hypot(floored - first_interval[0], second - second_interval[0])
    up = math.hypot(first_interval[1] - floored, second_interval[1] - second)
    return max(0.0, centre - down), max(0.0, centre + up)


def mover_difference(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """MOVER interval of first - second, truncated at 0."""
    down = math.hypot(first - first_interval[0], second_interval[1] - second)
    up = math.hypot(first_interval[1] - first, second - second_interval[0])
    return max(0.0, first - second - down), max(0.0, first - second + up)
