"""Quotes that neither open nor close a field: kept as letters where that is safe, refused where it is not.

Only lines with a quote, or inside a quoted field, are taken letter by letter; the others are copied as they are.
No line is added or lost, so line numbers stay what they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from noiseaudit.errors import DataError, Place, Problem
from noiseaudit.reading.dialect import Dialect
from noiseaudit.reading.places import letter

_LONGEST = 1_000_000
_MOST_PLACES = 20


@dataclass
class Stray:
    """Quotes that were kept as letters: how many, and the first lines."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    def note(self, line: int, count: int = 1) -> None:
        """Count quotes on a line."""
        self.count += count
        if len(self.lines) < _MOST_PLACES and line not in self.lines:
            self.lines.append(line)


@dataclass
class _Quoted:
    """The field that a quote opened: what it holds so far, its line and where there, its place among the fields."""

    text: io.StringIO
    line: int
    start: int
    index: int


@dataclass
class Mender:
    """Writes a table again with every quote opening, closing or doubled; `stray` holds what it met on the way.

    DataError E212 for a quote that is never closed as it should be.
    """

    dialect: Dialect
    place: Callable[[int], Place]
    stray: Stray = field(default_factory=Stray)

    def mended(self, source: BinaryIO) -> Iterator[bytes]:
        """The lines of the file. Those above the header lose their quotes, so that each of them is one to an engine."""
        for _ in range(self.dialect.header_line - 1):
            yield source.readline().replace(b'"', b"")
        fields: list[str] = []
        quoted: _Quoted | None = None
        end = "\n"
        for number, raw in enumerate(source, self.dialect.header_line):
            if raw.endswith(b"\n"):  # the last line may have no end of its own
                end = "\r\n" if raw.endswith(b"\r\n") else "\n"
            if quoted is None and b'"' not in raw:
                yield raw
                continue
            quoted = self._line(raw.decode("utf-8").rstrip("\r\n"), number, fields, quoted)
            if quoted is None:
                mark = self.dialect.delimiter
                yield (mark.join(_written(text, mark) for text in fields) + end).encode("utf-8")
                fields.clear()
            elif quoted.text.tell() > _LONGEST:
                raise self._never_closed(quoted)
        if quoted is not None:
            raise self._never_closed(quoted)

    def _line(self, line: str, number: int, fields: list[str], quoted: _Quoted | None) -> _Quoted | None:
        """Add the fields of one line; what comes back is the field that goes on in the next line."""
        at, mark = 0, self.dialect.delimiter
        last = max(line.rfind('"' + mark), len(line) - 1 if line.endswith('"') else -1)  # quote that ends a field
        while True:
            if quoted is None and line[at : at + 1] == '"':
                quoted, at = _Quoted(io.StringIO(), number, at, len(fields)), at + 1
            if quoted is not None:
                at, closed = self._inside(line, at, number, quoted, last=last)
                if not closed:
                    quoted.text.write("\n")
                    return quoted
                fields.append(quoted.text.getvalue())
                quoted = None
            else:
                end = line.find(mark, at)
                text = line[at:] if end < 0 else line[at:end]
                if '"' in text:
                    self.stray.note(number, text.count('"'))
                fields.append(text)
                at += len(text)
            if at >= len(line):
                return None
            at += 1  # over the delimiter; the rest may be one last, empty field

    def _inside(self, line: str, at: int, number: int, quoted: _Quoted, *, last: int) -> tuple[int, bool]:
        """Read on inside a quoted field: (place after it, whether it was closed). last: quote that ends a field."""
        while True:
            quote = line.find('"', at)
            if quote < 0:
                quoted.text.write(line[at:])
                return len(line), False
            following = line[quote + 1 : quote + 2]
            quoted.text.write(line[at:quote])
            if following == '"':
                quoted.text.write('"')
                at = quote + 2
                continue
            if following in ("", self.dialect.delimiter):
                return quote + 1, True
            if number != quoted.line:  # this quote begins a later field: the field was never closed
                raise self._never_closed(quoted)
            self.stray.note(number)
            if last <= quote:  # text behind the last quote: it was no quoted field, and stays as it is written
                end = line.find(self.dialect.delimiter, quote)
                end = len(line) if end < 0 else end
                quoted.text = io.StringIO(line[quoted.start : end])
                return end, True
            quoted.text.write('"')
            at = quote + 1

    def _never_closed(self, quoted: _Quoted) -> DataError:
        header = self.dialect.header
        return DataError(
            [
                Problem(
                    "E212",
                    "a quote is opened here and never closed as it should be.",
                    'Close it, or take it away; a quote inside a value is written twice: "".',
                    column=header[quoted.index] if quoted.index < len(header) else None,
                    letter=letter(quoted.index),
                    places=(self.place(quoted.line),),
                    total=1,
                )
            ]
        )


def _written(text: str, delimiter: str) -> str:
    if '"' in text or delimiter in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
