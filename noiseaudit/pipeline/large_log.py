"""A log that is too large for memory: classes are learnt from a sample, and every row is classed where it lies.

Level noise, its classes' pattern and the bounds rest on all rows, through one group-by. What needs single rows (the
test of assignment, halves, sources of pattern) rests on a sample of whole cases, and time on a sample of whole
professionals; findings say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.comparable.classes import grow_classes
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.measure import measure_classes
from noiseaudit.comparable.rules import Leaf, Rules, class_codes, class_expression, conditions, features_of, leaves
from noiseaudit.comparable.strata import stratify
from noiseaudit.design import AuditDesign
from noiseaudit.pipeline.compared import (
    Compared,
    by_strata,
    characteristics_used,
    classes_of_one_judge,
    coded_decisions,
    explained_within,
    of_scale,
    usable_features,
    with_sources,
)
from noiseaudit.reading import CaseClasses, Log, Tabulated, tabulate
from noiseaudit.reading.case_columns import CaseColumn, LogRows, fetch_rows
from noiseaudit.result import ComparableClass, Comparison, Finding
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import CLASSES

MOST_ROWS = 2_000_000  # that are held in memory
SAMPLE = 400_000
_POOL_SIGN = " | "


@dataclass(frozen=True)
class LargeLog:
    """What a large log is measured on: table of judge x class cells, the sample, and what comparing gave.

    classes: how every row is classed where it lies.
    """

    table: Tabulated
    sample: LogRows
    followed: LogRows | None
    compared: Compared
    followed_effect: Floats | None
    classes: CaseClasses


def compare_large(
    log: Log, columns: tuple[CaseColumn, ...], design: AuditDesign, *, findings: list[Finding]
) -> LargeLog:
    """Grow classes on a sample, class all rows in the engine, and measure."""
    total = log.table.rows()
    sample = fetch_rows(log, columns, findings=findings, sample=SAMPLE)
    if not len(sample.judge):
        tabulate(log)  # says what is missing
    features, aside = usable_features(sample, design, findings)
    decision = coded_decisions(sample, log)
    rules = learnt_rules(features, decision, sample, design)
    classes = case_classes(rules, columns, log)
    table = tabulate(log, classes=classes)
    cells = table.main
    measured, fit = measure_classes(
        cells, name=CLASSES, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor
    )
    measured = of_scale(measured, log.scale)
    effect = _effects_of(sample, rules, features, cells, fit.class_effect)
    adjusted = decision - effect
    if decision.shape[1] == 1:
        measured = with_sources(measured, adjusted[:, 0], features, sample.judge, design)
    alone = classes_of_one_judge(cells.case, cells.judge)
    if alone:
        findings.append(finding("class_of_one_judge", "warning", n=alone))
    findings.append(finding("log_sample", part="assignment, halves and features", n=len(sample.judge), total=total))
    comparison = Comparison(
        route="none" if isinstance(rules, Leaf) else "strata" if by_strata(design) else "classes",
        features=() if isinstance(rules, Leaf) else features.names,
        set_aside=aside,
        classes=listed_from_cells(rules, cells, float(log.shift)) if not isinstance(rules, Leaf) else (),
        explained=explained_within(decision, effect, sample.judge),
        learner=None,
        pools=len(sample.pools) if sample.pool is not None else None,
        characteristics=characteristics_used(design),
    )
    followed, its_effect = None, None
    if "moment" in log.columns:
        followed = fetch_rows(log, columns, findings=[], sample=SAMPLE, of="judge_id")
        its_effect = _effects_of(followed, rules, features, cells, fit.class_effect)
        findings.append(finding("log_sample_of_judges", n=len(followed.judges), total=len(cells.judges)))
    compared = Compared(comparison, measured, features, decision, adjusted, effect[:, 0])
    return LargeLog(table, sample, followed, compared, its_effect, classes)


def learnt_rules(features: FeatureTable, decision: Floats, sample: LogRows, design: AuditDesign) -> Rules:
    """The rules of the classes, from the rows of a sample: one class of all without features."""
    if not features.features or design.comparable == "none":
        return Leaf(0)
    if by_strata(design):
        return stratify(features, design.bins)
    return grow_classes(decision, features, sample.judge).rules


def case_classes(rules: Rules, columns: tuple[CaseColumn, ...], log: Log) -> CaseClasses:
    """The class as an expression; with pools, class and pool."""
    used = features_of(rules)
    names = {column.name: f"f{k}" for k, column in enumerate(columns) if column.name in used}
    expression = class_expression(rules, names)
    if "pool" in log.columns:
        expression = nw.concat_str(
            [expression.cast(nw.String), nw.col("pool")], separator=_POOL_SIGN, ignore_nulls=True
        )
    wanted = {names[column.name]: column.sql for column in columns if column.name in names}
    return CaseClasses(expression, wanted)


def _effects_of(rows: LogRows, rules: Rules, features: FeatureTable, cells: Cells, effect: Floats) -> Floats:
    """(R, K) effect of the class (within its pool) of every row; the mean of all where nobody could be compared."""
    place = {name: k for k, name in enumerate(rows.names)}
    code = class_codes(rules, features.features, _recoded(rows, features, place))
    labels = pd.Index(code.astype(str))
    if rows.pool is not None:
        pools = np.array([*rows.pools, ""], dtype=object)[rows.pool]
        labels = pd.Index([f"{c}{_POOL_SIGN}{p}" if p else str(c) for c, p in zip(code, pools, strict=True)])
    at = cells.cases.get_indexer(labels)
    n = sum_by(cells.case, cells.n, len(cells.cases))
    middle = (effect * n[:, None]).sum(axis=0) / n.sum()
    return np.where((at >= 0)[:, None], effect[np.maximum(at, 0)], middle)


def _recoded(rows: LogRows, features: FeatureTable, place: dict[str, int]) -> Floats:
    """Features of further rows with the codes of the sample; labels that the sample did not hold are -1, no label."""
    values = np.empty((len(rows.judge), len(features.features)))
    for k, feature in enumerate(features.features):
        column = rows.features[:, place[feature.name]]
        if feature.is_category:
            known = {label: code for code, label in enumerate(feature.labels)}
            recode = np.array([known.get(label, -1) for label in rows.labels[place[feature.name]]] + [np.nan])
            column = recode[np.where(np.isnan(column), len(recode) - 1, column).astype(np.intp)]
        values[:, k] = column
    return values


def listed_from_cells(rules: Rules, cells: Cells, shift: float) -> tuple[ComparableClass, ...]:
    """The classes with all rows counted: pools are put together."""
    of = np.array([int(label.split(_POOL_SIGN, maxsplit=1)[0]) for label in cells.cases], dtype=np.intp)
    code: Codes = of[cells.case]
    size = leaves(rules)
    n = sum_by(code, cells.n, size)
    seen = np.unique(code.astype(np.int64) * len(cells.judges) + cells.judge)
    judges = np.bincount((seen // len(cells.judges)).astype(np.intp), minlength=size)
    numeric = cells.mean.shape[1] == 1
    mean = sum_by(code, cells.n * cells.mean[:, 0], size)
    return tuple(
        ComparableClass(rule, int(n[k]), int(judges[k]), float(mean[k] / n[k]) + shift if numeric else None)
        for k, rule in enumerate(conditions(rules)) if n[k]
    )  # fmt: skip
