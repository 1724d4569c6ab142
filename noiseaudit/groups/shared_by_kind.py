"""What everybody does in a kind of cases: the gap of the organisation between that kind and all other cases.

    against right answers    D = mean error in the kind - mean error elsewhere, of case means; Welch's t over cases
    in a log                 D = sum_j w_j d_j/sum_j w_j ,  w_j = n_j1 n_j0/(n_j1 + n_j0) ,  d_j = mean_j1 - mean_j0
                             Var = sum a_j^2 (d_j - D)^2/(1 - a_j) ,  a_j = w_j/sum w ,  t with (sum a^2)^2/sum a^4 - 1

In a log the professionals are the clusters: a few who deviate much do not make a gap of the organisation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import t_quantile, t_tail
from noiseaudit.errors import NotIdentified
from noiseaudit.result.parts import Interval

FEWEST_TO_SHARE = 4  # cases or professionals on each side


@dataclass(frozen=True)
class SharedGap:
    """D in the unit of the decision, its interval and two-sided p."""

    gap: float
    interval: Interval
    p: float


def gap_between_cases(error: Floats, inside: npt.NDArray[np.bool_], *, confidence: float) -> SharedGap | NotIdentified:
    """D of the (C,) mean errors of cases with a known right answer. Welch (1947)."""
    sides = [error[inside], error[~inside]]
    if min(map(len, sides)) < FEWEST_TO_SHARE:
        return NotIdentified.of("too_few_truths")
    parts = [side.var(ddof=1) / len(side) for side in sides]
    variance = float(sum(parts))
    df = (
        variance**2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
        if variance
        else 1.0
    )
    return _tested(float(sides[0].mean() - sides[1].mean()), variance, df, confidence)


def gap_within_judges(
    value: Floats, judge: Codes, inside: npt.NDArray[np.bool_], *, confidence: float
) -> SharedGap | NotIdentified:
    """D of (R,) decisions of a log without the differences between cases. Bell & McCaffrey (2002) for the variance."""
    J = int(judge.max(initial=-1)) + 1
    n1, n0 = (sum_by(judge[side], np.ones(side.sum()), J) for side in (inside, ~inside))
    both = (n1 > 0) & (n0 > 0)
    if both.sum() < FEWEST_TO_SHARE:
        return NotIdentified.of("too_few_tested")
    m1, m0 = (sum_by(judge[side], value[side], J)[both] / n[both] for side, n in ((inside, n1), (~inside, n0)))
    w = n1[both] * n0[both] / (n1 + n0)[both]
    a, d = w / w.sum(), m1 - m0
    gap = float(a @ d)
    variance = float((a**2 * (d - gap) ** 2 / (1 - a)).sum())
    return _tested(gap, variance, max(1.0, float((a**2).sum() ** 2 / (a**4).sum() - 1)), confidence)


def _tested(gap: float, variance: float, df: float, confidence: float) -> SharedGap:
    se = math.sqrt(variance)
    p = float(2 * t_tail(abs(gap) / se, df)) if se > 0 else float(gap == 0)
    reach = float(t_quantile(0.5 + confidence / 2, df)) * se
    return SharedGap(gap, (gap - reach, gap + reach), p)
