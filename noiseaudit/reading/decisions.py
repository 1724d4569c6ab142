"""The decision as a number: scale, coding of yes/no and categories, and the exact shift."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError
from noiseaudit.reading.numbers import NumberColumn, extremes, looks_numeric, number_column
from noiseaudit.reading.shapes import SPACES, Shapes, shapes_of, trimmed
from noiseaudit.reading.table import VIEW, Table, literal
from noiseaudit.reading.words import are_grades, holds_yes_no, yes_no
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

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
    evidence: str | None = None
    positive: str | None = None
    findings: tuple[Finding, ...] = field(default=())


def code_decision(table: Table, column: str, design: AuditDesign, *, shift: Decimal | None = None) -> Coding:
    """Scale and coding of the decision column, as asked or as the content says.

    0/1 or a known pair of words is yes/no; other text is nominal; every other number is continuous. Text that has an
    order nobody gave, or a third word beside yes and no, is refused with what to say. shift: taken off numbers.
    """
    coder = _Coder(table, column, design, shift)
    return coder.positive() if design.positive is not None else coder.coding()


@dataclass(frozen=True)
class _Coder:
    """One decision column on its way to numbers."""

    table: Table
    column: str
    design: AuditDesign
    shift: Decimal | None = None

    def coding(self) -> Coding:
        ordered = self.design.scale == "auto" and bool(self.design.order)
        scale = "ordinal" if ordered else self.design.scale
        shapes = shapes_of(self.table, self.column, self.design) if self.table.is_text(self.column) else None
        words = None if shapes is None or looks_numeric(shapes) else self._levels()
        if scale in ("auto", "binary") and words is not None:
            pair = yes_no(words)
            if pair is not None:
                return self._words(pair)
            if scale == "binary" or self._has_order(words):
                self._refuse_words(words)
            scale = "nominal"
        if scale == "nominal":
            return self._categories("nominal")
        if scale == "ordinal":
            return self._ordinal(words, shapes)
        numbers = number_column(self.table, self.column, self.design, shapes=shapes)
        if scale == "auto":
            zero_one = numbers.filled and numbers.single_digits and extremes(self.table, numbers.sql).only_01
            scale = "binary" if zero_one else "continuous"
        return self._numeric(scale, numbers)

    def _text(self) -> str:
        """SQL: the cell without spaces around it and with single ones inside; NULL where missing."""
        inner = f"[{SPACES}]+".replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
        return f"regexp_replace({trimmed(self.table, self.column, self.design)}, '{inner}', ' ', 'g')"

    def _levels(self) -> list[str]:
        """Different values, at most one more than a nominal decision may have."""
        rows = self.table.fetch(
            f"SELECT DISTINCT v FROM (SELECT {self._text()} AS v FROM {VIEW}) "
            f"WHERE v IS NOT NULL LIMIT {MOST_CATEGORIES + 1}"
        )
        return sorted(str(value) for (value,) in rows)

    def _has_order(self, words: list[str]) -> bool:
        return are_grades(words) or holds_yes_no(words) is not None

    def _refuse_words(self, words: list[str]) -> NoReturn:
        pair = holds_yes_no(words)
        if are_grades(words):
            self._refuse("E414", f"these {len(words)} words are grades, and their order was not given.",
                         'Give all of them from low to high: --order "lowest,…,highest"; or use --scale nominal if the '
                         "order does not matter.")  # fmt: skip
        if pair is not None:
            self._refuse("E413", f"beside {pair[0]!r} and {pair[1]!r} there are {len(words) - 2} other values.",
                         f"Say which value counts as 1 with --positive {pair[0]}, give the order with --scale ordinal "
                         "--order, or use --scale nominal.")  # fmt: skip
        self._refuse("E413", f"{len(words)} different words are no yes/no decision that is known here.",
                     "Say which value counts as 1 with --positive, or use --scale nominal.")  # fmt: skip

    def _refuse(self, code: str, what: str, do: str) -> NoReturn:
        problem = self.table.problem_at(self.column, [], 0, code=code, what=what, do=do)
        raise DataError([problem])

    def _words(self, pair: tuple[str, str]) -> Coding:
        t = f"lower({self._text()})"
        sql = f"CASE WHEN {t} IS NULL THEN NULL WHEN {t} = {literal(pair[0])} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END"
        said = () if pair == ("1", "0") else (finding("binary_coding", one=pair[0], zero=pair[1]),)
        return Coding(sql, "binary", positive=pair[0], findings=said)

    def positive(self) -> Coding:
        """The named value counts as 1, everything else that is filled as 0."""
        wanted = " ".join(str(self.design.positive).split())
        t = self._text()
        same = f"lower({t}) = lower({literal(wanted)})"
        if not self.table.is_text(self.column):
            try:
                same = f"{self.table.column(self.column)} = {Decimal(wanted.replace(',', '.'))}"
            except ArithmeticError:
                same = f"lower(CAST({self.table.column(self.column)} AS VARCHAR)) = lower({literal(wanted)})"
        if not self.table.fetch(f"SELECT 1 FROM {VIEW} WHERE {same} LIMIT 1"):
            self._refuse("E413", f"the value {wanted!r} that should count as 1 does not occur.",
                         "Write it as it stands in the file.")  # fmt: skip
        sql = f"CASE WHEN {t} IS NULL THEN NULL WHEN {same} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END"
        said = finding("binary_coding", one=wanted, zero="everything else")
        return Coding(sql, "binary", positive=wanted, findings=(said,))

    def _categories(self, scale: str) -> Coding:
        levels = self._levels()
        if len(levels) > MOST_CATEGORIES:
            self._refuse("E413", f"the decision has more than {MOST_CATEGORIES} different values.",
                         "Choose a column with categories, or group them first.")  # fmt: skip
        if self.design.order:
            unknown = [value for value in levels if value not in self.design.order]
            if unknown:
                listed = ", ".join(map(literal, unknown))
                raise DataError([self.table.problem(
                    self.column, f"{self._text()} IN ({listed})", code="E414",
                    what=f"{len(unknown)} different values are not in the order that was given.",
                    do="Name every category in --order, written as in the file.")])  # fmt: skip
            levels = list(self.design.order)
        return Coding(_codes(self._text(), levels), scale, categories=tuple(levels))

    def _ordinal(self, words: list[str] | None, shapes: Shapes | None) -> Coding:
        if self.design.order:
            return self._categories("ordinal")
        if words is not None:
            self._refuse("E414", "the order of these grades is not known.",
                         'Give all of them from low to high: --order "lowest,…,highest".')  # fmt: skip
        numbers = number_column(self.table, self.column, self.design, shapes=shapes)
        rows = self.table.fetch(
            f"SELECT DISTINCT v FROM (SELECT {numbers.sql} AS v FROM {VIEW}) WHERE v IS NOT NULL ORDER BY v "
            f"LIMIT {MOST_CATEGORIES + 1}"
        )
        if len(rows) > MOST_CATEGORIES:
            self._refuse("E413", f"an ordinal decision with more than {MOST_CATEGORIES} grades is a number.",
                         "Use --scale continuous.")  # fmt: skip
        cases = " ".join(f"WHEN {numbers.sql} = {value} THEN {code}" for code, (value,) in enumerate(rows, 1))
        labels = tuple(_plain_number(value) for (value,) in rows)
        sql = f"CAST(CASE {cases} ELSE NULL END AS DOUBLE)" if rows else "CAST(NULL AS DOUBLE)"
        return Coding(sql, "ordinal", categories=labels, decimal=numbers.decimal, evidence=numbers.evidence)

    def _numeric(self, scale: str, numbers: NumberColumn) -> Coding:
        unit = self.design.unit or numbers.unit
        said = tuple(
            finding(code, "warning", n=n, column=self.column)
            for code, n in (("W412", numbers.foreign), ("W409", int(numbers.wide)))
            if n
        )
        known = {"decimal": numbers.decimal, "evidence": numbers.evidence, "findings": said}
        if scale == "binary":
            if not (numbers.single_digits and extremes(self.table, numbers.sql).only_01):
                self._refuse("E413", "a yes/no decision in numbers has only 0 and 1.",
                             "Say which value counts as 1 with --positive.")  # fmt: skip
            return Coding(f"CAST({numbers.sql} AS DOUBLE)", "binary", positive="1", **known)  # type: ignore[arg-type]
        if scale == "count":
            self._refuse_where(numbers, f"{numbers.sql} < 0 OR {numbers.sql} <> floor({numbers.sql})", "E416",
                               "counts are whole numbers from 0 up.",
                               "Mend the values, or leave --exposure out." if self.design.exposure is not None
                               else "Use --scale continuous, or mend the values.")  # fmt: skip
        if scale == "log":
            self._refuse_where(numbers, f"{numbers.sql} <= 0", "nonpositive_values",
                               "a logarithm needs decisions above zero.",
                               "Use --scale continuous, or leave such rows out for a stated reason.")  # fmt: skip
            first = Decimal(0) if numbers.first is None else numbers.first.ln()
            log = float(first if self.shift is None else self.shift)
            sql = f"ln(CAST({numbers.sql} AS DOUBLE)) - ({log!r}::DOUBLE)"
            return Coding(sql, "log", Decimal(log), unit=unit, **known)  # type: ignore[arg-type]
        shift = (numbers.first or Decimal(0)) if self.shift is None else self.shift
        if numbers.exact:
            sql = f"CAST(({numbers.sql}) - ({shift:f}) AS DOUBLE)"
        else:
            sql = f"({numbers.sql}) - ({float(shift)!r}::DOUBLE)"
            shift = Decimal(float(shift))
        return Coding(sql, scale, shift, unit=unit, **known)  # type: ignore[arg-type]

    def _refuse_where(self, numbers: NumberColumn, where: str, code: str, what: str, do: str) -> None:
        if numbers.filled and self.table.fetch(f"SELECT 1 FROM {VIEW} WHERE {where} LIMIT 1"):
            raise DataError([self.table.problem(self.column, where, code=code, what=what, do=do)])


def _codes(t: str, levels: list[str]) -> str:
    cases = " ".join(f"WHEN {t} = {literal(value)} THEN {code}" for code, value in enumerate(levels, 1))
    return f"CAST(CASE {cases} ELSE NULL END AS DOUBLE)" if levels else "CAST(NULL AS DOUBLE)"


def _plain_number(value: object) -> str:
    text = f"{Decimal(str(value)).normalize():f}"
    return "0" if text in ("-0", "") else text


def code_truth(table: Table, column: str, design: AuditDesign, coding: Coding) -> str:
    """SQL of the right answer on the scale of the decision, minus its shift."""
    text = _Coder(table, column, design)._text()
    if coding.scale == "binary" and coding.positive not in (None, "1"):
        same = f"lower({text}) = lower({literal(str(coding.positive))})"
        return f"CASE WHEN {text} IS NULL THEN NULL WHEN {same} THEN 1.0 ELSE 0.0 END"
    if coding.scale in ("nominal", "ordinal"):
        return _codes(text, list(coding.categories))
    numbers = number_column(table, column, design)
    if coding.scale == "log":
        return f"ln(CAST({numbers.sql} AS DOUBLE)) - ({float(coding.shift)!r}::DOUBLE)"
    if numbers.exact:
        return f"CAST(({numbers.sql}) - ({coding.shift:f}) AS DOUBLE)"
    return f"CAST({numbers.sql} AS DOUBLE) - ({float(coding.shift)!r}::DOUBLE)"
