"""The case-mix model: what a case by itself predicts, learnt within professionals, never from who decides.

    1  least squares within judges on a basis of the features (alone and in pairs)   -> offsets o_j
    2  any regressor g on (x, y - o_j), cross-fitted over folds of cases             -> f_i
    3  least squares within judges on (basis, f)                                     -> r_i = y_i - z_i'beta
    v_j = s2 (1/n_j + (zbar_j - zbar)' W^- (zbar_j - zbar))
    unseen_i = z_i'beta_k     beta_k: step 3 without the fold of row i

Step 1 finds the offsets at once, where back-fitting needs many rounds as soon as judges see different cases; step 2
adds what a basis misses; step 3 is the Frisch-Waugh step for both, and its v_j holds the noise of beta.

Whether cases differ between judges is tested on `unseen`. The noise of beta, s2 W^-, leans to directions in which cases
happen to differ little within judges. So z'beta of the same rows differs between judges by up to e/(e - q - 1) too
much (e rows and q columns), the more the less the features tell (docs/validity_assignment.md).

Robinson (1988); Chernozhukov et al. (2018); the comparison with back-fitting is in docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, Moments, grouped
from noiseaudit.comparable.basis import MOST_COLUMNS, ROWS_A_COLUMN, Basis, pieces
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.within_judges import WithinFit, WithinSums, fit_within

_MANY_ROWS = 200_000  # below, threads of a learner cost more than they bring: on a busy machine 50 times as much
_FEWEST_ROWS = 300  # below, a regressor that is fitted to four fifths of the rows adds noise only


class Regressor(Protocol):
    """What scikit-learn calls a regressor: fit(X, y) and predict(X)."""

    def fit(self, X: Floats, y: Floats, /) -> object:
        """Learn y from X."""

    def predict(self, X: Floats, /) -> Floats:
        """Predictions for X."""


@dataclass(frozen=True)
class CaseMix:
    """adjusted: (R,) decisions with the differences between cases taken off; predicted: (R,) what was taken off.

    unseen: (R,) the same from a fit to the other folds, to test how cases differ between judges. explained: share of
    the variance within judges that the cross-fitted prediction explains in rows that it did not see (None without a
    learner). rank: columns that were fitted. spread: (J,) noise of a judge's mean due to beta, per
    unit of s2. learner: how it is called.
    """

    adjusted: Floats
    predicted: Floats
    unseen: Floats
    explained: float | None
    rank: int
    spread: Floats
    learner: str | None

    def judge_moments(self, judge: Codes, judges: int) -> Moments:
        """n, mean and M2 of the adjusted decisions of every judge."""
        return grouped(judge, judges, np.ones(len(judge)), self.adjusted[:, None], np.zeros((len(judge), 1)))


def default_learner(categories: npt.NDArray[np.bool_]) -> Regressor:
    """Gradient-boosted trees that keep leaves of 20 rows or more and treat missing values as they are."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    learner: Regressor = HistGradientBoostingRegressor(
        min_samples_leaf=20,
        early_stopping=False,
        categorical_features=categories if categories.any() else None,
        random_state=0,
    )
    return learner


def adjust(
    decision: Floats,
    table: FeatureTable,
    judge: Codes,
    *,
    pool: Codes | None = None,
    unit: Codes | None = None,
    learner: Regressor | None = None,
    folds: int = 5,
    seed: int = 0,
) -> CaseMix:
    """Take the differences between cases off the decisions (R,).

    table: features that vary within judges. pool: cases are dealt out inside it. unit: rows of one case or person stay
    in one fold. learner: any regressor; None for boosted trees, and for none at all below 300 rows.
    """
    judges = int(judge.max()) + 1
    group, groups = judge, judges
    if pool is not None:
        _, group = np.unique(judge.astype(np.int64) * (int(pool.max()) + 1) + pool, return_inverse=True)
        groups = int(group.max()) + 1
    centre = float(decision.mean())
    y = decision - centre
    fold = _folds(len(y) if unit is None else unit, len(y), folds, seed)
    basis = Basis.of(table, most=min(MOST_COLUMNS, max(0, (len(y) - groups) // ROWS_A_COLUMN)))
    predicted: Floats | None = None
    name = None
    if len(y) >= _FEWEST_ROWS and len(table.features):
        from threadpoolctl import threadpool_limits

        parts = [_sums(basis, table, y, group, groups, rows=np.flatnonzero(fold == k)) for k in range(folds)]
        total = reduce(add, parts)
        predicted = np.empty(len(y))
        # trees put categories that are too rare to split on with one side: this makes yes/no turned round the same
        turn = 1.0 if (y**3).sum() >= 0 else -1.0
        for k, part in enumerate(parts):
            held = fold == k
            offsets = _offsets(fit_within(total - part), total - part)
            model = _fresh(learner, table)
            name = type(model).__name__
            training = ~held
            with threadpool_limits(limits=1 if len(y) < _MANY_ROWS else None, user_api="openmp"):
                model.fit(table.values[training], turn * (y[training] - offsets[group[training]]))
                predicted[held] = turn * model.predict(table.values[held])
    held_rows = [rows for k in range(folds) if len(rows := np.flatnonzero(fold == k))]
    last = [_sums(basis, table, y, group, groups, rows=rows, predicted=predicted) for rows in held_rows]
    sums = reduce(add, last)
    fit = fit_within(sums)
    taken, unseen = np.empty(len(y)), np.empty(len(y))
    for held_out, part in zip(held_rows, last, strict=True):
        betas = np.column_stack([fit.beta, fit_within(sums - part).beta])
        for rows, columns in _pieces(basis, table, predicted, held_out):
            taken[rows], unseen[rows] = (columns @ betas).T
    return CaseMix(
        adjusted=decision - (taken - taken.mean()),
        predicted=taken + centre,
        unseen=unseen + centre,
        explained=None if predicted is None else _explained(y, predicted, group, groups),
        rank=fit.rank,
        spread=_spread(fit, sums) if pool is None else np.zeros(judges),
        learner=name,
    )


def expected_share(
    group: Floats,
    table: FeatureTable,
    *,
    unit: Codes | None = None,
    learner: Regressor | None = None,
    most: int = 20_000,
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """(R,) what the features predict of a group (0 or 1), each row by a model that did not see it.

    Each model learns from at most `most` rows, which is cheap where there are many values. A shared gap of .3 in 60,000
    rows came out 1 % low with 20,000, 3 % with 10,000 and, of 12,000 rows, 7 % with 5,000: where rows are few, `adjust`
    is taken, which has the regression of the case-mix model in it.
    """
    from threadpoolctl import threadpool_limits

    fold = _folds(len(group) if unit is None else unit, len(group), folds, seed)
    generator, predicted = np.random.default_rng(seed), np.empty(len(group))
    for k in range(folds):
        training = np.flatnonzero(fold != k)
        if len(training) > most:
            training = np.sort(generator.choice(training, most, replace=False))
        model = _fresh(learner, table)
        with threadpool_limits(limits=1 if len(group) < _MANY_ROWS else None, user_api="openmp"):
            model.fit(table.values[training], group[training])
            predicted[fold == k] = model.predict(table.values[fold == k])
    return predicted


def _fresh(learner: Regressor | None, table: FeatureTable) -> Regressor:
    if learner is None:
        return default_learner(table.categories)
    from sklearn.base import clone

    fresh: Regressor = clone(learner)
    return fresh


def _folds(unit: Codes | int, rows: int, folds: int, seed: int) -> Codes:
    """(R,) fold of every row, the same for all rows of a unit, of even size."""
    generator = np.random.default_rng(seed)
    if isinstance(unit, int):
        return np.asarray(generator.permutation(rows) % folds, dtype=np.intp)
    units, code = np.unique(unit, return_inverse=True)
    return np.asarray((generator.permutation(len(units)) % folds)[code], dtype=np.intp)


def _pieces(basis: Basis, table: FeatureTable, predicted: Floats | None, rows: Codes) -> Iterator[tuple[Codes, Floats]]:
    """Rows in blocks with their columns: those of the basis, and the prediction."""
    for piece in pieces(len(rows)):
        block = rows[piece]
        columns = basis.columns(table.values[block])
        yield block, columns if predicted is None else np.column_stack([columns, predicted[block]])


def _sums(
    basis: Basis,
    table: FeatureTable,
    y: Floats,
    group: Codes,
    groups: int,
    *,
    rows: Codes | None = None,
    predicted: Floats | None = None,
) -> WithinSums:
    every = np.arange(len(y)) if rows is None else rows
    parts = (
        WithinSums.of(columns, y[block], group[block], groups)
        for block, columns in _pieces(basis, table, predicted, every)
    )
    return reduce(add, parts)


def _offsets(fit: WithinFit, sums: WithinSums) -> Floats:
    """(G,) mean of y - z'beta of every group; 0 for groups with no row."""
    n = np.where(sums.n > 0, sums.n, 1.0)
    return np.asarray((sums.y - sums.z @ fit.beta) / n, dtype=np.float64)


def _spread(fit: WithinFit, sums: WithinSums) -> Floats:
    """(J,) (zbar_j - zbar)' W^- (zbar_j - zbar) over the judges with at least two rows."""
    mean = sums.z / np.where(sums.n > 0, sums.n, 1.0)[:, None]
    several = sums.n >= 2
    if several.any():
        mean = mean - mean[several].mean(axis=0)
    return np.asarray(((mean @ fit.inverse) * mean).sum(axis=1), dtype=np.float64)


def _explained(y: Floats, predicted: Floats, group: Codes, groups: int) -> float | None:
    """1 - SSW(y - gamma f)/SSW(y): within judges, f from rows that it did not see."""
    fit = fit_within(WithinSums.of(predicted[:, None], y, group, groups))
    n = np.maximum(np.bincount(group, minlength=groups), 1)

    def within(values: Floats) -> float:
        centred = values - (np.bincount(group, weights=values, minlength=groups) / n)[group]
        return float((centred**2).sum())

    whole = within(y)
    return 1.0 - within(y - fit.beta[0] * predicted) / whole if whole > 0 else None
