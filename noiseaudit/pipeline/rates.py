"""Decisions that are counts out of an exposure: rates of events, compared within classes of cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.comparable.classes import grow_classes
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.rules import Leaf, Rules, class_codes
from noiseaudit.comparable.strata import stratify
from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, NotIdentified
from noiseaudit.estimators.judge_levels import shrink_levels
from noiseaudit.estimators.rate_checks import WithoutEvents, rate_funnel
from noiseaudit.estimators.rate_classes import rate_level_in_classes
from noiseaudit.estimators.rates import RateLevel, rate_level
from noiseaudit.pipeline.compared import (
    characteristics_used,
    classes_of_one_judge,
    listed_classes,
    usable_features,
    within_pools,
)
from noiseaudit.pipeline.groups import Grouped
from noiseaudit.pipeline.log_parts import assignment_in
from noiseaudit.pipeline.parts import Found
from noiseaudit.pipeline.rate_groups import groups_of_rates
from noiseaudit.reading import Log
from noiseaudit.reading.case_columns import LogRows
from noiseaudit.result import (
    Comparison,
    Estimate,
    Figure,
    Finding,
    LogAudit,
    Noise,
    PatternSource,
    Rates,
)
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import CLASSES


def measure_rates(rows: LogRows, log: Log, design: AuditDesign, *, findings: list[Finding]) -> tuple[Found, Grouped]:
    """Level noise of rates with its checks, and groups; noise of single decisions is not a matter of rates."""
    if rows.exposure is None:
        raise ValueError("rates need an exposure")
    events = rows.decision + float(log.shift)
    table, aside = usable_features(rows, design, findings)
    rules = _classes(table, events / rows.exposure, rows, design)
    code = class_codes(rules, table.features, table.values)
    within = within_pools(code, rows.pool)
    settings = {"confidence": design.confidence, "kurtosis_floor": design.kurtosis_floor}
    if within.any():
        key, cell = np.unique(rows.judge.astype(np.int64) * (int(within.max()) + 1) + within, return_inverse=True)
        sums = RateSums.from_rows(cell.astype(np.intp), events, exposure=rows.exposure)
        width = int(within.max()) + 1
        found = rate_level_in_classes(
            sums, judge=(key // width).astype(np.intp), cls=(key % width).astype(np.intp), **settings
        )
    else:
        found = rate_level(RateSums.from_rows(rows.judge, events, exposure=rows.exposure), **settings)
    findings.append(finding("rates", column=str(log.roles["exposure"])))
    findings += [finding(flag.code, flag.severity, **flag.values) for flag in found.flags]
    alone = classes_of_one_judge(within, rows.judge)
    if alone:
        findings.append(finding("class_of_one_judge", "warning", n=alone))
    route = "none" if isinstance(rules, Leaf) else "classes" if design.comparable == "classes" else "strata"
    comparison = Comparison(
        route=route,  # type: ignore[arg-type]
        features=table.names,
        set_aside=aside,
        classes=()
        if isinstance(rules, Leaf)
        else listed_classes(rules, table, code, rows.judge, rows.decision[:, None], log, exposure=rows.exposure),
        explained=None,
        learner=None,
        pools=len(rows.pools) if rows.pool is not None else None,
        characteristics=characteristics_used(design),
    )
    mean = found.rate.value if isinstance(found.rate, Figure) else 0.0
    grouped = groups_of_rates(log, rows, within, design, rate=mean, findings=findings)
    return _found(found, comparison, rows, table, design), grouped


def _classes(table: FeatureTable, rate: np.ndarray, rows: LogRows, design: AuditDesign) -> Rules:
    """Strata of the features; a tree where it is asked for, or where strata would be too many."""
    if not table.features or design.comparable == "none":
        return Leaf(0)
    if design.comparable == "classes":
        return grow_classes(rate - rate.mean(), table, rows.judge).rules
    try:
        return stratify(table, design.bins)
    except CallError:
        if design.comparable == "strata":
            raise
        return grow_classes(rate - rate.mean(), table, rows.judge).rules


def _found(found: RateLevel, comparison: Comparison, rows: LogRows, table: FeatureTable, design: AuditDesign) -> Found:
    nothing = NotIdentified.of("rates")
    level, rate = found.level, found.rate
    levels, individuals = None, nothing
    if isinstance(level, Estimate) and len(found.judge_index) > 1 and isinstance(rate, Figure):
        levels = shrink_levels(found.effect, found.variance, level.variance, level_error=found.level_error)
        phi = found.dispersion.value if isinstance(found.dispersion, Figure) else 1.0
        mean = found.mean.value if isinstance(found.mean, Figure) else rate.value
        individuals = rate_funnel(found.events, found.expected, dispersion=phi, level=level.variance, rate=mean)  # type: ignore[assignment]
    none = found.without_events
    parts = LogAudit(
        comparison=comparison,
        comparable_pairs_difference=nothing,
        comparable_pairs_disagreement=nothing,
        split_half=nothing,
        pattern_sources=(PatternSource(CLASSES, "class", found.pattern, counted=True),) if comparison.classes else (),
        assignment=replace(assignment_in(rows, table, None, None, design), predicted=nothing),
        sensitivity=nothing,
        over_time=nothing,
        second_decisions=nothing,
        rates=Rates(
            rate=rate,
            relative=found.relative,
            dispersion=found.dispersion,
            proportional=found.proportional,
            without_events=none.observed if isinstance(none, WithoutEvents) else None,
            expected_without=none.expected if isinstance(none, WithoutEvents) else None,
        ),
    )
    return Found(
        noise=Noise(nothing, level, nothing, nothing, nothing, nothing, found.pattern),
        levels=levels,
        individuals=individuals,
        judge_index=found.judge_index,
        block=np.zeros(len(found.judge_index), dtype=np.intp),
        effects=found.effect[:, None] if levels is not None else None,
        variance=found.variance if levels is not None else None,
        mean=rate,
        parts=parts,
        estimator="fe" if levels is not None else "none",
    )
