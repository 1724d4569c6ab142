"""From a data row to the place where its owner finds it: row of the file, row in Excel, file of a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from noiseaudit.errors import Place

Rows = npt.NDArray[np.int64]


def _none() -> Rows:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Places:
    """Data row r (1, 2, … over the records that hold something) -> Place.

    first: file row of data row 1, less one, if nothing lay between; excel: the same in Excel, None where there is
    none. blank: for every empty record, the number of data rows before it, ascending. tall: data rows that run
    over several lines of the file, ascending; lines: how many more they take.
    """

    first: int = 0
    excel: int | None = None
    blank: Rows = field(default_factory=_none)
    tall: Rows = field(default_factory=_none)
    lines: Rows = field(default_factory=_none)

    def of(self, row: int) -> Place:
        """The place of one data row; a record over several lines stands where it begins."""
        empty = int(np.searchsorted(self.blank, row, side="left"))
        more = int(self.lines[: np.searchsorted(self.tall, row, side="left")].sum())
        excel = None if self.excel is None else self.excel + row + empty
        return Place(self.first + row + empty + more, excel)


class Locator(Protocol):
    """From a data row to the place where its owner finds it."""

    def of(self, row: int) -> Place:
        """The place of a data row."""
        ...


@dataclass(frozen=True)
class ManyPlaces:
    """Places of several files behind one another. starts: data rows before each file; names: of the files."""

    parts: tuple[Locator, ...]
    starts: tuple[int, ...]
    names: tuple[str, ...]

    def of(self, row: int) -> Place:
        """The place of one data row, with its file."""
        which = int(np.searchsorted(np.asarray(self.starts), row, side="left")) - 1
        place = self.parts[which].of(row - self.starts[which])
        return Place(place.row, place.excel, self.names[which])


def letter(index: int) -> str:
    """Excel's letters of a column, counted from 0: A, …, Z, AA, …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
