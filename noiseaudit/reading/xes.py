"""One walk through an XES file, event by event: what is read is let go, so memory does not grow with the file.

The standard library's iterparse reads it. What could cost more than the file is worth is refused: a DOCTYPE (entities
come from nowhere else), deep nesting, tags and events without end, and what `unpack` refuses (S6, S7).
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.parsers.expat import ErrorString

from noiseaudit.errors import DataError, Place, Problem
from noiseaudit.reading.unpack import chunks, opened, packing_of, refuse_other_kinds

CASE = "case:concept:name"
LONGEST_NAME = 1_000  # characters
_LONGEST_VALUE = 1 << 20  # characters
_LARGEST_TAG, _LARGEST_EVENT = 4 << 20, 16 << 20  # bytes
_DEEPEST_TAG, _DEEPEST_KEY = 64, 3
_MOST_COLUMNS, _MOST_PLACES = 2_000, 20
_HEAD_LINES, _HEAD_PIECE = 1_000, 4_096
_KINDS = frozenset({"string", "date", "int", "float", "boolean", "id", "list", "container"})
# Every step is possessive: a prolog is read once and never tried again (S8).
_PROLOG = re.compile(
    r"(?:\s++|(?><\?.*?\?>)|(?><!--.*?-->))*+<(?P<doctype>!DOCTYPE\s++)?+(?:[\w.-]++:)?+(?P<root>[\w.-]++)", re.DOTALL
)


class Record(NamedTuple):
    """One event. case: number of its case from 1, or 0 outside any; columns and their text for case and event."""

    case: int
    of_case: dict[str, str]
    of_event: dict[str, str]


class Walk:
    """The records of a file, once, and what the walk has met so far.

    columns: in order of first appearance, the case's name before all. left: finding code -> how many were left out.
    """

    def __init__(self, path: Path, max_bytes: int | None) -> None:
        self.columns: dict[str, None] = {CASE: None}
        self.traces = self.events = 0
        self.left: Counter[str] = Counter()
        self._long: dict[str, list[Place]] = {}  # column -> the first places of values that are too long
        self._times: Counter[str] = Counter()  # and how many there are
        self._source = _Source(path, max_bytes)

    def records(self) -> Iterator[Record]:
        """Every event in the order of the file. What is left out is counted; what is too large is refused."""
        with closing(self._source):
            yield from self._records()
        if self._long:
            raise self._too_long()

    def _records(self) -> Iterator[Record]:
        """Events leave the tree with all that stands before them as soon as they end, so the tree stays small.

        The parser may be ahead by some elements: what follows an event in the tree is not looked at with it.
        """
        source, depth, begin = self._source, 0, 0  # byte at which the open child of the log, or its last event, began
        path: list[Element] = []  # the open elements as far as events: log, trace, event
        case: dict[str, str] | None = None  # attributes of the open case, from its first event on
        for kind, element in _parsed(source):
            if kind == "start":
                depth += 1
                if depth > _DEEPEST_TAG or source.size - begin > _LARGEST_EVENT:
                    raise self._without_end(depth)
                if depth <= 3:
                    path[depth - 1 :] = [element]
                    if depth == 2 or _is_event(path):
                        begin = source.size
                continue
            depth -= 1
            if depth == 2 and _is_event(path):
                self.events += 1
                before = _taken(path[1], element)
                if case is None:
                    self.traces += 1
                    case = self._attributes(before, "case:", {})
                    self.left["xes_unnamed_cases"] += not case.get(CASE)
                else:
                    self.left["xes_late_attributes"] += len(before)
                yield Record(self.traces, case, self._attributes(element, "", case))
            elif depth == 1:
                tag = _tag(element)
                if tag == "event":
                    self.events += 1
                    self.left["xes_events_outside_cases"] += 1
                    yield Record(0, {}, self._attributes(element, "", {}))
                elif tag == "trace" and case is None:
                    self.traces += 1
                    self.left["xes_empty_cases"] += 1
                elif tag == "trace":
                    self.left["xes_late_attributes"] += len(element)
                    case = None
                _taken(path[0], element)

    def _without_end(self, depth: int) -> DataError:
        if depth > _DEEPEST_TAG:
            what = f"elements are nested more than {_DEEPEST_TAG} deep, at line {self._source.line + 1}."
            return refused("E106", what, "No event log is nested like that: check where it comes from.")
        what = "an event, or the attributes of a case or of the log, hold more than 16 MB"
        return _endless(what, Place(self.events + 1))

    def _attributes(self, elements: Iterable[Element], prefix: str, case: dict[str, str]) -> dict[str, str]:
        """Column -> text of the attributes of a case or an event; a key of an event may be one of its case already."""
        record: dict[str, str] = {}
        self._fill(record, elements, prefix, 1, case)
        return record

    def _fill(
        self, record: dict[str, str], elements: Iterable[Element], prefix: str, level: int, case: dict[str, str]
    ) -> None:
        for element in elements:
            key, value = element.get("key"), element.get("value")
            if key is None or _tag(element) not in _KINDS:
                if _tag(element) == "values" and level > 1:  # wraps the members of a list
                    self._fill(record, element, prefix, level, case)
                else:
                    self.left["xes_not_attributes"] += 1
                continue
            name = prefix + key
            if value is not None:
                if level > _DEEPEST_KEY:
                    self.left["xes_nested_too_deep"] += 1
                elif name in record or name in case:
                    self.left["xes_repeated_keys"] += 1
                elif len(value) > _LONGEST_VALUE or len(name) > LONGEST_NAME:
                    self._note_long(name[:LONGEST_NAME])
                else:
                    record[name] = value
                    if name not in self.columns:
                        self._add_column(name)
            if len(element):
                self._fill(record, element, f"{name}.", level + 1, case)

    def _add_column(self, name: str) -> None:
        self.columns[name] = None
        if len(self.columns) > _MOST_COLUMNS:
            what = f"the log has more than {_MOST_COLUMNS:,} different keys."
            raise refused("E308", what, "Export only the attributes that matter.")

    def _note_long(self, name: str) -> None:
        self._times[name] += 1
        places = self._long.setdefault(name, [])
        if len(places) < _MOST_PLACES:
            places.append(Place(self.events))
        if len(self._long) == _MOST_PLACES:
            raise self._too_long()

    def _too_long(self) -> DataError:
        what = f"values are longer than {_LONGEST_VALUE:,} characters, or the key than {LONGEST_NAME:,}."
        return DataError([
            Problem("E309", what, "Export the log without it.", name, places=tuple(places), total=self._times[name])
            for name, places in self._long.items()
        ])  # fmt: skip


def _tag(element: Element) -> str:
    """Without the namespace."""
    return element.tag.rpartition("}")[2]


def _is_event(path: list[Element]) -> bool:
    return len(path) == 3 and _tag(path[2]) == "event" and _tag(path[1]) == "trace"


def _taken(parent: Element, child: Element) -> list[Element]:
    """The children before this one; they and it leave the tree."""
    before = list(takewhile(lambda other: other is not child, parent))
    del parent[: len(before) + 1]
    return before


class _Source:
    """Unpacked bytes as iterparse asks for them. idle: bytes since the last tag, which must not grow without end."""

    def __init__(self, path: Path, max_bytes: int | None) -> None:
        self.size = self.line = self.idle = 0
        self._path = path
        self._pieces = chunks(path, packing_of(path), max_bytes=max_bytes)
        self._rest = memoryview(b"")

    def read(self, size: int = 1 << 14, /) -> bytes:
        """At most so many bytes; none at the end."""
        if not self._rest:
            self._rest = memoryview(self._next())
        part, self._rest = bytes(self._rest[:size]), self._rest[size:]
        self.size += len(part)
        self.idle += len(part)
        self.line += part.count(b"\n")
        if self.idle > _LARGEST_TAG:
            raise _endless(f"a tag or text of more than 4 MB ends at line {self.line + 1} or later")
        return part

    def close(self) -> None:
        """Let go of the pieces, and with them of the file."""
        self._pieces = iter(())

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except DataError as error:
            if error.code != "E105":
                raise
            lines = sum(piece.endswith(b"\n") for piece in _readable(self._path))
            raise _damaged(f"the packed file is cut off or damaged after line {lines}") from None


def _parsed(source: _Source) -> Iterator[tuple[str, Element]]:
    """Begin and end of every element; XML that is not whole is refused with its line, and without its text (S10)."""
    try:
        for kind, element in iterparse(source, events=("start", "end")):  # noqa: S314  no DOCTYPE, all sizes bounded
            source.idle = 0
            yield kind, element
    except ParseError as error:
        line, why = error.position[0], ErrorString(error.code)
        raise _damaged(f"the XML is damaged or cut off in line {line} ({why})") from None
    except (LookupError, ValueError):
        raise refused("E202", "the XML names an encoding that cannot be read.", "Export it as UTF-8.") from None


def begins_as_log(path: Path) -> bool:
    """The first tag is `<log>`; a DOCTYPE that announces one counts, so that it can be refused for what it is."""
    found = _prolog(_head(path))
    return found is not None and found["root"] == "log"


def refuse_other_files(path: Path) -> None:
    """DataError for what is empty, has a DOCTYPE, or is no XES."""
    head = _head(path)
    found = _prolog(head)
    if found is not None and found["doctype"] and found["root"].lower() != "html":
        what = "XML with a DOCTYPE is refused, because a DOCTYPE can make a small file grow without end."
        raise refused("E103", what, "An event log needs none: export it again, or delete the DOCTYPE.")
    if found is None or found["root"] != "log":
        _Source(path, None).read()  # a packed file that is damaged before its root says so here
        refuse_other_kinds(head)
        raise refused("E103", "the file is no event log: its first tag is not <log>.", "Give a file in XES.")


def _head(path: Path) -> bytes:
    return b"".join(islice(_readable(path), _HEAD_LINES))


def _prolog(head: bytes) -> re.Match[str] | None:
    """What comes up to the first tag; the encodings that expat takes are UTF-16 and those that hold ASCII."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return _PROLOG.match(head.decode("utf-16" if wide else "utf-8-sig", "replace"))


def _readable(path: Path) -> Iterator[bytes]:
    """Lines, long ones in pieces, as far as the file can be unpacked; where it cannot is for others to say."""
    packing = packing_of(path)
    broken = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError, DataError)
    with suppress(*broken), opened(path, packing) as stream:
        while piece := stream.readline(_HEAD_PIECE):
            yield piece


def refused(code: str, what: str, do: str) -> DataError:
    """The refusal of a whole file."""
    return DataError([Problem(code, what, do)])


def _damaged(what: str) -> DataError:
    return refused("E105", f"{what}; nothing of it was used.", "Export it again, or copy it again.")


def _endless(what: str, *places: Place) -> DataError:
    return DataError([Problem("E309", f"{what}.", "Export the log without it.", places=places, total=len(places))])
