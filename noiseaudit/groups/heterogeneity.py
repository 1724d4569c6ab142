"""How professionals differ in their gaps, and each gap drawn towards the peers as far as chance explains it.

    w = 1/se_j^2 ;  Qs = sum w (g_j - gbar_w)^2 ;  D = sum w - sum w^2/sum w
    tau^2 = (Qs - (J - 1))/D                                signed; p of the test of 0: Qs against chi2_{J-1}
    shrunk_j = B_j (g_j - med) ;  B_j = tau^2+/(tau^2+ + se_j^2)

se_j without the peers' part, which all share. Interval of tau^2: chi-square with the kurtosis of few professionals
(`few_judges`), noise (J - 1)/D. Uncertainty of shrunken gaps as for levels: Prasad & Rao (1990). DerSimonian & Laird
(1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import few_judges
from noiseaudit.estimators.judge_levels import shrink_levels
from noiseaudit.groups.gaps import Gaps
from noiseaudit.result import Component, Estimate, Interval

KURTOSIS_FLOOR = 2.0


@dataclass(frozen=True)
class Heterogeneity:
    """tau2: signed variance of the gaps on their scale; interval; p of the test that all gaps are one; J tests."""

    tau2: float
    interval: Interval | None
    p: float
    J: int

    @property
    def component(self) -> Component:
        """As the result tells it."""
        reason = None if self.interval is not None else "no_gap_noise"
        return Estimate(variance=self.tau2, variance_interval=self.interval, interval_reason=reason)


def heterogeneity_of(gaps: Gaps, *, confidence: float = 0.95) -> Heterogeneity | NotIdentified:
    """Variance over professionals of their gaps, of those tested; fewer than two or no noise at all: a reason."""
    g, v = gaps.own[gaps.tested], gaps.own_se[gaps.tested] ** 2
    df = len(g) - gaps.blocks
    if df < 1:
        return NotIdentified.of("too_few_tested")
    if not np.all(v > 0):
        return NotIdentified.of("no_gap_noise")
    w = 1 / v
    total = float(w.sum())
    D = total - float((w**2).sum()) / total
    Qs = float((w * (g - (w * g).sum() / total) ** 2).sum())
    tau2 = (Qs - df) / D
    interval = few_judges(tau2, noise=df / D, df=df, kurtosis_floor=KURTOSIS_FLOOR, confidence=confidence)
    return Heterogeneity(tau2, interval, float(stats.chi2.sf(Qs, df)), len(g))


def shrink_gaps(gaps: Gaps, tau2: float) -> tuple[Floats, Floats]:
    """(J,) shrunken gaps and the sd of what is left unknown, on the scale of the gaps; NaN where not tested."""
    shrunk, sd = np.full((2, len(gaps)), np.nan)
    if gaps.tested.sum() > 1:
        levels = shrink_levels(gaps.gap[gaps.tested], gaps.own_se[gaps.tested] ** 2, tau2)
        shrunk[gaps.tested], sd[gaps.tested] = levels.shrunk, levels.sd
    return shrunk, sd
