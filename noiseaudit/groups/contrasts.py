"""Contrasts of each professional between kinds of cells, tested against the peers.

g_j    = sum_k c_k m_jk                     c = (1, -1): group minus rest;  (1, -1, -1, 1): two characteristics
s_j^2  = sum_k M2_jk/df_j ,  df_j = sum_k (n_jk - 1) ;  s~_j^2 moderated
se_j^2 = s~_j^2 sum_k 1/n_jk

variances that differ between the kinds:  a_k = sum_j M2_jk/sum_j (n_jk - 1) ,  w_j = sum_k n_jk a_k/sum_k n_jk
se_j^2 = s~_j^2/w_j sum_k a_k/n_jk
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.moderated import moderate
from noiseaudit.groups.peer_centre import FEWEST_PEERS, against_peers

GROUP_AND_REST = (1.0, -1.0)
TWO_TOGETHER = (1.0, -1.0, -1.0, 1.0)  # both, only the first, only the second, neither


@dataclass(frozen=True)
class KindMoments:
    """(J, K) number, mean and sum of squares about the mean of each professional's decisions of each kind."""

    n: Floats
    mean: Floats
    m2: Floats

    @classmethod
    def of(cls, judge: Codes, kind: Codes, values: Floats, *, judges: int, kinds: int) -> KindMoments:
        """From (R,) values with codes of professional and kind."""
        place = judge * kinds + kind
        n = np.bincount(place, minlength=judges * kinds).astype(np.float64)
        mean = np.bincount(place, weights=values, minlength=judges * kinds) / np.maximum(n, 1)
        m2 = np.bincount(place, weights=(values - mean[place]) ** 2, minlength=judges * kinds).astype(np.float64)
        shape = (judges, kinds)
        return cls(n.reshape(shape), np.asarray(mean).reshape(shape), np.asarray(m2).reshape(shape))


def contrast_gaps(
    moments: KindMoments,
    weights: tuple[float, ...],
    *,
    judge: Codes,
    fewest: int,
    peers_in: Literal["residuals", "means"],
    block: Codes | None = None,
    equal_variances: bool = True,
) -> Gaps:
    """Gaps of (J, K) moments; the first kind is the group. judge: (J,) codes handed on; block: (J,) who is comparable.

    Tested: at least `fewest` of every kind, and three peers. Own contrasts of several blocks have no common zero: there
    each loses the mean of its block.
    """
    n = moments.n
    J = len(n)
    block = np.zeros(J, dtype=np.intp) if block is None else block
    tested = (n >= max(fewest, 1)).all(axis=1) & (n.sum(axis=1) > n.shape[1])
    tested &= np.bincount(block, weights=tested)[block] > FEWEST_PEERS
    own, own_se, gap, se, p, df = np.full((6, J), np.nan)
    blocks = np.unique(block[tested])
    if tested.any():
        n, own[tested] = n[tested], moments.mean[tested] @ np.asarray(weights)
        freedom = n.sum(axis=1) - n.shape[1]
        moderated = moderate(moments.m2[tested].sum(axis=1) / freedom, freedom)
        own_se[tested] = np.sqrt(moderated.variance * _unit_variance(n, moments.m2[tested], equal=equal_variances))
        df[tested] = moderated.df
        result = against_peers(own[tested], own_se[tested], df=df[tested], peers_in=peers_in, block=block[tested])
        gap[tested], se[tested], p[tested] = result.gap, result.se, result.p
        if len(blocks) > 1:
            own[tested] -= _block_means(own[tested], block[tested])
    return Gaps(
        scale="difference",
        judge=judge,
        n_in=moments.n[:, 0],
        n_out=moments.n[:, 1:].sum(axis=1),
        own=own,
        own_se=own_se,
        gap=gap,
        se=se,
        p=p,
        df=df,
        tested=tested,
        base=np.full(J, np.nan),
        blocks=max(1, len(blocks)),
    )


def _unit_variance(n: Floats, m2: Floats, *, equal: bool) -> Floats:
    """(J,) variance of the contrast per unit of the pooled variance."""
    if not equal:
        kind = m2.sum(axis=0) / np.maximum((n - 1).sum(axis=0), 1)
        pooled = n @ kind / n.sum(axis=1)
        if np.all(pooled > 0):
            return np.asarray((kind / n).sum(axis=1) / pooled, dtype=np.float64)
    return np.asarray((1 / n).sum(axis=1), dtype=np.float64)


def _block_means(values: Floats, block: Codes) -> Floats:
    count = np.bincount(block)
    return np.asarray((np.bincount(block, weights=values) / np.maximum(count, 1))[block], dtype=np.float64)
