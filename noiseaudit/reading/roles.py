"""Which column is what: as given, or as proposed; and the long form of a wide table."""

from __future__ import annotations

import difflib

from noiseaudit.design import SINGLE_ROLES, AuditDesign, Relation
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.proposals import (
    Proposal,
    best_by_name,
    decision_candidates,
    named_elsewhere,
    plain_name,
    propose_roles,
    repeats_told_apart,
)
from noiseaudit.reading.table import VIEW, Table
from noiseaudit.reading.wide import as_long, chosen_columns, propose_judge_columns
from noiseaudit.result.findings import finding

_COUNTS = ("n", "count", "aantal", "freq", "frequency", "frequentie")
REQUIRED = ("case", "judge", "decision")


def resolve_roles(
    table: Table, design: AuditDesign, *, propose: bool = True
) -> tuple[Table, AuditDesign, list[Proposal]]:
    """The table, long where it was wide; the design with every required role; what was proposed.

    DataError E307 for a column that is not there; CallError for roles nobody gave where none fits, or two do.
    """
    resolved = _found(table, design.changed(**{k: v for k, v in table.roles.items() if getattr(design, k) is None}))
    if resolved.judge_columns:
        columns = chosen_columns(table, resolved.judge_columns)
        if propose:
            table, resolved, proposals = _wide(table, resolved, columns)
            return table, resolved, [p for p in proposals if p.role != "judge_columns"]
        table, resolved = as_long(table, resolved, columns)
    missing = [role for role in REQUIRED if getattr(resolved, role) is None]
    if not missing:
        return table, resolved, []
    if not propose:
        raise CallError("roles_missing", f"no column is given for {', '.join(missing)}; {_how(missing)}")
    if {"judge", "decision"} <= set(missing):
        columns = propose_judge_columns(table, resolved)
        if columns and not named_elsewhere(table, resolved, columns):
            return _wide(table, resolved, columns)
    proposals = propose_roles(table, resolved, wanted=tuple(missing))
    still = [role for role in missing if role not in {p.role for p in proposals}]
    if still:
        raise CallError("roles_missing", _none_fits(table, resolved, still))
    resolved = resolved.changed(**{p.role: p.column for p in proposals})
    optional = [p for p in repeats_told_apart(table, resolved) if getattr(resolved, p.role) is None]
    return table, resolved.changed(**{p.role: p.column for p in optional}), proposals + optional


def _wide(table: Table, design: AuditDesign, columns: tuple[str, ...]) -> tuple[Table, AuditDesign, list[Proposal]]:
    """One column a judge; the case from its name, where it names every row, else the row."""
    free = [name for name in table.names if name and name not in (*design.columns(), *columns)]
    named = best_by_name("case", free) if design.case is None else []
    case = [Proposal("case", name, "its name is a word for case") for name in named if _one_row_each(table, name)][:1]
    proposals = [Proposal("judge_columns", ", ".join(columns), "their names and values are alike")]
    roles: dict[str, object] = {"judge_columns": columns}
    if design.case is None and case:
        roles["case"] = case[0].column
        proposals += case
    counts = [name for name in table.names if plain_name(name) in _COUNTS and name not in columns]
    if not case and design.case is None and design.weight is None and counts:
        table.findings.append(finding("weight_hint", "warning", column=counts[0]))
    long, resolved = as_long(table, design.changed(**roles), columns)
    return long, resolved, proposals


def _one_row_each(table: Table, name: str) -> bool:
    column = table.column(name)
    rows, distinct = table.fetch(f"SELECT count(*), count(DISTINCT {column}) FROM {VIEW}")[0]
    return bool(rows == distinct)


def _none_fits(table: Table, design: AuditDesign, roles: list[str]) -> str:
    names = ", ".join(repr(name) for name in table.names[:30])
    wide = " If every professional has a column, give --judge-columns." if "judge" in roles else ""
    candidates = decision_candidates(table, design) if "decision" in roles else []
    could = f" By content the decision could be {', '.join(map(repr, candidates))}." if candidates else ""
    return f"no column could be found for {', '.join(roles)} among {names}; {_how(roles)}.{could}{wide}"


def _found(table: Table, design: AuditDesign) -> AuditDesign:
    """The design with every named column under the name that the table has for it; all problems at once."""
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for role in SINGLE_ROLES:
        column = getattr(design, role)
        if column is not None:
            found[role] = _find(table, column, role, problems)
    for role in ("groups", "features"):
        found[role] = tuple(_find(table, column, role, problems) for column in getattr(design, role))
    relations = []
    for text in design.relations:
        relation = Relation.parse(text)
        left, right = (_find(table, column, "relation", problems) for column in (relation.left, relation.right))
        relations.append(f"{left} {relation.sign} {right}")
    if problems:
        raise DataError(problems)
    named = _of_features(design, found["features"], found["groups"])  # type: ignore[arg-type]
    return design.changed(**found, **named, relations=tuple(relations))


def _of_features(design: AuditDesign, features: tuple[str, ...], groups: tuple[str, ...]) -> dict[str, object]:
    """`bins` under the names of features and groups, `as_category` of features; CallError for what is neither."""

    def of(name: str, setting: str, known: tuple[str, ...], kind: str) -> str:
        alike = [name] if name in known else [one for one in known if plain_name(one) == plain_name(name)]
        if len(alike) == 1:
            return alike[0]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "give it with --feature, or leave it out"
        raise CallError("wrong_setting", f"{setting} names {name!r}, which is no {kind}; {hint}")

    both = tuple(dict.fromkeys((*features, *groups)))
    bins = {of(name, "bins", both, "feature or group"): bounds for name, bounds in design.bins.items()}
    categories = tuple(of(name, "as_category", features, "feature") for name in design.as_category)
    return {"bins": bins, "as_category": categories}


def _how(roles: list[str]) -> str:
    return "give " + " ".join(f'--{role} "column"' for role in roles)


def _find(table: Table, column: str, role: str, problems: list[Problem]) -> str:
    """The column under its exact name, else under one that differs in case and spaces only."""
    exact = [name for name in table.names if name == column]
    if len(exact) > 1:
        problems.append(
            Problem(
                "E304",
                f"{len(exact)} columns bear the name {column!r} (role {role}).",
                "Give them different names.",
                column=column,
            )
        )
        return column
    if exact:
        return column
    alike = [name for name in table.names if plain_name(name) == plain_name(column)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        problems.append(
            Problem(
                "E306",
                f"several columns differ from {column!r} only in case or spaces: {alike}.",
                "Write the name exactly as it stands in the file.",
                column=column,
            )
        )
        return column
    near = difflib.get_close_matches(column, table.names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    names = ", ".join(repr(name) for name in table.names[:30])
    problems.append(
        Problem(
            "E307",
            f"there is no such column (role {role}); the file has {names}.{hint}",
            f"Give the right name for {role}.",
            column=column,
        )
    )
    return column
