"""A wide table, one column a judge, seen as a long one: one row a decision, nothing copied."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, replace

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Place
from noiseaudit.reading.numbers import looks_numeric, number_column
from noiseaudit.reading.places import Locator
from noiseaudit.reading.proposals import plain_name
from noiseaudit.reading.shapes import shapes_of
from noiseaudit.reading.table import VIEW, Table, literal
from noiseaudit.reading.words import is_total
from noiseaudit.result.findings import finding

CASE, JUDGE, DECISION = "row of the table", "judge column", "decision"
TOTAL = "total of row"  # the case of a row that sums up others
_FEWEST = 2
_LAST = re.compile(r"(?:[0-9]{1,4}|[A-Z])\Z")  # what tells one judge's column from another's


@dataclass(frozen=True)
class WidePlaces:
    """Decision k of row r -> the place of row r, with the column of its judge."""

    base: Locator
    columns: tuple[str, ...]

    def of(self, row: int) -> Place:
        """The place of a decision."""
        place = self.base.of((row - 1) // len(self.columns) + 1)
        return Place(place.row, place.excel, place.file, self.columns[(row - 1) % len(self.columns)])


def chosen_columns(table: Table, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that names or patterns such as `Rater*` name, in the order of the table; CallError where none."""
    chosen = []
    for pattern in patterns:
        fits = [name for name in table.names if name == pattern] or [
            name for name in table.names if fnmatch.fnmatchcase(name.casefold(), pattern.casefold())
        ]
        if not fits:
            names = ", ".join(repr(name) for name in table.names[:30])
            raise CallError("no_judge_columns", f"no column fits --judge-columns {pattern!r}; the table has {names}")
        chosen += fits
    columns = tuple(name for name in table.names if name in set(chosen))
    if len(columns) < _FEWEST:
        raise CallError("no_judge_columns", f"--judge-columns names {len(columns)} column; it takes two or more")
    if len(set(columns)) < len(columns):
        raise CallError("no_judge_columns", "--judge-columns names columns that bear the same name")
    return columns


def as_long(table: Table, design: AuditDesign, columns: tuple[str, ...]) -> tuple[Table, AuditDesign]:
    """The long view over a wide one, and the design with the roles that it gives.

    Without a case role every row is a case; a weight then says for how many cases a row stands.
    """
    rest = [name for name in table.names if name not in columns]
    kinds = {table.type_of(name) for name in columns}
    alike = len(kinds) == 1
    values = [table.column(name) if alike else f"CAST({table.column(name)} AS VARCHAR)" for name in columns]
    names = (*rest, CASE, JUDGE, DECISION)
    kept = [table.column(name) for name in rest]
    case, source = f"{_total(table, rest)} || row", "wide"
    if design.case is None and design.weight is not None:
        weight = number_column(table, design.weight, design).sql
        source = f"(SELECT *, unnest(range(CAST({weight} AS BIGINT))) AS copy FROM wide)"
        case = "'row ' || row || '.' || (copy + 1)"
    count = len(columns)
    selected = [*kept, case, f"unnest([{', '.join(map(literal, columns))}])", f"unnest([{', '.join(values)}])"]
    parts = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(selected))
    table.connection.sql(f"ALTER VIEW {VIEW} RENAME TO wide")
    table.connection.sql(
        f"CREATE VIEW {VIEW} AS SELECT (row - 1) * {count} + unnest(range(1, {count + 1})) AS row, {parts} "
        f"FROM {source}"
    )
    types = (*(table.type_of(name) for name in rest), "VARCHAR", "VARCHAR", kinds.pop() if alike else "VARCHAR")
    long = replace(table, names=names, types=types, places=WidePlaces(table.places, columns), kind="wide",
                   size=None)  # fmt: skip
    roles = {"judge": JUDGE, "decision": DECISION, "case": design.case or CASE, "judge_columns": columns}
    if design.case is None and design.weight is not None:
        roles["weight"] = None  # type: ignore[assignment]  # spent on the cases
        long.findings.append(finding("wide_weight", column=design.weight))
    long.findings.append(finding("wide_table", n=count))
    return long, design.changed(**roles)


def _total(table: Table, rest: list[str]) -> str:
    """SQL: `row `, or the label of a row that sums up others, so that the account finds it where no case is named."""
    cases = []
    for name in rest:
        if table.is_text(name):
            cell = f"trim({table.column(name)})"
            seen = table.fetch(f"SELECT DISTINCT {cell} FROM {VIEW} WHERE length({cell}) BETWEEN 3 AND 30")
            labels = [literal(label) for (label,) in seen if is_total(label)]
            cases += [f"WHEN {cell} IN ({', '.join(labels)}) THEN '{TOTAL} '"] if labels else []
    return f"CASE {' '.join(cases)} ELSE 'row ' END" if cases else "'row '"


def propose_judge_columns(table: Table, design: AuditDesign) -> tuple[str, ...]:
    """Columns that look like one judge each: names that share a word or a stem, values of one kind; else empty."""
    taken = set(design.columns())
    free = [name for name in table.names if name and name not in taken]
    groups: dict[str, list[str]] = {}
    for name in free:
        found = _LAST.search(name.rstrip())
        stem = plain_name(name[: found.start()]) if found else ""
        if len(stem) > 1:
            groups.setdefault(stem, []).append(name)
        words = re.split(r"[\s_\-]+", name.casefold())
        if len(words) > 1:
            groups.setdefault("… " + words[-1], []).append(name)
            groups.setdefault(words[0] + " …", []).append(name)
    best: tuple[str, ...] = ()
    for names in groups.values():
        if len(names) > len(best) and len(names) >= _FEWEST and _one_kind(table, design, names):
            best = tuple(names)
    rest = free[1:] if design.case is None else free  # the case comes first
    if not best and len(rest) >= _FEWEST + 1 and _one_kind(table, design, rest):
        numbered = [name for name in rest if re.fullmatch(r"[A-Za-z]{0,3}[0-9]{1,3}", name.strip())]
        best = tuple(numbered) if len(numbered) == len(rest) else ()
    return best


def _one_kind(table: Table, design: AuditDesign, names: list[str]) -> bool:
    """All numeric with overlapping ranges, or all words from one short list."""
    sets, numeric = [], []
    for name in names:
        column = table.column(name)
        rows = table.fetch(
            f"SELECT DISTINCT CAST({column} AS VARCHAR) FROM {VIEW} WHERE {column} IS NOT NULL LIMIT 201"
        )
        sets.append({str(value).strip() for (value,) in rows} - {""})
        numeric.append(looks_numeric(shapes_of(table, name, design)) if table.is_text(name) else True)
    if all(numeric):
        bounds = []
        for name in names:
            try:
                sql = number_column(table, name, design).sql
            except DataError:
                return False
            low, high = table.fetch(f"SELECT min({sql}), max({sql}) FROM {VIEW}")[0]
            if low is None:
                return False
            bounds.append((float(low), float(high)))
        return max(low for low, _ in bounds) <= min(high for _, high in bounds)
    if any(numeric):
        return False
    union = set.union(*sets)
    return 1 < len(union) <= 50 and all(2 * len(part & union) >= len(union) or len(part) >= 2 for part in sets)
