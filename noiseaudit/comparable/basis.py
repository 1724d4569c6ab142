"""Columns that a regression within professionals uses: what a feature may do alone, and in pairs.

    number:    u (its rank, from -1 to 1), steps at its tenths, 1[missing]
    category:  1[value] for every value but the commonest, 1[missing]
    pairs:     products of (u, (3u^2 - 1)/2) of numbers and of the commonest indicators of categories

in that order of importance, as many as the rows can carry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.features import FeatureTable

ROWS_A_COLUMN = 10  # fewer rows than this for each column and the regression follows chance
MOST_COLUMNS = 400
_GRID = 201
_BLOCK = 20_000
_SAMPLE = 200_000
_PAIRED_VALUES = 4


def pieces(rows: int) -> Iterator[slice]:
    """Rows in blocks, so that no table of all columns is ever held."""
    for begin in range(0, rows, _BLOCK):
        yield slice(begin, begin + _BLOCK)


@dataclass(frozen=True)
class _Column:
    """One column: the product of one or two terms, each (feature, kind, argument)."""

    terms: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True)
class Basis:
    """A fixed list of columns for a feature table; `columns` works them out for any rows of it.

    grid: (p, G) values at evenly spaced ranks, for numbers.
    """

    plan: tuple[_Column, ...]
    grid: dict[int, Floats]

    def __len__(self) -> int:
        return len(self.plan)

    @classmethod
    def of(cls, table: FeatureTable, *, most: int) -> Basis:
        """The columns that `table` allows, at most `most` of them."""
        step = max(1, len(table) // _SAMPLE)
        sample = table.values[::step]
        main: list[_Column] = []
        steps: list[_Column] = []
        terms: list[list[tuple[int, str, float]]] = []
        grid: dict[int, Floats] = {}
        for place, feature in enumerate(table.features):
            values = sample[:, place]
            known = values[~np.isnan(values)]
            if len(known) < len(values):
                main.append(_Column(((place, "missing", 0.0),)))
            if not len(known):
                terms.append([])
                continue
            if feature.is_category:
                count = np.bincount(known.astype(np.intp))
                common = [int(code) for code in np.argsort(-count, kind="stable") if count[code]][1:]
                main += [_Column(((place, "value", float(code)),)) for code in common]
                terms.append([(place, "value", float(code)) for code in common[:_PAIRED_VALUES]])
                continue
            grid[place] = np.quantile(known, np.linspace(0, 1, _GRID))
            main.append(_Column(((place, "first", 0.0),)))
            tenths = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9)))
            steps += [_Column(((place, "step", float(edge)),)) for edge in tenths if edge > known.min()]
            both = [(place, "first", 0.0), (place, "second", 0.0)]
            terms.append(both if len(np.unique(known[:1000])) > 2 else both[:1])
        pairs = [
            _Column((one, other))
            for a in range(len(terms))
            for b in range(a + 1, len(terms))
            for one in terms[a]
            for other in terms[b]
        ]
        plan = main + steps
        if len(plan) + len(pairs) <= min(most, MOST_COLUMNS):
            plan += pairs
        else:
            plan += [pair for pair in pairs if all(kind in ("first", "value") for _, kind, _ in pair.terms)]
        return cls(tuple(plan[: max(0, min(most, MOST_COLUMNS))]), grid)

    def columns(self, values: Floats) -> Floats:
        """(R, q) columns for values (R, p)."""
        found = np.empty((len(values), len(self.plan)))
        made: dict[tuple[int, str, float], Floats] = {}
        for place, column in enumerate(self.plan):
            product = None
            for term in column.terms:
                if term not in made:
                    made[term] = self._term(values[:, term[0]], *term)
                product = made[term] if product is None else product * made[term]
            found[:, place] = product
        return found

    def _term(self, values: Floats, place: int, kind: str, argument: float) -> Floats:
        missing = np.isnan(values)
        if kind in ("missing", "value", "step"):
            holds = missing if kind == "missing" else values == argument if kind == "value" else values >= argument
            return np.asarray(holds, dtype=np.float64)
        grid = self.grid[place]
        low = np.searchsorted(grid, values, side="left")
        high = np.searchsorted(grid, values, side="right")
        inner = np.interp(values, grid, np.arange(len(grid)))
        rank = np.where(high > low, (low + high - 1) / 2, inner)  # ties share the middle of their ranks
        u: Floats = np.asarray(2 * rank / (len(grid) - 1) - 1, dtype=np.float64)
        shape = np.asarray(u if kind == "first" else (3 * u**2 - 1) / 2, dtype=np.float64)
        shape[missing] = 0.0
        return shape
