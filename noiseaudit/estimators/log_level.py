"""Level noise in a log: professionals who decided different, comparable cases.

    L = var_j(rbar_j, ddof=1) - mean_j(v_j),   v_j = s2/n_j,   s2 = sum ssw/(N - J)   (own s2_j where all n_j >= 20)

r: decisions with the differences between cases taken off. Judges count alike; those with one decision only cannot
be told from chance and stay out. Within assignment pools the two-way fit compares judges: case := pool, and

    L = (sum lhat^2 - O T1)/dJ       where pools do not overlap enough to see judge x pool effects (H0 < 2 dJ)

so that L then holds any judge x pool part. Intervals as for panels (`two_way_intervals`) with the pattern terms left
out: log jackknife over judges with a kurtosis floor, chi-square form for few judges. Miller (1974); Searle, Casella &
McCulloch (1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, Moments, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.intervals import MANY_JUDGES, down_to_zero, few_judges, level_floor, log_jackknife
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import IllConditionedError, fit_two_way
from noiseaudit.result import Component, Estimate, Interval

OWN_SPREAD = 20  # decisions of every judge from which each has a variance of an own


@dataclass(frozen=True)
class LogLevel:
    """Level noise and what it rests on. Variances in squared decision units.

    effects: (J, K) levels of the judges that can be compared, mean 0 in every block; effect_variance: (J,) their noise
    variances; judge_index: (J,) their codes; block: (J,). left_out: (J,) level noise without each judge.
    pooled: level noise may hold a judge x pool part, which could not be seen. most: the largest variance there can be.
    """

    variance: float
    interval: Interval | None
    reason: str | None
    effects: Floats
    effect_variance: Floats
    judge_index: Codes
    block: Codes
    left_out: Floats
    pooled: bool = False
    most: float = math.inf

    @property
    def component(self) -> Estimate:
        """As the result shows it; the share of system noise is not known in a log."""
        return estimate_of(self.variance, self.interval, reason=self.reason, most=self.most)


def sampling_variance(n: Floats, m2: Floats) -> Floats:
    """(J,) v_j, the chance variance of each judge's mean; n: (J,) counts >= 2, m2: (J,) squared deviations."""
    if np.all(n >= OWN_SPREAD):
        return m2 / (n - 1) / n
    return float(m2.sum()) / float((n - 1).sum()) / n


def left_out_levels(mean: Floats, variance: Floats) -> Floats:
    """(J,) L_(j), the signed level variance without each judge, from J >= 3 means and their v_j."""
    J = len(mean)
    weights, tr = np.full(J, (J - 1) / J), (J - 1) / J * float(variance.sum())
    return _left_out((mean - mean.mean())[:, None], variance, dJ=J - 1, tr=tr, weights=weights)


def level_from_moments(
    n: Floats, mean: Floats, m2: Floats, *, confidence: float = 0.95, kurtosis_floor: float = 2.0
) -> Component:
    """Level noise from n (J,), mean (J,) or (J, K) and M2 of each judge's comparable decisions."""
    found = level_of_judges(Moments(n, mean, m2), confidence=confidence, kurtosis_floor=kurtosis_floor)
    return found.component if isinstance(found, LogLevel) else found


def level_of_judges(
    judges: Moments,
    *,
    spread: Floats | None = None,
    columns: int = 0,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
) -> LogLevel | NotIdentified:
    """Formula (3.1) for judges who draw from one pool. judges: n (J,), mean and m2 (J,) or (J, K).

    Where the differences between cases were fitted: columns, their number (taken off the degrees of freedom), and
    spread: (J,) what the fitted coefficients add to v_j, per unit of s2, around the mean of the judges.
    """
    mean, m2 = (values.reshape(len(judges.n), -1) for values in (judges.mean, judges.m2))
    kept = np.flatnonzero(judges.n >= 2)
    n, squares = judges.n[kept], m2[kept].sum(axis=1)
    J = len(kept)
    if J < 2:
        return NotIdentified.of("single_judge" if (judges.n > 0).sum() < 2 else "too_few_each")
    df = float((n - 1).sum())
    if df <= columns:
        return NotIdentified.of("too_few_decisions")
    chance = sampling_variance(n, squares) * df / (df - columns)
    fitted = np.zeros(J) if spread is None else spread[kept] * squares.sum() / (df - columns)
    effects = mean[kept] - mean[kept].mean(axis=0)
    return _level(
        effects,
        chance + fitted,
        dJ=J - 1,
        tr=(J - 1) / J * float(chance.sum()) + float(fitted.sum()),
        weights=np.full(J, (J - 1) / J),
        judge_index=kept.astype(np.intp),
        block=np.zeros(J, dtype=np.intp),
        confidence=confidence,
        kurtosis_floor=kurtosis_floor,
        pooled=False,
    )


def of_judges_with_two(cells: Cells) -> Cells:
    """Without judges who decided once: equal weights for them would make level noise twice as imprecise."""
    n = sum_by(cells.judge, cells.n, len(cells.judges))
    return cells.where(n[cells.judge] >= 2)


def level_in_pools(cells: Cells, *, confidence: float = 0.95, kurtosis_floor: float = 2.0) -> LogLevel | NotIdentified:
    """Level noise from cells of judge x pool (`case` is the pool): judges are compared inside pools only.

    The form without judge x pool effects; where pools overlap enough for those, `estimate_panel` sees them.
    """
    compared = of_judges_with_two(cells)
    linked = Linked.of(compared)
    if linked.J < 2:
        alone = len(np.unique(cells.judge)) < 2
        few = "too_few_each" if len(np.unique(compared.judge)) < 2 else "no_shared_pool"
        return NotIdentified.of("single_judge" if alone else few)
    if linked.df <= 0:
        return NotIdentified.of("too_few_decisions")
    try:
        fit = fit_two_way(linked, interaction=False)
    except IllConditionedError:
        return NotIdentified.of("ill_conditioned")
    size = np.bincount(linked.block)[linked.block]
    return _level(
        fit.effects,
        fit.spread * fit.tr / fit.T0,
        dJ=linked.dJ,
        tr=fit.tr,
        weights=(size - 1) / size,
        judge_index=linked.judge_index,
        block=linked.block,
        confidence=confidence,
        kurtosis_floor=kurtosis_floor,
        pooled=True,
    )


def _level(
    effects: Floats,
    noise: Floats,
    *,
    dJ: int,
    tr: float,
    weights: Floats,
    judge_index: Codes,
    block: Codes,
    confidence: float,
    kurtosis_floor: float,
    pooled: bool,
) -> LogLevel:
    """L = (sum lhat^2 - tr)/dJ with its interval. noise: (J,) v_j; weights: (J,) c_j."""
    variance = (float((effects**2).sum()) - tr) / dJ
    total = float(noise.sum())
    nu = tr * noise / total if total > 0 else np.zeros_like(noise)
    left = _left_out(effects, noise, dJ=dJ, tr=tr, weights=weights)
    interval, reason = None, None
    if dJ < 2:
        reason = "too_few_judges"
    else:
        if dJ >= MANY_JUDGES:
            interval = log_jackknife(
                variance,
                left,
                weights=weights,
                add=0.0,
                floor=level_floor(variance, nu, df=dJ, kurtosis_floor=kurtosis_floor),
                df=dJ,
                confidence=confidence,
            )
        interval = interval or few_judges(
            variance, noise=tr / dJ, df=dJ, kurtosis_floor=kurtosis_floor, confidence=confidence
        )
        chance = few_judges(variance, noise=tr / dJ, df=dJ, kurtosis_floor=0.0, confidence=confidence)
        interval = down_to_zero(interval, chance)
    return LogLevel(variance, interval, reason, effects, noise, judge_index, block, left, pooled)


def _left_out(effects: Floats, noise: Floats, *, dJ: int, tr: float, weights: Floats) -> Floats:
    """(J,) L_(j) = [sum lhat^2 - lhat_j^2/c_j - tr (1 - v_j/sum v)]/(dJ - 1); NaN where dJ < 2."""
    if dJ < 2:
        return np.full(len(noise), np.nan)
    squares, total = (effects**2).sum(axis=1), float(noise.sum())
    shared = tr * (1 - noise / total) if total > 0 else np.zeros_like(noise)
    return np.asarray((squares.sum() - squares / weights - shared) / (dJ - 1), dtype=np.float64)
