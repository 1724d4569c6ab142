"""The estimators that take cases to reach judges by lot, on request only: REML and Gao-Owen."""

from __future__ import annotations

import contextlib

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import Flag, PanelEstimate, boundary_flags, estimate_of
from noiseaudit.estimators.gao_owen import GaoOwen, gao_owen
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.reml import Reml, reml
from noiseaudit.estimators.two_way import IllConditionedError, fit_two_way
from noiseaudit.result import Component, Interval

MOST_JUDGES_DENSE = 4000
_NONE = "not_available_for_estimator"


def estimate_model(
    cells: Cells, linked: Linked, *, estimator: str, confidence: float, most: float, flags: tuple[Flag, ...]
) -> PanelEstimate:
    """Components of the random-effects model; CallError where it cannot treat the decision.

    most: the largest variance that a decision can have.
    """
    told = (*flags, Flag("model_based", "warning", {"estimator": estimator}))
    if estimator == "gao_owen":
        return _assembled("gao_owen", linked, gao_owen(cells), {}, told, most=most)
    fit = reml(cells, confidence=confidence)
    intervals = {
        "level": fit.level_interval,
        "pattern": fit.pattern_interval,
        "system": fit.system_interval,
        "stable": fit.stable_interval,
        "occasion": fit.occasion_interval,
        "case": fit.case_interval,
    }
    return _assembled("reml", linked, fit, intervals, told, most=most)


def _assembled(
    name: str,
    linked: Linked,
    fit: Reml | GaoOwen,
    intervals: dict[str, Interval | None],
    flags: tuple[Flag, ...],
    *,
    most: float,
) -> PanelEstimate:
    """The model's components as the result's estimates, beside the raw levels of the joint fit for the funnel."""

    def part(key: str, value: float | None, *, system: float | None = fit.system) -> Component:
        if value is None:
            return NotIdentified.of("no_replicates")
        interval, reason = intervals.get(key), None
        if interval is None:
            reason = _NONE if not intervals else "at_boundary" if value <= 0 else "no_end"
        return estimate_of(value, interval, reason=reason, most=most, system=system, share_reason=_share_reason(key))

    effects = variance = None
    if linked.H0 > 0 and linked.J <= MOST_JUDGES_DENSE:
        with contextlib.suppress(IllConditionedError):
            levels = fit_two_way(linked)
            effects, variance = levels.effects, levels.effect_variance
    boundary = boundary_flags(system=fit.system, level=fit.level, pattern=fit.pattern, stable=fit.stable)
    return PanelEstimate(
        estimator=name,
        linked=linked,
        system=part("system", fit.system, system=None),
        level=part("level", fit.level),
        pattern=part("pattern", fit.pattern),
        stable_pattern=part("stable", fit.stable),
        occasion=part("occasion", fit.occasion),
        case=part("case", fit.case, system=None),
        composed=NotIdentified.of("not_available_for_estimator"),
        effects=effects,
        effect_variance=variance,
        flags=(*flags, *boundary),
    )


def _share_reason(key: str) -> str | None:
    """Why a share has no interval: the model has none for level and pattern; other parts never have one."""
    return _NONE if key in ("level", "pattern") else None
