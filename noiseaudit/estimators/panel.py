"""From cells to noise: which estimator, every edge rule, and the reasons where there is no answer.

complete -> fe (all moment estimators agree);  sparse -> fe
thin overlap (H0 < 2 dJ) or more than 4,000 judges -> wcu;  reml, gao_owen on request only
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from noiseaudit.aggregates import Cells
from noiseaudit.design import EstimatorName
from noiseaudit.errors import CallError, NotIdentified
from noiseaudit.estimators.components import Components, Flag, PanelEstimate, boundary_flags, estimate_of
from noiseaudit.estimators.cross_products import (
    CrossProducts,
    cross_product_components,
    fit_cross_products,
    system_as_composed,
)
from noiseaudit.estimators.intervals import MANY_JUDGES, few_judges, jackknife_variance, log_jackknife, satterthwaite
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.magnitude import check_magnitude
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
    linked, most = Linked.of(cells), largest_variance(cells)
    check_magnitude(np.hypot(linked.d, np.sqrt(linked.q)[:, None]), values=cells.mean)
    nothing = unanswerable(cells, linked)
    if nothing is not None:
        return _unanswerable(linked, nothing, confidence, most=most, n=int(cells.n.sum()))
    if linked.C == 1:
        return _single_case(linked, confidence, kurtosis_floor, most=most)
    if not linked.d.any() and linked.ssw == 0:
        return _no_disagreement(linked, confidence, most=most)
    flags = _design_flags(linked)
    if estimator in ("reml", "gao_owen"):
        from noiseaudit.estimators.model_based import estimate_model

        return estimate_model(cells, linked, estimator=estimator, confidence=confidence, most=most, flags=tuple(flags))
    route = _route(linked, estimator, flags)
    if route == "fe":
        try:
            fit = fit_two_way(linked)
        except IllConditionedError:
            flags.append(Flag("ill_conditioned", "warning"))
        else:
            components = two_way_components(fit, confidence=confidence, kurtosis_floor=kurtosis_floor)
            composed = _composition(fit, flags, most=most)
            if fit.weak is not None and linked.J >= 3:
                flags.append(Flag("weakly_linked", "warning"))
            return _assemble(
                "fe",
                linked,
                components,
                fit,
                flags,
                most=most,
                case=case_variance(fit),
                composed=composed,
            )
    products = fit_cross_products(linked)
    components = cross_product_components(products, confidence=confidence, kurtosis_floor=kurtosis_floor)
    if components.level is None:
        few = "too_few_judges" if linked.J < 3 else None
        alone = _system_alone(products, confidence, kurtosis_floor)
        components = replace(components, system_interval=alone, system_reason=few)
    case = NotIdentified.of("not_available_for_estimator")
    return _assemble("wcu", linked, components, products, flags, most=most, case=case)


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
    most: float,
    case: Component,
    composed: Component | None = None,
) -> PanelEstimate:
    """Components as the result's estimates, with shares of system noise; as composed unless told otherwise."""
    flip = None if found.share_interval is None else (1 - found.share_interval[1], 1 - found.share_interval[0])
    of_share = "part_without_interval"

    def part(
        variance: float | None, interval: Interval | None, share: Interval | None = None, why: str | None = None
    ) -> Component:
        if variance is None:
            return NotIdentified.of(found.reason or "no_replicates")
        return estimate_of(
            variance,
            interval,
            reason=found.reason,
            most=most,
            system=found.system,
            share_interval=share,
            share_reason=why,
        )

    def replicated(variance: float | None, interval: Interval | None) -> Component:
        return part(variance, interval) if linked.replicated else NotIdentified.of("no_replicates")

    boundary = boundary_flags(
        system=found.system,
        level=found.level,
        pattern=found.pattern,
        stable=found.stable if linked.replicated else None,
    )
    system = estimate_of(found.system, found.system_interval, reason=found.system_reason, most=most)
    return PanelEstimate(
        estimator=name,
        linked=linked,
        system=system,
        level=part(found.level, found.level_interval, found.share_interval, of_share),
        pattern=part(found.pattern, found.pattern_interval, flip, of_share),
        stable_pattern=replicated(found.stable, found.stable_interval),
        occasion=replicated(found.occasion, found.occasion_interval),
        case=case,
        composed=composed or system,
        effects=fit.effects,
        effect_variance=fit.effect_variance,
        fit=fit,
        flags=(*flags, *boundary),
    )


def _occasion_alone(linked: Linked, confidence: float, *, most: float, system: float | None = None) -> Component:
    """O from repeats of judges who share no case with others: the chi-square interval of the repeats."""
    if not linked.replicated:
        return NotIdentified.of("no_replicates")
    occasion = linked.ssw / linked.df
    interval = satterthwaite(occasion, nu=linked.df, confidence=confidence)
    return estimate_of(occasion, interval, most=most, system=system)


def _unanswerable(linked: Linked, reason: str, confidence: float, *, most: float, n: int) -> PanelEstimate:
    nothing = NotIdentified.of(reason)
    occasion = _occasion_alone(linked, confidence, most=most)
    flags = (Flag(reason, "error", {"n": n}),)
    return PanelEstimate("none", linked, nothing, nothing, nothing, nothing, occasion, nothing, nothing, flags=flags)


def _single_case(linked: Linked, confidence: float, kurtosis_floor: float, *, most: float) -> PanelEstimate:
    """One case: the spread of single decisions between judges, not separable into level and pattern."""
    system, _ = system_as_composed(linked)
    interval = None
    if linked.J >= 3 and system > 0:
        interval = few_judges(system, noise=0.0, df=linked.dJ, kurtosis_floor=kurtosis_floor, confidence=confidence)
    reason = "too_few_judges" if linked.J < 3 else None
    nothing = NotIdentified.of("single_case")
    estimate = estimate_of(system, interval, reason=reason, most=most)
    occasion = _occasion_alone(linked, confidence, most=most, system=system)
    flags = (*_design_flags(linked), Flag("single_case", "warning"))
    return PanelEstimate("wcu", linked, estimate, nothing, nothing, nothing, occasion, nothing, estimate, flags=flags)


def _no_disagreement(linked: Linked, confidence: float, *, most: float) -> PanelEstimate:
    """Nobody differed: 0, with a one-sided limit for categories and no interval for numbers."""
    reason = "no_disagreement_observed"
    limit = None if math.isinf(most) else (0.0, most * (1 - (1 - confidence) ** (1 / linked.C)))
    zero, system = estimate_of(0.0, None, reason=reason), estimate_of(0.0, limit, reason=reason)
    repeats: Component = zero if linked.replicated else NotIdentified.of("no_replicates")
    flags = (*_design_flags(linked), Flag(reason, "info", {"cases": linked.C}))
    return PanelEstimate(
        "fe", linked, system, zero, zero, repeats, repeats, NotIdentified.of(reason), system, flags=flags
    )


def largest_variance(cells: Cells) -> float:
    """The largest variance that a decision can have: P(disagree) is at most 1 and counts once, or twice for yes/no."""
    if cells.categories:
        return 1.0
    return 0.5 if _is_binary(cells) else math.inf


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


def _composition(fit: TwoWay, flags: list[Flag], *, most: float) -> Component:
    """Sys of a pair as actually composed, and a flag where it differs from Sys of a random pair.

    D = Sys_w - Sys, SE_D from D without each judge; |D| > 2 SE_D says that like judges sit together.
    """
    composed, left_out = system_as_composed(fit.linked)
    J = fit.linked.J
    if fit.weak is None and not fit.linked.complete and J >= 3:  # a chain's SE_D is itself too unsure to test with
        values = leave_one_judge_out(fit)
        gap = left_out - values.level - values.pattern
        se = math.sqrt(jackknife_variance(gap, (J - 1) / J)) if np.all(np.isfinite(gap)) else 0.0
        if abs(composed - fit.system) > 2 * se > 0:
            shown = {"composed": _spoken(composed, most), "random": _spoken(fit.system, most)}
            flags.append(Flag("assortative_panels", "warning", shown))
    return estimate_of(composed, None, reason="descriptive")


def _spoken(variance: float, most: float) -> str:
    """A variance for a finding: as an SD, or as the chance to differ where decisions are categories."""
    floored = max(variance, 0.0)
    return f"{math.sqrt(floored):.4g} (SD)" if math.isinf(most) else f"{floored / most:.1%}"


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
