"""Moderated variances: each professional's variance, drawn towards that of all as far as they look alike.

    z_j = log s_j^2 - digamma(df_j/2) + log(df_j/2)
    trigamma(d0/2) = var(z) - mean trigamma(df_j/2)          (not above 0: d0 = inf)
    s0^2 = exp( mean z + digamma(d0/2) - log(d0/2) )
    s~_j^2 = (d0 s0^2 + df_j s_j^2)/(d0 + df_j),  with d0 + df_j degrees of freedom

A variance of few cells is unsure: some come out tiny by chance, and would give a t that means nothing. Smyth (2004).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from noiseaudit.aggregates.moments import Floats

_FLAT = 1e-8  # variances below this share of the median count as that share: a zero has no logarithm


@dataclass(frozen=True)
class Moderated:
    """d0: what the prior weighs in degrees of freedom (inf: all variances are one); s02: its variance; (J,) arrays."""

    d0: float
    s02: float
    variance: Floats
    df: Floats


def moderate(variance: Floats, df: Floats) -> Moderated:
    """Moderated variances of (J,) variances >= 0 with df > 0; fewer than two give the variance back (d0 = 0).

    Where more than half are 0 there is no typical variance to draw towards: they are given back too.
    """
    if len(variance) < 2 or np.median(variance) <= 0:
        return Moderated(0.0, 0.0, variance, df)
    half = df / 2
    floored = np.maximum(variance, _FLAT * np.median(variance))
    z = np.log(floored) - special.digamma(half) + np.log(half)
    excess = float(z.var(ddof=1) - special.polygamma(1, half).mean())
    if excess <= 0:
        s02 = math.exp(z.mean())
        return Moderated(math.inf, s02, np.full(len(z), s02), np.full(len(z), math.inf))
    prior = inverse_trigamma(excess)
    s02 = math.exp(z.mean() + special.digamma(prior) - math.log(prior))
    d0 = 2 * prior
    return Moderated(d0, s02, (d0 * s02 + df * variance) / (d0 + df), d0 + df)


def inverse_trigamma(value: float) -> float:
    """y > 0 with trigamma(y) = value > 0, by Newton on 1/trigamma, which is convex (Smyth 2004, appendix)."""
    if value > 1e7:
        return 1 / math.sqrt(value)
    if value < 1e-6:
        return 1 / value
    y = 0.5 + 1 / value
    for _ in range(50):
        slope = float(special.polygamma(1, y))
        step = slope * (1 - slope / value) / float(special.polygamma(2, y))
        y += step
        if -step / y < 1e-12:
            break
    return y
