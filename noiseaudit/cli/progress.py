"""A sign of life for work that takes long: on a terminal only, after two seconds, never when quiet."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from noiseaudit.formatting import printable

_PATIENCE = 2.0


@contextmanager
def sign_of_life(label: str, *, quiet: bool) -> Iterator[None]:
    """Show a spinner on stderr while the body runs longer than two seconds."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def wait_and_show() -> None:
        if done.wait(_PATIENCE):
            return
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status(Text(printable(label))):
            done.wait()

    shown = threading.Thread(target=wait_and_show, daemon=True)
    shown.start()
    try:
        yield
    finally:
        done.set()
        shown.join()
