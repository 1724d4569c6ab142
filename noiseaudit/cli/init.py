"""noiseaudit init: a commented noiseaudit.toml that reads the file exactly as it was read just now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import say

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Else noiseaudit.toml beside the data.", rich_help_panel=o.OUTPUT)
]


@o.reads_data
def init(
    file: o.File,
    *,
    output: Output = None,
    force: o.Force = False,
    chosen: dict[str, Any],
    config: o.ConfigFile = None,
    manner: o.Manner,
) -> None:
    """Write a config with the roles and the reading that were found, each with its reason."""
    from noiseaudit.cli.source import readable
    from noiseaudit.config import FILE_NAME, config_beside
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError
    from noiseaudit.report import check_target, write_text
    from noiseaudit.report.starting_config import starting_config

    if output is None and file == "-":
        raise CallError("no_output", "say where to write the config: -o noiseaudit.toml")
    beside = Path(file) if Path(file).is_dir() else Path(file).parent
    target = output or beside / FILE_NAME
    settings = config_beside(file, config).settings if config is not None else {}
    design = AuditDesign(**(settings | chosen))
    with readable(file, max_bytes=design.max_bytes) as (path, name):
        from noiseaudit.inspection import inspect as look

        check_target(target, force=force, reads=[file])
        found = look(path, design, name=name)
    write_text(starting_config(found, design), target, force=force)
    if not manner.quiet:
        say(str(target))
    for problem in found.problems:
        say(str(problem))
    if found.problems:
        raise typer.Exit(3)
