"""Error against a known truth: MSE = bias^2 + shared case bias + noise^2.

    E_ij = x_ij - t_i = beta + kappa_i + l_j + s_ij + o ;  MSE = beta^2 + Var(kappa) + L + S + O
    MSE   = mean over cells of (x - t)^2 + q/m
    cross = mean_i [ (sum_j E_ij)^2 - sum_j E_ij^2 ] / (n_i (n_i - 1))           (unbiased for beta^2 + Var kappa)
    beta^2 = mean of E E' over ordered pairs of different case AND different judge ;  Var kappa = cross - beta^2
    se(beta)^2 = L+ sum n_j^2/N^2 + max(0, Var kappa) sum n_i^2/N^2 + P/N

"MSE = bias^2 + noise^2" holds per case; over many cases the bias that all judges share on a case is a third term.
beta^2 here is free of bias and may be negative, so that the parts add up: MSE - beta^2 - Var kappa = MSE - cross is
the noise of these cells, equal to Sys where every case has a known truth and every judge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates import Cells
from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.intervals import level_floor
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.magnitude import check_magnitude
from noiseaudit.result import Accuracy, Estimate, Figure, Interval


@dataclass(frozen=True)
class Errors:
    """The accuracy, and bias^2 without the noise that the square of an estimated bias holds (may be negative)."""

    accuracy: Accuracy
    squared_bias: Figure


def measure_accuracy(
    cells: Cells, estimate: PanelEstimate, *, unit: str | None, confidence: float, kurtosis_floor: float = 2.0
) -> Errors | NotIdentified:
    """Bias, shared case bias and noise from the cells whose case has a known truth (K = 1).

    `estimate` is the panel's own; its system noise is the noise term, the same for E as for x.
    """
    if cells.truth is None:
        return NotIdentified.of("no_truth")
    known = cells.where(~np.isnan(cells.truth[cells.case]))
    linked = Linked.of(known)
    if linked.C < 2 or linked.J < 2:
        return NotIdentified.of("too_few_truths")
    E = known.mean[:, 0] - cells.truth[known.case]
    check_magnitude(E, values=E)
    case, judge = _dense(known.case), _dense(known.judge)
    N, J, C = len(E), int(judge.max()) + 1, int(case.max()) + 1
    z = E**2 + known.m2[:, 0] / known.n
    mse = float(z.mean())
    beta = float(E.mean())
    n_i, n_j = np.bincount(case), np.bincount(judge)
    by_case, by_judge = np.bincount(case, E), np.bincount(judge, E)
    same_case = by_case**2 - np.bincount(case, E**2)
    shared = n_i >= 2
    cross = float((same_case[shared] / (n_i * (n_i - 1))[shared]).mean())
    pairs = float(N) ** 2 - float((n_i**2).sum()) - float((n_j**2).sum()) + N
    if pairs <= 0:
        return NotIdentified.of("too_few_truths")
    squared = float(E.sum() ** 2 - (by_case**2).sum() - (by_judge**2).sum() + (E**2).sum()) / pairs
    kappa = cross - squared
    t = float(t_quantile(0.5 + confidence / 2, min(J, C) - 1))
    level = max(0.0, estimate.level.variance) if isinstance(estimate.level, Estimate) else 0.0
    pattern = max(0.0, estimate.pattern.variance) if isinstance(estimate.pattern, Estimate) else mse
    common = max(0.0, kappa)
    se2 = level * float((n_j**2).sum()) / N**2 + common * float((n_i**2).sum()) / N**2 + pattern / N
    floor = 4 * max(0.0, beta**2 - se2) * se2 + _level_floor(estimate, mse, kurtosis_floor)
    floor += (2 + kurtosis_floor) * common**2 / C + 2 * pattern**2 / N
    interval, reason = _mse_interval(z, case, judge, floor=floor, t=t)
    plain = None if unit is None else f"{unit}²"
    reach = t * math.sqrt(se2)
    accuracy = Accuracy(
        mse=Figure(mse, plain, interval, reason),
        bias=Figure(beta, unit, (beta - reach, beta + reach)),
        shared_case_bias=_case_bias(E, case, judge, kappa, t),
        noise=estimate.system,
    )
    return Errors(accuracy, Figure(squared, plain, None, "descriptive"))


def _dense(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)


def _level_floor(estimate: PanelEstimate, mse: float, kurtosis_floor: float) -> float:
    """VN_L; as if all error were level where level noise is not known."""
    dJ, level = max(estimate.linked.dJ, 1), estimate.level
    if estimate.effect_variance is None or not isinstance(level, Estimate):
        return (2 + kurtosis_floor) / dJ * mse**2
    return level_floor(level.variance, estimate.effect_variance, df=dJ, kurtosis_floor=kurtosis_floor)


def _mse_interval(
    z: Floats, case: Codes, judge: Codes, *, floor: float, t: float
) -> tuple[Interval | None, str | None]:
    """Log jackknife over judges and over cases, with the floor of normal theory; or the reason why there is none.

        s^2 = max( V_J, V_C, V_J + V_C - V_cell, floor/MSE^2 ),  V_J = (J - 1)/J sum (log a_j - mean log a)^2
        floor = 4 beta^2 se(beta)^2 + VN_L + (2 + kap) Var(kappa)^2/C + 2 P^2/N
        [ exp(log MSE - t s), exp(log MSE + shift_J + shift_C + t s) ],  shift = max(0, sum c (log MSE - log a))

    a: MSE without each judge (each case); z: (N,) squared errors.
    """
    N, mse = len(z), float(z.mean())
    if mse <= 0:
        return None, "at_boundary"
    spread, shift = [], 0.0
    for codes in (judge, case):
        count = np.bincount(codes)
        left = (z.sum() - np.bincount(codes, z)) / (N - count)
        if np.any(left <= 1e-12 * mse):
            return None, "one_alone"
        logs, c = np.log(left / mse), (len(count) - 1) / len(count)
        spread.append(c * float(((logs - logs.mean()) ** 2).sum()))
        shift += max(0.0, -c * float(logs.sum()))
    by_cell = float(((z - mse) ** 2).sum()) / (N * mse) ** 2
    s = math.sqrt(max(*spread, sum(spread) - by_cell, floor / mse**2))
    return (mse * math.exp(-t * s), mse * math.exp(min(shift + t * s, 700.0))), None


def _case_bias(E: Floats, case: Codes, judge: Codes, kappa: float, t: float) -> Estimate:
    """Var kappa with delete-one values over judges and over cases, V_J + V_C, limits +- t; approximate."""
    spread = 0.0
    for values, few in zip(_without_one(E, case, judge), ("too_few_judges", "too_few_cases"), strict=True):
        usable = values[np.isfinite(values)]
        if len(usable) < 2:
            return Estimate(kappa, None, interval_reason=few)
        spread += (len(usable) - 1) / len(usable) * float(((usable - usable.mean()) ** 2).sum())
    reach = t * math.sqrt(spread)
    return Estimate(kappa, (max(0.0, kappa - reach), max(0.0, kappa + reach)))


@dataclass(frozen=True)
class _Side:
    """One side of the table (judges, or cases): who made each error, counts, sums and sums of squares."""

    codes: Codes
    n: Floats
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, codes: Codes, E: Floats) -> _Side:
        size = int(codes.max()) + 1
        return cls(codes, sum_by(codes, np.ones_like(E), size), sum_by(codes, E, size), sum_by(codes, E**2, size))


def _without_one(E: Floats, case: Codes, judge: Codes) -> tuple[Floats, Floats]:
    """Var kappa without each judge (J,) and without each case (C,), in closed form; NaN where undefined."""
    cases, judges = _Side.of(case, E), _Side.of(judge, E)
    cross = _cross(cases.total, cases.squares, cases.n)
    shared = cases.n >= 2
    count = float(shared.sum())
    left = _cross(cases.total[case] - E, cases.squares[case] - E**2, cases.n[case] - 1)
    gone = sum_by(judge, cross[case] - left, len(judges.n))
    lost = sum_by(judge, (cases.n[case] == 2).astype(np.float64), len(judges.n))
    with np.errstate(divide="ignore", invalid="ignore"):
        without_judge = (cross.sum() - gone) / (count - lost)
        without_case = (cross.sum() - cross) / (count - shared)
    return without_judge - _squared_without(E, judges, cases), without_case - _squared_without(E, cases, judges)


def _squared_without(E: Floats, own: _Side, other: _Side) -> Floats:
    """beta^2 without each member of one side: its own cells go, the other side's sums shrink by them."""
    size = len(own.n)
    shrunk = sum_by(own.codes, 2 * other.total[other.codes] * E - E**2, size)
    thinned = sum_by(own.codes, 2 * other.n[other.codes] - 1, size)
    above = (E.sum() - own.total) ** 2 - ((own.total**2).sum() - own.total**2)
    above += -((other.total**2).sum() - shrunk) + (E**2).sum() - own.squares
    pairs = (len(E) - own.n) ** 2 - ((own.n**2).sum() - own.n**2) - ((other.n**2).sum() - thinned)
    pairs += len(E) - own.n
    return np.asarray(np.divide(above, pairs, out=np.full(size, np.nan), where=pairs > 0), dtype=np.float64)


def _cross(total: Floats, squares: Floats, n: Floats) -> Floats:
    """Mean product of two different judges' errors on a case; 0 where fewer than two are left."""
    pairs = n * (n - 1)
    return np.divide(total**2 - squares, pairs, out=np.zeros_like(total), where=n >= 2)
