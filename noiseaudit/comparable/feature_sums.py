"""A case feature as columns demeaned by pool, and the sums of them that the test of assignment needs.

A number is one column; a number with missing values two (0 where missing, and who misses); categories are one column
each, missing among them. Sums come from cases, or from tables that were counted up by judge and pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.comparable.dealing import Dealing, Dealt

_RANK = 1e-9  # of the largest: columns with less variance of their own say nothing
_ROUNDING = 1e-13  # of the largest value: what a difference from the mean must pass to be one
_POOLS = 1_000_000  # numbers held at a time where pools are taken one by one


@dataclass(frozen=True)
class FeatureSums:
    """Of q columns z demeaned by pool.

    b: (J, q) judge sums; T: (q, q) within-pool sums of squares and products; W: (q, rank) with WW' = T+.
    m, v: (P,) trace and squared norm of each pool's covariance of the columns zW sqrt(n), which over all pools is
    the identity; n = N - P. fourth: mean of the squared squared length of zW sqrt(n); None where cases are not known.
    decision: (J,) judge sums of the decision demeaned by pool, and its products with the columns (q,).
    """

    dealing: Dealing
    b: Floats
    T: Floats
    W: Floats
    m: Floats
    v: Floats
    fourth: float | None = None
    decision: tuple[Floats, Floats] | None = None


def of_columns(columns: Floats, dealt: Dealt, *, y: Floats | None) -> FeatureSums:
    """From (R, q) columns demeaned by pool, and the decision (R,) of the same cases."""
    dealing = dealt.dealing
    b = np.stack([sum_by(dealt.judge, column, dealing.J) for column in columns.T], axis=1)
    T = columns.T @ columns
    W = whitening(T)
    white = columns @ W
    n, rank = dealing.N - dealing.P, W.shape[1]
    own = np.empty((dealing.P, rank, rank))
    for k in range(rank):
        for other in range(k + 1):
            own[:, k, other] = own[:, other, k] = sum_by(dealt.pool, white[:, k] * white[:, other], dealing.P)
    m, v = _spread(own, dealing)
    fourth = float(((white**2).sum(axis=1) ** 2).mean()) * n**2
    decision = None
    if y is not None:
        centred = demeaned(y[:, None], dealt)[:, 0]
        decision = sum_by(dealt.judge, centred, dealing.J), np.asarray(columns.T @ centred)
    return FeatureSums(dealing, b, T, W, m, v, fourth, decision)


def of_categories(codes: Codes, number: int, dealt: Dealt, *, y: Floats | None) -> FeatureSums:
    """From (R,) codes of `number` categories, and the decision (R,) of the same cases."""
    dealing = dealt.dealing
    by_judge = np.bincount(dealt.judge * number + codes, minlength=dealing.J * number).reshape(-1, number)
    by_pool = np.bincount(dealt.pool * number + codes, minlength=dealing.P * number).reshape(-1, number)
    decision = None
    if y is not None:
        centred = demeaned(y[:, None], dealt)[:, 0]
        decision = sum_by(dealt.judge, centred, dealing.J), sum_by(codes, centred, number)
    return of_counts(dealing, by_judge.astype(np.float64), by_pool.astype(np.float64), decision=decision)


def of_counts(
    dealing: Dealing, by_judge: Floats, by_pool: Floats, *, decision: tuple[Floats, Floats] | None = None
) -> FeatureSums:
    """From counts of categories by judge (J, K) and by pool (P, K).  T = sum_p diag(count_p) - count_p count_p'/n_p."""
    share = by_pool / dealing.per_pool[:, None]
    count = by_pool.sum(axis=0)
    T = np.diag(count) - by_pool.T @ share
    W, n = whitening(T), dealing.N - dealing.P
    own = np.empty((dealing.P, W.shape[1], W.shape[1]))
    step = max(1, _POOLS // max(1, W.size))
    for begin in range(0, dealing.P, step):
        counts = by_pool[begin : begin + step]
        mean = counts @ W
        own[begin : begin + step] = np.einsum("pk,kq,kr->pqr", counts, W, W, optimize=True)
        own[begin : begin + step] -= np.einsum("pq,pr->pqr", mean, mean / dealing.per_pool[begin : begin + step, None])
    white = W - (count / dealing.N) @ W
    fourth = float((white**2).sum(axis=1) ** 2 @ count / dealing.N) * n**2
    m, v = _spread(own, dealing)
    return FeatureSums(dealing, dealing.demeaned(by_judge, share), T, W, m, v, fourth, decision)


def of_cells(dealing: Dealing, mean: Floats, m2: Floats) -> FeatureSums:
    """From the mean and the sum of squared deviations of a number in every cell of `dealing`."""
    shifted = mean - np.average(mean, weights=dealing.n)
    pool_mean = sum_by(dealing.pool, dealing.n * shifted, dealing.P) / dealing.per_pool
    left = shifted - pool_mean[dealing.pool]
    left[np.abs(left) <= _ROUNDING * np.abs(mean).max(initial=0.0)] = 0.0
    squares = sum_by(dealing.pool, m2 + dealing.n * left**2, dealing.P)
    T = np.array([[squares.sum()]])
    W = whitening(T)
    m, v = _spread(squares[:, None, None] * (W @ W.T if W.size else 0.0), dealing)
    return FeatureSums(dealing, sum_by(dealing.judge, dealing.n * left, dealing.J)[:, None], T, W, m, v)


def numbers(value: Floats, dealt: Dealt) -> Floats:
    """(R, 1) a number demeaned by pool; with missing values (R, 2): 0 for them, and who misses, demeaned by pool."""
    missing = ~np.isfinite(value)
    if not missing.any():
        return demeaned(value[:, None], dealt)
    P, present = dealt.dealing.P, ~missing
    known = np.bincount(dealt.pool[present], minlength=P)
    total = sum_by(dealt.pool[present], value[present], P)
    centred = np.where(missing, 0.0, value - (total / np.maximum(known, 1))[dealt.pool])
    return demeaned(np.stack([centred, missing.astype(np.float64)], axis=1), dealt)


def demeaned(columns: Floats, dealt: Dealt) -> Floats:
    """(R, q) columns minus their pool means."""
    size = dealt.dealing.per_pool
    shifted = columns - columns[:1]
    if len(size) == 1:
        left = shifted - shifted.mean(axis=0)
    else:
        means = np.stack([sum_by(dealt.pool, column, len(size)) / size for column in shifted.T], axis=1)
        left = shifted - means[dealt.pool]
    left[np.abs(left) <= _ROUNDING * np.abs(shifted).max(axis=0, initial=0.0)] = 0.0
    return np.asarray(left, dtype=np.float64)


def whitening(T: Floats) -> Floats:
    """(q, rank) W with W'TW = 1 and WW' = T+, whatever the units of the columns."""
    size = np.sqrt(np.maximum(np.diag(T), 0.0))
    if not size.any():
        return np.zeros((len(T), 0))
    safe = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(T / np.outer(safe, safe))
    use = values > _RANK * values.max()
    return np.asarray(vectors[:, use] / np.sqrt(values[use]) / safe[:, None], dtype=np.float64)


def _spread(own: Floats, dealing: Dealing) -> tuple[Floats, Floats]:
    """m, v of `FeatureSums` from the pools' sums of squares and products of zW, (P, rank, rank)."""
    scale = (dealing.N - dealing.P) / np.maximum(dealing.per_pool - 1, 1)
    return np.einsum("pqq->p", own) * scale, np.einsum("pqr,pqr->p", own, own) * scale**2
