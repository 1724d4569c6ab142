"""Which figures about few cases or few professionals a file may hold."""

from __future__ import annotations

from dataclasses import replace

from noiseaudit.errors import NotIdentified
from noiseaudit.result.log_parts import ComparableClass, OverTime, Period
from noiseaudit.result.parts import Audience
from noiseaudit.result.supplement import Supplement

FEWEST: dict[Audience, tuple[int, int]] = {"public": (10, 5), "team": (5, 3)}  # decisions, professionals


def without_small_cells(supplement: Supplement, audience: Audience) -> Supplement:
    """The supplement without means and noise of classes and periods of too few decisions or professionals."""
    log = supplement.log
    if log is None:
        return supplement
    classes = tuple(replace(each, mean=None) if _small(each, audience) else each for each in log.comparison.classes)
    time = log.over_time
    if isinstance(time, OverTime):
        time = replace(time, periods=tuple(_hidden(p) if _small(p, audience) else p for p in time.periods))
    return replace(supplement, log=replace(log, comparison=replace(log.comparison, classes=classes), over_time=time))


def _small(cell: ComparableClass | Period, audience: Audience) -> bool:
    decisions, judges = FEWEST[audience]
    return cell.decisions < decisions or cell.judges < judges


def _hidden(period: Period) -> Period:
    nothing = NotIdentified.of("too_small_to_show")
    return replace(period, mean=None, limits=None, outside=False, level=nothing, level_outside=False)
