"""Which figures about few cases or few professionals a file may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from noiseaudit.errors import NotIdentified
from noiseaudit.result.log_parts import ComparableClass, OverTime, Period
from noiseaudit.result.parts import Audience
from noiseaudit.result.supplement import Supplement

FEWEST: dict[Audience, tuple[int, int]] = {"public": (10, 5), "team": (5, 3)}  # decisions, professionals
LARGEST_SHARE: dict[Audience, float] = {"public": 0.5, "team": 1.0}  # of a group that one professional may have


@dataclass(frozen=True)
class Limits:
    """What a figure in a file needs: so many cases, so many professionals, none of them with a larger share."""

    cases: int
    professionals: int
    share: float = 1.0

    @classmethod
    def of(cls, audience: Audience, settings: Mapping[str, Any] | None = None) -> Limits:
        """Of an audience, or as the settings of the run say instead."""
        asked = settings or {}
        cases, professionals = FEWEST[audience]
        return cls(
            int(asked.get("min_cell") or cases),
            int(asked.get("min_professionals") or professionals),
            LARGEST_SHARE[audience],
        )

    def lowered(self, audience: Audience) -> bool:
        """Some limit is lower than the audience prescribes."""
        return self.cases < FEWEST[audience][0] or self.professionals < FEWEST[audience][1]


def without_small_cells(supplement: Supplement, audience: Audience, *, limits: Limits | None = None) -> Supplement:
    """The supplement without means and noise of classes and periods of too few decisions or professionals.

    limits: in place of those of the audience.
    """
    log, least = supplement.log, limits or Limits.of(audience)
    if log is None:
        return supplement
    classes = tuple(replace(each, mean=None) if _small(each, least) else each for each in log.comparison.classes)
    time = log.over_time
    if isinstance(time, OverTime):
        time = replace(time, periods=tuple(_hidden(p) if _small(p, least) else p for p in time.periods))
    return replace(supplement, log=replace(log, comparison=replace(log.comparison, classes=classes), over_time=time))


def _small(cell: ComparableClass | Period, limits: Limits) -> bool:
    return cell.decisions < limits.cases or cell.judges < limits.professionals


def _hidden(period: Period) -> Period:
    nothing = NotIdentified.of("too_small_to_show")
    return replace(period, mean=None, limits=None, outside=False, level=nothing, level_outside=False)
