"""noiseaudit: measure level, pattern and occasion noise in professional decisions.

Names are imported when first used, so that `import noiseaudit` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noiseaudit import charts as charts
    from noiseaudit.aggregates import Cells as Cells
    from noiseaudit.checks.change import compare as compare
    from noiseaudit.checks.outcome import CheckFailedError as CheckFailedError
    from noiseaudit.checks.outcome import Outcome as Outcome
    from noiseaudit.checks.outcome import check as check
    from noiseaudit.checks.policy import Policy as Policy
    from noiseaudit.checks.policy import Rule as Rule
    from noiseaudit.design import AuditDesign as AuditDesign
    from noiseaudit.errors import CallError as CallError
    from noiseaudit.errors import DataError as DataError
    from noiseaudit.errors import NoAnswerError as NoAnswerError
    from noiseaudit.errors import NoiseAuditError as NoiseAuditError
    from noiseaudit.errors import NotIdentified as NotIdentified
    from noiseaudit.errors import NotIdentifiedError as NotIdentifiedError
    from noiseaudit.estimators.d_study import averaged_noise as averaged_noise
    from noiseaudit.estimators.d_study import plan_panel as plan_panel
    from noiseaudit.inspection import Inspection as Inspection
    from noiseaudit.inspection import inspect as inspect
    from noiseaudit.pipeline import audit as audit
    from noiseaudit.pipeline.for_fairlearn import to_metric_frame as to_metric_frame
    from noiseaudit.report import write_report as write_report
    from noiseaudit.result import AuditResult as AuditResult
    from noiseaudit.simulation import simulate as simulate
    from noiseaudit.simulation import simulate_log as simulate_log

_WHERE = {
    "AuditDesign": "design",
    "AuditResult": "result",
    "CallError": "errors",
    "Cells": "aggregates",
    "CheckFailedError": "checks.outcome",
    "DataError": "errors",
    "Inspection": "inspection",
    "NoAnswerError": "errors",
    "NoiseAuditError": "errors",
    "NotIdentified": "errors",
    "NotIdentifiedError": "errors",
    "Outcome": "checks.outcome",
    "Policy": "checks.policy",
    "Rule": "checks.policy",
    "audit": "pipeline",
    "averaged_noise": "estimators.d_study",
    "charts": "",
    "check": "checks.outcome",
    "compare": "checks.change",
    "inspect": "inspection",
    "plan_panel": "estimators.d_study",
    "simulate": "simulation",
    "simulate_log": "simulation",
    "to_metric_frame": "pipeline.for_fairlearn",
    "write_report": "report",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - the names of the table above, and nothing else


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'noiseaudit' has no attribute {name!r}")
    if not _WHERE[name]:
        return import_module(f"noiseaudit.{name}")
    return getattr(import_module(f"noiseaudit.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
