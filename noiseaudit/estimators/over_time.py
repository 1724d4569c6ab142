"""A log over time: level and noise by period, and the occasion noise that a log can show."""

from __future__ import annotations

import math

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.drift import level_signals, period_means
from noiseaudit.estimators.judge_days import judge_day_noise
from noiseaudit.estimators.log_level import level_from_moments
from noiseaudit.estimators.moments_of_day import moment_effects
from noiseaudit.estimators.periods import JudgePeriods, Unit
from noiseaudit.estimators.persistence import persistence
from noiseaudit.estimators.sequence import sequence_effect
from noiseaudit.estimators.timeline import Moments, Timeline
from noiseaudit.result import OverTime, Period


def audit_over_time(
    judge: Codes,
    adjusted: Floats,
    moment: Moments,
    *,
    predicted: Floats | None = None,
    mean_decision: float = 0.0,
    unit: Unit | None = None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
) -> OverTime | NotIdentified:
    """Everything that the moments of decisions tell.

    judge: (R,) codes; adjusted: (R,) decisions net of their cases (and pools), in decision units, finite; moment: (R,)
    datetime64 in local time, NaT where unknown (left out and counted); predicted: (R,) decision that the case lets
    expect; mean_decision: added to the means of periods, for `adjusted` that lies around 0; unit: of the periods, by
    default the one of `choose_unit`. Variances are in squared decision units. Dates without a time of day leave hours,
    places in the row and sequence unidentified.
    """
    timeline = Timeline.of(judge, adjusted, moment, predicted=predicted)
    if not len(timeline.judge):
        return NotIdentified.of("no_moment")
    if timeline.judges < 2:
        return NotIdentified.of("single_judge")
    periods = JudgePeriods.of(timeline, unit=unit)
    sequence = sequence_effect(timeline, confidence=confidence)
    return OverTime(
        unit=periods.unit,
        periods=_periods(periods, shift=mean_decision, confidence=confidence, kurtosis_floor=kurtosis_floor),
        persistence=persistence(periods, confidence=confidence),
        judge_days=judge_day_noise(timeline, confidence=confidence),
        moments=moment_effects(timeline, confidence=confidence),
        sequence=sequence.effect,
        sequence_beyond_day=sequence.beyond_day,
        judges=timeline.judges,
        undated=timeline.undated,
    )


def _periods(periods: JudgePeriods, *, shift: float, confidence: float, kurtosis_floor: float) -> tuple[Period, ...]:
    means, signals = period_means(periods), level_signals(periods)
    found = []
    for t, reach in enumerate(means.reach.tolist()):
        centre, here = shift + float(means.centre[t]), periods.n[:, t] > 0
        n, mean, m2 = (table[here, t] for table in (periods.n, periods.mean, periods.m2))
        found.append(
            Period(
                start=str(periods.start[t]),
                end=str(periods.end[t]),
                decisions=int(n.sum()),
                judges=len(n),
                mean=shift + float(means.mean[t]),
                limits=None if math.isnan(reach) else (centre - reach, centre + reach),
                outside=bool(means.outside[t]),
                level=level_from_moments(n, mean, m2, confidence=confidence, kurtosis_floor=kurtosis_floor),
                level_outside=bool(signals[t]),
            )
        )
    return tuple(found)
