"""The short summary for the terminal."""

from __future__ import annotations

from noiseaudit.formatting import printable
from noiseaudit.report.groups import groups_in_short
from noiseaudit.report.log_sentences import speaker_of
from noiseaudit.report.sentences import told
from noiseaudit.result import AuditResult
from noiseaudit.tables import noise_parts

_TOLD = ("roles_assumed", "binary_coding", "pattern_at_boundary", "stable_at_boundary")  # notes of the summary


def summary_text(result: AuditResult, *, language: str = "en") -> str:
    """The short summary for the terminal: headline, parts with intervals, cautions."""
    speaker = speaker_of(result, language)
    say, design = speaker.say, result.design
    count = speaker.numerals.count
    lines = [
        say(
            "summary.head",
            name=result.input.name,
            judges=count(design.judges),
            cases=count(design.cases),
            decisions=count(design.decisions),
            read=count(result.input.rows_read),
        ),
        "",
        *speaker.headline(),
        *speaker.parts(),
        *groups_in_short(speaker),
        "",
        *("  " * part.depth + speaker.part_line(part) for part in noise_parts(result)),
    ]
    cautions = [f for f in result.findings if f.severity != "info"]
    notes = [
        f"{say(f'report.severity_{f.severity}')}: {told(f, reason=f in cautions[:1])}"
        for f in result.findings
        if f in cautions or f.code in _TOLD
    ]
    lines += ["", *notes, *speaker.not_said(), ""]
    return printable("\n".join(lines))
