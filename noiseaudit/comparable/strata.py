"""Strata from the user's own columns: every value of a category, numbers in bins, all combinations that occur.

They are rules as classes are (`rules.py`), nested feature by feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.classes import shortest_between
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.rules import Leaf, Rules, Split, numbered
from noiseaudit.errors import CallError

_BINS = 5
_FEW_VALUES = 10  # a number with so few values is taken value by value
MOST_STRATA = 2000


def stratify(table: FeatureTable, bins: Mapping[str, Sequence[float]] | None = None) -> Rules:
    """Rules for all combinations that occur. bins: bounds of a number, each the first value of the next bin.

    CallError where there would be more than 2,000 strata: so many hold too few decisions to compare; and for bins of a
    category.
    """
    given = dict(bins or {})
    for feature in table.features:
        if feature.is_category and feature.name in given:
            raise CallError("wrong_setting", f"bins are for numbers, and {feature.name!r} holds categories")
    counter = iter(range(MOST_STRATA + 1))

    def build(place: int, rows: Floats) -> Rules:
        if place == len(table.features):
            number = next(counter, MOST_STRATA)
            if number >= MOST_STRATA:
                raise CallError(
                    "too_many_strata",
                    f"these features make more than {MOST_STRATA} strata; leave some out, give wider bins, or use "
                    "--comparable classes",
                )
            return Leaf(number)
        feature, column = table.features[place], rows[:, place]
        missing = np.isnan(column)
        node: Rules | None = None
        if feature.is_category:
            for code in sorted(set(column[~missing].astype(int).tolist()), reverse=True):
                part = build(place + 1, rows[column == code])
                node = part if node is None else Split(feature.name, None, (feature.labels[code],), False, part, node)
        else:
            bounds = [-np.inf, *cuts[place], np.inf]
            for low, high in reversed(list(pairwise(bounds))):
                inside = rows[(column >= low) & (column < high)]
                if len(inside):
                    part = build(place + 1, inside)
                    node = part if node is None else Split(feature.name, high, (), False, part, node)
        if missing.any():
            part = build(place + 1, rows[missing])
            node = part if node is None else _missing_apart(table, place, part, node)
        return node if node is not None else Leaf(next(counter))

    cuts = {
        place: list(given[feature.name]) if feature.name in given else _cuts(table.values[:, place])
        for place, feature in enumerate(table.features)
        if not feature.is_category
    }
    return numbered(build(0, table.values))


def _missing_apart(table: FeatureTable, place: int, part: Rules, rest: Rules) -> Rules:
    """Cases without the feature first: among no values at all, there is only the missing one."""
    return Split(table.features[place].name, None, (), True, part, rest)


def _cuts(values: Floats) -> list[float]:
    """Bounds of five bins with about as many cases each; of every value where there are few."""
    known = np.sort(values[~np.isnan(values)])
    distinct = np.unique(known)
    if len(distinct) <= 1:
        return []
    if len(distinct) <= _FEW_VALUES:
        return [float(value) for value in distinct[1:]]
    cuts: list[float] = []
    for share in np.arange(1, _BINS) / _BINS:
        at = float(known[int(share * len(known))])
        below = distinct[distinct < at]
        if len(below):
            cuts.append(shortest_between(float(below[-1]), at))
    return sorted(set(cuts))
