"""Means by group of decisions that hang together by professional and by case, and what the means have in common.

    p_a = sum_{r in a} n_r x_r / N_a ,  z_r = n_r (x_r - p_a) / N_a ,  rows r: one a (professional, case)
    V_J = G/(G - 1) sum_j (sum_{r in j} z_r)^2 ,  V_C the same over cases,  V_cell = sum z_r^2
    V_a = max( V_J, V_C, V_J + V_C - V_cell, V_one, V_cell (1 + (m_J - 1) rho_J + (m_C - 1) rho_C) )
    C_ab = G/(G - 1) sum_j z_aj z_bj      (groups share professionals, and no case)

G: effective number of clusters, (sum_g N_g)^2 / sum_g N_g^2; m: mean size of the cluster of a decision, sum_g N_g^2/N
over that of a cell; V_one: as if every decision stood alone. rho_J and rho_C, excess of the sums of squares over
V_cell per unit of V_cell (m - 1), rest on all groups together: a small group with a rate near 0 cannot tell that its
decisions hang together, the others can. Without them coverage falls to .84 there (20 x 200, rate .02).

Sources: Cameron, Gelbach & Miller (2011), two-way clusters; Carter, Schnepel & Steigerwald (2017), effective clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by


@dataclass(frozen=True)
class Clusters:
    """Who decided what in which group: rows with judge, case and value codes (R,), n (R,) decisions each.

    case: None where every decision is a case of its own, and rows are (judge, value) or finer. Each case lies in one
    value. values: how many there are.
    """

    judge: Codes
    case: Codes | None
    value: Codes
    n: Floats
    values: int

    def where(self, keep: npt.NDArray[np.bool_]) -> Clusters:
        """The rows that `keep` selects."""
        case = None if self.case is None else self.case[keep]
        return Clusters(self.judge[keep], case, self.value[keep], self.n[keep], self.values)


@dataclass(frozen=True)
class ClusteredMeans:
    """(k,) each: n decisions, judges and cases; mean, NaN where n is 0; variance of the mean; df of its t.

    independent: number of decisions that would tell as much if they stood alone, at most. covariance: (k, k), of
    two means, for professionals in common; its diagonal is `variance`.
    """

    n: Floats
    judges: Floats
    cases: Floats
    mean: Floats
    variance: Floats
    independent: Floats
    df: Floats
    covariance: Floats


def clustered_means(rows: Clusters, x: Floats, *, m2: Floats | None = None) -> ClusteredMeans:
    """Mean of x by value with its two-way clustered variance; formulas above.

    x: (R,) mean of each row's decisions; m2: (R,) their sum of squared deviations, 0 if not given.
    """
    k = rows.values
    N = sum_by(rows.value, rows.n, k)
    safe = np.maximum(N, 1.0)
    mean = sum_by(rows.value, rows.n * x, k) / safe
    z = rows.n * (x - mean[rows.value]) / safe[rows.value]
    inner = (0.0 if m2 is None else m2) / safe[rows.value] ** 2
    one = sum_by(rows.value, np.divide(z**2, rows.n, out=np.zeros_like(z), where=rows.n > 0) + inner, k)
    judges, judge = np.unique(rows.judge, return_inverse=True)
    at = judge * k + rows.value
    total = sum_by(at, z, len(judges) * k).reshape(-1, k)
    held = sum_by(at, rows.n, len(judges) * k).reshape(-1, k)
    GJ, sizes = _effective(held.sum(axis=0), (held**2).sum(axis=0))
    if rows.case is None:
        cell, case_squares, cell_size = one, one, np.ones(k)
        GC, case_sizes, cases = N, np.ones(k), N
    else:
        found, first, case = np.unique(rows.case, return_index=True, return_inverse=True)
        group = rows.value[first]
        decided = sum_by(case, rows.n, len(found))
        GC, case_sizes = _effective(N, sum_by(group, decided**2, k))
        case_squares = sum_by(group, sum_by(case, z, len(found)) ** 2, k)
        cell, cell_size = sum_by(rows.value, z**2, k), sum_by(rows.value, rows.n**2, k) / safe
        cases = sum_by(group, (decided > 0).astype(np.float64), k)
    shared = total.T @ total
    cell_size = np.maximum(cell_size, 1.0)
    more_judge, more_case = sizes / cell_size - 1, case_sizes / cell_size - 1
    excess = 1 + _excess(np.diag(shared), cell, more_judge) * more_judge
    excess = excess + _excess(case_squares, cell, more_case) * more_case
    VJ, VC = np.diag(shared) * _small(GJ), case_squares * _small(GC)
    variance = np.maximum.reduce([VJ, VC, VJ + VC - cell, one, cell * excess])
    covariance = shared * np.sqrt(np.outer(_small(GJ), _small(GJ)))
    np.fill_diagonal(covariance, variance)
    return ClusteredMeans(
        n=N,
        judges=(held > 0).sum(axis=0).astype(np.float64),
        cases=cases,
        mean=np.where(N > 0, mean, np.nan),
        variance=variance,
        independent=N / (cell_size * excess),
        df=np.maximum(np.minimum(GJ, GC) - 1, 1.0),
        covariance=covariance,
    )


def _effective(total: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Effective number of clusters, and the size of the cluster that a decision is in."""
    return (
        np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0),
        np.divide(squares, total, out=np.ones_like(total), where=total > 0),
    )


def _small(clusters: Floats) -> Floats:
    """G/(G - 1); 1 where there is one cluster, whose sum of squares is 0."""
    return np.divide(clusters, clusters - 1, out=np.ones_like(clusters), where=clusters > 1 + 1e-9)


def _excess(squares: Floats, cell: Floats, more: Floats) -> float:
    """rho over all groups, between 0 and 1."""
    most = float((cell * more).sum())
    return min(1.0, max(0.0, float((squares - cell).sum()) / most)) if most > 0 else 0.0
