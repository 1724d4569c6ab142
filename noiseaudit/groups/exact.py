"""The exact conditional test: does a professional decide otherwise for a group than the peers do?

Of one professional and stratum: s1 of n1 decisions in the group are 1, and s0 of n0 outside it. Given s = s1 + s0,

    P(s1 = k) ∝ exp(k theta) / (k! (n1 - k)! (s - k)! (n0 - s + k)!)

with theta the peers' log odds ratio: the professional's own level cancels. Of counts with exposure, D1 events out of E1
and D0 out of E0: P(D1 = k) ∝ exp(k theta) (E1/E0)^k / (k! (D - k)!), a binomial law. Strata are convolved.

    p = min(1, 2 min(P(<=), P(>=))), averaged over theta + sqrt(V) x_q (7 Gauss-Hermite nodes)
    theta = log(R/S), of the peers' tables (Mantel-Haenszel, + .25 each):
      R = sum s1 (n0 - s0)/n,  S = sum s0 (n1 - s1)/n;   rates: R = sum D1 E0/E,  S = sum D0 E1/E
    V: Robins, Breslow & Greenland (1986); rates: sum D E1 E0/E^2 / (R S), Greenland & Robins (1985)

Peers are all others but those who deviate at a false discovery rate of 10 %, found anew until they stay the same, at
most 5 times and half of them at most; all others where fewer than 3 would be left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.groups.conditional_law import STEEPEST, Chances, ConditionalLaws
from noiseaudit.groups.gaps import FEWEST_COUNTS, Gaps
from noiseaudit.groups.margins import Counts, Tables
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.peer_centre import FEWEST_PEERS, against_peers

_MANY = 20  # professionals from which the mid-p holds the error rate; few peers hide too little of those who deviate
_EXCLUDED = 0.10  # false discovery rate at which a colleague is no peer
_ROUNDS = 5
_ADDED = 0.25  # to R and S
_MARGIN = 1.0  # of log odds, by which laws reach beyond the first theta
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def estimate(sums: Floats) -> tuple[Floats, Floats]:
    """theta and V from sums (5, ...) of `mantel_haenszel` over tables."""
    R, S = sums[0] + _ADDED, sums[1] + _ADDED
    return np.log(R / S), sums[2] / (2 * R**2) + sums[3] / (2 * R * S) + sums[4] / (2 * S**2)


def two_sided(chances: Chances, *, midp: bool) -> Floats:
    """(3, Q, S) p at each node, and what it would be at the two ends of what the margins allow."""
    half = chances.at / 2 if midp else 0.0
    tail = np.minimum(chances.below, chances.above) - half
    ends = np.stack([tail, chances.lowest, chances.highest])
    ends[1:] /= 1 + midp
    return np.asarray(np.clip(2 * ends, 0.0, 1.0))


@dataclass(frozen=True)
class ExactP:
    """(S,) p and the smallest p that the margins allow."""

    p: Floats
    attainable: Floats

    def scaled(self, dispersion: float) -> ExactP:
        """As if every z were divided by the root of the dispersion."""
        if dispersion == 1:
            return self
        p, least = (
            2 * special.ndtr(special.ndtri(part / 2) / np.sqrt(dispersion)) for part in (self.p, self.attainable)
        )
        return ExactP(p, least)


def conditional_p(tables: Tables | Counts, theta: Floats, *, variance: Floats, midp: bool) -> ExactP:
    """p of each test when the peers' theta (S,) has this variance (S,)."""
    return _Test(tables, len(theta), midp=midp)(theta, variance)


class _Test:
    """p for changing peers: the laws are made once, and again only where theta leaves their reach."""

    def __init__(self, tables: Tables | Counts, size: int, *, midp: bool) -> None:
        self.tables, self.size, self.midp = tables, size, midp
        self.laws: ConditionalLaws | None = None
        self.reach = np.zeros(size)

    def __call__(self, theta: Floats, V: Floats) -> ExactP:
        nodes = theta + np.sqrt(V) * _NODES[:, None]
        far = np.sqrt(V) * _NODES[-1]
        if self.laws is None or np.any(np.abs(theta - self.laws.centre) + far > self.reach):
            self.reach = far + _MARGIN
            self.laws = ConditionalLaws.of(self.tables, theta, reach=self.reach)
        steep = self.laws.width * self.reach > STEEPEST
        p = two_sided(self.laws.chances(np.where(steep, self.laws.centre, nodes)), midp=self.midp)
        if steep.any():
            p[:, :, steep] = self._node_by_node(steep, nodes[:, steep])
        averaged = np.einsum("q,kqs->ks", _WEIGHTS, p)
        return ExactP(averaged[0], averaged[1:].min(axis=0))

    def _node_by_node(self, which: npt.NDArray[np.bool_], nodes: Floats) -> Floats:
        place, mine = np.cumsum(which) - 1, which[self.tables.test]
        tables = self.tables.where(mine, test=place[self.tables.test[mine]])
        laws = (ConditionalLaws.of(tables, node, reach=np.zeros(len(node))).chances(node[None, :]) for node in nodes)
        return np.concatenate([two_sided(chances, midp=self.midp) for chances in laws], axis=1)


def conditional_gaps(
    tables: Tables | Counts,
    size: int,
    *,
    midp: bool | None = None,
    fewest: int = FEWEST_COUNTS,
    dispersion: float = 1.0,
) -> Gaps:
    """Of one value or relation, for professionals 0, ..., size - 1: gaps of log odds, or of log rates.

    fewest: decisions or rows in the group, and outside it, in strata that have both; fewer is no test, nor is what
    nobody's decisions could have changed (all 1, or all 0), nor fewer than 3 peers. midp: None takes it from 20
    professionals on (docs/decisions/0013). dispersion: variance over mean of counts; above 1 p is that of
    z/sqrt(dispersion), and variances are multiplied with it.
    """
    share = [sum_by(tables.test, part, size) for part in tables.share()]
    n_in, n_out = (sum_by(tables.test, part, size) for part in tables.counted())
    keep = tables.both()
    tables = tables.where(keep, test=tables.test[keep])
    low, high = tables.limits()
    counted = [sum_by(tables.test, part, size) for part in tables.counted()]
    informed = sum_by(tables.test, high - low, size) > 0
    parts = np.stack([sum_by(tables.test, part, size) for part in tables.mantel_haenszel()])
    scale = max(dispersion, 1.0)
    parts[2:] *= scale
    tested = informed & (counted[0] >= fewest) & (counted[1] >= fewest) & (informed.sum() - informed >= FEWEST_PEERS)
    test = _Test(tables, size, midp=informed.sum() >= _MANY if midp is None else midp)
    own, variance = _own(tables, parts, size, scale=scale)
    excluded = np.zeros(size, dtype=bool)
    first = against_peers(own[tested], np.sqrt(variance[tested]), df=np.full(tested.sum(), np.inf), peers_in="means")
    excluded[tested] = deviate_clearly(first.p)
    for _ in range(_ROUNDS + 1):
        peers = _Peers(informed, informed & ~excluded)
        theta, V = estimate(peers.sums(parts))
        found = test(theta, V).scaled(scale)
        flagged = np.zeros(size, dtype=bool)
        flagged[tested] = deviate_clearly(found.p[tested])
        if np.array_equal(flagged, excluded):
            break
        excluded = flagged
    events, out_of = peers.sums(np.stack(share))
    none = np.full(size, np.nan)
    identified = informed & (informed.sum() - informed >= 1)
    base = (events + 0.5) / (out_of + 1) if tables.scale == "log_odds" else (events + 0.5) / np.maximum(out_of, 1e-300)
    return Gaps(
        scale=tables.scale,
        judge=np.arange(size, dtype=np.intp),
        n_in=n_in,
        n_out=n_out,
        own=np.where(informed, own, np.nan),
        own_se=np.where(informed, np.sqrt(variance), np.nan),
        gap=np.where(identified, own - theta, np.nan),
        se=np.where(identified, np.sqrt(variance + V), np.nan),
        p=np.where(tested, found.p, none),
        df=np.full(size, np.inf),
        tested=tested,
        base=np.where(identified, base, np.nan),
        attainable=np.where(tested, found.attainable, none),
    )


def deviate_clearly(p: Floats) -> npt.NDArray[np.bool_]:
    """(S,) who deviates clearly: half of all at most, smallest p first, as one who does makes all others seem to."""
    rank = np.empty(len(p), dtype=np.intp)
    rank[np.argsort(p, kind="stable")] = np.arange(len(p))
    return np.asarray((q_values(p) <= _EXCLUDED) & (rank < len(p) // 2))


@dataclass(frozen=True)
class _Peers:
    """(S,) who can be compared, and whom of them the others are compared with."""

    informed: npt.NDArray[np.bool_]
    peer: npt.NDArray[np.bool_]

    def sums(self, parts: Floats) -> Floats:
        """(..., S) sums over the peers of each."""
        few = self.peer.sum() - self.peer < FEWEST_PEERS
        ours = np.where(self.peer, parts, 0.0)
        chosen, everybody = (part.sum(axis=-1, keepdims=True) - part for part in (ours, parts))
        return np.asarray(np.maximum(np.where(few, everybody, chosen), 0.0))


def _own(tables: Tables | Counts, parts: Floats, size: int, *, scale: float) -> tuple[Floats, Floats]:
    """(S,) log ratio of each and its variance: of one table with .5 in each cell, of several Mantel-Haenszel's."""
    own, variance = estimate(parts)
    alone, its = (sum_by(tables.test, part, size) for part in tables.alone())
    single = np.bincount(tables.test, minlength=size) == 1
    return np.where(single, alone, own), np.where(single, scale * its, variance)
