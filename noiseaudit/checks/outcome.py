"""check(result, policy) -> Outcome: every rule as pass, fail or unknown, in words, JSON and JUnit XML.

    upper limit x, interval [lo, hi]:   pass  hi <= x      fail  lo > x      unknown  else
    lower limit:                        pass  lo >= x      fail  hi < x      unknown  else
    either side (|figure| <= x):        pass  -x <= lo and hi <= x           fail  lo > x or hi < -x
    a ratio, either side:               the same of |log figure| against log x
A rule that passes warns where the figure itself is past `warn`. A figure without an interval is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from noiseaudit.checks.change import check_comparable, drift
from noiseaudit.checks.figures import RATIO, Reading, Selector, Sense, each_gap, nothing
from noiseaudit.checks.policy import Policy, Rule
from noiseaudit.errors import CallError, NoiseAuditError
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult, Interval

Status = Literal["pass", "fail", "unknown"]
SCHEMA = "noiseaudit/check"
SCHEMA_VERSION = "1.0"


class CheckFailedError(NoiseAuditError):
    """A rule failed, or could not be judged where that counts (exit 1, or that of `unknown_exit`)."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("check_fail" if outcome.status == "fail" else "check_unknown", outcome.text())
        self.outcome = outcome
        self.exit_code = outcome.exit_code


@dataclass(frozen=True)
class RuleOutcome:
    """How one rule ended. interval: None where the figure cannot be judged; high None: it has no end."""

    rule: Rule
    status: Status
    warning: bool
    value: float | None
    interval: tuple[float, float | None] | None
    unit: str | None
    because: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data."""
        rule = self.rule
        which = {"group": rule.group, "relation": rule.relation, "value": rule.value}
        return {
            "name": rule.name,
            "figure": rule.figure,
            "status": self.status,
            "warning": self.warning,
            "measured": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "unit": self.unit,
            "warn": rule.warn,
            "fail": rule.fail,
            "because": self.because,
            **({"which": {k: v for k, v in which.items() if v is not None}} if any(which.values()) else {}),
        }


@dataclass(frozen=True)
class Outcome:
    """How a check ended: fail where a rule fails, else unknown where one cannot be judged, else pass."""

    rules: tuple[RuleOutcome, ...]
    policy: Policy
    input_name: str
    input_sha256: str | None
    decisions: int
    tool_version: str

    @property
    def status(self) -> Status:
        """pass, fail or unknown. With `fail_on = "warn"` a warning is a failure."""
        found = {rule.status for rule in self.rules}
        if "fail" in found or (self.policy.fail_on == "warn" and self.warnings):
            return "fail"
        return "unknown" if "unknown" in found else "pass"

    @property
    def warnings(self) -> int:
        """Rules that passed with a warning."""
        return sum(rule.warning for rule in self.rules)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, and for unknown what the policy says."""
        if self.policy.exit_zero:
            return 0
        return {"pass": 0, "fail": 1, "unknown": self.policy.unknown_exit}[self.status]

    def raise_for_status(self) -> None:
        """CheckFailedError unless all passed; an unknown that the policy lets go (exit 0) passes too."""
        if self.status == "fail" or (self.status == "unknown" and self.policy.unknown_exit != 0):
            raise CheckFailedError(self)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data, after `noiseaudit/check` 1.0; nothing about persons."""
        return {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "tool": {"version": self.tool_version},
            "input": {"name": self.input_name, "sha256": self.input_sha256, "decisions": self.decisions},
            "status": self.status,
            "warnings": self.warnings,
            "exit": self.exit_code,
            "rules": [rule.to_dict() for rule in self.rules],
        }

    def text(self) -> str:
        """Lines for people and logs: one a rule, then the end."""
        from noiseaudit.checks.words import outcome_text

        return outcome_text(self)

    def to_junit(self) -> str:
        """JUnit XML: a test case a rule; unknown is an error, or skipped where the policy lets it pass."""
        from noiseaudit.checks.junit import junit_xml

        return junit_xml(self)


def check(
    result: AuditResult,
    policy: Policy | None = None,
    *,
    baseline: AuditResult | Mapping[str, Any] | None = None,
    latest: AuditResult | None = None,
) -> Outcome:
    """Hold a result against a policy (the default one where none is given).

    baseline: an earlier result, or the data of its result.json, for rules on change. latest: what is held against the
    baseline, where that is not the result itself but the newest rows of a store. CallError for a limit in the wrong
    unit and for a baseline that measures something else. A figure that the data cannot give is unknown, never passed.
    """
    chosen = policy or Policy()
    before = AuditResult.from_dict(baseline) if isinstance(baseline, Mapping) else baseline
    for one in (result, before, latest):
        if one is not None and not isinstance(one, AuditResult):
            raise CallError("wrong_setting", f"a check is of an AuditResult, not of {type(one).__name__}")
    if before is not None and chosen.needs_baseline:
        check_comparable(before, latest or result)
    return Outcome(
        tuple(_judged(rule, latest or result if rule.is_drift else result, before) for rule in chosen.rules),
        chosen,
        result.input.name,
        result.input.sha256,
        result.design.decisions,
        result.tool_version,
    )


def _judged(rule: Rule, result: AuditResult, before: AuditResult | None) -> RuleOutcome:
    """Of a figure that every value of a characteristic has, the worst: fail, then unknown, then a warning."""
    values = each_gap(result, rule.which) if rule.known.each else [rule.which]
    found = [_judged_on(rule, which, result, before) for which in values]
    return min(found, key=lambda one: (("fail", "unknown", "pass").index(one.status), not one.warning))


def _judged_on(rule: Rule, which: Selector, result: AuditResult, before: AuditResult | None) -> RuleOutcome:
    reading = _read(rule, which, result, before)
    if reading != nothing(reading.because or ""):  # of what is not there no unit is known
        rule.check_unit(reading.unit)
    rule = replace(rule, group=which.group, relation=which.relation, value=which.value)
    say = catalogue("en")
    if reading.interval is None:
        because = reading.because or say("checks.no_interval")
        return RuleOutcome(rule, "unknown", False, reading.value, None, reading.unit, because)
    status: Status = "pass"
    scale = _log if reading.unit == RATIO and rule.sense == "absolute" else float
    low, high = map(scale, reading.interval)
    if rule.fail is not None:
        status = _side((low, high), scale(rule.fail), rule.sense)
    middle = (low + high) / 2 if reading.value is None else scale(reading.value)  # bounds have no figure
    warning = status == "pass" and rule.warn is not None and _beyond(middle, scale(rule.warn), rule.sense)
    because = say("checks.straddles") if status == "unknown" else ""
    interval = (reading.interval[0], None if math.isinf(reading.interval[1]) else reading.interval[1])
    return RuleOutcome(rule, status, warning, reading.value, interval, reading.unit, because)


def _read(rule: Rule, which: Selector, result: AuditResult, before: AuditResult | None) -> Reading:
    if not rule.is_drift:
        return rule.known.read(result, which)
    if before is None:
        return nothing(catalogue("en")("checks.no_baseline"))
    return drift(rule.base, which, before, result)


def _side(interval: Interval, limit: float, sense: Sense) -> Status:
    """On which side of the limit the whole interval lies; unknown where the limit lies inside it."""
    low, high = interval
    if sense == "lower":
        low, high, limit = -high, -low, -limit
    if sense == "absolute":
        if low > limit or high < -limit:
            return "fail"
        return "pass" if -limit <= low and high <= limit else "unknown"
    if low > limit:
        return "fail"
    return "pass" if high <= limit else "unknown"


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else -math.inf


def _beyond(value: float, limit: float, sense: Sense) -> bool:
    """The figure itself is past the limit."""
    return {"upper": value > limit, "lower": value < limit, "absolute": abs(value) > limit}[sense]
