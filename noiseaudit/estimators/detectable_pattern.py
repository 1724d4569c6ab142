"""Detectable pattern noise: what a log shows of professionals who weigh cases in their own way.

By class (classes, values of a category, tenths of the predicted decision): the judge x class variance S of the
two-way fit on cells of judge and class, whose repeats are the decisions inside a cell; p_jk: share of the decisions of
judge j that lie in class k. Its part of the decision's variance:

    S * sum_j n_j (1 - sum_k p_jk^2)/(N - J)

because what a judge does in nearly all cases alike is that judge's level: own ways in a rare class move few decisions.

By slope of a number z, with its within-judge slopes beta_j, S_j = sum (z - zbar_j)^2, S. = sum_j S_j:

    tau2 = [sum S_j (beta_j - bbar)^2 - sum (1 - S_j/S.) S_j v_j] / (S. - sum S_j^2/S.),   bbar = sum S_j beta_j/S.
    v_j  = sum (z - zbar_j)^2 e^2/(1 - h) / S_j^2,   h = 1/n_j + (z - zbar_j)^2/S_j           (HC2)
    its part of the decision's variance: tau2 * S./(N - J)

Both are lower bounds of stable pattern noise: own reactions to what the log does not hold stay unseen. HC2 after
MacKinnon & White (1985); moment estimator after DerSimonian & Laird (1986).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.intervals import down_to_zero, few_judges, jackknife_variance, log_jackknife
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import IllConditionedError, TwoWay, fit_two_way
from noiseaudit.estimators.two_way_intervals import leave_one_judge_out
from noiseaudit.result import Component, Estimate


def pattern_by_class(cells: Cells, *, confidence: float = 0.95, kurtosis_floor: float = 2.0) -> Component:
    """What judge x class brings to the decision's variance, from cells whose `case` is the class; signed."""
    linked = Linked.of(cells)
    if linked.J < 2:
        return NotIdentified.of("single_judge" if len(np.unique(cells.judge)) < 2 else "no_shared_classes")
    if linked.H0 < 2 or linked.df <= 0:
        return NotIdentified.of("too_few_classes")
    try:
        fit = fit_two_way(linked)
    except IllConditionedError:
        return NotIdentified.of("ill_conditioned")
    own = class_pattern(fit, confidence=confidence, kurtosis_floor=kurtosis_floor)
    return _scaled(own, share_within_judges(cells)) if isinstance(own, Estimate) else own


def share_within_judges(cells: Cells) -> float:
    """sum_j n_j (1 - sum_k p_jk^2)/(N - J): the chance that two decisions of a judge lie in different classes."""
    n = sum_by(cells.judge, cells.n, len(cells.judges))
    alike = sum_by(cells.judge, cells.n**2, len(cells.judges))
    seen = n > 0
    return float((n[seen] - alike[seen] / n[seen]).sum() / (n[seen] - 1).sum())


def _scaled(part: Estimate, by: float) -> Estimate:
    interval = part.variance_interval
    return replace(
        part,
        variance=part.variance * by,
        variance_interval=None if interval is None else (interval[0] * by, interval[1] * by),
    )


def class_pattern(fit: TwoWay, *, confidence: float, kurtosis_floor: float) -> Component:
    """S of a replicated fit with an interval of its own: the difference of two intervals would be far too wide here.

    Log jackknife over judges of S_(j) = P_(j) - O_(j), with floor and chi-square form as for level noise:

        VN = 2/H0 (S+ + vb)^2 + kap/dJ S+^2,  vb = O H1/H0 ;  nu = 2 (S+ + vb)^2/max(V_jack, VN)
    """
    linked = fit.linked
    if fit.stable is None or fit.occasion is None:
        return NotIdentified.of("no_replicates")
    if linked.J < 3:
        return estimate_of(fit.stable, None, reason="too_few_judges")
    left = leave_one_judge_out(fit)
    apart = left.pattern - left.occasion if left.occasion is not None else left.pattern
    vb, positive, weight = fit.occasion * fit.H1 / fit.H0, max(fit.stable, 0.0), (linked.J - 1) / linked.J
    floor = 2 / fit.H0 * (positive + vb) ** 2 + kurtosis_floor / max(linked.dJ, 1) * positive**2
    spread = max(jackknife_variance(apart, weight), floor)
    nu = 2 * (positive + vb) ** 2 / spread if spread > 0 else float(fit.H0)
    plain = few_judges(fit.stable, noise=vb, df=nu, kurtosis_floor=0.0, confidence=confidence)
    interval = log_jackknife(
        fit.stable,
        np.where(np.isfinite(apart), apart, -1.0),
        weights=weight,
        add=0.0,
        floor=floor,
        df=min(linked.dJ, fit.H0),
        confidence=confidence,
    )
    if interval is None or plain is None or plain[0] <= 0:  # near 0 a logarithm runs away
        interval = plain
    return estimate_of(fit.stable, interval)


def pattern_by_slope(
    judge: Codes, feature: Floats, adjusted: Floats, *, confidence: float = 0.95, kurtosis_floor: float = 2.0
) -> Component:
    """Variance of the decision from professionals' own slopes on a number (R,), NaN where missing."""
    known = ~np.isnan(feature)
    judges, code = np.unique(judge[known], return_inverse=True)
    z, r, J = feature[known], adjusted[known], len(judges)
    n = np.bincount(code, minlength=J).astype(np.float64)
    z = z - (sum_by(code, z, J) / n)[code]
    r = r - (sum_by(code, r, J) / n)[code]
    S = sum_by(code, z * z, J)
    usable = (n >= 3) & (1e-12 * max(float(S.sum()), 1e-300) < S)
    if int(usable.sum()) < 2:
        return NotIdentified.of("too_few_judges")
    slope = np.divide(sum_by(code, z * r, J), S, out=np.zeros(J), where=usable)
    h = 1 / n[code] + np.divide(z * z, S[code], out=np.ones(len(z)), where=usable[code])
    rest = np.where(h < 1 - 1e-9, (r - slope[code] * z) ** 2 / np.maximum(1 - h, 1e-9), 0.0)
    noise = np.divide(sum_by(code, z * z * rest, J), S**2, out=np.zeros(J), where=usable)
    S, slope, noise, n = S[usable], slope[usable], noise[usable], n[usable]
    scale = float(S.sum() / (n.sum() - len(n)))
    tau2, taken = _tau2(S, slope, noise)
    left = _left_out(S, slope, noise)
    df = float(S.sum() ** 2 / (S**2).sum()) - 1  # judges, as far as they weigh alike
    if df < 1:
        return estimate_of(tau2 * scale, None, reason="too_few_judges")
    vb = taken * scale
    floor = (2 * (max(tau2, 0.0) * scale + vb) ** 2 + kurtosis_floor * (max(tau2, 0.0) * scale) ** 2) / df
    interval = log_jackknife(
        tau2 * scale, left * scale, weights=(len(S) - 1) / len(S), add=0.0, floor=floor, df=df, confidence=confidence
    )
    plain = few_judges(tau2 * scale, noise=vb, df=df, kurtosis_floor=kurtosis_floor, confidence=confidence)
    chance = few_judges(tau2 * scale, noise=vb, df=df, kurtosis_floor=0.0, confidence=confidence)
    if interval is None or chance is None or chance[0] <= 0:  # near 0 a logarithm runs away
        interval = down_to_zero(plain, chance)
    return estimate_of(tau2 * scale, interval)


def _tau2(S: Floats, slope: Floats, noise: Floats) -> tuple[float, float]:
    """tau2, and the sampling variance that was taken off, on the same scale."""
    total = float(S.sum())
    spread = float((S * slope**2).sum()) - float((S * slope).sum()) ** 2 / total
    chance = float(((1 - S / total) * S * noise).sum())
    scale = total - float((S**2).sum()) / total
    return (spread - chance) / scale, chance / scale


def _left_out(S: Floats, slope: Floats, noise: Floats) -> Floats:
    """(J,) tau2 without each judge, in closed form."""
    total, first, second = S.sum() - S, (S * slope).sum() - S * slope, (S * slope**2).sum() - S * slope**2
    noisy = (S * noise).sum() - S * noise
    squared, own = (S**2).sum() - S**2, (S**2 * noise).sum() - S**2 * noise
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (second - first**2 / total - noisy + own / total) / (total - squared / total)
    return np.where(np.isfinite(value), value, -1.0)
