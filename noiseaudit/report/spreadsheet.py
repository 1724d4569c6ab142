"""The tables of a result as a workbook: numbers stay numbers, text stays text, and nothing runs."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from noiseaudit.errors import CallError
from noiseaudit.formatting import printable
from noiseaudit.group_tables import group_tables
from noiseaudit.log_tables import log_tables
from noiseaudit.report.plain_tables import spreadsheet_safe
from noiseaudit.result import Audience, AuditResult
from noiseaudit.result.readers import for_readers

_MADE = dt.datetime(1980, 1, 1)
_NOISE = ("component", "status", "variance", "sd", "sd_low", "sd_high", "share", "share_low", "share_high", "because")


def render_workbook(result: AuditResult, *, audience: Audience = "public", key: bytes | None = None) -> bytes:
    """Sheets noise, account, findings, for a team judges, those of a log and of groups.

    CallError where the extra `excel` is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise CallError("excel_missing", 'writing .xlsx needs XlsxWriter: pip install "noiseaudit[excel]"') from None
    plain = result.to_dict(audience, key=key)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _MADE})
    bold = book.add_format({"bold": True})
    shown = for_readers(result, audience, key=key)
    added = [*log_tables(shown), *group_tables(shown)]
    more = [(table.name, [*table.columns], [[*row] for row in table.rows]) for table in added]
    for name, head, rows in [*_tables(result, plain), *more]:
        sheet = book.add_worksheet(name)
        for column, label in enumerate(head):
            sheet.write_string(0, column, label, bold)
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(line, column, value)
                elif value is not None:
                    sheet.write_string(line, column, str(spreadsheet_safe(printable(str(value))))[:32_000])
        sheet.freeze_panes(1, 0)
        sheet.autofit(300)
    book.close()
    return out.getvalue()


def _tables(result: AuditResult, plain: dict[str, Any]) -> list[tuple[str, list[str], list[list[Any]]]]:
    noise = result.to_frame("noise")
    account = plain["input"]
    tables = [
        ("noise", list(_NOISE), [[None if value != value else value for value in row]  # noqa: PLR0124 - NaN
                                 for row in noise[list(_NOISE)].itertuples(index=False)]),
        ("account", ["rows", "n"], [
            ["read", account["rows_read"]],
            ["used", account["rows_used"]],
            *([part["reason"], part["n"]] for part in account["rows_excluded"]),
        ]),
        ("findings", ["code", "severity", "what", "why", "do"],
         [[f[k] for k in ("code", "severity", "what", "why", "do")] for f in plain["findings"]]),
    ]  # fmt: skip
    if plain["judges"]:
        head = ["judge", "decisions", "cells", "level", "se", "shrunk", "low", "high", "reliability", "block"]
        rows = [{**judge, **dict(zip(("low", "high"), judge["interval"] or (None, None), strict=True))}
                for judge in plain["judges"]]  # fmt: skip
        tables.append(("judges", head, [[row[column] for column in head] for row in rows]))
    return tables
