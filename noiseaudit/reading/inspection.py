"""What a file holds and how it was read, without any result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.decisions import code_decision
from noiseaudit.reading.roles import REQUIRED, Proposal, resolve_roles
from noiseaudit.reading.table import VIEW, open_table


@dataclass(frozen=True)
class Column:
    """One column: what it seems to hold, how many cells are filled, how many different values (approximate)."""

    name: str
    kind: str
    filled: int
    distinct: int


@dataclass(frozen=True)
class Inspection:
    """Rows, columns, reading settings, the roles that fit, and every problem in the way of an audit."""

    name: str
    rows: int
    columns: tuple[Column, ...]
    reading: dict[str, object]
    roles: Mapping[str, object]
    proposals: tuple[Proposal, ...]
    scale: str | None
    problems: tuple[Problem, ...]


def inspect(source: object, design: AuditDesign, *, name: str | None = None) -> Inspection:
    """Look at a source; problems with roles or values are listed, only an unreadable source is an error."""
    table = open_table(source, design, name=name)
    try:
        rows = int(table.fetch(f"SELECT count(*) FROM {VIEW}")[0][0])
        columns = []
        for place, label in enumerate(table.names):
            cell = f"c{place}"
            text = f"trim(CAST({cell} AS VARCHAR))"
            number = r"[-+€%., 0-9eE]*[0-9][-+€%., 0-9eE]*"
            filled, distinct, numbers, dates = table.fetch(
                f"SELECT count(nullif({text}, '')), approx_count_distinct({cell}), "
                f"count(*) FILTER (regexp_full_match({text}, '{number}')), "
                rf"count(*) FILTER (regexp_full_match({text}, '\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}.*')) FROM {VIEW}"
            )[0]
            kind = "empty" if not filled else "date" if dates == filled else "number" if numbers == filled else "text"
            columns.append(Column(label, kind, int(filled), int(distinct)))
        problems: list[Problem] = []
        proposals: list[Proposal] = []
        scale, roles = None, design.roles()
        try:
            resolved, proposals = resolve_roles(table, design)
            roles = resolved.roles()
            scale = code_decision(table, str(resolved.decision), resolved).scale
        except DataError as error:
            problems += error.problems
        except CallError as error:
            problems.append(Problem(error.code, error.message, f"Roles that are needed: {', '.join(REQUIRED)}."))
        reading: dict[str, object] = {}
        if table.text is not None:
            reading = {
                "encoding": table.text.encoding,
                "delimiter": table.text.delimiter,
                "header_row": table.text.header_row,
                "empty_rows": table.text.blank,
            }
        return Inspection(table.name, rows, tuple(columns), reading, roles, tuple(proposals), scale, tuple(problems))
    finally:
        table.close()
