"""Which letters the bytes stand for: decided on the whole file, never on a sample, and said with its evidence."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noiseaudit.errors import CallError, DataError, Place, Problem

MIXED = "mixed"  # every line in an encoding of its own
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "it begins with a UTF-8 mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "it begins with a UTF-16 mark"),
    (codecs.BOM_UTF16_BE, "utf-16", "it begins with a UTF-16 mark"),
)
_MOST_PLACES = 20
# The two bytes of a letter from 80 to 9F in UTF-8 made from Latin-1, and the letter that Windows means by that byte.
_WINDOWS = {
    bytes([0xC2, byte]): bytes([byte]).decode("cp1252", "replace").encode("utf-8") for byte in range(0x80, 0xA0)
}
_WINDOWS_BYTES = re.compile(b"\xc2[\x80-\x9f]")


@dataclass(frozen=True)
class Encoding:
    """The encoding, and why."""

    name: str
    evidence: str


def decide_encoding(pieces: Callable[[], Iterable[bytes]], asked: str) -> Encoding:
    """BOM, UTF-16 pattern, strict UTF-8 on every byte, else cp1252; or what was asked for.

    CallError for an encoding that does not exist. Lines of two encodings are refused with their numbers (E202).
    """
    if asked != "auto":
        return Encoding(asked if asked == MIXED else _known(asked), "it was asked for")
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, plain, suspect, last = True, True, False, b""
    for place, piece in enumerate(pieces()):
        if place == 0 and (found := _marked(piece)) is not None:
            return found
        if piece.isascii() and (not valid or not decoder.getstate()[0]):
            continue
        plain = False
        suspect = suspect or _has_multibyte(last + piece[:1]) or _has_multibyte(piece)
        last = piece[-1:]
        valid = valid and _decodes(decoder, piece)
        if suspect and not valid:
            break
    if plain:
        return Encoding("utf-8", "it holds plain letters only (ASCII)")
    if valid and _decodes(decoder, b"", final=True):
        return Encoding("utf-8", "all its bytes are valid UTF-8")
    if suspect:
        _refuse_two_encodings(pieces())
    return Encoding("cp1252", "its bytes are not valid UTF-8, and Windows in western Europe writes cp1252")


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _known(name: str) -> str:
    try:
        info = codecs.lookup(name)
        "a".encode(info.name)
    except (LookupError, UnicodeError, TypeError, ValueError):
        raise CallError("wrong_setting", f"unknown encoding {name!r}; try utf-8, cp1252, utf-16 or mixed") from None
    return info.name


def _marked(start: bytes) -> Encoding | None:
    for mark, name, why in _BOMS:
        if start.startswith(mark):
            return Encoding(name, why)
    head = start[:4096]
    zeros = (head[0::2].count(0), head[1::2].count(0))
    if max(zeros) > len(head) / 5 and min(zeros) < len(head) / 50:
        return Encoding("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le", "every second byte of its start is 0")
    return None


def _refuse_two_encodings(pieces: Iterable[bytes]) -> None:
    """DataError E202 where some lines with accents are UTF-8 and others are not; lists the rarer kind."""
    places: tuple[list[int], list[int]] = ([], [])
    counts = [0, 0]
    for number, line in enumerate(_lines(pieces), 1):
        if line.isascii():
            continue
        kind = 0 if _is_utf8(line) else 1
        counts[kind] += 1
        if len(places[kind]) < _MOST_PLACES:
            places[kind].append(number)
    if not all(counts):
        return
    rare = 0 if counts[0] <= counts[1] else 1
    raise DataError(
        [
            Problem(
                "E202",
                f"the file has lines in UTF-8 and lines in cp1252; these, the rarer, are {('UTF-8', 'cp1252')[rare]}.",
                "Export it again in one encoding; or give --encoding mixed to read every line in its own, "
                "--encoding cp1252 or --encoding utf-8 to force one.",
                places=tuple(Place(row, row) for row in places[rare]),
                total=counts[rare],
            )
        ]
    )


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        held.append(first)
        if others:
            yield b"".join(held)
            yield from others[:-1]
            held = others[-1:]
    yield b"".join(held)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_multibyte(data: bytes) -> bool:
    """Some two bytes could be one letter in UTF-8 (a leading byte and a following one)."""
    high = np.frombuffer(data, dtype=np.int8) < 0  # from 80 up
    if not (high[:-1] & high[1:]).any():
        return False
    codes = np.frombuffer(data, dtype=np.uint8)
    return bool(((codes[:-1] >= 0xC2) & (codes[:-1] <= 0xF4) & (codes[1:] >= 0x80) & (codes[1:] <= 0xBF)).any())


def to_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8 bytes without a mark; letters that bytes cannot stand for become U+FFFD.

    DataError E202 where a forced UTF-16 or other strict encoding does not fit at all.
    """
    if encoding == "cp1252":
        yield from (piece if piece.isascii() else _from_windows(piece) for piece in pieces)
    elif encoding == MIXED:
        yield from _line_by_line(pieces)
    else:
        yield from _decoded(pieces, encoding)


def _from_windows(piece: bytes) -> bytes:
    """cp1252 by way of Latin-1, which is many times faster than a character map."""
    text = piece.decode("latin-1").encode("utf-8")
    return _WINDOWS_BYTES.sub(lambda found: _WINDOWS[found.group()], text) if b"\xc2" in text else text


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    errors: Literal["replace", "strict"] = "replace" if encoding in ("utf-8", "utf-8-sig") else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8", "replace")
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")
    except UnicodeError as error:
        reason = getattr(error, "reason", str(error))
        raise DataError(
            [Problem("E202", f"the file does not fit encoding {encoding}: {reason}.",
                     "Leave --encoding out, or give the right one.")]
        ) from None  # fmt: skip


def _line_by_line(pieces: Iterable[bytes]) -> Iterator[bytes]:
    mark = b""
    for line in _lines(pieces):
        yield mark + (line if _is_utf8(line) else _from_windows(line))
        mark = b"\n"
