"""Moments (n, mean, M2) and their merge law.

    n = n_A + n_B,  d = mean_B - mean_A,
    mean = mean_A + d n_B / n,
    M2 = M2_A + M2_B + d^2 n_A n_B / n

Source: Chan, Golub & LeVeque (1983). Sums of squares never appear: they lose every digit as soon as the
mean is large against the spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Arrays of counts, means and sums of squared deviations; `+` merges elementwise.

    n: (N,) counts; mean, m2: (N,) or (N, K) in the unit of the decision (M2: squared unit).
    """

    n: Floats
    mean: Floats
    m2: Floats

    def __add__(self, other: Moments) -> Moments:
        n = self.n + other.n
        own, its = _columns(self.n, self.mean), _columns(other.n, other.mean)
        total = np.where(own + its > 0, own + its, 1.0)
        d = other.mean - self.mean
        mean = np.where(own > 0, self.mean + d * (its / total), other.mean)
        m2 = self.m2 + other.m2 + d * d * (own * its / total)
        return Moments(n, mean, m2)


def sum_by(codes: npt.NDArray[np.intp], values: Floats, size: int) -> Floats:
    """(size,) sums of values (R,) by code."""
    return np.bincount(codes, weights=values, minlength=size).astype(np.float64, copy=False)


def _columns(n: Floats, like: Floats) -> Floats:
    return n if like.ndim == 1 else n[:, None]


def grouped(codes: npt.NDArray[np.intp], size: int, n: Floats, mean: Floats, m2: Floats) -> Moments:
    """Merge rows that share a code into `size` groups, each centred on its own mean first (two passes).

    codes: (R,) ints in [0, size); n: (R,); mean, m2: (R, K). Returns Moments with n (size,), mean and m2 (size, K).
    """
    total = sum_by(codes, n, size)
    safe = np.where(total > 0, total, 1.0)
    centre = np.empty((size, mean.shape[1]))
    spread = np.empty_like(centre)
    for k in range(mean.shape[1]):
        first = sum_by(codes, n * mean[:, k], size) / safe
        # The second pass mends what rounding did to the first mean and gives M2 without cancellation.
        left = mean[:, k] - first[codes]
        mend = sum_by(codes, n * left, size) / safe
        centre[:, k] = first + mend
        left -= mend[codes]
        spread[:, k] = sum_by(codes, m2[:, k] + n * left * left, size)
    return Moments(total, centre, spread)
