"""The records of a text table: whether they are one table, and where each of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from noiseaudit.errors import Place, Problem
from noiseaudit.reading.dialect import Dialect
from noiseaudit.reading.places import Places, letter
from noiseaudit.reading.structure import LONGEST_FIELD, Structure

MOST_COLUMNS = 2000
_MOST_PLACES = 20


@dataclass(frozen=True)
class Records:
    """A scanned file with its dialect. Record 0 of the scan is the header; records count empty ones too."""

    path: Path
    dialect: Dialect
    structure: Structure

    @property
    def blank(self) -> int:
        """Empty records after the header."""
        return sum(map(len, self.structure.blank))

    @property
    def rows(self) -> int:
        """Records after the header that hold something."""
        return max(0, self.structure.records - 1 - self.blank)

    @property
    def lines_inside(self) -> int:
        """Line ends inside quoted fields."""
        return int(self.structure.joined(self.structure.more_lines).sum())

    def _excel(self, record: int) -> int:
        """Excel's row of a record: a field over several lines is one row there, and `sep=;` is not shown."""
        return self.dialect.header_line - self.dialect.announced + record

    def place_of_line(self, line: int) -> Place:
        """The place of a line of the file: its record is as many lines further up as records before it are tall."""
        tall = self.structure.joined(self.structure.tall)
        more = self.structure.joined(self.structure.more_lines)
        begins = self.dialect.header_line + tall + np.concatenate([[0], np.cumsum(more)[:-1]]) if len(tall) else tall
        before = int(more[: np.searchsorted(begins + more, line, side="left")].sum()) if len(tall) else 0
        inside = line - before
        if len(tall):
            at = int(np.searchsorted(begins, line, side="right")) - 1
            if at >= 0 and line <= begins[at] + more[at]:  # within a tall record
                return Place(line, self._excel(int(tall[at])))
        return Place(line, self._excel(inside - self.dialect.header_line))

    def places(self) -> Places:
        """Where data rows stand; data row 1 is the first record after the header that holds something."""
        blank = self.structure.joined(self.structure.blank)
        tall = self.structure.joined(self.structure.tall)
        more = self.structure.joined(self.structure.more_lines)
        header_more, of_data = int(more[tall == 0].sum()), tall > 0
        return Places(
            first=self.dialect.header_line + header_more,
            excel=self._excel(0),
            blank=blank - 1 - np.arange(len(blank)),
            tall=tall[of_data] - np.searchsorted(blank, tall[of_data]),
            lines=more[of_data],
        )

    def problems(self) -> list[Problem]:
        """Everything that keeps the records from being one table, with the places."""
        if len(self.dialect.header) > MOST_COLUMNS:
            return [
                Problem("E308",
                        f"the table has {len(self.dialect.header):,} columns; up to {MOST_COLUMNS:,} can be read.",
                        "Export only the columns of case, professional and decision, and those you need.")
            ]  # fmt: skip
        return [*self._nul(), *self._too_long(), *self._widths()]

    def _nul(self) -> list[Problem]:
        count, lines = self.structure.nul
        if not count:
            return []
        with self.path.open("rb") as raw:
            for _ in range(lines[0] - 1):
                raw.readline()
            text = raw.readline()
        index = text[: text.find(b"\x00")].count(self.dialect.delimiter.encode())
        header = self.dialect.header
        return [
            Problem("E204", "a NUL character stands here, which no text holds: the export is damaged.",
                    "Export it again.", column=header[index] if index < len(header) else None, letter=letter(index),
                    places=tuple(self.place_of_line(line) for line in lines), total=count)
        ]  # fmt: skip

    def _too_long(self) -> list[Problem]:
        size, record, line = self.structure.longest
        if size <= LONGEST_FIELD:
            return []
        return [
            Problem("E309", f"a field of {size:,} bytes stands here; up to {LONGEST_FIELD:,} can be read.",
                    "Look for a quote that is never closed, or leave that column out of the export.",
                    places=(Place(line, self._excel(record)),), total=1)
        ]  # fmt: skip

    def _widths(self) -> list[Problem]:
        width = len(self.dialect.header)
        counts = dict(self.structure.widths)
        counts[width] = counts.get(width, 1) - 1  # the header itself
        wrong = {fields: n for fields, n in counts.items() if fields != width and n}
        total = sum(wrong.values())
        if not total:
            return []
        if len(wrong) == 1 and not counts[width] and total > 1:
            return [
                Problem("E302", f"the header has {width} fields and every row has {next(iter(wrong))}.",
                        "Give every column a name, or say where the header stands with --header-row.", total=total)
            ]  # fmt: skip
        listed = sorted(place for fields in wrong for place in self.structure.other[fields])[:_MOST_PLACES]
        found = " or ".join(map(str, sorted(wrong)))
        rows = "1 row does" if total == 1 else f"{total:,} rows do"
        return [
            Problem("E301", f"{rows} not have the {width} fields of the header, but {found}.",
                    "Put quotes around values that hold the delimiter, or export again.",
                    places=tuple(Place(line, self._excel(record)) for record, line in listed), total=total)
        ]  # fmt: skip
