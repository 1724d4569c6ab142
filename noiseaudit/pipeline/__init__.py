"""audit(source, design) -> AuditResult: the whole way, from rows to a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from noiseaudit.design import AuditDesign, Kind
from noiseaudit.errors import CallError
from noiseaudit.pipeline.large_log import MOST_ROWS
from noiseaudit.pipeline.log import audit_large_log, audit_log, is_log
from noiseaudit.pipeline.panel import panel_result
from noiseaudit.reading import read, tabulate
from noiseaudit.result import AuditResult

if TYPE_CHECKING:
    from noiseaudit.comparable.case_mix import Regressor


def audit(
    source: object,
    design: AuditDesign | Kind | None = None,
    *,
    name: str | None = None,
    propose: bool = True,
    learner: Regressor | None = None,
    **settings: Any,
) -> AuditResult:
    """Measure the noise in a panel of decisions, or in an ordinary log in which each case was decided once.

    source: path (CSV, TSV, gzip of these, Parquet), pandas, Polars or Arrow frame, DuckDB relation.
    design: an AuditDesign; or give its fields as keywords, design="log" among them. name: what the input is called.
    propose=False never guesses roles. learner: the regressor of the case-mix model of a log (scikit-learn's
    fit and predict). CallError for a wrong call, DataError for data that cannot be used as given; what the data cannot
    tell is a NotIdentified value in the result, not an error.
    """
    if isinstance(design, str):
        design, settings = None, {**settings, "design": design}
    if design is not None and settings:
        raise CallError("wrong_setting", "give a design or its fields as keywords, not both")
    chosen = design or AuditDesign(**settings)
    with read(source, chosen, name=name, propose=propose) as log:
        if chosen.design == "log" and chosen.exposure is None and log.table.rows() > MOST_ROWS:
            return audit_large_log(log, log.design)
        table = tabulate(log)
        if is_log(table, chosen):
            return audit_log(log, table, log.design, learner=learner)
        return panel_result(log, table, chosen)
