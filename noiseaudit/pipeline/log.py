"""From the rows of an ordinary log to its result: cases are compared with comparable cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.comparable.case_mix import Regressor
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.judge_levels import JudgeLevels, funnel_counts, shrink_levels
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.log_bounds import bound_noise
from noiseaudit.estimators.log_level import LogLevel
from noiseaudit.estimators.panel import largest_variance
from noiseaudit.pipeline.compared import Compared, compare
from noiseaudit.pipeline.log_parts import log_parts
from noiseaudit.pipeline.parts import case_table, judges_of, run_settings, tool_version
from noiseaudit.reading import Log, Tabulated
from noiseaudit.reading.case_columns import LogRows, case_columns, fetch_rows
from noiseaudit.result import (
    AuditResult,
    DesignSummary,
    Estimate,
    Exclusion,
    Figure,
    Finding,
    Input,
    LogAudit,
    Lottery,
    Noise,
    Number,
    OverTime,
    Supplement,
)
from noiseaudit.result.findings import finding

PANEL_SHARE = 0.5  # of the decisions on cases with two judges or more, from which a table is a panel


def is_log(table: Tabulated, design: AuditDesign) -> bool:
    """A log, as asked; else one where fewer than half of the decisions lie on cases that two or more judges decided.

    Tables too small for either, or of one judge, are treated as panels, which say what is missing.
    """
    if design.design != "auto":
        return design.design == "log"
    cells = table.main
    return shared_share(cells) < PANEL_SHARE and len(np.unique(cells.judge)) > 1 and cells.n.sum() > 2


def shared_share(cells: Cells) -> float:
    """Share of the decisions that lie on cases with two judges or more."""
    return float(cells.n[(cells.judges_per_case >= 2)[cells.case]].sum() / cells.n.sum())


def audit_log(log: Log, table: Tabulated, design: AuditDesign, *, learner: Regressor | None = None) -> AuditResult:
    """What a log shows. learner: of the case-mix model, None for the default."""
    findings = list(table.findings)
    if design.design == "auto":
        findings.append(finding("log_route", "warning", share=f"{shared_share(table.main):.0%}"))
    characteristics = [name for name in design.features if name in design.groups]
    columns = case_columns(log.table, design)
    rows = fetch_rows(log, columns, findings=findings)
    rows, cells, account = _without_accounts(rows, table, design, findings)
    compared = compare(rows, log, design, characteristics=characteristics, learner=learner, findings=findings)
    unit = {"log": "log", "ordinal": "steps"}.get(log.scale, log.unit)
    parts = log_parts(rows, cells, compared, design, unit=unit, shift=float(log.shift), scale=log.scale)
    measured = compared.measured
    level = measured.level_component
    lowest = _lowest_occasion(parts.over_time)
    bounds = bound_noise(
        level, measured.detectable, measured.spread, lowest_occasion=lowest, most=largest_variance(cells)
    )
    levels = _levels(measured.level)
    nothing = NotIdentified.of("no_shared_cases")
    findings += _findings(log, cells, rows, compared, design)
    index = measured.level.judge_index if isinstance(measured.level, LogLevel) else np.zeros(0, dtype=np.intp)
    block = measured.level.block if isinstance(measured.level, LogLevel) else np.zeros(0, dtype=np.intp)
    labels = _indexed(rows, cells, index)
    return AuditResult(
        input=account,
        design=_summary(log, cells, compared),
        noise=Noise(
            bounds.system,
            level,
            bounds.pattern,
            bounds.stable_pattern,
            bounds.occasion,
            NotIdentified.of("log"),
            measured.detectable,
        ),
        book=nothing,
        lottery=Lottery(nothing, nothing, nothing),
        accuracy=NotIdentified.of("no_truth" if design.truth is None else "log"),
        judges=judges_of(cells, levels, labels, block, design.confidence),
        groups=(),
        findings=tuple(findings),
        supplement=_supplement(log, cells, levels, parts, rows, compared, unit, design),
        settings=run_settings(log, design),
        tool_version=tool_version(),
        cases=case_table(cells),
    )


def _without_accounts(
    rows: LogRows, table: Tabulated, design: AuditDesign, findings: list[Finding]
) -> tuple[LogRows, Cells, Input]:
    """Rows, cells and account without the accounts that the config excludes."""
    cells = table.main
    barred = [k for k, label in enumerate(rows.judges) if label in design.exclude_judges]
    if not barred:
        return rows, cells, table.input
    kept = ~np.isin(rows.judge, barred)
    codes, judge = np.unique(rows.judge[kept], return_inverse=True)
    labels = tuple(rows.judges[code] for code in codes)
    gone = int((~kept).sum())
    findings.append(finding("judges_left_out", n=gone, accounts=len(barred)))
    fewer = replace(
        rows,
        judge=judge.astype(np.intp),
        judges=labels,
        case=rows.case[kept],
        decision=rows.decision[kept],
        features=rows.features[kept],
        moment=None if rows.moment is None else rows.moment[kept],
        pool=None if rows.pool is None else rows.pool[kept],
        office=None if rows.office is None else rows.office[kept],
        exposure=None if rows.exposure is None else rows.exposure[kept],
    )
    excluded = Exclusion("excluded_judge", finding("excluded_excluded_judge").what, gone)
    account = replace(
        table.input,
        rows_used=table.input.rows_used - gone,
        rows_excluded=(*table.input.rows_excluded, excluded),
    )
    return fewer, cells.where(~cells.judges.isin(design.exclude_judges)[cells.judge]), account


def _levels(level: LogLevel | NotIdentified) -> JudgeLevels | None:
    """Shrunken levels; none for categories, which have no single direction."""
    if not isinstance(level, LogLevel) or level.effects.shape[1] > 1:
        return None
    return shrink_levels(level.effects[:, 0], level.effect_variance, level.variance)


def _indexed(rows: LogRows, cells: Cells, index: Codes) -> Codes:
    """Codes of judges in the rows as their codes in the cells."""
    return np.asarray(cells.judges.get_indexer(pd.Index([rows.judges[code] for code in index])), dtype=np.intp)


def _lowest_occasion(over_time: OverTime | NotIdentified) -> float:
    """Variance between a judge's days that is surely there: it is occasion noise."""
    if not isinstance(over_time, OverTime) or not isinstance(over_time.judge_days, Estimate):
        return 0.0
    interval = over_time.judge_days.variance_interval
    return 0.0 if interval is None else max(0.0, interval[0])


def _summary(log: Log, cells: Cells, compared: Compared) -> DesignSummary:
    level = compared.measured.level
    shared = cells.judges_per_case[cells.case] >= 2
    return DesignSummary(
        kind="log",
        scale=log.scale,
        estimator="fe" if isinstance(level, LogLevel) else "none",
        judges=len(np.unique(cells.judge)),
        cases=len(np.unique(cells.case)),
        cells=len(cells),
        cells_informative=int(shared.sum()),
        decisions=int(cells.n.sum()),
        replicated_cells=int((cells.n > 1).sum()),
        linked_blocks=len(np.unique(level.block)) if isinstance(level, LogLevel) else 0,
        roles=dict(log.roles),
    )


def _supplement(
    log: Log,
    cells: Cells,
    levels: JudgeLevels | None,
    parts: LogAudit,
    rows: LogRows,
    compared: Compared,
    unit: str | None,
    design: AuditDesign,
) -> Supplement:
    nothing = NotIdentified.of("no_shared_cases")
    mean: Number = NotIdentified.of("not_numeric")
    if cells.mean.shape[1] == 1:
        average = float(np.average(cells.mean[:, 0], weights=cells.n)) + float(log.shift)
        mean = Figure(average, unit, None, "descriptive")
    linked = Linked.of(cells)
    return Supplement(
        judges_informative=linked.J,
        cases_informative=linked.C,
        squared_bias=NotIdentified.of("no_truth" if design.truth is None else "log"),
        period=None if log.period is None else (log.period[0].isoformat(), log.period[1].isoformat()),
        mean_decision=mean,
        icc=nothing,
        kappa=nothing,
        system_as_composed=nothing,
        level_test=nothing,
        individuals=funnel_counts(levels) if levels is not None and len(levels.level) > 1 else nothing,
        differences=nothing,
        offices=None,
        log=parts,
    )


def _findings(log: Log, cells: Cells, rows: LogRows, compared: Compared, design: AuditDesign) -> list[Finding]:
    """What a reader of a log must know."""
    found: list[Finding] = []
    if log.scale == "log":
        found.append(finding("scale_log"))
    if log.scale == "ordinal":
        found.append(finding("scale_ordinal", grades=", ".join(log.categories)))
    if design.judges_formed_from_decisions:
        found.append(finding("endogenous_judges", "warning", column=str(log.roles["judge"])))
    if not (cells.m2.any() or np.ptp(cells.mean, axis=0).any()):
        found.append(finding("W513", "warning"))
    alone = int((np.bincount(rows.judge) == 1).sum())
    if alone:
        found.append(finding("judges_alone", n=alone))
    return found
