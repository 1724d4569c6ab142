"""noiseaudit schema: JSON Schema of what noiseaudit reads and writes."""

from __future__ import annotations

from typing import Annotated

import typer

from noiseaudit.cli import options as o
from noiseaudit.cli.terminal import show
from noiseaudit.formatting import json_text

Which = Annotated[
    str, typer.Argument(help="config (noiseaudit.toml) or result (result.json).", metavar="config|result")
]


def schema(
    context: typer.Context,
    which: Which,
    lang: o.Language = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Print the JSON Schema of the config or of the result, for editors and for programs that read them."""
    context.obj.with_options(lang, quiet, verbose)
    if which == "config":
        from noiseaudit.config import config_schema as found
    elif which == "result":
        from noiseaudit.result.schema import result_schema as found
    else:
        from noiseaudit.errors import CallError

        raise CallError("no_such_schema", f"there is no schema {which!r}; there is config, result")
    show(json_text(found()))
