"""What is compared of a professional: 2 x 2 tables of decisions, or counts with exposure, one a stratum.

They know the formulas of `exact.py`: what is free, its weights, and the parts of the peers' ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.result.group_parts import GapScale

_HALF = 0.5  # in every cell of a single table, for its log ratio
_TINY = 1e-300


@dataclass(frozen=True)
class Tables:
    """(T,) 2 x 2 tables, one a professional (`test`) and stratum.

    n1, s1: decisions in the group, and those of them that are 1; n0, s0: the same outside it.
    """

    test: Codes
    n1: Floats
    s1: Floats
    n0: Floats
    s0: Floats
    scale: ClassVar[GapScale] = "log_odds"

    @property
    def seen(self) -> Floats:
        """(T,) what is random given the margins: s1."""
        return self.s1

    def limits(self) -> tuple[Floats, Floats]:
        """max(0, s - n0) and min(n1, s)."""
        s = self.s1 + self.s0
        return np.maximum(0.0, s - self.n0), np.minimum(self.n1, s)

    @cached_property
    def _factorials(self) -> Floats:
        return np.asarray(special.gammaln(np.arange(1.0, float((self.n1 + self.n0).max(initial=0.0)) + 2)))

    def log_weights(self, rows: Codes, k: Floats) -> Floats:
        """-log(k! (n1 - k)! (s - k)! (n0 - s + k)!)."""
        log, at = self._factorials, k.astype(np.intp)
        n1, n0, s = (part[rows].astype(np.intp) for part in (self.n1, self.n0, self.s1 + self.s0))
        return np.asarray(-(log[at] + log[n1 - at] + log[s - at] + log[n0 - s + at]))

    def centred(self, theta: Floats) -> tuple[Floats, Floats]:
        """Cornfield's mean m: m (n0 - s + m) = exp(theta) (n1 - m)(s - m), in the root that does not cancel."""
        s, odds = self.s1 + self.s0, np.exp(np.clip(theta, -50, 50))
        b = odds * (self.n1 + s) + self.n0 - s
        root = np.sqrt(np.maximum(b * b - 4 * (odds - 1) * odds * self.n1 * s, 0.0))
        m = np.clip(2 * odds * self.n1 * s / np.maximum(b + root, _TINY), *self.limits())
        cells = np.stack([m, self.n1 - m, s - m, self.n0 - s + m])
        return m, 1 / (1 / (cells + 0.5)).sum(axis=0) + 1

    def mantel_haenszel(self) -> Floats:
        """(5, T) parts of R, S, c1, c2 and c3; V = c1/(2 R^2) + c2/(2 R S) + c3/(2 S^2)."""
        n = np.maximum(self.n1 + self.n0, 1.0)
        f1, f0 = self.n1 - self.s1, self.n0 - self.s0
        r, s, p, q = self.s1 * f0 / n, self.s0 * f1 / n, (self.s1 + f0) / n, (self.s0 + f1) / n
        return np.stack([r, s, p * r, p * s + q * r, q * s])

    def both(self) -> npt.NDArray[np.bool_]:
        """(T,) decisions in the group and outside it."""
        return np.asarray((self.n1 > 0) & (self.n0 > 0))

    def counted(self) -> tuple[Floats, Floats]:
        """(T,) what the floor of a test counts."""
        return self.n1, self.n0

    def alone(self) -> tuple[Floats, Floats]:
        """(T,) log odds ratio with .5 in every cell, and its variance."""
        cells = np.stack([self.s1, self.n1 - self.s1, self.s0, self.n0 - self.s0]) + _HALF
        return np.log(cells[0] * cells[3] / (cells[1] * cells[2])), (1 / cells).sum(axis=0)

    def share(self) -> tuple[Floats, Floats]:
        """(T,) ones in the group, out of how many."""
        return self.s1, self.n1

    def where(self, keep: npt.NDArray[np.bool_], *, test: Codes) -> Tables:
        """The tables to keep, of tests with these codes."""
        return Tables(test, *(part[keep] for part in (self.n1, self.s1, self.n0, self.s0)))


@dataclass(frozen=True)
class Counts:
    """(T,) counts with exposure, one a professional (`test`) and stratum.

    d1, e1: events and exposure in the group; d0, e0: outside it; n1, n0: rows.
    """

    test: Codes
    d1: Floats
    e1: Floats
    d0: Floats
    e0: Floats
    n1: Floats
    n0: Floats
    scale: ClassVar[GapScale] = "log_rate"

    @property
    def seen(self) -> Floats:
        """(T,) what is random given the total: d1."""
        return self.d1

    def limits(self) -> tuple[Floats, Floats]:
        """0 and D; d1 where one of the sides has no exposure."""
        free = self.both()
        return np.where(free, 0.0, self.d1), np.where(free, self.d1 + self.d0, self.d1)

    def log_weights(self, rows: Codes, k: Floats) -> Floats:
        """k log(e1/e0) - log(k! (D - k)!)."""
        D, ratio = (self.d1 + self.d0)[rows], np.log(self.e1[rows] / self.e0[rows])
        return np.asarray(k * ratio - special.gammaln(k + 1) - special.gammaln(D - k + 1))

    def centred(self, theta: Floats) -> tuple[Floats, Floats]:
        """D p and D p (1 - p)."""
        D, group = self.d1 + self.d0, self.e1 * np.exp(np.clip(theta, -50, 50))
        p = group / np.maximum(group + self.e0, _TINY)
        return np.where(self.both(), D * p, self.d1), D * p * (1 - p)

    def mantel_haenszel(self) -> Floats:
        """(5, T) parts as of tables: V = sum D e1 e0/e^2 / (R S)."""
        e = np.maximum(self.e1 + self.e0, _TINY)
        parts = (self.d1 * self.e0 / e, self.d0 * self.e1 / e, 2 * (self.d1 + self.d0) * self.e1 * self.e0 / e**2)
        none = np.zeros_like(e)
        return np.stack([*parts[:2], none, parts[2], none])

    def both(self) -> npt.NDArray[np.bool_]:
        """(T,) exposure in the group and outside it."""
        return np.asarray((self.e1 > 0) & (self.e0 > 0))

    def counted(self) -> tuple[Floats, Floats]:
        """(T,) what the floor of a test counts: rows."""
        return self.n1, self.n0

    def alone(self) -> tuple[Floats, Floats]:
        """(T,) log rate ratio with .5 more events on both sides, and its variance."""
        d1, d0 = self.d1 + _HALF, self.d0 + _HALF
        return np.log(d1 * self.e0 / (d0 * self.e1)), 1 / d1 + 1 / d0

    def share(self) -> tuple[Floats, Floats]:
        """(T,) events in the group, out of which exposure."""
        return self.d1, self.e1

    def where(self, keep: npt.NDArray[np.bool_], *, test: Codes) -> Counts:
        """The counts to keep, of tests with these codes."""
        parts = (self.d1, self.e1, self.d0, self.e0, self.n1, self.n0)
        return Counts(test, *(part[keep] for part in parts))
