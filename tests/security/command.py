"""noiseaudit in this process, with a terminal that remembers every character it was sent; and small files for it."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from ..conftest import TOY

WRITTEN = ("html", "json", "md", "csv", "xlsx")


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal, so that nothing is stripped on the way."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", newline="", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode("utf-8")


@dataclass(frozen=True)
class Said:
    """What a command did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that reached the terminal."""
        return self.out + self.err


@contextmanager
def _signals_kept() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def run(*arguments: str, cwd: Path, stdin: bytes = b"") -> Said:
    """`noiseaudit ARGUMENTS` in a folder, on a terminal without colours."""
    from noiseaudit.cli import main

    out, err = Terminal(), Terminal()
    plain = {"TERM": "dumb", "COLUMNS": "1000", "NO_COLOR": "1"}
    before, code = Path.cwd(), 0
    os.chdir(cwd)
    try:
        with (
            _signals_kept(),
            mock.patch.object(sys, "argv", ["noiseaudit", *arguments]),
            mock.patch.object(sys, "stdin", Terminal(stdin)),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            mock.patch.dict(os.environ, plain),
        ):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os.chdir(before)
    return Said(code, out.text, err.text)


def table(*head: str, rows: list[tuple[object, ...]] | None = None) -> str:
    """A small panel as CSV under any three names."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(
        [head, *(rows or [(f"c{i}", f"j{j}", y) for i, line in enumerate(TOY) for j, y in enumerate(line)])]
    )
    return out.getvalue()


def outputs(stem: str, *suffixes: str) -> list[str]:
    return [part for suffix in suffixes for part in ("-o", f"{stem}.{suffix}")]
