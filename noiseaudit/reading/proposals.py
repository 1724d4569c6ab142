"""Which column could be what, from names (Dutch and English) and content; nothing is chosen between two that fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError
from noiseaudit.reading.dates import holds_dates
from noiseaudit.reading.numbers import looks_numeric
from noiseaudit.reading.shapes import shapes_of
from noiseaudit.reading.table import VIEW, Table

# The first words are the surest; a column that bears two of them goes to the role of the surer one.
_WORDS: dict[str, tuple[str, ...]] = {
    "judge": (
        "judge", "rater", "beoordelaar", "behandelaar", "rechter", "reviewer", "examiner", "assessor", "referee",
        "adjuster", "officer", "examinator", "docent", "teacher", "professional", "medewerker", "ambtenaar",
        "inspecteur", "inspector", "controleur", "arts", "judge_name", "judge_id", "rater_id", "reviewer_id",
        "rev_id", "responsible", "verantwoordelijke", "resource", "expert", "reader", "worker", "besluitvormer",
        "correctors", "corrector", "org:resource",
    ),
    "case": (
        "case", "zaak", "zaaknummer", "dossier", "dossiernummer", "zaaknr", "case_id", "caseid", "item", "subject",
        "target", "claim", "claim_id", "file", "application", "aanvraag", "aanvraagnummer", "proposal", "essay",
        "patient", "vignette", "performance_id", "performance", "wine", "product", "id", "student", "idstud",
        "case:concept:name", "kandidaat", "leerling", "client", "cliënt", "melding", "meldingsnummer",
        "bezwaarschrift", "inspection_id",
    ),
    "decision": (
        "decision", "besluit", "beslissing", "score", "oordeel", "rating", "uitkomst", "outcome", "bedrag",
        "toegekend bedrag", "amount", "cijfer", "grade", "mark", "judgment", "judgement", "verdict", "sentence",
        "straf", "value", "waarde", "y", "final_score", "result", "resultaat", "premium", "best", "toegekend",
        "bedrag toegekend", "eindcijfer", "straftijd",
    ),
    "occasion": (
        "occasion", "gelegenheid", "ronde", "round", "repeat", "replicate", "herhaling", "meting", "sessie",
    ),
    "truth": (
        "truth", "true_value", "juist antwoord", "right_answer", "correct", "gold",
    ),
    "time": (
        "time", "date", "datum", "tijdstip", "timestamp", "decided_at", "datum beoordeling", "besluitdatum",
    ),
}  # fmt: skip
_NO_DECISION = re.compile(
    r"id|nr|nummer|number|index|volgnummer|year|jaar|maand|month|date|datum|seat|count|aantal|n|weight"
)
_SURE = 2.0  # score of a name that bears a word for the role
_MOST_SHOWN = 10
_FEW = 50  # values of a category


@dataclass(frozen=True)
class Proposal:
    """A role, the column that fits it, and why."""

    role: str
    column: str
    why: str


def propose_roles(table: Table, design: AuditDesign, *, wanted: tuple[str, ...]) -> list[Proposal]:
    """Columns for the wanted roles: by name first, then by content where only one choice fits.

    CallError `ambiguous_roles` where two columns fit equally well; it names them.
    """
    taken = set(design.columns())
    free = [name for name in dict.fromkeys(table.names) if name not in taken and name]
    proposals: list[Proposal] = []
    for role in wanted:
        best = best_by_name(role, _without(free, proposals))
        if len(best) > 1:
            raise CallError(
                "ambiguous_roles",
                f"two columns fit {role} equally well: {best[0]!r} and {best[1]!r}; choose with --{role}"
                + (", or give --judge-columns if every professional has a column." if role == "judge" else "."),
            )
        if best:
            proposals.append(Proposal(role, best[0], f"its name is a word for {role}"))
    left = [role for role in wanted if role not in {p.role for p in proposals}]
    if "decision" in left:
        numbers = [name for name in _without(free, proposals) if _can_be_decision(table, name, design)]
        if len(numbers) == 1:
            left.remove("decision")
            proposals.append(Proposal("decision", numbers[0], "it is the only column of numbers that can be one"))
    if left and set(left) <= {"case", "judge"} and "decision" not in left:
        proposals += _by_crossing(table, _without(free, proposals), tuple(left), proposals)
    return proposals


def decision_candidates(table: Table, design: AuditDesign) -> list[str]:
    """Columns that could be the decision by content, for a message that asks to choose."""
    free = [name for name in dict.fromkeys(table.names) if name and name not in design.columns()]
    return [name for name in free if _can_be_decision(table, name, design) or 1 < _levels(table, name) <= _FEW][
        :_MOST_SHOWN
    ]


def repeats_told_apart(table: Table, design: AuditDesign) -> list[Proposal]:
    """Columns named like an occasion or a date, which tell repeats of one professional on one case apart."""
    free = [name for name in table.names if name and name not in design.columns()]
    proposals = []
    for role in ("occasion", "time"):
        best = [name for name in best_by_name(role, free) if _name_score(role, name) >= _SURE]
        if len(best) == 1 and (role == "occasion" or holds_dates(table, best[0], design)):
            proposals.append(Proposal(role, best[0], f"its name is a word for {role}"))
    return proposals


def named_elsewhere(table: Table, design: AuditDesign, columns: tuple[str, ...]) -> bool:
    """Beside these columns one bears the name of a judge, or one that of a decision: the table is long."""
    free = [name for name in table.names if name not in (*design.columns(), *columns)]
    return any(len(best_by_name(role, free)) == 1 for role in ("judge", "decision"))


def _without(names: list[str], proposals: Iterable[Proposal]) -> list[str]:
    taken = {proposal.column for proposal in proposals}
    return [name for name in names if name not in taken]


def best_by_name(role: str, names: list[str]) -> list[str]:
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
    words = [plain_name(word) for word in _WORDS[role]]
    if plain_name(name) in words or _parts(name) in [word.split() for word in words]:
        return 3.0
    parts = _parts(name)
    if any(word in parts for word in words):
        return 2.0
    return 1.0 if any(len(word) > 4 and word in plain_name(name) for word in words) else 0.0


def plain_name(name: str) -> str:
    """A name without capitals, with single spaces for whatever parts its words."""
    return re.sub(r"[\s_\-.]+", " ", name).strip().casefold()


def _parts(name: str) -> list[str]:
    """Words of a name, also where capitals part them: `RevID` is `rev id`."""
    return plain_name(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).split()


def _levels(table: Table, name: str) -> int:
    return int(table.fetch(f"SELECT approx_count_distinct({table.column(name)}) FROM {VIEW}")[0][0])


def _can_be_decision(table: Table, name: str, design: AuditDesign) -> bool:
    """Numbers that vary, under a name that is not one of an id, a number, a date or a count."""
    if any(_NO_DECISION.fullmatch(part) for part in _parts(name)):
        return False
    if table.is_text(name):
        return looks_numeric(shapes_of(table, name, design)) and _levels(table, name) > 1
    return table.is_number(name) and _levels(table, name) > 1


def _by_crossing(table: Table, names: list[str], roles: tuple[str, ...], known: list[Proposal]) -> list[Proposal]:
    """Case and judge from content: the only columns whose values repeat. Of two, the one with fewer values judges."""
    rows = int(table.fetch(f"SELECT count(*) FROM {VIEW}")[0][0])
    levels = {name: _levels(table, name) for name in names}
    repeating = [name for name in names if 1 < levels[name] < rows * 0.9]
    if len(repeating) != len(roles):
        return []
    repeating.sort(key=lambda name: -levels[name])
    if len(roles) == 1:
        return [Proposal(roles[0], repeating[0], "it is the only column left whose values repeat")]
    case, judge = repeating
    if levels[case] == levels[judge]:
        return []
    return [
        Proposal("case", case, "of the two columns whose values repeat it has the more values"),
        Proposal("judge", judge, "of the two columns whose values repeat it has the fewer values"),
    ]
