"""Level, pattern and their sum with intervals, whichever estimator found them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.intervals import mover_sum
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Component, Interval

if TYPE_CHECKING:
    from noiseaudit.estimators.cross_products import CrossProducts
    from noiseaudit.estimators.two_way import TwoWay


@dataclass(frozen=True)
class Components:
    """Signed variances in squared decision units; None where not identified or without an interval.

    `reason` says why intervals are absent where they all are.
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
        )


def total_interval(
    level: float, level_interval: Interval | None, pattern: float, pattern_interval: Interval | None
) -> Interval | None:
    """MOVER interval of system noise from its two parts; a part that is exactly 0 adds nothing."""
    if level_interval is None:
        return None
    if pattern_interval is None:
        return level_interval if pattern == 0 else None
    return mover_sum(level, level_interval, pattern, pattern_interval)


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
