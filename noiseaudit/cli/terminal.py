"""What a command prints: data on standard output, words on standard error, and nothing that could steer a terminal."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import typer

from noiseaudit.formatting import printable


def show(text: str) -> None:
    """Data on standard output, ended by one line end; CallError where they do not get there."""
    try:
        typer.echo(printable(text).rstrip("\n"))
    except OSError as error:
        from noiseaudit.errors import CallError

        with suppress(OSError):  # what is left in the buffer is not tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CallError("cannot_write", f"cannot write to standard output: {error.strerror}") from None


def say(message: str) -> None:
    """Words on standard error, where anybody listens."""
    with suppress(OSError):
        typer.echo(printable(message), err=True)
