"""The parts of an AuditResult: frozen plain data, numbers with their uncertainty or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from noiseaudit.errors import NotIdentified

Audience = Literal["public", "team"]
Interval = tuple[float, float]


def _root(value: float) -> float:
    return float(np.sqrt(max(0.0, value)))


@dataclass(frozen=True)
class Estimate:
    """A variance component. `variance` keeps its sign; `sd` is sqrt(max(0, variance)) in the decision's unit."""

    variance: float
    variance_interval: Interval | None
    share: float | None = None
    share_interval: Interval | None = None
    interval_reason: str | None = None
    status: str = "estimated"

    @property
    def sd(self) -> float:
        """Square root of the variance, floored at 0 for display."""
        return _root(self.variance)

    @property
    def sd_interval(self) -> Interval | None:
        """The variance interval's end points as standard deviations."""
        bounds = self.variance_interval
        return None if bounds is None else (_root(bounds[0]), _root(bounds[1]))

    @property
    def at_boundary(self) -> bool:
        """The estimate is 0 or below: not distinguishable from 0."""
        return self.variance <= 0


@dataclass(frozen=True)
class Bounded:
    """A variance component that these data only bound."""

    variance_bounds: Interval
    because: str
    status: str = "bounded"

    @property
    def sd_bounds(self) -> Interval:
        """The bounds as standard deviations."""
        return (_root(self.variance_bounds[0]), _root(self.variance_bounds[1]))


@dataclass(frozen=True)
class Figure:
    """A number with its unit and interval, or the reason why it has no interval."""

    value: float
    unit: str | None = None
    interval: Interval | None = None
    interval_reason: str | None = None
    status: str = "estimated"


Component = Estimate | Bounded | NotIdentified
Number = Figure | NotIdentified


@dataclass(frozen=True)
class Exclusion:
    """Rows that were not used, and why."""

    code: str
    reason: str
    n: int


@dataclass(frozen=True)
class Input:
    """What was read. rows_read = rows_used + sum of exclusions, always."""

    name: str
    sha256: str | None
    rows_read: int
    rows_used: int
    rows_excluded: tuple[Exclusion, ...] = ()


@dataclass(frozen=True)
class DesignSummary:
    """The shape of the data and the route that was taken. Counts are of all used decisions.

    cells_informative: those on cases with two or more judges, which the figures rest on.
    """

    kind: str
    scale: str
    estimator: str
    judges: int
    cases: int
    cells: int
    cells_informative: int
    decisions: int
    replicated_cells: int
    linked_blocks: int
    roles: Mapping[str, Any]


@dataclass(frozen=True)
class Noise:
    """System noise and its parts: system = level + pattern, pattern = stable_pattern + occasion."""

    system: Component
    level: Component
    pattern: Component
    stable_pattern: Component
    occasion: Component
    case: Component
    detectable_pattern: Component


@dataclass(frozen=True)
class Book:
    """The descriptive decomposition of THESE cases (complete panels only)."""

    system: Component
    level: Component
    pattern: Component


@dataclass(frozen=True)
class Lottery:
    """What the draw of the professional does to one case."""

    mean_difference: Number
    noise_index: Number
    disagreement: Number


@dataclass(frozen=True)
class Accuracy:
    """Error against the truth: mse = bias^2 + shared case bias + noise."""

    mse: Number
    bias: Number
    shared_case_bias: Component
    noise: Component


@dataclass(frozen=True)
class Judge:
    """One professional: level against the linked others, raw and shrunk. `interval` belongs to `shrunk`."""

    judge: str
    decisions: int
    cells: int
    level: float | None
    se: float | None
    shrunk: float | None
    interval: Interval | None
    reliability: float | None
    block: int | None


@dataclass(frozen=True)
class Finding:
    """Something a reader must know: what, why, and what to do. `values` fill the sentence in any language."""

    code: str
    severity: Literal["info", "warning", "error"]
    what: str
    why: str
    do: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Individuals:
    """Funnel counts: who differs from the average professional, and what chance alone gives.

    wide_level: level variance of the wide limits, without what a few extreme professionals add.
    """

    judged: int
    outside_95: int
    outside_998: int
    outside_998_overdispersed: int
    expected_95: float
    expected_998: float
    wide_level: float


@dataclass(frozen=True)
class DifferenceDistribution:
    """Weighted distribution of |difference| over same-case pairs of colleagues; every case counts 1.

    edges: B + 1 bin edges in decision units; share: B shares that sum to 1; median: of the difference.
    """

    edges: tuple[float, ...]
    share: tuple[float, ...]
    median: float


@dataclass(frozen=True)
class CaseTable:
    """Per case: label, number of judges and decisions, mean, and SD between its judges (in memory only)."""

    case: tuple[str, ...]
    judges: np.ndarray[Any, np.dtype[np.int64]]
    decisions: np.ndarray[Any, np.dtype[np.int64]]
    mean: np.ndarray[Any, np.dtype[np.float64]]
    sd: np.ndarray[Any, np.dtype[np.float64]]
