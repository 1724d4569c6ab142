"""The role `office`: level noise between and within teams, courts or municipalities."""

from __future__ import annotations

import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.office_of_judge import office_of_judge
from noiseaudit.estimators.offices import offices_of, offices_of_panel
from noiseaudit.reading import Log
from noiseaudit.reading.judge_offices import JudgeOffices, judge_offices
from noiseaudit.result import Finding, Offices
from noiseaudit.result.findings import finding


def split_by_office(
    log: Log,
    judges: pd.Index[str],
    design: AuditDesign,
    *,
    findings: list[Finding],
    fit: object = None,
    effects: Floats | None = None,
    variance: Floats | None = None,
    index: Codes | None = None,
    block: Codes | None = None,
    counted: JudgeOffices | None = None,
) -> Offices | NotIdentified | None:
    """None without the role. A panel gives its joint fit; a log the levels (J, K) of the judges at `index`.

    counted: decisions by judge and office, where they are not those of the rows of `log`.
    """
    if "office" not in log.columns:
        return None
    found = counted or judge_offices(log, judges)
    of = office_of_judge(found.judge, found.office, n=found.n, judges=len(judges))
    findings += [finding(flag.code, flag.severity, **flag.values) for flag in of.flags]
    settings = {"confidence": design.confidence, "kurtosis_floor": design.kurtosis_floor}
    if fit is not None:
        return offices_of_panel(fit, of.office, **settings)
    if effects is None or variance is None or index is None:
        return NotIdentified.of("too_few_judges")
    return offices_of(
        effects, variance, of.office[index], block=block, confidence=design.confidence,
        kurtosis_floor=design.kurtosis_floor,
    )  # fmt: skip
