"""Parts that every result has: the judges, the cases, and everything that repeats the run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.judge_levels import JudgeLevels
from noiseaudit.reading import Log
from noiseaudit.result import CaseTable, Individuals, Judge, LogAudit, Noise, Number


@dataclass(frozen=True)
class Found:
    """What the measuring of a log gave, whatever was measured.

    judge_index: (J,) codes of the compared judges in the rows; block: (J,); effects: (J, K) and variance: (J,) of their
    levels, None where there are none.
    """

    noise: Noise
    levels: JudgeLevels | None
    individuals: Individuals | NotIdentified
    judge_index: Codes
    block: Codes
    effects: Floats | None
    variance: Floats | None
    mean: Number
    parts: LogAudit
    estimator: str


def unit_of(log: Log) -> str | None:
    """The unit of decisions on the scale of the audit."""
    return {"log": "log", "ordinal": "steps"}.get(log.scale, log.unit)


def tool_version() -> str:
    """The version of noiseaudit."""
    return version("noiseaudit")


def judges_of(
    cells: Cells, levels: JudgeLevels | None, index: Codes, block: Codes, confidence: float
) -> tuple[Judge, ...]:
    """Every judge of the cells; levels, index (their codes in the cells) and block belong to those that compare."""
    count = np.bincount(cells.judge, minlength=len(cells.judges))
    decisions = np.bincount(cells.judge, weights=cells.n, minlength=len(cells.judges))
    position = {int(code): place for place, code in enumerate(index)}
    low, high = levels.interval(confidence) if levels is not None else (None, None)
    judges = []
    for code, label in enumerate(cells.judges):
        at = position.get(code)
        known = at is not None and levels is not None
        judges.append(
            Judge(
                judge=str(label),
                decisions=int(decisions[code]),
                cells=int(count[code]),
                level=float(levels.level[at]) if known and levels is not None else None,
                se=float(levels.se[at]) if known and levels is not None else None,
                shrunk=float(levels.shrunk[at]) if known and levels is not None else None,
                interval=(float(low[at]), float(high[at])) if known and low is not None and high is not None else None,
                reliability=float(levels.reliability[at]) if known and levels is not None else None,
                block=int(block[at]) + 1 if at is not None else None,
            )
        )
    return tuple(judges)


def run_settings(log: Log, design: AuditDesign) -> dict[str, Any]:
    """Everything that repeats the run: roles as used, reading as found, analysis as asked."""
    asked = design.model_dump(mode="json", exclude=set(design.roles()))
    used = {"roles": dict(log.roles), "reading": dict(log.reading), "scale": log.scale}
    return {**asked, **used, "judge_columns": list(log.design.judge_columns)}


def case_table(cells: Cells) -> CaseTable:
    """Per case: judges, decisions, mean and SD between its judges (0 columns beyond the first)."""
    judges = cells.judges_per_case
    decisions = np.bincount(cells.case, weights=cells.n, minlength=len(cells.cases))
    safe = np.maximum(judges, 1)
    value = cells.mean[:, 0]
    mean = np.bincount(cells.case, weights=value, minlength=len(cells.cases)) / safe
    squares = np.bincount(cells.case, weights=(value - mean[cells.case]) ** 2, minlength=len(cells.cases))
    sd = np.where(judges > 1, np.sqrt(squares / np.maximum(judges - 1, 1)), np.nan)
    return CaseTable(
        tuple(cells.cases.tolist()),
        judges.astype(np.int64),
        decisions.astype(np.int64),
        mean + float(cells.shift),
        sd,
    )
