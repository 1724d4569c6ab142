"""Characteristics in a store: a code a cell of a panel, or sums by professional, class and value of a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, grouped
from noiseaudit.errors import CallError
from noiseaudit.store.container import Array

Kind = Literal["group", "relation"]


@dataclass(frozen=True)
class KeptCodes:
    """Of a panel: code (N,) of every cell, a position in `labels`, -1 unknown; by_cell: it may differ within a case."""

    kind: Kind
    name: str
    labels: tuple[str, ...]
    code: Codes
    by_cell: bool

    def joined(self, own: Cells, other: KeptCodes, its: Cells, cells: Cells) -> KeptCodes:
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
class KeptSums:
    """Of a log: (N,) n, mean and M2 by judge and stratum (codes into the cells) and value of `labels` (-1 unknown)."""

    kind: Kind
    name: str
    labels: tuple[str, ...]
    judge: Codes
    stratum: Codes
    value: Codes
    n: Floats
    mean: Floats
    m2: Floats

    def joined(self, own: Cells, other: KeptSums, its: Cells, cells: Cells) -> KeptSums:
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
        return KeptSums(
            self.kind, self.name, labels, places[0], places[1], places[2] - 1, sums.n, sums.mean[:, 0], sums.m2[:, 0]
        )


KeptGroup = KeptCodes | KeptSums


def tells(group: KeptGroup) -> bool:
    """It has two values or more, the unknown among them; a relation holds and does not hold."""
    value = group.code if isinstance(group, KeptCodes) else group.value
    seen = np.unique(value)
    return len(seen[seen >= 0] if group.kind == "relation" else seen) > 1 and bool((seen >= 0).any())


_ARRAYS = {KeptCodes: ("code",), KeptSums: ("judge", "stratum", "value", "n", "mean", "m2")}


def joined_groups(
    first: tuple[KeptGroup, ...], own: Cells, second: tuple[KeptGroup, ...], its: Cells, cells: Cells
) -> tuple[KeptGroup, ...]:
    """Characteristics of two parts, in the order of the first; one that a part does not hold is unknown there."""
    theirs = {(each.kind, each.name): each for each in second}
    ours = {(each.kind, each.name): each for each in first}
    found: list[KeptGroup] = []
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        one = ours.get(key) or _empty(theirs[key], own)
        other = theirs.get(key) or _empty(ours[key], its)
        found.append(one.joined(own, other, its, cells))  # type: ignore[arg-type]
    return tuple(found)


def _empty(like: KeptGroup, cells: Cells) -> KeptGroup:
    if isinstance(like, KeptCodes):
        return replace(like, code=np.full(len(cells), -1, dtype=np.intp))
    unknown = np.full(len(cells), -1, dtype=np.intp)
    return replace(
        like, judge=cells.judge, stratum=cells.case, value=unknown, n=cells.n, mean=cells.mean[:, 0], m2=cells.m2[:, 0]
    )


def as_arrays(groups: tuple[KeptGroup, ...]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """(plain data, arrays) for a file."""
    about: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for place, each in enumerate(groups):
        names = _ARRAYS[type(each)]
        about.append({"kind": each.kind, "name": each.name, "labels": list(each.labels), "arrays": list(names),
                      **({"by_cell": each.by_cell} if isinstance(each, KeptCodes) else {})})  # fmt: skip
        arrays |= {f"groups.{place}.{name}": getattr(each, name) for name in names}
    return about, arrays


def of_arrays(about: list[dict[str, Any]], arrays: Mapping[str, Array]) -> tuple[KeptGroup, ...]:
    """The characteristics that `as_arrays` wrote."""
    found: list[KeptGroup] = []
    for place, each in enumerate(about):
        held = [arrays[f"groups.{place}.{name}"] for name in each["arrays"]]
        held = [part.astype(np.intp) if part.dtype.kind == "i" else part for part in held]
        named = each["kind"], each["name"], tuple(each["labels"])
        found.append(KeptCodes(*named, held[0], each["by_cell"]) if "by_cell" in each else KeptSums(*named, *held))
    return tuple(found)


def _labels(first: KeptGroup, second: KeptGroup) -> tuple[str, ...]:
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
