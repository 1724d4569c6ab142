"""Numbers written as text: one reading for a whole column, exact, with every row that does not fit.

Each shape (digits as 0) is read once, here; what the engine then casts is known to fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError
from noiseaudit.reading.shapes import FOREIGN, FOREIGN_DIGITS, SPACES, Shape, Shapes, shapes_of, trimmed, where_shape
from noiseaudit.reading.table import VIEW, Table, literal

_CURRENCY = r"€|EUR|eur|Eur|euro|[$£¥₺]|USD|GBP|CHF|SEK|DKK|NOK|PLN|US\$"
_NUMBER = re.compile(
    rf"(?:(?P<front>{_CURRENCY}) ?)?(?P<sign>[-+−–])? ?(?:(?P<inner>{_CURRENCY}) ?)?"
    rf"(?P<body>[.,'’ ]*+0[0.,'’ ]*?)(?P<power>[eE][-+−]?0+)?(?P<dash>,[-–=]{{1,2}})?"
    rf" ?(?P<percent>%)?(?:(?P<back>{_CURRENCY}))?(?P<after>[-−–])?"
)
_BODY = {
    ",": re.compile(r"(?:0+|0{1,3}(?:\.000)+|0{1,3}(?: 000)+|0{1,3}(?:['’]000)+)?(?:,0+)?"),
    ".": re.compile(r"(?:0+|0{1,3}(?:,000)+|0{1,3}(?: 000)+|0{1,3}(?:['’]000)+)?(?:\.0*)?"),
}
_EURO = ("€", "EUR", "eur", "Eur", "euro")
_GONE = "'’%€$£¥₺+"
_NOT_FINITE = {"nan", "inf", "infinity", "∞"}
_SHEET_ERROR = re.compile(r"#(?:[A-Z0-9/_]+[!?]?)")
_LONGEST_EXACT = 36
_FEW_DIGITS = 17  # a difference of such decimals still is a machine number
_LARGEST, _SMALLEST = 1e150, 1e-150  # squares of these still are double numbers
_WIDE = 1e12


@dataclass(frozen=True)
class Form:
    """What a shape can be: a number with decimal comma, with decimal point, or both; its unit; its parts."""

    comma: bool
    point: bool
    unit: str | None
    whole: int
    fraction: int
    power: bool
    foreign: bool
    dash: bool
    after: bool
    marked: bool

    @property
    def undecided(self) -> bool:
        """`1.234` or `1,234`: a fraction to one reader, thousands to another."""
        return self.comma and self.point and self.marked


def read_shape(shape: str) -> Form | None:
    """The form of a shape, None where it is no number."""
    plain = shape.replace(FOREIGN, "0").replace("٫", ",").replace("٬", ".")
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    body = found["body"].strip()
    comma, point = (bool(_BODY[mark].fullmatch(body)) for mark in (",", "."))
    arabic = "٫" in shape or "٬" in shape  # a decimal comma and a thousands mark, whatever stands elsewhere
    point = point and not arabic
    if found["dash"]:
        point, comma = False, comma and "," not in body
    if found["after"] and (found["sign"] or found["dash"]):
        return None
    if not (comma or point):
        return None
    signs = {sign for sign in (found["front"], found["inner"], found["back"]) if sign}
    if len(signs) > 1 or (signs and found["percent"]):
        return None
    mark = "," if comma and not point else "."
    digits = body.replace(" ", "").replace("'", "").replace("’", "")
    whole, _, fraction = digits.replace("." if mark == "," else ",", "").partition(mark)
    return Form(
        comma=comma,
        point=point,
        unit="%" if found["percent"] else "€" if signs & set(_EURO) else next(iter(signs), None),
        whole=len(whole) if not (comma and point) else len(digits.replace(".", "").replace(",", "")),
        fraction=len(fraction),
        power=bool(found["power"]),
        foreign=FOREIGN in shape or arabic,
        dash=bool(found["dash"]),
        after=bool(found["after"]),
        marked="." in body or "," in body,
    )


@dataclass(frozen=True)
class NumberColumn:
    """How a column becomes numbers: SQL for the exact value (NULL where missing), and what was seen.

    exact: the SQL gives DECIMAL or an integer, so a shift can be taken off without rounding. first: the first
    value, exactly. evidence: why this decimal sign. foreign: rows with digits of another script. wide: sizes that
    lie implausibly far apart.
    """

    sql: str
    exact: bool
    decimal: str | None
    unit: str | None
    first: Decimal | None
    filled: int
    single_digits: bool = False
    evidence: str | None = None
    foreign: int = 0
    wide: bool = False


@dataclass(frozen=True)
class Extremes:
    """Of a column of numbers: lowest, highest, all whole, all 0 or 1."""

    lowest: float
    highest: float
    whole: bool
    only_01: bool


def extremes(table: Table, sql: str) -> Extremes:
    """One pass over the numbers that `sql` gives."""
    low, high, whole, zero_one = table.fetch(
        f"SELECT min(v), max(v), bool_and(v = floor(v)), bool_and(v IN (0, 1)) FROM (SELECT {sql} AS v FROM {VIEW})"
    )[0]
    return Extremes(float(low or 0), float(high or 0), bool(whole), bool(zero_one))


def looks_numeric(shapes: Shapes) -> bool:
    """At least half of the values are numbers."""
    return 2 * sum(s.count for s in shapes.shapes if read_shape(s.text) is not None) >= shapes.filled > 0


def number_column(table: Table, name: str, design: AuditDesign, *, shapes: Shapes | None = None) -> NumberColumn:
    """Read a column as numbers; DataError lists every row that is none, or that can be read in two ways."""
    if table.is_text(name):
        return _Reader(table, name, design, shapes or shapes_of(table, name, design)).column()
    return _typed(table, name)


def _typed(table: Table, name: str) -> NumberColumn:
    column, kind = table.column(name), table.type_of(name)
    if kind == "BOOLEAN":
        column = f"CAST({column} AS INTEGER)"
    elif not table.is_number(name):
        raise DataError(
            [table.problem(name, "true", code="E410", what=f"the column holds {kind.lower()}, not numbers.",
                           do="Choose the column with the decisions.")]
        )  # fmt: skip
    exact = not kind.startswith(("DOUBLE", "FLOAT", "REAL"))
    if not exact:
        column = f"CAST({column} AS DOUBLE)"
        if table.fetch(f"SELECT 1 FROM {VIEW} WHERE isinf({column}) LIMIT 1"):
            raise DataError(
                [table.problem(name, f"isinf({column})", code="E408",
                               what="infinity is not a number that can be averaged.",
                               do="Leave the cell empty where there is none.")]
            )  # fmt: skip
        column = f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
    filled, first, small = table.fetch(
        f"SELECT count(v), arg_min(v, row), bool_and(v BETWEEN 0 AND 9) FROM (SELECT row, {column} AS v FROM {VIEW})"
    )[0]
    start = None if first is None else Decimal(first) if isinstance(first, float) else Decimal(str(first))
    return NumberColumn(column, exact, None, None, start, int(filled), single_digits=bool(small))


@dataclass(frozen=True)
class _Reader:
    """One text column on its way to numbers."""

    table: Table
    name: str
    design: AuditDesign
    shapes: Shapes

    def column(self) -> NumberColumn:
        forms = [(shape, read_shape(shape.text)) for shape in self.shapes.shapes]
        numbers = [(shape, form) for shape, form in forms if form is not None]
        decimal, why = self._decimal(numbers)
        self._refuse(forms, decimal)
        unit = self._unit([form for _, form in numbers])
        seen = [form for _, form in numbers]
        number = self._plain(decimal, seen)
        power = any(form.power for form in seen)
        whole = max((form.whole for form in seen), default=0)
        fraction = max((3 if form.undecided else form.fraction for form in seen), default=0)
        exact = not power and whole + fraction <= _LONGEST_EXACT
        digits = _FEW_DIGITS if whole + fraction <= _FEW_DIGITS else 38
        sql = f"CAST({number} AS {f'DECIMAL({digits}, {fraction})' if exact else 'DOUBLE'})"
        wide = (power or whole > 15) and self._wide(sql)
        first = self.shapes.first
        return NumberColumn(
            sql=sql,
            exact=exact,
            decimal=decimal if any(form.marked or form.dash for form in seen) else None,
            unit=unit,
            first=None if first is None else number_of(first.sample, decimal),
            filled=self.shapes.filled,
            single_digits=all(form.whole <= 1 and not form.power for form in seen),
            evidence=why,
            foreign=sum(shape.count for shape, form in numbers if form.foreign),
            wide=wide,
        )

    def _plain(self, decimal: str, seen: list[Form]) -> str:
        """SQL: sign, digits and a decimal point, nothing else. Every mark and form that was seen is provided for."""
        marks = {mark for shape in self.shapes.shapes for mark in shape.text}
        number = trimmed(self.table, self.name, self.design)
        if self.shapes.plain:
            number = f"CAST({self.table.column(self.name)} AS VARCHAR)"
        if any(form.foreign for form in seen):
            number = f"translate({number}, {literal(FOREIGN_DIGITS + '٫٬')}, {literal('0123456789' * 4 + ',.')})"
            marks |= {",", "."}
        if any(form.unit == "€" for form in seen):
            number = f"regexp_replace({number}, '(?i)euro?', '')"
        if any(form.dash for form in seen):
            number = f"regexp_replace({number}, ',[-–=]+', '')"
        if " " in marks:
            number = f"translate({number}, {literal(SPACES)}, '')"
        thousands = "." if decimal == "," else ","
        for mark, plain in ((thousands, ""), (decimal, "."), ("−", "-"), ("–", "-"), *((mark, "") for mark in _GONE)):
            if mark in marks and mark != plain:
                number = f"replace({number}, {literal(mark)}, {literal(plain)})"
        if any(form.after for form in seen):
            number = f"CASE WHEN ends_with({number}, '-') THEN '-' || rtrim({number}, '-') ELSE {number} END"
        return number

    def _decimal(self, numbers: list[tuple[Shape, Form]]) -> tuple[str, str]:
        """Comma or point, from the whole column; mixed and undecidable columns are refused."""
        if self.design.decimal != "auto":
            return self.design.decimal, "it was asked for"
        only_comma = [shape for shape, form in numbers if form.comma and not form.point]
        only_point = [shape for shape, form in numbers if form.point and not form.comma]
        commas, points = (sum(shape.count for shape in part) for part in (only_comma, only_point))
        if commas and points:
            rare = only_comma if commas <= points else only_point
            self._raise(rare, "E404", f"{commas} numbers can only be read with a decimal comma, {points} only with a "
                        "decimal point; these are the rarer.",
                        "Give all numbers one decimal mark, or say which with --decimal.")  # fmt: skip
        if commas:
            return ",", f"{commas} numbers can only be read with a decimal comma, none only with a point"
        if points:
            return ".", f"{points} numbers can only be read with a decimal point, none only with a comma"
        undecided = [shape for shape, form in numbers if form.undecided]
        if not undecided:
            return ".", "no number has a decimal mark"
        return self._leading_zero(undecided)

    def _leading_zero(self, undecided: list[Shape]) -> tuple[str, str]:
        """`0.123` cannot be thousands, so it settles what `1.234` is."""
        text = trimmed(self.table, self.name, self.design)
        found = self.table.fetch(
            f"SELECT count(*) FILTER (regexp_matches({text}, '^[^0-9.,]*0[.]')), "
            f"count(*) FILTER (regexp_matches({text}, '^[^0-9.,]*0,')) FROM {VIEW}"
        )[0]
        if found[0] and not found[1]:
            return ".", f"{found[0]} numbers begin with 0. and cannot be thousands"
        if found[1] and not found[0]:
            return ",", f"{found[1]} numbers begin with 0, and cannot be thousands"
        self._raise(undecided, "E405",
                    "1.234 can be one and a bit, or twelve hundred and thirty-four, and nothing in the column tells. "
                    f"With a decimal point the numbers run {self._reach('.', undecided)}, with a decimal comma "
                    f"{self._reach(',', undecided)}.",
                    'Say which with --decimal "," or --decimal ".".')  # fmt: skip

    def _reach(self, decimal: str, undecided: list[Shape]) -> str:
        """From where to where the undecided numbers run, roughly: no value of a person is shown."""
        forms = [form for form in (read_shape(shape.text) for shape in undecided) if form is not None]
        number = self._plain(decimal, forms)
        where = where_shape(self.table, self.name, self.design, [shape.text for shape in undecided])
        low, high = self.table.fetch(
            f"SELECT min(v), max(v) FROM (SELECT TRY_CAST({number} AS DOUBLE) AS v FROM {VIEW} WHERE {where})"
        )[0]
        return f"from about {_roughly(low)} to about {_roughly(high)}"

    def _refuse(self, forms: list[tuple[Shape, Form | None]], decimal: str) -> None:
        """DataError for every kind of value that is no number under this decimal mark."""
        wrong = [s for s, form in forms if form is None or not (form.comma if decimal == "," else form.point)]
        errors = [s for s in wrong if _SHEET_ERROR.fullmatch(s.text)]
        if errors:
            formula = any(s.text == "#FORMULA!" for s in errors)
            self._raise(errors, "E427",
                        "these cells hold an error of the spreadsheet"
                        + (" or a formula whose value was never stored." if formula else "."),
                        "Mend the formula and save the sheet again, or leave the cell empty.")  # fmt: skip
        endless = [s for s in wrong if s.text.lstrip("+-−").casefold() in _NOT_FINITE]
        if endless and len(endless) == len(wrong) and not self.shapes.rest:
            self._raise(endless, "E408", "these are not numbers that can be averaged (NaN or infinity).",
                        "Leave the cell empty where there is none.")  # fmt: skip
        if wrong or self.shapes.rest:
            right = [s.text for s, form in forms if form is not None and s not in wrong]
            mark = "comma" if decimal == "," else "point"
            raise DataError([self.table.problem(
                self.name, f"{trimmed(self.table, self.name, self.design)} IS NOT NULL AND NOT "
                + (where_shape(self.table, self.name, self.design, right) if right else "false"),
                code="E410", what=f"numbers were expected, with decimal {mark}; these are something else.",
                do=f"Mend the values, leave them empty where there is none, {self._or_else()}.")])  # fmt: skip

    def _or_else(self) -> str:
        """What else could be meant by a column that is no column of numbers."""
        marker = "name the marker for missing values with --na"
        if self.name == self.design.decision:
            return f"{marker}, or use --scale nominal if the decision is a category"
        if self.name in self.design.features:
            return f"{marker}, or list the column under as_category in noiseaudit.toml if its values are kinds"
        return f"or {marker}"

    def _unit(self, seen: list[Form]) -> str | None:
        units = {form.unit for form in seen}
        foreign = sorted(unit for unit in units if unit not in (None, "€", "%"))
        if foreign:
            self._raise_where(lambda form: form.unit in foreign, "E406",
                              f"these amounts bear another currency than euro ({', '.join(map(str, foreign))}).",
                              "Give amounts in one currency, without its sign, and name it with --unit.")  # fmt: skip
        if "%" in units and len(units) > 1:
            self._raise_where(lambda form: form.unit == "%", "E407",
                              "some values bear a percent sign and others do not.", "Give them one unit.")  # fmt: skip
        return "%" if "%" in units else "€" if "€" in units else None

    def _raise_where(self, test: Callable[[Form], bool], code: str, what: str, do: str) -> NoReturn:
        listed = [s for s in self.shapes.shapes if (form := read_shape(s.text)) is not None and test(form)]
        self._raise(listed, code, what, do)

    def _raise(self, listed: list[Shape], code: str, what: str, do: str) -> NoReturn:
        where = where_shape(self.table, self.name, self.design, [shape.text for shape in listed])
        raise DataError([self.table.problem(self.name, where, code=code, what=what, do=do)])

    def _wide(self, sql: str) -> bool:
        """Whether the sizes lie implausibly far apart; DataError for sizes that double numbers cannot hold."""
        size = f"abs(CAST({sql} AS DOUBLE))"
        low, high = self.table.fetch(f"SELECT min(nullif(v, 0)), max(v) FROM (SELECT {size} AS v FROM {VIEW})")[0]
        if high is None or high == 0:
            return False
        if high == float("inf"):
            raise DataError([self.table.problem(
                self.name, f"isinf({size})", code="E408", what="these numbers are larger than a computer's numbers go.",
                do="Mend the values, or leave the cell empty.")])  # fmt: skip
        if not _SMALLEST < high < _LARGEST:
            where = f"{size} >= {_LARGEST!r}" if high > 1 else f"{size} > 0"
            raise DataError([self.table.problem(
                self.name, where, code="W409", what="numbers of this size cannot be squared without loss.",
                do="Mend the values, or give them in another unit.")])  # fmt: skip
        return bool(high / low > _WIDE)


def _roughly(value: float) -> str:
    """One significant digit: `3,000` for 3,456."""
    return f"{float(f'{value:.0e}'):,.10g}"


def number_of(text: str, decimal: str) -> Decimal | None:
    """The exact value of one text that has the form of a number."""
    plain = text.translate(str.maketrans(FOREIGN_DIGITS + "٫٬−–", "0123456789" * 4 + ",.--"))
    plain = re.sub(r"(?i)euro?|[$£¥₺€%+'’]|USD|GBP|\s", "", plain)
    plain = re.sub(r",[-=]{1,2}$", "", plain)
    plain = plain.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    if plain.endswith("-"):
        plain = "-" + plain[:-1]
    try:
        value = Decimal(plain)
    except ArithmeticError:
        return None
    return value if value.is_finite() else None
