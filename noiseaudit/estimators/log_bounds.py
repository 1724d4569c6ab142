"""What a log can say of system noise: an interval, never a point.

    lower = L + P_det                     as if everything else were differences between the cases
    upper = L + spread,  spread = P_det + U    as if cases alike in the log were alike

U: variance of comparable decisions of one professional that no class or slope explains: occasion noise, finer pattern,
differences between cases that are not in the log, and the error of the model. The bounds are confidence limits of
these two (MOVER), so that they hold the true value as often as any interval here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats, Moments
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import log_jackknife, mover_sum, satterthwaite
from noiseaudit.language import catalogue
from noiseaudit.result import Bounded, Component, Estimate, Interval


@dataclass(frozen=True)
class LogBounds:
    """Bounds of what a log does not identify."""

    system: Component
    pattern: Component
    stable_pattern: Component
    occasion: Component


def spread_within(judges: Moments, *, columns: int = 0, confidence: float = 0.95) -> Estimate | NotIdentified:
    """s2 = sum ssw/(N - J - columns), the variance of one professional's comparable decisions, with its interval.

    judges: moments (J,), (J, K) of the adjusted decisions; columns: that were fitted to adjust them.
    """
    squares: Floats = judges.m2.reshape(len(judges.n), -1).sum(axis=1)
    seen = judges.n > 0
    n, squares = judges.n[seen], squares[seen]
    df = float((n - 1).sum()) - columns
    if df <= 0:
        return NotIdentified.of("too_few_decisions")
    share = df / float((n - 1).sum())
    value = float(squares.sum()) / df
    J = len(n)
    with np.errstate(divide="ignore", invalid="ignore"):  # a judge who has all the degrees of freedom
        left = (squares.sum() - squares) / ((n.sum() - n - J + 1) * share)
    interval = log_jackknife(
        value, left, weights=(J - 1) / J, add=0.0, floor=2 * value**2 / df, df=J - 1, confidence=confidence
    )
    return Estimate(value, interval or satterthwaite(value, nu=df, confidence=confidence))


def lost_spread(effects: Floats, predicted: Floats) -> float:
    """2 Cov(l, f): what the spread of yes/no decisions lacks where judges' levels go with their cases.

    A decision of chance p has variance p (1 - p), and p is nearer to 0 or 1 where a strict judge gets the cases that
    invite it. With p = f + l, E p^2 over the decisions as dealt out exceeds that of a random judge by 2 Cov(f, l).
    effects, predicted: (R,) level of the judge and predicted decision of every row.
    """
    return max(0.0, 2 * float(((effects - effects.mean()) * (predicted - predicted.mean())).mean()))


def bound_noise(
    level: Component,
    detectable: Component,
    spread: Component,
    *,
    lowest_occasion: float = 0.0,
    lost: float = 0.0,
    most: float = math.inf,
) -> LogBounds:
    """Bounds from level noise, detectable pattern and the spread of comparable decisions of one professional.

    lowest_occasion: variance that is known to be occasion noise. lost: see `lost_spread`. most: the largest variance a
    decision can have.
    """
    if not isinstance(level, Estimate) or not isinstance(spread, Estimate):
        nothing = level if isinstance(level, NotIdentified) else spread
        if not isinstance(nothing, NotIdentified):
            raise TypeError("level and spread are estimates or not identified")
        return LogBounds(nothing, nothing, nothing, nothing)
    found, limits = 0.0, (0.0, 0.0)
    if isinstance(detectable, Estimate) and detectable.variance_interval is not None:
        found, limits = max(0.0, detectable.variance), detectable.variance_interval
    own = level.variance_interval or (0.0, max(0.0, level.variance))
    whole = spread.variance_interval or (0.0, spread.variance)
    whole = whole[0], whole[1] + lost
    lowest = mover_sum(level.variance, own, found, limits)[0]
    highest = mover_sum(level.variance, own, spread.variance, whole)[1]
    pattern = max(limits[0], lowest_occasion)
    return LogBounds(
        _bounded("system", (max(lowest, pattern), highest), most),
        _bounded("pattern", (pattern, whole[1]), most),
        _bounded("stable_pattern", (limits[0], whole[1]), most),
        _bounded("occasion", (lowest_occasion, max(whole[1] - limits[0], lowest_occasion)), most),
    )


def _bounded(part: str, bounds: Interval, most: float) -> Bounded:
    low, high = max(0.0, min(bounds[0], most)), min(bounds[1], most)
    return Bounded((low, max(low, high)), catalogue("en")(f"bounded.{part}"))
