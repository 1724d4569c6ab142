"""The estimators that take cases to reach judges by lot, on request only: REML and Gao-Owen."""

from __future__ import annotations

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import Flag, PanelEstimate
from noiseaudit.estimators.gao_owen import fit_gao_owen
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.reml import fit_reml
from noiseaudit.estimators.two_way import IllConditionedError, fit_two_way
from noiseaudit.result import Component, Estimate, Interval

MOST_JUDGES_DENSE = 4000


def estimate_model(
    cells: Cells, linked: Linked, *, estimator: str, confidence: float, flags: tuple[Flag, ...]
) -> PanelEstimate:
    """Components of the random-effects model; CallError where it cannot treat the decision."""
    told = (*flags, Flag("model_based", "warning", {"estimator": estimator}))
    if estimator == "gao_owen":
        return _gao_owen(cells, linked, told)
    fit = fit_reml(cells)
    pattern_parts = ("residual",) if fit.interaction is None else ("interaction", "residual")
    pattern = fit.residual + (fit.interaction or 0.0)
    system = fit.judge + pattern

    def part(value: float, names: tuple[str, ...]) -> Estimate:
        interval: Interval | None = fit.interval(names, confidence=confidence)
        return Estimate(value, interval, value / system, None, None if interval else "at_boundary")

    whole = fit.interval(("judge", *pattern_parts), confidence=confidence)
    stable: Component = NotIdentified.of("no_replicates")
    occasion: Component = stable
    if fit.interaction is not None:
        stable, occasion = part(fit.interaction, ("interaction",)), part(fit.residual, ("residual",))
    effects = variance = None
    if linked.H0 > 0 and linked.J <= MOST_JUDGES_DENSE:  # raw levels for the funnel; REML's L shrinks them
        try:
            levels = fit_two_way(linked)
            effects, variance = levels.effects, levels.effect_variance
        except IllConditionedError:
            pass
    boundary = (Flag("level_at_boundary", "info"),) if fit.judge <= 0 else ()
    return PanelEstimate(
        estimator="reml",
        linked=linked,
        system=Estimate(system, whole, interval_reason=None if whole else "at_boundary"),
        level=part(fit.judge, ("judge",)),
        pattern=part(pattern, pattern_parts),
        stable_pattern=stable,
        occasion=occasion,
        case=Estimate(
            fit.case,
            fit.interval(("case",), confidence=confidence),
            interval_reason=None if fit.case > 0 else "at_boundary",
        ),
        composed=NotIdentified.of("not_available_for_estimator"),
        effects=effects,
        effect_variance=variance,
        flags=told + boundary,
    )


def _gao_owen(cells: Cells, linked: Linked, flags: tuple[Flag, ...]) -> PanelEstimate:
    fit = fit_gao_owen(cells)
    nothing = NotIdentified.of("not_available_for_estimator")
    if fit is None:
        none = NotIdentified.of("no_interaction_df")
        return PanelEstimate("gao_owen", linked, none, none, none, none, none, none, nothing, flags=flags)
    system = fit.level + fit.pattern

    def part(value: float, *, share: bool = True) -> Estimate:
        fraction = value / system if share and system > 0 else None
        return Estimate(value, None, fraction, None, "not_available_for_estimator")

    repeats = nothing if linked.replicated else NotIdentified.of("no_replicates")
    return PanelEstimate(
        "gao_owen", linked, part(system, share=False), part(fit.level), part(fit.pattern), repeats, repeats,
        part(fit.case, share=False), nothing, flags=flags,
    )  # fmt: skip
