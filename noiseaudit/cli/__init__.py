"""The command line: one file a command, no logic. Heavy imports happen inside the commands."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from traceback import walk_tb
from typing import Annotated

import typer

from noiseaudit.cli.check import check
from noiseaudit.cli.compare import compare
from noiseaudit.cli.demo import demo
from noiseaudit.cli.explain import explain
from noiseaudit.cli.init import init
from noiseaudit.cli.inspect import inspect
from noiseaudit.cli.options import Language, Manner, Quiet, Verbose
from noiseaudit.cli.report import report
from noiseaudit.cli.schema import schema
from noiseaudit.cli.terminal import say, show

app = typer.Typer(
    name="noiseaudit",
    help="Measure noise in professional decisions: who decides is a lottery; this tells how much it matters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (report, inspect, init, demo, check, compare, explain, schema):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        show(version("noiseaudit"))
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
        say(f"{error.message}\n[{error.code}]")
        sys.exit(error.exit_code)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic in a library written in Rust is no Exception
        say(
            f"This is a bug in noiseaudit {version('noiseaudit')}: {type(error).__name__} at {_place(error)}. "
            "Please report these words; they hold nothing of your data.\n[bug]"
        )
        sys.exit(70)


def _place(error: BaseException) -> str:
    """The last line of ours that ran, as module:line; paths could name persons."""
    frames = [(frame.f_globals.get("__name__", ""), line) for frame, line in walk_tb(error.__traceback__)]
    return next((f"{name}:{line}" for name, line in reversed(frames) if name.startswith("noiseaudit")), "?")
