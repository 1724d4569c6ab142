"""How the cases of a log are made comparable: the route, the features it may use, and what follows from both."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from noiseaudit.aggregates.cells import Codes, index_cells
from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.case_mix import Regressor, adjust
from noiseaudit.comparable.classes import grow_classes
from noiseaudit.comparable.features import MOST_VALUES, Feature, FeatureTable, useful
from noiseaudit.comparable.measure import (
    YES_NO,
    Measured,
    detect_pattern,
    measure_case_mix,
    measure_classes,
    measure_unadjusted,
)
from noiseaudit.comparable.rules import Rules, as_read, class_codes, conditions, leaves
from noiseaudit.comparable.strata import stratify
from noiseaudit.design import AuditDesign
from noiseaudit.estimators.log_level import LogLevel
from noiseaudit.reading import Log
from noiseaudit.reading.case_columns import LogRows
from noiseaudit.result import ComparableClass, Comparison, Finding, Route, SetAside
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import CLASSES

_MUCH_MISSING = 0.5


@dataclass(frozen=True)
class Compared:
    """What comparing gave. decision: (R, K) as measured; adjusted: (R, K) without the differences between cases.

    predicted: (R,) what the case alone lets expect, of a case-mix model `unseen`; None without features.
    """

    comparison: Comparison
    measured: Measured
    table: FeatureTable
    decision: Floats
    adjusted: Floats
    predicted: Floats | None


def compare(
    rows: LogRows,
    log: Log,
    design: AuditDesign,
    *,
    learner: Regressor | None,
    findings: list[Finding],
) -> Compared:
    """Choose a route and take it. Adds what was set aside, and why, to the findings."""
    table, aside = usable_features(rows, design, findings)
    decision = coded_decisions(rows, log)
    route = _route(design, table, categories=decision.shape[1])
    settings = {"confidence": design.confidence, "kurtosis_floor": design.kurtosis_floor}
    pool = rows.pool
    classes: tuple[ComparableClass, ...] = ()
    explained, name = None, None
    predicted: Floats | None = None
    if route == "none":
        measured = measure_unadjusted(decision, rows.judge, pool=pool, **settings)
        adjusted = _centred(decision, pool)
    elif route == "case_mix":
        mix = adjust(decision[:, 0], table, rows.judge, pool=pool, unit=rows.case, learner=learner)
        most = YES_NO if log.scale == "binary" else math.inf
        measured = measure_case_mix(mix, table, rows.judge, pool=pool, most=most, **settings)
        adjusted, predicted = _centred(mix.adjusted[:, None], pool), mix.unseen
        explained, name = mix.explained, mix.learner
    else:
        rules = stratify(table, design.bins) if route == "strata" else grow_classes(decision, table, rows.judge).rules
        code = class_codes(rules, table.features, table.values)
        within = within_pools(code, pool)
        cells = index_cells(within, rows.judge, decision)
        measured, fit = measure_classes(
            cells, name=CLASSES, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor
        )
        effect = fit.class_effect[within]
        adjusted, predicted = decision - effect, effect[:, 0]
        explained = explained_within(decision, effect, rows.judge)
        classes = listed_classes(rules, table, code, rows.judge, decision, log)
        if decision.shape[1] == 1:
            measured = with_sources(measured, adjusted[:, 0], table, rows.judge, design)
        alone = classes_of_one_judge(within, rows.judge)
        if alone:
            findings.append(finding("class_of_one_judge", "warning", n=alone))
    if pool is not None and classes_of_one_judge(pool, rows.judge):
        findings.append(finding("pool_of_one_judge", "warning", n=classes_of_one_judge(pool, rows.judge)))
    measured = of_scale(measured, log.scale)
    comparison = Comparison(
        route=route,
        features=() if route == "none" else table.names,
        set_aside=aside,
        classes=classes,
        explained=explained,
        learner=name,
        pools=len(rows.pools) if pool is not None else None,
        characteristics=characteristics_used(design),
    )
    return Compared(comparison, measured, table, decision, adjusted, predicted)


def of_scale(measured: Measured, scale: str) -> Measured:
    """Level noise of yes/no decisions has an end: shares of yes lie between 0 and 1."""
    if scale != "binary" or not isinstance(measured.level, LogLevel):
        return measured
    J = len(measured.level.judge_index)
    return replace(measured, level=replace(measured.level, most=0.25 * J / (J - 1)))


def characteristics_used(design: AuditDesign) -> tuple[str, ...]:
    """Characteristics of persons that are features, because the user says so."""
    asked = design.characteristics_as_features
    return tuple(name for name in design.features if name in design.groups) if asked else ()


def usable_features(
    rows: LogRows, design: AuditDesign, findings: list[Finding]
) -> tuple[FeatureTable, tuple[SetAside, ...]]:
    """The features that may be used, and the others with the reason, each said in a finding."""
    characteristics = [name for name in design.features if name in design.groups]
    every = FeatureTable(
        tuple(Feature(name, labels) for name, labels in zip(rows.names, rows.labels, strict=True)), rows.features
    )
    barred = set() if design.characteristics_as_features else set(characteristics)
    aside = [SetAside(name, "characteristic") for name in every.names if name in barred]
    found, unused = useful(every.only([k for k, name in enumerate(every.names) if name not in barred]), rows.judge)
    aside += unused
    counts = {feature.name: len(feature.labels) for feature in every.features}
    for one in aside:
        if one.reason == "characteristic":
            findings.append(finding("characteristic_not_used", column=one.feature))
        elif one.reason == "of_judge":
            findings.append(finding("feature_of_judge", "warning", column=one.feature, share=f"{one.share or 0:.0%}"))
        elif one.reason == "one_value":
            findings.append(finding("feature_one_value", column=one.feature))
        else:
            n = max(counts[one.feature], MOST_VALUES + 1)
            findings.append(finding("feature_too_many_values", "warning", column=one.feature, n=n))
    if design.characteristics_as_features and characteristics:
        findings.append(finding("characteristic_used", "warning", columns=", ".join(characteristics)))
    for place, name in enumerate(found.names):
        missing = float(np.isnan(found.values[:, place]).mean())
        if missing >= _MUCH_MISSING:
            findings.append(finding("feature_missing", "warning", column=name, share=f"{missing:.0%}"))
    if design.features and not found.features:
        findings.append(finding("log_no_useful_features", "warning"))
    elif not design.features:
        findings.append(finding("log_no_features", "warning"))
    return found, tuple(aside)


def coded_decisions(rows: LogRows, log: Log) -> Floats:
    """(R, K) decisions: one column of numbers, or indicators of categories without an order."""
    if log.scale != "nominal":
        return rows.decision[:, None]
    ones: Floats = np.zeros((len(rows.decision), len(log.categories)), dtype=np.float64)
    ones[np.arange(len(ones)), rows.decision.astype(np.intp) - 1] = 1.0
    return ones


def _route(design: AuditDesign, table: FeatureTable, *, categories: int) -> Route:
    """As asked; else strata where bins are given or for one category, classes for decisions without an order, and
    the case-mix model for all others.
    """
    asked = design.comparable
    if not table.features:
        return "none"
    if asked == "case_mix" and categories > 1:
        return "classes"
    if asked != "auto":
        return asked
    if by_strata(design):
        return "strata"
    if categories > 1:
        return "classes"
    return "strata" if len(table.features) == 1 and table.features[0].is_category else "case_mix"


def by_strata(design: AuditDesign) -> bool:
    """Strata are asked for, or bounds of them are given."""
    binned = any(name in design.features for name in design.bins)
    return design.comparable == "strata" or (design.comparable == "auto" and binned)


def within_pools(code: Codes, pool: Codes | None) -> Codes:
    """Classes within pools: cases are compared inside both."""
    if pool is None:
        return code
    _, both = np.unique(code.astype(np.int64) * (int(pool.max()) + 2) + pool + 1, return_inverse=True)
    return np.asarray(both, dtype=np.intp)


def _centred(values: Floats, pool: Codes | None) -> Floats:
    """Without the mean of the pool."""
    if pool is None:
        return np.asarray(values - values.mean(axis=0), dtype=np.float64)
    code = pool + 1
    n = np.maximum(np.bincount(code), 1)
    means: Floats = np.stack([np.bincount(code, weights=column) / n for column in values.T], axis=1)
    return np.asarray(values - means[code], dtype=np.float64)


def explained_within(decision: Floats, effect: Floats, judge: Codes) -> float | None:
    """Share of the variance within judges that the classes take off."""
    n = np.maximum(np.bincount(judge), 1)

    def within(values: Floats) -> float:
        means = np.stack([np.bincount(judge, weights=column) / n for column in values.T], axis=1)
        return float(((values - means[judge]) ** 2).sum())

    whole = within(decision)
    return 1 - within(decision - effect) / whole if whole > 0 else None


def listed_classes(
    rules: Rules,
    table: FeatureTable,
    code: Codes,
    judge: Codes,
    decision: Floats,
    log: Log,
    *,
    exposure: Floats | None = None,
) -> tuple[ComparableClass, ...]:
    """The classes with their rules. The mean: on the scale of the decision, events per exposure where there is one;
    None for categories.
    """
    n = np.bincount(code, minlength=leaves(rules))
    judges = np.zeros(len(n), dtype=np.intp)
    seen = np.unique(code.astype(np.int64) * (int(judge.max()) + 1) + judge)
    np.add.at(judges, (seen // (int(judge.max()) + 1)).astype(np.intp), 1)
    sums, shift = np.bincount(code, weights=decision[:, 0], minlength=len(n)), float(log.shift)
    with np.errstate(invalid="ignore"):  # leaves without a case
        mean = sums / n + shift
        if exposure is not None:
            mean = (sums + shift * n) / np.bincount(code, weights=exposure, minlength=len(n))
    numeric = decision.shape[1] == 1
    return tuple(
        ComparableClass(tuple(as_read(each, table) for each in rule), int(n[k]), int(judges[k]),
                        float(mean[k]) if numeric else None)
        for k, rule in enumerate(conditions(rules)) if n[k]
    )  # fmt: skip


def with_sources(
    measured: Measured, adjusted: Floats, table: FeatureTable, judge: Codes, design: AuditDesign
) -> Measured:
    """The same with what single features drive beside the classes."""
    found, _ = detect_pattern(
        adjusted, table, judge, predicted=None, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor
    )
    return replace(measured, sources=(*measured.sources, *(replace(source, counted=False) for source in found)))


def classes_of_one_judge(code: Codes, judge: Codes) -> int:
    """Classes in which nobody can be compared."""
    pairs = np.unique(code.astype(np.int64) * (int(judge.max()) + 1) + judge)
    per_class = np.bincount((pairs // (int(judge.max()) + 1)).astype(np.intp))
    return int((per_class == 1).sum())
