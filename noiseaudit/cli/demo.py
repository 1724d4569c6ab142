"""noiseaudit demo: a realistic synthetic export with known truth, and its config."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import say


def demo(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")],
    name: Annotated[
        str,
        typer.Argument(
            help="panel (amounts), yes-no, log (each case decided once), groups or groups-log (who deviates).",
            metavar="[NAME]",
        ),
    ] = "panel",
    force: o.Force = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a made-up export, its noiseaudit.toml and the truth behind it. Nobody in it exists."""
    from noiseaudit.simulation.demo import write_demo

    written = write_demo(output, name=name, force=force)
    if not (quiet or context.obj.quiet):
        for path in written:
            say(str(path))
        say(f"Now try: noiseaudit report {written[0]} -o report.html")
