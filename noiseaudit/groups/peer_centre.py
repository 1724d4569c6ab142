"""The test of each professional against the median of the others.

    gap_j = g_j - median_{k != j} g_k
    se^2  = se_j^2 + v_j ;  T = gap/se ;  p two-sided from t(df_j)

    residuals that hold the peers' mean (panels):   v_j = 2.57 mean_{k != j}(se_k^2)/(J - 1)
    own means (logs):                               v_j = 1.57 (J - 1)/(sum_{k != j} 1/se_k)^2

1.57 = pi/2 is the variance of a median against that of a mean; a deletion residual adds the peers' mean itself (+ 1).
The median, because one professional who deviates much moves a mean, and would make all others look deviant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import t_tail

FEWEST_PEERS = 3  # colleagues to compare with: at least four professionals can be tested


@dataclass(frozen=True)
class PeerTest:
    """(J,) gap to the median of the others, its standard error, T and two-sided p; NaN where nobody is compared."""

    gap: Floats
    se: Floats
    T: Floats
    p: Floats


def against_peers(
    own: Floats, own_se: Floats, *, df: Floats, peers_in: Literal["residuals", "means"], block: Codes | None = None
) -> PeerTest:
    """Test (J,) own contrasts with standard errors and degrees of freedom (inf: normal) against the others' median.

    block: (J,) codes of those who can be compared with each other (None: all). Fewer than four in a block: NaN. All
    that is handed in counts as a peer: leave out who cannot be measured.
    """
    gap, variance = np.full(len(own), np.nan), np.full(len(own), np.nan)
    groups = [np.arange(len(own))] if block is None else _members(block)
    for who in groups:
        if len(who) > FEWEST_PEERS:
            gap[who] = own[who] - median_of_others(own[who])
            variance[who] = _centre_variance(own_se[who], peers_in)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(own_se**2 + variance)
        T = np.where(gap == 0, 0.0, gap / se)
    p = np.where(np.isfinite(gap), 2 * t_tail(np.abs(T), df), np.nan)
    return PeerTest(gap, se, np.where(np.isfinite(gap), T, np.nan), p)


def median_of_others(values: Floats) -> Floats:
    """(J,) median of the values of all others, J >= 2, from one sort."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    rank = np.empty(len(values), dtype=np.intp)
    rank[order] = np.arange(len(values))
    low, high = (len(values) - 2) // 2, (len(values) - 1) // 2  # of the J - 1 that remain
    return np.asarray((ordered[low + (rank <= low)] + ordered[high + (rank <= high)]) / 2, dtype=np.float64)


def _centre_variance(se: Floats, peers_in: Literal["residuals", "means"]) -> Floats:
    peers = len(se) - 1
    if peers_in == "residuals":
        squares = se**2
        return np.asarray(2.57 * (squares.sum() - squares) / peers**2, dtype=np.float64)
    with np.errstate(divide="ignore"):
        weight = 1 / se
    if not np.all(np.isfinite(weight)):  # somebody's contrast is exact, and so is the centre
        return np.zeros(len(se))
    return np.asarray(1.57 * peers / (weight.sum() - weight) ** 2, dtype=np.float64)


def _members(block: Codes) -> list[Codes]:
    """Positions of the members of every block."""
    order = np.argsort(block, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(block[order])) + 1)
