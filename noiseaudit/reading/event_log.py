"""An event log (XES) as rows of text, the decisions among its events, and which attributes could be which role."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from noiseaudit.errors import CallError, DataError
from noiseaudit.reading.xes import CASE, LONGEST_NAME, Walk, begins_as_log, refuse_other_files, refused
from noiseaudit.result import Exclusion, Finding
from noiseaudit.result.findings import finding

__all__ = [
    "ACTIVITY", "CASE", "JUDGE", "TIME", "Candidate", "Choice", "Decisions", "EventLog", "Position", "decisions",
    "is_event_log", "open_event_log", "propose_event_roles",
]  # fmt: skip

ACTIVITY, JUDGE, TIME = "concept:name", "org:resource", "time:timestamp"
Position = Literal["first", "last", "all"]
_MOST_COUNTED, _MOST_SHOWN = 10_000, 200  # names of events
_MOST_VALUES, _VALUE_START = 50, 200  # of a column that may be a decision; characters that tell values apart
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?![^T ])")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_BOOKKEEPING = ("concept:", "identity:", "lifecycle:", "org:", "time:")  # XES says what these mean: no outcome
_DECIDING = ("determin", "decid", "decision", "assess", "evaluat", "beoorde", "besluit", "beslis", "bepal", "toets")
_YES = ("accept", "approv", "grant", "toegekend", "toegewezen", "verleend", "goedgekeurd")
_NO = ("declin", "reject", "refus", "denied", "afgewezen", "afgekeurd", "geweigerd")
_STANDARD = {"case": CASE, "judge": JUDGE, "time": TIME}
_WORDS = {
    "case": ("case", "zaak", "dossier", "nummer", "number", "id"),
    "judge": ("resource", "user", "medewerker", "behandelaar", "beoordelaar", "verantwoordelijke", "responsible",
              "handler", "agent", "employee", "officer", "official", "reviewer", "assessor", "inspect", "performer"),
    "decision": ("decision", "besluit", "beslissing", "outcome", "uitkomst", "result", "oordeel", "verdict", "accept",
                 "approv", "grant", "selected", "score", "grade", "amount", "bedrag"),
    "time": ("time", "date", "datum", "tijd"),
}  # fmt: skip


@dataclass(frozen=True)
class EventLog:
    """An event log that was read through once and found whole.

    header: `case:` and the key for attributes of a case (trace), the key alone for those of an event, in order of
    first appearance after the case's name. rows: (number of the event from 1, cells as written; empty where there is
    none) of every event, whatever its life-cycle transition. activities: names of events, at most the 200 most
    frequent. numbered: as rows, with the number of the case in front, or 0 for an event outside any case.

    Rows start anew at every call. Defaults that `<global>` declares are not filled in: nothing is invented.
    """

    header: tuple[str, ...]
    traces: int
    events: int
    rows: Callable[[], Iterator[tuple[int, list[str]]]]
    activities: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    numbered: Callable[[], Iterator[tuple[int, int, list[str]]]]


def is_event_log(path: Path) -> bool:
    """The content is XML with root `log`, packed or not (with a DOCTYPE as well: opening it says why it is refused)."""
    return begins_as_log(path)


def open_event_log(path: Path, *, max_bytes: int | None = None) -> EventLog:
    """Read a log through once: columns, counts, and whether it is whole. Memory: one event.

    DataError: E101 empty, E102 no event, E103 a DOCTYPE or no event log, E105 damaged, E106 a bomb or more than
    max_bytes, E202 an unknown encoding, E308 too many columns, E309 values that are too long.
    """
    refuse_other_files(path)
    walk, names = Walk(path, max_bytes), Counter[str]()
    for record in walk.records():
        name = record.of_event.get(ACTIVITY, "")
        if name in names or (len(names) < _MOST_COUNTED and 0 < len(name) <= LONGEST_NAME):
            names[name] += 1
        elif name:
            walk.left["xes_activities_not_counted"] += 1
    if not walk.events:
        raise refused("E102", "the log holds not one event.", "Export it again, with the events.")
    header, events = tuple(walk.columns), walk.events

    def numbered() -> Iterator[tuple[int, int, list[str]]]:
        return _cells(Walk(path, max_bytes), header, events)

    return EventLog(
        header,
        walk.traces,
        events,
        lambda: ((row, cells) for _, row, cells in numbered()),
        tuple(names.most_common(_MOST_SHOWN)),
        tuple(finding(code, "warning", n=n) for code, n in sorted(walk.left.items()) if n),
        numbered,
    )


def _cells(walk: Walk, header: tuple[str, ...], events: int) -> Iterator[tuple[int, int, list[str]]]:
    """Records as rows under a header that is known by now; DataError E111 where the file is no longer the same."""
    places = {name: place for place, name in enumerate(header)}
    for case, of_case, of_event in walk.records():
        cells = [""] * len(header)
        for record in (of_case, of_event):
            for name, value in record.items():
                if name not in places:
                    raise _changed()
                cells[places[name]] = value
        yield case, walk.events, cells
    if walk.events != events:
        raise _changed()


def _changed() -> DataError:
    return refused("E111", "the file changed while it was read.", "Try again when nothing writes to it.")


@dataclass(frozen=True)
class Choice:
    """Which events are decisions, and who decided.

    Of every case the first, the last or all events with one of the activities (none given: any). The decision is a
    column, of the event or of its case, or, with followed_by, whether that activity comes later in the case.
    """

    decision: str | None = None
    followed_by: str | None = None
    activities: tuple[str, ...] = ()
    position: Position = "last"
    judge: str = JUDGE
    case: str = CASE
    time: str = TIME

    def __post_init__(self) -> None:
        if (self.decision is None) == (self.followed_by is None):
            raise CallError("wrong_setting", "the decision is a column or the activity that follows: give one of them")
        if self.position not in get_args(Position):
            raise CallError("wrong_setting", f"the position is first, last or all, not {self.position!r}")


@dataclass(frozen=True)
class Decisions:
    """One row per decision: case, judge, decision, time, then the other attributes of its case.

    events = used + the sum of left_out. rows: (number of the event, cells), anew at every call.
    """

    header: tuple[str, ...]
    events: int
    used: int
    left_out: tuple[Exclusion, ...]
    rows: Callable[[], Iterator[tuple[int, list[str]]]]


def decisions(log: EventLog, choice: Choice) -> Decisions:
    """The decisions among the events, and why every other event is none; reads the log once more to count.

    A row may lack its judge or decision: that is for the audit to say. DataError E307 for a column or activity that
    the log does not have. Memory: one case, with followed_by; else one event.
    """
    columns = (choice.case, choice.judge, choice.decision, choice.time)
    named = [name for name in columns if name not in (None, TIME)]  # a log need not tell the time
    _refuse_unknown("column", named, log.header)
    if len(log.activities) < _MOST_SHOWN:  # else not all of them are known
        _refuse_unknown("activity", [*choice.activities, choice.followed_by], [name for name, _ in log.activities])
    own = [log.header.index(name) if name in log.header else None for name in columns]
    others = [place for place, name in enumerate(log.header) if name.startswith("case:") and place not in own]
    header = ("case", "judge", "decision", "time", *(log.header[place] for place in others))

    def rows(left: Counter[str]) -> Iterator[tuple[int, list[str]]]:
        for row, cells, followed in _chosen(log, choice, left):
            picked = ["" if place is None else cells[place] for place in (*own, *others)]
            if choice.followed_by is not None:
                picked[2] = "yes" if followed else "no"
            yield row, picked

    left: Counter[str] = Counter()
    used = sum(1 for _ in rows(left))
    left_out = tuple(Exclusion(code, finding(f"excluded_{code}").what, n) for code, n in sorted(left.items()))
    return Decisions(header, log.events, used, left_out, lambda: rows(Counter()))


def _refuse_unknown(kind: str, names: Iterable[str | None], known: Iterable[str]) -> None:
    for name in names:
        if name is not None and name not in known:
            near = "".join(f" Did you mean {other!r}?" for other in difflib.get_close_matches(name, known, n=1))
            raise refused("E307", f"the event log has no {kind} {name!r}.{near}", "Give the name as the log has it.")


def _chosen(log: EventLog, choice: Choice, left: Counter[str]) -> Iterator[tuple[int, list[str], bool]]:
    """(number, cells, whether it was followed) of the events chosen; `left` counts the others by reason."""
    name = log.header.index(ACTIVITY) if ACTIVITY in log.header else None
    at_once = choice.position == "all" and choice.followed_by is None
    open_case = 0
    waiting: list[tuple[int, list[str]]] = []  # chosen in the open case, ascending
    followed = 0  # so many of them, from the first on, were followed

    def decided() -> Iterator[tuple[int, list[str], bool]]:
        yield from ((row, cells, place < followed) for place, (row, cells) in enumerate(waiting))

    for case, row, cells in log.numbered():
        if case != open_case:
            yield from decided()
            open_case, waiting, followed = case, [], 0
        activity = "" if name is None else cells[name]
        if case and activity == choice.followed_by:
            followed = len(waiting)
        if not case:
            left["missing_case"] += 1
        elif choice.activities and activity not in choice.activities:
            left["other_activity"] += 1
        elif choice.position == "first" and waiting:
            left["not_first"] += 1
        elif at_once:
            yield row, cells, False
        else:
            if choice.position == "last" and waiting:
                left["not_last"] += 1
                waiting, followed = [], 0
            waiting.append((row, cells))
    yield from decided()


@dataclass(frozen=True)
class Candidate:
    """What could fill a role, and why.

    choice: of a decision, ready for `decisions`, with the likeliest judge. column: None where it is what follows.
    """

    role: str
    column: str | None
    why: str
    choice: Choice | None = None


@dataclass
class _Column:
    """What a column holds. dates, numbers: as long as every value was one; activities: of the events that fill it."""

    name: str
    filled: int = 0
    dates: int = 0
    numbers: int = 0
    values: set[str] = field(default_factory=set)
    activities: set[str] = field(default_factory=set)

    def add(self, value: str, activity: str) -> None:
        self.dates += self.dates == self.filled and _DATE.match(value) is not None
        self.numbers += self.numbers == self.filled and _NUMBER.fullmatch(value) is not None
        self.filled += 1
        self.activities.add(activity)
        if len(self.values) <= _MOST_VALUES:  # one more than a decision may have
            self.values.add(value[:_VALUE_START])

    def surety(self, role: str) -> int:
        """3 for the key that XES has for it, 2 for an event's and 1 for a case's key that is a word for it, else 0."""
        if self.name == _STANDARD.get(role):
            return 3
        plain = self.name.removeprefix("case:").casefold()
        parts = re.split(r"[\W\d_]+", plain)
        named = any(word in parts or (len(word) > 4 and word in plain) for word in _WORDS[role])
        return named * (1 if self.name.startswith("case:") else 2)

    def candidate(self, role: str, log: EventLog, choice: Choice | None = None) -> Candidate:
        surety = self.surety(role)
        by_name = "XES has this key for it" if surety == 3 else f"its name is a word for {role}"
        reason = by_name if surety else "every value is a date" if self.dates == self.filled else "few different values"
        many = f"more than {_MOST_VALUES}" if len(self.values) > _MOST_VALUES else f"{len(self.values)}"
        held = f"{many} different values, filled for {self.filled:,} of {log.events:,} events"
        return Candidate(role, self.name, f"{reason}; {held}", choice)


def propose_event_roles(log: EventLog) -> dict[str, tuple[Candidate, ...]]:
    """Candidates for case, judge, decision and time, the likeliest first; choosing is for the user.

    Decisions are attributes with 2 to 50 values (or numbers under a telling name), activities that exclude each other
    (accepted, declined), and activities that now and then come directly after one whose name says that it decides.
    """
    columns, follows = _look(log)
    found: dict[str, tuple[Candidate, ...]] = {}
    for role in _STANDARD:
        fits = [column for column in columns if _fits(column, role)]
        fits.sort(key=lambda column: (-column.surety(role), -column.filled))
        found[role] = tuple(column.candidate(role, log) for column in fits)
    judge = next((candidate.column for candidate in found["judge"]), None) or JUDGE
    taken = {candidate.column for candidates in found.values() for candidate in candidates}
    free = [column for column in columns if column.name not in taken and _fits(column, "decision")]
    free.sort(key=lambda column: (-column.surety("decision"), -column.filled))
    choices = [Choice(column.name, activities=_where(column, log), judge=judge) for column in free]
    likely = [column.candidate("decision", log, choice) for column, choice in zip(free, choices, strict=True)]
    named = sum(column.surety("decision") > 0 for column in free)
    activities = (*_opposites(log, judge), *_consequences(log, follows, judge))
    found["decision"] = (*likely[:named], *activities, *likely[named:])
    return found


def _look(log: EventLog) -> tuple[list[_Column], Counter[tuple[str, str]]]:
    """What every column holds, and how often one activity comes directly after another. Memory: does not grow."""
    columns = [_Column(name) for name in log.header]
    known = {name for name, _ in log.activities}
    name = log.header.index(ACTIVITY) if ACTIVITY in log.header else None
    follows: Counter[tuple[str, str]] = Counter()
    before = (0, "")
    for case, _, cells in log.numbered():
        activity = cells[name] if name is not None and cells[name] in known else ""
        for column, value in zip(columns, cells, strict=True):
            if value:
                column.add(value, activity)
        if case and case == before[0]:
            follows[before[1], activity] += 1
        before = (case, activity)
    return columns, follows


def _fits(column: _Column, role: str) -> bool:
    of_case, few = column.name.startswith("case:"), 1 < len(column.values) <= _MOST_VALUES
    if role == "case":
        return of_case and column.filled > 0 and column.surety(role) > 0
    if role == "judge":
        return len(column.values) > 1 and column.surety(role) > 0
    if role == "time":
        return 0 < column.filled == column.dates
    plain = column.name.removeprefix("case:")
    numbers = column.surety(role) > 0 and column.numbers == column.filled and len(column.values) > 1
    return (few or numbers) and not plain.startswith(_BOOKKEEPING)


def _where(column: _Column, log: EventLog) -> tuple[str, ...]:
    """The activities that have an event's attribute, where not all have it."""
    names = tuple(name for name, _ in log.activities if name in column.activities)
    everywhere = len(names) == len(log.activities) or "" in column.activities
    return () if everywhere or column.name.startswith("case:") else names


def _opposites(log: EventLog, judge: str) -> Iterator[Candidate]:
    names = [name for name, _ in log.activities]
    no = tuple(name for name in names if any(word in name.casefold() for word in _NO))
    yes = tuple(name for name in names if name not in no and any(word in name.casefold() for word in _YES))
    if yes and no:
        why = f"which of these activities comes last in the case: {', '.join(map(repr, yes + no))}"
        yield Candidate("decision", ACTIVITY, why, Choice(ACTIVITY, None, yes + no, judge=judge))


def _consequences(log: EventLog, follows: Counter[tuple[str, str]], judge: str) -> list[Candidate]:
    """Activities that mostly come directly after one that decides, and not always: its other outcome."""
    times, ranked = dict(log.activities), []
    for (first, then), n in follows.items():
        if not then or first == then or not any(word in first.casefold() for word in _DECIDING):
            continue
        share = n / times[first]
        if 2 * n >= times[then] and 0.01 <= share <= 0.99:
            why = f"{then!r} comes directly after {first!r} in {n:,} of {times[first]:,} times, and in {n:,} of the "
            why += f"{times[then]:,} times that it comes at all"
            choice = Choice(None, then, (first,), judge=judge)
            ranked.append((min(share, 1 - share), Candidate("decision", None, why, choice)))
    return [candidate for _, candidate in sorted(ranked, key=lambda pair: -pair[0])]
