"""What a store holds: the cells of all parts that were merged, and the account of their rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes, joined_labels
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import CallError
from noiseaudit.result import Exclusion
from noiseaudit.store.container import Array, read_container, write_container
from noiseaudit.store.kept_groups import KeptGroup, as_arrays, joined_groups, of_arrays

Names = tuple[str, ...]
Marks = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Part:
    """One export that was merged. sha256: of the file, None for a frame; content: of its cells, whatever the file."""

    name: str
    sha256: str | None
    content: str
    rows_read: int
    rows_used: int
    decisions: int


@dataclass(frozen=True)
class OfficeCounts:
    """Decisions by judge and office: labels, codes (N,) into them, and n (N,)."""

    judges: Names
    offices: Names
    judge: Codes
    office: Codes
    n: Floats

    def __add__(self, other: OfficeCounts) -> OfficeCounts:
        """Counts of both."""
        judges, its_judge = joined_labels(pd.Index(self.judges), pd.Index(other.judges))
        offices, its_office = joined_labels(pd.Index(self.offices), pd.Index(other.offices))
        judge = np.concatenate([self.judge, its_judge[other.judge]])
        office = np.concatenate([self.office, its_office[other.office]])
        key, place = np.unique(judge * len(offices) + office, return_inverse=True)
        n = sum_by(place, np.concatenate([self.n, other.n]), len(key))
        return OfficeCounts(tuple(judges), tuple(offices), key // len(offices), key % len(offices), n)


@dataclass(frozen=True)
class State:
    """Everything that an audit needs of the rows of all parts.

    identity: what must be the same in every part (roles, scale, categories, settings that shape cells). rules: of the
    classes of a log, as plain data; None for panels. counts: of the cases of a log. excluded: rows by reason. groups:
    characteristics and relations. rows: marks of the rows that hold decisions, in order (`row_marks`), by which a row
    is known again; empty where repeats are kept.
    """

    identity: Mapping[str, Any]
    parts: tuple[Part, ...]
    cells: Cells
    indicators: Cells | None = None
    excluded: tuple[Exclusion, ...] = ()
    period: tuple[date, date] | None = None
    offices: OfficeCounts | None = None
    rules: Any = None
    counts: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[KeptGroup, ...] = ()
    rows: Marks = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @property
    def rows_read(self) -> int:
        """Rows of all parts."""
        return sum(part.rows_read for part in self.parts)

    @property
    def rows_used(self) -> int:
        """Rows of all parts that were used."""
        return sum(part.rows_used for part in self.parts)

    def __add__(self, other: State) -> State:
        """Both; CallError where a part is in both, or where they measure other things."""
        self._check(other)
        excluded: dict[str, Exclusion] = {}
        for one in (*self.excluded, *other.excluded):
            known = excluded.get(one.code)
            excluded[one.code] = one if known is None else replace(one, n=one.n + known.n)
        periods = [state.period for state in (self, other) if state.period is not None]
        indicators = None
        if self.indicators is not None and other.indicators is not None:
            indicators = self.indicators + other.indicators
        offices = self.offices
        if self.offices is not None and other.offices is not None:
            offices = self.offices + other.offices
        cells = self.cells + other.cells
        return replace(
            self,
            parts=(*self.parts, *other.parts),
            cells=cells,
            groups=joined_groups(self.groups, self.cells, other.groups, other.cells, cells),
            indicators=indicators,
            excluded=tuple(excluded.values()),
            period=(min(p[0] for p in periods), max(p[1] for p in periods)) if periods else None,
            offices=offices,
            counts={key: n + other.counts.get(key, 0) for key, n in self.counts.items()},
            rows=np.insert(self.rows, np.searchsorted(self.rows, other.rows), other.rows),
        )

    def holds(self, part: Part) -> Part | None:
        """The part of this store that is the same file, or has the same decisions."""
        same = (one for one in self.parts if one.content == part.content or (one.sha256 and one.sha256 == part.sha256))
        return next(same, None)

    def _check(self, other: State) -> None:
        changed = sorted(
            key
            for key in self.identity.keys() | other.identity.keys()
            if self.identity.get(key) != other.identity.get(key)
        )
        if changed:
            raise CallError(
                "other_store",
                f"the store was made with other settings ({', '.join(changed)}); nothing was changed. "
                "Use the same config, or begin a new store.",
            )
        for part in other.parts:
            again = self.holds(part)
            if again is not None:
                raise CallError(
                    "part_merged",
                    f"the store holds the decisions of {part.name!r} already (as {again.name!r}); nothing was changed",
                )
        known = np.searchsorted(self.rows, other.rows, side="right") > np.searchsorted(self.rows, other.rows)
        if known.any():
            raise CallError(
                "rows_merged",
                f"the store holds {int(known.sum())} of the {len(known)} rows of {other.parts[-1].name!r} already, "
                "equal in every column; nothing was changed. Export the new rows only.",
            )
        self._check_truth(other)

    def _check_truth(self, other: State) -> None:
        """A case has one right answer."""
        ours, its = self.cells.truth, other.cells.truth
        if ours is None or its is None:
            return
        place = self.cells.cases.get_indexer(other.cells.cases)
        move = float(other.cells.shift - self.cells.shift)
        apart = np.abs(np.where(place >= 0, ours[place], np.nan) - (its + move))
        if (apart > 1e-9 * max(1.0, float(np.nanmax(np.abs(ours), initial=0.0)))).any():
            what = "cases that the store holds have another right answer in this part; nothing was changed"
            raise CallError("parts_contradict", what)


def content_of(cells: Cells) -> str:
    """sha256 of the cells, whatever the order of rows, the encoding or the name of the file."""
    digest = hashlib.sha256()
    codes = []
    for labels, code in ((cells.cases, cells.case), (cells.judges, cells.judge)):
        seen = np.flatnonzero(np.bincount(code, minlength=len(labels)))
        names = labels[seen]
        by_name = names.argsort()
        place = np.zeros(len(labels), dtype=np.int64)
        place[seen[by_name]] = np.arange(len(seen))
        codes.append(place[code])
        for array in _texts("label", names[by_name].tolist()).values():
            digest.update(array.tobytes())
    order = np.lexsort(codes[::-1])
    for code in codes:
        digest.update(code[order].tobytes())
    mean = cells.mean[order] + float(cells.shift)
    for numbers in (cells.n[order], np.round(mean, 9), np.round(cells.m2[order], 6)):
        digest.update(np.ascontiguousarray(numbers + 0.0).tobytes())
    return digest.hexdigest()


def save(state: State, path: Path) -> None:
    """Write the store, as a whole or not at all."""
    data: dict[str, Any] = {
        "identity": state.identity,
        "parts": [asdict(part) for part in state.parts],
        "excluded": [asdict(part) for part in state.excluded],
        "period": None if state.period is None else [day.isoformat() for day in state.period],
        "rules": state.rules,
        "counts": dict(state.counts),
        "tables": {},
    }
    data["groups"], arrays = as_arrays(state.groups)
    arrays["rows"] = state.rows
    for name, cells in (("cells", state.cells), ("indicators", state.indicators)):
        if cells is not None:
            data["tables"][name] = {"shift": str(cells.shift), "categories": list(cells.categories)}
            arrays |= {f"{name}.{key}": value for key, value in _arrays_of(cells).items()}
    if state.offices is not None:
        own = state.offices
        arrays |= {"offices.judge": own.judge, "offices.office": own.office, "offices.n": own.n}
        arrays |= _texts("offices.judges", own.judges) | _texts("offices.offices", own.offices)
    write_container(path, data, arrays)


def load(path: Path) -> State:
    """The state of a store; CallError as `read_container`."""
    try:
        return _state_of(*read_container(path))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        what = f"the store {str(path)!r} is damaged: parts of it are missing; nothing was changed"
        raise CallError("damaged_store", what) from None


def _state_of(data: Mapping[str, Any], arrays: Mapping[str, Array]) -> State:
    period = data["period"]
    offices = None
    if "offices.n" in arrays:
        offices = OfficeCounts(
            tuple(_labels(arrays, "offices.judges")), tuple(_labels(arrays, "offices.offices")),
            arrays["offices.judge"].astype(np.intp), arrays["offices.office"].astype(np.intp), arrays["offices.n"],
        )  # fmt: skip
    return State(
        identity=data["identity"],
        parts=tuple(Part(**part) for part in data["parts"]),
        cells=_cells_of(data["tables"]["cells"], arrays, "cells"),
        indicators=_cells_of(data["tables"]["indicators"], arrays, "indicators")
        if "indicators" in data["tables"]
        else None,
        excluded=tuple(Exclusion(**part) for part in data["excluded"]),
        period=None if period is None else (date.fromisoformat(period[0]), date.fromisoformat(period[1])),
        offices=offices,
        rules=data["rules"],
        counts=data["counts"],
        groups=of_arrays(data["groups"], arrays),
        rows=arrays["rows"],
    )


def _arrays_of(cells: Cells) -> dict[str, Array]:
    arrays: dict[str, Array] = {
        "case": _narrow(cells.case),
        "judge": _narrow(cells.judge),
        "n": _narrow(cells.n),
        "mean": cells.mean,
        "m2": _narrow(cells.m2),
    }
    if cells.truth is not None:
        arrays["truth"] = cells.truth
    return arrays | _texts("cases", cells.cases.tolist()) | _texts("judges", cells.judges.tolist())


def _cells_of(about: Mapping[str, Any], arrays: Mapping[str, Array], name: str) -> Cells:
    def of(key: str) -> Array:
        return arrays[f"{name}.{key}"]

    return Cells(
        of("case").astype(np.intp),
        of("judge").astype(np.intp),
        of("n").astype(np.float64),
        of("mean"),
        of("m2").astype(np.float64),
        pd.Index(_labels(arrays, f"{name}.cases"), dtype="str"),
        pd.Index(_labels(arrays, f"{name}.judges"), dtype="str"),
        Decimal(about["shift"]),
        tuple(about["categories"]),
        arrays.get(f"{name}.truth"),
    )


def _narrow(values: Array) -> Array:
    """In the narrowest whole numbers that hold all of them, where there are such: mostly codes, ones and zeros."""
    low, high = values.min(initial=0), values.max(initial=0)
    for kind in (np.uint8, np.uint16, np.uint32):
        if low >= 0 and high <= np.iinfo(kind).max:
            narrow = values.astype(kind)
            return narrow if np.array_equal(narrow, values) else values
    return values


def _texts(name: str, labels: Sequence[str]) -> dict[str, Array]:
    """Labels as one run of UTF-8 and the place where each ends."""
    text = "".join(labels).encode("utf-8", "surrogatepass")
    coded = labels if text.isascii() else [label.encode("utf-8", "surrogatepass") for label in labels]
    ends = np.cumsum(np.fromiter(map(len, coded), dtype=np.int64, count=len(coded)))
    return {f"{name}.text": np.frombuffer(text, dtype=np.uint8), f"{name}.ends": ends}


def _labels(arrays: Mapping[str, Array], name: str) -> list[str]:
    raw, ends = arrays[f"{name}.text"].tobytes(), arrays[f"{name}.ends"].tolist()
    if raw.isascii():
        text = raw.decode("ascii")
        return [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    return [raw[begin:end].decode("utf-8", "surrogatepass") for begin, end in zip([0, *ends], ends, strict=False)]


def identity_of(**parts: Any) -> dict[str, Any]:
    """Plain data, as it comes back from a file."""
    return dict(json.loads(json.dumps(parts, default=str, sort_keys=True)))
