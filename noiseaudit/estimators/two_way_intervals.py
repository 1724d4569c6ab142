"""Intervals of the two-way fit: closed-form delete-one-judge values, the case part, and their floors.

    P_(j) = (W - W_j)/(H0 - h_j)          [replicates: O_(j) = (SSW - q_j)/(df - df_j),
                                           S_(j) = (W - W_j - O_(j)(H1 - h1_j))/(H0 - h_j), P_(j) = S_(j) + O_(j)]
    L_(j) = [sum lhat^2 - |lhat_j|^2/c_j - tr (1 - k_j/sum k)]/(dJ - 1) - g (P_(j) - P)
    c_j = (J_g - 1)/J_g,  g = tr/(dJ P)
    X = max(0, C/(C-1) sum_i (sum_{c in i} IF_c)^2 - sum_c IF_c^2),  IF_c = (e_c^2 - sig_c (1 - lev_c))/H0

X is what cases add: they differ in how divisive they are, which decides the width for yes/no decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import f_tail
from noiseaudit.estimators.components import Components, share_of, stable_interval, total_interval
from noiseaudit.estimators.intervals import (
    MANY_JUDGES,
    down_to_zero,
    few_judges,
    jackknife_variance,
    level_floor,
    log_jackknife,
    satterthwaite,
)
from noiseaudit.estimators.two_way import TwoWay, WeakLinks
from noiseaudit.result import Interval


@dataclass(frozen=True)
class LeftOut:
    """(J,) delete-one-judge values; `level` is NaN throughout where dJ < 2."""

    level: Floats
    pattern: Floats
    occasion: Floats | None


def leave_one_judge_out(fit: TwoWay) -> LeftOut:
    """Delete-one-judge values from sums that the fit already holds; nothing is fitted again."""
    linked = fit.linked
    h = linked.over_judge(1 - fit.leverage)
    W = linked.over_judge(fit.squared_residual)
    occasion: Floats | None = None
    with np.errstate(divide="ignore", invalid="ignore"):
        if fit.occasion is None:
            pattern = (fit.W - W) / (fit.H0 - h)
        else:
            occasion = (linked.ssw - linked.ssw_judge) / (linked.df - linked.df_judge)
            h1 = linked.over_judge((1 - fit.leverage) / linked.m)
            pattern = (fit.W - W - occasion * (fit.H1 - h1)) / (fit.H0 - h) + occasion
        squares = (fit.effects**2).sum(axis=1)
        left = squares.sum() - squares / component_weights(fit)
        total = fit.spread.sum()
        shared = fit.tr * (1 - fit.spread / total) if total > 0 else np.zeros(linked.J)
        level = (left - shared) / (linked.dJ - 1) - _gain(fit) * (pattern - fit.pattern)
    return LeftOut(_finite(level), _finite(pattern), None if occasion is None else _finite(occasion))


def _finite(values: Floats) -> Floats:
    """NaN for what is not identified without that judge."""
    return np.where(np.isfinite(values), values, np.nan)


def component_weights(fit: TwoWay) -> Floats:
    """(J,) c_j = (J_g - 1)/J_g with J_g the judges in the block of judge j."""
    size = np.bincount(fit.linked.block)[fit.linked.block]
    return np.asarray((size - 1) / size, dtype=np.float64)


def _gain(fit: TwoWay) -> float:
    """g = tr/(dJ P): how an error in P carries over to L."""
    return fit.tr / (fit.linked.dJ * fit.pattern) if fit.pattern > 0 else 0.0


def case_part(fit: TwoWay) -> float:
    """X, the variance of P that comes from cases differing in how divisive they are."""
    linked = fit.linked
    if fit.stable is None or fit.occasion is None:
        expected = fit.pattern * (1 - fit.leverage)
    else:
        expected = (fit.stable + fit.occasion / linked.m) * (1 - fit.leverage)
    influence = (fit.squared_residual - expected) / fit.H0
    by_case = linked.over_case(influence)
    C = linked.C
    return max(0.0, C / (C - 1) * float((by_case**2).sum()) - float((influence**2).sum())) if C > 1 else 0.0


def two_way_components(fit: TwoWay, *, confidence: float, kurtosis_floor: float) -> Components:
    """Level, pattern, its parts and their sum, each with its interval (None where J < 3)."""
    linked = fit.linked
    if linked.J < 3:
        return Components.without_intervals(fit.level, fit.pattern, fit.stable, fit.occasion, "too_few_judges")
    left = leave_one_judge_out(fit)
    X, g = case_part(fit), _gain(fit)
    dJ, kap = linked.dJ, kurtosis_floor
    floor_level = level_floor(fit.level, fit.effect_variance, df=dJ, kurtosis_floor=kap)
    floor_pattern = 2 * fit.pattern**2 / fit.H0
    level = None
    chance = few_judges(fit.level, noise=fit.noise / dJ, df=dJ, kurtosis_floor=0.0, confidence=confidence)
    if fit.weak is not None:
        level = _weak_interval(fit, fit.weak, confidence=confidence, kurtosis_floor=kap)
    elif dJ >= MANY_JUDGES:
        level = log_jackknife(
            fit.level,
            left.level,
            weights=component_weights(fit),
            add=g**2 * X,
            floor=floor_level,
            df=dJ,
            confidence=confidence,
        )
    if level is None:
        level = few_judges(fit.level, noise=fit.noise / dJ, df=dJ, kurtosis_floor=kap, confidence=confidence)
    level = down_to_zero(level, chance)
    pattern = _pattern_interval(fit, left.pattern, X, floor_pattern, confidence)
    occasion = stable = None
    if fit.occasion is not None and fit.stable is not None and left.occasion is not None:
        occasion = _occasion_interval(fit, left.occasion, confidence)
        stable = stable_interval(fit.pattern, pattern, fit.occasion, occasion)
    share = _share_interval(
        fit,
        left,
        X=X,
        floor_level=floor_level,
        floor_pattern=floor_pattern,
        level=level,
        pattern=pattern,
        confidence=confidence,
    )
    share = down_to_zero(share, chance)
    system = total_interval(fit.level, level, fit.pattern, pattern)
    if fit.weak is not None and system and level and pattern and level[0] <= 0:
        # a chain's level error outweighs pattern noise; where level may be 0, system noise may be pattern noise alone
        system = min(system[0], pattern[0]), system[1]
    return Components(
        level=fit.level,
        level_interval=level,
        pattern=fit.pattern,
        pattern_interval=pattern,
        stable=fit.stable,
        stable_interval=stable,
        occasion=fit.occasion,
        occasion_interval=occasion,
        system=fit.system,
        system_interval=system,
        share_interval=share,
    )


def _weak_interval(fit: TwoWay, weak: WeakLinks, *, confidence: float, kurtosis_floor: float) -> Interval | None:
    """Chi-square interval of L for judges who hang together like a chain.

    With v = tr/T0, given the judges' true levels l:  Var(sum lhat^2) = 4 v l'A+l + 2 v^2 sum lambda_k^2, and
    Q = max(0, lhat'A+lhat - v sum lambda_k^2) estimates l'A+l, which is large when like judges are neighbours.

        VN = (2 + kap)/dJ L+^2 + (4 v Q + 2 v^2 sum lambda_k^2)/dJ^2 ;  vb = tr/dJ
        nu = min( dJ/(1 + kap/2), 2 (L+ + vb)^2/VN )
    """
    dJ, vb, positive = fit.linked.dJ, fit.noise / fit.linked.dJ, max(fit.level, 0.0)
    variance = weak_variance(fit, weak, kurtosis_floor=kurtosis_floor)
    nu = min(dJ / (1 + kurtosis_floor / 2), 2 * (positive + vb) ** 2 / variance) if variance > 0 else float(dJ)
    return few_judges(fit.level, noise=vb, df=nu, kurtosis_floor=0.0, confidence=confidence)


def weak_variance(fit: TwoWay, weak: WeakLinks, *, kurtosis_floor: float) -> float:
    """VN, the variance of the estimate of L for judges who hang together like a chain."""
    v, dJ, positive = fit.noise / fit.T0, fit.linked.dJ, max(fit.level, 0.0)
    aligned = max(0.0, weak.aligned - v * weak.squares)
    return (2 + kurtosis_floor) / dJ * positive**2 + (4 * v * aligned + 2 * v**2 * weak.squares) / dJ**2


def level_error(fit: object) -> float | None:
    """VN where a joint fit is weak, for the shrinking of levels; else None."""
    weak = fit.weak if isinstance(fit, TwoWay) else None
    return None if weak is None or not isinstance(fit, TwoWay) else weak_variance(fit, weak, kurtosis_floor=0.0)


def _judge_weight(fit: TwoWay) -> float:
    return (fit.linked.J - 1) / fit.linked.J


def _pattern_interval(fit: TwoWay, left_out: Floats, X: float, floor: float, confidence: float) -> Interval | None:
    """Log jackknife of P with t on min(dJ, C - 1) degrees of freedom; else Satterthwaite."""
    if fit.pattern <= 0:
        return None
    weight = _judge_weight(fit)
    df = min(fit.linked.dJ, fit.linked.C - 1)
    interval = log_jackknife(fit.pattern, left_out, weights=weight, add=X, floor=floor, df=df, confidence=confidence)
    if interval is None:
        nu = 2 * fit.pattern**2 / max(jackknife_variance(left_out, weight) + X, floor)
        interval = satterthwaite(fit.pattern, nu=nu, confidence=confidence)
    return interval


def _occasion_interval(fit: TwoWay, left_out: Floats, confidence: float) -> Interval | None:
    """Log jackknife of O; where one judge holds all repeats, the chi-square of the repeats themselves."""
    if fit.occasion is None or fit.occasion <= 0:
        return None
    floor = 2 * fit.occasion**2 / fit.linked.df
    interval = log_jackknife(
        fit.occasion,
        left_out,
        weights=_judge_weight(fit),
        add=0.0,
        floor=floor,
        df=fit.linked.dJ,
        confidence=confidence,
    )
    return interval or satterthwaite(fit.occasion, nu=fit.linked.df, confidence=confidence)


def _share_interval(
    fit: TwoWay,
    left: LeftOut,
    *,
    X: float,
    floor_level: float,
    floor_pattern: float,
    level: Interval | None,
    pattern: Interval | None,
    confidence: float,
) -> Interval | None:
    """Interval of L/Sys through rho = L/P: log jackknife, else the ratio of the end points."""
    if fit.pattern <= 0 or pattern is None or level is None:
        return None
    rho = fit.level / fit.pattern
    interval = None
    if fit.level > 0 and fit.linked.dJ >= MANY_JUDGES and fit.weak is None:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = left.level / left.pattern
        floor = rho**2 * (floor_level / fit.level**2 + floor_pattern / fit.pattern**2)
        add = rho**2 * X * (1 / fit.pattern + _gain(fit) / fit.level) ** 2
        interval = log_jackknife(
            rho,
            np.where(left.pattern > 0, values, -1.0),
            weights=component_weights(fit),
            add=add,
            floor=floor,
            df=fit.linked.dJ,
            confidence=confidence,
        )
    if interval is None:
        return share_of(level, pattern)
    return interval[0] / (1 + interval[0]), interval[1] / (1 + interval[1])


def level_test(fit: TwoWay) -> dict[str, float] | None:
    """Test of L = 0: F = (b'A+b/dJ)/P against F(dJ, H0); one decision per cell, one column, else None."""
    linked = fit.linked
    if linked.m.max(initial=1) > 1 or linked.x.shape[1] > 1 or fit.pattern <= 0:
        return None
    between = float((linked.over_judge(linked.d) * fit.effects).sum())
    F = between / linked.dJ / fit.pattern
    return {"F": F, "df1": float(linked.dJ), "df2": fit.H0, "p": float(f_tail(F, linked.dJ, fit.H0))}
