"""From the rows of an ordinary log to its result: cases are compared with comparable cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.comparable.case_mix import Regressor
from noiseaudit.comparable.measure import Measured
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.judge_levels import funnel_counts, shrink_levels
from noiseaudit.estimators.log_bounds import bound_noise
from noiseaudit.estimators.log_level import LogLevel
from noiseaudit.estimators.magnitude import check_cells
from noiseaudit.estimators.panel import largest_variance
from noiseaudit.pipeline.case_counts import CaseCounts, cells_decided_twice
from noiseaudit.pipeline.compared import coded_decisions, compare
from noiseaudit.pipeline.groups import Grouped
from noiseaudit.pipeline.large_log import compare_large
from noiseaudit.pipeline.large_log_groups import groups_of_sums
from noiseaudit.pipeline.log_groups import groups_of_log
from noiseaudit.pipeline.log_parts import log_parts
from noiseaudit.pipeline.offices import split_by_office
from noiseaudit.pipeline.parts import Found, case_table, judges_of, run_settings, tool_version, unit_of
from noiseaudit.pipeline.rates import measure_rates
from noiseaudit.reading import Log, Tabulated
from noiseaudit.reading.case_columns import LogRows, case_columns, fetch_rows
from noiseaudit.reading.judge_offices import JudgeOffices
from noiseaudit.result import (
    AuditResult,
    Balance,
    CaseTable,
    DesignSummary,
    Estimate,
    Figure,
    Finding,
    LogAudit,
    Lottery,
    Noise,
    Number,
    OverTime,
    Supplement,
)
from noiseaudit.result.findings import finding

PANEL_SHARE = 0.5  # of the decisions on cases with two judges or more, from which a table is a panel
FEWEST = 2  # decisions with which nothing can be said
_UNLIKELY = 0.05
_HANDFUL, _MOST_OF_IT = 10, 0.5  # decisions of one professional; share of level noise


def is_log(table: Tabulated, design: AuditDesign) -> bool:
    """A log, as asked; else one where fewer than half of the decisions lie on cases that two or more judges decided.

    Tables in which no two judges have two decisions each are treated as panels, which say what is missing.
    """
    if design.design != "auto" or design.exposure is not None:
        return design.design == "log" or design.exposure is not None
    cells = table.main
    several = int((np.bincount(cells.judge, weights=cells.n) >= 2).sum())
    return shared_share(cells) < PANEL_SHARE and several > 1


def shared_share(cells: Cells) -> float:
    """Share of the decisions that lie on cases with two judges or more."""
    return float(cells.n[(cells.judges_per_case >= 2)[cells.case]].sum() / cells.n.sum())


def audit_log(log: Log, table: Tabulated, design: AuditDesign, *, learner: Regressor | None = None) -> AuditResult:
    """What a log shows whose rows are held in memory. learner: of the case-mix model, None for the default."""
    findings = list(table.findings)
    if design.design == "auto" and design.exposure is None:
        findings.append(finding("log_route", "warning", share=f"{shared_share(table.main):.0%}"))
    columns, cells = case_columns(log.table, design), table.main
    check_cells(cells)
    rows = fetch_rows(log, columns, findings=findings, characteristics=log.analysed)
    if rows.exposure is not None:
        found, grouped = measure_rates(rows, log, design, findings=findings)
    else:
        compared = compare(rows, log, design, learner=learner, findings=findings)
        parts = log_parts(rows, cells, compared, design, unit=unit_of(log), shift=float(log.shift), scale=log.scale)
        findings += _assignment_findings(parts, design)
        found = found_of(log, cells, compared.measured, parts)
        grouped = groups_of_log(
            log, rows, cells, compared, found.noise, parts.assignment, design, learner=learner, findings=findings
        )
    found = replace(found, judge_index=_indexed(rows, cells, found.judge_index))
    counts = CaseCounts.of(cells)
    findings += log_findings(log, cells, counts, design, rates=rows.exposure is not None)
    findings += [] if rows.exposure is not None else _rests_on_few(found, cells)
    return result_of(log, table, found, counts, design, findings, cases=case_table(cells), grouped=grouped)


def audit_large_log(log: Log, design: AuditDesign) -> AuditResult:
    """What a log shows that is too large for memory: classes of cases, and single rows from samples."""
    findings: list[Finding] = []
    large = compare_large(log, case_columns(log.table, design), design, findings=findings)
    cells, twice = large.table.main, cells_decided_twice(log)
    check_cells(cells)
    followed = None
    if large.followed is not None and large.followed_effect is not None:
        followed = large.followed, (coded_decisions(large.followed, log) - large.followed_effect)[:, 0]
    parts = log_parts(
        large.sample, twice.cells, large.compared, design, unit=unit_of(log), shift=float(log.shift), scale=log.scale,
        followed=followed,
    )  # fmt: skip
    findings += _assignment_findings(parts, design)
    found = found_of(log, cells, large.compared.measured, parts)
    grouped = groups_of_sums(
        log, cells, large.classes, design, noise=found.noise, route=large.compared.comparison.route, findings=findings
    )
    said = {one.code for one in large.table.findings} & {"W401", "W402", "W403"}  # of labels, in the sample too
    findings = [one for one in findings if one.code not in said]
    findings = [*large.table.findings, *findings, *log_findings(log, cells, twice.counts, design, rates=False)]
    findings += _rests_on_few(found, cells)
    result = result_of(log, large.table, found, twice.counts, design, findings, cases=None, grouped=grouped)
    return replace(result, judges=tuple(replace(judge, cells=judge.decisions) for judge in result.judges))


def result_of(
    log: Log,
    table: Tabulated,
    found: Found,
    counts: CaseCounts,
    design: AuditDesign,
    findings: list[Finding],
    *,
    cases: CaseTable | None,
    offices: JudgeOffices | None = None,
    grouped: Grouped | None = None,
) -> AuditResult:
    """The result of what was found; judge_index are codes of the judges of the table. offices: where not those of the
    rows of `log`.
    """
    cells, nothing = table.main, NotIdentified.of("no_shared_cases")
    split = split_by_office(
        log, cells.judges, design, effects=found.effects, variance=found.variance, index=found.judge_index,
        block=found.block, findings=findings, counted=offices,
    )  # fmt: skip
    return AuditResult(
        input=table.input,
        design=DesignSummary(
            kind="log",
            scale=log.scale,
            estimator=found.estimator,
            judges=len(np.unique(cells.judge)),
            cases=counts.cases,
            cells=counts.cells,
            cells_informative=counts.informative,
            decisions=int(cells.n.sum()),
            replicated_cells=counts.replicated,
            linked_blocks=len(np.unique(found.block)),
            roles=dict(log.roles),
        ),
        noise=found.noise,
        book=nothing,
        lottery=Lottery(nothing, nothing, nothing),
        accuracy=NotIdentified.of("no_truth" if design.truth is None else "log"),
        judges=judges_of(cells, found.levels, found.judge_index, found.block, design.confidence),
        groups=() if grouped is None else grouped.groups,
        findings=tuple(findings),
        supplement=Supplement(
            judges_informative=counts.judges_informative,
            cases_informative=counts.cases_informative,
            squared_bias=NotIdentified.of("no_truth" if design.truth is None else "log"),
            period=None if log.period is None else (log.period[0].isoformat(), log.period[1].isoformat()),
            mean_decision=found.mean,
            icc=nothing,
            kappa=nothing,
            system_as_composed=nothing,
            level_test=nothing,
            individuals=found.individuals,
            differences=nothing,
            offices=split,
            log=found.parts,
            groups=None if grouped is None else grouped.audit,
        ),
        settings=run_settings(log, design),
        tool_version=tool_version(),
        cases=cases,
    )


def found_of(log: Log, cells: Cells, measured: Measured, parts: LogAudit) -> Found:
    """Noise of decisions one by one: levels, and bounds for what a log does not identify."""
    level = measured.level
    bounds = bound_noise(
        measured.level_component,
        measured.detectable,
        measured.spread,
        lowest_occasion=_lowest_occasion(parts.over_time),
        lost=measured.lost,
        most=largest_variance(cells),
    )
    own, levels, nobody = isinstance(level, LogLevel), None, np.zeros(0, dtype=np.intp)
    if isinstance(level, LogLevel) and level.effects.shape[1] == 1:  # categories have no single direction
        levels = shrink_levels(level.effects[:, 0], level.effect_variance, level.variance)
    mean: Number = NotIdentified.of("not_numeric")
    if cells.mean.shape[1] == 1:
        average = float(np.average(cells.mean[:, 0], weights=cells.n)) + float(log.shift)
        mean = Figure(average, unit_of(log), None, "descriptive")
    return Found(
        noise=Noise(
            bounds.system,
            measured.level_component,
            bounds.pattern,
            bounds.stable_pattern,
            bounds.occasion,
            NotIdentified.of("log"),
            measured.detectable,
        ),
        levels=levels,
        individuals=NotIdentified.of("too_few_judges") if levels is None else funnel_counts(levels),
        judge_index=level.judge_index if isinstance(level, LogLevel) else nobody,
        block=level.block if isinstance(level, LogLevel) else nobody,
        effects=level.effects if isinstance(level, LogLevel) else None,
        variance=level.effect_variance if isinstance(level, LogLevel) else None,
        mean=mean,
        parts=parts,
        estimator="fe" if own else "none",
    )


def _indexed(rows: LogRows, cells: Cells, index: Codes) -> Codes:
    """Codes of judges in the rows as their codes in the cells."""
    return np.asarray(cells.judges.get_indexer(pd.Index([rows.judges[code] for code in index])), dtype=np.intp)


def _lowest_occasion(over_time: OverTime | NotIdentified) -> float:
    """Variance between a judge's days that is surely there: it is occasion noise."""
    if not isinstance(over_time, OverTime) or not isinstance(over_time.judge_days, Estimate):
        return 0.0
    interval = over_time.judge_days.variance_interval
    return 0.0 if interval is None else max(0.0, interval[0])


def log_findings(log: Log, cells: Cells, counts: CaseCounts, design: AuditDesign, *, rates: bool) -> list[Finding]:
    """What a reader of a log must know."""
    found: list[Finding] = []
    decisions = int(cells.n.sum())
    if len(np.unique(cells.judge)) < 2:
        found.append(finding("E510", "error"))
    elif decisions <= FEWEST:
        found.append(finding("E514", "error", n=decisions))
    elif not rates and counts.informative == 0:
        found.append(finding("W511"))  # `log_route` is the warning
    if log.scale == "log":
        found.append(finding("scale_log"))
    if log.scale == "ordinal":
        found.append(finding("scale_ordinal", grades=", ".join(log.categories)))
    if design.judges_formed_from_decisions:
        found.append(finding("endogenous_judges", "warning", column=str(log.roles["judge"])))
    if not (cells.m2.any() or np.ptp(cells.mean, axis=0).any()):
        found.append(finding("W513", "warning"))
    alone = int((np.bincount(cells.judge, weights=cells.n) == 1).sum())
    if alone and not rates:
        found.append(finding("judges_alone", n=alone))
    return found


def _rests_on_few(found: Found, cells: Cells) -> list[Finding]:
    """Whether most of the level noise goes when professionals with a handful of decisions are left out."""
    level = found.noise.level
    if not isinstance(level, Estimate) or found.effects is None or found.variance is None or np.ptp(found.block) > 0:
        return []
    several = np.bincount(cells.judge, weights=cells.n)[found.judge_index] >= _HANDFUL
    if several.all() or several.sum() < 3 or level.variance_interval is None or level.variance_interval[0] <= 0:
        return []
    left = float(found.effects[several].var(axis=0, ddof=1).sum() - found.variance[several].mean()) / level.variance
    if left >= _MOST_OF_IT:
        return []
    few = int((~several).sum())
    return [finding("level_rests_on_few", "warning", n=few, handful=_HANDFUL, share=f"{max(0.0, left):.0%}")]


def _assignment_findings(parts: LogAudit, design: AuditDesign) -> list[Finding]:
    """Where professionals did not get the same kind of cases, and what the config says of that."""
    lead = parts.assignment.predicted
    if not isinstance(lead, Balance) or lead.p >= _UNLIKELY:
        return []
    code = "assignment_by_lot_but_unbalanced" if design.assigned_by_lot else "assignment_unbalanced"
    return [finding(code, "warning")]
