"""Least squares within professionals, from sums that add: what cases do, told apart from who decides.

    W = sum_g sum_{i in g} (z_i - zbar_g)(z_i - zbar_g)',   w = sum (z_i - zbar_g)(y_i - ybar_g)
    beta = W^- w,   offset of a judge = mean_{i of j} (y_i - z_i'beta)

g: judge, or judge x pool. The offsets are fixed effects, so no assumption is made on which cases reach whom; what is
needed is that judges see different cases. Frisch & Waugh (1933); Robinson (1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by

_CUT = 1e-8  # smallest eigenvalue, against the largest, of scaled columns that counts as a direction


@dataclass(frozen=True)
class WithinSums:
    """Sums over rows: n (G,), z (G, q), y (G,), zz (q, q), zy (q,). They add and subtract."""

    n: Floats
    z: Floats
    y: Floats
    zz: Floats
    zy: Floats

    @classmethod
    def of(cls, columns: Floats, decision: Floats, group: Codes, groups: int) -> WithinSums:
        """Sums of one part of the rows; columns and decision should lie around 0."""
        order = np.argsort(group, kind="stable")
        n = np.bincount(group, minlength=groups).astype(np.float64)
        starts = np.concatenate([[0], np.cumsum(n)[:-1]]).astype(np.intp)
        z = np.zeros((groups, columns.shape[1]))
        some = n > 0
        if len(order):
            z[some] = np.add.reduceat(columns[order], starts[some], axis=0)
        return cls(n, z, sum_by(group, decision, groups), columns.T @ columns, columns.T @ decision)

    def __add__(self, other: WithinSums) -> WithinSums:
        return WithinSums(self.n + other.n, self.z + other.z, self.y + other.y, self.zz + other.zz, self.zy + other.zy)

    def __sub__(self, other: WithinSums) -> WithinSums:
        return WithinSums(self.n - other.n, self.z - other.z, self.y - other.y, self.zz - other.zz, self.zy - other.zy)


@dataclass(frozen=True)
class WithinFit:
    """beta (q,), inverse (q, q) so that Cov(beta) = s2 inverse, and the number of directions that were seen."""

    beta: Floats
    inverse: Floats
    rank: int


def fit_within(sums: WithinSums) -> WithinFit:
    """Least squares within groups; directions in which no group varies get 0."""
    n = np.where(sums.n > 0, sums.n, 1.0)
    W = sums.zz - (sums.z / n[:, None]).T @ sums.z
    w = sums.zy - sums.z.T @ (sums.y / n)
    size = np.sqrt(np.maximum(np.diag(W), 0.0))
    whole = np.sqrt(np.maximum(np.diag(sums.zz), 0.0))
    seen = size > 1e-6 * np.where(whole > 0, whole, 1.0)
    scale = np.where(seen, 1 / np.where(seen, size, 1.0), 0.0)
    values, vectors = np.linalg.eigh(W * scale[:, None] * scale)
    kept = values > _CUT * max(float(values.max(initial=0.0)), 1e-300)
    directions = vectors[:, kept] * scale[:, None]
    inverse = directions / values[kept] @ directions.T
    return WithinFit(inverse @ w, inverse, int(kept.sum()))
