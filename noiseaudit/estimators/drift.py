"""Drift: which periods lie outside what chance allows, in the mean and in level noise.

MEAN. With an effect of every judge, so that a change of who works does not look like drift:

    r = rbar + l_j + g_t + e ;   A = diag(n_t) - sum_j n_j n_j'/N_j ,  b = sum_j n_jt (rbar_jt - rbar_j) ,  g = A+ b
    limits = centre -+ t_{.999, df} sqrt(V_t) ,   V_t = (J - 1)/J sum_j (g_(j)t - mean g_t)^2 ,   sum_t n_t g_t = 0

n_j: (T,) decisions of judge j by period, N_j their sum. The jackknife over judges makes the limits hold although a
judge's own level wanders: a period is outside when more moved than single judges. df = (sum q)^2/sum q^2 - 1 with q_jt
the part that judge j has in V_t under equal variances: with J - 1 too many periods lie outside as soon as judges are
unequally busy. Periods are compared where two judges or more link them: the centre is then the mean of the
periods that hang together.

LEVEL NOISE. An exponentially weighted moving average (Roberts, 1959) of L_t, as far as it lies from its mean:

    E_t = .2 (L_t - mean L) + .8 E_{t-1} ,  E_0 = 0 ;   outside when |E_t| > t_{.999, mean judges - 1} SE(E_t)

SE by jackknife over judges of E_t itself, which counts that the same judges serve in all periods. Of L_t, signed, and
not of its square root: where level noise is small the root, cut off at 0, gives more false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import t_quantile
from noiseaudit.estimators.jackknife import effective_df
from noiseaudit.estimators.log_level import left_out_levels, sampling_variance
from noiseaudit.estimators.periods import JudgePeriods

CONTROL = 0.998  # of the two limits together: the usual three standard errors, 3.09
WEIGHT = 0.2  # of the newest period in the moving average
LEAST_PERIODS = 3  # of a moving average: with two, both lie as far from their mean
_ROUNDING = 1e-12  # of the largest mean: what computing alone may move a period
_BLOCK = 4_000_000  # numbers of the leave-one-out systems held at a time

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PeriodMeans:
    """(T,) mean of each period in decision units, net of who worked, and half the width of its limits.

    centre: (T,) of the periods that hang together; reach: NaN where a period hangs together with none.
    """

    mean: Floats
    centre: Floats
    reach: Floats

    @property
    def outside(self) -> Mask:
        """(T,) whether the mean lies outside its limits."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.mean - self.centre) > self.reach


def period_means(periods: JudgePeriods) -> PeriodMeans:
    """Means of the T periods and 99.8 % control limits."""
    active = (periods.n > 0).astype(np.float64)
    linked = sparse.csr_array(active.T @ active >= 2)
    block = csgraph.connected_components(linked, directed=False)[1]
    T = len(block)
    mean, centre, half = np.empty(T), np.empty(T), np.full(T, np.nan)
    for one in range(int(block.max()) + 1):
        here = block == one
        n, r = periods.n[:, here], periods.mean[:, here]
        centre[here] = mean[here] = (n * r).sum() / n.sum()
        if here.sum() > 1:
            effect, half[here] = _effects(n, r)
            mean[here] += effect
    return PeriodMeans(mean, centre, half)


def _effects(n: Floats, r: Floats) -> tuple[Floats, Floats]:
    """(T,) period effects g and the reach of their limits, from counts and means (J, T) of linked periods."""
    weight = n.sum(axis=0) / n.sum()
    moves = (n > 0).sum(axis=1) >= 2
    n, r = n[moves], r[moves]
    J, T = n.shape
    N = n.sum(axis=1)
    b_j = n * (r - ((n * r).sum(axis=1) / N)[:, None])
    A, b = np.diag(n.sum(axis=0)) - n.T @ (n / N[:, None]), b_j.sum(axis=0)
    effect = _solve(A, b, weight)
    left, step = np.empty((J, T)), max(1, _BLOCK // T**2)
    for at in range(0, J, step):
        part = n[at : at + step]
        A_j = part[:, :, None] * (np.eye(T) - (part / N[at : at + step, None])[:, None, :])
        left[at : at + step] = _solve(A - A_j, b - b_j[at : at + step], weight)
    error = np.sqrt((J - 1) / J * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    inverse = np.zeros((T, T))
    inverse[1:, 1:] = np.linalg.inv(A[1:, 1:])
    contrast = inverse @ (np.eye(T) - weight).T
    parts = n @ contrast**2 - (n @ contrast) ** 2 / N[:, None]
    limit = t_quantile(0.5 + CONTROL / 2, effective_df(parts)) * error
    return effect, np.maximum(limit, _ROUNDING * float(np.abs(r).max()))


def _solve(A: Floats, b: Floats, weight: Floats) -> Floats:
    """Effects (..., T) of A g = b, the first set to 0, then all moved to weighted mean 0."""
    g = np.zeros(b.shape)
    g[..., 1:] = np.linalg.solve(A[..., 1:, 1:], b[..., 1:, None])[..., 0]
    return np.asarray(g - (g @ weight)[..., None])


def level_signals(periods: JudgePeriods) -> Mask:
    """(T,) whether the moving average of level noise lies outside its limits; False where it is not known.

    Periods count with three judges of two decisions or more; three such periods are needed.
    """
    counts = (periods.n >= 2).sum(axis=0)
    known = np.flatnonzero(counts >= 3)
    outside = np.zeros(len(counts), dtype=bool)
    if len(known) < LEAST_PERIODS:
        return outside
    level, left = np.empty(len(known)), np.empty((len(periods.n), len(known)))
    for k, t in enumerate(known):
        use = periods.n[:, t] >= 2
        mean, v = periods.mean[use, t], sampling_variance(periods.n[use, t], periods.m2[use, t])
        level[k] = left[:, k] = mean.var(ddof=1) - v.mean()
        left[use, k] = left_out_levels(mean, v)
    lag = np.subtract.outer(np.arange(len(known)), np.arange(len(known)))
    average = np.where(lag >= 0, WEIGHT * (1 - WEIGHT) ** np.maximum(lag, 0), 0.0)
    average = average - average.mean(axis=1, keepdims=True)  # of L - mean L
    J = int((periods.n[:, known] >= 2).any(axis=1).sum())
    moved = (left - level) @ average.T  # 0 for a judge who takes no part
    error = np.sqrt((J - 1) / J * ((moved**2).sum(axis=0) - moved.sum(axis=0) ** 2 / J))
    limit = float(t_quantile(0.5 + CONTROL / 2, counts[known].mean() - 1)) * error
    outside[known] = np.abs(average @ level) > np.maximum(limit, _ROUNDING * float(np.abs(level).max()))
    return outside
