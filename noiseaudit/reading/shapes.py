"""What the values of a text column look like: digits as 0, everything else as it is, each shape counted once.

A million amounts have a handful of shapes (`0.000,00`, `000,00`, …), so one pass over the rows lets plain Python
decide how to read a column, and nothing escapes it: every value has a shape.
"""

from __future__ import annotations

import re
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
# Digits with at most one point and one comma: their length and where the marks stand give their shape.
_PLAIN = "[0-9]*(?:[.]?[0-9]*,?|,?[0-9]*[.]?)[0-9]*"


@dataclass(frozen=True)
class Shape:
    """A shape, how many values have it, the first data row with it, and that row's value."""

    text: str
    count: int
    first: int
    sample: str


@dataclass(frozen=True)
class Shapes:
    """The commonest shapes of a column; `rest` counts values of further ones, `filled` all values.

    plain: every cell is empty, or digits with at most one point and one comma and nothing around them.
    """

    shapes: tuple[Shape, ...]
    filled: int
    rest: int
    plain: bool

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
    """Every shape of a column, in one pass; plain values, nearly all of most columns, by a quick test."""
    text = trimmed(table, name, design)
    cell = f"CAST({table.column(name)} AS VARCHAR)" if design.na == "auto" else text
    plain = f"strlen({cell}) BETWEEN 1 AND {_LONGEST} AND regexp_full_match({cell}, '{_PLAIN}')"
    marks = "strlen(cell) * 10000 + instr(cell, '.') * 100 + instr(cell, ',')"
    tested = f"SELECT *, {cell} AS cell, {plain} AS plain FROM {VIEW}"
    keyed = (
        f"SELECT row, cell, CASE WHEN plain THEN cell ELSE {text} END AS t, CASE WHEN plain THEN {marks} END AS marks, "
        f"CASE WHEN plain THEN NULL ELSE {_shape(text)} END AS shape FROM ({tested})"
    )
    rows = table.fetch(
        f"SELECT marks, shape, count(*) AS n, count(cell), min(row) AS first, arg_min(t, row) FROM ({keyed}) "
        f"GROUP BY marks, shape ORDER BY n DESC, first LIMIT {MOST_SHAPES + 1}"
    )
    found: dict[str, Shape] = {}
    bare = design.na == "auto"
    for marks, shape, n, cells, first, sample in rows[:MOST_SHAPES]:
        bare = bare and (marks is not None or cells == 0)
        text = shape if marks is None else re.sub("[0-9]", "0", sample)
        if text is not None:
            found[text] = _joined(found.get(text), Shape(text, int(n), int(first), str(sample)))
    listed = sum(shape.count for shape in found.values())
    more = len(rows) > MOST_SHAPES
    filled = int(table.fetch(f"SELECT count({text}) FROM {VIEW}")[0][0]) if more else listed
    shapes = sorted(found.values(), key=lambda shape: (-shape.count, shape.first))
    return Shapes(tuple(shapes), filled, filled - listed, bare and not more)


def _joined(one: Shape | None, other: Shape) -> Shape:
    if one is None:
        return other
    earlier = min(one, other, key=lambda shape: shape.first)
    return Shape(one.text, one.count + other.count, earlier.first, earlier.sample)


def where_shape(table: Table, name: str, design: AuditDesign, shapes: list[str]) -> str:
    """SQL condition for the rows whose value has one of these shapes."""
    listed = ", ".join(map(literal, shapes))
    return f"({_shape(trimmed(table, name, design))}) IN ({listed})"
