"""The further parts of an audit of a log: assignment, sensitivity, offices, time, second decisions, pairs."""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.assignment import Column, assignment_of
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.sensitivity import sensitivity_of
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.comparable_pairs import pairs_difference, pairs_disagreement
from noiseaudit.estimators.over_time import audit_over_time
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.estimators.split_half import split_half
from noiseaudit.pipeline.compared import Compared
from noiseaudit.reading.case_columns import LogRows
from noiseaudit.result import (
    Assignment,
    Estimate,
    LogAudit,
    Number,
    OverTime,
    SecondDecisions,
    Sensitivity,
)


def log_parts(
    rows: LogRows,
    cells: Cells,
    compared: Compared,
    design: AuditDesign,
    *,
    unit: str | None,
    shift: float,
    scale: str,
    followed: tuple[LogRows, Floats] | None = None,
) -> LogAudit:
    """Everything that a log adds to the noise components. shift: was taken off every decision.

    followed: rows of whole judges with their adjusted decisions, where `rows` is a sample of cases.
    """
    single = compared.adjusted.shape[1] == 1
    adjusted = compared.adjusted[:, 0]
    differing: Number = NotIdentified.of("not_categorical")
    distance: Number = NotIdentified.of("not_numeric")
    measured = compared.measured
    if scale in ("binary", "nominal"):
        factor = 2.0 if scale == "binary" else 1.0
        differing = pairs_disagreement(measured.level_component, measured.spread, factor=factor)
    else:
        distance = pairs_difference(rows.judge, adjusted, unit=unit, confidence=design.confidence)
    assignment = assignment_in(
        rows, compared.table, compared.predicted, compared.decision[:, 0] if single else None, design
    )
    mean = shift + float(compared.decision[:, 0].mean())
    if not single:
        over_time: OverTime | NotIdentified = NotIdentified.of("not_numeric")
    elif followed is not None:
        over_time = _over_time(followed[0], followed[1], None, design, mean=mean)
    else:
        over_time = _over_time(rows, adjusted, compared.predicted, design, mean=mean)
    return LogAudit(
        comparison=compared.comparison,
        comparable_pairs_difference=distance,
        comparable_pairs_disagreement=differing,
        split_half=split_half(rows.judge, compared.adjusted, confidence=design.confidence),
        pattern_sources=measured.sources,
        assignment=assignment,
        sensitivity=_sensitivity(compared, assignment),
        over_time=over_time,
        second_decisions=second_decisions(cells, design),
    )


def assignment_in(
    rows: LogRows,
    table: FeatureTable,
    predicted: Floats | None,
    decision: Floats | None,
    design: AuditDesign,
) -> Assignment:
    """Did professionals get the same kind of cases, by the predicted decision and by every feature."""
    columns: dict[str, Column] = {}
    for place, feature in enumerate(table.features):
        column = table.values[:, place]
        if feature.is_category:
            labels = np.array([*feature.labels, None], dtype=object)
            columns[feature.name] = labels[np.where(np.isnan(column), len(feature.labels), column).astype(np.intp)]
        else:
            columns[feature.name] = column
    return assignment_of(
        columns,
        rows.judge,
        pool=rows.pool,
        predicted=predicted,
        decision=decision,
        declared=design.assigned_by_lot,
    )


def _sensitivity(compared: Compared, assignment: Assignment) -> Sensitivity | NotIdentified:
    level = compared.measured.level_component
    if not isinstance(level, Estimate):
        return level if isinstance(level, NotIdentified) else NotIdentified.of("no_features")
    return sensitivity_of(level, assignment.features)


def _over_time(
    rows: LogRows, adjusted: Floats, predicted: Floats | None, design: AuditDesign, *, mean: float
) -> OverTime | NotIdentified:
    if rows.moment is None:
        return NotIdentified.of("no_moment")
    return audit_over_time(
        rows.judge,
        adjusted,
        rows.moment,
        predicted=predicted,
        mean_decision=mean,
        confidence=design.confidence,
        kurtosis_floor=design.kurtosis_floor,
    )


def second_decisions(cells: Cells, design: AuditDesign) -> SecondDecisions | NotIdentified:
    """Occasion and system noise on the cases that were decided more than once, where there are such."""
    per_case = np.bincount(cells.case, weights=cells.n, minlength=len(cells.cases))
    again = per_case[cells.case] > 1
    if not again.any():
        return NotIdentified.of("no_replicates")
    twice = cells.where(again)
    found = estimate_panel(twice, confidence=design.confidence, kurtosis_floor=design.kurtosis_floor)
    return SecondDecisions(int((per_case > 1).sum()), int(twice.n.sum()), found.occasion, found.system)
