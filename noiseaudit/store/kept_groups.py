"""Characteristics in a store: joined part by part, and written as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.characteristics import Characteristic, CharacteristicSums
from noiseaudit.store.container import Array

KeptGroup = Characteristic | CharacteristicSums


def tells(group: KeptGroup) -> bool:
    """It has two values or more, the unknown among them; a relation holds and does not hold."""
    value = group.code if isinstance(group, Characteristic) else group.value
    seen = np.unique(value)
    return len(seen[seen >= 0] if group.kind == "relation" else seen) > 1 and bool((seen >= 0).any())


_ARRAYS = {Characteristic: ("code",), CharacteristicSums: ("judge", "stratum", "value", "n", "mean", "m2", "cases")}


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
    if isinstance(like, Characteristic):
        return replace(like, code=np.full(len(cells), -1, dtype=np.intp))
    unknown = np.full(len(cells), -1, dtype=np.intp)
    cases = np.append(np.zeros(len(like.labels)), cells.n.sum())  # not told: each decision taken for a case
    moved = replace(like, judge=cells.judge, stratum=cells.case, value=unknown, cases=cases)
    return replace(moved, n=cells.n, mean=cells.mean[:, 0], m2=cells.m2[:, 0])


def as_arrays(groups: tuple[KeptGroup, ...]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """(plain data, arrays) for a file."""
    about: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for place, each in enumerate(groups):
        names = _ARRAYS[type(each)]
        about.append({"kind": each.kind, "name": each.name, "labels": list(each.labels), "arrays": list(names),
                      **({"by_cell": each.by_cell} if isinstance(each, Characteristic) else {})})  # fmt: skip
        arrays |= {f"groups.{place}.{name}": getattr(each, name) for name in names}
    return about, arrays


def of_arrays(about: list[dict[str, Any]], arrays: Mapping[str, Array]) -> tuple[KeptGroup, ...]:
    """The characteristics that `as_arrays` wrote."""
    found: list[KeptGroup] = []
    for place, each in enumerate(about):
        held = [arrays[f"groups.{place}.{name}"] for name in each["arrays"]]
        held = [part.astype(np.intp) if part.dtype.kind == "i" else part for part in held]
        named = each["kind"], each["name"], tuple(each["labels"])
        found.append(
            Characteristic(*named, held[0], each["by_cell"]) if "by_cell" in each else CharacteristicSums(*named, *held)
        )
    return tuple(found)
