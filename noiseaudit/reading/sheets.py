"""Rows that are no lines of text (a sheet, an event log) as a private text file, with the same rules and account."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Place, Problem
from noiseaudit.reading.dialect import find_header
from noiseaudit.reading.event_log import CASE, JUDGE, TIME, Choice, decisions, open_event_log
from noiseaudit.reading.places import Places
from noiseaudit.reading.records import MOST_COLUMNS
from noiseaudit.reading.structure import LONGEST_FIELD
from noiseaudit.reading.table import Table, sha256_of, text_view
from noiseaudit.reading.text_file import private_copy
from noiseaudit.reading.workbook import open_workbook
from noiseaudit.result.findings import finding

_HEAD_ROWS = 400
Row = tuple[int, list[str]]


def open_sheet(con: duckdb.DuckDBPyConnection, path: Path, design: AuditDesign, copies: list[Path]) -> Table:
    """One sheet of a workbook as a table; which one, and what it hides, is said."""
    book = open_workbook(path, sheet=design.sheet, max_bytes=design.max_bytes)
    findings = list(book.findings)
    if path.suffix.lower() not in (f".{book.kind}", ".xlsm", ".xltx", ".xlsb"):
        findings.append(finding("W110", "warning", kind=book.kind, name=path.suffix or "no suffix"))
    table = _rows_view(con, book.rows, design, copies)
    reading: dict[str, object] = {"sheet": book.sheet, **table.reading}
    return replace(
        table, name=path.name, kind="sheet", sha256=sha256_of(path), reading=reading, findings=findings + table.findings
    )


def open_events(con: duckdb.DuckDBPyConnection, path: Path, design: AuditDesign, copies: list[Path]) -> Table:
    """An event log as a table: every event a row, or the decisions that the design chooses among them."""
    log = open_event_log(path, max_bytes=design.max_bytes)
    header, rows, left_out, roles = log.header, log.rows, {}, {"case": CASE, "judge": JUDGE}
    reading: dict[str, object] = {}
    if design.activity or design.followed_by is not None:
        choice = Choice(
            decision=None if design.followed_by is not None else design.decision,
            followed_by=design.followed_by,
            activities=design.activity,
            position=design.position,
            judge=design.judge or JUDGE,
            case=design.case or CASE,
            time=design.time or TIME,
        )
        chosen = decisions(log, choice)
        decided = choice.decision or f"followed by {choice.followed_by}"
        header = (choice.case, choice.judge, decided, choice.time, *chosen.header[4:])
        rows, left_out = chosen.rows, {part.code: part.n for part in chosen.left_out}
        roles = {"case": choice.case, "judge": choice.judge, "decision": decided, "time": choice.time}
        reading = {"activity": list(design.activity), "position": design.position}
    writer = _Writer(len(header), 0, sheet=False)
    copy = private_copy(writer.lines(rows()), keep=copies)
    table = text_view(con, copy, header, skip=0, delimiter=",")
    known = {role: name for role, name in roles.items() if name in header}
    return replace(
        table, name=path.name, kind="xes", sha256=sha256_of(path), reading=reading, findings=list(log.findings),
        left_out=left_out, roles=known, places=writer.places(),
    )  # fmt: skip


def _rows_view(con: duckdb.DuckDBPyConnection, rows: Iterator[Row], design: AuditDesign, copies: list[Path]) -> Table:
    """Rows of a sheet as a private text file, with the same header rules and the same account as any text."""
    head: list[Row] = []
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            head.append((number, cells))
        if len(head) >= _HEAD_ROWS:
            break
    if not head:
        raise DataError([Problem("E101", "the sheet is empty.", "Choose the sheet with --sheet, or export it again.")])
    width = max(len(cells) for _, cells in head)
    index, why = _sheet_header([cells for _, cells in head], [number for number, _ in head], design)
    header_row, names = head[index]
    header = tuple(" ".join(name.split()) for name in names) + ("",) * (width - len(names))
    while len(header) > 1 and not header[-1] and all(not _cell(cells, len(header) - 1) for _, cells in head):
        header = header[:-1]
    if len(header) > MOST_COLUMNS:
        raise DataError([Problem("E308", f"the table has {len(header):,} columns; up to {MOST_COLUMNS:,} can be read.",
                                 "Keep only the columns of case, professional and decision.")])  # fmt: skip
    writer = _Writer(len(header), header_row)
    path = private_copy(writer.lines(itertools.chain(head[index + 1 :], rows)), keep=copies)
    findings = [finding("W210", row=header_row, because=why)] if header_row > 1 else []
    table = text_view(con, path, header, skip=0, delimiter=",")
    return replace(
        table, places=writer.places(), reading={"header_row": header_row}, evidence={"header_row": why},
        findings=findings, left_out={"blank_row": writer.blank},
    )  # fmt: skip


def _cell(cells: list[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _sheet_header(records: list[list[str]], numbers: list[int], design: AuditDesign) -> tuple[int, str]:
    if design.header_row == "auto":
        width = max(len(cells) for cells in records)
        return find_header([cells + [""] * (width - len(cells)) for cells in records])
    if int(design.header_row) not in numbers:
        raise CallError("wrong_setting", f"there is no row {design.header_row} to be the header")
    return numbers.index(int(design.header_row)), "it was asked for"


class _Writer:
    """Rows as quoted text; empty ones are counted, not written, and every row keeps its number.

    sheet: rows that are passed over are empty ones (in an event log they are events that are no decision).
    """

    def __init__(self, width: int, header_row: int, *, sheet: bool = True) -> None:
        self._width, self._header_row, self._sheet = width, header_row, sheet
        self._gaps: list[int] = []  # for every row passed over, the rows written before it
        self._rows = self.blank = 0

    def lines(self, rows: Iterator[Row]) -> Iterator[bytes]:
        last = self._header_row
        for number, cells in rows:
            empty = self._sheet and not any(cell.strip() for cell in cells)
            passed = number - last - 1 + empty
            self._gaps += [self._rows] * passed
            self.blank += passed if self._sheet else 0
            last = number
            if empty:
                continue
            self._rows += 1
            if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
                raise DataError([_beyond(number)])
            padded = cells[: self._width] + [""] * (self._width - len(cells))
            if max(map(len, padded)) > LONGEST_FIELD:
                raise DataError([_long_cell(number)])
            text = io.StringIO()
            csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(padded)
            yield text.getvalue().encode("utf-8", "replace")

    def places(self) -> Places:
        """Where the rows stand; an event log has no Excel rows."""
        gaps = np.asarray(self._gaps, dtype=np.int64)
        return Places(self._header_row, self._header_row if self._sheet else None, blank=gaps)


def _beyond(number: int) -> Problem:
    return Problem("E301", "this row has values beyond the last column of the header.",
                   "Give every column a name.", places=(Place(number, number),), total=1)  # fmt: skip


def _long_cell(number: int) -> Problem:
    return Problem("E309", f"a cell has more than {LONGEST_FIELD:,} letters.", "Leave that column out.",
                   places=(Place(number, number),), total=1)  # fmt: skip
