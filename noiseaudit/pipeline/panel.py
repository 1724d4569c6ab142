"""From the cells of a panel to its result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from noiseaudit.aggregates import Cells
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.accuracy import Errors, measure_accuracy
from noiseaudit.estimators.book import decompose_book
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.judge_levels import JudgeLevels, funnel_counts, shrink_levels
from noiseaudit.estimators.lottery import (
    chance_corrected_agreement,
    differences,
    disagreement,
    mean_difference,
    noise_index,
)
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.estimators.two_way import TwoWay
from noiseaudit.estimators.two_way_intervals import level_error, level_test
from noiseaudit.pipeline.offices import split_by_office
from noiseaudit.pipeline.panel_groups import groups_of_panel
from noiseaudit.pipeline.parts import case_table, judges_of, run_settings, tool_version, unit_of
from noiseaudit.reading import Log, Tabulated
from noiseaudit.reading.judge_offices import JudgeOffices
from noiseaudit.result import (
    Accuracy,
    AuditResult,
    DesignSummary,
    Estimate,
    Figure,
    Finding,
    Lottery,
    Noise,
    Number,
    Supplement,
)
from noiseaudit.result.findings import finding

# what a reader of a bad file looks up (docs/bad_input.md), for what the estimators call by its reason
_INPUT_CODES = {"single_judge": "E510", "no_shared_cases": "W511", "disconnected": "W512", "too_few_decisions": "E514"}


def panel_result(
    log: Log,
    table: Tabulated,
    design: AuditDesign,
    *,
    offices: JudgeOffices | None = None,
    characteristics: tuple[Characteristic, ...] | None = None,
) -> AuditResult:
    """What a panel shows: professionals who decided the same cases.

    offices, characteristics: where they are not those of the rows of `log`.
    """
    cells, scale = table.main, log.scale
    estimate = estimate_panel(
        cells, estimator=design.estimator, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor
    )
    numeric = scale not in ("binary", "nominal")
    unit = unit_of(log)
    levels = _levels(cells, estimate)
    errors = (
        NotIdentified.of("not_numeric")
        if scale == "nominal" and design.truth is not None
        else measure_accuracy(
            cells,
            estimate,
            unit=unit if numeric else None,
            confidence=design.confidence,
            kurtosis_floor=design.kurtosis_floor,
        )
    )
    accuracy = errors.accuracy if isinstance(errors, Errors) else errors
    findings = list(_findings(table, estimate, accuracy, scale))
    grouped = groups_of_panel(log, cells, estimate, log.design, findings=findings, characteristics=characteristics)
    ignored = [role for role in ("features", "pool") if getattr(design, role)]
    ignored = [role for role in ignored if role != "features" or not design.discover]
    if ignored:
        findings.append(finding("roles_not_used", "warning", roles=", ".join(ignored)))
    split = split_by_office(log, cells.judges, design, fit=estimate.fit or estimate, findings=findings, counted=offices)
    return AuditResult(
        input=table.input,
        design=_summary(log, cells, estimate),
        noise=Noise(
            estimate.system,
            estimate.level,
            estimate.pattern,
            estimate.stable_pattern,
            estimate.occasion,
            estimate.case,
            NotIdentified.of("panel"),
        ),
        book=decompose_book(estimate.linked, ddof=design.ddof),
        lottery=_lottery(log, table, estimate, unit, design),
        accuracy=accuracy,
        judges=judges_of(cells, levels, estimate.linked.judge_index, estimate.linked.block, design.confidence),
        groups=grouped.groups,
        findings=tuple(findings),
        supplement=replace(
            _supplement(log, table, estimate, levels, errors, unit), offices=split, groups=grouped.audit
        ),
        settings=run_settings(log, design),
        tool_version=tool_version(),
        cases=case_table(cells),
    )


def _summary(log: Log, cells: Cells, estimate: PanelEstimate) -> DesignSummary:
    return DesignSummary(
        kind="panel",
        scale=log.scale,
        estimator=estimate.estimator,
        judges=int(np.count_nonzero(np.bincount(cells.judge))),
        cases=int(np.count_nonzero(cells.judges_per_case)),
        cells=len(cells),
        cells_informative=len(estimate.linked),
        decisions=int(cells.n.sum()),
        replicated_cells=int((cells.n > 1).sum()),
        linked_blocks=estimate.linked.blocks,
        roles=dict(log.roles),
    )


def _lottery(log: Log, table: Tabulated, estimate: PanelEstimate, unit: str | None, design: AuditDesign) -> Lottery:
    if not len(estimate.linked):
        nothing = NotIdentified.of("no_shared_cases" if len(table.main.judges) > 1 else "single_judge")
        return Lottery(nothing, nothing, nothing)
    linked, confidence, floor = estimate.linked, design.confidence, design.kurtosis_floor
    differing: Number = NotIdentified.of("not_categorical")
    mean: Number = NotIdentified.of("not_numeric")
    index: Number = NotIdentified.of("not_numeric")
    if log.scale == "binary":
        differing = disagreement(estimate.system, factor=2.0, categories=2, judges=linked.J)
    elif log.scale == "nominal":
        differing = disagreement(estimate.system, factor=1.0, categories=len(log.categories), judges=linked.J)
    else:
        mean = mean_difference(estimate, unit=unit, confidence=confidence, kurtosis_floor=floor)
        if table.indicators is not None:
            of_grades = estimate_panel(table.indicators, confidence=confidence, kurtosis_floor=floor)
            differing = disagreement(of_grades.system, factor=1.0, categories=len(log.categories), judges=linked.J)
        else:
            index = noise_index(linked, logs=log.scale == "log", shift=float(log.shift), confidence=confidence)
    return Lottery(mean, index, differing)


def _levels(cells: Cells, estimate: PanelEstimate) -> JudgeLevels | None:
    """Shrunken levels of the linked judges; none for categories, which have no single direction."""
    one_column = cells.mean.shape[1] == 1
    if estimate.effects is None or estimate.effect_variance is None or not one_column:
        return None
    if not isinstance(estimate.level, Estimate):
        return None
    return shrink_levels(
        estimate.effects[:, 0],
        estimate.effect_variance,
        estimate.level.variance,
        level_error=level_error(estimate.fit),
    )


def _supplement(
    log: Log,
    table: Tabulated,
    estimate: PanelEstimate,
    levels: JudgeLevels | None,
    errors: Errors | NotIdentified,
    unit: str | None,
) -> Supplement:
    cells, linked = table.main, estimate.linked
    nothing = NotIdentified.of("no_shared_cases" if len(cells.judges) > 1 else "single_judge")
    single = cells.mean.shape[1] == 1
    mean: Number = NotIdentified.of("not_numeric")
    if single:
        average = float(np.average(cells.mean[:, 0], weights=cells.n)) + float(log.shift)
        mean = Figure(average, unit, None, "descriptive")
    icc: Number = nothing
    if isinstance(estimate.case, Estimate) and isinstance(estimate.system, Estimate):
        spread = max(0.0, estimate.case.variance)
        total = spread + max(0.0, estimate.system.variance)
        icc = Figure(spread / total, None, None, "descriptive") if total > 0 else nothing
    elif isinstance(estimate.case, NotIdentified):
        icc = estimate.case
    categories = cells if log.scale in ("binary", "nominal") else None
    return Supplement(
        judges_informative=linked.J,
        cases_informative=linked.C,
        squared_bias=errors.squared_bias if isinstance(errors, Errors) else errors,
        period=None if log.period is None else (log.period[0].isoformat(), log.period[1].isoformat()),
        mean_decision=mean,
        icc=icc,
        kappa=chance_corrected_agreement(linked)
        if categories is not None and len(linked)
        else (nothing if categories is not None else NotIdentified.of("not_categorical")),
        system_as_composed=estimate.composed,
        level_test=(level_test(estimate.fit) if isinstance(estimate.fit, TwoWay) else None)
        or NotIdentified.of("not_available_for_estimator"),
        individuals=funnel_counts(levels)
        if levels is not None
        else nothing
        if not len(linked)
        else NotIdentified.of("not_numeric" if not single else "not_available_for_estimator"),
        differences=differences(linked)
        if len(linked) and log.scale not in ("binary", "nominal")
        else (NotIdentified.of("not_numeric") if len(linked) else nothing),
    )


def _findings(
    table: Tabulated, estimate: PanelEstimate, accuracy: Accuracy | NotIdentified, scale: str
) -> tuple[Finding, ...]:
    cells, linked, findings = table.main, estimate.linked, list(table.findings)
    if scale == "log":
        findings.append(finding("scale_log"))
    if scale == "ordinal":
        grades = table.indicators.categories if table.indicators is not None else ()
        findings.append(finding("scale_ordinal", grades=", ".join(grades)))
    shared = float(cells.n[(cells.judges_per_case >= 2)[cells.case]].sum() / cells.n.sum())
    if 0 < shared < 0.5:
        findings.append(finding("few_shared_cases", "warning", share=f"{shared:.0%}"))
    if scale not in ("binary", "nominal") and np.any(linked.q[linked.m > 2] > 0):
        findings.append(finding("pairs_approximate"))
    shared_bias = accuracy.shared_case_bias if isinstance(accuracy, Accuracy) else accuracy
    if isinstance(shared_bias, Estimate) and shared_bias.variance_interval is not None:
        findings.append(finding("approximate_case_bias"))
    if not (cells.m2.any() or np.ptp(cells.mean, axis=0).any()):
        findings.append(finding("W513", "warning"))
    findings += [
        finding(_INPUT_CODES.get(flag.code, flag.code), flag.severity, **flag.values) for flag in estimate.flags
    ]
    return tuple(findings)
