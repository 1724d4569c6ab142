"""Workbooks: every cell as one text, nothing hidden in silence, harmful files refused before they are opened."""

from __future__ import annotations

import datetime as dt
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from noiseaudit.errors import CallError, DataError
from noiseaudit.reading.workbook import Workbook, open_workbook, workbook_kind

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = [["case", "judge", "score"], ["a", "x", 1], ["a", "y", 2]]
ERRORS = ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!"]
ODF = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(f'xmlns:{name}="{ODF}{name}:1.0"' for name in ("office", "table", "text", "style"))
SPACES += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def xlsx(path: Path, *sheets: tuple[str, list[Any]], work: Callable[[Any], object] = repr, **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        for name, rows in sheets or (("Data", HEAD),):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        work(book)
    return path


def rezip(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        known = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (known | parts).items():  # type: ignore[operator]
            archive.writestr(name, data)
    return path


def crafted(path: Path, cells: str, *, before: str = "") -> Path:
    """A workbook whose sheet holds these elements, and tells a dimension that must not be trusted."""
    sheet = f'{before}<worksheet {MAIN}><dimension ref="A1:XFD1048576"/><sheetData>{cells}</sheetData></worksheet>'
    return rezip(xlsx(path), {"xl/worksheets/sheet1.xml": sheet})


def ods(path: Path, *tables: str, manifest: str = "") -> Path:
    start = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES}>'
    hidden = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{ODF}manifest:1.0">{manifest}</m:manifest>')
        styles = f"<office:automatic-styles>{hidden}</office:automatic-styles>"
        archive.writestr("content.xml", f"{start}{styles}{body}</office:document-content>")
    return path


def table(*rows: str, name: str = "Data", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{"".join(rows)}</table:table>'


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def cell(text: str = "", more: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {more}>" + (f"<text:p>{text}</text:p>" if text else "") + "</table:table-cell>"


def xls(path: Path, work: Callable[[Any, Any], object] = lambda book, sheet: None) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for number, values in enumerate(HEAD):
        for column, value in enumerate(values):
            sheet.write(number, column, value)
    work(book, sheet)
    book.save(str(path))
    return path


def texts(path: Path, **settings: Any) -> list[list[str]]:
    rows = list(open_workbook(path, **settings).rows)
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
    assert len({len(cells) for _, cells in rows}) == 1
    return [cells for _, cells in rows]


def refused(path: Path, **settings: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        open_workbook(path, **settings)
    assert caught.value.problems[0].do
    return caught.value


def said(book: Workbook) -> str:
    (only,) = book.findings
    assert only.code == "W428"
    return only.what


def test_the_content_tells_the_kind(tmp_path: Path) -> None:
    assert texts(xlsx(tmp_path / "data.csv")) == [["case", "judge", "score"], ["a", "x", "1"], ["a", "y", "2"]]
    assert (workbook_kind(tmp_path / "data.csv"), open_workbook(tmp_path / "data.csv").findings) == ("xlsx", ())
    assert texts(xls(tmp_path / "old.xlsx")) == texts(tmp_path / "data.csv")
    assert workbook_kind(tmp_path / "old.xlsx") == "xls"
    assert workbook_kind(ods(tmp_path / "free.xls", table(row(cell("x"))))) == "ods"
    (tmp_path / "text.xlsx").write_text("case;judge\n")
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0" + "WordDocument Workbook".encode("utf-16-le"))
    for name in ("a.csv", "xl/workbook.bin"):
        with zipfile.ZipFile(tmp_path / f"{name[-3:]}.zip", "w") as archive:
            archive.writestr(name, "case;judge\n")
    for name, kind in {"text.xlsx": None, "letter.doc": None, "csv.zip": None, "bin.zip": "xlsb"}.items():
        assert workbook_kind(tmp_path / name) == kind
        assert refused(tmp_path / name).code == "E103"


def test_without_the_extra_it_tells_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(CallError, match=r"noiseaudit\[excel\]") as caught:
        open_workbook(xlsx(tmp_path / "a.xlsx"))
    assert caught.value.code == "excel_missing"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (" x\u00a0", None, " x\u00a0"), ("0012", None, "0012"), ("1.234", None, "1.234"), ("#N/A", None, "#N/A"),
        (1250, None, "1250"), (1.5, None, "1.5"), (1.234, None, "1.2340"), (-0.125, None, "-0.1250"),
        (1250.125, "#,##0.00", "1250.1250"), (1.2345, None, "1.2345"), (0.1 + 0.2, None, "0.3"), (-0.0, None, "0"),
        (123456789012345, None, "123456789012345"), (12345678901.2345, None, "12345678901.2345"),
        (1e20, None, "1" + "0" * 20), (1.5e-7, None, "0.00000015"), (True, None, "TRUE"), (False, None, "FALSE"),
        (45385, "yyyy-mm-dd", "2024-04-03"), (45385 + 14.5 / 24, "d-m-yyyy h:mm", "2024-04-03T14:30:00"),
        (45385, "yyyy-mm-dd hh:mm", "2024-04-03"), (14.5 / 24, "hh:mm:ss", "14:30:00"),
        (26.5 / 24, "[h]:mm", "PT26H30M00S"), (-0.25, "[h]:mm", "-PT06H00M00S"), (45385, '0 "dagen"', "45385"),
        (0.25, "0%", "0.25"), (0.25, "[Red]0.00", "0.25"), (45385.25, "_ [$€-413] * #,##0.00_ ", "45385.25"),
    ],
)  # fmt: skip
def test_cells_read_one_way_only(tmp_path: Path, value: Any, form: str | None, text: str) -> None:
    def write(book: Any) -> None:
        sheet = book.worksheets()[0]
        way = book.add_format({"num_format": form}) if form else None
        (sheet.write_string if isinstance(value, str) else sheet.write)(3, 0, value, way)

    assert texts(xlsx(tmp_path / "a.xlsx", work=write))[3] == [text, "", ""]


def test_every_second_of_a_day_is_exact(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        way = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for second in range(0, 86400, 61):
            book.worksheets()[0].write_number(second // 61, 0, 45385 + second / 86400, way)

    start = dt.datetime(2024, 4, 3)
    read = [cells[0] for cells in texts(xlsx(tmp_path / "a.xlsx", ("T", []), work=write))]
    assert read[1:] == [(start + dt.timedelta(seconds=s)).isoformat() for s in range(61, 86400, 61)]


def test_the_date_system_of_1904(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        book.worksheets()[0].write_datetime(0, 0, dt.datetime(2024, 4, 3), book.add_format({"num_format": "d-m-yyyy"}))

    assert texts(xlsx(tmp_path / "a.xlsx", ("T", []), work=write, date_1904=True)) == [["2024-04-03"]]


def test_values_of_an_old_workbook(tmp_path: Path) -> None:
    def write(book: Any, sheet: Any) -> None:
        book.dates_1904 = True
        for column, (value, form) in enumerate(((43923, "yyyy-mm-dd"), (1.234, "General"), (0.5, "hh:mm"))):
            sheet.write(3, column, value, xlwt.easyxf(num_format_str=form))
        sheet.write(4, 1, xlwt.Formula("1/0"))

    data = xls(tmp_path / "a.xls", write).read_bytes()
    result = data.index(struct.pack("<2H", 4, 1)) + 6
    (tmp_path / "a.xls").write_bytes(data[:result] + b"\x02\x00\x07\x00\x00\x00\xff\xff" + data[result + 8 :])
    assert texts(tmp_path / "a.xls")[3:] == [["2024-04-03", "1.2340", "12:00:00"], ["", "#DIV/0!", ""]]


def test_values_of_an_opendocument_sheet(tmp_path: Path) -> None:
    typed = {
        'float" office:value="1.234': "1.2340", 'float" office:value="1250': "1250",
        'percentage" office:value="0.25': "0.25", 'boolean" office:boolean-value="true': "TRUE",
        'date" office:date-value="2024-04-03': "2024-04-03", 'time" office:time-value="PT26H30M00S': "PT26H30M00S",
        'date" office:date-value="2024-04-03T14:30:00': "2024-04-03T14:30:00",
        'time" office:time-value="PT14H30M00S': "14:30:00", 'string" office:string-value=" 0012 ': " 0012 ",
    }  # fmt: skip
    cells = [cell("shown otherwise", f'office:value-type="{value}"') for value in typed]
    assert texts(ods(tmp_path / "a.ods", table(row(*cells)))) == [list(typed.values())]


def test_rows_keep_their_numbers(tmp_path: Path) -> None:
    cells = '<row r="3"><c r="B3"><v>1</v></c></row><row r="6"><c r="D6"><v>2</v></c></row>'
    path = crafted(tmp_path / "a.xlsx", cells)
    assert texts(path) == [[""] * 4, [""] * 4, ["", "1", "", ""], [""] * 4, [""] * 4, ["", "", "", "2"]]
    empty, twice = 'table:number-rows-repeated="2"', 'table:number-columns-repeated="2"'
    lines = row(cell(more=twice), cell("x")), row(cell("y", f'office:value-type="string" {twice}'), more=empty)
    last = row(cell(more='table:number-columns-repeated="16384"'), more='table:number-rows-repeated="1048000"')
    free = ods(tmp_path / "a.ods", table(row(cell(more=""), more=empty), *lines, last))
    assert texts(free) == [[""] * 3, [""] * 3, ["", "", "x"], ["y", "y", ""], ["y", "y", ""]]


def test_error_cells_are_told_apart_from_empty_ones(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        for number, text in enumerate(ERRORS):
            book.worksheets()[0].write_formula(number, 0, "=NA()", None, text)

    assert texts(xlsx(tmp_path / "a.xlsx", ("E", []), work=write)) == [[text] for text in ERRORS]
    codes = (42, 7, 23, 29, 0, 36, 15)
    old = xls(tmp_path / "a.xls", lambda _, s: [s.row(3 + i).set_cell_error(0, code) for i, code in enumerate(codes)])
    assert [cells[0] for cells in texts(old)][3:] == ERRORS
    failed = 'table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"'
    older = 'table:formula="of:=NA()" office:value-type="float" office:value="0"'
    free = ods(tmp_path / "a.ods", table(row(cell("#N/A", failed), cell("#DEEL/0!", failed), cell("Err:502", older))))
    assert texts(free) == [["#N/A", "#VALUE!", "#VALUE!"]]


def test_formulas_without_their_value(tmp_path: Path) -> None:
    stored = {"": "#FORMULA!", "<v></v>": "#FORMULA!", "<v/>": "#FORMULA!", "<v>2</v>": "2"}
    cells = "".join(f"<c><f>1+1</f>{value}</c>" for value in stored) + '<c t="str"><f>""</f><v></v></c><c><v>1</v></c>'
    assert texts(crafted(tmp_path / "a.xlsx", f"<row>{cells}</row>")) == [[*stored.values(), "", "1"]]
    free = table(row(cell("", 'table:formula="of:=1+1"'), cell("", 'table:formula="of:=2" office:value-type="string"')))
    assert texts(ods(tmp_path / "a.ods", free)) == [["#FORMULA!", ""]]


def test_several_sheets_have_to_be_chosen(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", ("2023", HEAD), ("2024", HEAD[:2]), ("Leeg", []))
    with pytest.raises(CallError, match='“2023”, “2024”; choose one with --sheet "2023"') as caught:
        open_workbook(path)
    assert caught.value.code == "ambiguous_sheet"
    assert len(texts(path, sheet="2024")) == 2
    with pytest.raises(CallError, match="did you mean “2024”\\? The workbook has “2023”, “2024”, “Leeg”"):
        open_workbook(path, sheet="2042")
    assert "“Leeg” holds nothing" in str(refused(path, sheet="Leeg"))


def test_hidden_sheets_are_said_and_not_read(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        book.worksheets()[0].hide()
        book.worksheets()[1].very_hidden()
        book.worksheets()[2].activate()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Nu!$C$2:$C$3"})
        book.add_chartsheet("Grafiek").set_chart(chart)

    path = xlsx(tmp_path / "a.xlsx", ("Oud", HEAD), ("Diep", HEAD), ("Nu", HEAD), ("Uitleg", []), work=hide)
    book = open_workbook(path)
    assert (book.sheet, book.sheets) == ("Nu", ("Oud", "Diep", "Nu", "Uitleg", "Grafiek"))
    assert "“Nu” was read. Other sheets: 2. Hidden sheets: 2." in said(book)
    assert open_workbook(path, sheet="Diep").sheet == "Diep"
    free = ods(tmp_path / "a.ods", table(row(cell("x")), name="Oud", style="h"), table(row(cell("y"))))
    assert "Hidden sheets: 1." in said(open_workbook(free))
    old = xls(tmp_path / "a.xls", lambda book, _: setattr(book.add_sheet("Oud"), "visibility", 2))
    assert "Hidden sheets: 1." in said(open_workbook(old))


def test_a_workbook_without_anything_in_it(tmp_path: Path) -> None:
    assert refused(xlsx(tmp_path / "a.xlsx", ("Data", []))).code == "E101"
    hidden = xlsx(tmp_path / "b.xlsx", ("Leeg", []), ("Data", HEAD), work=lambda b: b.worksheets()[1].hide())
    assert "“Leeg”, “Data”" in str(refused(hidden))
    assert refused(ods(tmp_path / "a.ods", table(row(cell(more=""))))).code == "E101"


def test_filtered_rows_are_read_and_counted(tmp_path: Path) -> None:
    def hide(book: Any) -> None:
        sheet = book.worksheets()[0]
        sheet.autofilter(0, 0, 2, 2)
        sheet.filter_column(0, "x == b")
        for number in (1, 2, 9):  # the last is empty
            sheet.set_row(number, options={"hidden": True})

    book = open_workbook(xlsx(tmp_path / "a.xlsx", work=hide))
    assert (book.filtered, len(list(book.rows))) == (2, 3)
    assert "Hidden rows, read like the others: 2." in said(book)
    assert open_workbook(xls(tmp_path / "a.xls", lambda _, s: setattr(s.row(1), "hidden", True))).filtered == 1
    out = 'table:visibility="filter" table:number-rows-repeated="3"'
    assert open_workbook(ods(tmp_path / "a.ods", table(row(cell("x")), row(cell("y"), more=out)))).filtered == 3


def test_merged_headers_are_said(tmp_path: Path) -> None:
    def merge(book: Any) -> None:
        book.worksheets()[0].merge_range(0, 0, 0, 1, "who", book.add_format({"bold": True}))

    path = xlsx(tmp_path / "a.xlsx", work=merge)
    assert texts(path)[0] == ["who", "", "score"]
    assert "Merged areas: 1." in said(open_workbook(path))
    assert "Merged areas: 1." in said(open_workbook(xls(tmp_path / "a.xls", lambda _, s: s.merge(4, 5, 0, 0))))
    spanned = cell("who", 'office:value-type="string" table:number-columns-spanned="2"')
    free = ods(tmp_path / "a.ods", table(row(spanned, "<table:covered-table-cell/>", cell("score"))))
    assert texts(free) == [["who", "", "score"]]
    assert "Merged areas: 1." in said(open_workbook(free))


def test_cut_off_files(tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "a.xlsx", ("Data", [[f"{i * 7919 % 10007}"] for i in range(3000)])).read_bytes()
    old, free = xls(tmp_path / "b.xls").read_bytes(), ods(tmp_path / "c.ods", table(row(cell("x")))).read_bytes()
    for name, data in {"a.xlsx": whole[: len(whole) // 2], "b.xls": old[:4000], "c.ods": free[:-40]}.items():
        (tmp_path / name).write_bytes(data)
        assert refused(tmp_path / name).code == "E105"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ('<row><c r="XFD1048576"><v>1</v></c></row>', "E107"), ('<row><c r="A50000001"><v>1</v></c></row>', "E107"),
        ('<row><c r="XFD1048576" xmlns=""><v>1</v></c></row>', "E107"), ('<c r="XFD1048576"><v>1</v></c>', "E105"),
        ('<row><x><c r="XFD1048576"><v>1</v></c></x></row>', "E105"), ('<row r="1048576"><row/></row>', "E105"),
        ('<row r="1048576">' + "<c><v/></c>" * 50 + "</row>", "E107"), ('<row><c r="ABCD1"><v/></c></row>', "E105"),
    ],
)  # fmt: skip
def test_one_far_cell(tmp_path: Path, cells: str, code: str) -> None:
    path = crafted(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><v>1</v></c></row>{cells}')
    assert refused(path).code == code


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (row(cell("x"), more='table:number-rows-repeated="50000001"'), "E107"),
        (row(cell("x", 'office:value-type="string" table:number-columns-repeated="50000001"')), "E107"),
        (row(cell(more="")) + row(more='table:number-rows-repeated="99999999"') + row(cell("x")), "E107"),
        (row(cell('<text:s text:c="2000000000"/>')), "E106"),
        (row(cell("x" * 1000, 'office:value-type="string" table:number-columns-repeated="2000000"')), "E106"),
        (row(cell("", 'table:formula="of:=1" table:number-columns-repeated="3000000"')), "E106"),
    ],
)
def test_repeats_that_would_fill_the_memory(tmp_path: Path, cells: str, code: str) -> None:
    assert refused(ods(tmp_path / "a.ods", table(cells))).code == code


def test_one_long_text_in_many_cells(tmp_path: Path) -> None:
    strings = f"<sst {MAIN}><si><t>{'x' * 1_000_000}</t></si></sst>"
    path = crafted(tmp_path / "a.xlsx", "<row>" + '<c t="s"><v>0</v></c>' * 1001 + "</row>")
    assert refused(rezip(path, {"xl/sharedStrings.xml": strings})).code == "E106"


def test_a_bomb_is_refused_by_its_sizes(tmp_path: Path) -> None:
    path = rezip(xlsx(tmp_path / "a.xlsx"), {"xl/media/noise.bin": b"\x00" * 60_000_000})
    assert path.stat().st_size < 100_000
    assert (refused(path).code, "60,000,000" in str(refused(path))) == ("E106", True)
    assert refused(xlsx(tmp_path / "b.xlsx"), max_bytes=8000).code == "E106"
    assert refused(xls(tmp_path / "b.xls"), max_bytes=100).code == "E106"
    assert texts(xlsx(tmp_path / "b.xlsx"), max_bytes=100_000)


def test_a_zip_directory_that_lies(tmp_path: Path) -> None:
    path, name = xlsx(tmp_path / "a.xlsx"), "xl/worksheets/sheet1.xml"
    data = f"<worksheet {MAIN}><sheetData/></worksheet>".encode() + b" " * 1000
    with zipfile.ZipFile(rezip(path, {name: data})) as archive:
        true = struct.pack("<I", archive.getinfo(name).CRC), struct.pack("<I", len(data))
    told = struct.pack("<I", zlib.crc32(data[:501])), struct.pack("<I", 500)
    path.write_bytes(path.read_bytes().replace(true[0], told[0]).replace(true[1], told[1]))
    assert "larger than the zip directory tells" in str(refused(path))


def test_xml_that_attacks_its_reader(tmp_path: Path) -> None:
    entity = '<!DOCTYPE worksheet [<!ENTITY a "boom">]>'
    value = '<row><c t="str"><v>&a;</v></c></row>'
    assert "DOCTYPE" in str(refused(crafted(tmp_path / "a.xlsx", value, before=entity)))
    assert "DOCTYPE" in str(refused(crafted(tmp_path / "b.xlsx", "", before=f"<!--{'-.' * 300_000}-->{entity}")))
    strings = {"xl/sharedStrings.xml": f"<!DOCTYPE sst><sst {MAIN}/>"}
    assert "DOCTYPE" in str(refused(rezip(xlsx(tmp_path / "c.xlsx"), strings)))
    assert "nested" in str(refused(crafted(tmp_path / "d.xlsx", "<row>" * 5000 + "</row>" * 5000)))


def test_false_numbers_in_an_old_workbook(tmp_path: Path) -> None:
    data = xls(tmp_path / "a.xls").read_bytes()
    at, (directory,) = data.index(struct.pack("<2H", 0x0200, 14)) + 4, struct.unpack_from("<I", data, 48)
    ring = (struct.unpack_from("<I", data, 76)[0] + 1) * 512 + 4 * directory  # of the directory with itself
    sizes = [(0, 0xFFFFFFF0, 0, 0xFFFF), (0, 0x100000, 0, 0x4000), (5, 1, 7, 2)]
    false = [*((at, struct.pack("<2I2H", *size)) for size in sizes), (64, b"\xff" * 4), (ring, data[48:52])]
    for where, what in false:
        (tmp_path / "a.xls").write_bytes(data[:where] + what + data[where + len(what) :])
        assert refused(tmp_path / "a.xls").code == "E105"


def test_passwords(tmp_path: Path) -> None:
    names = "".join(name.ljust(64, "\0") for name in ("Root Entry", "EncryptionInfo", "EncryptedPackage"))
    (tmp_path / "a.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names.encode("utf-16-le"))
    assert workbook_kind(tmp_path / "a.xlsx") == "xlsx"
    locked = xls(tmp_path / "b.xls")
    locked.write_bytes(locked.read_bytes().replace(b"\xe1\x00\x02\x00", b"\x2f\x00\x02\x00", 1))
    flagged = bytearray(xlsx(tmp_path / "c.xlsx").read_bytes())
    flagged[flagged.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "c.xlsx").write_bytes(flagged)
    ods(tmp_path / "d.ods", table(row(cell("x"))), manifest="<m:file-entry><m:encryption-data/></m:file-entry>")
    for path in sorted(tmp_path.iterdir()):
        assert refused(path).code == "E109", path


def test_messages_hold_no_values(tmp_path: Path) -> None:
    path = crafted(tmp_path / "a.xlsx", '<row><c t="e"><v>#SECRET!</v></c><c t="s"><v>99</v></c></row>')
    assert "SECRET" not in str(refused(path))
    assert refused(path).__suppress_context__
