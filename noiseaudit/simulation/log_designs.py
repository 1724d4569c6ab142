"""LogDesign: everything that a simulated log depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noiseaudit.errors import CallError
from noiseaudit.simulation.case_mix import CATEGORIES, NUMBERS, RELEVANT, scaling
from noiseaudit.simulation.group_design import GroupDesign

LogScale = Literal["continuous", "log", "binary", "ordinal"]
LogAssignment = Literal["random", "pooled", "specialised", "confounded"]
_SDS = (
    "level", "detectable_pattern", "stable_pattern", "occasion", "unmeasured", "case_sd", "judge_day", "office",
    "workload",
)  # fmt: skip


@dataclass(frozen=True)
class LogDesign:
    """A log in which nearly every case was decided once. SDs are of the latent effects. See `simulate_log`."""

    judges: int = 60
    cases: int = 5000
    level: float = 0.2
    detectable_pattern: float = 0.2
    stable_pattern: float = 0.3
    occasion: float = 0.5
    unmeasured: float = 0.0
    case_sd: float = 1.0
    mean: float = 0.0
    features: int = 9
    omit: tuple[str, ...] = ()
    pattern_on: tuple[str, ...] = ("x3", "channel")
    assignment: LogAssignment = "random"
    sorting: float = 0.53
    pools: int = 8
    two_pools: float = 0.3
    workload: float = 0.0
    scale: LogScale = "continuous"
    categories: int = 4
    periods: int = 1
    persistence: float = 1.0
    judge_day: float = 0.0
    sequence: float = 0.0
    offices: int = 1
    office: float = 0.0
    second_decisions: float = 0.0
    groups: GroupDesign | None = None

    def __post_init__(self) -> None:
        problems = [*self._wrong_numbers(), *self._wrong_names()]
        if problems:
            raise CallError("wrong_setting", "; ".join(problems))

    def _wrong_numbers(self) -> list[str]:
        problems = []
        if self.judges < 1 or self.cases < 1 or self.periods < 1:
            problems.append("judges, cases and periods must be at least 1")
        if not all(0 <= getattr(self, name) < math.inf for name in _SDS) or not math.isfinite(self.mean):
            problems.append("standard deviations cannot be negative, and numbers are finite")
        if not (0 <= self.two_pools <= 1 and 0 <= self.second_decisions <= 1):
            problems.append("two_pools and second_decisions are shares between 0 and 1")
        if not 0 <= self.persistence <= 1:
            problems.append("persistence is a correlation between 0 and 1")
        if not -1 < self.sequence < 1:
            problems.append("sequence is a coefficient between -1 and 1")
        if not 1 <= self.offices <= self.judges:
            problems.append("offices: at least 1, and no more than judges")
        elif self.office > 0 and self.offices == 1:
            problems.append("one office has no differences between offices: set offices, or office to 0")
        if self.assignment == "pooled" and not 1 <= self.pools <= self.judges / 2:
            problems.append("pools: at least 1, and at least two judges a pool")
        if self.second_decisions > 0 and self.judges < 2:
            problems.append("second decisions need two judges")
        if self.categories < 2:
            problems.append("an ordinal decision has at least two grades")
        return problems

    def _wrong_names(self) -> list[str]:
        problems = []
        if self.features < len(RELEVANT):
            problems.append(f"features: at least {len(RELEVANT)}, which matter; the others do not")
        unknown = sorted({*self.omit, *self.pattern_on} - set(RELEVANT))
        if unknown:
            problems.append(f"no feature is called {', '.join(unknown)}; those that matter are {', '.join(RELEVANT)}")
        if self.detectable_pattern > 0 and not self.pattern_on:
            problems.append("detectable_pattern needs a feature to lie in: pattern_on")
        if self.scale not in ("continuous", "log", "binary", "ordinal"):
            problems.append(f"no scale is called {self.scale!r}")
        most = {"random": 1.0, "pooled": 1.0, "confounded": 1.0, "specialised": scaling().specialised ** 0.5}
        if self.assignment not in most:
            problems.append(f"no assignment is called {self.assignment!r}; there is {', '.join(most)}")
        elif not 0 <= self.sorting <= most[self.assignment]:
            problems.append(
                f"sorting lies between 0 and {most[self.assignment]:.2f} where assignment is {self.assignment}"
            )
        return problems

    @property
    def cuts(self) -> tuple[float, ...]:
        """Latent thresholds between ordinal grades, evenly spread around 0."""
        inner = np.arange(1, self.categories) - self.categories / 2
        return tuple((1.2 * inner).tolist())

    @property
    def slopes_on(self) -> tuple[str, ...]:
        """The numbers that professionals weigh differently."""
        return tuple(name for name in dict.fromkeys(self.pattern_on) if name in NUMBERS)

    @property
    def reactions_to(self) -> tuple[str, ...]:
        """The categories whose values professionals weigh differently."""
        return tuple(name for name in dict.fromkeys(self.pattern_on) if name in CATEGORIES)

    @property
    def source_variance(self) -> float:
        """Variance of the detectable pattern that each feature in `pattern_on` gets: equal parts."""
        return self.detectable_pattern**2 / max(len(set(self.pattern_on)), 1)
