"""What a command reads: a path, or standard input kept in one private copy."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noiseaudit.errors import DataError, Problem

_PIECE = 1 << 20


@contextmanager
def readable(file: str, *, max_bytes: int | None = None) -> Iterator[tuple[str, str]]:
    """(path, name to show); standard input is copied to a file with mode 0600 that is removed again.

    DataError where it is closed, or holds more than max_bytes.
    """
    if file != "-":
        yield file, Path(file).resolve().name
        return
    if sys.stdin is None or sys.stdin.closed:
        raise DataError([Problem("E101", "standard input is closed.", "Pipe a file into the command.")])
    handle, name = tempfile.mkstemp(prefix="noiseaudit-")
    try:
        with os.fdopen(handle, "wb") as copy:
            size = 0
            while piece := sys.stdin.buffer.read(_PIECE):
                size += len(piece)
                if max_bytes is not None and size > max_bytes:
                    from noiseaudit.reading.unpack import too_large

                    raise DataError([too_large(max_bytes)])
                copy.write(piece)
        yield name, "standard input"
    except OSError as error:
        if error.errno not in (9, 5):  # the stream was closed under us
            raise
        raise DataError([Problem("E101", "standard input is closed.", "Pipe a file into the command.")]) from None
    finally:
        Path(name).unlink(missing_ok=True)
