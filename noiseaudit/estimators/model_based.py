"""The estimators that take cases to reach judges by lot, on request only: REML and Gao-Owen."""

from __future__ import annotations

import contextlib

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import Flag, PanelEstimate
from noiseaudit.estimators.gao_owen import GaoOwen, gao_owen
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.reml import Reml, reml
from noiseaudit.estimators.two_way import IllConditionedError, fit_two_way
from noiseaudit.result import Component, Estimate, Interval

MOST_JUDGES_DENSE = 4000


def estimate_model(
    cells: Cells, linked: Linked, *, estimator: str, confidence: float, flags: tuple[Flag, ...]
) -> PanelEstimate:
    """Components of the random-effects model; CallError where it cannot treat the decision."""
    told = (*flags, Flag("model_based", "warning", {"estimator": estimator}))
    if estimator == "gao_owen":
        moments = gao_owen(cells)
        return _assembled("gao_owen", linked, moments, {}, told, case=Estimate(
            moments.case, None, interval_reason="not_available_for_estimator"))  # fmt: skip
    fit = reml(cells, confidence=confidence)
    boundary = (Flag("level_at_boundary", "info"),) if fit.judge <= 0 else ()
    intervals = {
        "level": fit.level_interval,
        "pattern": fit.pattern_interval,
        "system": fit.system_interval,
        "stable": fit.stable_interval,
        "occasion": fit.occasion_interval,
    }
    case = Estimate(fit.case, fit.case_interval, interval_reason=None if fit.case_interval else "at_boundary")
    return _assembled("reml", linked, fit, intervals, told + boundary, case=case)


def _assembled(
    name: str,
    linked: Linked,
    fit: Reml | GaoOwen,
    intervals: dict[str, Interval | None],
    flags: tuple[Flag, ...],
    *,
    case: Component,
) -> PanelEstimate:
    """The model's components as the result's estimates, beside the raw levels of the joint fit for the funnel."""
    missing = "at_boundary" if intervals else "not_available_for_estimator"

    def part(key: str, value: float | None) -> Component:
        if value is None:
            return NotIdentified.of("no_replicates")
        interval = intervals.get(key)
        share = value / fit.system if key != "system" and fit.system > 0 else None
        return Estimate(value, interval, share, None, None if interval else missing)

    effects = variance = None
    if linked.H0 > 0 and linked.J <= MOST_JUDGES_DENSE:
        with contextlib.suppress(IllConditionedError):
            levels = fit_two_way(linked)
            effects, variance = levels.effects, levels.effect_variance
    return PanelEstimate(
        estimator=name,
        linked=linked,
        system=part("system", fit.system),
        level=part("level", fit.level),
        pattern=part("pattern", fit.pattern),
        stable_pattern=part("stable", fit.stable),
        occasion=part("occasion", fit.occasion),
        case=case,
        composed=NotIdentified.of("not_available_for_estimator"),
        effects=effects,
        effect_variance=variance,
        flags=flags,
    )
