"""Did professionals get the same kind of cases? A test of chance for every case feature, and how uneven it is.

With the feature as q columns z demeaned by pool (one for a number, one an entry for categories):

    b_j = judge sums ;  B = b'A+ b ;  T = within-pool sums of squares and products ;  lhat = A+ b
    V = trace(T+ B)   (one column: V = SSB/SST) ;  h = J - G ;  e = N - J - P + G
    F = V/(s - V) (2n + s + 1)/(2m + s + 1) on (s(2m + s + 1), s(2n + s + 1)) degrees of freedom,
        s = min(q, h), m = (|q - h| - 1)/2, n = (e - q - 1)/2   (one column: F = [SSB/h]/[(SST - SSB)/e] on (h, e))
    eta^2 = [sum lhat lhat' - S trace A+]/h in SDs within pools ,   S = (T - B)/e

p from F where there are 30 cases or more for each professional; with fewer, labels of professionals are permuted
within pools. Judges are compared through A because they do not serve in all pools alike: raw means of z with
J - 1 degrees of freedom never reject where judges are nested in pools. Pillai (1955); Box & Andersen (1955).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.comparable.dealing import Dealing, Dealt, deal
from noiseaudit.comparable.feature_sums import (
    FeatureSums,
    demeaned,
    numbers,
    of_categories,
    of_cells,
    of_columns,
    of_counts,
    whitening,
)
from noiseaudit.distributions import f_tail
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import few_judges
from noiseaudit.result import Assignment, Balance

MANY_CASES = 30  # cases per professional from which F takes the place of permutations
_KURTOSIS_FLOOR = 2.0
_DEPARTURE = 0.05  # from the mean and variance of V under normal columns, up to which F stays as it is
_DRAWN = 2_000_000  # numbers permuted at a time

Column = npt.ArrayLike | pd.Series


def balance_of(
    z: Column,
    judge: Column,
    pool: Column | None = None,
    *,
    feature: str,
    decision: Column | None = None,
    effect: float | None = None,
    permutations: int = 999,
    seed: int = 0,
) -> Balance | NotIdentified:
    """How unevenly a feature is spread over professionals, from cases.

    z: (R,) numbers (NaN: missing, tested as well), or anything else as categories (missing is one of them).
    judge, pool: (R,) labels; cases without either, and of professionals with one case, are left out. decision: (R,)
    gives `effect`, the change of the decision with one SD of z at one professional and pool. Of several columns (with
    missing values, or categories) eta is that of what they predict for the decision; without `decision`, the root
    mean square over all directions. effect: known from elsewhere. p_adjusted is p; see `holm`.
    """
    dealt = deal(judge, pool)
    return _balance_of(z, dealt, feature=feature, decision=decision, effect=effect, draws=permutations, seed=seed)


def balance_from_sums(
    n: Floats,
    mean: Floats,
    m2: Floats,
    *,
    judge: Codes,
    pool: Codes | None = None,
    feature: str,
    effect: float | None = None,
) -> Balance | NotIdentified:
    """The same for a number that was summed up by judge and pool; always by F.

    n, mean, m2: (cells,) number of cases, their mean and sum of squared deviations from it, each (judge, pool) once.
    judge, pool: (cells,) codes from 0. Raises ValueError for unequal lengths or a cell that stands there twice.
    """
    if not len(n) == len(mean) == len(m2) == len(judge):
        raise ValueError("n, mean, m2 and judge must have one entry per cell")
    pools = np.zeros(len(judge), dtype=np.intp) if pool is None else pool
    dealing = Dealing.of(judge, pools, n=n)
    order = np.lexsort((pools, judge))
    if len(dealing.n) != len(n):
        raise ValueError("each judge and pool must stand there once")
    return _found(of_cells(dealing, mean[order], m2[order]), feature=feature, effect=effect)


def balance_from_counts(
    count: Floats, *, judge: Codes, pool: Codes | None = None, feature: str, effect: float | None = None
) -> Balance | NotIdentified:
    """The same for categories that were counted by judge and pool: count (cells, K); always by F."""
    pools = np.zeros(len(judge), dtype=np.intp) if pool is None else pool
    dealing = Dealing.of(judge, pools, n=count.sum(axis=1))
    by_judge = np.stack([sum_by(judge, column, dealing.J) for column in count.T], axis=1)
    by_pool = np.stack([sum_by(pools, column, dealing.P) for column in count.T], axis=1)
    return _found(of_counts(dealing, by_judge, by_pool), feature=feature, effect=effect)


def assignment_of(
    features: Mapping[str, Column],
    judge: Column,
    *,
    pool: Column | None = None,
    predicted: Column | None = None,
    decision: Column | None = None,
    declared: bool = False,
    permutations: int = 999,
    seed: int = 0,
) -> Assignment:
    """Balance of the predicted decision and of every feature, Holm over the features.

    features: name -> (R,) column; those that cannot be tested are left out. predicted: (R,) decision predicted from
    the features, for cases that the model did not see. The rest as in `balance_of`.
    """
    dealt = deal(judge, pool)

    def balance(z: Column, name: str) -> Balance | NotIdentified:
        return _balance_of(z, dealt, feature=name, decision=decision, effect=None, draws=permutations, seed=seed)

    found = [balance(z, name) for name, z in features.items()]
    lead = balance(predicted, "predicted") if predicted is not None else NotIdentified.of("no_features")
    return Assignment(declared, lead, holm([one for one in found if isinstance(one, Balance)]))


def holm(balances: Sequence[Balance]) -> tuple[Balance, ...]:
    """The same balances with p_adjusted by Holm's method over all of them."""
    from statsmodels.stats.multitest import multipletests

    if not balances:
        return ()
    adjusted = multipletests([one.p for one in balances], method="holm")[1]
    return tuple(replace(one, p_adjusted=float(p)) for one, p in zip(balances, adjusted, strict=True))


def _balance_of(
    z: Column,
    dealt: Dealt | None,
    *,
    feature: str,
    decision: Column | None,
    effect: float | None,
    draws: int,
    seed: int,
) -> Balance | NotIdentified:
    if dealt is None:
        return NotIdentified.of("one_case_each")
    column = np.asarray(z)
    y = None if decision is None else np.asarray(decision, dtype=np.float64)[dealt.keep]
    if column.dtype.kind in "biuf":
        columns = numbers(column[dealt.keep].astype(np.float64), dealt)
        sums = of_columns(columns, dealt, y=y)
    else:
        codes, names = pd.factorize(pd.Series(column[dealt.keep]), use_na_sentinel=False)
        sums = of_categories(codes, len(names), dealt, y=y)
    found = _found(sums, feature=feature, effect=effect)
    if isinstance(found, NotIdentified) or dealt.dealing.N >= MANY_CASES * dealt.dealing.J:
        return found
    if column.dtype.kind not in "biuf":
        columns = demeaned(np.eye(len(names))[codes], dealt)
    p = _permuted(columns @ sums.W, dealt, draws=draws, seed=seed)
    return replace(found, p=p, p_adjusted=p, method="permutation")


def _found(sums: FeatureSums, *, feature: str, effect: float | None) -> Balance | NotIdentified:
    """The balance by F, with p_adjusted = p; or why there is none."""
    dealing, rank = sums.dealing, sums.W.shape[1]
    if dealing.J < 2:
        return NotIdentified.of("single_judge")
    if dealing.between < 1:
        return NotIdentified.of("no_shared_pool")
    if rank == 0:
        return NotIdentified.of("one_value")
    if dealing.within <= rank:
        return NotIdentified.of("one_case_each")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        V, s = float(dealing.squares(sums.b @ sums.W).sum()), min(rank, dealing.between)
        if s - V <= 1e-12 * s:
            return NotIdentified.of("of_judge")
        df = _degrees(sums)
        f = V / (s - V) * df[1] / df[0]
        eta, high, change = _unevenness(sums)
    p = float(f_tail(f, *df))
    return Balance(feature, eta, high, f, df, p, p, "F", effect if effect is not None else change)


def _degrees(sums: FeatureSums) -> tuple[float, float]:
    """Degrees of freedom of F: Pillai's, unless V then has another mean or variance than under permutation in pools.

        mean V = sum_p h_p m_p/n ;  D = sum_j (1 - n_j/N_g)^2/n_j - h^2/n ;  h_p = trace(A+ C_p)
        var V  = that of Pillai's F times  sum_p h_p v_p/(q h) + k D (n + 2)/(2 q h e)
        k      = fourth - sum_p (n_p/N)(2 v_p + m_p^2) ;  n = h + e

    They differ where pools differ in spread, and where values are extreme and some judges have few cases. V/s is then
    taken to be Beta with that mean and variance. The first term of the variance is exact for nested judges, else a
    bound from above.
    """
    dealing, q = sums.dealing, sums.W.shape[1]
    h, e = dealing.between, dealing.within
    n, s = h + e, min(q, h)
    df = float(s * max(q, h)), float(s * (e - q + s))
    mean, size = df[0] / (df[0] + df[1]), df[0] + df[1]
    variance = mean * (1 - mean) / (size / 2 + 1)
    block = sum_by(dealing.component, dealing.per_judge, dealing.G)[dealing.component]
    D = float(((1 - dealing.per_judge / block) ** 2 / dealing.per_judge).sum()) - h**2 / n
    share = dealing.per_pool / dealing.N
    excess = 0.0 if sums.fourth is None else sums.fourth - float(share @ (2 * sums.v + sums.m**2))
    own, spread = float(dealing.by_pool @ sums.m) / (q * h), float(dealing.by_pool @ sums.v) / (q * h)
    ratio = max(0.1, spread + excess * max(D, 0.0) * (n + 2) / (2 * q * h * e))
    if abs(own - 1) <= _DEPARTURE and abs(ratio - 1) <= _DEPARTURE:
        return df
    mean = min(mean * own, 0.5)
    total = max(mean * (1 - mean) / (variance * ratio) - 1, 1e-3)
    return 2 * mean * total, 2 * (1 - mean) * total


def _unevenness(sums: FeatureSums) -> tuple[float, float | None, float | None]:
    """eta, the upper end of its 95 % interval, and the effect of one SD on the decision."""
    dealing, n, W = sums.dealing, sums.dealing.N - sums.dealing.P, sums.W
    h, q = dealing.between, sums.W.shape[1]
    levels = dealing.levels(sums.b)
    residual = sums.T - sums.b.T @ levels  # within professionals and pools
    noise = residual / dealing.within * dealing.trace / h
    spread = levels.T @ levels / h - noise
    change: float | None = None
    slope = np.zeros(len(sums.T))
    if sums.decision is not None:
        own = whitening(residual)
        slope = own @ (own.T @ (sums.decision[1] - levels.T @ sums.decision[0]))
        change = math.sqrt(max(float(slope @ sums.T @ slope) / n, 0.0))
    if change and q > 1:
        eta2, vb = (float(slope @ part @ slope) / change**2 for part in (spread, noise))
    else:
        eta2, vb = (float(np.trace(W.T @ part @ W)) * n / q for part in (spread, noise))
        h *= q
    if change and q == 1:
        change = math.copysign(change, float(slope.sum()))
    high = None
    if dealing.J >= 3:
        high = few_judges(eta2, noise=vb, df=h, kurtosis_floor=_KURTOSIS_FLOOR, confidence=0.95)
    return math.sqrt(max(eta2, 0.0)), None if high is None else math.sqrt(high[1]), change


def _permuted(columns: Floats, dealt: Dealt, *, draws: int, seed: int) -> float:
    """p of V among its values with judge labels permuted within pools; columns (R, q) are z W."""
    dealing, generator = dealt.dealing, np.random.default_rng(seed)
    order = np.lexsort((dealt.judge, dealt.pool))
    columns, judge, pool = columns[order], dealt.judge[order], dealt.pool[order]
    begins = np.flatnonzero(np.r_[True, np.diff(pool) != 0, True])
    starts = [np.flatnonzero(np.r_[True, np.diff(judge[a:z]) != 0]) for a, z in pairwise(begins)]
    owners = [judge[a + first] for (a, _), first in zip(pairwise(begins), starts, strict=True)]
    observed = _trace(dealing, [sum_by(judge, column, dealing.J)[:, None] for column in columns.T])[0]
    step, larger = max(1, _DRAWN // len(judge)), 0
    for begin in range(0, draws, step):
        many = min(step, draws - begin)
        sums = [np.zeros((dealing.J, many)) for _ in columns.T]
        for (a, z), first, owner in zip(pairwise(begins), starts, owners, strict=True):
            place = generator.permuted(np.tile(np.arange(a, z), (many, 1)), axis=1)
            for column, total in zip(columns.T, sums, strict=True):
                total[owner] += np.add.reduceat(column[place], first, axis=1).T
        larger += int((_trace(dealing, sums) >= observed * (1 - 1e-9)).sum())
    return (1 + larger) / (1 + draws)


def _trace(dealing: Dealing, sums: list[Floats]) -> Floats:
    return np.asarray(sum(dealing.squares(b) for b in sums), dtype=np.float64)
