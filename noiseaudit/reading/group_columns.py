"""What is asked about persons, as SQL over the rows: a value of a group as text, or whether a relation holds.

Of relations both sides are compared as clean text, capitals included: nothing of the user's text is ever run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from noiseaudit.design import AuditDesign, Relation
from noiseaudit.reading.numbers import number_column
from noiseaudit.reading.shapes import trimmed
from noiseaudit.reading.table import VIEW, Table, literal
from noiseaudit.result.group_parts import HOLDS

HOLDS_NOT = "false"
_CLEAN = "[!-~]+(?: [!-~]+)*"  # printable ASCII with single spaces: nothing to clean
_INVISIBLE = (  # as in labels.py, for the engine
    r"[\x{ad}\x{34f}\x{61c}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{fe00}-\x{fe0f}"
    r"\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


@dataclass(frozen=True)
class GroupColumn:
    """A characteristic or a relation. sql: its value as text, `true` and `false` of a relation, NULL where unknown.

    columns: what it is made of. labels: where their order is known.
    """

    kind: Literal["group", "relation"]
    name: str
    sql: str
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()


def group_columns(table: Table, design: AuditDesign) -> tuple[GroupColumn, ...]:
    """The groups of a design, numbers with `bins` in classes, then its relations."""
    groups = [group_column(table, name, design) for name in design.groups]
    return (*groups, *(relation_column(table, text, design) for text in design.relations))


def group_column(table: Table, name: str, design: AuditDesign) -> GroupColumn:
    """A group by its value, or by the class of its number; DataError lists the values that are no numbers."""
    if name not in design.bins:
        return GroupColumn("group", name, _text(table, name, design), (name,))
    bounds = design.bins[name]
    labels = bin_labels(bounds)
    number = f"CAST({number_column(table, name, design).sql} AS DOUBLE)"
    tests = " ".join(
        f"WHEN {number} < {bound!r} THEN {literal(label)}" for bound, label in zip(bounds, labels, strict=False)
    )
    sql = f"CASE WHEN {number} IS NULL THEN NULL {tests} ELSE {literal(labels[-1])} END"
    return GroupColumn("group", name, sql, (name,), labels)


def bin_labels(bounds: Sequence[float]) -> tuple[str, ...]:
    """Each bound is the first value of the next class: `<18`, `18–<65`, `≥65`."""
    if not bounds:
        return ("all",)
    shown = [f"{bound:g}" if float(f"{bound:g}") == bound else repr(bound) for bound in bounds]
    return (f"<{shown[0]}", *(f"{low}–<{high}" for low, high in pairwise(shown)), f"≥{shown[-1]}")


def relation_column(table: Table, text: str, design: AuditDesign) -> GroupColumn:
    """Whether two columns are the same (or are not), unknown where either is empty."""
    relation = Relation.parse(text)
    left, right = (_clean(table, name, design) for name in (relation.left, relation.right))
    holds, fails = (HOLDS, HOLDS_NOT) if relation.sign == "==" else (HOLDS_NOT, HOLDS)
    known = f"({left}) IS NULL OR ({right}) IS NULL"
    sql = f"CASE WHEN {known} THEN NULL WHEN ({left}) = ({right}) THEN '{holds}' ELSE '{fails}' END"
    return GroupColumn("relation", text, sql, (relation.left, relation.right), (HOLDS_NOT, HOLDS))


def alike_but_capitals(table: Table, text: str, design: AuditDesign) -> int:
    """Rows whose two sides differ in capitals only."""
    relation = Relation.parse(text)
    left, right = (_clean(table, name, design) for name in (relation.left, relation.right))
    return int(
        table.fetch(f"SELECT count(*) FROM {VIEW} WHERE ({left}) <> ({right}) AND lower({left}) = lower({right})")[0][0]
    )


def _text(table: Table, name: str, design: AuditDesign) -> str:
    """A cell as text; numbers in which nothing is missing and those that became floats read the same."""
    if not table.type_of(name).startswith(("DOUBLE", "FLOAT", "REAL", "DECIMAL")):
        return trimmed(table, name, design)
    column = f"CAST({table.column(name)} AS DOUBLE)"
    whole = f"{column} = floor({column}) AND abs({column}) < 1e15"
    text = f"CASE WHEN {whole} THEN CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    return f"CASE WHEN isnan({column}) THEN NULL ELSE {text} END"


def _clean(table: Table, name: str, design: AuditDesign) -> str:
    """As ids are cleaned: one Unicode form, plain single spaces; left alone where no cell needs it."""
    text = _text(table, name, design)
    if not table.fetch(f"SELECT 1 FROM {VIEW} WHERE NOT regexp_full_match({text}, '{_CLEAN}') LIMIT 1"):
        return text
    seen = f"regexp_replace({text}, {literal(_INVISIBLE)}, '', 'g')"
    spaced = f"trim(regexp_replace(nfc_normalize({seen}), '[\\s\\p{{Z}}]+', ' ', 'g'))"
    return f"nullif({spaced}, '')"
