"""Comparable-case classes: an honest tree whose leaves are rules that a reader can check.

Grown on a sample of the log, on decisions from which the professionals' own levels were taken off first (least
squares within professionals), so that no split separates who decides; the classes are then applied to the other rows.
Honest trees: Athey & Imbens (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.basis import ROWS_A_COLUMN, Basis, pieces
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.rules import Leaf, Rules, Split
from noiseaudit.comparable.within_judges import WithinSums, fit_within

MOST_CLASSES = 30
MOST_ROWS = 200_000  # from which a tree is grown
_FEWEST_ROWS = 50  # of a class, in the sample
_ROWS_A_JUDGE = 2  # of a class, on average: a class is of use where several professionals meet in it


@dataclass(frozen=True)
class GrownTree:
    """The rules, and what each leaf predicts: its mean of the sample's decisions without the judges' levels (K,)."""

    rules: Rules
    predicted: Floats


def grow_classes(decision: Floats, table: FeatureTable, judge: Codes, *, most: int = MOST_CLASSES) -> GrownTree:
    """Classes of a sample: decision (R,) or (R, K), features that vary within judges, judge codes (R,)."""
    from sklearn.tree import DecisionTreeRegressor

    kept = np.arange(len(decision))
    if len(kept) > MOST_ROWS:
        kept = np.sort(np.random.default_rng(0).permutation(len(kept))[:MOST_ROWS])
    values, table, judge = decision.reshape(len(decision), -1)[kept], table.rows(kept), judge[kept]
    levelled = _without_levels(values - values.mean(axis=0), table, judge)
    coder = _Coder.of(table, levelled)
    least = max(_FEWEST_ROWS, _ROWS_A_JUDGE * int((np.bincount(judge) > 0).sum()))
    tree = DecisionTreeRegressor(
        max_leaf_nodes=max(2, most), min_samples_leaf=min(least, max(2, len(values) // 4)), random_state=0
    )
    coded = coder.coded(table.values)
    tree.fit(coded, levelled)
    if tree.tree_.node_count == 1:
        return GrownTree(Leaf(0), levelled.mean(axis=0)[None, :])
    reader = _Reader(table, coder, tree.tree_, coded)
    rules = reader.read(0, np.arange(len(values)), {})
    return GrownTree(rules, np.array(reader.predicted))


def _without_levels(decision: Floats, table: FeatureTable, judge: Codes) -> Floats:
    """Decisions (R, K) without the levels of the judges, found by least squares within judges."""
    judges = int(judge.max()) + 1
    basis = Basis.of(table, most=max(0, (len(decision) - judges) // ROWS_A_COLUMN))
    n = np.maximum(np.bincount(judge, minlength=judges), 1)
    levelled = decision.copy()
    for k, column in enumerate(decision.T):
        parts = (
            WithinSums.of(basis.columns(table.values[piece]), column[piece], judge[piece], judges)
            for piece in pieces(len(decision))
        )
        sums = reduce(add, parts)
        levelled[:, k] -= ((sums.y - sums.z @ fit_within(sums).beta) / n)[judge]
    return levelled


@dataclass(frozen=True)
class _Coder:
    """Categories as numbers in the order of their mean decision, a missing category as one of them."""

    order: dict[int, Floats]

    @classmethod
    def of(cls, table: FeatureTable, levelled: Floats) -> _Coder:
        order = {}
        target = levelled @ _direction(levelled)
        for place, feature in enumerate(table.features):
            if feature.is_category:
                code = _with_missing(table.values[:, place], len(feature.labels))
                count = np.bincount(code, minlength=len(feature.labels) + 1)
                mean = np.bincount(code, weights=target, minlength=len(feature.labels) + 1) / np.maximum(count, 1)
                order[place] = np.argsort(np.argsort(np.where(count > 0, mean, 0.0), kind="stable")).astype(np.float64)
        return cls(order)

    def coded(self, values: Floats) -> Floats:
        found = values.copy()
        for place, order in self.order.items():
            found[:, place] = order[_with_missing(values[:, place], len(order) - 1)]
        return found


def _direction(levelled: Floats) -> Floats:
    """(K,) first principal direction: of one column, itself."""
    if levelled.shape[1] == 1:
        return np.ones(1)
    _, vectors = np.linalg.eigh(levelled.T @ levelled)
    return np.asarray(vectors[:, -1], dtype=np.float64)


def _with_missing(values: Floats, labels: int) -> Codes:
    """Codes with `labels` for missing."""
    return np.where(np.isnan(values), labels, values).astype(np.intp)


class _Reader:
    """Turns a fitted tree into rules, with bounds as short as the sample allows."""

    def __init__(self, table: FeatureTable, coder: _Coder, tree: Any, coded: Floats) -> None:
        self.table, self.coder, self.tree, self.coded = table, coder, tree, coded
        self.predicted: list[Floats] = []

    def read(self, node: int, rows: Codes, allowed: dict[int, set[int]]) -> Rules:
        """Rules from this node down. rows: of the sample in it; allowed: labels that can still occur, by feature."""
        tree = self.tree
        place = int(tree.feature[node])
        if place < 0:
            self.predicted.append(np.asarray(tree.value[node][:, 0], dtype=np.float64))
            return Leaf(len(self.predicted) - 1)
        cut = float(tree.threshold[node])
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        column = self.coded[rows, place]
        goes = column <= cut
        goes |= np.isnan(column) & bool(tree.missing_go_to_left[node])
        feature = self.table.features[place]
        if not feature.is_category:
            known = ~np.isnan(column)
            bound = shortest_between(float(column[known & goes].max()), float(column[known & ~goes].min()))
            missing = bool(np.isnan(column[goes]).sum() >= np.isnan(column[~goes]).sum() and np.isnan(column).any())
            if not np.isnan(column).any():
                missing = bool(goes.sum() > (~goes).sum())
            return Split(feature.name, bound, (), missing, self.read(left, rows[goes], allowed),
                         self.read(right, rows[~goes], allowed))  # fmt: skip
        order, last = self.coder.order[place], len(feature.labels)
        can = allowed.get(place, set(range(last + 1)))
        seen = set(_with_missing(self.table.values[rows, place], last).tolist())
        low = {code for code in can & seen if order[code] <= cut}
        high = (can & seen) - low
        swap = goes.sum() > (~goes).sum()  # labels that the sample did not hold go with the larger side
        inside, outside = (high, low) if swap else (low, high)
        named = tuple(sorted(feature.labels[code] for code in inside if code < last))
        yes, no = (right, left) if swap else (left, right)
        to_yes = ~goes if swap else goes
        within = allowed | {place: inside}
        without = allowed | {place: can - inside}
        if not named:  # only cases without the feature: turn the test round
            named = tuple(sorted(feature.labels[code] for code in outside if code < last))
            yes, no, to_yes, within, without = no, yes, ~to_yes, allowed | {place: outside}, within
            inside = outside
        return Split(feature.name, None, named, last in inside, self.read(yes, rows[to_yes], within),
                     self.read(no, rows[~to_yes], without))  # fmt: skip


def shortest_between(low: float, high: float) -> float:
    """The number b with the fewest digits for which low < b <= high: readers remember 500 better than 487.3."""
    most = Decimal(high)
    top = max(abs(Decimal(low)), abs(most)).adjusted() + 1
    for digits in range(18):
        step = Decimal(1).scaleb(top - digits)
        below = (most / step).to_integral_value(ROUND_FLOOR) * step
        for candidate in (below, below + step):  # 0.3 is a hair below 0.3 in binary
            if low < float(candidate) <= high:
                return float(candidate)
    return high
