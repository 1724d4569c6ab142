"""How the bytes of a text table fall into records and fields: every byte is looked at, many at a time.

A field that begins with a quote runs to the quote that closes it; two quotes inside stand for one. So a delimiter
or line end divides fields exactly where the number of quotes before it is even, as long as every quote opens,
closes or doubles. Where some quote does not, `regular` is False and `quotes.py` takes the lines one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_CHUNK = 1 << 24
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
MOST_PLACES = 20


@dataclass
class Structure:
    """What a UTF-8 file with line ends `\\n` or `\\r\\n` holds, record by record; records count from 0, lines from 1.

    widths: number of fields -> records with that many (empty lines apart). other: first records, and their
    lines, with each width. blank: records that are empty lines. tall, lines: records over several lines, and how
    many more lines they take. longest: bytes of the longest field, with its record and line. nul, replaced:
    (count, first lines) of NUL bytes and of U+FFFD. regular: every quote opens, closes or doubles.
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
    quotes: int = 0
    regular: bool = True

    def joined(self, parts: list[Ints]) -> Ints:
        """Pieces as one array."""
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def scan(path: Path, delimiter: str, *, skip: int = 0) -> Structure:
    """Look at every byte after the first `skip` lines. Memory: a chunk, and the places of what is not plain."""
    found = Structure()
    mark = ord(delimiter)
    carry = b""
    with path.open("rb") as raw:
        for _ in range(skip):
            raw.readline()
        found.lines = skip
        for chunk in _whole_records(raw, found):
            _scan_chunk(chunk, mark, found)
            carry = chunk
            if not found.regular:
                break
    if found.regular and carry and found.quotes % 2:
        found.regular = False
    return found


def _whole_records(raw: object, found: Structure) -> Iterator[bytes]:
    """Chunks that end at a line end outside quotes (the last one: at the end of the file)."""
    rest = b""
    while True:
        piece = raw.read(_CHUNK)  # type: ignore[attr-defined]
        data = rest + piece
        if not piece:
            if data:
                yield data if data.endswith(b"\n") else data + b"\n"
            return
        cut = data.rfind(b"\n") + 1
        while cut and data.count(b'"', 0, cut) % 2:  # inside a quoted field: go back to a line end outside
            cut = data.rfind(b"\n", 0, cut - 1) + 1
        rest = data[cut:]
        if cut:
            yield data[:cut]


def _scan_chunk(data: bytes, mark: int, found: Structure) -> None:
    codes = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero((codes == mark) | (codes == _NEWLINE))
    if b'"' in data:
        quotes = np.flatnonzero(codes == _QUOTE)
        found.quotes += len(quotes)
        if len(quotes) % 2 or not _all_regular(codes, quotes, mark):
            found.regular = False
            return
        places = places[np.searchsorted(quotes, places) % 2 == 0]
    newline = np.flatnonzero(codes[places] == _NEWLINE)
    ends = places[newline]
    starts = np.concatenate([[0], ends[:-1] + 1])
    fields = np.diff(newline, prepend=-1)
    empty = (ends == starts) | ((ends == starts + 1) & (codes[starts] == _RETURN))
    first_line = found.lines + 1
    if len(ends) and b'"' in data:
        lines = np.searchsorted(np.flatnonzero(codes == _NEWLINE), starts)
        extra = np.diff(np.concatenate([lines, [data.count(b"\n")]])) - 1
        _add_tall(extra, found)
    else:
        lines = np.arange(len(ends))
    _add_widths(np.where(empty, 0, fields), lines + first_line, found)
    blank = np.flatnonzero(empty)
    if len(blank):
        found.blank.append(blank + found.records)
    sizes = np.diff(places, prepend=-1) - 1
    if len(sizes):
        at = int(np.argmax(sizes))
        if sizes[at] > found.longest[0]:
            record = int(np.searchsorted(ends, places[at]))
            found.longest = (int(sizes[at]), found.records + record, int(lines[record]) + first_line)
    found.nul = _count(data, b"\x00", first_line, found.nul)
    found.replaced = _count(data, b"\xef\xbf\xbd", first_line, found.replaced)
    found.records += len(ends)
    found.lines += data.count(b"\n")


def _all_regular(codes: npt.NDArray[np.uint8], quotes: Ints, mark: int) -> bool:
    """Every opening quote begins a field, every closing one ends it; a closing and an opening one together are one."""
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


def _count(data: bytes, what: bytes, first_line: int, so_far: tuple[int, list[int]]) -> tuple[int, list[int]]:
    count, lines = data.count(what), list(so_far[1])
    place = data.find(what) if count else -1
    while place >= 0 and len(lines) < MOST_PLACES:
        lines.append(first_line + data.count(b"\n", 0, place))
        place = data.find(what, place + 1)
    return so_far[0] + count, lines
