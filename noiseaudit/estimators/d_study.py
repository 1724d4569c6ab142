"""Planning: what averaging would bring, and how precise a planned panel would be.

    noise^2 of the mean of k independent professionals, r occasions each:  (L + S)/k + O/(k r)
    k of a pool of J0 without replacement, around the pool's mean:          (L + S)/k (1 - k/J0) + O/(k r)
    complete J x C panel, one decision a cell:
      Var(Sys) = 2/(J-1) [ (L + P/C)^2 + (C-1) P^2/C^2 ]
      Var(L)   = 2/C^2 [ (C L + P)^2/(J-1) + P^2/((J-1)(C-1)) ]
    R decisions a cell: P -> S + O/R, and Var(Sys) gains ((R-1)/R)^2 2 O^2/(J C (R-1))

Judge terms are multiplied by (1 + kap/2) for skewed judge effects. Brennan (2001), generalizability theory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


def averaged_noise(
    *,
    level: float,
    stable: float,
    occasion: float = 0.0,
    professionals: int = 1,
    occasions: int = 1,
    pool: int | None = None,
) -> float:
    """Noise variance of the mean of k professionals with r occasions each; decision units squared.

    Without replicates give stable = P and occasion = 0, with occasions = 1. ValueError below 1, or over the pool.
    """
    k, r = professionals, occasions
    if k < 1 or r < 1:
        raise ValueError("professionals and occasions are whole numbers from 1")
    if pool is not None and k > pool:
        raise ValueError(f"{k} professionals cannot be drawn from a pool of {pool}")
    finite = 1.0 if pool is None else 1 - k / pool
    return (level + stable) / k * finite + occasion / (k * r)


@dataclass(frozen=True)
class PlannedPrecision:
    """Relative standard errors of the variances, and the relative half-width of the noise SD at 95 %."""

    relative_se_system: float
    relative_se_level: float
    half_width_sd: float


def plan_panel(
    *,
    judges: int,
    cases: int,
    level: float,
    stable: float,
    occasion: float = 0.0,
    repeats: int = 1,
    kurtosis_floor: float = 0.0,
) -> PlannedPrecision:
    """Precision to expect from a complete panel. Without replicates give stable = P, occasion = 0.

    judges, cases >= 2; repeats >= 1; ValueError otherwise, and where the noise is not above 0.
    """
    J, C, R = judges, cases, repeats
    if J < 2 or C < 2 or R < 1:
        raise ValueError("a plan needs two judges, two cases and one decision a cell, at least")
    system = level + stable + occasion
    if system <= 0:
        raise ValueError("there is no noise to plan for: level + stable + occasion must be above 0")
    P, skew = stable + occasion / R, 1 + kurtosis_floor / 2
    var_system = 2 / (J - 1) * (skew * (level + P / C) ** 2 + (C - 1) * P**2 / C**2)
    if R > 1:
        var_system += ((R - 1) / R) ** 2 * 2 * occasion**2 / (J * C * (R - 1))
    var_level = 2 / C**2 * (skew * (C * level + P) ** 2 / (J - 1) + P**2 / ((J - 1) * (C - 1)))
    return PlannedPrecision(
        relative_se_system=math.sqrt(var_system) / system,
        relative_se_level=math.sqrt(var_level) / level if level > 0 else math.inf,
        half_width_sd=1.96 * math.sqrt(var_system) / (2 * system),
    )
