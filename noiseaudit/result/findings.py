"""Findings with their words from the catalogue."""

from __future__ import annotations

from typing import Literal

from noiseaudit.language import catalogue
from noiseaudit.result.parts import Finding


def finding(code: str, severity: Literal["info", "warning", "error"] = "info", **values: object) -> Finding:
    """The finding for a code, worded in English; `values` let another language word it again."""
    say = catalogue("en")
    what, why, do = (say(f"finding.{code}.{part}", **values) for part in ("what", "why", "do"))
    return Finding(code, severity, what, why, do, values)
