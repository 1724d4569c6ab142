"""The part of a panel in which colleagues can be compared: cells on cases with two judges or more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by

_BLOCK = 200_000  # numbers held at a time where work goes case by case
_NARROW = 0.2  # share of all judges on one case up to which going pair by pair beats a matrix product


@dataclass(frozen=True)
class Seats:
    """The pairs of the n judges of a case: first and second seat of each, (P,)."""

    n: int

    @cached_property
    def _pairs(self) -> tuple[Codes, Codes]:
        return np.triu_indices(self.n, k=1)

    @property
    def first(self) -> Codes:
        """(P,) the earlier seat of a pair."""
        return self._pairs[0]

    @property
    def second(self) -> Codes:
        """(P,) the later one."""
        return self._pairs[1]

    @cached_property
    def taken(self) -> sparse.csr_array:
        """(n, P) 1 where a seat is one of a pair: times values of pairs, their sum by seat."""
        pairs = len(self.first)
        place = np.concatenate([self.first, self.second]), np.tile(np.arange(pairs), 2)
        return sparse.csr_array((np.ones(2 * pairs), place), shape=(self.n, pairs))


@dataclass(frozen=True)
class Panel:
    """b cases with n judges each: their cells (n, b) and judges (n, b), a row a seat, and the pairs of seats."""

    cells: Codes
    judges: Codes
    seats: Seats

    def places(self, J: int) -> Codes:
        """(P, b) place of every pair, earlier seat first, in a (J, J) table that is laid out row by row."""
        return (self.judges * J)[self.seats.first] + self.judges[self.seats.second]

    def is_narrow(self, J: int) -> bool:
        """So few of J judges that going pair by pair is the faster way."""
        return len(self.judges) <= _NARROW * J

    def indicator(self, J: int) -> Floats:
        """(b, J) 1 where a judge is on the case."""
        table = np.zeros((self.judges.shape[1], J))
        np.put_along_axis(table, self.judges.T, 1.0, axis=1)
        return table


@dataclass(frozen=True)
class Linked:
    """Cells with n_i >= 2, recoded to the C cases and J judges that remain, sorted by case.

    case, judge: (N,) codes; m: (N,) decisions per cell; d: (N, K) cell mean minus the unweighted mean of the
    case's cell means; x: (N, K) cell means (shifted); q: (N,) within-cell sum of squares, summed over K.
    judge_index, case_index: (J,), (C,) positions in the labels of the cells they come from.
    block: (J,) connected component of every judge; blocks: their number G.
    ssw, df: within-cell sum of squares and its degrees of freedom over ALL cells; ssw_judge, df_judge: (J,).
    """

    case: Codes
    judge: Codes
    m: Floats
    x: Floats
    d: Floats
    q: Floats
    judge_index: Codes
    case_index: Codes
    block: Codes
    blocks: int
    ssw: float
    df: float
    ssw_judge: Floats
    df_judge: Floats

    @classmethod
    def of(cls, cells: Cells) -> Linked:
        """The linked part of a cell table; may be empty (N = 0)."""
        seen = cells.judges_per_case
        informative = cells.where(seen[cells.case] >= 2)
        case_index, case = _renumbered(informative.case)
        judge_index, judge = _renumbered(informative.judge)
        per_case = np.bincount(case, minlength=len(case_index))
        starts = np.concatenate([[0], np.cumsum(per_case)[:-1]]).astype(np.intp)
        x = informative.mean
        d = _centred(x, case, starts, per_case) if len(case) else x
        q_all = cells.m2.sum(axis=1)
        ssw_judge = sum_by(cells.judge, q_all, len(cells.judges))[judge_index]
        df_judge = sum_by(cells.judge, cells.n - 1, len(cells.judges))[judge_index]
        blocks, block = _components(judge[starts[case]], judge, len(judge_index))
        return cls(
            case=case,
            judge=judge,
            m=informative.n,
            x=x,
            d=d,
            q=informative.m2.sum(axis=1),
            judge_index=judge_index,
            case_index=case_index,
            block=block,
            blocks=blocks,
            ssw=float(q_all.sum()),
            df=float((cells.n - 1).sum()),
            ssw_judge=ssw_judge,
            df_judge=df_judge,
        )

    def __len__(self) -> int:
        return len(self.case)

    @property
    def C(self) -> int:  # noqa: N802 - the letter of the formulas
        """Number of cases with two judges or more."""
        return len(self.case_index)

    @property
    def J(self) -> int:  # noqa: N802 - the letter of the formulas
        """Number of judges on these cases."""
        return len(self.judge_index)

    @property
    def dJ(self) -> int:  # noqa: N802 - the letter of the formulas
        """Degrees of freedom of the judges: J - G."""
        return self.J - self.blocks

    @property
    def H0(self) -> int:  # noqa: N802 - the letter of the formulas
        """Degrees of freedom of the interaction: N - C - J + G."""
        return len(self) - self.C - self.dJ

    @property
    def complete(self) -> bool:
        """Every judge on every case."""
        return len(self) == self.C * self.J

    @property
    def replicated(self) -> bool:
        """Somebody decided some case twice."""
        return self.df > 0

    @cached_property
    def per_case(self) -> Codes:
        """(C,) judges per case, n_i."""
        return np.bincount(self.case, minlength=self.C).astype(np.intp)

    @cached_property
    def per_judge(self) -> Codes:
        """(J,) cells per judge, n_j."""
        return np.bincount(self.judge, minlength=self.J).astype(np.intp)

    @cached_property
    def starts(self) -> Codes:
        """(C,) first cell of every case."""
        return np.concatenate([[0], np.cumsum(self.per_case)[:-1]]).astype(np.intp)

    def over_case(self, values: Floats) -> Floats:
        """Sum per case of (N,) or (N, K) values."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0), dtype=np.float64)

    def over_case_max(self) -> Floats:
        """(C,) largest cell mean of every case (first column)."""
        return np.asarray(np.maximum.reduceat(self.x[:, 0], self.starts), dtype=np.float64)

    def over_case_min(self) -> Floats:
        """(C,) smallest cell mean of every case (first column)."""
        return np.asarray(np.minimum.reduceat(self.x[:, 0], self.starts), dtype=np.float64)

    def over_judge(self, values: Floats) -> Floats:
        """Sum per judge of (N,) or (N, K) values."""
        if values.ndim == 1:
            return sum_by(self.judge, values, self.J)
        return np.stack([self.over_judge(column) for column in values.T], axis=1)

    def centred(self, values: Floats) -> Floats:
        """(N, K) values minus the unweighted mean of their case."""
        return _centred(values, self.case, self.starts, self.per_case)

    def incidence(self, values: Floats | None = None) -> sparse.csr_array:
        """Sparse (C, J) table of cell values (ones by default)."""
        data = np.ones(len(self)) if values is None else values
        pointer = np.concatenate([self.starts, [len(self)]])
        return sparse.csr_array((data, self.judge, pointer), shape=(self.C, self.J))

    def panels(self) -> Iterator[Panel]:
        """All cases, in blocks of equal size."""
        for n in np.flatnonzero(np.bincount(self.per_case)):
            first, seats = self.starts[self.per_case == n], Seats(int(n))
            step = max(1, _BLOCK // int(n * n))
            for begin in range(0, len(first), step):
                cells = first[begin : begin + step] + np.arange(n)[:, None]
                yield Panel(cells, self.judge[cells], seats)

    def over_colleagues(self, table: Floats) -> Floats:
        """(N,) sum over the judges k on the case of a symmetric (J, J) table_jk, judge j's own place included."""
        found, own = np.empty(len(self)), np.diag(table)
        for panel in self.panels():
            if panel.is_narrow(self.J):
                found[panel.cells] = panel.seats.taken @ table.ravel()[panel.places(self.J)] + own[panel.judges]
            else:
                product = panel.indicator(self.J) @ table
                found[panel.cells] = np.take_along_axis(product, panel.judges.T, axis=1).T
        return found


def _renumbered(code: Codes) -> tuple[Codes, Codes]:
    """(the codes that occur, in order, and the place of each among them)."""
    seen = np.bincount(code) > 0
    return np.flatnonzero(seen), code if seen.all() else (np.cumsum(seen) - 1)[code]


def _centred(values: Floats, case: Codes, starts: Codes, per_case: Codes) -> Floats:
    d = values - (np.add.reduceat(values, starts, axis=0) / per_case[:, None])[case]
    d -= (np.add.reduceat(d, starts, axis=0) / per_case[:, None])[case]  # sums to 0 to the last digit
    return np.asarray(d, dtype=np.float64)


def _components(first: Codes, judge: Codes, judges: int) -> tuple[int, Codes]:
    """Connected components of the judges, each tied to the first judge (N,) of the case of a cell."""
    if not len(judge):
        return 0, np.zeros(0, dtype=np.intp)
    edges = pd.unique(first * judges + judge)  # few, however many cells there are
    graph = sparse.coo_array((np.ones(len(edges), dtype=np.int8), np.divmod(edges, judges)), shape=(judges, judges))
    count, label = sparse.csgraph.connected_components(graph, directed=False)
    return int(count), np.asarray(label, dtype=np.intp)
