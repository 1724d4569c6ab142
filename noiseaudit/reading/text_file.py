"""A text file as UTF-8 records with a known dialect: every byte looked at, every decision with its evidence."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError
from noiseaudit.reading.dialect import Dialect, find_dialect
from noiseaudit.reading.encoding import Encoding, decide_encoding, to_utf8
from noiseaudit.reading.places import Places
from noiseaudit.reading.quotes import Mender, Stray
from noiseaudit.reading.records import Records
from noiseaudit.reading.structure import scan
from noiseaudit.reading.table import sha256_of
from noiseaudit.reading.unpack import chunks, packing_of, refuse_other_kinds, too_large
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

_HEAD = 256_000
_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True)
class TextFile:
    """A UTF-8 file on disk that an engine can cut into records without a guess.

    path: the file itself, or the last of the private copies, which the owner removes. skip: records up to the header
    and with it, each line above it as one. rows: records after it that hold something; blank: empty ones.
    reading: what repeats the reading; evidence: why, by setting.
    """

    path: Path
    copies: tuple[Path, ...]
    delimiter: str
    header: tuple[str, ...]
    skip: int
    rows: int
    blank: int
    places: Places
    sha256: str
    reading: dict[str, object]
    evidence: dict[str, str]
    findings: tuple[Finding, ...]


@dataclass
class _LineEnds:
    """How lines end, counted over pieces."""

    both: int = 0  # \r\n
    feed: int = 0  # \n alone
    back: int = 0  # \r alone

    @property
    def plain(self) -> bool:
        """One kind, and one that an engine cuts records at."""
        return not self.back and not (self.both and self.feed)

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the pieces on as they are."""
        open_end = False
        for piece in pieces:
            codes = np.frombuffer(piece, dtype=np.uint8)
            feeds = codes == _NEWLINE
            across = open_end and piece.startswith(b"\n")  # \r\n over the border of two pieces
            both, backs = int(across), -int(across)
            if b"\r" in piece:
                returns = codes == _RETURN
                within = int(np.count_nonzero(returns[:-1] & feeds[1:]))
                both, backs = both + within, backs + int(np.count_nonzero(returns)) - within
            self.both += both
            self.feed += int(np.count_nonzero(feeds)) - both
            self.back += backs
            open_end = piece.endswith(b"\r") if piece else open_end
            yield piece


def _unified(path: Path) -> Iterator[bytes]:
    """A file with `\\n` for whatever ends a line."""
    held = b""
    for piece in chunks(path, "plain"):
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""
        yield text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    yield held.replace(b"\r", b"\n")


def open_text(path: Path, design: AuditDesign) -> TextFile:
    """Decide encoding and dialect, check every record; copy to UTF-8 only where the file is not plain UTF-8 already.

    DataError with the code and the rows of whatever cannot be read as one table.
    """
    if design.max_bytes is not None and path.stat().st_size > design.max_bytes:
        raise DataError([too_large(design.max_bytes)])
    packing = packing_of(path)
    pieces = partial(chunks, path, packing, max_bytes=design.max_bytes)  # the bytes are read twice or more
    refuse_other_kinds(next(pieces(), b"")[:4096])
    encoding = decide_encoding(pieces, design.encoding)
    ends = _LineEnds()
    copies: list[Path] = []
    try:
        target = path
        if packing == "plain" and encoding.name == "utf-8":
            deque(ends.counted(pieces()), maxlen=0)
        else:
            target = private_copy(ends.counted(to_utf8(pieces(), encoding.name)), keep=copies)
        if not ends.plain:
            target = private_copy(_unified(target), keep=copies)
        dialect = find_dialect(_head(target), design)
        structure = scan(target, dialect.delimiter, skip=dialect.header_line - 1)
        records = Records(target, dialect, structure)
        stray = Stray()
        if not structure.regular or dialect.quoted_above:
            mender = Mender(dialect, records.place_of_line, stray)
            with target.open("rb") as source:
                target = private_copy(mender.mended(source), keep=copies)
            records = Records(target, dialect, scan(target, dialect.delimiter, skip=dialect.header_line - 1))
        if problems := records.problems():
            raise DataError(problems)
    except BaseException:
        for copy in copies:
            copy.unlink(missing_ok=True)
        raise
    reading = {"encoding": encoding.name, "delimiter": dialect.delimiter, "header_row": dialect.header_line}
    return TextFile(
        path=target,
        copies=tuple(copies),
        delimiter=dialect.delimiter,
        header=dialect.header,
        skip=dialect.header_line,
        rows=records.rows,
        blank=records.blank,
        places=records.places(),
        sha256=sha256_of(path),
        reading=reading,
        evidence={"encoding": encoding.evidence, **dialect.evidence},
        findings=tuple(_said(encoding, dialect, records, ends, stray)),
    )


def _said(encoding: Encoding, dialect: Dialect, records: Records, ends: _LineEnds, stray: Stray) -> Iterator[Finding]:
    """What was met on the way, aloud."""
    if encoding.name not in ("utf-8", "utf-8-sig"):
        yield finding("W201", encoding=encoding.name, because=encoding.evidence)
    count, lines = records.structure.replaced
    if count:
        yield finding("W205", "warning", n=count, rows=_listed(lines))
    if dialect.header_line > 1 + dialect.announced:
        yield finding("W210", row=dialect.header_line, because=dialect.evidence["header_row"])
    kinds = sum(kind > 0 for kind in (ends.both, ends.feed, ends.back))
    if kinds > 1 and ends.feed != records.lines_inside:  # Excel ends records and cells in ways of their own
        yield finding("W211", "warning", both=ends.both, feed=ends.feed, back=ends.back)
    if stray.count:
        yield finding("W213", "warning", n=stray.count, rows=_listed(stray.lines))


def _listed(lines: list[int]) -> str:
    return ", ".join(map(str, lines[:10])) + (", …" if len(lines) > 10 else "")


def _head(target: Path) -> str:
    """Whole lines from the start of the file, as text."""
    with target.open("rb") as raw:
        head, more = raw.read(_HEAD), raw.read(1)
    cut = head.rfind(b"\n") if more else -1
    return (head[: cut + 1] if cut >= 0 else head).decode("utf-8", "ignore")


def private_copy(pieces: Iterable[bytes], *, keep: list[Path]) -> Path:
    """Bytes in a temporary file of this user's own (mode 0600); whoever holds `keep` removes it."""
    handle, name = tempfile.mkstemp(prefix="noiseaudit-", suffix=".csv")  # mkstemp makes mode 0600
    keep.append(Path(name))
    with os.fdopen(handle, "wb") as out:
        out.writelines(pieces)
    return Path(name)
