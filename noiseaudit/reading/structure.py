"""How the bytes of a text table fall into records and fields: every byte is looked at, many at a time.

A field that begins with a quote runs to the quote that closes it; two quotes inside stand for one. So a delimiter
or line end divides fields exactly where the number of quotes before it is even, as long as every quote opens,
closes or doubles. Where some quote does not, `regular` is False and `quotes.py` takes the lines one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_CHUNK, _LONGEST_CHUNK = 1 << 18, 1 << 22
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
LONGEST_FIELD, LONGEST_RECORD = 1_000_000, 16_000_000  # bytes
MOST_PLACES = 20
_ALL_BUT = {mark: bytes(set(range(256)) - {mark, _NEWLINE}) for mark in range(128)}


@dataclass
class Structure:
    """What a UTF-8 file with line ends `\\n` or `\\r\\n` holds, record by record; records count from 0, lines from 1.

    widths: number of fields -> records with that many (empty lines apart). other: first records, and their
    lines, with each width. blank: records that are empty lines. tall, lines: records over several lines, and how
    many more lines they take. longest: bytes of the longest field, with its record and line, once some line is
    longer than a field may be. nul, replaced: (count, first lines) of NUL bytes and of U+FFFD. regular: every quote
    opens, closes or doubles.
    """

    records: int = 0
    lines: int = 0
    widths: dict[int, int] = field(default_factory=dict)
    other: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    blank: list[Ints] = field(default_factory=list)
    tall: list[Ints] = field(default_factory=list)
    more_lines: list[Ints] = field(default_factory=list)
    longest: tuple[int, int, int] = (0, 0, 0)
    nul: tuple[int, list[int]] = (0, [])
    replaced: tuple[int, list[int]] = (0, [])
    regular: bool = True

    def joined(self, parts: list[Ints]) -> Ints:
        """Pieces as one array."""
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def scan(path: Path, delimiter: str, *, skip: int = 0) -> Structure:
    """Look at every byte after the first `skip` lines. Memory: a chunk, and the places of what is not plain."""
    found = Structure()
    mark = ord(delimiter)
    with path.open("rb") as raw:
        for _ in range(skip):
            raw.readline()
        found.lines = skip
        for chunk in _whole_records(raw):
            if not _scan_alike(chunk, mark, found):
                _scan_chunk(chunk, mark, found)
            if not found.regular:
                break
    return found


def _whole_records(raw: BinaryIO) -> Iterator[bytes]:
    """Chunks that end at a line end outside quotes; the last one at the end of the file, or of what may be a record."""
    rest = b""
    while piece := raw.read(max(_CHUNK, min(len(rest), _LONGEST_CHUNK))):  # what is left over is looked at again
        data = rest + piece
        cut = _end_outside_quotes(data)
        rest = data[cut:]
        if len(rest) > LONGEST_RECORD:  # more than the engine takes, so a quote is open that should not be
            break
        if cut:
            yield data[:cut]
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _end_outside_quotes(data: bytes) -> int:
    """The place after the last line end with an even number of quotes before it; 0 where there is none."""
    cut = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, cut) if b'"' in data else 0  # to find none is many times faster than to count none
    while quotes % 2:  # all line ends after the last quote are inside a field
        outside = data.rfind(b"\n", 0, data.rfind(b'"', 0, cut)) + 1
        quotes -= data.count(b'"', outside, cut)
        cut = outside
    return cut


def _scan_alike(data: bytes, mark: int, found: Structure) -> bool:
    """The common chunk: no quotes, no empty or endless lines, and the same number of delimiters in every line."""
    if b'"' in data or len(data) > LONGEST_FIELD:
        return False
    divided = data.translate(None, _ALL_BUT[mark])
    width = divided.find(b"\n") + 1
    count = len(divided) // max(width, 1)
    if width < 2 or divided != divided[:width] * count:
        return False
    found.widths[width] = found.widths.get(width, 0) + count
    listed = found.other.setdefault(width, [])
    here = range(min(count, MOST_PLACES - len(listed)))
    listed += [(found.records + record, found.lines + 1 + record) for record in here]
    _add_letters(data, found)
    found.records += count
    found.lines += count
    return True


def _scan_chunk(data: bytes, mark: int, found: Structure) -> None:
    codes = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero((codes == mark) | (codes == _NEWLINE) | (codes == _QUOTE))
    kinds = codes[places]
    quoting = kinds == _QUOTE
    if not _all_regular(codes, places[quoting], mark):
        found.regular = False
        return
    outside = ~quoting & (np.cumsum(quoting) % 2 == 0)
    tall = np.cumsum(kinds == _NEWLINE)[outside]  # line ends up to each place that divides
    places, kinds = places[outside], kinds[outside]
    last = np.flatnonzero(kinds == _NEWLINE)
    ends = places[last]
    starts = np.concatenate([[0], ends[:-1] + 1])
    before = np.concatenate([[0], tall[last][:-1]])
    lines = found.lines + 1 + before
    empty = (ends == starts) | ((ends == starts + 1) & (codes[starts] == _RETURN))
    _add_widths(np.where(empty, 0, np.diff(last, prepend=-1)), lines, found)
    _add_tall(tall[last] - before - 1, found)
    blank = np.flatnonzero(empty)
    if len(blank):
        found.blank.append(blank + found.records)
    sizes = np.diff(places, prepend=-1) - 1
    at = int(np.argmax(sizes))
    if sizes[at] > found.longest[0]:
        record = int(np.searchsorted(ends, places[at]))
        found.longest = (int(sizes[at]), found.records + record, int(lines[record]))
    _add_letters(data, found)
    found.records += len(ends)
    found.lines += int(tall[-1])


def _all_regular(codes: npt.NDArray[np.uint8], quotes: Ints, mark: int) -> bool:
    """Every opening quote begins a field, every closing one ends it; a closing and an opening one together are one."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[np.maximum(opening - 1, 0)]
    begins = (opening == 0) | (before == mark) | (before == _NEWLINE)
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    ends = (after == mark) | (after == _NEWLINE) | (after == _RETURN) | (closing == len(codes) - 1)
    double = closing[:-1] + 1 == opening[1:]
    begins[1:] |= double
    ends[:-1] |= double
    return bool(begins.all() and ends.all())


def _add_widths(fields: Ints, lines: Ints, found: Structure) -> None:
    for width, count in zip(*(part.tolist() for part in np.unique(fields, return_counts=True)), strict=True):
        if width == 0:
            continue
        found.widths[width] = found.widths.get(width, 0) + count
        listed = found.other.setdefault(width, [])
        if len(listed) < MOST_PLACES:
            here = np.flatnonzero(fields == width)[: MOST_PLACES - len(listed)]
            listed += [(int(record) + found.records, int(lines[record])) for record in here]


def _add_tall(extra: Ints, found: Structure) -> None:
    tall = np.flatnonzero(extra)
    if len(tall):
        found.tall.append(tall + found.records)
        found.more_lines.append(extra[tall])


def _add_letters(data: bytes, found: Structure) -> None:
    """Letters that no text should hold."""
    found.nul = _count(data, b"\x00", found.lines + 1, found.nul)
    if b"\xef" in data:
        found.replaced = _count(data, b"\xef\xbf\xbd", found.lines + 1, found.replaced)


def _count(data: bytes, what: bytes, first_line: int, so_far: tuple[int, list[int]]) -> tuple[int, list[int]]:
    place = data.find(what)
    count, lines = 0 if place < 0 else data.count(what), list(so_far[1])
    while place >= 0 and len(lines) < MOST_PLACES:
        lines.append(first_line + data.count(b"\n", 0, place))
        place = data.find(what, place + 1)
    return so_far[0] + count, lines
