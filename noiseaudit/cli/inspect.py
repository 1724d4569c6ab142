"""noiseaudit inspect: what the file holds, how it was read, which roles fit, what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import show

Format = Annotated[str, typer.Option("--format", help="text, json, or csv (the problems).", rich_help_panel=o.OUTPUT)]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to a file instead of printing.", rich_help_panel=o.OUTPUT)
]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings count as problems: exit 3.", rich_help_panel=o.OUTPUT)]


@o.reads_data
def inspect(
    file: o.File,
    *,
    form: Format = "text",
    output: Output = None,
    strict: Strict = False,
    force: o.Force = False,
    chosen: dict[str, Any],
    config: o.ConfigFile = None,
    manner: o.Manner,
) -> None:
    """Look at a file before an audit: how it reads and on what evidence, what is wrong, what it can tell.

    No results, no guesses in silence.
    """
    from noiseaudit.cli.progress import sign_of_life
    from noiseaudit.cli.source import readable
    from noiseaudit.config import config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError
    from noiseaudit.report import check_target, write_text
    from noiseaudit.report.inspection import FORMATS, render_inspection

    if form not in FORMATS:
        raise CallError("no_such_format", f"--format is {', '.join(FORMATS)}, not {form!r}")
    asked = config_beside(file, config)
    if output is not None:
        check_target(output, force=force, reads=[file, asked.path])
    design = AuditDesign(**(asked.settings | chosen))
    with (
        readable(file, max_bytes=design.max_bytes) as (path, name),
        sign_of_life(f"noiseaudit: {name}", quiet=manner.quiet),
    ):
        from noiseaudit.inspection import inspect as look

        found = look(path, design, name=name)
    text = render_inspection(found, form, language=manner.language)
    if output is None:
        show(text)
    else:
        write_text(text, output, force=force)
    if found.problems or (strict and found.warnings):
        raise typer.Exit(3)
