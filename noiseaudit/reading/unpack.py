"""The bytes of a file, unpacked where it is a gzip or a zip with one member, and never more than was allowed."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from noiseaudit.errors import DataError, Problem

Packing = Literal["plain", "gzip", "zip"]
# Small pieces use the same memory again and again. Those of a packed file are larger: where it is damaged, that is to
# be told before anything about what stands in it.
CHUNK, PACKED_CHUNK = 1 << 18, 1 << 22
_MOST_RATIO, _FREE_SIZE = 200, 50_000_000
_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"SQLite": "a SQLite database",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"{\\rtf": "a text document (RTF)",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}


def packing_of(path: Path) -> Packing:
    """How the file is packed, by its first bytes."""
    with path.open("rb") as raw:
        start = raw.read(4)
    if start[:2] == b"\x1f\x8b":
        return "gzip"
    return "zip" if start in {b"PK\x03\x04", b"PK\x05\x06"} else "plain"


@contextmanager
def opened(path: Path, packing: Packing) -> Iterator[IO[bytes]]:
    """The unpacked bytes as a stream; nothing is unpacked to disk."""
    if packing == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as stream:
            yield stream
    elif packing == "gzip":
        with gzip.open(path, "rb") as packed:
            yield cast("IO[bytes]", packed)
    else:
        with path.open("rb") as plain:
            yield plain


def chunks(path: Path, packing: Packing, *, max_bytes: int | None = None) -> Iterator[bytes]:
    """The unpacked bytes in pieces; DataError for a packed file that is cut off, damaged or a bomb."""
    size, packed_size = 0, max(path.stat().st_size, 1)
    try:
        with opened(path, packing) as stream:
            while chunk := stream.read(CHUNK if packing == "plain" else PACKED_CHUNK):
                size += len(chunk)
                if packing != "plain":
                    _refuse_bomb(size, packed_size)
                if max_bytes is not None and size > max_bytes:
                    raise DataError([too_large(max_bytes)])
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise DataError(
            [Problem("E105", f"the packed file is cut off or damaged ({error}); nothing of it was used.",
                     "Export it again, or copy it again and check that its size is the same.")]
        ) from None  # fmt: skip
    except (RuntimeError, NotImplementedError) as error:
        raise DataError([_locked() if "password" in str(error) else _method(str(error))]) from None


def too_large(max_bytes: int) -> Problem:
    """More bytes than were allowed."""
    return Problem(
        "E106",
        f"the file holds more than the {max_bytes:,} bytes that --max-bytes allows.",
        "Raise --max-bytes if it is meant to be this large.",
    )


def _refuse_bomb(size: int, packed_size: int) -> None:
    if size > _FREE_SIZE and size > _MOST_RATIO * packed_size:
        raise DataError(
            [Problem("E106", f"the file unpacks to more than {size:,} bytes, {size // packed_size} times its size.",
                     "No table packs that well: check where it comes from, or unpack it yourself.")]
        )  # fmt: skip


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    if not members:
        raise DataError([Problem("E101", "the zip file holds no file.", "Export it again.")])
    if len(members) > 1:
        names = ", ".join(repr(info.filename) for info in members[:10])
        more = f" and {len(members) - 10} more" if len(members) > 10 else ""
        raise DataError(
            [Problem("E108", f"the zip file holds {len(members)} files: {names}{more}.",
                     "Unpack it and give the one with the decisions.", total=len(members))]
        )  # fmt: skip
    if members[0].flag_bits & 1:
        raise DataError([_locked()])
    return members[0]


def _locked() -> Problem:
    return Problem("E109", "the file is protected by a password.", "Save it without a password and try again.")


def _method(said: str) -> Problem:
    return Problem("E105", f"the zip file is packed in a way that cannot be read ({said}).", "Unpack it yourself.")


def refuse_other_kinds(start: bytes) -> None:
    """DataError for the first bytes of something that is no table of text: empty, a picture, a page, a program."""
    if not start.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise DataError([Problem("E101", "the file is empty.", "Export it again and check that it holds rows.")])
    for magic, kind in _NOT_TABLES.items():
        if start.startswith(magic):
            raise DataError(
                [Problem("E103", f"the file is not a table of text but {kind}.", "Save it as CSV and try again.")]
            )
    head = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")):
        raise DataError(
            [Problem("E104", "the file is an HTML page, not a table.", "Open it and save it as CSV or xlsx.")]
        )
    if head.startswith((b"<?xml", b"<!doctype", b"<workbook")):
        raise DataError(
            [Problem("E103", "the file is XML, and no event log (XES).", "Save it as CSV or xlsx and try again.")]
        )
