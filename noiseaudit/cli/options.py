"""The options that every command shares, written once, and the settings they add up to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from noiseaudit.errors import CallError
from noiseaudit.language import LANGUAGES

ROLES = "Columns"
ANALYSIS = "Analysis"
READING = "Reading"
OUTPUT = "Output"

File = Annotated[
    str,
    typer.Argument(
        help="CSV, TSV, gzip of these, xlsx, xls, ods, Parquet, XES, or a folder of such files; - is standard input.",
        metavar="FILE",
    ),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Config; else noiseaudit.toml beside the data.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.", rich_help_panel=OUTPUT)]
Language = Annotated[str | None, typer.Option("--lang", help="Language of the report: en.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes, no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say how the file was read.")]


def _one(words: str, panel: str, kind: Any = str, *names: str) -> Any:
    return Annotated[kind | None, typer.Option(*names, help=words, rich_help_panel=panel)]


def _many(words: str, panel: str, *names: str) -> Any:
    return Annotated[list[str] | None, typer.Option(*names, help=words + " Repeatable.", rich_help_panel=panel)]


# setting of an AuditDesign -> its option
SHARED: dict[str, Any] = {
    "case": _one("Column of the case.", ROLES),
    "judge": _one("Column of the professional who decides.", ROLES),
    "decision": _one("Column of the decision.", ROLES),
    "occasion": _one("Column that tells repeated judgments apart.", ROLES),
    "truth": _one("Column of the right answer.", ROLES),
    "time": _one("Column of date or time.", ROLES),
    "groups": _many("Column of a characteristic of persons.", ROLES, "--group"),
    "relations": _many('Two columns that are equal or not: "judge_country == skater_nation".', ROLES, "--relation"),
    "features": _many("Column of a legitimate case difference.", ROLES, "--feature"),
    "office": _one("Column of team, court or municipality.", ROLES),
    "pool": _one("Column of the assignment pool.", ROLES),
    "weight": _one("Column that says how often a row counts.", ROLES),
    "exposure": _one("Column of what a count is out of.", ROLES),
    "judge_columns": _many('One column a professional: names, or a pattern such as "Rater*".', ROLES),
    "scale": _one("auto, continuous, log, binary, nominal, ordinal or count.", ANALYSIS),
    "design": _one("auto, panel or log.", ANALYSIS),
    "comparable": _one("Logs: auto, none, strata, classes or case_mix.", ANALYSIS),
    "exclude_judges": _many("Logs: an account that is no professional.", ANALYSIS, "--exclude-judge"),
    "estimator": _one("auto, fe, wcu, reml or gao_owen.", ANALYSIS),
    "positive": _one("This value counts as 1, all else as 0.", ANALYSIS),
    "order": _one('Grades from low to high: "a,b,c".', ANALYSIS),
    "unit": _one("Unit of the decision, such as € or months.", ANALYSIS),
    "discover": Annotated[
        bool,
        typer.Option(
            "--discover", help="Look for kinds of cases in which somebody deviates.", rich_help_panel=ANALYSIS
        ),
    ],
    "materiality": _one("Smallest gap of a group worth a flag, in the decision's unit.", ANALYSIS, float),
    "fdr": _one("Share of flags that may be chance, .05.", ANALYSIS, float),
    "confidence": _one("Confidence of intervals, .95.", ANALYSIS, float),
    "duplicates": _one("Identical rows: ask, keep or drop.", ANALYSIS),
    "encoding": _one("auto, utf-8, cp1252, utf-16, mixed, …", READING),
    "delimiter": _one("auto, ;, comma, tab, …", READING),
    "decimal": _one("auto, a comma or a point.", READING),
    "dates": _one("auto, dmy, mdy or ymd.", READING),
    "header_row": _one("auto or the row of the header.", READING),
    "sheet": _one("Sheet of a workbook.", READING),
    "na": _many("A marker for missing.", READING),
    "activity": _many("Event log: the activity that is the decision.", READING),
    "position": _one("Event log: the first, last or all such events of a case.", READING),
    "followed_by": _one("Event log: the decision is whether this activity follows.", READING),
    "max_bytes": _one("Refuse files larger than this.", READING, int),
    "show_values": Annotated[
        bool, typer.Option("--show-values", help="Show values in messages (personal data).", rich_help_panel=READING)
    ],
}
SWITCHES = ("discover", "show_values")


@dataclass
class Manner:
    """How a command speaks: language, quiet, verbose. Set before the command, or after it."""

    language: str = "en"
    quiet: bool = False
    verbose: bool = False

    def with_options(self, language: str | None, quiet: bool, verbose: bool) -> Manner:
        """This manner with what was said after the command; CallError for a language that does not exist."""
        if language not in (None, *LANGUAGES):
            raise CallError(
                "no_such_language", f"there is nothing in {language!r} yet; there is {', '.join(LANGUAGES)}"
            )
        return Manner(language or self.language, self.quiet or quiet, self.verbose or verbose)


def reads_data(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every shared option; its parameter `chosen` receives the settings that were given.

    Its own parameters come first, as they are; --config, --lang, -q and -v last, also as `config` and `manner`.
    """
    own = inspect.signature(command, eval_str=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    last = {
        "config": (ConfigFile, None),
        "lang": (Language, None),
        "quiet": (Quiet, False),
        "verbose": (Verbose, False),
    }
    handed = ("chosen", "config", "manner")
    given = [p.replace(kind=keyword) for name, p in own.parameters.items() if name not in handed]
    shared = [
        inspect.Parameter(name, keyword, default=False if name in SWITCHES else None, annotation=annotation)
        for name, annotation in SHARED.items()
    ]
    common = [inspect.Parameter(n, keyword, default=default, annotation=a) for n, (a, default) in last.items()]
    context = inspect.Parameter("context", keyword, annotation=typer.Context)

    @wraps(command)
    def run(*, context: typer.Context, **values: Any) -> None:
        chosen = settings_of({name: values.pop(name) for name in SHARED})
        how = context.obj.with_options(values.pop("lang"), values.pop("quiet"), values.pop("verbose"))
        command(**values, chosen=chosen, manner=how)

    parameters = [context, *given, *shared, *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    del run.__wrapped__  # what typer reads is the signature above
    return run


def settings_of(options: dict[str, Any]) -> dict[str, Any]:
    """Options that were given, as settings of an AuditDesign."""
    settings = {key: value for key, value in options.items() if value not in (None, [], (), False)}
    if "order" in settings:
        settings["order"] = tuple(part.strip() for part in str(settings["order"]).split(",") if part.strip())
    if str(settings.get("header_row", "auto")).isdigit():
        settings["header_row"] = int(settings["header_row"])
    return {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
