"""The report's tables as Markdown and as CSV that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io

from noiseaudit.formatting import printable
from noiseaudit.report.sentences import Speaker, told
from noiseaudit.result import AuditResult
from noiseaudit.tables import noise_parts

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")


def render_markdown(result: AuditResult, *, language: str = "en") -> str:
    """Headline, noise table and findings as Markdown."""
    speaker = Speaker(result, language)
    say = speaker.say
    lines = [f"# {_cell(say('report.title', name=result.input.name))}", ""]
    lines += [*map(_cell, speaker.headline()), "", *map(_cell, speaker.parts()), ""]
    head = [
        say("parts.column_part"),
        say("parts.column_chance" if speaker.categorical else "parts.column_sd"),
        say(
            "parts.column_chance_interval" if speaker.categorical else "parts.column_sd_interval",
            confidence=speaker.confidence,
        ),
        say("parts.column_share"),
    ]
    lines += ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for part in noise_parts(result):
        row = speaker.part_row(part)
        cells = [_cell(row[key]) for key in ("name", "value", "interval", "share")]
        lines.append("| " + "\u00a0\u00a0" * part.depth + " | ".join(cells) + " |")
    lines += ["", f"## {say('sure.checks')}", ""]
    for found in result.findings:
        label = say(f"report.severity_{found.severity}")
        lines.append(f"- {label}: {_cell(told(found))}")
    lines += ["", say("short.not_right"), ""]
    return printable("\n".join(lines))


def _cell(text: str) -> str:
    """Text that cannot break out of a table or become markup."""
    plain = " ".join(text.split())
    for mark in ("\\", "|", "<", "*", "`", "["):
        plain = plain.replace(mark, "\\" + mark if mark != "<" else "&lt;")
    return plain


def render_csv(result: AuditResult) -> str:
    """The noise table as CSV with full precision; text that a spreadsheet would run gets a leading quote."""
    table = result.to_frame("noise")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([spreadsheet_safe(value) for value in row])
    return out.getvalue()


def spreadsheet_safe(value: object) -> object:
    """Text without control characters, with a leading quote where a spreadsheet would run it; numbers stay numbers."""
    if isinstance(value, str):
        plain = printable(value)
        return "'" + plain if value.startswith(_FORMULA) or plain.startswith(_FORMULA) else plain
    return "" if value is None or value != value else value  # noqa: PLR0124 - NaN is the one value unlike itself
