"""Bias-corrected two-way fixed effects: the default estimator (`fe`).

    d_ij = x_ij - xbar_i          A = diag(n_j) - sum_i (1/n_i) 1_i 1_i'        b_j = sum_i d_ij
    lhat = A+ b                   e_ij = d_ij - lhat_j + mean_{k on i} lhat_k    W = sum e_ij^2
    H0 = sum (1 - lev)            H1 = sum (1 - lev)/m      T0 = trace(A+)       T1 = sum B/m
    no replicates:  P = W/H0,                L = (sum lhat^2 - P T0)/dJ
    replicates:     O = sum q / sum (m-1),   S = (W - O H1)/H0,
                    L = (sum lhat^2 - S T0 - O T1)/dJ,   P = S + O
    Sys = L + P

Case effects are fixed: no assumption on their distribution, nor on which cases reach which judges. Level
effects have one variance, cell effects another, no normality. On complete data this is the ANOVA estimator.
Andrews et al. (2008); Kline, Saggio & Sølvsten (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.linked import Linked

_RCOND = 1e-10


class IllConditionedError(ArithmeticError):
    """The judges hang together by links too weak to compare them in double precision."""


@dataclass(frozen=True)
class WeakLinks:
    """What the noise of a chain of judges needs: squares = sum lambda_k^2 of A+, aligned = lhat' A+ lhat."""

    squares: float
    aligned: float


@dataclass(frozen=True)
class TwoWay:
    """The joint fit. Variances are signed, in squared decision units; `stable` and `occasion` need replicates.

    inverse: (J, J) A+; effects: (J, K) lhat; residual: (N, K) e; leverage: (N,).
    weak: set where judges hang together like a chain.
    tr: sum of the noise variances of lhat, S T0 + O T1 (= P T0 without replicates).
    case_quad: (C,) sum over pairs of judges of the case of A+.
    """

    linked: Linked
    level: float
    pattern: float
    stable: float | None
    occasion: float | None
    effects: Floats
    residual: Floats
    leverage: Floats
    inverse: Floats
    weak: WeakLinks | None
    W: float
    H0: float
    H1: float
    T0: float
    T1: float
    tr: float
    case_quad: Floats

    @property
    def spread(self) -> Floats:
        """(J,) diagonal k_j of A+."""
        return np.diag(self.inverse)

    @property
    def system(self) -> float:
        """Level plus pattern."""
        return self.level + self.pattern

    @property
    def noise(self) -> float:
        """tr with a negative S counted as 0: the uncertainty of lhat is judged by it and is never negative."""
        if self.stable is None or self.occasion is None or self.stable >= 0:
            return self.tr
        return self.occasion * self.T1

    @property
    def effect_variance(self) -> Floats:
        """(J,) noise variance nu_j of lhat_j; sums to `noise`."""
        total = self.spread.sum()
        return self.noise * self.spread / total if total > 0 else np.zeros_like(self.spread)

    @property
    def squared_residual(self) -> Floats:
        """(N,) e^2 summed over the columns."""
        return np.asarray((self.residual**2).sum(axis=1), dtype=np.float64)


def fit_two_way(linked: Linked, *, interaction: bool = True) -> TwoWay:
    """Fit the two-way model to linked cells (N >= 2, H0 > 0).

    interaction=False: S = 0, for replicated cells that are too few to see judge x case effects (H0 may be 0).
    Raises IllConditionedError where the judges' graph is too weak (condition number over 1e10).
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1 if linked.J < 3000 else None, user_api="blas"):
        inverse = pseudo_inverse(linked)
        effects, residual = solve(linked, inverse, linked.d)
        varied = linked.replicated and np.ptp(linked.m) > 0
        quad, case_quad = _quad(linked, inverse)
        bias = _quad(linked, inverse @ inverse.T)[0] if varied else None  # symmetric, which a transpose shows to BLAS
    leverage = 1.0 / linked.per_case[linked.case] + quad
    W = float((residual**2).sum())
    scale = np.abs(linked.d).max(initial=0.0)
    if len(linked) * (1e-13 * scale) ** 2 >= W:
        W, residual = 0.0, np.zeros_like(residual)
    H0 = float(linked.H0)
    H1 = float(((1 - leverage) / linked.m).sum())
    T0 = float(np.trace(inverse))
    T1 = float((bias / linked.m).sum()) if bias is not None else T0 / float(linked.m[0])
    squares = float((effects**2).sum())
    stable: float | None = None
    occasion: float | None = None
    if linked.replicated:
        occasion = linked.ssw / linked.df
        stable = (W - occasion * H1) / H0 if interaction else 0.0
        pattern, tr = stable + occasion, stable * T0 + occasion * T1
    else:
        pattern = W / H0
        tr = pattern * T0
    return TwoWay(
        linked=linked,
        level=(squares - tr) / linked.dJ,
        pattern=pattern,
        stable=stable,
        occasion=occasion,
        effects=effects,
        residual=residual,
        leverage=leverage,
        inverse=inverse,
        weak=_weak_links(inverse, effects, T0=T0, dJ=linked.dJ),
        W=W,
        H0=H0,
        H1=H1,
        T0=T0,
        T1=T1,
        tr=tr,
        case_quad=case_quad,
    )


def solve(linked: Linked, inverse: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Effects (J, K) and residuals (N, K) of values d (N, K) that are centred within cases; inverse: A+."""
    effects = inverse @ linked.over_judge(d)
    for block in range(linked.blocks):  # A+ does this up to rounding
        members = linked.block == block
        effects[members] -= effects[members].mean(axis=0)
    residual = d - effects[linked.judge]
    residual += (linked.over_case(effects[linked.judge]) / linked.per_case[:, None])[linked.case]
    return effects, residual


def pseudo_inverse(linked: Linked) -> Floats:
    """A+ = inv(A + sum_g 1_g 1_g'/|g|) - sum_g 1_g 1_g'/|g|, (J, J)."""
    A = -_gram(linked)
    A[np.diag_indices_from(A)] += linked.per_judge
    centre = np.zeros_like(A)
    for block in range(linked.blocks):
        members = np.flatnonzero(linked.block == block)
        centre[np.ix_(members, members)] = 1.0 / len(members)
    A += centre
    norm = float(np.abs(A).sum(axis=0).max())
    factor, info = lapack.dpotrf(A, lower=1)
    if info:
        raise IllConditionedError
    rcond, _ = lapack.dpocon(factor, norm, uplo="L")
    if rcond < _RCOND:
        raise IllConditionedError
    inverse, _ = lapack.dpotri(factor, lower=1)
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    inverse -= centre
    return np.asarray(inverse, dtype=np.float64)


def _weak_links(inverse: Floats, effects: Floats, *, T0: float, dJ: int) -> WeakLinks | None:
    """Set where the noise of lhat lies in less than half of its dimensions: T0^2/sum lambda_k^2 < dJ/2.

    So it is where judges hang together like a chain: the errors of their effects are far from independent.
    """
    squares = float((inverse**2).sum())
    return None if squares * dJ / 2 <= T0**2 else WeakLinks(squares, float((effects * (inverse @ effects)).sum()))


def _gram(linked: Linked) -> Floats:
    """sum_i (1/n_i) 1_i 1_i', (J, J): pair by pair where cases are narrow, dense products where they are wide.

    Pairs are counted with the earlier seat first, so their half is mirrored; the diagonal is the sum of 1/n_i.
    """
    narrow, gram = np.zeros(linked.J**2), np.zeros((linked.J, linked.J))
    for panel in linked.panels():
        n = len(panel.judges)
        if panel.is_narrow(linked.J):
            np.add.at(narrow, panel.places(linked.J).ravel(), 1.0 / n)
        else:
            table = panel.indicator(linked.J)
            gram += table.T @ table / n
    gram += narrow.reshape(gram.shape)
    gram += narrow.reshape(gram.shape).T
    np.fill_diagonal(gram, linked.over_judge(1.0 / linked.per_case[linked.case]))
    return gram


def _quad(linked: Linked, M: Floats) -> tuple[Floats, Floats]:
    """Quadratic forms of a symmetric (J, J) matrix over the cells.

    quad_ij = M_jj - (2/n_i) sum_{k on i} M_jk + (1/n_i^2) sum_{k,k' on i} M_kk', (N,), and the last sum
    itself per case, (C,).
    """
    row = linked.over_colleagues(M)
    case_quad = linked.over_case(row)
    n_i = linked.per_case
    quad = np.diag(M)[linked.judge] - 2.0 * row / n_i[linked.case] + (case_quad / n_i**2)[linked.case]
    return quad, case_quad
