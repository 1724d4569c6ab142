"""What a demo consists of, and how an office writes amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NOTE = "A made-up export for noiseaudit. Nobody in it exists. truth.json holds the noise that was built in.\n"


@dataclass(frozen=True)
class Demo:
    """An export (written in cp1252), its noiseaudit.toml, the built-in noise by part, and a note for the reader.

    truth: parts of the noise with their SD; of groups, who deviates.
    """

    export: str
    config: str
    truth: Mapping[str, object]
    note: str = NOTE


def amount(value: float) -> str:
    """1234.5 -> 1.234,50"""
    whole, cents = f"{value:,.2f}".split(".")
    return f"{whole.replace(',', '.')},{cents}"
