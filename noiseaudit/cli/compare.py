"""noiseaudit compare: what changed between two audits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import show


def compare(
    context: typer.Context,
    before: Annotated[Path, typer.Argument(help="result.json of the earlier audit.", metavar="A.json")],
    after: Annotated[Path, typer.Argument(help="result.json of the later audit.", metavar="B.json")],
    lang: o.Language = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Say what changed between two audits, with an interval for each difference.

    Level noise is compared person by person where both files are for the team and made with one key.
    """
    from noiseaudit.checks.change import compare as compared
    from noiseaudit.checks.words import change_text
    from noiseaudit.result.exchange import read_result

    manner = context.obj.with_options(lang, quiet, verbose)
    show(change_text(compared(read_result(before), read_result(after)), language=manner.language))
