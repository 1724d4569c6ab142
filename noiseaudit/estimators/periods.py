"""Calendar periods that hold enough decisions, and each judge's decisions in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.moments import Floats, grouped
from noiseaudit.estimators.timeline import Moments, Timeline

Unit = Literal["week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("week", "month", "quarter", "year")
MOST_PERIODS = 24
ENOUGH_DECISIONS = 20  # a judge and period, on average

Ints = npt.NDArray[np.int64]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MONDAY = np.datetime64("1969-12-29", "D")


@dataclass(frozen=True)
class JudgePeriods:
    """Moments of each of J judges in each of the T periods that hold decisions.

    n, mean, m2: (J, T), 0 where a judge did not decide; number: (T,) place in the calendar, one more for the next
    period; start, end: (T,) first and last day, the first and last period cut to what the log holds.
    """

    unit: Unit
    n: Floats
    mean: Floats
    m2: Floats
    number: Ints
    start: Moments
    end: Moments

    @classmethod
    def of(cls, timeline: Timeline, *, unit: Unit | None = None) -> JudgePeriods:
        """The table for `unit`, by default the one of `choose_unit`."""
        unit = choose_unit(timeline) if unit is None else unit
        number, period = np.unique(_number(timeline.date, unit), return_inverse=True)
        J, T = timeline.judges, len(number)
        code = (timeline.day_judge * T + period)[timeline.day]
        value = timeline.value[:, None]
        cells = grouped(code, J * T, np.ones(len(value)), value, np.zeros_like(value))
        return cls(
            unit=unit,
            n=cells.n.reshape(J, T),
            mean=cells.mean.reshape(J, T),
            m2=cells.m2.reshape(J, T),
            number=number,
            start=np.maximum(_first_day(number, unit), timeline.date.min()),
            end=np.minimum(_first_day(number + 1, unit) - 1, timeline.date.max()),
        )


def choose_unit(timeline: Timeline) -> Unit:
    """The shortest unit that makes 2 to 24 periods with at least 20 decisions a judge and period on average.

    Where decisions are too few for that: the longest that makes 2 to 24 periods. Where no unit does: the year for
    more than 24 years, else the week (all in one). Only periods with decisions count, and a judge's own periods.
    """
    several: list[Unit] = []
    for unit in UNITS:
        number = _number(timeline.date, unit)
        if 2 <= len(np.unique(number)) <= MOST_PERIODS:
            several.append(unit)
            begins = (np.diff(number) != 0) | (np.diff(timeline.day_judge) != 0)
            if len(timeline.judge) >= ENOUGH_DECISIONS * (1 + int(begins.sum())):
                return unit
    if several:
        return several[-1]
    return "week" if len(np.unique(_number(timeline.date, "year"))) <= MOST_PERIODS else "year"


def _number(date: Moments, unit: Unit) -> Ints:
    """(D,) place of a day's period in the calendar; weeks begin on Monday (ISO 8601)."""
    if unit == "week":
        return (date - _MONDAY).astype(np.int64) // 7
    return date.astype("datetime64[M]").astype(np.int64) // _MONTHS[unit]


def _first_day(number: Ints, unit: Unit) -> Moments:
    if unit == "week":
        return _MONDAY + number * np.timedelta64(7, "D")
    return (number * _MONTHS[unit]).astype("datetime64[M]").astype("datetime64[D]")
