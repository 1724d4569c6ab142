"""How professionals differ in their gaps, and each gap drawn towards the peers as far as chance explains it.

    w = 1/se_j^2 ;  Qs = sum w (g_j - gbar_w)^2 ;  D = sum w - sum w^2/sum w
    tau^2 = (Qs - (J - 1))/D                                signed; p of the test of 0: Qs against chi2_{J-1}
    shrunk_j = B_j (g_j - med) ;  B_j = tau^2+/(tau^2+ + se_j^2)

se_j without the peers' part, which all share. Interval of tau^2: the hull of a chi-square interval with the kurtosis of
few professionals (`few_judges`, noise (J - 1)/D) and of the log jackknife over professionals, which sees a long tail
where there is one: gaps are often those of a few. Uncertainty of shrunken gaps as for levels: Prasad & Rao (1990).
DerSimonian & Laird (1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import chi2_tail
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import MANY_JUDGES, few_judges, log_jackknife
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
    g = g - float((w * g).sum() / w.sum())
    D = float(w.sum() - (w**2).sum() / w.sum())
    Qs = float((w * g**2).sum())
    tau2 = (Qs - df) / D
    chance = few_judges(tau2, noise=df / D, df=df, kurtosis_floor=KURTOSIS_FLOOR, confidence=confidence)
    tail = _jackknife(g, v, tau2, df=df, confidence=confidence)
    if chance is not None and tail is not None:
        chance = min(chance[0], tail[0]), max(chance[1], tail[1])
    return Heterogeneity(tau2, chance, float(chi2_tail(Qs, df)), len(g))


def _jackknife(g: Floats, v: Floats, tau2: float, *, df: int, confidence: float) -> Interval | None:
    """Log jackknife of tau^2 from centred gaps (J,); None where it cannot be made, or of fewer than nine df."""
    if df < MANY_JUDGES or tau2 <= 0:
        return None
    w = 1 / v
    rest = w.sum() - w
    Qs = (w * g**2).sum() - w * g**2 - (w * g) ** 2 / rest  # centred, so the others' sum is minus the own part
    left_out = (Qs - (df - 1)) / (rest - ((w**2).sum() - w**2) / rest)
    floor = 2 / df * float(((tau2 + v) ** 2).mean()) + KURTOSIS_FLOOR / df * tau2**2
    weight = (len(g) - 1) / len(g)
    return log_jackknife(tau2, left_out, weights=weight, add=0.0, floor=floor, df=df, confidence=confidence)


def shrink_gaps(gaps: Gaps, tau2: float) -> tuple[Floats, Floats]:
    """(J,) shrunken gaps and the sd of what is left unknown, on the scale of the gaps; NaN where not tested."""
    shrunk, sd = np.full((2, len(gaps)), np.nan)
    if gaps.tested.sum() > 1:
        levels = shrink_levels(gaps.gap[gaps.tested], gaps.own_se[gaps.tested] ** 2, tau2)
        shrunk[gaps.tested], sd[gaps.tested] = levels.shrunk, levels.sd
    return shrunk, sd
