"""Error against a known truth: MSE = bias^2 + shared case bias + noise^2.

    E_ij = x_ij - t_i = beta + kappa_i + l_j + s_ij + o ;  MSE = beta^2 + Var(kappa) + L + S + O
    MSE   = mean over cells of (x - t)^2 + q/m
    cross = mean_i [ (sum_j E_ij)^2 - sum_j E_ij^2 ] / (n_i (n_i - 1))           (unbiased for beta^2 + Var kappa)
    beta^2 = mean of E E' over ordered pairs of different case AND different judge ;  Var kappa = cross - beta^2
    se(beta)^2 = L+ sum n_j^2/N^2 + max(0, Var kappa) sum n_i^2/N^2 + P/N

"MSE = bias^2 + noise^2" holds per case; over many cases the bias that all judges share on a case is a third term.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from noiseaudit.aggregates import Cells
from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Accuracy, Estimate, Figure, Interval


def measure_accuracy(
    cells: Cells, estimate: PanelEstimate, *, unit: str | None, confidence: float
) -> Accuracy | NotIdentified:
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
    squared = (E.sum() ** 2 - (by_case**2).sum() - (by_judge**2).sum() + (E**2).sum()) / pairs
    kappa = cross - float(squared)
    t = float(stats.t.ppf(0.5 + confidence / 2, min(J, C) - 1))
    level = max(0.0, estimate.level.variance) if isinstance(estimate.level, Estimate) else 0.0
    pattern = max(0.0, estimate.pattern.variance) if isinstance(estimate.pattern, Estimate) else mse
    se = math.sqrt(level * float((n_j**2).sum()) / N**2 + max(0.0, kappa) * float((n_i**2).sum()) / N**2 + pattern / N)
    return Accuracy(
        mse=_mse_figure(mse, unit, _mse_interval(z - mse, mse, case, judge, t)),
        bias=Figure(beta, unit, (beta - t * se, beta + t * se)),
        shared_case_bias=_case_bias(E, case, judge, kappa, t),
        noise=estimate.system,
    )


def _mse_figure(mse: float, unit: str | None, interval: Interval | None) -> Figure:
    squared = None if unit is None else f"{unit}²"
    return Figure(mse, squared, interval, None if interval else "at_boundary")


def _dense(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)


def _mse_interval(z: Floats, mse: float, case: Codes, judge: Codes, t: float) -> tuple[float, float] | None:
    """exp(log MSE -+ t sqrt(V)/MSE) with V = max(V_J, V_C, V_J + V_C - V_cell)."""
    if mse <= 0:
        return None
    N = len(z)

    def clustered(codes: Codes) -> float:
        groups = int(codes.max()) + 1
        return groups / (groups - 1) * float((np.bincount(codes, z) ** 2).sum()) / N**2

    by_judge, by_case, by_cell = clustered(judge), clustered(case), float((z**2).sum()) / N**2
    reach = t * math.sqrt(max(by_judge, by_case, by_judge + by_case - by_cell)) / mse
    return mse * math.exp(-reach), mse * math.exp(min(reach, 700.0))


def _case_bias(E: Floats, case: Codes, judge: Codes, kappa: float, t: float) -> Estimate:
    """Var kappa with delete-one values over judges and over cases, V_J + V_C, limits +- t; approximate."""
    spread = 0.0
    for values in _without_one(E, case, judge):
        usable = values[np.isfinite(values)]
        if len(usable) < 2:
            return Estimate(kappa, None, interval_reason="too_few_judges")
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
