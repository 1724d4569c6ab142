"""GroupSums: one row per professional, stratum and value of one characteristic. All that group tests see of a log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Codes, joined_labels
from noiseaudit.aggregates.moments import Floats, Moments, grouped, sum_by


@dataclass(frozen=True)
class GroupSums:
    """Sorted by professional, stratum, value; each of the three together once.

    judge, stratum, value: (N,) codes into the labels. n: (N,) decisions; mean: (N,) of decision minus shift, or the
    share of 1; m2: (N,) sum of squared deviations from it.
    """

    judge: Codes
    stratum: Codes
    value: Codes
    n: Floats
    mean: Floats
    m2: Floats
    judges: pd.Index[str]
    strata: pd.Index[str]
    values: pd.Index[str]
    shift: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if len({len(part) for part in (self.judge, self.stratum, self.value, self.n, self.mean, self.m2)}) > 1:
            raise ValueError("judge, stratum, value, n, mean and m2 must have one entry a row")

    def __len__(self) -> int:
        return len(self.judge)

    @classmethod
    def from_codes(
        cls,
        judge: Codes,
        stratum: Codes,
        *,
        value: Codes,
        decision: Floats,
        judges: pd.Index[str],
        strata: pd.Index[str],
        values: pd.Index[str],
        n: Floats | None = None,
        m2: Floats | None = None,
        shift: Decimal = Decimal(0),
    ) -> GroupSums:
        """From rows in memory (R,), or from partial sums with n and m2. decision: with the shift taken off."""
        key = (judge.astype(np.int64) * len(strata) + stratum) * len(values) + value
        found, code = _numbered(key, len(judges) * len(strata) * len(values))
        weight = np.ones(len(key)) if n is None else n
        inner = np.zeros(len(key)) if m2 is None else m2
        sums = grouped(code, len(found), weight, decision[:, None], inner[:, None])
        rest, last = np.divmod(found, len(values))
        first, middle = np.divmod(rest, len(strata))
        first, middle, last = (part.astype(np.intp) for part in (first, middle, last))
        return cls(first, middle, last, sums.n, sums.mean[:, 0], sums.m2[:, 0], judges, strata, values, shift)

    def __add__(self, other: GroupSums) -> GroupSums:
        """Both together: labels of the other are appended, rows of one key merge by Chan's formula."""
        labels, moved = {}, {}
        for name, codes in (("judges", "judge"), ("strata", "stratum"), ("values", "value")):
            labels[name], place = joined_labels(getattr(self, name), getattr(other, name))
            moved[codes] = np.concatenate([getattr(self, codes), place[getattr(other, codes)]])
        return GroupSums.from_codes(
            moved["judge"].astype(np.intp),
            moved["stratum"].astype(np.intp),
            value=moved["value"].astype(np.intp),
            decision=np.concatenate([self.mean, other.mean + float(other.shift - self.shift)]),
            n=np.concatenate([self.n, other.n]),
            m2=np.concatenate([self.m2, other.m2]),
            shift=self.shift,
            **labels,
        )

    def where(self, keep: npt.NDArray[np.bool_]) -> GroupSums:
        """The rows to keep; labels and codes stay."""
        names = ("judge", "stratum", "value", "n", "mean", "m2")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def of_judges(self, per_row: Floats) -> Floats:
        """(judges,) sums of values of rows (N,)."""
        return sum_by(self.judge, per_row, len(self.judges))


@dataclass(frozen=True)
class Sides:
    """Of one value: cells (professional x stratum) with it, its moments there and those of all else; (T,) arrays.

    inside, outside: n may be 0 outside. all_out: (judges,) what a professional has outside the group anywhere: n, sum
    of squares within cells, and its degrees of freedom.
    """

    judge: Codes
    stratum: Codes
    inside: Moments
    outside: Moments
    all_out: tuple[Floats, Floats, Floats]


def sides_of(sums: GroupSums, *, unknown: int | None = None) -> list[Sides]:
    """Every value against the rest, in the order of `values`: rest = all - value, by Chan's formula turned round.

    unknown: code of decisions whose value is not known; they are in the rest of no other value.
    """
    key = sums.judge.astype(np.int64) * len(sums.strata) + sums.stratum
    cells, cell = _numbered(key, len(sums.judges) * len(sums.strata))
    of_cell = (cells // max(len(sums.strata), 1)).astype(np.intp)
    order = np.argsort(sums.value, kind="stable")
    starts = np.searchsorted(sums.value[order], np.arange(len(sums.values) + 1))
    known = sums.value != (-1 if unknown is None else unknown)
    whole = _cell_moments(sums, cell, len(cells), np.ones(len(sums), dtype=bool))
    without = whole if known.all() else _cell_moments(sums, cell, len(cells), known)
    found = []
    for value in range(len(sums.values)):
        rows = order[starts[value] : starts[value + 1]]
        total = whole if value == unknown else without
        n1, m1, ss1 = sums.n[rows], sums.mean[rows], sums.m2[rows]
        n, mean, ss = (part[cell[rows]] for part in (total.n, total.mean, total.m2))
        n0 = np.maximum(n - n1, 0.0)
        m0 = np.where(n0 > 0, (n * mean - n1 * m1) / np.maximum(n0, 1.0), 0.0)
        ss0 = np.where(n0 > 1, np.maximum(ss - ss1 - (m1 - m0) ** 2 * n1 * n0 / np.maximum(n, 1.0), 0.0), 0.0)
        size = len(sums.judges)
        gone = [sums.judge[rows], of_cell]
        all_out = tuple(
            sum_by(gone[1], everywhere, size) + sum_by(gone[0], here - before, size)
            for everywhere, here, before in (
                (total.n, n0, n),
                (total.m2, ss0, ss),
                (np.maximum(total.n - 1, 0.0), np.maximum(n0 - 1, 0.0), np.maximum(n - 1, 0.0)),
            )
        )
        found.append(
            Sides(
                sums.judge[rows],
                sums.stratum[rows],
                Moments(n1, m1, ss1),
                Moments(n0, m0, ss0),
                (all_out[0], np.maximum(all_out[1], 0.0), all_out[2]),
            )
        )
    return found


def _cell_moments(sums: GroupSums, cell: Codes, size: int, keep: npt.NDArray[np.bool_]) -> Moments:
    merged = grouped(cell[keep], size, sums.n[keep], sums.mean[keep][:, None], sums.m2[keep][:, None])
    return Moments(merged.n, merged.mean[:, 0], merged.m2[:, 0])


def _numbered(key: npt.NDArray[np.int64], size: int) -> tuple[npt.NDArray[np.int64], Codes]:
    """Keys that occur, ascending, and the place of each row among them; by counting where keys are dense."""
    if size > 4 * len(key) + 1_000_000:
        found, code = np.unique(key, return_inverse=True)
        return found, code.astype(np.intp)
    seen = np.zeros(size, dtype=bool)
    seen[key] = True
    place = np.cumsum(seen) - 1
    return np.flatnonzero(seen).astype(np.int64), place[key].astype(np.intp)
