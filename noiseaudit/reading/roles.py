"""Which column is what: as given, or proposed from names (Dutch and English) and content."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from noiseaudit.design import LIST_ROLES, SINGLE_ROLES, AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.table import VIEW, Table

# The first words are the surest; a column that bears two of them goes to the role of the surer one.
_WORDS: dict[str, tuple[str, ...]] = {
    "judge": (
        "judge",
        "rater",
        "beoordelaar",
        "behandelaar",
        "rechter",
        "reviewer",
        "examiner",
        "assessor",
        "referee",
        "adjuster",
        "officer",
        "examinator",
        "docent",
        "teacher",
        "professional",
        "medewerker",
        "inspecteur",
        "inspector",
        "judge_name",
        "judge_id",
        "rater_id",
        "reviewer_id",
        "resource",
        "expert",
        "reader",
    ),
    "case": (
        "case",
        "zaak",
        "zaaknummer",
        "dossier",
        "dossiernummer",
        "zaaknr",
        "case_id",
        "caseid",
        "item",
        "subject",
        "target",
        "claim",
        "claim_id",
        "file",
        "application",
        "aanvraag",
        "aanvraagnummer",
        "proposal",
        "essay",
        "patient",
        "vignette",
        "performance_id",
        "performance",
        "wine",
        "product",
        "id",
        "student",
        "idstud",
    ),
    "decision": (
        "decision",
        "besluit",
        "beslissing",
        "score",
        "oordeel",
        "rating",
        "uitkomst",
        "outcome",
        "bedrag",
        "toegekend bedrag",
        "amount",
        "cijfer",
        "grade",
        "mark",
        "judgment",
        "judgement",
        "verdict",
        "sentence",
        "straf",
        "value",
        "waarde",
        "y",
        "final_score",
        "result",
        "resultaat",
        "premium",
        "best",
    ),
    "occasion": (
        "occasion",
        "gelegenheid",
        "ronde",
        "round",
        "repeat",
        "replicate",
        "herhaling",
        "meting",
        "sessie",
    ),
    "truth": ("truth", "true_value", "juist antwoord", "right_answer", "correct", "gold"),
    "time": ("time", "date", "datum", "tijdstip", "timestamp", "decided_at", "datum beoordeling", "besluitdatum"),
}
REQUIRED = ("case", "judge", "decision")


@dataclass(frozen=True)
class Proposal:
    """A role, the column that fits it, and why."""

    role: str
    column: str
    why: str


def resolve_roles(table: Table, design: AuditDesign, *, propose: bool = True) -> tuple[AuditDesign, list[Proposal]]:
    """The design with every required role filled and every named column found; what was proposed beside it.

    DataError E307 for a column that is not there; CallError for roles nobody gave where none fits, or two do.
    """
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for role in SINGLE_ROLES:
        column = getattr(design, role)
        if column is not None:
            found[role] = _find(table, column, role, problems)
    for role in LIST_ROLES[::2]:
        found[role] = tuple(_find(table, column, role, problems) for column in getattr(design, role))
    if problems:
        raise DataError(problems)
    resolved = design.changed(**found)
    missing = [role for role in REQUIRED if getattr(resolved, role) is None]
    if not missing:
        return resolved, []
    if not propose:
        raise CallError("roles_missing", f"no column is given for {', '.join(missing)}; {_how(missing)}")
    proposals = propose_roles(table, resolved, wanted=tuple(missing))
    still = [role for role in missing if role not in {p.role for p in proposals}]
    if still:
        names = ", ".join(repr(name) for name in table.names[:30])
        raise CallError(
            "roles_missing", f"no column could be found for {', '.join(still)} among {names}; {_how(still)}"
        )
    return resolved.changed(**{p.role: p.column for p in proposals}), proposals


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
    alike = [name for name in table.names if _plain(name) == _plain(column)]
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


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", " ", name).strip().casefold()


def propose_roles(table: Table, design: AuditDesign, *, wanted: tuple[str, ...]) -> list[Proposal]:
    """Columns for the wanted roles: by name first, then the only column whose content fits."""
    taken = set(design.columns())
    free = [name for name in dict.fromkeys(table.names) if name not in taken and name]
    proposals: list[Proposal] = []
    for role in wanted:
        best = _best_by_name(role, [name for name in free if name not in {p.column for p in proposals}])
        if len(best) > 1:
            raise CallError(
                "ambiguous_roles",
                f"two columns fit {role} equally well: {best[0]!r} and {best[1]!r}; choose with --{role}",
            )
        if best:
            proposals.append(Proposal(role, best[0], f"its name is a word for {role}"))
    left = [role for role in wanted if role not in {p.role for p in proposals}]
    for role in left:
        rest = [name for name in free if name not in {p.column for p in proposals}]
        fits = [name for name in rest if _content_fits(table, name, role)] if len(left) == 1 else []
        if len(fits) == 1:
            proposals.append(Proposal(role, fits[0], "it is the only column whose content fits"))
    return proposals


def _best_by_name(role: str, names: list[str]) -> list[str]:
    """The column or columns with the surest name for a role; a name that is surer for another role is not one."""
    scores = {name: _name_score(role, name) for name in names}
    top = max(scores.values(), default=0.0)
    if top <= 0:
        return []
    return [
        name
        for name, score in scores.items()
        if score == top and all(_name_score(other, name) <= score for other in _WORDS if other != role)
    ]


def _name_score(role: str, name: str) -> float:
    plain, words = _plain(name), [_plain(word) for word in _WORDS[role]]
    if plain in words:
        return 3.0
    parts = plain.split()
    if any(word in parts for word in words):
        return 2.0
    return 1.0 if any(len(word) > 4 and word in plain for word in words) else 0.0


def _content_fits(table: Table, name: str, role: str) -> bool:
    column = table.column(name)
    rows, filled, distinct = table.fetch(
        f"SELECT count(*), count({column}), approx_count_distinct({column}) FROM {VIEW}"
    )[0]
    if not filled:
        return False
    if role == "decision":
        return not table.is_text(name) or bool(
            table.fetch(f"SELECT bool_and(regexp_full_match(trim({column}), '[-+]?[0-9.,]+')) FROM {VIEW}")[0][0]
        )
    return bool(1 < distinct < rows * 0.9)
