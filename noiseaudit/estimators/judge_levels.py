"""One professional's level: shrunk with its uncertainty, funnel counts, and how unsure any rank is.

    B_j = L+/(L+ + v_j) ;  shrunk = B_j lhat_j ;  L+ = max(L, 0)
    post.var = L+(1 - B_j) + (1 - B_j)^2 (L+ + mean v)/J + 2 v_j^2/(L+ + v_j)^3 VL,
    VL = 2/(J-1) mean (L+ + v)^2

The last two terms (Prasad & Rao, 1990) pay for the estimated mean and the estimated L; without them a small
L covers .61 instead of .95. Morris (1983); funnel limits after Spiegelhalter (2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import normal_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.result import AuditResult, Individuals

_EDGE = float(normal_quantile(0.95))
_WINSORISED = 0.9 - 2 * _EDGE * math.exp(-(_EDGE**2) / 2) / math.sqrt(2 * math.pi) + 0.1 * _EDGE**2


@dataclass(frozen=True)
class JudgeLevels:
    """(J,) arrays in decision units: level, its se, the shrunk level, its posterior sd and reliability B."""

    level: Floats
    se: Floats
    shrunk: Floats
    sd: Floats
    reliability: Floats

    def interval(self, confidence: float) -> tuple[Floats, Floats]:
        """(J,) lower and upper limits of the shrunk level."""
        z = float(normal_quantile(0.5 + confidence / 2))
        return self.shrunk - z * self.sd, self.shrunk + z * self.sd


def shrink_levels(
    level: Floats, variance: Floats, level_variance: float, *, level_error: float | None = None
) -> JudgeLevels:
    """Empirical-Bayes levels from raw levels (J,), their noise variances (J,) >= 0 and the signed L; J >= 2.

    level_error: VL where the errors of the levels hang together (chains); None: as if they were independent.
    """
    J, L = len(level), max(level_variance, 0.0)
    total = L + variance
    safe = np.where(total > 0, total, 1.0)
    B = np.where(total > 0, L / safe, 0.0)
    VL = 2 / (J - 1) * float((total**2).mean()) if level_error is None else level_error
    posterior = L * (1 - B) + (1 - B) ** 2 * (L + variance.mean()) / J
    posterior = posterior + np.where(total > 0, 2 * variance**2 / safe**3 * VL, 0.0)
    return JudgeLevels(level, np.sqrt(variance), B * level, np.sqrt(posterior), B)


def funnel_counts(levels: JudgeLevels) -> Individuals | NotIdentified:
    """How many lie outside the funnel's limits, and how many chance alone would put there.

    Limits +- z sqrt(v_j): differs from the average judge. Limits +- z sqrt(v_j + tau^2): unusual even among judges
    who differ. Not identified where no noise is left to compare a level with (v = 0).
    """
    if not np.all(levels.se > 0):
        return NotIdentified.of("no_residual")
    z = levels.level / levels.se
    calm = calm_level_variance(levels)
    outer = levels.level / np.sqrt(levels.se**2 + calm)
    near, far = float(normal_quantile(0.975)), float(normal_quantile(0.999))
    return Individuals(
        judged=len(z),
        outside_95=int((np.abs(z) > near).sum()),
        outside_998=int((np.abs(z) > far).sum()),
        outside_998_overdispersed=int((np.abs(outer) > far).sum()),
        expected_95=0.05 * len(z),
        expected_998=0.002 * len(z),
        wide_level=calm,
    )


def calm_level_variance(levels: JudgeLevels) -> float:
    """Level noise without what a few extreme judges add: moments of z with its 10 % most extreme pulled in.

        phi = sum z_w^2/((J - 1) k) ;  tau^2 = max(0, (J - 1)(phi - 1)/(sum w - sum w^2/sum w)),  w = 1/v_j

    z_w: z winsorised at its 5 % and 95 % points; k = .8313, the variance of a standard normal so winsorised,
    without which too many lie outside. Spiegelhalter (2005); DerSimonian & Laird (1986).
    """
    z, w, J = levels.level / levels.se, 1 / levels.se**2, len(levels.se)
    calm = np.clip(z, *np.quantile(z, [0.05, 0.95]))
    excess = float((calm**2).sum()) / _WINSORISED - (J - 1)
    return max(0.0, excess / float(w.sum() - (w**2).sum() / w.sum()))


def levels_of(result: AuditResult) -> JudgeLevels:
    """The levels that a result holds in memory, in the order of its judges with a known level."""
    from noiseaudit.errors import NotIdentifiedError

    known = [j for j in result.judges if j.level is not None and j.se is not None and j.interval is not None]
    if not known:
        raise NotIdentifiedError("no_levels", "this result holds no levels of professionals")
    z = float(normal_quantile(0.5 + float(result.settings.get("confidence", 0.95)) / 2))
    columns = [(j.level, j.se, j.shrunk, (j.interval[1] - j.interval[0]) / (2 * z), j.reliability)
               for j in known if j.interval is not None]  # fmt: skip
    return JudgeLevels(*np.array(columns, dtype=np.float64).T)


@dataclass(frozen=True)
class Ranks:
    """(J,) median rank, 90 % interval, and the chance to be in the lowest or highest tenth."""

    median: Floats
    low: Floats
    high: Floats
    lowest_tenth: Floats
    highest_tenth: Floats


def rank_uncertainty(levels: JudgeLevels, *, draws: int = 2000, seed: int = 0) -> Ranks:
    """Ranks of draws from N(shrunk_j, sd_j^2). Right on average, not for the extremes: never publish one rank.

    Goldstein & Spiegelhalter (1996).
    """
    generator = np.random.default_rng(seed)
    J = len(levels.shrunk)
    sample = levels.shrunk + levels.sd * generator.standard_normal((draws, J))
    rank = sample.argsort(axis=1).argsort(axis=1) + 1
    tenth = max(1, round(J / 10))
    low, median, high = np.quantile(rank, [0.05, 0.5, 0.95], axis=0)
    return Ranks(median, low, high, (rank <= tenth).mean(axis=0), (rank > J - tenth).mean(axis=0))
