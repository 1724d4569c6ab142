"""An Excel or OpenDocument workbook as rows of text: looked through first, then read by calamine.

calamine is fast and tells little: errors come back as empty cells, hidden rows like any other, and one far cell or
one false size aborts the whole process. So each part that it will read is looked through beforehand, in a stream.
"""

from __future__ import annotations

import copy
import datetime as dt
import difflib
import itertools
import string
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from xml.parsers import expat

from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.unpack import too_large
from noiseaudit.reading.xls_container import xls_book, xls_records
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_NO_VALUE = "#FORMULA!"  # a formula that was saved without its value
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_OLE, _ZIP, _ODS = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_BOOK, _OLD_BOOK, _LOCKED, _WORD = (n.encode("utf-16-le") for n in ("Workbook\0", "Book\0", "EncryptedP", "WordDocu"))
_XLS_CELLS = (0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E)  # records of cells that hold something
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_PARENTS = {"c": "row", "row": "sheetData", "mergeCell": "mergeCells"}
_LETTERS = itertools.chain.from_iterable(itertools.product(string.ascii_uppercase, repeat=n) for n in (1, 2, 3))
_COLUMNS = {"".join(letters): number for number, letters in enumerate(_LETTERS, 1)}

_CHUNK, _DEEPEST = 4096, 100
_MOST_RATIO, _FREE_SIZE, _MOST_CELLS, _MOST_TEXT = 200, 50_000_000, 50_000_000, 1_000_000_000  # text: in letters
_DAMAGE = (zipfile.BadZipFile, zlib.error, expat.ExpatError, ParseError, struct.error, EOFError, LookupError,
           ValueError, NotImplementedError)  # fmt: skip
_REFUSALS = {
    "E101": ("{}; the workbook has {}.", "Choose the sheet with the decisions with --sheet, or export it again."),
    "E103": ("this kind of workbook cannot be read; .xlsx, .xls and .ods can.", "Save it as .xlsx and try again."),
    "E105": ("the workbook is damaged: {}; nothing of it was used.", "Save it again in Excel or LibreOffice."),
    "E106": ("{:,} bytes of it unpack to {:,}.", "No table packs that well: check where the file comes from."),
    "E106 text": ("a sheet unpacks to more text than fits in memory.", "Keep only the columns that are needed."),
    "E107": ("a cell in row {:,}, column {:,} stretches a sheet over {:,} cells; up to {:,} can be read.",
             "Delete the rows and columns around the table (Ctrl+End goes to the last cell) and save it again."),
    "E109": ("the workbook is protected by a password.", "Save it without a password and try again."),
}  # fmt: skip


@dataclass(frozen=True)
class Workbook:
    """One sheet as text. filtered: rows hidden by a filter or by hand, which are read like the others.

    rows: (row as Excel counts, cells), from row 1 and column A to the last that hold something.
    """

    kind: str
    sheet: str
    sheets: tuple[str, ...]
    filtered: int
    rows: Iterator[tuple[int, list[str]]]
    findings: tuple[Finding, ...]


def workbook_kind(path: Path) -> str | None:
    """By content: "xlsx", "xls", "ods", or "xlsb", which open_workbook refuses; None for every other file."""
    with path.open("rb") as raw:
        start = raw.read(1 << 16)
        if start.startswith(_OLE):
            names = start + raw.read()  # they may stand anywhere
            book = start[512:514] == b"\x09\x08" or _BOOK in names or _OLD_BOOK in names
            return "xlsx" if _LOCKED in names else "xls" if book and _WORD not in names else None
    if not start.startswith(_ZIP):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name.lower().replace("\\", "/") for name in archive.namelist()}
    except _DAMAGE:
        parts = {"xl/workbook.xml"} if b"xl/w" in start else set()  # cut off: the names of its first parts still tell
    zipped = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb"}  # in the order in which calamine tries them
    return next((kind for part, kind in zipped.items() if part in parts), "ods" if _ODS in start[:256] else None)


def open_workbook(path: Path, *, sheet: str = "auto", max_bytes: int | None = None) -> Workbook:
    """Read the sheet of that name, or the only visible one that holds something.

    DataError for a file that cannot be read; CallError for a sheet that does not exist or has to be chosen.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise CallError("excel_missing", "workbooks need one more package: pip install 'noiseaudit[excel]'") from None
    kind, looks = workbook_kind(path), {"xlsx": _look_xlsx, "ods": _look_ods, "xls": _look_xls}
    if kind not in looks:
        raise _refusal("E103")
    if max_bytes is not None and path.stat().st_size > max_bytes:
        raise DataError([too_large(max_bytes)])
    try:
        with path.open("rb") as raw:
            look = looks[kind](raw, max_bytes)
            raw.seek(0)
            book = calamine.load_workbook(raw)
            hidden = [s.name for s in book.sheets_metadata if s.visible != calamine.SheetVisibleEnum.Visible]
            plain = [s.name for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
            index, seen = _choose(book.sheet_names, [name for name in plain if name not in hidden], look, sheet)
            cells = book.get_sheet_by_index(index)
    except BaseException as error:  # refused in our words, since theirs may quote cells; a Rust panic has no class
        if isinstance(error, (calamine.CalamineError, *_DAMAGE)) or type(error).__name__ == "PanicException":
            code = "E109" if isinstance(error, calamine.PasswordError) else "E105"
            raise _refusal(code, "a part is cut off, or is not as Excel and LibreOffice write it") from None
        raise
    names, said = tuple(book.sheet_names), _said(cells.name, book.sheet_names, hidden, seen)
    return Workbook(kind, cells.name, names, seen.hidden, _rows(cells, seen), said)


def _choose(names: list[str], shown: list[str], look: Callable[[int], _Seen], wanted: str) -> tuple[int, _Seen]:
    if wanted != "auto" and wanted not in names:
        meant = "".join(f"did you mean “{near}”? " for near in difflib.get_close_matches(wanted, names, n=1))
        raise CallError("no_such_sheet", f"there is no sheet “{wanted}”; {meant}The workbook has {_quoted(names)}")
    tried = [i for i, name in enumerate(names) if (name == wanted if wanted != "auto" else name in shown)]
    held = {i: seen for i in tried if (seen := look(i)).last_row}
    if len(held) > 1:
        what = f"{len(held)} sheets hold something: {_quoted(names[i] for i in held)}; choose one with"
        raise CallError("ambiguous_sheet", f'{what} --sheet "{names[min(held)]}"')
    if not held:
        empty = "no visible sheet holds anything" if wanted == "auto" else f"sheet “{wanted}” holds nothing"
        raise _refusal("E101", empty, _quoted(names))
    return held.popitem()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names) or "–"


def _said(name: str, names: list[str], hidden: list[str], seen: _Seen) -> tuple[Finding, ...]:
    """W428 where the file holds more than a reader of this sheet sees, or where cells are merged.

    Other sheets are counted, not named: there can be one for every professional.
    """
    if len(names) == 1 and not seen.hidden and not seen.merged:
        return ()
    others, unseen = (sum(n != name and (n in hidden) is way for n in names) for way in (False, True))
    values = {"others": others, "hidden": unseen, "filtered": seen.hidden, "merged": seen.merged}
    return (finding("W428", "warning" if seen.hidden or seen.merged else "info", sheet=name, **values),)


def _rows(cells: CalamineSheet, seen: _Seen) -> Iterator[tuple[int, list[str]]]:
    """All rows; `seen` fills the cells that calamine gave back empty."""
    (_, left), (bottom, right) = cells.start or (0, 0), cells.end or (-1, -1)
    values = cells.iter_rows() if cells.start else iter(())  # from row 1 on, but not from column A
    for row in range(1, max(seen.last_row, bottom + 1) + 1):
        texts = [""] * left + [_text(value) for value in next(values, ())]
        texts += [""] * (max(seen.last_column, right + 1) - len(texts))
        yield row, [seen.instead.get((row, column), text) for column, text in enumerate(texts, 1)]


def _text(value: object) -> str:
    """A cell as text that can be read in one way only."""
    if isinstance(value, bool | int | float):
        return str(value).upper() if isinstance(value, bool) else _number(value)
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(abs(value), dt.timedelta(minutes=1))
        sign = "-" if value < dt.timedelta() else ""
        return f"{sign}PT{minutes // 60:02d}H{minutes % 60:02d}M{_number(seconds.total_seconds()):0>2}S"
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _number(value: float) -> str:
    """The shortest digits that give the number back; never three decimals, which could be thousands."""
    text = f"{Decimal(repr(value)):f}".removesuffix(".0")
    return "0" if text == "-0" else f"{text}0" if text[-4:-3] == "." else text


def _refusal(code: str, *found: object) -> DataError:
    what, do = _REFUSALS[code]
    return DataError([Problem(code[:4], what.format(*found), do)])


@dataclass
class _Seen:
    """What one sheet holds, counted from 1. instead: the texts of cells that calamine gives back empty."""

    last_row: int = 0
    last_column: int = 0
    letters: int = 0
    hidden: int = 0
    merged: int = 0
    instead: dict[tuple[int, int], str] = field(default_factory=dict)

    def add(self, row: int, column: int, *, rows: int = 1, columns: int = 1, size: int = 0, instead: str = "") -> None:
        """A cell with so many letters, or a block of equal ones; refused where it would not fit in memory."""
        bottom, right = row + rows - 1, column + columns - 1
        self.last_row, self.last_column = max(self.last_row, bottom), max(self.last_column, right)
        if (area := self.last_row * self.last_column) > _MOST_CELLS:
            raise _refusal("E107", bottom, right, area, _MOST_CELLS)
        self.letters += (size + 500 * bool(instead)) * rows * columns  # what is kept of an error takes as much
        if self.letters > _MOST_TEXT:
            raise _refusal("E106 text")
        if instead:
            block = itertools.product(range(row, row + rows), range(column, column + columns))
            self.instead.update(dict.fromkeys(block, instead))


class _Parts:
    """The XML parts of a zip, by name in small letters, after a look at the sizes that its directory tells."""

    def __init__(self, raw: BinaryIO, max_bytes: int | None) -> None:
        if raw.read(4) == _OLE:  # an .xlsx with a password lies in one
            raise _refusal("E109")
        self._archive = zipfile.ZipFile(raw)
        members = self._archive.infolist()
        self._members = {member.filename.lower().replace("\\", "/"): member for member in members}
        if len(self._members) < len(members):
            raise _refusal("E105", "two of its parts have one name")
        if any(member.flag_bits & 1 for member in members) or "encrypted-package" in self._members:
            raise _refusal("E109")
        sizes = [(member.file_size, member.compress_size) for member in members]
        sizes.append((sum(size for size, _ in sizes), sum(packed for _, packed in sizes)))
        for size, packed in sizes:
            if size > _FREE_SIZE and size > _MOST_RATIO * packed:
                raise _refusal("E106", packed, size)
        if max_bytes is not None and sizes[-1][0] > max_bytes:
            raise DataError([too_large(max_bytes)])

    def elements(self, name: str, *wanted: str) -> Iterator[tuple[Element, Element]]:
        """Stream elements with these names, and their parents, out of a part; each is forgotten after its turn."""
        if name not in self._members:
            return
        guard, doctypes, path = expat.ParserCreate(), list[object](), list[Element]()
        parser: XMLPullParser[Any] = XMLPullParser(("start", "end"))
        guard.StartDoctypeDeclHandler = lambda *doctype: doctypes.append(doctype)
        told, size = copy.copy(self._members[name]), 0
        told.file_size += 1  # zipfile stops at the told size without a word, calamine reads on
        with self._archive.open(told) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                guard.Parse(chunk, False)
                if doctypes:
                    raise _refusal("E105", "its XML has a DOCTYPE, which no workbook needs and which serves attacks")
                parser.feed(chunk)
                for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
                    if event == "start":
                        path.append(element)
                        if len(path) > _DEEPEST:
                            raise _refusal("E105", f"its XML is nested more than {_DEEPEST} deep")
                    elif path.pop().tag.rpartition("}")[2] in wanted:
                        yield element, path[-1]
                        path[-1].remove(element)
        parser.close()
        if size == told.file_size:
            raise _refusal("E105", "a part is larger than the zip directory tells")


def _look_xlsx(raw: BinaryIO, max_bytes: int | None) -> Callable[[int], _Seen]:
    """One sheet at a time: calamine too reads only the one that is asked for."""
    parts = _Parts(raw, max_bytes)
    relations = parts.elements("xl/_rels/workbook.xml.rels", "Relationship")
    targets = {relation.get("Id"): relation.get("Target", "").lower() for relation, _ in relations}
    sheets = parts.elements("xl/workbook.xml", "sheet")
    ids = [[value for key, value in sheet.items() if key.endswith("}id")] for sheet, _ in sheets]
    paths = ["xl/" + targets[name].lstrip("/").removeprefix("xl/") for (name,) in ids]
    letters = [sum(map(len, item.itertext())) for item, _ in parts.elements("xl/sharedstrings.xml", "si")]
    next(parts.elements("xl/styles.xml"), None)
    return lambda index: _xlsx_sheet(parts.elements(paths[index], *_PARENTS), letters)


def _xlsx_sheet(elements: Iterator[tuple[Element, Element]], letters: Sequence[int]) -> _Seen:
    seen, row, column, held = _Seen(), 1, 0, False
    for element, parent in elements:
        name = element.tag.rpartition("}")[2]
        if parent.tag.rpartition("}")[2] != _PARENTS[name]:  # calamine reads a cell wherever it stands
            raise ValueError
        if name == "c":
            here, column = int(parent.get("r", row)), column + 1
            if address := element.get("r"):
                here = int(address.lstrip(string.ascii_letters))
                column = _COLUMNS[address.rstrip(string.digits).upper()]
            values = ["".join(child.itertext()) for child in element if child.tag.rpartition("}")[2] in ("v", "is")]
            kind, stored, instead = element.get("t"), "".join(values), ""
            if not stored and any(child.tag.rpartition("}")[2] == "f" for child in element):
                instead = "" if values and kind == "str" else _NO_VALUE  # ="" is stored as empty text
            elif kind == "e":
                instead = stored if stored in _ERRORS.values() else "#VALUE!"
            if len(element):
                held, size = True, letters[int(stored)] if kind == "s" and stored else len(stored)
                seen.add(here, column, size=size, instead=instead)
        elif name == "row":
            seen.hidden += held and element.get("hidden") in ("1", "true")
            row, column, held = int(element.get("r", row)) + 1, 0, False
        seen.merged += name == "mergeCell"
    return seen


def _look_ods(raw: BinaryIO, max_bytes: int | None) -> Callable[[int], _Seen]:
    """All sheets at once: calamine reads all when it opens the file."""
    parts, sheets, seen, row = _Parts(raw, max_bytes), list[_Seen](), _Seen(), 1
    if any(parts.elements("meta-inf/manifest.xml", "encryption-data")):
        raise _refusal("E109")
    for element, _ in parts.elements("content.xml", "table-row", "table"):
        if element.tag == f"{_TABLE}table":
            sheets, seen, row = [*sheets, seen], _Seen(), 1
            continue
        rows, column, held = int(element.get(f"{_TABLE}number-rows-repeated", 1)), 1, False
        for cell in element:
            columns, formula = int(cell.get(f"{_TABLE}number-columns-repeated", 1)), cell.get(f"{_TABLE}formula")
            stored = any(key.endswith(("value", "value-type")) for key in cell.attrib)
            text, instead = "".join(cell.itertext()), ""
            if cell.get(f"{_CALC}value-type") == "error" or (formula and text.startswith(("#", "Err:"))):
                instead = text if text in _ERRORS.values() else "#VALUE!"
            elif formula and not stored:
                instead = _NO_VALUE
            if stored or formula:
                size = sum(map(len, (text, *cell.attrib.values())))
                size += sum(int(n) for each in cell.iter() for key, n in each.items() if key.endswith("}c"))  # spaces
                seen.add(row, column, rows=rows, columns=columns, size=size, instead=instead)
                held = True
            seen.merged += f"{_TABLE}number-columns-spanned" in cell.attrib
            column += columns
        seen.hidden += rows * (held and element.get(f"{_TABLE}visibility") in ("filter", "collapse"))
        row += rows
    return sheets.__getitem__


def _look_xls(raw: BinaryIO, _: int | None) -> Callable[[int], _Seen]:
    book = xls_book(raw.read())
    records = list(xls_records(book, 0))
    if any(kind == 0x002F for kind, _ in records):  # FILEPASS
        raise _refusal("E109")
    starts = [int.from_bytes(body[:4], "little") for kind, body in records if kind == 0x0085]  # BOUNDSHEET
    return [_xls_sheet(xls_records(book, start)) for start in starts].__getitem__


def _xls_sheet(records: Iterator[tuple[int, bytes]]) -> _Seen:
    seen, hidden, held = _Seen(), set[int](), set[int]()
    for kind, body in records:
        row, column = struct.unpack_from("<2H", body.ljust(4))
        if kind == 0x0200:  # DIMENSIONS: calamine reserves that much memory, whatever it says
            top, bottom, left, right = struct.unpack_from("<4H" if len(body) < 14 else "<2I2H", body)
            if not (0 <= bottom - top <= 1 << 16 and 0 <= right - left <= 1 << 8):
                raise _refusal("E105", "a sheet tells a size that no sheet can have")
        elif kind == 0x00E5:  # MERGECELLS
            seen.merged += row
        elif kind == 0x0208 and body[12] & 0x20:  # ROW of no height
            hidden.add(row)
        elif kind in _XLS_CELLS:
            failed = body[7] if kind == 0x0205 else kind == 6 and (body[6], body[12:14]) == (2, b"\xff\xff")
            instead = _ERRORS.get(body[6 if kind == 0x0205 else 8], "#VALUE!") if failed else ""
            seen.add(row + 1, column + 1, instead=instead)
            held.add(row)
    seen.hidden = len(hidden & held)
    return seen
