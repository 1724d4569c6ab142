"""The outcome of a check as JUnit XML, which GitLab, Azure DevOps and Jenkins show as test results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from noiseaudit.checks.words import rule_line
from noiseaudit.formatting import printable

if TYPE_CHECKING:
    from noiseaudit.checks.outcome import Outcome, RuleOutcome


def junit_xml(outcome: Outcome) -> str:
    """One test suite, a test case a rule: fail is a failure, unknown an error (skipped where it may pass)."""
    lenient = outcome.policy.unknown_exit == 0
    kinds = [_kind(rule, outcome, lenient) for rule in outcome.rules]
    counts = {
        "tests": len(kinds),
        "failures": kinds.count("failure"),
        "errors": kinds.count("error"),
        "skipped": kinds.count("skipped"),
    }
    numbers = {name: str(number) for name, number in counts.items()}
    root = ET.Element("testsuites", {"name": "noiseaudit check", **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": _clean(f"noiseaudit check {outcome.input_name}"), **numbers})
    for rule, kind in zip(outcome.rules, kinds, strict=True):
        case = ET.SubElement(suite, "testcase", {"classname": "noiseaudit.check", "name": _clean(rule.rule.name)})
        line = _clean(rule_line(rule))
        if kind == "skipped":
            ET.SubElement(case, kind, {"message": line})
        elif kind is not None:
            ET.SubElement(case, kind, {"type": rule.status if not rule.warning else "warning", "message": line})
        ET.SubElement(case, "system-out").text = line
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def is_report(path: Path) -> bool:
    """The file is the report of an earlier check."""
    with path.open("rb") as file:
        return b'<testsuites name="noiseaudit check"' in file.read(200)


def _kind(rule: RuleOutcome, outcome: Outcome, lenient: bool) -> str | None:
    if rule.status == "fail" or (rule.warning and outcome.policy.fail_on == "warn"):
        return "failure"
    if rule.status == "unknown":
        return "skipped" if lenient else "error"
    return None


def _clean(text: str) -> str:
    """XML 1.0 has no control characters."""
    return " ".join(printable(text).split())
