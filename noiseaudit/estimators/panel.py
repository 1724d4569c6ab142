"""From cells to noise: which estimator, every edge rule, and the reasons where there is no answer.

complete -> fe (all moment estimators agree);  sparse -> fe
thin overlap (H0 < 2 dJ) or more than 4,000 judges -> wcu;  reml, gao_owen on request only
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from noiseaudit.aggregates import Cells
from noiseaudit.design import EstimatorName
from noiseaudit.errors import CallError, NotIdentified
from noiseaudit.estimators.components import Components, Flag, PanelEstimate
from noiseaudit.estimators.cross_products import (
    CrossProducts,
    cross_product_components,
    fit_cross_products,
    system_as_composed,
)
from noiseaudit.estimators.intervals import MANY_JUDGES, few_judges, log_jackknife, satterthwaite
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import IllConditionedError, TwoWay, fit_two_way
from noiseaudit.estimators.two_way_intervals import leave_one_judge_out, two_way_components
from noiseaudit.result import Component, Estimate, Interval

MOST_JUDGES_DENSE = 4000
_FEWEST_DECISIONS = 3


def estimate_panel(
    cells: Cells,
    *,
    estimator: EstimatorName = "auto",
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
) -> PanelEstimate:
    """Noise components of a cell table, each with an interval or a reason.

    cells: K = 1 column, or K indicator columns whose components add. Raises CallError for an estimator that
    cannot treat this decision.
    """
    linked = Linked.of(cells)
    nothing = unanswerable(cells, linked)
    if nothing is not None:
        return _unanswerable(linked, nothing, confidence, n=int(cells.n.sum()))
    if linked.C == 1:
        return _single_case(linked, confidence, kurtosis_floor)
    if not linked.d.any():
        return _no_disagreement(cells, linked, confidence)
    if estimator in ("reml", "gao_owen"):
        from noiseaudit.estimators.model_based import estimate_model

        return estimate_model(
            cells, linked, estimator=estimator, confidence=confidence, flags=tuple(_design_flags(linked))
        )
    flags = _design_flags(linked)
    route = _route(linked, estimator, flags)
    if route == "fe":
        try:
            fit = fit_two_way(linked)
        except IllConditionedError:
            flags.append(Flag("ill_conditioned", "warning"))
            route = "wcu"
        else:
            components = two_way_components(fit, confidence=confidence, kurtosis_floor=kurtosis_floor)
            composed = _composition(fit, flags)
            if fit.weak is not None and linked.J >= 3:
                flags.append(Flag("weakly_linked", "warning"))
            return _assemble("fe", linked, components, fit, flags, case=case_variance(fit), composed=composed)
    products = fit_cross_products(linked)
    components = cross_product_components(products, confidence=confidence, kurtosis_floor=kurtosis_floor)
    if components.level is None:
        components = Components(
            level=None,
            pattern=None,
            system=products.system,
            occasion=products.occasion,
            system_interval=_system_alone(products, confidence, kurtosis_floor),
            reason="no_interaction_df",
        )
    case = NotIdentified.of("not_available_for_estimator")
    composed_alone = Estimate(products.system, components.system_interval)
    return _assemble("wcu", linked, components, products, flags, case=case, composed=composed_alone)


def unanswerable(cells: Cells, linked: Linked) -> str | None:
    """The reason why nothing can be said of noise between professionals, from the design alone; else None."""
    if linked.J < 2:
        return "single_judge" if len(np.unique(cells.judge)) < 2 else "no_shared_cases"
    return "too_few_decisions" if cells.n.sum() < _FEWEST_DECISIONS else None


def _route(linked: Linked, estimator: EstimatorName, flags: list[Flag]) -> Literal["fe", "wcu"]:
    thin = 2 * linked.dJ > linked.H0
    if estimator == "wcu":
        return "wcu"
    if estimator == "fe":
        if linked.H0 > 0 and linked.J <= MOST_JUDGES_DENSE:
            return "fe"
        if linked.J > MOST_JUDGES_DENSE:
            raise CallError(
                "estimator_not_possible",
                f"estimator 'fe' holds a table of {linked.J} x {linked.J} judges; it goes to "
                f"{MOST_JUDGES_DENSE}. Use --estimator wcu or auto.",
            )
    if thin:
        flags.append(Flag("thin_overlap", "warning", {"df": linked.H0, "judges": linked.J}))
        return "wcu"
    if linked.J > MOST_JUDGES_DENSE:
        flags.append(Flag("many_judges", "info", {"judges": linked.J}))
        return "wcu"
    return "fe"


def _design_flags(linked: Linked) -> list[Flag]:
    flags = []
    if linked.blocks > 1:
        flags.append(Flag("disconnected", "warning", {"blocks": linked.blocks, "judges": linked.J}))
    if linked.J < 3:
        flags.append(Flag("too_few_judges", "warning", {"judges": linked.J}))
    elif linked.dJ < MANY_JUDGES:
        flags.append(Flag("very_few_judges", "warning", {"judges": linked.J}))
    return flags


def _assemble(
    name: str,
    linked: Linked,
    found: Components,
    fit: TwoWay | CrossProducts,
    flags: list[Flag],
    *,
    case: Component,
    composed: Component,
) -> PanelEstimate:
    """Components as the result's estimates, with shares of system noise."""
    system = found.system
    flip = None if found.share_interval is None else (1 - found.share_interval[1], 1 - found.share_interval[0])

    def part(variance: float | None, interval: Interval | None, share: Interval | None = None) -> Component:
        if variance is None:
            return NotIdentified.of(found.reason or "no_replicates")
        fraction = variance / system if system > 0 else None
        return _estimate(variance, interval, found.reason, fraction, share)

    def replicated(variance: float | None, interval: Interval | None) -> Component:
        if not linked.replicated:
            return NotIdentified.of("no_replicates")
        return part(variance, interval)

    if found.level is not None and found.level <= 0:
        flags.append(Flag("level_at_boundary", "info"))
    return PanelEstimate(
        estimator=name,
        linked=linked,
        system=_estimate(system, found.system_interval, found.reason),
        level=part(found.level, found.level_interval, found.share_interval),
        pattern=part(found.pattern, found.pattern_interval, flip),
        stable_pattern=replicated(found.stable, found.stable_interval),
        occasion=replicated(found.occasion, found.occasion_interval),
        case=case,
        composed=composed,
        effects=fit.effects,
        effect_variance=fit.effect_variance,
        fit=fit,
        flags=tuple(flags),
    )


def _estimate(
    variance: float,
    interval: Interval | None,
    reason: str | None,
    share: float | None = None,
    share_interval: Interval | None = None,
) -> Estimate:
    why = None if interval is not None else reason or "at_boundary"
    return Estimate(float(variance), interval, share, share_interval, why)


def _occasion_alone(linked: Linked, confidence: float) -> Component:
    """O from repeats of judges who share no case with others: the chi-square interval of the repeats."""
    if not linked.replicated:
        return NotIdentified.of("no_replicates")
    occasion = linked.ssw / linked.df
    interval = satterthwaite(occasion, nu=linked.df, confidence=confidence) if occasion > 0 else None
    return _estimate(occasion, interval, None)


def _unanswerable(linked: Linked, reason: str, confidence: float, **values: int) -> PanelEstimate:
    nothing = NotIdentified.of(reason)
    return PanelEstimate(
        "none",
        linked,
        nothing,
        nothing,
        nothing,
        nothing,
        _occasion_alone(linked, confidence),
        nothing,
        nothing,
        flags=(Flag(reason, "error", values),),
    )


def _single_case(linked: Linked, confidence: float, kurtosis_floor: float) -> PanelEstimate:
    """One case: the spread of single decisions between judges, not separable into level and pattern."""
    system, _ = system_as_composed(linked)
    interval = None
    if linked.J >= 3 and system > 0:
        interval = few_judges(system, noise=0.0, df=linked.dJ, kurtosis_floor=kurtosis_floor, confidence=confidence)
    reason = "too_few_judges" if linked.J < 3 else None
    nothing = NotIdentified.of("single_case")
    estimate = _estimate(system, interval, reason)
    return PanelEstimate(
        "wcu",
        linked,
        estimate,
        nothing,
        nothing,
        nothing,
        _occasion_alone(linked, confidence),
        nothing,
        estimate,
        flags=(*_design_flags(linked), Flag("single_case", "warning")),
    )


def _no_disagreement(cells: Cells, linked: Linked, confidence: float) -> PanelEstimate:
    """Nobody differed: 0, with a one-sided limit for categories and no interval for numbers."""
    reason = "no_disagreement_observed"
    zero = _estimate(0.0, None, reason)
    limit = None
    if cells.categories or _is_binary(cells):
        most = 1 - (1 - confidence) ** (1 / linked.C)
        limit = (0.0, most if cells.categories else most / 2)
    system = _estimate(0.0, limit, None if limit else reason)
    repeats = _occasion_alone(linked, confidence)
    stable = zero if linked.replicated else repeats
    flags = (*_design_flags(linked), Flag(reason, "info", {"cases": linked.C}))
    return PanelEstimate(
        "fe", linked, system, zero, zero, stable, repeats, NotIdentified.of(reason), system, flags=flags
    )


def _is_binary(cells: Cells) -> bool:
    """0/1 decisions: means in [0, 1], no shift, and the within-cell spread that only 0/1 values have."""
    p, m2 = cells.mean[:, 0], cells.m2[:, 0]
    return cells.shift == 0 and bool(np.all((p >= 0) & (p <= 1)) and np.allclose(m2, cells.n * p * (1 - p)))


def _system_alone(fit: CrossProducts, confidence: float, kurtosis_floor: float) -> Interval | None:
    """Interval of Sys where level and pattern cannot be told apart: floors as if it were all level."""
    dJ = fit.linked.dJ
    if fit.linked.J < 3 or fit.system <= 0:
        return None
    weight = (fit.linked.J - 1) / fit.linked.J
    floor = (2 + kurtosis_floor) / dJ * fit.system**2
    interval = log_jackknife(
        fit.system, fit.left_out_system, weights=weight, add=0.0, floor=floor, df=dJ, confidence=confidence
    )
    return interval or few_judges(fit.system, noise=0.0, df=dJ, kurtosis_floor=kurtosis_floor, confidence=confidence)


def _composition(fit: TwoWay, flags: list[Flag]) -> Component:
    """Sys of a pair as actually composed, and a flag where it differs from Sys of a random pair.

    D = Sys_w - Sys, SE_D from D without each judge; |D| > 2 SE_D says that like judges sit together.
    """
    composed, left_out = system_as_composed(fit.linked)
    if not fit.linked.complete and fit.linked.J >= 3:
        values = leave_one_judge_out(fit)
        gap = left_out - values.level - values.pattern
        if np.all(np.isfinite(gap)):
            J = fit.linked.J
            se = float(np.sqrt((J - 1) / J * ((gap - gap.mean()) ** 2).sum()))
            if abs(composed - fit.system) > 2 * se > 0:
                flags.append(
                    Flag(
                        "assortative_panels",
                        "warning",
                        {
                            "composed": f"{np.sqrt(max(composed, 0.0)):.4g}",
                            "random": f"{np.sqrt(max(fit.system, 0.0)):.4g}",
                        },
                    )
                )
    return Estimate(composed, None, interval_reason="descriptive")


def case_variance(fit: TwoWay) -> Component:
    """Variance of the cases' own levels, descriptive: V_C = var_i(a_i) - mean noise, a_i = mean_j (x_ij - lhat_j).

    The noise of a_i: S/n_i + O mean_j(1/m)/n_i + (tr/T0) sum_{k,k' on i} A+_kk' / n_i^2.
    """
    linked = fit.linked
    if linked.blocks > 1:
        return NotIdentified.of("disconnected")
    n = linked.per_case
    adjusted = linked.over_case(linked.x - fit.effects[linked.judge]) / n[:, None]
    if fit.stable is None or fit.occasion is None:
        noise = fit.pattern / n
    else:
        noise = (fit.stable + fit.occasion * linked.over_case(1 / linked.m) / n) / n
    noise = noise + fit.tr / fit.T0 * fit.case_quad / n**2
    variance = float(adjusted.var(axis=0, ddof=1).sum() - noise.mean())
    return Estimate(variance, None, interval_reason="descriptive")
