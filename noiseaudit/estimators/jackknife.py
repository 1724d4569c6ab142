"""Plain intervals from leave-one-judge-out values, with fewer degrees of freedom where few judges carry the figure.

    V = (J - 1)/J sum_j (a_j - mean a)^2 ;   reach = t_df sqrt(V) ,   df = max(1, (sum q)^2/sum q^2 - 1)

q_j: the part of the variance that judge j brings, up to a factor. With equal parts df = J - 1. Tukey (1958);
Satterthwaite (1946).
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import t_quantile


def spread(left_out: Floats) -> float:
    """V of the (J,) values without each judge."""
    J = len(left_out)
    return (J - 1) / J * float(((left_out - left_out.mean()) ** 2).sum())


def effective_df(parts: Floats) -> Floats:
    """(...,) df of the parts (J, ...) of a variance; 1 where nobody brings any."""
    squares = np.asarray((parts**2).sum(axis=0))
    ratio = np.divide(parts.sum(axis=0) ** 2, squares, out=np.ones_like(squares), where=squares > 0)
    return np.asarray(np.maximum(ratio - 1, 1.0), dtype=np.float64)


def reach(left_out: Floats, parts: Floats, *, confidence: float) -> float:
    """Half the width of the interval."""
    return float(t_quantile(0.5 + confidence / 2, effective_df(parts))) * math.sqrt(spread(left_out))
