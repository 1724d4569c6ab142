"""The report's tables as Markdown and as CSV that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io

from noiseaudit.formatting import printable
from noiseaudit.group_tables import group_tables
from noiseaudit.log_tables import log_tables
from noiseaudit.report.figures import Block, Grid
from noiseaudit.report.groups import group_section, groups_in_short
from noiseaudit.report.log_sections import log_sections, offices
from noiseaudit.report.log_sentences import LogSpeaker, speaker_of
from noiseaudit.report.sentences import Speaker, told
from noiseaudit.result import AuditResult
from noiseaudit.result.readers import for_readers
from noiseaudit.tables import noise_parts

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")


def render_markdown(result: AuditResult, *, language: str = "en") -> str:
    """Headline, noise table, what a log adds, and findings as Markdown."""
    result = for_readers(result, "public")
    speaker = speaker_of(result, language)
    say = speaker.say
    lines = [f"# {_cell(say('report.title', name=result.input.name))}", ""]
    lines += [*map(_cell, speaker.headline()), "", *map(_cell, [*speaker.parts(), *groups_in_short(speaker)]), ""]
    if isinstance(speaker, LogSpeaker):
        sections = log_sections(speaker)
    else:
        lines += _noise(speaker)
        sections = {"offices": offices(speaker)}
    for name, blocks in ({"groups": group_section(speaker)} | sections).items():
        if blocks:
            lines += [f"## {say(f'section.{name}')}", "", *(line for block in blocks for line in _block(block))]
    lines += [f"## {say('sure.checks')}", ""]
    for found in result.findings:
        label = say(f"report.severity_{found.severity}")
        lines.append(f"- {label}: {_cell(told(found))}")
    lines += ["", *map(_cell, speaker.not_said()), ""]
    return printable("\n".join(lines))


def _noise(speaker: Speaker) -> list[str]:
    say = speaker.say
    head = [
        say("parts.column_part"),
        say("parts.column_chance" if speaker.categorical else "parts.column_sd"),
        say(
            "parts.column_chance_interval" if speaker.categorical else "parts.column_sd_interval",
            confidence=speaker.confidence,
        ),
        say("parts.column_share"),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for part in noise_parts(speaker.result):
        row = speaker.part_row(part)
        cells = [_cell(row[key]) for key in ("name", "value", "interval", "share")]
        lines.append("| " + "\u00a0\u00a0" * part.depth + " | ".join(cells) + " |")
    return [*lines, ""]


def _block(block: Block) -> list[str]:
    """A sentence, or the title of a chart or table with its numbers."""
    if isinstance(block, str):
        return [_cell(block), ""]
    lines = [f"**{_cell(block.title)}**", ""]
    if block.rows:
        head = block.head if any(block.head) else [""] * len(block.rows[0])
        lines += ["| " + " | ".join(map(_cell, head)) + " |", "|---" * len(head) + "|"]
        lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in block.rows]
        lines.append("")
    return [*lines, block.more, ""] if isinstance(block, Grid) and block.more else lines


def _cell(text: str) -> str:
    """Text that cannot break out of a table or become markup."""
    plain = " ".join(text.split())
    for mark in ("\\", "|", "<", "*", "`", "["):
        plain = plain.replace(mark, "\\" + mark if mark != "<" else "&lt;")
    return plain


def render_csv(result: AuditResult) -> str:
    """The noise table as CSV with full precision; text that a spreadsheet would run gets a leading quote.

    What a log and groups add follows in tables of their own: an empty line, the table's name, its columns, its rows.
    """
    table = result.to_frame("noise")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([spreadsheet_safe(value) for value in row])
    shown = for_readers(result, "public")
    for more in [*log_tables(shown), *group_tables(shown)]:
        writer.writerows([[], [more.name], more.columns])
        writer.writerows([spreadsheet_safe(value) for value in row] for row in more.rows)
    return out.getvalue()


def spreadsheet_safe(value: object) -> object:
    """Text without control characters, with a leading quote where a spreadsheet would run it; numbers stay numbers."""
    if isinstance(value, str):
        plain = printable(value)
        return "'" + plain if value.startswith(_FORMULA) or plain.startswith(_FORMULA) else plain
    return "" if value is None or value != value else value  # noqa: PLR0124 - NaN is the one value unlike itself
