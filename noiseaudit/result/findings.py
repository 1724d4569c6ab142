"""Findings with their words from the catalogue."""

from __future__ import annotations

from typing import Literal

from noiseaudit.language import catalogue
from noiseaudit.result.parts import Finding


def finding(code: str, severity: Literal["info", "warning", "error"] = "info", **values: object) -> Finding:
    """The finding for a code, worded in English; `values` let another language word it again."""
    say = catalogue("en")
    return Finding(
        code, severity, *(say(f"finding.{code}.{part}", **values) for part in ("what", "why", "do")), values
    )
