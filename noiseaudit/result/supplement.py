"""Supplement: further figures beside the contract, which the report explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from noiseaudit.errors import NotIdentified
from noiseaudit.result.group_parts import GroupsAudit
from noiseaudit.result.log_parts import LogAudit, Offices
from noiseaudit.result.parts import Component, DifferenceDistribution, Individuals, Number


@dataclass(frozen=True)
class Supplement:
    """Further figures that the report explains: context, checks and distributions.

    judges_informative, cases_informative: on cases with two or more judges, which the figures rest on.
    squared_bias: bias^2 without the noise that the square of an estimated bias holds; may be negative.
    period: first and last day of the decisions, ISO 8601, where a column tells.
    offices: where a column names them. log: what an ordinary log adds; None for panels.
    groups: what is told beside the gaps of groups, where a characteristic or a relation was asked for.
    """

    mean_decision: Number
    icc: Number
    kappa: Number
    system_as_composed: Component
    level_test: Mapping[str, float] | NotIdentified
    individuals: Individuals | NotIdentified
    differences: DifferenceDistribution | NotIdentified
    judges_informative: int
    cases_informative: int
    squared_bias: Number
    period: tuple[str, str] | None = None
    offices: Offices | NotIdentified | None = None
    log: LogAudit | None = None
    groups: GroupsAudit | None = None
