"""The sheets of the corpus: a workbook by XlsxWriter, and the little that an OpenDocument sheet needs, by hand."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import quoteattr

ODF = "urn:oasis:names:tc:opendocument:xmlns"


def as_xlsx(sheet: list[list[object]]) -> bytes:
    """With numbers as numbers and dates as dates, as a case system hands them to Excel."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd-mm-yyyy"}) as book:
        book.set_properties({"created": datetime(2024, 1, 1)})
        page = book.add_worksheet("Besluiten")
        for i, cells in enumerate(sheet):
            for j, value in enumerate(cells):
                if isinstance(value, date):
                    page.write_datetime(i, j, value)  # type: ignore[arg-type]
                elif isinstance(value, Decimal | int):
                    page.write_number(i, j, float(value))
                elif value not in ("", None):
                    page.write_string(i, j, str(value))
    return out.getvalue()


def as_ods(sheet: list[list[object]]) -> bytes:
    """The little that an OpenDocument sheet needs."""

    def cell(value: object) -> str:
        if value in ("", None):
            return "<table:table-cell/>"
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
        if isinstance(value, Decimal | int):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        parts = "".join(f"<text:p>{quoteattr(part)[1:-1]}</text:p>" for part in str(value).split("\n"))
        return f'<table:table-cell office:value-type="string">{parts}</table:table-cell>'

    rows = "".join(f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>" for cells in sheet)
    names = "".join(f' xmlns:{n}="{ODF}:{n}:1.0"' for n in ("office", "table", "text"))
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    page = f'<table:table table:name="Besluiten">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{page}</office:spreadsheet></office:body>"
    parts = {
        "mimetype": kind,
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0">{entry}</manifest:manifest>',
        "content.xml": f"<office:document-content{names}>{body}</office:document-content>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()
