"""What a command reads: a path, or standard input kept in one private copy."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noiseaudit.errors import DataError, Problem


@contextmanager
def readable(file: str) -> Iterator[tuple[str, str]]:
    """(path, name to show); standard input is copied to a file with mode 0600 that is removed again."""
    if file != "-":
        yield file, Path(file).name
        return
    if sys.stdin is None or sys.stdin.closed:
        raise DataError([Problem("E101", "standard input is closed.", "Pipe a file into the command.")])
    handle, name = tempfile.mkstemp(prefix="noiseaudit-")
    try:
        with os.fdopen(handle, "wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield name, "standard input"
    finally:
        Path(name).unlink(missing_ok=True)
