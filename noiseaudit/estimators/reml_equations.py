"""Mixed-model equations of a crossed panel: likelihood, score and average information at given variance ratios.

    x_c = mu + ua_i + ub_j + us_c + e_c,   Var ua = t_a s2, Var ub = t_b s2, Var us = t_s s2, Var e_c = s2/m_c
    w_c = 1/(t_s + 1/m_c);   D_a, D_b = sums of w per level;   N = sparse a x b table of w;   d = 1 + t_a D_a
    S   = [ I + t_b (diag(D_b) - N' diag(t_a/d) N) ,  sqrt(t_b) (D_b - N'(t_a D_a/d)) ;
            .' ,                                      sum w - sum t_a D_a^2/d ]              (b+1) x (b+1)
    ldet = sum log d + log|S| + sum log(1 + t_s m)
    P y  = w (x - ua_i - ub_j - mu),  rss = y'P y + SSW,  n = decisions - 1
    criterion = n log(2 pi s2) + rss/s2 + ldet                       (-2 restricted log-likelihood)

a is the factor with more levels; it is eliminated, b stays dense. The effects are scaled by sqrt(t), so that t = 0
is an ordinary value and not a limit. Given normal terms, cell means and the sum of squares within cells (SSW)
carry the whole likelihood. Henderson (1953); Bates et al., lme4 (2015); Gilmour, Thompson & Cullis (1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by

_BLOCK = 4_000_000  # numbers held at a time where work goes level by level
_NARROW = 10  # gathering the pairs of n cells costs as much as a dense product over _NARROW * n levels


class SingularError(ArithmeticError):
    """The equations have no unique solution in double precision."""


@dataclass(frozen=True)
class Crossed:
    """A one-column cell table, sorted by the factor with more levels (a), means centred.

    a, b: (N,) codes below A and B; m: (N,) decisions; x: (N,) mean - centre; ssw: within cells; n: decisions - 1.
    swapped: a is the judges and b the cases.
    """

    a: Codes
    b: Codes
    m: Floats
    x: Floats
    A: int
    B: int
    ssw: float
    centre: float
    swapped: bool

    @classmethod
    def of(cls, cells: Cells) -> Crossed:
        """Take all cells, also of cases with one judge."""
        m, x = cells.n, cells.mean[:, 0]
        centre = float((m * x).sum() / m.sum())
        swapped = len(cells.judges) > len(cells.cases)
        a, b = (cells.judge, cells.case) if swapped else (cells.case, cells.judge)
        order = np.argsort(a, kind="stable") if swapped else slice(None)
        return cls(
            a=a[order],
            b=b[order],
            m=m[order],
            x=x[order] - centre,
            A=max(len(cells.cases), len(cells.judges)),
            B=min(len(cells.cases), len(cells.judges)),
            ssw=float(cells.m2.sum()),
            centre=centre,
            swapped=swapped,
        )

    @cached_property
    def n(self) -> float:
        """Decisions minus the one fixed effect."""
        return float(self.m.sum()) - 1

    @cached_property
    def sizes(self) -> Codes:
        """(A,) cells per level of a."""
        return np.bincount(self.a, minlength=self.A).astype(np.intp)

    @cached_property
    def pointer(self) -> Codes:
        """(A + 1,) where every level of a begins."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.intp)

    def over_a(self, values: Floats) -> Floats:
        """(A,) sums of (N,) values."""
        return sum_by(self.a, values, self.A)

    def over_b(self, values: Floats) -> Floats:
        """(B,) sums of (N,) values."""
        return sum_by(self.b, values, self.B)

    def gram(self, w: Floats, weight: Floats) -> Floats:
        """N' diag(weight) N, dense (B, B): sparse products for narrow levels, dense ones for wide."""
        table = sparse.csr_array((w * np.sqrt(weight)[self.a], self.b, self.pointer), shape=(self.A, self.B))
        if _NARROW**2 * float((self.sizes.astype(np.float64) ** 2).sum()) < self.A * float(self.B) ** 2:
            return np.asarray((table.T.tocsr() @ table).toarray(), dtype=np.float64)
        total = np.zeros((self.B, self.B))
        step = max(1, _BLOCK // self.B)
        for begin in range(0, self.A, step):
            block = np.asarray(table[begin : begin + step].toarray(), dtype=np.float64)
            total += block.T @ block
        return total

    def _panels(self) -> Iterator[tuple[Codes, Codes]]:
        """Levels of a with equally many cells, in blocks: their cells (r, n) and the b of these (r, n)."""
        for n in np.unique(self.sizes[self.sizes > 0]):
            first = self.pointer[:-1][self.sizes == n]
            step = max(1, _BLOCK // int(n * n if _NARROW * n < self.B else self.B))
            for begin in range(0, len(first), step):
                cells = first[begin : begin + step, None] + np.arange(n)
                yield cells, self.b[cells]

    def rows(self, w: Floats, M: Floats) -> Floats:
        """(N,) sum_{k on i} w_k M_kj for the cell (i, j); M symmetric, its first B rows and columns count."""
        row = np.empty(len(self.a))
        flat, size = M.ravel(order="K"), len(M)
        for cells, b in self._panels():
            n = b.shape[1]
            if _NARROW * n < self.B:
                pairs = flat.take((b * size)[:, :, None] + b[:, None, :])
                row[cells] = (w[cells][:, None, :] @ pairs)[:, 0, :]
            else:
                block = np.zeros((len(b), self.B))
                np.put_along_axis(block, b, w[cells], axis=1)
                row[cells] = np.take_along_axis(block @ M[: self.B], b, axis=1)
        return row


@dataclass(frozen=True)
class Factored:
    """The equations at the ratios t = (t_a, t_b, t_s), factored. factor: lower Cholesky of S; 1 x 1 where t_b = 0.

    w: (N,); d, Da: (A,); Db: (B,), as above.
    """

    crossed: Crossed
    t: Floats
    w: Floats
    d: Floats
    Da: Floats
    Db: Floats
    factor: Floats

    @property
    def dense(self) -> bool:
        """b has its own rows in S; not so where t_b = 0."""
        return len(self.factor) > 1

    def project(self, v: Floats) -> tuple[Floats, float]:
        """(P v, mu) for a cell vector v."""
        crossed, w, (ta, tb, _) = self.crossed, self.w, self.t
        wv = w * v
        up = ta * crossed.over_a(wv) / self.d
        right = np.empty(len(self.factor))
        right[-1] = wv.sum() - self.Da @ up
        if self.dense:
            right[:-1] = math.sqrt(tb) * (crossed.over_b(wv) - crossed.over_b(w * up[crossed.a]))
        solved, _ = lapack.dpotrs(self.factor, right, lower=1)
        mu = float(solved[-1])
        left = v - mu
        if self.dense:
            left -= (math.sqrt(tb) * solved[:-1])[crossed.b]
        left -= (ta * crossed.over_a(w * left) / self.d)[crossed.a]  # ua = t_a Z_a'W (v - ub - mu) / d
        return w * left, mu


@dataclass(frozen=True)
class Solution(Factored):
    """The equations solved for the cell means.

    Py: (N,); fa, fb: (A,), (B,) sums of Py per level, so that ua = t_a fa and ub = t_b fb; mu: fixed effect.
    """

    ldet: float
    rss: float
    mu: float
    Py: Floats
    fa: Floats
    fb: Floats

    def criterion(self, s2: float) -> float:
        """-2 restricted log-likelihood at the residual variance s2."""
        return self.crossed.n * math.log(2 * math.pi * s2) + self.rss / s2 + self.ldet


def solve(crossed: Crossed, t: Floats) -> Solution:
    """Factor and solve at t >= 0, (3,). One dense Cholesky of B + 1; O(N) where t_b = 0."""
    m = crossed.m
    w = m / (1 + t[2] * m)
    Da, Db = crossed.over_a(w), crossed.over_b(w)
    d = 1 + t[0] * Da
    shrink = t[0] / d
    size = crossed.B + 1 if t[1] > 0 else 1
    S = np.empty((size, size), order="F")
    S[-1, -1] = w.sum() - (shrink * Da**2).sum()
    if t[1] > 0:
        S[:-1, :-1] = crossed.gram(w, shrink)
        S[:-1, :-1] *= -t[1]
        S[np.diag_indices(crossed.B)] += 1 + t[1] * Db
        S[-1, :-1] = math.sqrt(t[1]) * (Db - crossed.over_b(w * (shrink * Da)[crossed.a]))
        S[:-1, -1] = 0.0
    factor, info = lapack.dpotrf(S, lower=1, overwrite_a=1)
    if info or not np.all(np.diag(factor) > 0):
        raise SingularError
    factored = Factored(crossed, t, w, d, Da, Db, factor)
    Py, mu = factored.project(crossed.x)
    fa, fb = crossed.over_a(Py), crossed.over_b(Py)
    # y'Py as a sum of squares: nothing cancels.
    rss = float((Py**2 / w).sum() + t[0] * (fa**2).sum() + t[1] * (fb**2).sum()) + crossed.ssw
    ldet = float(np.log(d).sum() + 2 * np.log(np.diag(factor)).sum() + np.log1p(t[2] * m).sum())
    return Solution(crossed, t, w, d, Da, Db, factor, ldet, rss, mu, Py, fa, fb)


@dataclass(frozen=True)
class Score:
    """First and second order at a solution, per component (a, b, s) in t, not in log t.

    trace: (3,) tr(P V_u); square: (3,) |f_u|^2 = y'P V_u P y; product: (3, 3) f_u'P f_v.
    error_a, error_b: (A,), (B,) prediction error variances of ua, ub over s2; error_mu: of mu.
    """

    trace: Floats
    square: Floats
    product: Floats
    error_a: Floats
    error_b: Floats
    error_mu: float


def score(solution: Solution) -> Score:
    """The inverse of S, and from it every trace. About three times the cost of `solve`."""
    crossed, (ta, tb, _), w, d, Da = solution.crossed, solution.t, solution.w, solution.d, solution.Da
    inverse, info = lapack.dpotri(solution.factor, lower=1)
    if info:
        raise SingularError
    inverse += np.tril(inverse, -1).T
    c, corner, root = inverse[:-1, -1], float(inverse[-1, -1]), math.sqrt(tb)
    if solution.dense:
        diagonal = np.diag(inverse)[:-1]
        row = root * crossed.rows(w, inverse) + Da[crossed.a] * c[crossed.b]
        last = root * crossed.over_a(w * c[crossed.b]) + Da * corner
        quad = root * crossed.over_a(w * row) + Da * last
        own = tb * diagonal[crossed.b] + 2 * root * c[crossed.b] + corner
        trace_b = float((1 - diagonal).sum()) / tb
        error_b = tb * diagonal
        row = root * row + last[crossed.a]
    else:
        last = Da * corner
        quad = Da * last
        own = np.full(len(w), corner)
        across = solution.Db - crossed.over_b(w * (ta * Da / d)[crossed.a])
        within = solution.Db - crossed.over_b(w**2 * (ta / d)[crossed.a])
        trace_b = float((within - across**2 * corner).sum())
        error_b = np.zeros(crossed.B)
        row = last[crossed.a]
    error_a = ta * (1 / d + ta * quad / d**2)
    h = error_a[crossed.a] - 2 * (ta / d)[crossed.a] * row + own
    trace = np.array([(Da / d - quad / d**2).sum(), trace_b, (w - w**2 * h).sum()])
    f = (solution.fa[crossed.a], solution.fb[crossed.b], solution.Py)
    square = np.array([(solution.fa**2).sum(), (solution.fb**2).sum(), (solution.Py**2).sum()])
    projected = [solution.project(v)[0] for v in f]
    product = np.array([[float(u @ v) for v in projected] for u in f])
    return Score(trace, square, (product + product.T) / 2, error_a, error_b, corner)
