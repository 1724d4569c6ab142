"""Numbers written as text: one reading for a whole column, exact, with every row that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.table import MOST_ROWS, VIEW, Table

_SPACES = r"[\s\x{00A0}\x{202F}\x{2009}]"
_COMMA = r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
_POINT = r"[-+]?(\d+|\d{1,3}(,\d{3})+|)(\.\d*)?([eE][-+]?\d+)?"
_NOT_FINITE = r"(?i)[-+]?(nan|inf|infinity)"


@dataclass(frozen=True)
class NumberColumn:
    """How a column becomes numbers: SQL for the exact value (NULL where missing), and what was seen.

    exact: the SQL gives DECIMAL or an integer, so a shift can be taken off without rounding.
    """

    sql: str
    exact: bool
    decimal: str | None
    unit: str | None
    first: Decimal | None
    whole: bool
    only_01: bool
    lowest: float | None
    filled: int


def cleaned(table: Table, name: str, design: AuditDesign) -> str:
    """SQL for a text cell: trimmed, NULL where it is empty or a configured missing marker."""
    text = f"trim(regexp_replace(CAST({table.column(name)} AS VARCHAR), '{_SPACES}+', ' ', 'g'))"
    markers = [] if design.na == "auto" else list(design.na)
    listed = ", ".join("'" + marker.replace("'", "''") + "'" for marker in ["", *markers])
    return f"CASE WHEN {text} IN ({listed}) THEN NULL ELSE {text} END"


def number_column(table: Table, name: str, design: AuditDesign) -> NumberColumn:
    """Read a column as numbers; DataError lists every row that is none, or that can be read in two ways."""
    if table.is_text(name):
        return _from_text(table, name, design)
    column, kind = table.column(name), table.kind(name)
    if kind == "BOOLEAN":
        column, kind = f"CAST({column} AS INTEGER)", "INTEGER"
    if not kind.startswith(("DECIMAL", "DOUBLE", "FLOAT", "REAL")) and "INT" not in kind:
        raise DataError(
            [
                Problem(
                    "E410",
                    f"the column holds {kind.lower()}, not numbers.",
                    "Choose the column with the decisions.",
                    column=name,
                )
            ]
        )
    exact = not kind.startswith(("DOUBLE", "FLOAT", "REAL"))
    if not exact:
        column = f"CAST({column} AS DOUBLE)"
        bad = table.fetch(f"SELECT row FROM {VIEW} WHERE isinf({column}) LIMIT {MOST_ROWS}")
        if bad:
            raise DataError([_infinite(table, name, [row for (row,) in bad])])
        column = f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
    return _profile(table, column, exact=exact, decimal=None, unit=None)


def _infinite(table: Table, name: str, rows: list[int]) -> Problem:
    return Problem(
        "E408",
        "infinity is not a number that can be averaged.",
        "Leave the cell empty where there is none.",
        column=name,
        rows=tuple(row + table.offset for row in rows),
        total=len(rows),
    )


def _from_text(table: Table, name: str, design: AuditDesign) -> NumberColumn:
    t = cleaned(table, name, design)
    stripped = f"regexp_replace(replace({t}, '−', '-'), '[€% ]|^EUR|EUR$|,-+$', '', 'g')"
    shapes = {
        "filled": "t IS NOT NULL",
        "comma": r"regexp_full_match(c, '[-+]?\d+,(\d{1,2}|\d{4,})') OR regexp_full_match(c, '[-+]?0,\d+') "
        r"OR regexp_full_match(c, '[-+]?\d{4,},\d+') OR regexp_full_match(c, '[-+]?\d{1,3}(\.\d{3})+,\d+') "
        r"OR regexp_full_match(c, '[-+]?\d{1,3}(\.\d{3}){2,}')",
        "point": r"regexp_full_match(c, '[-+]?\d*\.(\d{1,2}|\d{4,})?([eE][-+]?\d+)?') "
        r"OR regexp_full_match(c, '[-+]?0?\.\d+([eE][-+]?\d+)?') OR regexp_full_match(c, '[-+]?\d{4,}\.\d+') "
        r"OR regexp_full_match(c, '[-+]?\d{1,3}(,\d{3})+\.\d+') OR regexp_full_match(c, '[-+]?\d{1,3}(,\d{3}){2,}')",
        "either": r"regexp_full_match(c, '[-+]?[1-9]\d{0,2}[.,]\d{3}')",
        "percent": "ends_with(t, '%')",
        "euro": "contains(t, '€') OR contains(t, 'EUR')",
        "money": "regexp_matches(t, '[$£¥]|USD|GBP')",
    }
    counts = ", ".join(f"count(*) FILTER ({test})" for test in shapes.values())
    row = table.fetch(
        f"SELECT {counts} FROM (SELECT t, {stripped.replace(t, 't')} AS c FROM (SELECT {t} AS t FROM {VIEW}))"
    )[0]
    seen = dict(zip(shapes, row, strict=True))
    decimal = _decimal_mark(table, name, design, seen, t, stripped, shapes)
    if 0 < seen["percent"] < seen["filled"]:
        raise DataError(
            [
                table.problem(
                    name,
                    f"ends_with({t}, '%')",
                    "E407",
                    "some values bear a percent sign and others do not.",
                    "Give them one unit.",
                )
            ]
        )
    if seen["money"]:
        raise DataError(
            [
                table.problem(
                    name,
                    f"regexp_matches({t}, '[$£¥]|USD|GBP')",
                    "E406",
                    "these amounts bear another currency than euro.",
                    "Give amounts in one currency, without its sign.",
                )
            ]
        )
    pattern = _COMMA if decimal == "," else _POINT
    number = f"replace(replace({stripped}, '.', ''), ',', '.')" if decimal == "," else f"replace({stripped}, ',', '')"
    fits = f"regexp_full_match({stripped}, '{pattern}') AND regexp_matches({stripped}, '\\d')"
    wrong = f"{t} IS NOT NULL AND NOT ({fits})"
    bad = table.fetch(
        f"SELECT count(*), count(*) FILTER (regexp_full_match({t}, '{_NOT_FINITE}')) FROM {VIEW} WHERE {wrong}"
    )[0]
    if bad[0]:
        code, what = (
            ("E408", "these are not numbers that can be averaged (NaN or infinity).")
            if bad[1] == bad[0]
            else (
                "E410",
                f"numbers were expected, with decimal {'comma' if decimal == ',' else 'point'}; these are text.",
            )
        )
        raise DataError(
            [
                table.problem(
                    name,
                    wrong,
                    code,
                    what,
                    "Mend the values, leave them empty where there is none, or name the marker "
                    "for missing values with --na.",
                )
            ]
        )
    return _profile(
        table,
        *_decimal_sql(table, number, t),
        decimal=decimal,
        unit="€" if seen["euro"] else "%" if seen["percent"] else None,
    )


def _decimal_mark(
    table: Table,
    name: str,
    design: AuditDesign,
    seen: dict[str, int],
    t: str,
    stripped: str,
    shapes: dict[str, str],
) -> str:
    """Comma or point, from the whole column; mixed and undecidable columns are refused."""
    if design.decimal != "auto":
        return design.decimal
    if seen["comma"] and seen["point"]:
        rare = "comma" if seen["comma"] <= seen["point"] else "point"
        where = shapes[rare].replace("(c,", f"({stripped},")
        raise DataError(
            [
                table.problem(
                    name,
                    where,
                    "E404",
                    f"{seen['comma']} numbers have a decimal comma, {seen['point']} a point; these are the rarer.",
                    "Give all numbers one decimal mark, or say which with --decimal.",
                )
            ]
        )
    if seen["comma"]:
        return ","
    if seen["point"] or not seen["either"]:
        return "."
    where = shapes["either"].replace("(c,", f"({stripped},")
    raise DataError(
        [
            table.problem(
                name,
                where,
                "E405",
                "1.234 can be one and a bit, or twelve hundred and thirty-four; nothing in the column tells.",
                'Say which with --decimal "," or --decimal ".".',
            )
        ]
    )


def _decimal_sql(table: Table, number: str, t: str) -> tuple[str, bool]:
    """DECIMAL where every number fits 38 digits, DOUBLE where there are exponents or longer ones; and which."""
    plain = f"ltrim({number}, '+')"
    exponent, whole, part = table.fetch(
        f"SELECT coalesce(bool_or(regexp_matches(n, '[eE]')), false), max(length(split_part(ltrim(n, '-'), '.', 1))), "
        f"max(length(split_part(n, '.', 2))) FROM (SELECT {plain} AS n FROM {VIEW} WHERE {t} IS NOT NULL)"
    )[0]
    if exponent or (whole or 0) + (part or 0) > 36:
        return f"CASE WHEN {t} IS NULL THEN NULL ELSE CAST({plain} AS DOUBLE) END", False
    return f"CASE WHEN {t} IS NULL THEN NULL ELSE CAST({plain} AS DECIMAL(38, {part or 0})) END", True


def _profile(table: Table, sql: str, exact: bool, *, decimal: str | None, unit: str | None) -> NumberColumn:
    filled, low, whole, zero_one, first = table.fetch(
        f"SELECT count(v), min(v), bool_and(v = floor(v)), bool_and(v IN (0, 1)), arg_min(v, row) "
        f"FROM (SELECT row, {sql} AS v FROM {VIEW})"
    )[0]
    start = None if first is None else Decimal(first) if isinstance(first, float) else Decimal(str(first))
    return NumberColumn(
        sql,
        exact,
        decimal,
        unit,
        start,
        bool(whole),
        bool(zero_one),
        None if low is None else float(low),
        int(filled),
    )
