"""Within-case cross products (`wcu`): for thin overlap and for thousands of judges.

With case weights w_i = 1/n_i, u = q/m and d_ij = x_ij - xbar_i:

    b_j = sum_i d_ij ;  bb_j = sum_i d_ij^2 ;  N_jk = sum_{i on j,k} w_i (k != j) ;  A_jj = sum_k N_jk
    R_j = A_jj^2 + sum_k N_jk^2 ;  own_j = sum_{i on j} w_i^2 n_i (n_i - 1) ;  v_j = 1/A_jj
    L   = sum_j v_j (b_j^2 - bb_j) / sum_j v_j (R_j - own_j)
    Sys = sum_{j != k} Q_jk / (2 sum_{j != k} N_jk),  Q_jk = sum_{i on j,k} w_i [(x_ij - x_ik)^2 + u_ij + u_ik]
    O   = sum q / sum (m - 1) ;  S = Sys - L - O ;  P = Sys - L

No matrix is inverted; unbiased for unequal pattern and occasion variances. It takes the composition of the
judges on a case to be as good as random. Values without judge r follow in closed form, with the weights w_i
held fixed. U-statistics after Arvesen (1969).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.components import Components, share_of, stable_interval
from noiseaudit.estimators.intervals import (
    MANY_JUDGES,
    down_to_zero,
    few_judges,
    jackknife_variance,
    level_floor,
    log_jackknife,
    satterthwaite,
)
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Interval

_ROUNDING = 1e-13


@dataclass(frozen=True)
class CrossProducts:
    """Estimates and their delete-one-judge values. `level` is None where its denominator is not above 0.

    left_out_level, left_out_system: (J,); weight: (J,) A_jj; effects: (J, K) mean difference with colleagues.
    """

    linked: Linked
    level: float | None
    system: float
    occasion: float | None
    left_out_level: Floats | None
    left_out_system: Floats
    left_out_occasion: Floats | None
    weight: Floats
    effects: Floats

    @property
    def pattern(self) -> float | None:
        """System minus level; 0 where rounding alone is left."""
        rest = None if self.level is None else self.system - self.level
        return rest if rest is None or abs(rest) > _ROUNDING * self.system else 0.0

    @property
    def stable(self) -> float | None:
        """Pattern minus occasion."""
        return None if self.pattern is None or self.occasion is None else self.pattern - self.occasion

    @property
    def effect_variance(self) -> Floats:
        """(J,) noise variance P/A_jj of the effects."""
        return max(self.pattern or 0.0, 0.0) / self.weight


def system_as_composed(linked: Linked) -> tuple[float, Floats]:
    """Sys of a pair of judges as cases actually bring them together, and its delete-one-judge values (J,)."""
    w = 1.0 / linked.per_case
    # own + shared of the case = w_i sum over k != r of (d_r - d_k)^2 + u_r + u_k, because d sums to 0 within a case
    own = (linked.d**2).sum(axis=1)
    shared = w * linked.over_case(own)
    if linked.q.any():
        u = linked.q / linked.m
        own += u * (1 - 2 * w)[linked.case]
        shared += w * linked.over_case(u)
    row = linked.over_judge(own + shared[linked.case])
    weight = linked.over_judge((1 - w)[linked.case])
    total, count = float(row.sum()), float(weight.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (total - 2 * row) / (2 * (count - 2 * weight))
    return total / (2 * count), np.where(count - 2 * weight > 1e-9, left_out, np.nan)


def fit_cross_products(linked: Linked) -> CrossProducts:
    """Estimate from linked cells (N >= 2), O(sum n_i^2) in time and memory for the shared pairs."""
    system, left_out_system = system_as_composed(linked)
    n_c, w_c = linked.per_case[linked.case].astype(np.float64), 1.0 / linked.per_case[linked.case]
    d = linked.d
    weight = linked.over_judge(w_c * (n_c - 1))
    b, bb = linked.over_judge(d), linked.over_judge((d**2).sum(axis=1))
    own = linked.over_judge(w_c**2 * n_c * (n_c - 1))
    v = 1.0 / weight
    ones, weighted = linked.incidence(), linked.incidence(w_c)

    N = (ones.T @ weighted).tocsr()
    N.sort_indices()
    k, r = np.repeat(np.arange(linked.J), np.diff(N.indptr)), N.indices.astype(np.intp)
    place = k * linked.J + r

    def pairs(left: Floats, right: Floats) -> Floats:
        """sum_i left_ik right_ir over cases that k and r share, in the order of the shared pairs of N."""
        product = (linked.incidence(left).T @ linked.incidence(right)).tocsr()
        product.sort_indices()
        if product.nnz == len(place):
            return np.asarray(product.data, dtype=np.float64)
        here = np.repeat(np.arange(linked.J), np.diff(product.indptr)) * linked.J + product.indices
        values = np.zeros(len(place))  # scipy leaves out pairs whose sum is exactly 0
        values[np.searchsorted(place, here)] = product.data
        return values

    apart = k != r
    N_kr = np.where(apart, N.data, 0.0)
    R = weight**2 + sum_by(k, N_kr**2, linked.J)
    numerator = v * ((b**2).sum(axis=1) - bb)
    denominator = v * (R - own)
    scale = float(denominator.sum())
    occasion = linked.ssw / linked.df if linked.replicated else None
    left_occasion = None
    if occasion is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            left_occasion = (linked.ssw - linked.ssw_judge) / (linked.df - linked.df_judge)
    if scale <= 1e-9 * float((v * R).sum()):
        return CrossProducts(
            linked, None, system, occasion, None, left_out_system, left_occasion, weight, b / weight[:, None]
        )
    one, w_square = np.ones(len(linked)), w_c**2
    change = np.zeros(len(k))
    for column, b_column in zip(d.T, b.T, strict=True):
        square = column**2
        own_square = pairs(square * w_c, one)
        cross = pairs(column * w_c, column)
        T = pairs(column * w_c, one) - pairs(one * w_c, column)
        F = own_square - cross
        D = pairs(square * w_square, one) + pairs(one * w_square, square) - 2 * pairs(column * w_square, column)
        change += -2 * b_column[k] * T + T**2 + 2 * F - D
    G = pairs(w_square * (n_c - 1), one)
    change_denominator = -2 * weight[k] * N_kr + 2 * G
    left_numerator = numerator.sum() - numerator + sum_by(r, v[k] * change * apart, linked.J)
    left_denominator = denominator.sum() - denominator + sum_by(r, v[k] * change_denominator * apart, linked.J)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_level = left_numerator / left_denominator
    return CrossProducts(
        linked=linked,
        level=float(numerator.sum()) / scale,
        system=system,
        occasion=occasion,
        left_out_level=np.where(left_denominator > 1e-9 * scale, left_level, np.nan),
        left_out_system=left_out_system,
        left_out_occasion=left_occasion,
        weight=weight,
        effects=b / weight[:, None],
    )


def leave_one_case_out(fit: CrossProducts) -> tuple[Floats, Floats]:
    """(C,) level and system without each case; for at most some thousand judges (dense J x J table)."""
    linked = fit.linked
    n, w = linked.per_case.astype(np.float64), 1.0 / linked.per_case
    n_c, w_c, v = n[linked.case], w[linked.case], 1.0 / fit.weight
    d = linked.d
    N = (linked.incidence().T @ linked.incidence(w_c)).toarray()
    np.fill_diagonal(N, 0.0)
    shared = linked.over_colleagues(N)
    b = linked.over_judge(d)
    R = fit.weight**2 + (N**2).sum(axis=1)
    own = linked.over_judge(w_c**2 * n_c * (n_c - 1))
    numerator = float((v * ((b**2).sum(axis=1) - linked.over_judge((d**2).sum(axis=1)))).sum())
    denominator = float((v * (R - own)).sum())
    vj = v[linked.judge]
    less = linked.over_case(vj * (-2 * (b[linked.judge] * d).sum(axis=1) + 2 * (d**2).sum(axis=1)))
    change = -2 * w_c * ((n_c - 1) * fit.weight[linked.judge] + shared) + 2 * w_c**2 * n_c * (n_c - 1)
    level = (numerator + less) / (denominator + linked.over_case(vj * change))
    pair = w * (2 * n * linked.over_case((d**2).sum(axis=1)) + 2 * (n - 1) * linked.over_case(linked.q / linked.m))
    count = w * n * (n - 1)
    system = (pair.sum() - pair) / (2 * (count.sum() - count))
    return level, system


def cross_product_components(fit: CrossProducts, *, confidence: float, kurtosis_floor: float) -> Components:
    """Components with intervals from the delete-one-judge values; no case part, floors of normal theory."""
    linked, L, P = fit.linked, fit.level, fit.pattern
    if L is None or P is None or fit.left_out_level is None:
        return Components(
            level=None, pattern=None, system=fit.system, occasion=fit.occasion, reason="no_interaction_df"
        )
    if linked.J < 3:
        return Components.without_intervals(L, P, fit.stable, fit.occasion, "too_few_judges")
    dJ, kap, weight = linked.dJ, kurtosis_floor, (linked.J - 1) / linked.J
    floor_level = level_floor(L, fit.effect_variance, df=dJ, kurtosis_floor=kap)
    floor_pattern = 2 * P**2 / max(linked.H0, 2)
    left_level, left_pattern = fit.left_out_level, fit.left_out_system - fit.left_out_level

    def jackknifed(theta: float, values: Floats, floor: float) -> Interval | None:
        return log_jackknife(theta, values, weights=weight, add=0.0, floor=floor, df=dJ, confidence=confidence)

    def chi_square(theta: float, values: Floats, floor: float) -> Interval | None:
        spread = max(jackknife_variance(values, weight), floor)
        return satterthwaite(theta, nu=2 * theta**2 / spread, confidence=confidence) if spread > 0 else None

    def by_chance(kurtosis: float) -> Interval | None:
        """The chi-square form of L, with degrees of freedom that the jackknife may lower."""
        vb = float(fit.effect_variance.mean()) / weight
        floor = level_floor(L, fit.effect_variance, df=dJ, kurtosis_floor=kurtosis)
        spread, df = max(jackknife_variance(left_level, weight), floor), (linked.J - 1) / (1 + kurtosis / 2)
        if spread > 0:
            df = min(df, 2 * (max(L, 0.0) + vb) ** 2 / spread)
        return few_judges(L, noise=vb, df=df, kurtosis_floor=0.0, confidence=confidence)

    level = jackknifed(L, left_level, floor_level) if dJ >= MANY_JUDGES else None
    level = down_to_zero(level or by_chance(kap), by_chance(0.0))
    pattern = jackknifed(P, left_pattern, floor_pattern) or chi_square(P, left_pattern, floor_pattern)
    floor_system = floor_level + floor_pattern
    system = jackknifed(fit.system, fit.left_out_system, floor_system)
    system = system or chi_square(fit.system, fit.left_out_system, floor_system)
    occasion = stable = None
    if fit.occasion is not None and fit.left_out_occasion is not None:
        occasion = jackknifed(fit.occasion, fit.left_out_occasion, 2 * fit.occasion**2 / linked.df)
        occasion = occasion or satterthwaite(fit.occasion, nu=linked.df, confidence=confidence)
        stable = stable_interval(P, pattern, fit.occasion, occasion)
    return Components(
        level=L,
        level_interval=level,
        pattern=P,
        pattern_interval=pattern,
        stable=fit.stable,
        stable_interval=stable,
        occasion=fit.occasion,
        occasion_interval=occasion,
        system=fit.system,
        system_interval=system,
        share_interval=share_of(level, pattern),
    )
