"""A tree that looks for kinds of cases in which professionals part ways, or in which all of them deviate together.

    gain of a split = sum_j w_j (d_j - d)^2 ,  w_j = n_jl n_jr/(n_jl + n_jr) ,  d_j = mean_jl(r) - mean_jr(r)

over the professionals j with decisions on both sides; d = sum w_j d_j/sum w_j where `together` is False, and 0 where a
common gap counts too. An ordinary regression tree on r is blind here: residuals of a panel sum to zero over the
professionals of a case and over the cases of a professional.

Where nothing is to be found, gain/s^2 is about chi^2 with as many degrees of freedom as there are professionals on both
sides. So each gain has a p, times the ways in which its feature can be parted, and the smallest p wins: among equally
many ways that is the largest gain, and a category of forty values gets no head start. A split whose p, times the number
of features, is not below `chance` (half of it one level down, and so on) is taken back, from the leaves up. Otherwise a
kind is cut into pieces too small to be seen in the other half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.comparable.classes import shortest_between
from noiseaudit.comparable.features import MOST_VALUES, FeatureTable
from noiseaudit.comparable.rules import Leaf, Rules, Split, numbered

DEPTH = 3
FEWEST_CASES = 25  # of a leaf
CHANCE = 0.1  # a split that chance gives this often is none
_CUTS = np.arange(1, 10) / 10


@dataclass(frozen=True)
class Sought:
    """What is searched: N residuals (N,) with the professional and the case of each, both as codes.

    together: a gap that all share counts too. fewest: decisions in a leaf, and outside it, that a professional needs to
    be tested there; testable: how many such professionals a leaf needs.
    """

    residual: Floats
    judge: Codes
    case: Codes
    together: bool = False
    fewest: int = 1
    testable: int = 1

    def __post_init__(self) -> None:
        if len({len(self.residual), len(self.judge), len(self.case)}) > 1:
            raise ValueError("residual, judge and case need one entry a decision")


@dataclass(frozen=True)
class _Candidates:
    """Ways to part the bins of a feature.

    bin: (C,) of the cases at hand; left: (K, B) which bins go left; missing: bin of cases without the feature, or -1.
    log_ways: (K,) logarithm of how many ways each was chosen from: the best part of an order of values is chosen from
    all sets of values.
    """

    place: int
    bin: Codes
    left: npt.NDArray[np.bool_]
    log_ways: Floats
    missing: int


def grow_kinds(
    sought: Sought,
    table: FeatureTable,
    *,
    depth: int = DEPTH,
    fewest_cases: int = FEWEST_CASES,
    chance: float = CHANCE,
) -> Rules:
    """Rules of kinds of cases; one leaf where nothing is found. table: features of the C cases, in the order of codes.

    Numbers are cut at deciles of the cases at hand, categories one value against the rest and in the order of the
    largest difference between professionals; what is missing goes to either side, or stands alone.
    """
    grower = _Grower(sought, table, fewest_cases, chance, depth)
    cases = occurring(sought.case)
    return numbered(grower.grow(cases, np.arange(len(sought.case)), 0))


@dataclass(frozen=True)
class _Grower:
    sought: Sought
    table: FeatureTable
    fewest_cases: int
    chance: float
    depth: int

    def grow(self, cases: Codes, rows: Codes, level: int) -> Rules:
        best = self._best(cases, rows) if level < self.depth and len(cases) >= 2 * self.fewest_cases else None
        if best is None:
            return Leaf(0)
        candidates, which, p = best
        goes = np.zeros(len(self.table), dtype=bool)
        goes[cases[candidates.left[which][candidates.bin]]] = True
        yes = self.grow(cases[goes[cases]], rows[goes[self.sought.case[rows]]], level + 1)
        no = self.grow(cases[~goes[cases]], rows[~goes[self.sought.case[rows]]], level + 1)
        if p >= self.chance / 2**level and isinstance(yes, Leaf) and isinstance(no, Leaf):
            return Leaf(0)
        return self._split(candidates, which, cases, yes, no)

    def _best(self, cases: Codes, rows: Codes) -> tuple[_Candidates, int, float] | None:
        """The split with the smallest p, and how often chance gives such a one."""
        who = occurring(self.sought.judge[rows])
        J, place_of = len(who), np.zeros(int(who[-1]) + 1, dtype=np.intp)
        place_of[who] = np.arange(J)
        judge, residual = place_of[self.sought.judge[rows]], self.sought.residual[rows]
        whole = np.bincount(self.sought.judge)[who][:, None]
        at = np.zeros(len(self.table), dtype=np.intp)
        at[cases] = np.arange(len(cases))
        case = at[self.sought.case[rows]]
        squares, own = _within(residual, judge)
        found: tuple[float, _Candidates, int] | None = None
        usable = 0
        for place in range(len(self.table.features)):
            values = self.table.values[cases, place]
            bins = self._bins(values, place)
            if bins is None:
                continue
            code, size = bins[0], int(bins[0].max()) + 1
            cell = judge * size + code[case]
            n, total = (sum_by(cell, part, J * size).reshape(J, size) for part in (np.ones(len(cell)), residual))
            candidates = self._candidates(place, bins, n, total)
            possible = self._possible(candidates, n, whole, np.bincount(code, minlength=size))
            if not possible.any():
                continue
            usable += 1
            gains, both = split_gains(n, total, candidates.left, together=self.sought.together)
            df = both - (not self.sought.together)
            log_p = np.where(possible, _log_p(gains, df, squares, own) + candidates.log_ways, np.inf)
            k = int(log_p.argmin())
            if found is None or log_p[k] < found[0]:
                found = float(log_p[k]), candidates, k
        if found is None or not np.isfinite(found[0]):
            return None
        return found[1], found[2], math.exp(min(0.0, found[0] + math.log(usable)))

    def _bins(self, values: Floats, place: int) -> tuple[Codes, int] | None:
        """(bin of every case, the bin of the missing or -1); None where all cases are in one."""
        missing = np.isnan(values)
        labels = self.table.features[place].labels
        if missing.all() or len(labels) > MOST_VALUES:
            return None
        if labels:
            code = np.where(missing, len(labels), values).astype(np.intp)
        else:
            known = values[~missing]
            cuts = np.unique(np.quantile(known, _CUTS, method="higher"))
            cuts = cuts[cuts > known.min()]
            code = np.where(missing, len(cuts) + 1, np.searchsorted(cuts, values, side="right"))
        return None if code.min() == code.max() else (code, int(code.max()) if missing.any() else -1)

    def _candidates(self, place: int, bins: tuple[Codes, int], n: Floats, total: Floats) -> _Candidates:
        code, missing = bins
        size = n.shape[1]
        if self.table.features[place].is_category:
            occur = occurring(code)
            among = np.full(len(occur), math.log(len(occur)))
            subsets = np.full(len(occur) - 1, (len(occur) - 1) * math.log(2))
            log_ways = np.concatenate([among, subsets])
            order = occur[np.argsort(_leading(n[:, occur], total[:, occur]), kind="stable")]
            ways = np.concatenate([np.eye(size, dtype=bool)[occur], _prefixes(order, size)])
        else:
            ways = _prefixes(np.arange(size - (missing >= 0)), size)
            if missing >= 0:
                apart = np.arange(size)[None, :] == missing
                ways = np.concatenate([ways, ways | apart, apart])
            log_ways = np.full(len(ways), math.log(max(len(ways), 1)))
        return _Candidates(place, code, ways, log_ways, missing)

    def _possible(self, candidates: _Candidates, n: Floats, whole: Codes, each: Codes) -> npt.NDArray[np.bool_]:
        """(K,) both sides hold enough cases, and professionals with enough decisions of their `whole` (J, 1)."""
        left = candidates.left.astype(np.float64)
        cases = left @ each
        fits = (cases >= self.fewest_cases) & (each.sum() - cases >= self.fewest_cases)
        decided = n @ left.T
        for side in (decided, n.sum(axis=1, keepdims=True) - decided):
            enough = (side >= self.sought.fewest) & (whole - side >= self.sought.fewest)
            fits &= enough.sum(axis=0) >= self.sought.testable
        return np.asarray(fits)

    def _split(self, candidates: _Candidates, which: int, cases: Codes, yes: Rules, no: Rules) -> Split:
        """As a reader sees it: a number below a bound, or the shorter list of values."""
        feature, left, missing = self.table.features[candidates.place], candidates.left[which], candidates.missing
        values = self.table.values[cases, candidates.place]
        occur = occurring(candidates.bin)
        if missing >= 0 and left[occur].sum() - left[missing] in (0, len(occur) - 1):  # the missing stand alone
            return Split(feature.name, None, (), True, *((yes, no) if left[missing] else (no, yes)))
        if not feature.is_category:
            lower = values[left[candidates.bin] & ~np.isnan(values)]
            upper = values[~left[candidates.bin] & ~np.isnan(values)]
            bound = shortest_between(float(lower.max()), float(upper.min()))
            return Split(feature.name, bound, (), bool(missing >= 0 and left[missing]), yes, no)
        inside = [code for code in occur if left[code] and code != missing]
        outside = [code for code in occur if not left[code] and code != missing]
        swap = len(inside) > len(outside)
        named = tuple(sorted(feature.labels[code] for code in (outside if swap else inside)))
        goes = bool(missing >= 0 and left[missing] != swap)
        return Split(feature.name, None, named, goes, *((no, yes) if swap else (yes, no)))


def occurring(codes: Codes) -> Codes:
    """The codes that occur, ascending: by counting, which on millions of codes is much faster than np.unique."""
    return np.flatnonzero(np.bincount(codes))


def split_gains(n: Floats, total: Floats, left: npt.NDArray[np.bool_], *, together: bool) -> tuple[Floats, Floats]:
    """(K,) gain of every way to part B bins, and the professionals on both sides. n, total: (J, B); left: (K, B)."""
    ways = left.T.astype(np.float64)
    nl, sl = n @ ways, total @ ways
    nr, sr = n.sum(axis=1, keepdims=True) - nl, total.sum(axis=1, keepdims=True) - sl
    both = (nl > 0) & (nr > 0)
    weight = np.where(both, nl * nr, 0.0) / np.maximum(nl + nr, 1)
    contrast = sl / np.maximum(nl, 1) - sr / np.maximum(nr, 1)
    gain = (weight * contrast**2).sum(axis=0)
    if not together:
        gain -= (weight * contrast).sum(axis=0) ** 2 / np.maximum(weight.sum(axis=0), 1e-300)
    return gain, both.sum(axis=0).astype(np.float64)


def _prefixes(order: Codes, size: int) -> npt.NDArray[np.bool_]:
    """(len(order) - 1, size) the first, the first two, ... of the order."""
    ways = np.zeros((max(len(order) - 1, 0), size), dtype=bool)
    ways[:, order] = np.tri(len(ways), len(order), dtype=bool)
    return ways


def _leading(n: Floats, total: Floats) -> Floats:
    """(B,) order of values: first right singular vector of sqrt(n_jb) (mean_jb - mean_j), with one row the means."""
    mean = total / np.maximum(n, 1)
    own = total.sum(axis=1, keepdims=True) / np.maximum(n.sum(axis=1, keepdims=True), 1)
    table = np.sqrt(n) * np.where(n > 0, mean - own, 0.0)
    vector = np.linalg.svd(table, full_matrices=False)[2][0]
    vector *= np.sign(vector[np.abs(vector).argmax()])
    return np.asarray(vector / np.sqrt(np.maximum(n.sum(axis=0), 1)), dtype=np.float64)


def _log_p(gain: Floats, df: Floats, squares: float, own: int) -> Floats:
    """(K,) log P(chi^2_df > gain/s^2), inf where nothing gains. Wilson & Hilferty (1931): it does not underflow."""
    df = np.maximum(df, 1)
    spread = (squares - gain) / np.maximum(own - df, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(gain > 0, gain / np.maximum(spread, 1e-300 + 1e-12 * gain), 0.0) / df
    z = (np.cbrt(ratio) - 1 + 2 / (9 * df)) / np.sqrt(2 / (9 * df))
    return np.where(gain > 0, special.log_ndtr(-z), np.inf)


def _within(residual: Floats, judge: Codes) -> tuple[float, int]:
    """Sum of squares within professionals, and its degrees of freedom."""
    n = np.bincount(judge)
    mean = np.bincount(judge, residual) / n
    return float(((residual - mean[judge]) ** 2).sum()), len(residual) - len(n)
