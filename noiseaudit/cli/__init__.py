"""The command line: one file a command, no logic. Heavy imports happen inside the commands."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from noiseaudit.cli.demo import demo
from noiseaudit.cli.explain import explain
from noiseaudit.cli.init import init
from noiseaudit.cli.inspect import inspect
from noiseaudit.cli.options import Language, Manner, Quiet, Verbose
from noiseaudit.cli.report import report
from noiseaudit.cli.schema import schema

app = typer.Typer(
    name="noiseaudit",
    help="Measure noise in professional decisions: who decides is a lottery; this tells how much it matters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (report, inspect, init, demo, explain, schema):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("noiseaudit"))
        raise typer.Exit


@app.callback()
def _manner(
    context: typer.Context,
    lang: Language = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    context.obj = Manner().with_options(lang, quiet, verbose)


def _interrupted(_number: int, _frame: object) -> None:
    raise SystemExit(130)


def main() -> None:
    """Run the command line; every refusal becomes one plain message and its exit code."""
    from noiseaudit.errors import NoiseAuditError

    signal.signal(signal.SIGINT, _interrupted)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a closed pipe ends quietly, as for any filter
    try:
        app()
    except NoiseAuditError as error:
        _say(f"{error.message}\n[{error.code}]")
        sys.exit(error.exit_code)
    except Exception as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename.rsplit('noiseaudit', 1)[-1]}:{place.tb_lineno}" if place else "?"
        _say(
            f"This is a bug in noiseaudit {version('noiseaudit')}: {type(error).__name__} at {where}. "
            "Please report these words; they hold nothing of your data.\n[bug]"
        )
        sys.exit(70)


def _say(message: str) -> None:
    typer.echo("".join(ch for ch in message if ch == "\n" or ch.isprintable()), err=True)
