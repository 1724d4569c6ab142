"""Dates written as text: one order of day and month for a whole column, with every row that does not fit."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError
from noiseaudit.reading.shapes import Shape, Shapes, shapes_of, trimmed, where_shape
from noiseaudit.reading.table import VIEW, Table, literal
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

_TIME = r"(?P<clock>[T ]00?:00(?::00(?:[.,]0{1,9})?)?)?"
_ZONE = r"(?P<zone> ?(?:Z|UTC|[+-]00:?(?:00)?))?"
_ISO = re.compile(rf"0000(?P<sep>[-/.])00?(?P=sep)00?{_TIME}{_ZONE}")
_COMPACT = re.compile(r"00000000")
_DAY_FIRST = re.compile(rf"00?(?P<sep>[-/. ])00?(?P=sep)(?P<year>0000|00){_TIME}{_ZONE}")
ORDERS = ("dmy", "mdy", "ymd")
NO_CLOCK = "CAST(NULL AS TIME)"


@dataclass(frozen=True)
class DateColumn:
    """How a column becomes dates: SQL for the day (NULL where missing), the order, and what was said.

    clock: SQL for the time of day, NULL where none is written.
    """

    sql: str
    order: str
    evidence: str
    first: date | None
    last: date | None
    findings: tuple[Finding, ...]
    clock: str = NO_CLOCK

    @property
    def moment(self) -> str:
        """SQL for day and time; midnight where no time is written."""
        return f"(({self.sql}) + coalesce({self.clock}, TIME '00:00:00'))"


def date_column(table: Table, name: str, design: AuditDesign) -> DateColumn:
    """Read a column as dates; DataError lists every row that is none, or of another order than the rest."""
    if design.dates not in ("auto", *ORDERS):
        raise CallError("wrong_setting", f"--dates is auto, dmy, mdy or ymd, not {design.dates!r}")
    if not table.is_text(name):
        return _typed(table, name)
    return _Reader(table, name, design, shapes_of(table, name, design)).column()


def holds_dates(table: Table, name: str, design: AuditDesign) -> bool:
    """Every value is a date that reads without a problem, and there is one."""
    try:
        return date_column(table, name, design).first is not None
    except DataError:
        return False


def looks_dated(shapes: Shapes) -> bool:
    """At least half of the values are written as dates are."""
    return 2 * sum(shape.count for shape in shapes.shapes if _kind(shape.text) is not None) >= shapes.filled > 0


def _typed(table: Table, name: str) -> DateColumn:
    kind = table.type_of(name)
    if not kind.startswith(("DATE", "TIMESTAMP")):
        raise DataError(
            [table.problem(name, "true", code="E424", what=f"the column holds {kind.lower()}, not dates.",
                           do="Choose the column with the dates.")]
        )  # fmt: skip
    sql = f"CAST({table.column(name)} AS DATE)"
    found = _finished(table, name, sql, "ymd", "the column is typed", [])
    return found if kind == "DATE" else replace(found, clock=f"CAST({table.column(name)} AS TIME)")


@dataclass(frozen=True)
class _Reader:
    """One text column on its way to dates."""

    table: Table
    name: str
    design: AuditDesign
    shapes: Shapes

    def column(self) -> DateColumn:
        kinds = [(shape, _kind(shape.text)) for shape in self.shapes.shapes]
        wrong = [shape for shape, kind in kinds if kind is None]
        if wrong or self.shapes.rest:
            right = [shape.text for shape, kind in kinds if kind is not None]
            self._raise_not(right)
        zoned = [shape for shape, _ in kinds if _has_zone(shape.text)]
        if zoned and len(zoned) < len(kinds):
            rare = zoned if 2 * sum(s.count for s in zoned) <= self.shapes.filled else [
                shape for shape, _ in kinds if shape not in zoned]  # fmt: skip
            self._raise(rare, "E426", "some times name a time zone and others do not; these are the rarer.",
                        "Give all times in one way: local time without a zone, or all with one.")  # fmt: skip
        short = [shape for shape, kind in kinds if kind == "dmyy"]
        if short and self.design.century is None:
            self._raise(short, "E423", "these years have two digits: 24 can be 1924 and 2024.",
                        "Export four digits, or say it in noiseaudit.toml: [reading] century = 2000.")  # fmt: skip
        year_first = [shape for shape, kind in kinds if kind == "ymd"]
        if year_first and len(year_first) < len(kinds):
            rare = year_first if 2 * sum(s.count for s in year_first) <= self.shapes.filled else [
                shape for shape, kind in kinds if kind != "ymd"]  # fmt: skip
            self._raise(rare, "E421", "some dates begin with the year and others with the day; these are the rarer.",
                        "Give all dates in one way.")  # fmt: skip
        order, why, said = ("ymd", "the year stands first", []) if year_first else self._order()
        sql = self._sql(order)
        text = trimmed(self.table, self.name, self.design)
        where = f"{text} IS NOT NULL AND ({sql}) IS NULL"
        if self.table.fetch(f"SELECT 1 FROM {VIEW} WHERE {where} LIMIT 1"):
            raise DataError([self.table.problem(
                self.name, where, code="E424", what=f"these are no dates that exist, read as {_WORDS[order]}.",
                do="Mend the dates, or say the order with --dates dmy, mdy or ymd.")])  # fmt: skip
        found = _finished(self.table, self.name, sql, order, why, said)
        if not any(":" in shape.text for shape in self.shapes.shapes):
            return found
        text = trimmed(self.table, self.name, self.design)
        written = f"nullif(regexp_extract({text}, '[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}})?'), '')"
        return replace(
            found,
            clock=f"TRY_CAST(CASE WHEN instr({written}, ':') = 2 THEN '0' || {written} ELSE {written} END AS TIME)",
        )

    def _parts(self) -> str:
        text = trimmed(self.table, self.name, self.design)
        return f"string_split_regex(regexp_extract({text}, '^[0-9]+[-/. ][0-9]+[-/. ][0-9]+'), '[-/. ]')"

    def _order(self) -> tuple[str, str, list[Finding]]:
        """Day or month first, from the whole column."""
        if self.design.dates in ("dmy", "mdy"):
            return self.design.dates, "it was asked for", []
        parts = self._parts()
        first, second = f"TRY_CAST({parts}[1] AS INTEGER)", f"TRY_CAST({parts}[2] AS INTEGER)"
        day_first, month_first = self.table.fetch(
            f"SELECT count(*) FILTER ({first} > 12), count(*) FILTER ({second} > 12) FROM {VIEW}"
        )[0]
        if day_first and month_first:
            rare = first if day_first <= month_first else second
            raise DataError([self.table.problem(
                self.name, f"{rare} > 12", code="E421",
                what=f"{day_first} dates can only be day-month-year, {month_first} only month-day-year; "
                     "these are the rarer.",
                do="Give all dates in one order, or say it with --dates dmy or --dates mdy.")])  # fmt: skip
        if month_first:
            return "mdy", f"{month_first} dates have a second number over 12", []
        if day_first:
            return "dmy", f"{day_first} dates have a first number over 12", []
        said = [finding("W420", "warning")] if self.shapes.filled else []
        return "dmy", "no number over 12 tells; day-month-year is the usual order", said

    def _sql(self, order: str) -> str:
        text = trimmed(self.table, self.name, self.design)
        day = f"regexp_extract({text}, '^[0-9./ -]*[0-9]')"
        if order == "ymd":
            day = f"regexp_extract({text}, '^[0-9]+([-/.][0-9]+[-/.][0-9]+)?')"
            plain = f"CASE WHEN length({day}) = 8 AND {day} NOT LIKE '%-%' THEN {day} ELSE NULL END"
            parts = f"string_split_regex({day}, '[-/.]')"
            year, month, of_month = f"{parts}[1]", f"{parts}[2]", f"{parts}[3]"
            return (
                f"coalesce(CAST(try_strptime({plain}, '%Y%m%d') AS DATE), "
                f"TRY_CAST({year} || '-' || {month} || '-' || {of_month} AS DATE))"
            )
        parts = self._parts()
        month, of_month = (f"{parts}[2]", f"{parts}[1]") if order == "dmy" else (f"{parts}[1]", f"{parts}[2]")
        year = f"{parts}[3]"
        if self.design.century is not None:
            full = f"CAST({self.design.century} + CAST({year} AS INTEGER) AS VARCHAR)"
            year = f"CASE WHEN length({year}) = 2 THEN {full} ELSE {year} END"
        return f"TRY_CAST({year} || '-' || {month} || '-' || {of_month} AS DATE)"

    def _raise(self, listed: list[Shape], code: str, what: str, do: str) -> None:
        where = where_shape(self.table, self.name, self.design, [shape.text for shape in listed])
        raise DataError([self.table.problem(self.name, where, code=code, what=what, do=do)])

    def _raise_not(self, right: list[str]) -> None:
        fits = where_shape(self.table, self.name, self.design, right) if right else "false"
        where = f"{trimmed(self.table, self.name, self.design)} IS NOT NULL AND NOT {fits}"
        serial = any(re.fullmatch(r"0{5}(?:[.,]0+)?", shape.text) for shape in self.shapes.shapes)
        hint = " Numbers near 45000 are dates that lost their format in Excel: format the column as date." * serial
        raise DataError([self.table.problem(
            self.name, where, code="E424", what="these are no dates in a form that is known here.",
            do=f"Write them as 2024-04-03 or 3-4-2024.{hint}")])  # fmt: skip


_WORDS = {"dmy": "day-month-year", "mdy": "month-day-year", "ymd": "year-month-day"}


def _kind(shape: str) -> str | None:
    if _ISO.fullmatch(shape) or _COMPACT.fullmatch(shape):
        return "ymd"
    found = _DAY_FIRST.fullmatch(shape)
    if found is None:
        return None
    return "dmy" if len(found["year"]) == 4 else "dmyy"


def _has_zone(shape: str) -> bool:
    found = _ISO.fullmatch(shape) or _DAY_FIRST.fullmatch(shape)
    return bool(found and found["zone"])


def _finished(table: Table, name: str, sql: str, order: str, why: str, said: list[Finding]) -> DateColumn:
    first, last, ahead = table.fetch(
        f"SELECT min(v), max(v), count(*) FILTER (v > CAST({literal(today().isoformat())} AS DATE)) "
        f"FROM (SELECT {sql} AS v FROM {VIEW})"
    )[0]
    if ahead:
        said = [*said, finding("W429", "warning", n=ahead, column=name)]
    return DateColumn(sql, order, why, first, last, tuple(said))


def today() -> date:
    """The day by which dates are in the future: of SOURCE_DATE_EPOCH where it is set, else of the clock.

    Nothing else in the project asks for the time; a file without dates to come gives the same bytes on any day.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC).date() if epoch.isdigit() else datetime.now(UTC).date()
