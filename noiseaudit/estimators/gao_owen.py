"""Moments in one pass for cases and judges that are both random (`gao_owen`).

    U_a = sum_i sum_j (x_ij - xbar_i.)^2 ;  U_b the same by judge ;  U_e = N sum (x - xbar)^2
    E U_a = (N - C) (L + P) ;  E U_b = (N - J) (V_C + P)
    E U_e = (N^2 - sum n_i^2) V_C + (N^2 - sum n_j^2) L + (N^2 - N) P
    P   = [alpha U_b/(N - J) + beta U_a/(N - C) - U_e] / [alpha + beta - (N^2 - N)],
          alpha = N^2 - sum n_i^2, beta = N^2 - sum n_j^2
    L   = U_a/(N - C) - P ;  V_C = U_b/(N - J) - P

O(N) time, O(C + J) memory; signed. It takes cases to reach judges at random: where difficult cases go to certain
judges, L is wrong by any factor. Where both are random its L can still be far less precise than `fe`.
Gao & Owen, EJS 11 (2017) 1235; Statistica Sinica 30 (2020) 1741.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NoAnswerError, NotIdentified


@dataclass(frozen=True)
class GaoOwen:
    """Signed variances in squared decision units.

    case: V_C; judge: L; residual: variance of a CELL MEAN around case and judge, S + O mean(1/m);
    occasion: O from decisions within cells, None without replicates; mean_inverse: mean of 1/m over the cells.
    """

    case: float
    judge: float
    residual: float
    occasion: float | None
    mean_inverse: float

    @property
    def level(self) -> float:
        """Level noise L: the judges' variance."""
        return self.judge

    @property
    def stable(self) -> float | None:
        """Stable pattern S = residual - O mean(1/m); None without replicates."""
        return None if self.occasion is None else self.residual - self.occasion * self.mean_inverse

    @property
    def pattern(self) -> float:
        """Pattern P = S + O, of a single decision."""
        if self.occasion is None:
            return self.residual
        return self.residual + self.occasion * (1 - self.mean_inverse)

    @property
    def system(self) -> float:
        """Level plus pattern."""
        return self.level + self.pattern


def gao_owen(cells: Cells) -> GaoOwen:
    """Variances by the moments of cell means, every cell counting once whatever its number of decisions m.

    All cells are used. With m = 1 everywhere these are Gao & Owen's own equations. For K indicator columns the
    components are sums over the columns. Raises NoAnswerError where the three moments do not tell the three
    components apart.
    """
    n_i = np.bincount(cells.case, minlength=len(cells.cases)).astype(np.float64)
    n_j = np.bincount(cells.judge, minlength=len(cells.judges)).astype(np.float64)
    N, C, J = float(len(cells)), float((n_i > 0).sum()), float((n_j > 0).sum())
    for reason, missing in (("single_judge", J < 2), ("single_case", C < 2), ("no_shared_cases", C == N)):
        if missing:
            raise NoAnswerError(reason, NotIdentified.of(reason).because)
    alpha, beta = N**2 - float((n_i**2).sum()), N**2 - float((n_j**2).sum())
    determinant = alpha + beta - (N**2 - N)
    if J == N or abs(determinant) <= 1e-12 * N**2:
        raise NoAnswerError("no_interaction_df", NotIdentified.of("no_interaction_df").because)
    x = cells.mean - cells.mean.mean(axis=0)
    within_case = _within(cells.case, x, n_i) / (N - C)
    within_judge = _within(cells.judge, x, n_j) / (N - J)
    total = N * float(((x - x.mean(axis=0)) ** 2).sum())
    residual = (alpha * within_judge + beta * within_case - total) / determinant
    df = float((cells.n - 1).sum())
    return GaoOwen(
        case=within_judge - residual,
        judge=within_case - residual,
        residual=residual,
        occasion=float(cells.m2.sum()) / df if df > 0 else None,
        mean_inverse=float((1 / cells.n).mean()),
    )


def _within(codes: Codes, x: Floats, count: Floats) -> float:
    """Sum of squares around the mean of every level, over all columns."""
    safe = np.maximum(count, 1.0)
    total = 0.0
    for column in x.T:
        left = column - (sum_by(codes, column, len(count)) / safe)[codes]
        total += float((left**2).sum())
    return total
