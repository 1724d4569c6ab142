"""What an analyst would do today to find professionals who treat a group differently: nothing of noiseaudit is used.

All take arrays (N,): judge (codes 0..J-1), flag (the case is in the group), decision; and give (J,) True where flagged.
A judge without decisions on one side is never flagged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sides:
    """Per judge, outside the group and in it: (2, J) counts, means, variances (ddof 1); NaN where there are none."""

    n: Floats
    mean: Floats
    variance: Floats

    @classmethod
    def of(cls, judge: npt.NDArray[np.intp], flag: Flags, decision: Floats) -> Sides:
        """From rows; the decision is centred first, so that sums of squares keep their digits."""
        judges = int(judge.max()) + 1
        key = judge + judges * flag.astype(np.intp)
        n = np.bincount(key, minlength=2 * judges).astype(np.float64)
        centre = float(decision.mean())
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.bincount(key, decision - centre, minlength=2 * judges) / n
            squares = np.bincount(key, (decision - centre - mean[key]) ** 2, minlength=2 * judges)
            variance = np.where(n > 1, squares / (n - 1), np.nan)
        return cls(n.reshape(2, -1), (mean + centre).reshape(2, -1), variance.reshape(2, -1))

    @property
    def gap(self) -> Floats:
        """(J,) mean in the group minus mean outside."""
        return self.mean[1] - self.mean[0]


def flagged_by_difference(
    judge: npt.NDArray[np.intp], flag: Flags, decision: Floats, *, threshold: float = 0.1
) -> Flags:
    """MetricFrame(mean_prediction or selection_rate, control_features=judge).difference() above the threshold."""
    return np.abs(Sides.of(judge, flag, decision).gap) > threshold


def flagged_by_ratio(judge: npt.NDArray[np.intp], flag: Flags, decision: Floats, *, threshold: float = 0.8) -> Flags:
    """The four-fifths rule: MetricFrame(selection_rate, control_features=judge).ratio() below the threshold."""
    mean = Sides.of(judge, flag, decision).mean
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean.min(axis=0) / mean.max(axis=0) < threshold


def p_values(
    judge: npt.NDArray[np.intp], flag: Flags, decision: Floats, *, binary: bool, against_all: bool = False
) -> Floats:
    """(J,) two-sided p of the judge's own gap: pooled two-proportion z for yes/no, Welch's t for numbers.

    NaN where it cannot be computed. against_all: of the gap minus that of all judges' decisions together, the best
    that is done without a model.
    """
    sides = Sides.of(judge, flag, decision)
    centre = float(decision[flag].mean() - decision[~flag].mean()) if against_all else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        if binary:
            share = (sides.n * np.nan_to_num(sides.mean)).sum(axis=0) / sides.n.sum(axis=0)
            z = (sides.gap - centre) / np.sqrt(share * (1 - share) * (1 / sides.n).sum(axis=0))
            return np.asarray(2 * stats.norm.sf(np.abs(z)))
        each = sides.variance / sides.n
        df = each.sum(axis=0) ** 2 / (each**2 / (sides.n - 1)).sum(axis=0)
        return np.asarray(2 * stats.t.sf(np.abs(sides.gap - centre) / np.sqrt(each.sum(axis=0)), df))


def flagged_by_test(
    judge: npt.NDArray[np.intp], flag: Flags, decision: Floats, *, binary: bool, bh: bool, level: float = 0.05,
    against_all: bool = False,
) -> Flags:  # fmt: skip
    """Judges whose own test is significant: each at the level, or all together by Benjamini and Hochberg."""
    p = p_values(judge, flag, decision, binary=binary, against_all=against_all)
    tested = np.isfinite(p)
    p = np.where(tested, p, 1.0)
    if bh and tested.any():
        p[tested] = stats.false_discovery_control(p[tested])
    return p <= level if bh else p < level
