"""Decisions among the events of a log, roles proposed for it, and a municipality's log against its flat tables."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from noiseaudit.errors import CallError, DataError
from noiseaudit.reading.event_log import Candidate, Choice, EventLog, decisions, open_event_log, propose_event_roles
from tests.reading.test_xes import cells, event, log, opened, string, trace

# choosing decisions

CASES = log(
    trace("c1", string("result", "yes"), event("A", "Ann"), event("B", "Bob"), event("A", "Cas"), event("X", "Dee")),
    event("A", "nobody's case"),
    trace("c2", string("result", "no"), event("A", "Eve"), event("X"), event("A", "Fay")),
    trace("c3", event("B", "Gus")),
)


def account(folder: Path, choice: Choice) -> tuple[list[list[str]], dict[str, int]]:
    found = opened(folder, CASES)
    chosen = decisions(found, choice)
    rows = list(chosen.rows())
    assert rows == list(chosen.rows())
    assert chosen.used == len(rows)
    assert chosen.events == found.events == chosen.used + sum(part.n for part in chosen.left_out)
    assert all(part.reason for part in chosen.left_out)
    return [row for _, row in rows], {part.code: part.n for part in chosen.left_out}


def test_the_result_of_a_case_decided_by_who_did_an_activity_last(tmp_path: Path) -> None:
    rows, left = account(tmp_path, Choice("case:result", activities=("A",)))
    assert rows == [["c1", "Cas", "yes", ""], ["c2", "Fay", "no", ""]]
    assert left == {"missing_case": 1, "not_last": 2, "other_activity": 4}


def test_the_first_and_all(tmp_path: Path) -> None:
    rows, left = account(tmp_path, Choice("concept:name", activities=("A",), position="first"))
    assert rows == [["c1", "Ann", "A", "", "yes"], ["c2", "Eve", "A", "", "no"]]
    assert left == {"missing_case": 1, "not_first": 2, "other_activity": 4}
    rows, left = account(tmp_path, Choice("concept:name", activities=("A", "B"), position="all"))
    assert [row[1] for row in rows] == ["Ann", "Bob", "Cas", "Eve", "Fay", "Gus"]
    assert left == {"missing_case": 1, "other_activity": 2}


def test_without_activities_every_event_may_decide(tmp_path: Path) -> None:
    rows, left = account(tmp_path, Choice("concept:name"))
    assert [row[:3] for row in rows] == [["c1", "Dee", "X"], ["c2", "Fay", "A"], ["c3", "Gus", "B"]]
    assert left == {"missing_case": 1, "not_last": 5}


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ("first", [("Ann", "yes"), ("Eve", "yes")]),
        ("last", [("Cas", "yes"), ("Fay", "no")]),
        ("all", [("Ann", "yes"), ("Cas", "yes"), ("Eve", "yes"), ("Fay", "no")]),
    ],
)
def test_what_follows_is_the_decision(tmp_path: Path, position: str, expected: list[tuple[str, str]]) -> None:
    rows, _ = account(tmp_path, Choice(followed_by="X", activities=("A",), position=position))
    assert [(row[1], row[2]) for row in rows] == expected


def test_an_activity_may_follow_itself(tmp_path: Path) -> None:
    rows, _ = account(tmp_path, Choice(followed_by="A", activities=("A",), position="all"))
    assert [(row[1], row[2]) for row in rows] == [("Ann", "yes"), ("Cas", "no"), ("Eve", "yes"), ("Fay", "no")]


def test_a_missing_judge_stays_for_the_audit_to_count(tmp_path: Path) -> None:
    rows, _ = account(tmp_path, Choice("case:result", activities=("X",)))
    assert rows == [["c1", "Dee", "yes", ""], ["c2", "", "no", ""]]


def test_wrong_choices_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    found = opened(tmp_path, log(trace("c", event("Decide", "Ann"))))
    for choice, near in (
        (Choice("concept:nam"), "'concept:name'"),
        (Choice("concept:name", judge="org:resorce"), "'org:resource'"),
        (Choice("concept:name", time="wrong"), "wrong"),
        (Choice("concept:name", activities=("decide",)), "'Decide'"),
        (Choice(followed_by="Decides"), "'Decide'"),
    ):
        with pytest.raises(DataError, match=near) as caught:
            decisions(found, choice)
        assert caught.value.code == "E307"
    for wrong in ({}, {"decision": "a", "followed_by": "b"}, {"decision": "a", "position": "middle"}):
        with pytest.raises(CallError):
            Choice(**wrong)


# proposing roles


def columns(candidates: tuple[Candidate, ...]) -> list[str | None]:
    return [candidate.column for candidate in candidates]


def test_candidates_are_ranked_and_explained(tmp_path: Path) -> None:
    cases = [
        trace(
            f"c{i}",
            string("Behandelaar", f"P{i % 3}"),
            string("kind", "ab"[i % 2]),
            string("note", i),
            event("Submit", "Ann", '<date key="time:timestamp" value="2024-01-01T10:00:00Z"/>'),
            event("Decide", f"J{i % 4}", string("Uitkomst", "ja" if i % 3 else "nee"), string("bedrag", i * 10)),
            event("O_ACCEPTED" if i % 2 else "O_DECLINED", "Bob"),
        )
        for i in range(60)
    ]
    found = opened(tmp_path, log(*cases))
    roles = propose_event_roles(found)
    assert columns(roles["case"]) == ["case:concept:name"]
    assert columns(roles["judge"]) == ["org:resource", "case:Behandelaar"]
    assert columns(roles["time"]) == ["time:timestamp"]
    assert columns(roles["decision"]) == ["Uitkomst", "bedrag", "concept:name", None, None, "case:kind"]
    first, _, opposites, declined, *_ = roles["decision"]
    assert first.choice == Choice("Uitkomst", activities=("Decide",))
    assert "2 different values, filled for 60 of 180 events" in first.why
    assert opposites.choice == Choice("concept:name", activities=("O_ACCEPTED", "O_DECLINED"))
    assert declined.choice == Choice(followed_by="O_DECLINED", activities=("Decide",))
    for candidate in roles["decision"]:
        assert candidate.choice is not None
        assert decisions(found, candidate.choice).used == 60
    assert not any("nee" in candidate.why for candidates in roles.values() for candidate in candidates)


def test_nothing_is_proposed_where_nothing_fits(tmp_path: Path) -> None:
    assert propose_event_roles(opened(tmp_path, log("<event/>"))) == {
        "case": (),
        "judge": (),
        "time": (),
        "decision": (),
    }


# the log of a municipality


@pytest.fixture(scope="module")
def receipt(shared_data: Path) -> EventLog:
    return open_event_log(shared_data / "wabo_receipt" / "receipt.xes.gz")


@pytest.fixture(scope="module")
def receipt_rows(receipt: EventLog) -> list[tuple[int, int, list[str]]]:
    return list(receipt.numbered())


def flat(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


EVENT_COLUMNS = {
    "case_id": "case:concept:name", "timestamp": "time:timestamp", "activity": "concept:name", "group": "org:group",
    "resource": "org:resource", "task_id": "concept:instance", "transition": "lifecycle:transition",
}  # fmt: skip
CASE_COLUMNS = ("channel", "department", "group", "responsible", "startdate", "enddate", "enddate_planned", "deadline")
T06, T10 = "T06 Determine necessity of stop advice", "T10 Determine necessity to stop indication"


def test_receipt_has_its_published_counts(receipt: EventLog) -> None:
    assert (receipt.traces, receipt.events, len(receipt.activities)) == (1_434, 8_577, 27)
    assert receipt.findings == ()
    assert len(receipt.header) == len(EVENT_COLUMNS) + len(CASE_COLUMNS)
    assert sum(n for _, n in receipt.activities) == 8_577
    place = receipt.header.index("org:resource")
    assert len({row[place] for row in cells(receipt)}) == 48


@pytest.mark.parametrize("column", [*EVENT_COLUMNS, "event_index"])
def test_receipt_and_its_flat_events_are_equal(
    receipt: EventLog, receipt_rows: list[tuple[int, int, list[str]]], shared_data: Path, column: str
) -> None:
    table = flat(shared_data / "wabo_receipt" / "events.csv.gz")
    if column == "event_index":
        seen = Counter[int]()
        ours = [str(seen.update([case]) or seen[case] - 1) for case, _, _ in receipt_rows]
    else:
        place = receipt.header.index(EVENT_COLUMNS[column])
        ours = [row[place] for _, _, row in receipt_rows]
    assert len(ours) == 8_577
    assert ours == [row[column] for row in table], "in the same order"


@pytest.mark.parametrize("column", [*CASE_COLUMNS, "n_events"])
def test_receipt_and_its_flat_cases_are_equal(
    receipt: EventLog, receipt_rows: list[tuple[int, int, list[str]]], shared_data: Path, column: str
) -> None:
    table = flat(shared_data / "wabo_receipt" / "cases.csv.gz")
    if column == "n_events":
        ours = Counter(row[0] for _, _, row in receipt_rows)
        pairs = {(case, str(n)) for case, n in ours.items()}
    else:
        place = receipt.header.index(f"case:{column}")
        pairs = {(row[0], row[place]) for _, _, row in receipt_rows}
    assert len(pairs) == 1_434, "one value a case"
    assert pairs == {(row["case_id"], row[column]) for row in table}


def test_receipt_decisions_have_the_flat_file_s_professionals(receipt: EventLog, shared_data: Path) -> None:
    table = flat(shared_data / "wabo_receipt" / "cases.csv.gz")
    for activity, column, used in (
        (T06, "resource_T06_stop_advice", 1_309),
        (T10, "resource_T10_stop_indication", 1_283),
    ):
        choice = Choice(followed_by="T16 Report reasons to hold request", activities=(activity,), position="first")
        chosen = decisions(receipt, choice)
        assert chosen.used == used
        judges = {row[0]: row[1] for _, row in chosen.rows()}
        assert judges == {row["case_id"]: row[column] for row in table if row[column]}
        assert sum(row[2] == "yes" for _, row in chosen.rows()) == 20


def test_receipt_proposals(receipt: EventLog) -> None:
    roles = propose_event_roles(receipt)
    assert columns(roles["case"]) == ["case:concept:name"]
    assert columns(roles["judge"]) == ["org:resource", "case:responsible"]
    assert columns(roles["time"])[0] == "time:timestamp"
    pairs = [
        (c.choice.activities, c.choice.followed_by) for c in roles["decision"] if c.choice and c.choice.followed_by
    ]
    assert pairs[0] == ((T06,), T10)
    assert ((T10,), "T16 Report reasons to hold request") in pairs
    assert columns(roles["decision"])[-3:] == ["case:department", "case:channel", "case:group"]
