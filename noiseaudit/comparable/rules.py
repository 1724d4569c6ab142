"""Rules that put a case into a class: a tree of plain tests, the same in memory and in any engine.

A test is `feature < bound` or `feature in values` (no values: the feature is missing); cases without the feature go
where most of them belong. Leaves are numbered from 0, left to right.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.features import Feature, FeatureTable
from noiseaudit.result import Condition


@dataclass(frozen=True)
class Leaf:
    """A class."""

    number: int


@dataclass(frozen=True)
class Split:
    """Cases for which the test holds go to `yes`, others to `no`.

    bound: of a number: value < bound. values: labels of a category; labels nobody knew go to `no`.
    missing: cases without the feature go to `yes`.
    """

    feature: str
    bound: float | None
    values: tuple[str, ...]
    missing: bool
    yes: Split | Leaf
    no: Split | Leaf


Rules = Split | Leaf


def leaves(rules: Rules) -> int:
    """Number of classes."""
    return 1 if isinstance(rules, Leaf) else leaves(rules.yes) + leaves(rules.no)


def features_of(rules: Rules) -> tuple[str, ...]:
    """The features that the rules ask for, each once."""
    if isinstance(rules, Leaf):
        return ()
    return tuple(dict.fromkeys((rules.feature, *features_of(rules.yes), *features_of(rules.no))))


def numbered(rules: Rules) -> Rules:
    """The same rules with their leaves numbered from 0, left to right."""
    counter = itertools.count()

    def walk(node: Rules) -> Rules:
        return Leaf(next(counter)) if isinstance(node, Leaf) else replace(node, yes=walk(node.yes), no=walk(node.no))

    return walk(rules)


def class_codes(rules: Rules, features: Sequence[Feature], values: Floats) -> Codes:
    """(R,) class of every row; values (R, p) as in a FeatureTable."""
    found = np.zeros(len(values), dtype=np.intp)
    place = {feature.name: k for k, feature in enumerate(features)}

    def fill(node: Rules, rows: npt.NDArray[np.intp]) -> None:
        if isinstance(node, Leaf):
            found[rows] = node.number
            return
        column = values[rows, place[node.feature]]
        if node.bound is not None:
            holds = column < node.bound
        else:
            labels = features[place[node.feature]].labels
            holds = np.isin(column, [labels.index(label) for label in node.values if label in labels])
        if node.missing:
            holds |= np.isnan(column)
        fill(node.yes, rows[holds])
        fill(node.no, rows[~holds])

    fill(rules, np.arange(len(values)))
    return found


def class_expression(rules: Rules, columns: Mapping[str, str]) -> nw.Expr:
    """The class as a narwhals expression. columns: feature -> name of the column; missing values are null there."""
    if isinstance(rules, Leaf):
        return nw.lit(rules.number)
    column = nw.col(columns[rules.feature])
    holds: Any = column < rules.bound if rules.bound is not None else column.is_in(list(rules.values))
    if rules.bound is None and not rules.values:
        holds = column.is_null()
    elif rules.missing:
        holds = holds | column.is_null()
    else:
        holds = holds & ~column.is_null()
    return nw.when(holds).then(class_expression(rules.yes, columns)).otherwise(class_expression(rules.no, columns))


def conditions(rules: Rules) -> tuple[tuple[Condition, ...], ...]:
    """What must hold in each class, in the order of their numbers, one or two conditions a feature."""
    if isinstance(rules, Leaf):
        return ((),)
    if rules.bound is not None:
        holds = Condition(rules.feature, "<", rules.bound, (), rules.missing)
        fails = Condition(rules.feature, ">=", rules.bound, (), not rules.missing)
    else:
        holds = Condition(rules.feature, "in", None, rules.values, rules.missing)
        fails = Condition(rules.feature, "not in", None, rules.values, not rules.missing)
    sides = ((holds, rules.yes), (fails, rules.no))
    return tuple(_joined(first, rest) for first, side in sides for rest in conditions(side))


def _joined(first: Condition, rest: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """`first` and the later conditions, without those that others make superfluous."""
    kept = list(rest)
    for place, other in enumerate(kept):
        if other.feature != first.feature:
            continue
        missing = first.missing and other.missing
        if first.bound is None and not first.values:  # with or without the feature, and nothing else
            kept[place] = replace(other, missing=missing)
            return tuple(kept)
        if first.bound is not None and first.sign == other.sign and other.bound is not None:
            pick = min if first.sign == "<" else max
            kept[place] = replace(other, bound=pick(first.bound, other.bound), missing=missing)
            return tuple(kept)
        if first.bound is None:
            joined = _joined_values(first, other)
            kept[place] = replace(joined, missing=missing)
            return tuple(kept)
        kept[place] = replace(other, missing=missing)
        first = replace(first, missing=missing)
    return (first, *kept)


def _joined_values(one: Condition, other: Condition) -> Condition:
    if one.sign == other.sign == "not in":
        return replace(one, values=tuple(dict.fromkeys((*one.values, *other.values))))
    if one.sign == other.sign:
        return replace(one, values=tuple(value for value in one.values if value in other.values))
    inside, outside = (one, other) if one.sign == "in" else (other, one)
    return replace(inside, values=tuple(value for value in inside.values if value not in outside.values))


def as_read(condition: Condition, table: FeatureTable) -> Condition:
    """The same condition for the values that the log holds: what is in it, where that is shorter than what is not."""
    place = table.names.index(condition.feature)
    missing = condition.missing and bool(np.isnan(table.values[:, place]).any())
    rest = tuple(label for label in table.features[place].labels if label not in condition.values)
    if condition.sign == "not in" and 0 < len(rest) <= len(condition.values):
        return replace(condition, sign="in", values=rest, missing=missing)
    return replace(condition, missing=missing)
