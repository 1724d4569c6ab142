"""The options that every command shares, and the settings they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

ROLES = "Columns"
ANALYSIS = "Analysis"
READING = "Reading"
OUTPUT = "Output"

File = Annotated[str, typer.Argument(help="CSV, TSV, gzip of these, or Parquet; - is standard input.", metavar="FILE")]
Case = Annotated[str | None, typer.Option(help="Column of the case.", rich_help_panel=ROLES)]
Judge = Annotated[str | None, typer.Option(help="Column of the professional who decides.", rich_help_panel=ROLES)]
Decision = Annotated[str | None, typer.Option(help="Column of the decision.", rich_help_panel=ROLES)]
Occasion = Annotated[
    str | None, typer.Option(help="Column that tells repeated judgments apart.", rich_help_panel=ROLES)
]
Truth = Annotated[str | None, typer.Option(help="Column of the right answer.", rich_help_panel=ROLES)]
Time = Annotated[str | None, typer.Option(help="Column of date or time.", rich_help_panel=ROLES)]
Group = Annotated[list[str] | None, typer.Option(help="Column of a characteristic; repeatable.", rich_help_panel=ROLES)]
Feature = Annotated[
    list[str] | None,
    typer.Option(help="Column of a legitimate case difference; repeatable.", rich_help_panel=ROLES),
]
Office = Annotated[str | None, typer.Option(help="Column of team, court or municipality.", rich_help_panel=ROLES)]
Pool = Annotated[str | None, typer.Option(help="Column of the assignment pool.", rich_help_panel=ROLES)]
Scale = Annotated[
    str | None,
    typer.Option(help="auto, continuous, log, binary, nominal, ordinal or count.", rich_help_panel=ANALYSIS),
]
DesignKind = Annotated[str | None, typer.Option("--design", help="auto, panel or log.", rich_help_panel=ANALYSIS)]
Estimator = Annotated[str | None, typer.Option(help="auto, fe, wcu, reml or gao_owen.", rich_help_panel=ANALYSIS)]
Positive = Annotated[str | None, typer.Option(help="This value counts as 1, all else as 0.", rich_help_panel=ANALYSIS)]
Order = Annotated[str | None, typer.Option(help='Grades from low to high: "a,b,c".', rich_help_panel=ANALYSIS)]
Unit = Annotated[str | None, typer.Option(help="Unit of the decision, such as € or months.", rich_help_panel=ANALYSIS)]
Confidence = Annotated[float | None, typer.Option(help="Confidence of intervals, .95.", rich_help_panel=ANALYSIS)]
Duplicates = Annotated[str | None, typer.Option(help="Identical rows: ask, keep or drop.", rich_help_panel=ANALYSIS)]
Encoding = Annotated[str | None, typer.Option(help="auto, utf-8, cp1252, …", rich_help_panel=READING)]
Delimiter = Annotated[str | None, typer.Option(help="auto, ;, comma, tab, …", rich_help_panel=READING)]
Decimal = Annotated[str | None, typer.Option(help="auto, a comma or a point.", rich_help_panel=READING)]
HeaderRow = Annotated[str | None, typer.Option(help="auto or the row of the header.", rich_help_panel=READING)]
Na = Annotated[list[str] | None, typer.Option(help="A marker for missing; repeatable.", rich_help_panel=READING)]
MaxBytes = Annotated[int | None, typer.Option(help="Refuse files larger than this.", rich_help_panel=READING)]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Config; else noiseaudit.toml beside the data.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=OUTPUT)]
Language = Annotated[str | None, typer.Option("--lang", help="Language of the report: en.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes, no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say how the file was read.")]


@dataclass
class Manner:
    """How a command speaks: language, quiet, verbose. Set before the command, or after it."""

    language: str = "en"
    quiet: bool = False
    verbose: bool = False

    def with_options(self, language: str | None, quiet: bool, verbose: bool) -> Manner:
        """This manner with what was said after the command."""
        return Manner(language or self.language, self.quiet or quiet, self.verbose or verbose)


def chosen(**options: Any) -> dict[str, Any]:
    """Options that were given, as settings of an AuditDesign."""
    settings = {key: value for key, value in options.items() if value not in (None, [], ())}
    if "order" in settings:
        settings["order"] = tuple(part.strip() for part in str(settings["order"]).split(",") if part.strip())
    if str(settings.get("header_row", "auto")) != "auto" and str(settings["header_row"]).isdigit():
        settings["header_row"] = int(settings["header_row"])
    for key in ("groups", "features", "na"):
        if key in settings:
            settings[key] = tuple(settings[key])
    return settings
