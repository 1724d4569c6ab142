"""What a command prints: data on standard output, words on standard error, and nothing that could steer a terminal."""

from __future__ import annotations

import typer

from noiseaudit.formatting import printable


def show(text: str) -> None:
    """Data on standard output, ended by one line end."""
    typer.echo(printable(text).rstrip("\n"))


def say(message: str) -> None:
    """Words on standard error."""
    typer.echo(printable(message), err=True)
