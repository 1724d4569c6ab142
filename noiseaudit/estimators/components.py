"""Level, pattern and their sum with intervals, whichever estimator found them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.intervals import mover_difference, mover_sum, possible
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Component, Estimate, Interval

if TYPE_CHECKING:
    from noiseaudit.estimators.cross_products import CrossProducts
    from noiseaudit.estimators.two_way import TwoWay


@dataclass(frozen=True)
class Components:
    """Signed variances in squared decision units; None where not identified or without an interval.

    reason: why the parts have no interval, or are not identified; system_reason: why their sum has no interval.
    """

    level: float | None
    pattern: float | None
    system: float
    stable: float | None = None
    occasion: float | None = None
    level_interval: Interval | None = None
    pattern_interval: Interval | None = None
    stable_interval: Interval | None = None
    occasion_interval: Interval | None = None
    system_interval: Interval | None = None
    share_interval: Interval | None = None
    reason: str | None = None
    system_reason: str | None = None

    @classmethod
    def without_intervals(
        cls, level: float, pattern: float, stable: float | None, occasion: float | None, reason: str
    ) -> Components:
        """Point estimates only."""
        return cls(
            level=level,
            pattern=pattern,
            system=level + pattern,
            stable=stable,
            occasion=occasion,
            reason=reason,
            system_reason=reason,
        )


def total_interval(
    level: float, level_interval: Interval | None, pattern: float, pattern_interval: Interval | None
) -> Interval | None:
    """MOVER interval of system noise from its two parts; a part that is exactly 0 adds nothing."""
    if level_interval is None:
        return pattern_interval if level == 0 else None
    if pattern_interval is None:
        return level_interval if pattern == 0 else None
    return mover_sum(level, level_interval, pattern, pattern_interval)


def stable_interval(
    pattern: float, pattern_interval: Interval | None, occasion: float, occasion_interval: Interval | None
) -> Interval | None:
    """MOVER interval of S = P - O; an occasion noise that is exactly 0 takes nothing off."""
    if pattern_interval is None:
        return None
    if occasion_interval is None:
        return pattern_interval if occasion == 0 else None
    return mover_difference(pattern, pattern_interval, occasion, occasion_interval)


def share_of(level: Interval | None, pattern: Interval | None) -> Interval | None:
    """Interval of L/(L + P) from the end points of both: the least over the most, the most over the least."""
    if level is None or pattern is None or pattern[1] <= 0:
        return None
    low = level[0] / pattern[1]
    return low / (1 + low), 1.0 if pattern[0] <= 0 else level[1] / (level[1] + pattern[0])


def estimate_of(
    variance: float,
    interval: Interval | None,
    *,
    reason: str | None = None,
    most: float = math.inf,
    system: float | None = None,
    share_interval: Interval | None = None,
    share_reason: str | None = None,
) -> Estimate:
    """A signed variance as the result's estimate: interval cut at `most`, its share of system noise, and reasons.

    reason: why there is no interval, where that is known; share_reason: why the share has none.
    """
    bounds = possible(interval, variance, most=most)
    share = variance / system if system is not None and system > 0 else None
    why = None
    if bounds is None:
        why = reason or "beyond_range"
        if reason is None and interval is None:
            why = "at_boundary" if variance <= 0 else "part_without_interval"
    elif share is not None and share_interval is None:
        why = share_reason
    return Estimate(float(variance), bounds, share, share_interval if share is not None else None, why)


@dataclass(frozen=True)
class Flag:
    """Something about the estimate that its reader must know; the words are in the catalogue."""

    code: str
    severity: Literal["info", "warning", "error"]
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PanelEstimate:
    """Noise of a panel. `effects` (J, K), `effect_variance` (J,) belong to the judges of `linked`.

    `composed`: system noise of a pair of judges as cases bring them together, beside Sys of a random pair.
    """

    estimator: str
    linked: Linked
    system: Component
    level: Component
    pattern: Component
    stable_pattern: Component
    occasion: Component
    case: Component
    composed: Component
    effects: Floats | None = None
    effect_variance: Floats | None = None
    fit: TwoWay | CrossProducts | None = None
    flags: tuple[Flag, ...] = ()


def boundary_flags(*, system: float, level: float | None, pattern: float | None, stable: float | None) -> list[Flag]:
    """A flag for every estimate at or below 0: what it means, and why shares then pass 100 %."""
    if system <= 0:
        return [Flag("system_at_boundary", "warning")]
    parts = (("level", level), ("pattern", pattern), ("stable", stable))
    return [Flag(f"{name}_at_boundary", "info") for name, value in parts if value is not None and value <= 0]
