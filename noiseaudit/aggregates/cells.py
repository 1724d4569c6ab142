"""Cells: one row per (case, judge). All that the estimators ever see of a panel.

A decision is a vector of K numbers: K = 1 for amounts, scores, counts and yes/no; K = number of categories
for a nominal decision, coded as 0/1 indicators. Components of the K columns simply add, because
sum_k (z_k - z'_k)^2 = 2 * 1[different]; so one set of formulas serves every scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.moments import Floats, Moments, grouped

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Cells:
    """The cell table, sorted by case, then judge; each (case, judge) once.

    case, judge: (N,) codes into `cases` and `judges`, which are in order of first appearance.
    n:     (N,) number of decisions in the cell.
    mean:  (N, K) mean of (decision - shift), decision units.
    m2:    (N, K) sum of squared deviations from the cell mean, squared decision units.
    shift: exact constant that was taken off every decision before anything was added (0 for indicators).
    categories: labels of the K indicator columns of a nominal decision, else ().
    truth: (C,) right answer per case minus `shift`, NaN where unknown, or None.
    The arrays are never written to: tables and fits share them.
    """

    case: Codes
    judge: Codes
    n: Floats
    mean: Floats
    m2: Floats
    cases: pd.Index[str]
    judges: pd.Index[str]
    shift: Decimal = Decimal(0)
    categories: tuple[str, ...] = ()
    truth: Floats | None = field(default=None)

    def __post_init__(self) -> None:
        count = len(self.case)
        if self.mean.ndim != 2 or self.mean.shape != self.m2.shape:
            raise ValueError("mean and m2 must be (cells, K) arrays of one shape")
        if not len(self.judge) == len(self.n) == len(self.mean) == count:
            raise ValueError("case, judge, n, mean and m2 must have one row per cell")

    def __len__(self) -> int:
        return len(self.case)

    @classmethod
    def from_arrays(
        cls,
        case: Sequence[object] | npt.NDArray[np.generic] | pd.Series,
        judge: Sequence[object] | npt.NDArray[np.generic] | pd.Series,
        decision: npt.ArrayLike,
        *,
        n: npt.ArrayLike | None = None,
        m2: npt.ArrayLike | None = None,
        shift: Decimal | None = None,
        categories: Sequence[str] = (),
    ) -> Cells:
        """Cells from rows (or from partial cells, with n and m2) already in memory.

        `decision` is (R,) or (R, K). With `shift` None the first value is taken off every row (K = 1);
        with a shift given, `decision` must already have it taken off.
        """
        case_codes, cases = _numbered(case)
        judge_codes, judges = _numbered(judge)
        value = np.asarray(decision, dtype=np.float64)
        value = value[:, None] if value.ndim == 1 else value
        if shift is None:
            shift = Decimal(float(value[0, 0])) if value.shape[1] == 1 and len(value) else Decimal(0)
            value = value - float(shift)
        weight = np.ones(len(value)) if n is None else np.asarray(n, dtype=np.float64)
        inner = np.zeros_like(value) if m2 is None else np.asarray(m2, dtype=np.float64).reshape(value.shape)
        return _collapse(
            case_codes,
            judge_codes,
            moments=Moments(weight, value, inner),
            cases=cases,
            judges=judges,
            shift=shift,
            categories=tuple(categories),
        )

    def __add__(self, other: Cells) -> Cells:
        """Cells of both sources: other cases and judges are appended, shared cells merge by Chan's formula.

        Each side is sorted and holds a cell once, as always; arrays that nothing is added to are shared with the sum.
        """
        if self.categories != other.categories:
            raise ValueError("cells with different categories cannot be merged; give both the same categories")
        cases, case = joined_labels(self.cases, other.cases)
        judges, judge = joined_labels(self.judges, other.judges)
        move = float(other.shift - self.shift)  # exact difference, then one rounding
        key = case[other.case] * len(judges) + judge[other.judge]
        order = np.argsort(key)
        key, its = key[order], Moments(other.n[order], other.mean[order] + move, other.m2[order])
        own = self.case.astype(np.int64) * len(judges) + self.judge
        place = np.searchsorted(own, key)  # where a cell of the other goes, or is already
        shared = np.searchsorted(own, key, side="right") > place
        del own  # ten million cells are to fit in two gigabytes
        at, new = place[shared], ~shared
        merged = Moments(self.n[at], self.mean[at], self.m2[at]) + Moments(
            its.n[shared], its.mean[shared], its.m2[shared]
        )

        def joined(held: npt.NDArray[Any], of_both: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> npt.NDArray[Any]:
            if held.ndim == 2:
                columns = zip(held.T, of_both.T, theirs.T, strict=True)
                return np.stack([joined(*column) for column in columns], axis=1)
            if len(at):
                held = held.copy()
                held[at] = of_both
            return np.insert(held, place[new], theirs[new]) if new.any() else held

        return Cells(
            joined(self.case, self.case[at], key // len(judges)),
            joined(self.judge, self.judge[at], key % len(judges)),
            joined(self.n, merged.n, its.n),
            joined(self.mean, merged.mean, its.mean),
            joined(self.m2, merged.m2, its.m2),
            cases,
            judges,
            self.shift,
            self.categories,
            _merge_truth(self, other, case, len(cases), move),
        )

    def where(self, keep: npt.NDArray[np.bool_]) -> Cells:
        """The cells that `keep` selects; the labels stay, so codes keep their meaning."""
        if keep.all():
            return self
        return replace(
            self,
            case=self.case[keep],
            judge=self.judge[keep],
            n=self.n[keep],
            mean=self.mean[keep],
            m2=self.m2[keep],
        )

    @property
    def judges_per_case(self) -> Codes:
        """(C,) number of judges (cells) of every case."""
        return np.bincount(self.case, minlength=len(self.cases)).astype(np.intp)


def index_cells(case: Codes, judge: Codes, decision: Floats) -> Cells:
    """Cells from codes (R,) and decisions (R,) or (R, K) that already lie around 0; labels are the codes themselves."""
    value = decision[:, None] if decision.ndim == 1 else decision
    return _collapse(
        case,
        judge,
        moments=Moments(np.ones(len(value)), value, np.zeros_like(value)),
        cases=pd.RangeIndex(int(case.max(initial=-1)) + 1).astype("str"),
        judges=pd.RangeIndex(int(judge.max(initial=-1)) + 1).astype("str"),
        shift=Decimal(0),
        categories=(),
    )


def _numbered(
    labels: Sequence[object] | npt.NDArray[np.generic] | pd.Series,
) -> tuple[npt.NDArray[np.int32], pd.Index[str]]:
    """Codes, and the text of each label, in order of first appearance; categories are not spelt out again."""
    series = pd.Series(labels)
    coded = series if isinstance(series.dtype, pd.CategoricalDtype) else series.astype("str")
    codes, unique = pd.factorize(coded)
    return codes.astype(np.int32), pd.Index(unique).astype("str")


def joined_labels(first: pd.Index[str], second: pd.Index[str]) -> tuple[pd.Index[str], Codes]:
    """Labels of both, those of `first` in their places, and the places of those of `second`.

    ValueError where one is missing, twice in `second`, or in `second` and twice in `first`.
    """
    if first.hasnans or second.hasnans or not second.is_unique:
        raise ValueError("labels must be known, and each there once")
    found = second.get_indexer(first)  # the many are looked up among the few
    shared = np.flatnonzero(found >= 0)
    if np.bincount(found[shared]).max(initial=0) > 1:
        raise ValueError("labels must be known, and each there once")
    place = np.full(len(second), -1, dtype=np.intp)
    place[found[shared]] = shared
    new = place < 0
    place[new] = len(first) + np.arange(np.count_nonzero(new))
    return pd.Index(first.append(second[new]), dtype="str"), place


def _merge_truth(first: Cells, second: Cells, place: Codes, cases: int, move: float) -> Floats | None:
    """(cases,) right answers; the first knows better. place: of the second's cases, after those of the first."""
    if first.truth is None and second.truth is None:
        return None
    truth = np.full(cases, np.nan)
    for cells, at, offset in ((second, place, move), (first, np.arange(len(first.cases)), 0.0)):
        if cells.truth is not None:
            known = ~np.isnan(cells.truth)
            truth[at[known]] = cells.truth[known] + offset
    return truth


def _collapse(
    case: npt.NDArray[np.intp | np.int32],
    judge: npt.NDArray[np.intp | np.int32],
    *,
    moments: Moments,
    cases: pd.Index[str],
    judges: pd.Index[str],
    shift: Decimal,
    categories: tuple[str, ...],
) -> Cells:
    """Sort by (case, judge) and merge rows of the same cell."""
    key = case.astype(np.int64) * len(judges) + judge
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    del key  # ten million cells are to fit in two gigabytes
    n, mean, m2 = moments.n[order], moments.mean[order], moments.m2[order]
    if not first.all():
        merged = grouped(np.cumsum(first) - 1, int(first.sum()), n, mean, m2)
        n, mean, m2 = merged.n, merged.mean, merged.m2
        order = order[first]
    case, judge = (codes[order].astype(np.intp, copy=False) for codes in (case, judge))
    return Cells(case, judge, n, mean, m2, cases, judges, shift, categories)


def merge(parts: Sequence[Cells]) -> Cells:
    """All parts as one table: reduce with `+`."""
    return reduce(lambda left, right: left + right, parts)
