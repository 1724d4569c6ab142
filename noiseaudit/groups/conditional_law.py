"""What a professional's cases in a group can bring, given the rest: laws of a sum over strata, many at once.

    P(X = k) ∝ exp(k theta) w(k),   X = sum over strata of X_h,   w = convolution of the strata's w_h

A factor exp(k c) put into every w_h is in w as well, so w is made once, at a centre c near theta, and tilted:
P(X > x) = z^(x + 1) sum_{k > x} w_k z^(k - x - 1) / sum_k w_k z^k with z = exp(theta - c), both by Horner's rule on
positive numbers. Laws of this kind are sums of independent yes/no draws, hence Bernstein's bound on what lies
farther than t from the mean: exp(-t^2/(2 (variance + t/3))), below 1e-15 of it is left out. Fog (2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by

STEEPEST = 600.0  # of log z times the width of a law: exp of it, and of minus it, is still a number
_LEFT_OUT = 36.0  # minus the log of what Bernstein's bound lets go
_NUMBERS = 2**16  # in a block of laws: it stays in the cache


class Strata(Protocol):
    """Tables, one a test and stratum, that leave X_h free between two whole numbers."""

    @property
    def test(self) -> Codes:
        """(T,) the test that each belongs to."""

    @property
    def seen(self) -> Floats:
        """(T,) X_h as it came out."""

    def limits(self) -> tuple[Floats, Floats]:
        """(T,) lowest and highest X_h."""

    def log_weights(self, rows: Codes, k: Floats) -> Floats:
        """log w_h(k): k is (K, B) for tables `rows` (B,)."""

    def centred(self, theta: Floats) -> tuple[Floats, Floats]:
        """(T,) mean of X_h, to within 1, and about its variance; theta is (T,)."""


@dataclass(frozen=True)
class Chances:
    """(Q, S) of S tests at Q values of theta: at most what was seen, at least that, exactly that, and both ends."""

    below: Floats
    above: Floats
    at: Floats
    lowest: Floats
    highest: Floats


@dataclass(frozen=True)
class _Block:
    """Laws of like width, by rising `seen`: tests (B,), weight (K, B); seen and last (B,) start at the lowest k."""

    tests: Codes
    weight: Floats
    seen: Codes
    last: Codes

    def chances(self, z: Floats) -> tuple[Floats, ...]:
        total = np.zeros_like(z)
        above = np.zeros_like(z)
        steps = len(self.weight)
        starts = np.searchsorted(self.seen, np.arange(-1, steps + 1))
        for k in range(steps - 1, -1, -1):
            here = slice(starts[k + 1], starts[k + 2])
            above[:, here] = total[:, here]
            total *= z
            total += self.weight[k]
        column = np.arange(len(self.tests))
        inside = (self.seen >= 0) & (self.seen < steps)
        place = np.clip(self.seen, 0, steps - 1)
        reached = z**place
        at = np.where(inside, self.weight[place, column] * reached / total, 0.0)
        over = np.where(self.seen < 0, 1.0, above * reached * z / total)
        lowest, highest = self.weight[0] / total, self.weight[self.last, column] * z**self.last / total
        return np.maximum(1 - over, at), over + at, at, lowest, highest


@dataclass(frozen=True)
class ConditionalLaws:
    """Laws of S tests, held at a centre. width: (S,) highest minus lowest value that each law is held for."""

    size: int
    centre: Floats
    width: Floats
    blocks: tuple[_Block, ...]

    @classmethod
    def of(cls, strata: Strata, centre: Floats, *, reach: Floats) -> ConditionalLaws:
        """Laws around centre (S,), right for theta from centre - reach to centre + reach."""
        size = len(centre)
        lowest, highest = strata.limits()
        theta, far = centre[strata.test], reach[strata.test]
        for end, side in ((lowest, -1), (highest, 1)):
            mean, variance = strata.centred(theta + side * far)
            away = _LEFT_OUT / 3 + np.sqrt(_LEFT_OUT**2 / 9 + 2 * _LEFT_OUT * variance)
            limit = np.floor(mean + side * (away + 2))
            np.copyto(end, np.maximum(end, limit) if side < 0 else np.minimum(end, limit))
        wide = highest - lowest
        seen = sum_by(strata.test, strata.seen - lowest, size)
        free = np.flatnonzero(wide > 0)
        free = free[np.lexsort((-wide[free], strata.test[free]))]  # widest first: like stands beside like
        count = np.bincount(strata.test[free], minlength=size)
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        width = sum_by(strata.test, wide, size)
        blocks = []
        for alike in _alike(width):
            tests = alike[np.argsort(seen[alike], kind="stable")]
            steps = int(width[tests].max()) + 1
            weight = np.zeros((1, len(tests)))
            weight[0] = 1.0
            for h in range(int(count[tests].max(initial=0))):
                has = np.flatnonzero(count[tests] > h)
                rows = free[first[tests[has]] + h]
                k = lowest[rows] + np.arange(int(wide[rows].max()) + 1)[:, None]
                logs = strata.log_weights(rows, np.minimum(k, highest[rows])) + k * theta[rows]
                logs[k > highest[rows]] = -np.inf
                new = np.zeros((len(k), len(tests)))
                new[0] = 1.0
                new[:, has] = np.exp(logs - logs.max(axis=0))
                weight = new if h == 0 else _convolved(weight, new, steps)
            if len(weight) < steps:
                weight = np.concatenate([weight, np.zeros((steps - len(weight), len(tests)))])
            place = np.clip(seen[tests], -1, steps).astype(np.intp)
            blocks.append(_Block(tests, weight, place, width[tests].astype(np.intp)))
        return cls(size, centre, width, tuple(blocks))

    def chances(self, theta: Floats) -> Chances:
        """At theta (Q, S)."""
        found = [np.ones(theta.shape) for _ in range(5)]
        z = np.exp(theta - self.centre)
        for block in self.blocks:
            for whole, part in zip(found, block.chances(z[:, block.tests]), strict=True):
                whole[:, block.tests] = part
        return Chances(*found)


def _alike(width: Floats) -> Iterator[Codes]:
    """Tests in blocks of similar width."""
    order = np.argsort(width, kind="stable")
    stop = len(order)
    while stop > 0:
        start = max(0, stop - max(64, _NUMBERS // (int(width[order[stop - 1]]) + 1)))
        yield order[start:stop]
        stop = start


def _convolved(one: Floats, other: Floats, steps: int) -> Floats:
    """(at most steps, B) product of polynomials with coefficients (A, B) and (K, B), the largest made 1."""
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    product = np.zeros((min(steps, len(long) + len(short) - 1), long.shape[1]))
    for i in range(min(len(short), len(product))):
        part = long[: len(product) - i]
        product[i : i + len(part)] += part * short[i]
    product /= product.max(axis=0)
    return product
