"""What the values of a text column look like: digits as 0, everything else as it is, each shape counted once.

A million amounts have a handful of shapes (`0.000,00`, `000,00`, …), so one pass over the rows lets plain Python
decide how to read a column, and nothing escapes it: every value has a shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from noiseaudit.design import AuditDesign
from noiseaudit.reading.table import VIEW, Table, literal

# Digits of other scripts, in order 0-9: Arabic-Indic, Extended Arabic-Indic, Devanagari, fullwidth.
FOREIGN_DIGITS = "".join(chr(first + k) for first in (0x0660, 0x06F0, 0x0966, 0xFF10) for k in range(10))
FOREIGN = "\u0660"  # what a foreign digit becomes in a shape
SPACES = " \u00a0\u202f\u2009\u2007\u3000\t\r\n"
MOST_SHAPES = 2000
_LONGEST = 60
LONG = "…"  # the shape of values that are too long to be a number or a date


@dataclass(frozen=True)
class Shape:
    """A shape, how many values have it, the first data row with it, and that row's value."""

    text: str
    count: int
    first: int
    sample: str


@dataclass(frozen=True)
class Shapes:
    """The commonest shapes of a column; `rest` counts values of further ones, `filled` all values."""

    shapes: tuple[Shape, ...]
    filled: int
    rest: int

    @property
    def first(self) -> Shape | None:
        """The shape of the first value, as far as shapes are listed."""
        return min(self.shapes, key=lambda shape: shape.first, default=None)


def trimmed(table: Table, name: str, design: AuditDesign) -> str:
    """SQL for a text cell without spaces around it; NULL where nothing is left or it is a marker for missing."""
    text = f"trim(CAST({table.column(name)} AS VARCHAR), {literal(SPACES)})"
    markers = [] if design.na == "auto" else list(design.na)
    listed = ", ".join(literal(marker) for marker in ["", *markers])
    return f"CASE WHEN {text} IN ({listed}) THEN NULL ELSE {text} END" if markers else f"nullif({text}, '')"


def _shape(value: str) -> str:
    """SQL: the shape of a text."""
    known = "123456789" + FOREIGN_DIGITS + SPACES[1:]
    plain = "000000000" + FOREIGN * len(FOREIGN_DIGITS) + " " * (len(SPACES) - 1)
    digits = f"translate({value}, {literal(known)}, {literal(plain)})"
    return f"CASE WHEN length({value}) > {_LONGEST} THEN '{LONG}' ELSE {digits} END"


def shapes_of(table: Table, name: str, design: AuditDesign) -> Shapes:
    """Every shape of a column, in one pass."""
    rows = table.fetch(
        f"SELECT shape, count(*) AS n, min(row) AS first, arg_min(t, row) FROM "
        f"(SELECT row, t, {_shape('t')} AS shape FROM (SELECT row, {trimmed(table, name, design)} AS t FROM {VIEW})) "
        f"WHERE t IS NOT NULL GROUP BY shape ORDER BY n DESC, first LIMIT {MOST_SHAPES + 1}"
    )
    shapes = tuple(Shape(str(s), int(n), int(first), str(sample)) for s, n, first, sample in rows[:MOST_SHAPES])
    listed = sum(shape.count for shape in shapes)
    filled = listed
    if len(rows) > MOST_SHAPES:
        filled = int(table.fetch(f"SELECT count({trimmed(table, name, design)}) FROM {VIEW}")[0][0])
    return Shapes(shapes, filled, filled - listed)


def where_shape(table: Table, name: str, design: AuditDesign, shapes: list[str]) -> str:
    """SQL condition for the rows whose value has one of these shapes."""
    listed = ", ".join(map(literal, shapes))
    return f"({_shape(trimmed(table, name, design))}) IN ({listed})"
