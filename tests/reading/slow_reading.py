"""The reading of text tables once more, slowly: one byte at a time, from the rules and not from the code."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

csv.field_size_limit(1 << 30)


@dataclass
class SlowStructure:
    """What `structure.scan` has to find, record by record."""

    widths: dict[int, int] = field(default_factory=dict)
    other: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    blank: list[int] = field(default_factory=list)
    tall: list[tuple[int, int]] = field(default_factory=list)
    longest: int = 0
    records: int = 0
    lines: int = 0


def slow_structure(data: bytes, delimiter: str, *, skip: int = 0) -> SlowStructure | None:
    """Records of lines that end in `\\n` or `\\r\\n`; None where some quote does not open, close or double."""
    found, mark, line = SlowStructure(lines=skip), ord(delimiter), skip + 1
    body = b"".join(data.splitlines(keepends=True)[skip:]) if b"\r" not in data else b"".join(_lines(data)[skip:])
    if body and not body.endswith(b"\n"):
        body += b"\n"
    state, fields, size, began = "field", 1, 0, line
    held = b""  # the bytes of the record
    for place, byte in enumerate(body):
        if state == "quoted":
            state = "quote" if byte == 34 else state
        elif (byte == 34 and state == "field") or (byte == 34 and state == "quote"):
            state = "quoted"
        elif byte == 34:
            return None
        elif byte in (mark, 10):
            found.longest = max(found.longest, size)
            state, size = "field", -1
            if byte == mark:
                fields += 1
            else:
                _record(found, held, fields, began, line)
                held, fields, began = b"", 1, line + 1
        elif state == "quote" and not (byte == 13 and body[place + 1 : place + 2] == b"\n"):
            return None
        elif state == "field":
            state = "plain"
        if not (byte == 10 and state == "field"):
            held += bytes([byte])
        size += 1
        line += byte == 10
    found.lines = line - 1
    return None if state == "quoted" else found


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _record(found: SlowStructure, held: bytes, fields: int, began: int, line: int) -> None:
    if held in (b"", b"\r"):
        found.blank.append(found.records)
    else:
        found.widths[fields] = found.widths.get(fields, 0) + 1
        found.other.setdefault(fields, []).append((found.records, began))
    if line > began:
        found.tall.append((found.records, line - began))
    found.records += 1


def slow_fields(text: str, delimiter: str) -> list[list[str]] | None:
    """Fields of every record where a quote that neither opens nor closes is a letter; None where one is never closed.

    A quote opens where a field begins. It closes before a delimiter or the end of a line. Inside, two stand for one.
    Any other quote is a letter while a closing one follows on the same line; else the field was never a quoted one, and
    is what stands there, its first quote included.
    """
    records: list[list[str]] = []
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    number = 0
    while number < len(lines):
        record, rest, first = [], lines[number], True
        while first or rest is not None:
            first = False
            if not rest.startswith('"'):
                value, mark, after = rest.partition(delimiter)
                record.append(value)
                rest = after if mark else None
                continue
            taken = _quoted(rest[1:], lines[number + 1 :], delimiter)
            if taken is None:
                return None
            value, rest, more = taken
            record.append(value)
            number += more
        records.append(record)
        number += 1
    return records


def _quoted(rest: str, following: list[str], delimiter: str) -> tuple[str, str | None, int] | None:
    """(value, what stands behind its delimiter or None at the end of a line, further lines it took)."""
    value, more, whole = "", 0, '"' + rest
    while True:
        if rest == "":
            if more == len(following):
                return None
            value, rest, more = value + "\n", following[more], more + 1
        elif rest.startswith('""'):
            value, rest = value + '"', rest[2:]
        elif rest == '"':
            return value, None, more
        elif rest.startswith('"' + delimiter):
            return value, rest[2:], more
        elif rest[0] == '"':
            if more:
                return None
            later = rest[1:]
            if later.endswith('"') or '"' + delimiter in later:
                value, rest = value + '"', later
                continue
            kept, mark, after = rest.partition(delimiter)
            return whole[: len(whole) - len(rest) + len(kept)], after if mark else None, more
        else:
            value, rest = value + rest[0], rest[1:]


def plain_csv(text: str, delimiter: str) -> list[list[str]]:
    """Records that hold something, by Python's own reader."""
    return [record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record]
