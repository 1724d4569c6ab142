"""noiseaudit explain: a code or a term in plain words."""

from __future__ import annotations

from typing import Annotated

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import show

Asked = Annotated[
    list[str] | None,
    typer.Argument(help="A code (E301), an exit code (exit 3) or a term (level noise).", metavar="[CODE|TERM]"),
]


def explain(
    context: typer.Context,
    asked: Asked = None,
    lang: o.Language = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Say what a code or a term means, why it matters and what to do; without one, list all codes."""
    from noiseaudit.explanations import all_lines, full_text

    language = context.obj.with_options(lang, quiet, verbose).language
    show(full_text(" ".join(asked), language=language) if asked else all_lines(language=language))
