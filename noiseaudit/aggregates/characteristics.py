"""Characteristics as the numbers see them: a code a cell, or sums by professional, class and value; both add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, grouped
from noiseaudit.errors import CallError
from noiseaudit.result.group_parts import HOLDS, UNKNOWN

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Characteristic:
    """A characteristic of cases, or a relation. labels: its values, in order; code: (N,) their positions, -1 unknown.

    by_cell: the value differs between the judges of some case, as with most relations.
    """

    kind: Literal["group", "relation"]
    name: str
    labels: tuple[str, ...]
    code: Codes
    by_cell: bool

    def flags(self) -> Iterator[tuple[str, Flags, Flags | None]]:
        """Every value with a flag a cell, and which cells are known.

        Of a group the unknown are a value like any other (known None); of a relation they are on neither side.
        """
        if self.kind == "relation":
            yield HOLDS, self.code == self.labels.index(HOLDS), self.code >= 0
            return
        for place, label in enumerate(self.labels):
            yield label, self.code == place, None
        if (self.code < 0).any():
            yield UNKNOWN, self.code < 0, None

    def joined(self, own: Cells, other: Characteristic, its: Cells, cells: Cells) -> Characteristic:
        """For the cells of both together; CallError where they contradict each other."""
        labels = _labels(self, other)
        code = np.full(len(cells), -1, dtype=np.intp)
        key = cells.case.astype(np.int64) * len(cells.judges) + cells.judge
        for part, held in ((self, own), (other, its)):
            case = cells.cases.get_indexer(held.cases)[held.case].astype(np.int64)
            judge = cells.judges.get_indexer(held.judges)[held.judge]
            place = np.searchsorted(key, case * len(cells.judges) + judge)
            moved = _moved(part.code, part.labels, labels)
            self._check(code[place], moved)
            code[place] = np.where(moved >= 0, moved, code[place])
        if self.kind == "group":  # the value of a case holds for all its cells
            best = np.full(len(cells.cases), -1, dtype=np.intp)
            np.maximum.at(best, cells.case, code)
            self._check(best[cells.case], code)
            code = best[cells.case]
        return replace(self, labels=labels, code=code, by_cell=self.by_cell or other.by_cell)

    def _check(self, one: Codes, other: Codes) -> None:
        if ((one >= 0) & (other >= 0) & (one != other)).any():
            what = f"{self.name!r} has another value for cases that the store holds; nothing was changed"
            raise CallError("parts_contradict", what)


@dataclass(frozen=True)
class CharacteristicSums:
    """(N,) of every judge, class and value that occur: n, and mean and M2 of the decisions without the log's shift.

    judge, stratum: codes in the judges and cases of the cells of the classes. value: of `labels`, -1 unknown. cases:
    (V + 1,) different cases of every label, and of the unknown; parts are taken to hold different cases.
    """

    kind: Literal["group", "relation"]
    name: str
    labels: tuple[str, ...]
    judge: Codes
    stratum: Codes
    value: Codes
    n: Floats
    mean: Floats
    m2: Floats
    cases: Floats

    def joined(self, own: Cells, other: CharacteristicSums, its: Cells, cells: Cells) -> CharacteristicSums:
        """Both together, by Chan's formula."""
        labels = _labels(self, other)
        move = float(its.shift - own.shift)
        pairs = ((self, own, 0.0), (other, its, move))
        judge = np.concatenate([cells.judges.get_indexer(held.judges)[part.judge] for part, held, _ in pairs])
        stratum = np.concatenate([cells.cases.get_indexer(held.cases)[part.stratum] for part, held, _ in pairs])
        value = np.concatenate([_moved(part.value, part.labels, labels) for part, _, _ in pairs])
        shape = (len(cells.judges), len(cells.cases), len(labels) + 1)
        key, code = np.unique(np.ravel_multi_index((judge, stratum, value + 1), shape), return_inverse=True)
        n, m2 = (np.concatenate([getattr(part, name) for part, _, _ in pairs]) for name in ("n", "m2"))
        mean = np.concatenate([part.mean + shift for part, _, shift in pairs])
        sums = grouped(code, len(key), n, mean[:, None], m2[:, None])
        places = [part.astype(np.intp) for part in np.unravel_index(key, shape)]
        cases = np.zeros(len(labels) + 1)
        for part, _, _ in pairs:
            place = _moved(np.arange(len(part.cases)), (*part.labels, UNKNOWN), (*labels, UNKNOWN))
            np.add.at(cases, place, part.cases)
        return replace(
            self,
            labels=labels,
            judge=places[0],
            stratum=places[1],
            value=places[2] - 1,
            n=sums.n,
            mean=sums.mean[:, 0],
            m2=sums.m2[:, 0],
            cases=cases,
        )


def _labels(first: Characteristic | CharacteristicSums, second: Characteristic | CharacteristicSums) -> tuple[str, ...]:
    """Of both; in the order that one reading of all would give."""
    if first.kind == "relation" or set(second.labels) <= set(first.labels):
        return first.labels
    if set(first.labels) <= set(second.labels):
        return second.labels
    return tuple(sorted({*first.labels, *second.labels}, key=lambda label: (label.casefold(), label)))


def _moved(code: Codes, before: tuple[str, ...], after: tuple[str, ...]) -> Codes:
    """Codes in other labels."""
    place = np.array([*(after.index(label) for label in before), -1], dtype=np.intp)
    return place[code]
