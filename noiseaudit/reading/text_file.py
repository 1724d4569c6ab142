"""A text file as UTF-8 with a known dialect: decided on the whole file, never on a sample of its bytes."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem

_CHUNK = 1 << 20
_DELIMITERS = (";", ",", "\t", "|")
_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite": "a SQLite database",
}
_MOST_RATIO, _FREE_SIZE = 200, 50_000_000


@dataclass(frozen=True)
class TextFile:
    """A UTF-8 file on disk, its dialect, and what was decided on the way.

    path: the file itself, or a private copy that the owner removes (`copied`). skip: lines before the header.
    header_row: 1-based line of the header. blank: empty lines, which are no rows.
    """

    path: Path
    copied: bool
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_row: int
    blank: int
    sha256: str


def open_text(path: Path, design: AuditDesign) -> TextFile:
    """Find encoding, delimiter and header; copy to UTF-8 only where the file is not plain UTF-8 already."""
    packed = _starts(path, b"\x1f\x8b")
    if design.max_bytes is not None and path.stat().st_size > design.max_bytes:
        raise DataError([Problem("E106", f"the file has more than {design.max_bytes:,} bytes.", "Raise --max-bytes.")])
    _refuse_other_kinds(path, packed)
    encoding = _encoding(path, packed, design)
    digest, blank, size = hashlib.sha256(), 0, 0
    with path.open("rb") as raw:
        while chunk := raw.read(_CHUNK):
            digest.update(chunk)
    copied = packed or encoding not in ("utf-8",)
    target = path
    if copied:
        handle, name = tempfile.mkstemp(prefix="noiseaudit-", suffix=".csv")  # mkstemp makes mode 0600
        target = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                for text in _decoded(path, packed, encoding, design.max_bytes):
                    out.write(text.encode("utf-8"))
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    try:
        with target.open("rb") as plain:
            tail = b""
            while chunk := plain.read(_CHUNK):
                size += len(chunk)
                blank += _blank_lines(tail + chunk) - _blank_lines(tail)
                tail = (tail + chunk)[-2:]
        delimiter, header, header_row = _dialect(target, design)
    except BaseException:
        if copied:
            target.unlink(missing_ok=True)
        raise
    return TextFile(target, copied, encoding, delimiter, header, header_row, blank, digest.hexdigest())


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as raw:
        return raw.read(len(magic)) == magic


def _blank_lines(data: bytes) -> int:
    return data.count(b"\n\n") + data.count(b"\n\r\n")


def _refuse_other_kinds(path: Path, packed: bool) -> None:
    with _binary(path, packed) as source:
        try:
            start = source.read(512)
        except (EOFError, OSError) as error:
            raise DataError(
                [Problem("E105", f"the gzip file is cut off or damaged ({error}).", "Export it again.")]
            ) from None
    if not start.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise DataError([Problem("E101", "the file is empty.", "Export it again and check that it holds rows.")])
    for magic, kind in _NOT_TABLES.items():
        if start.startswith(magic):
            raise DataError(
                [Problem("E103", f"the file is not a table of text but {kind}.", "Save it as CSV and try again.")]
            )
    if start.lstrip().lower().startswith((b"<html", b"<!doctype", b"<table")):
        raise DataError([Problem("E104", "the file is an HTML page, not a table.", "Open it and save it as CSV.")])


def _binary(path: Path, packed: bool) -> BinaryIO:
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _encoding(path: Path, packed: bool, design: AuditDesign) -> str:
    """BOM, strict UTF-8, UTF-16 pattern, else cp1252: on every byte of the file."""
    if design.encoding != "auto":
        try:
            return codecs.lookup(design.encoding).name
        except LookupError:
            raise CallError(
                "wrong_setting", f"unknown encoding {design.encoding!r}; try utf-8, cp1252 or utf-16"
            ) from None
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _binary(path, packed) as source:
        start = source.read(4096)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name
        zeros = (start[0::2].count(0), start[1::2].count(0))
        if max(zeros) > len(start) / 5:
            return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        try:
            chunk = start
            while chunk:
                decoder.decode(chunk)
                chunk = source.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
        except (EOFError, OSError) as error:
            raise DataError([Problem("E105", f"the gzip file is cut off ({error}).", "Export it again.")]) from None
    return "utf-8"


def _decoded(path: Path, packed: bool, encoding: str, max_bytes: int | None) -> Iterator[str]:
    """The file's text, with line ends as `\\n`; refuses decompression bombs and bytes that do not fit."""
    decoder = codecs.getincrementaldecoder(encoding)("replace" if encoding == "cp1252" else "strict")
    size, packed_size = 0, max(path.stat().st_size, 1)
    with _binary(path, packed) as source:
        while True:
            try:
                chunk = source.read(_CHUNK)
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise DataError(
                    [
                        Problem(
                            "E202",
                            f"the file does not fit encoding {encoding}: {error.reason}.",
                            "Give the right one with --encoding.",
                        )
                    ]
                ) from None
            except (EOFError, OSError) as error:
                raise DataError([Problem("E105", f"the gzip file is cut off ({error}).", "Export it again.")]) from None
            size += len(chunk)
            bomb = packed and size > _FREE_SIZE and size > _MOST_RATIO * packed_size
            if bomb or (max_bytes is not None and size > max_bytes):
                raise DataError(
                    [
                        Problem(
                            "E106",
                            f"the file unpacks to more than {size:,} bytes.",
                            "Check the file; raise --max-bytes if it is meant to be this large.",
                        )
                    ]
                )
            if text:
                yield text
            if not chunk:
                return


def _dialect(path: Path, design: AuditDesign) -> tuple[str, tuple[str, ...], int]:
    """(delimiter, header, header row): the delimiter that cuts most lines into one and the same number of fields."""
    with path.open("r", encoding="utf-8", newline="") as text:
        sample = text.read(256_000)
    lines = sample.splitlines()[:400]
    announced = lines[0].strip().strip('"') if lines else ""
    stated = announced[4:5] if announced.lower().startswith("sep=") else None
    if design.delimiter != "auto":
        delimiter = _NAMED.get(design.delimiter, design.delimiter)
        if len(delimiter) != 1:
            raise CallError("wrong_setting", f"the delimiter is one character, not {design.delimiter!r}")
    else:
        delimiter = stated or max(_DELIMITERS, key=lambda mark: _regularity(lines, mark))
    width = Counter(_fields(line, delimiter) for line in lines[1 if stated else 0 :] if line.strip()).most_common(1)
    wanted = width[0][0] if width else 1
    if design.header_row != "auto":
        row = design.header_row
    else:
        row = next(
            (
                i
                for i, line in enumerate(lines, 1)
                if line.strip() and _fields(line, delimiter) == wanted and not (stated and i == 1)
            ),
            1,
        )
    if row < 1 or row > len(lines):
        raise CallError("wrong_setting", f"there is no row {row} to be the header")
    reader = csv.reader(sample.splitlines(keepends=True)[row - 1 :], delimiter=delimiter)
    header = tuple(name.strip() for name in next(reader))
    return delimiter, header, row


def _fields(line: str, delimiter: str) -> int:
    """Fields of one line, counting no delimiter inside quotes."""
    parts = line.split('"')
    return 1 + sum(part.count(delimiter) for part in parts[0::2])


def _regularity(lines: list[str], delimiter: str) -> tuple[float, int]:
    counts = Counter(_fields(line, delimiter) for line in lines if line.strip())
    counts.pop(1, None)
    if not counts:
        return (0.0, 0)
    width, often = counts.most_common(1)[0]
    return (often / max(1, len(lines)), width)


def ragged_rows(file: TextFile, *, most: int = 20) -> Problem:
    """Why the table would not parse: every row with another number of fields, or the quote that never closes."""
    width, rows, total, last = len(file.header), [], 0, file.header_row
    with file.path.open("r", encoding="utf-8", newline="") as text:
        for _ in range(file.header_row - 1):
            next(text)
        reader = csv.reader(text, delimiter=file.delimiter, strict=True)
        try:
            next(reader)
            for fields in reader:
                if fields and len(fields) != width:
                    total += 1
                    if total <= most:
                        rows.append(last + file.header_row)
                last = reader.line_num
        except csv.Error as error:
            return Problem(
                "E212",
                f"a quote is opened and never closed as it should be ({error}).",
                "Mend the quotes in that row.",
                rows=(last + file.header_row,),
                total=1,
            )
    if total:
        return Problem(
            "E301",
            f"{total} rows do not have the {width} fields of the header.",
            "Put quotes around values that hold the delimiter, or export again.",
            rows=tuple(rows),
            total=total,
        )
    return Problem("E212", "the table cannot be cut into rows.", "Check quotes and delimiters, or export it again.")
