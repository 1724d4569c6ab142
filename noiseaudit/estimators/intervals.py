"""Intervals for variance components that hold for skewed and binary decisions too.

Log jackknife over judges with a kurtosis floor (`log_jackknife`), a chi-square form for few judges
(`few_judges`), MOVER for sums and differences (`mover_sum`, `mover_difference`). Miller (1974); Arvesen (1969);
Zou & Donner (2008). Coverage is simulated in tests/validity.
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import chi2_quantile, t_quantile
from noiseaudit.result import Interval

MANY_JUDGES = 9  # degrees of freedom from which the log jackknife of the level holds
LEAST_DF = 1.0  # of a chi-square: with fewer its limits run to 0 and 1e300 and can miss the estimate


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
    """Interval for theta > 0 from its leave-one-judge-out values.

    None where some value is not above 0, or where it would reach beyond a chi-square with one degree of freedom.

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
    reach = float(t_quantile(0.5 + confidence / 2, df)) * s
    widest = LEAST_DF / float(chi2_quantile((1 - confidence) / 2, LEAST_DF))
    if shift + reach > math.log(widest):
        return None
    return theta * math.exp(-reach), theta * math.exp(shift + reach)


def jackknife_variance(left_out: Floats, weight: float) -> float:
    """weight * sum (a_j - mean a)^2 over the values that exist (NaN: without that judge nothing is identified)."""
    known = left_out[np.isfinite(left_out)]
    return weight * float(((known - known.mean()) ** 2).sum()) if len(known) else 0.0


def level_floor(level: float, effect_variance: Floats, *, df: float, kurtosis_floor: float) -> float:
    """VN_L = 2/dJ mean_j (L+ + nu_j)^2 + kap/dJ L+^2: normal theory with excess kurtosis kap of judge effects."""
    positive = max(level, 0.0)
    return 2 / df * float(((positive + effect_variance) ** 2).mean()) + kurtosis_floor / df * positive**2


def few_judges(theta: float, *, noise: float, df: float, kurtosis_floor: float, confidence: float) -> Interval | None:
    """Chi-square interval of a signed variance estimate that had sampling noise taken off.

        nu = df/(1 + kap/2)
        [ max(0, nu (theta+vb)/chi2_{hi,nu} - vb), nu (theta+ + vb)/chi2_{lo,nu} - vb ],   theta+ = max(theta, 0)

    noise: vb, the mean noise variance taken off; df: degrees of freedom of the judges. A negative estimate counts
    as 0 in the upper limit, which would otherwise shrink to 0. None where nothing varies (theta+ + vb = 0).
    """
    nu, noise = df / (1 + kurtosis_floor / 2), max(noise, 0.0)
    upper = satterthwaite(max(theta, 0.0) + noise, nu=nu, confidence=confidence)
    lower = satterthwaite(theta + noise, nu=nu, confidence=confidence)
    if upper is None:
        return None
    return 0.0 if lower is None else max(0.0, lower[0] - noise), upper[1] - noise


def satterthwaite(total: float, *, nu: float, confidence: float) -> Interval | None:
    """Scaled chi-square interval of a variance above 0, with nu degrees of freedom but at least one; else None."""
    if total <= 0:
        return None
    tail, df = (1 - confidence) / 2, max(nu, LEAST_DF)
    low, high = float(chi2_quantile(1 - tail, df)), float(chi2_quantile(tail, df))
    return df * total / low, df * total / high


def down_to_zero(interval: Interval | None, chance: Interval | None) -> Interval | None:
    """The interval, from 0 where `chance` starts there: what does not differ from 0 must not leave 0 out.

    A log jackknife never reaches 0. `chance` is the chi-square interval under normal theory (kap = 0), whose lower
    limit is 0 exactly where the chi-square test of 0 does not reject.
    """
    if interval is None or chance is None or chance[0] > 0:
        return interval
    return 0.0, interval[1]


def possible(interval: Interval | None, estimate: float, *, most: float = math.inf) -> Interval | None:
    """The interval cut at the largest value that can be; None where it would then miss its estimate."""
    if interval is None:
        return None
    low, high = interval[0], min(interval[1], most)
    return (low, high) if low <= max(estimate, 0.0) <= high else None


def mover_sum(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """MOVER interval of first + second, truncated at 0; a negative first counts as 0 but for the centre of the lower.

    lower = first + second - sqrt((first+ - l1)^2 + (second - l2)^2)
    upper = first+ + second + sqrt((u1 - first+)^2 + (u2 - second)^2)
    """
    floored = max(first, 0.0)
    down = math.hypot(floored - first_interval[0], second - second_interval[0])
    up = math.hypot(first_interval[1] - floored, second_interval[1] - second)
    return max(0.0, first + second - down), floored + second + up


def mover_difference(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """MOVER interval of first - second, truncated at 0; a negative difference counts as 0 in the upper limit."""
    down = math.hypot(first - first_interval[0], second_interval[1] - second)
    up = math.hypot(first_interval[1] - first, second - second_interval[0])
    return max(0.0, first - second - down), max(0.0, first - second) + up
