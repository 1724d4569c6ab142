"""The decision as a number: scale, coding of yes/no and categories, and the exact shift."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.numbers import NumberColumn, cleaned, number_column
from noiseaudit.reading.table import VIEW, Table
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

# (yes, no) as they are written, folded to lower case
WORD_PAIRS = (
    ("ja", "nee"), ("yes", "no"), ("j", "n"), ("y", "n"), ("waar", "onwaar"), ("true", "false"), ("1", "0"),
    ("toegekend", "afgewezen"), ("toegewezen", "afgewezen"), ("goedgekeurd", "afgekeurd"), ("verleend", "geweigerd"),
    ("granted", "denied"), ("granted", "refused"), ("approved", "rejected"), ("accepted", "rejected"),
    ("accept", "reject"), ("pass", "fail"), ("guilty", "not guilty"), ("schuldig", "onschuldig"), ("wel", "niet"),
)  # fmt: skip
MOST_CATEGORIES = 50


@dataclass(frozen=True)
class Coding:
    """SQL of the coded decision (shift taken off), and what it means."""

    sql: str
    scale: str
    shift: Decimal = Decimal(0)
    categories: tuple[str, ...] = ()
    unit: str | None = None
    decimal: str | None = None
    positive: str | None = None
    findings: tuple[Finding, ...] = field(default=())


def code_decision(table: Table, column: str, design: AuditDesign) -> Coding:
    """Scale and coding of the decision column, as asked or as the content says.

    0/1 or a known pair of words is yes/no; other text is nominal; every other number is continuous.
    """
    if design.positive is not None:
        return _positive(table, column, design)
    scale = design.scale
    levels = _text_levels(table, column, design) if table.is_text(column) else None
    if scale == "auto":
        if levels is not None and _pair(levels) is not None:
            scale = "binary"
        elif levels is not None and not _looks_numeric(table, column, design):
            scale = "nominal"
        else:
            numbers = number_column(table, column, design)
            scale = "binary" if numbers.only_01 and numbers.filled else "continuous"
            return _numeric(table, column, design, scale, numbers)
    if scale == "binary":
        pair = _pair(levels) if levels is not None else None
        if pair is not None:
            return _words(table, column, design, pair)
        if levels is not None and not _looks_numeric(table, column, design):
            raise DataError(
                [
                    Problem(
                        "E413",
                        f"{len(levels)} different words are no yes/no decision that is known here.",
                        "Say which value counts as 1 with --positive, or use --scale nominal.",
                        column=column,
                    )
                ]
            )
    if scale == "nominal":
        return _categories(table, column, design, "nominal")
    if scale == "ordinal":
        return _ordinal(table, column, design)
    return _numeric(table, column, design, scale, number_column(table, column, design))


def _text_levels(table: Table, column: str, design: AuditDesign) -> list[str]:
    """Different values, at most one more than a nominal decision may have."""
    rows = table.fetch(
        f"SELECT DISTINCT v FROM (SELECT {cleaned(table, column, design)} AS v FROM {VIEW}) "
        f"WHERE v IS NOT NULL LIMIT {MOST_CATEGORIES + 1}"
    )
    return sorted(str(value) for (value,) in rows)


def _looks_numeric(table: Table, column: str, design: AuditDesign) -> bool:
    """At least half of the values hold digits and nothing but what numbers are written with."""
    t = cleaned(table, column, design)
    numeric, filled = table.fetch(
        f"SELECT count(*) FILTER (regexp_full_match(v, '[-+−€%., 0-9eEUR]*[0-9][-+−€%., 0-9eEUR]*')), count(v) "
        f"FROM (SELECT {t} AS v FROM {VIEW})"
    )[0]
    return bool(numeric * 2 >= filled)


def _pair(levels: list[str]) -> tuple[str, str] | None:
    """(yes, no) when the values are a known pair, both or one of them seen."""
    folded = {value.casefold() for value in levels}
    if not folded:
        return None
    return next((pair for pair in WORD_PAIRS if folded == set(pair)), None) or next(
        (pair for pair in WORD_PAIRS if len(folded) == 1 and len(next(iter(folded))) > 1 and folded <= set(pair)),
        None,
    )


def _words(table: Table, column: str, design: AuditDesign, pair: tuple[str, str]) -> Coding:
    t = f"lower({cleaned(table, column, design)})"
    sql = f"CASE WHEN {t} IS NULL THEN NULL WHEN {t} = {_literal(pair[0])} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END"
    said = () if pair == ("1", "0") else (finding("binary_coding", one=pair[0], zero=pair[1]),)
    return Coding(sql, "binary", positive=pair[0], findings=said)


def _positive(table: Table, column: str, design: AuditDesign) -> Coding:
    """The named value counts as 1, everything else that is filled as 0."""
    wanted = str(design.positive).strip()
    t = cleaned(table, column, design)
    same = f"lower({t}) = lower({_literal(wanted)})"
    if not table.is_text(column):
        try:
            same = f"{table.column(column)} = {Decimal(wanted.replace(',', '.'))}"
        except ArithmeticError:
            same = f"lower(CAST({table.column(column)} AS VARCHAR)) = lower({_literal(wanted)})"
    seen = table.fetch(f"SELECT count(*) FROM {VIEW} WHERE {same}")[0][0]
    if not seen:
        raise DataError(
            [
                Problem(
                    "E413",
                    f"the value {wanted!r} that should count as 1 does not occur.",
                    "Write it as it stands in the file.",
                    column=column,
                )
            ]
        )
    sql = f"CASE WHEN {t} IS NULL THEN NULL WHEN {same} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END"
    said = finding("binary_coding", one=wanted, zero="everything else")
    return Coding(sql, "binary", positive=wanted, findings=(said,))


def _categories(table: Table, column: str, design: AuditDesign, scale: str) -> Coding:
    levels = _text_levels(table, column, design)
    if len(levels) > MOST_CATEGORIES:
        raise DataError(
            [
                Problem(
                    "E413",
                    f"the decision has more than {MOST_CATEGORIES} different values.",
                    "Choose a column with categories, or group them first.",
                    column=column,
                )
            ]
        )
    if design.order:
        unknown = [value for value in levels if value not in design.order]
        if unknown:
            raise DataError(
                [
                    Problem(
                        "E414",
                        f"{len(unknown)} values are not in the order that was given.",
                        "Name every category in --order.",
                        column=column,
                    )
                ]
            )
        levels = list(design.order)
    t = cleaned(table, column, design)
    return Coding(_codes(t, levels), scale, categories=tuple(levels))


def _codes(t: str, levels: list[str]) -> str:
    cases = " ".join(f"WHEN {t} = {_literal(value)} THEN {code}" for code, value in enumerate(levels, 1))
    return f"CAST(CASE {cases} ELSE NULL END AS DOUBLE)" if levels else "CAST(NULL AS DOUBLE)"


def _ordinal(table: Table, column: str, design: AuditDesign) -> Coding:
    if design.order:
        return _categories(table, column, design, "ordinal")
    if table.is_text(column) and not _looks_numeric(table, column, design):
        raise DataError(
            [
                Problem(
                    "E414",
                    "the order of these grades is not known.",
                    'Give it from low to high: --order "onvoldoende,voldoende,goed".',
                    column=column,
                )
            ]
        )
    numbers = number_column(table, column, design)
    rows = table.fetch(
        f"SELECT DISTINCT v FROM (SELECT {numbers.sql} AS v FROM {VIEW}) WHERE v IS NOT NULL ORDER BY v "
        f"LIMIT {MOST_CATEGORIES + 1}"
    )
    if len(rows) > MOST_CATEGORIES:
        raise DataError(
            [
                Problem(
                    "E413",
                    f"an ordinal decision with more than {MOST_CATEGORIES} grades is a number.",
                    "Use --scale continuous.",
                    column=column,
                )
            ]
        )
    cases = " ".join(f"WHEN {numbers.sql} = {value} THEN {code}" for code, (value,) in enumerate(rows, 1))
    labels = tuple(_plain_number(value) for (value,) in rows)
    return Coding(
        f"CAST(CASE {cases} ELSE NULL END AS DOUBLE)" if rows else "CAST(NULL AS DOUBLE)",
        "ordinal",
        categories=labels,
        decimal=numbers.decimal,
    )


def _plain_number(value: object) -> str:
    text = f"{Decimal(str(value)).normalize():f}"
    return "0" if text in ("-0", "") else text


def _numeric(table: Table, column: str, design: AuditDesign, scale: str, numbers: NumberColumn) -> Coding:
    unit = design.unit or numbers.unit
    if scale == "binary":
        if not numbers.only_01:
            raise DataError(
                [
                    Problem(
                        "E413",
                        "a yes/no decision in numbers has only 0 and 1.",
                        "Say which value counts as 1 with --positive.",
                        column=column,
                    )
                ]
            )
        return Coding(f"CAST({numbers.sql} AS DOUBLE)", "binary", positive="1", decimal=numbers.decimal)
    if scale == "count" and numbers.filled and not (numbers.whole and (numbers.lowest or 0) >= 0):
        raise DataError(
            [
                table.problem(
                    column,
                    f"{numbers.sql} < 0 OR {numbers.sql} <> floor({numbers.sql})",
                    "E416",
                    "counts are whole numbers from 0 up.",
                    "Use --scale continuous, or mend the values.",
                )
            ]
        )
    if scale == "log":
        if numbers.filled and (numbers.lowest or 0) <= 0:
            raise DataError(
                [
                    table.problem(
                        column,
                        f"{numbers.sql} <= 0",
                        "nonpositive_values",
                        "a logarithm needs decisions above zero.",
                        "Use --scale continuous, or leave such rows out for a stated reason.",
                    )
                ]
            )
        shift = Decimal(0) if numbers.first is None else numbers.first.ln()
        return Coding(
            f"ln(CAST({numbers.sql} AS DOUBLE)) - ({float(shift)!r}::DOUBLE)",
            "log",
            Decimal(float(shift)),
            unit=unit,
            decimal=numbers.decimal,
        )
    shift = numbers.first or Decimal(0)
    if numbers.exact:
        sql = f"CAST(({numbers.sql}) - {_number(shift)} AS DOUBLE)"
    else:
        sql = f"({numbers.sql}) - ({float(shift)!r}::DOUBLE)"
    return Coding(sql, scale, shift, unit=unit, decimal=numbers.decimal)


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    return f"({text})"


def code_truth(table: Table, column: str, design: AuditDesign, coding: Coding) -> str:
    """SQL of the right answer on the scale of the decision, minus its shift."""
    if coding.scale == "binary" and coding.positive not in (None, "1"):
        t = f"lower({cleaned(table, column, design)})"
        return (
            f"CASE WHEN {t} IS NULL THEN NULL WHEN {t} = lower({_literal(str(coding.positive))}) THEN 1.0 ELSE 0.0 END"
        )
    if coding.scale in ("nominal", "ordinal"):
        return _codes(cleaned(table, column, design), list(coding.categories))
    numbers = number_column(table, column, design)
    if coding.scale == "log":
        return f"ln(CAST({numbers.sql} AS DOUBLE)) - ({float(coding.shift)!r}::DOUBLE)"
    return f"CAST({numbers.sql} AS DOUBLE) - ({float(coding.shift)!r}::DOUBLE)"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
