"""Who got how many cases from which pool, and the sums of squares between professionals that this allows.

    A = diag(n_j) - sum_p n_jp n_jp'/n_p       Laplacian of professionals that meet in pools, n_jp cases of j from p
    for judge sums b (J, q) of columns demeaned by pool:   SSB = b'A+ b,   lhat = A+ b (mean 0 in each component)

Solved on the smaller side: A itself, or B = diag(n_p) - sum_j n_jp n_jp'/n_j with
A- = D^-1 + D^-1 N B+ N'D^-1; nothing is solved where every professional serves in one pool (A- = D^-1 there).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, sparse

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by

_DENSE = 0.05  # share of pairs that met from which a full product is faster than a sparse one
_COUNTED = 10_000_000  # pairs of a professional and a pool up to which they are counted in a full table


@dataclass(frozen=True)
class Dealing:
    """Cases by professional and pool. judge, pool: (cells,) codes 0..J-1, 0..P-1; n: (cells,) > 0 cases.

    per_judge: (J,); per_pool: (P,); component: (J,) connected component of every professional, G of them.
    """

    judge: Codes
    pool: Codes
    n: Floats
    per_judge: Floats
    per_pool: Floats
    component: Codes
    G: int

    @classmethod
    def of(cls, judge: Codes, pool: Codes, *, n: Floats | None = None) -> Dealing:
        """From codes of cases (R,), or of (judge, pool) cells with their number of cases."""
        J, P = int(judge.max()) + 1, int(pool.max()) + 1
        if n is None and P == 1:
            per_judge = np.bincount(judge, minlength=J).astype(np.float64)
            cells = np.arange(J, dtype=np.intp), np.zeros(J, dtype=np.intp), per_judge
        else:
            key = judge.astype(np.int64) * P + pool
            if J * P > _COUNTED:
                met, key = np.unique(key, return_inverse=True)
                count = np.bincount(key, weights=n).astype(np.float64)
            else:
                count = np.bincount(key, weights=n).astype(np.float64)
                met = np.flatnonzero(count)
                count = count[met]
            cells = (met // P).astype(np.intp), (met % P).astype(np.intp), count
        at, where, count = cells
        graph = sparse.coo_array((np.ones(len(at), dtype=np.int8), (at, J + where)), shape=(J + P, J + P))
        G, label = sparse.csgraph.connected_components(graph, directed=False)
        return cls(at, where, count, sum_by(at, count, J), sum_by(where, count, P), label[:J].astype(np.intp), int(G))

    @property
    def J(self) -> int:  # noqa: N802 - the letter of the formulas
        """Number of professionals."""
        return len(self.per_judge)

    @property
    def P(self) -> int:  # noqa: N802 - the letter of the formulas
        """Number of pools."""
        return len(self.per_pool)

    @property
    def N(self) -> float:  # noqa: N802 - the letter of the formulas
        """Number of cases."""
        return float(self.per_judge.sum())

    @property
    def between(self) -> int:
        """Degrees of freedom of professionals: J - G."""
        return self.J - self.G

    @property
    def within(self) -> float:
        """Degrees of freedom of cases of one professional and pool: N - J - P + G."""
        return self.N - self.P - self.between

    @cached_property
    def table(self) -> sparse.csr_array:
        """(J, P) cases n_jp."""
        return sparse.csr_array((self.n, (self.judge, self.pool)), shape=(self.J, self.P))

    def demeaned(self, total: Floats, pool_mean: Floats) -> Floats:
        """(J, q) judge sums of columns demeaned by pool, from plain judge sums (J, q) and pool means (P, q)."""
        return np.asarray(total - self.table @ pool_mean, dtype=np.float64)

    def levels(self, b: Floats) -> Floats:
        """lhat = A+ b, (J, q), with mean 0 in each component."""
        free = self._solved(b)
        size = np.bincount(self.component, minlength=self.G)
        centre = np.stack([sum_by(self.component, column, self.G) / size for column in free.T], axis=1)
        return np.asarray(free - centre[self.component], dtype=np.float64)

    def squares(self, b: Floats) -> Floats:
        """(q,) SSB = b'A+ b of each column of b (J, q)."""
        return np.asarray(np.einsum("jq,jq->q", b, self._solved(b)), dtype=np.float64)

    @cached_property
    def trace(self) -> float:
        """trace A+ = trace A- - sum_g 1_g'A- 1_g/J_g: the noise variance of lhat, summed, per unit of variance."""
        size = np.bincount(self.component, minlength=self.G).astype(np.float64)
        inverse = 1 / self.per_judge
        total = float((inverse * (1 - 1 / size[self.component])).sum())
        if self._meeting is None:
            return total
        side, middle = self._meeting
        if side == "judge":
            return float(np.trace(middle))
        share = sparse.csr_array(self.table.multiply(inverse[:, None]))  # D^-1 N
        member = sparse.csr_array((1 / np.sqrt(size[self.component]), (self.component, np.arange(self.J))))
        total += float((share.T @ share).multiply(middle).sum())
        by_block = np.asarray((member @ share).todense())
        return total - float(((by_block @ middle) * by_block).sum())

    @cached_property
    def by_pool(self) -> Floats:
        """(P,) degrees of freedom of professionals by pool: trace(A+ C_p), C_p the part of A that pool p adds."""
        served = np.bincount(self.pool, minlength=self.P).astype(np.float64)
        if self._meeting is None:
            return served - 1
        side, middle = self._meeting
        if side == "judge":
            own, across = np.diag(middle), self.table.T @ middle
            within = np.asarray(self.table.multiply(across.T).sum(axis=0)).ravel()
        else:
            share = sparse.csr_array(self.table.multiply(1 / self.per_judge[:, None]))
            own = 1 / self.per_judge + np.asarray(share.multiply(share @ middle).sum(axis=1)).ravel()
            gram = np.asarray((self.table.T @ share).todense())
            within = np.diag(gram) + ((gram @ middle) * gram).sum(axis=1)
        return np.asarray(self.table.T @ own - within / self.per_pool, dtype=np.float64)

    def _solved(self, b: Floats) -> Floats:
        """A- b for some generalised inverse of A; columns of b sum to 0 in each component."""
        if self._meeting is None:
            return np.asarray(b / self.per_judge[:, None], dtype=np.float64)
        side, middle = self._meeting
        if side == "judge":
            return np.asarray(middle @ b, dtype=np.float64)
        first = b / self.per_judge[:, None]
        return np.asarray(first + (self.table @ (middle @ (self.table.T @ first))) / self.per_judge[:, None])

    @cached_property
    def _meeting(self) -> tuple[str, Floats] | None:
        """The side that was solved and its dense pseudo-inverse; None where everybody serves in one pool."""
        if len(self.n) == self.J:
            return None
        side = "judge" if self.J <= self.P else "pool"
        own, other = (self.per_judge, self.per_pool) if side == "judge" else (self.per_pool, self.per_judge)
        table = self.table if side == "judge" else sparse.csr_array(self.table.T)
        scaled = sparse.csr_array(table.multiply(1 / np.sqrt(other)[None, :]))
        if len(self.n) > _DENSE * self.J * self.P:
            full = scaled.toarray()
            laplacian = -(full @ full.T)
        else:
            laplacian = -np.asarray((scaled @ scaled.T).toarray(), dtype=np.float64)
        laplacian[np.diag_indices_from(laplacian)] += own
        block = self.component if side == "judge" else self._pool_component
        scale = float(own.mean())  # keeps the condition number that of the graph
        centre = np.zeros_like(laplacian)
        for g in range(self.G):
            members = np.flatnonzero(block == g)
            centre[np.ix_(members, members)] = 1.0 / len(members)
        inverse = linalg.inv(laplacian + scale * centre, assume_a="pos") - centre / scale
        return side, np.asarray(inverse, dtype=np.float64)

    @cached_property
    def _pool_component(self) -> Codes:
        block = np.zeros(self.P, dtype=np.intp)
        block[self.pool] = self.component[self.judge]
        return block


@dataclass(frozen=True)
class Dealt:
    """Cases of professionals with two cases or more. keep: (R,) which rows; judge, pool: codes of the kept rows."""

    dealing: Dealing
    keep: npt.NDArray[np.bool_]
    judge: Codes
    pool: Codes


def deal(judge: npt.ArrayLike | pd.Series, pool: npt.ArrayLike | pd.Series | None) -> Dealt | None:
    """Codes of the rows that can be compared; None where nobody is left.

    Left out: rows without a judge or pool, and judges with one row, who have no spread of their own (3.3).
    """
    judges, names = pd.factorize(np.asarray(judge) if not isinstance(judge, pd.Series) else judge)
    pools = np.zeros(len(judges), dtype=np.intp)
    if pool is not None:
        pools = pd.factorize(np.asarray(pool) if not isinstance(pool, pd.Series) else pool)[0]
    known = (judges >= 0) & (pools >= 0)
    keep = known & (np.bincount(judges[known], minlength=len(names))[judges] >= 2)
    if not keep.any():
        return None
    if not keep.all():
        judges, pools = judges[keep], pools[keep]
        judges, pools = np.unique(judges, return_inverse=True)[1], np.unique(pools, return_inverse=True)[1]
    judges, pools = judges.astype(np.intp, copy=False), pools.astype(np.intp, copy=False)
    return Dealt(Dealing.of(judges, pools), keep, judges, pools)
