"""Event logs are read event by event: every value as written, what is left out counted, what is hostile refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.event_log import EventLog, is_event_log, open_event_log

MEGABYTE = 1 << 20


def string(key: str, value: object) -> str:
    return f'<string key="{key}" value="{value}"/>'


def event(activity: str, judge: str | None = None, *more: str) -> str:
    who = "" if judge is None else string("org:resource", judge)
    return f"<event>{string('concept:name', activity)}{who}{''.join(more)}</event>"


def trace(name: str, *parts: str) -> str:
    return f"<trace>{string('concept:name', name)}{''.join(parts)}</trace>"


def log(*parts: str, head: str = "<log>") -> str:
    return f'<?xml version="1.0"?>\n<!-- made for a test -->\n{head}{"".join(parts)}</log>\n'


PLAIN = log(
    trace("c1", string("channel", "web"), event("A", "Ann"), event("B")), "\n", trace("c2", event("A", "Bob &amp; Co"))
)
ROWS = [
    ["c1", "web", "A", "Ann"],
    ["c1", "web", "B", ""],
    ["c2", "", "A", "Bob & Co"],
]


def write(folder: Path, content: str | bytes, name: str = "log.xes") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def opened(folder: Path, content: str | bytes, **settings: int) -> EventLog:
    return open_event_log(write(folder, content), **settings)


def refusal(folder: Path, content: str | bytes, **settings: int) -> Problem:
    path = write(folder, content)
    with pytest.raises(DataError) as caught:
        open_event_log(path, **settings)
    assert all(problem.do for problem in caught.value.problems)
    return caught.value.problems[0]


def cells(found: EventLog) -> list[list[str]]:
    return [row for _, row in found.rows()]


def left_out(found: EventLog) -> dict[str, int]:
    return {finding.code: finding.values["n"] for finding in found.findings}


# reading


def test_every_event_is_a_row_under_prefixed_columns(tmp_path: Path) -> None:
    found = opened(tmp_path, PLAIN)
    assert found.header == ("case:concept:name", "case:channel", "concept:name", "org:resource")
    assert (found.traces, found.events) == (2, 3)
    assert list(found.rows()) == list(enumerate(ROWS, 1))
    assert list(found.rows()) == list(enumerate(ROWS, 1)), "rows may be asked for again"
    assert found.activities == (("A", 2), ("B", 1))
    assert found.findings == ()


def zipped(text: str, path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("log.xes", text)
    return path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(PLAIN.encode(), mtime=0),
        gzip.compress(PLAIN[:30].encode(), mtime=0) + gzip.compress(PLAIN[30:].encode(), mtime=0),
        PLAIN.replace("<log>", '<log xmlns="http://www.xes-standard.org/" xes.version="1.0">').encode(),
        PLAIN.replace("<log>", '<x:log xmlns:x="urn:a">').replace("</log>", "</x:log>").encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.replace("?>", ' encoding="windows-1252"?>', 1).encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
    ],
    ids=["gzip", "gzip of two", "namespace", "prefix", "utf-8 mark", "utf-16", "cp1252", "crlf"],
)
def test_the_same_log_in_other_clothes(tmp_path: Path, content: bytes) -> None:
    assert is_event_log(write(tmp_path, content, "table.csv")), "the content counts, not the name"
    assert cells(opened(tmp_path, content)) == ROWS


def test_a_zip_with_one_log(tmp_path: Path) -> None:
    assert cells(opened(tmp_path, zipped(PLAIN, tmp_path / "log.zip"))) == ROWS


def test_letters_are_kept(tmp_path: Path) -> None:
    text = log(trace("zaak é€", event("A", "Zoë")))
    assert cells(opened(tmp_path, text)) == [["zaak é€", "A", "Zoë"]]
    latin = text.replace("?>", ' encoding="iso-8859-15"?>', 1).encode("iso-8859-15")
    assert cells(opened(tmp_path, latin)) == [["zaak é€", "A", "Zoë"]]


def test_values_of_every_type_stay_as_written(tmp_path: Path) -> None:
    kinds = {"date": "2011-10-11T13:45:40.276+02:00", "int": "007", "float": "1.50", "boolean": "TRUE", "id": "0-0"}
    attributes = (f'<{kind} key="{kind}" value="{value}"/>' for kind, value in kinds.items())
    found = opened(tmp_path, log(trace("c", "<event>", *attributes, "</event>")))
    assert found.header[1:] == tuple(kinds)
    assert cells(found) == [["c", *kinds.values()]]


def test_defaults_and_metadata_are_not_rows(tmp_path: Path) -> None:
    head = (
        '<log><extension name="Concept" prefix="concept" uri="urn:c"/><global scope="event">'
        f"{string('org:resource', 'UNKNOWN')}<event>{string('a', 'b')}</event></global>"
        f'<classifier name="x" keys="y"/>{string("meta", 1)}'
    )
    found = opened(tmp_path, log(trace("c", event("A")), head=head))
    assert found.header == ("case:concept:name", "concept:name")
    assert cells(found) == [["c", "A"]]
    assert found.findings == ()


def test_nested_attributes_become_dotted_columns_to_three_levels(tmp_path: Path) -> None:
    nested = (
        '<string key="a" value="1"><int key="b" value="2"><int key="c" value="3"><int key="d" value="4"/></int></int>'
        '</string><list key="l"><values><string key="m" value="5"/><string key="m" value="6"/></values></list>'
        '<container key="k"><id key="n" value="7"/></container>'
    )
    found = opened(tmp_path, log(f"<trace>{string('concept:name', 'c')}{nested}{event('A', None, nested)}</trace>"))
    keys = ("a", "a.b", "a.b.c", "l.m", "k.n")
    assert found.header == ("case:concept:name", *(f"case:{key}" for key in keys), "concept:name", *keys)
    assert cells(found) == [["c", *"12357", "A", *"12357"]]
    assert left_out(found) == {"xes_nested_too_deep": 2, "xes_repeated_keys": 2}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        log(
            event("outside", "Ann"),
            trace(
                "c",
                event("A", "Ann", string("org:resource", "Bob"), "<odd/>", '<string value="no key"/>'),
                string("late", 1),
            ),
            f"<trace>{event('A', None, string('case:concept:name', 'own'))}{string('late', 2)}{event('B')}</trace>",
            trace("d", string("x", 1), event("A", None, string("case:x", 2))),
            trace("nothing"),
        ),
    )
    assert left_out(found) == {
        "xes_empty_cases": 1,
        "xes_events_outside_cases": 1,
        "xes_late_attributes": 2,
        "xes_not_attributes": 2,
        "xes_repeated_keys": 2,
        "xes_unnamed_cases": 1,
    }
    assert (found.traces, found.events) == (4, 5)
    assert [(case, row) for case, row, _ in found.numbered()] == [(0, 1), (1, 2), (2, 3), (2, 4), (3, 5)]
    assert [row[0] for row in cells(found)] == ["", "c", "own", "", "d"]
    assert cells(found)[4][found.header.index("case:x")] == "1", "the first is kept"


def test_too_many_activities_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("noiseaudit.reading.event_log._MOST_COUNTED", 2)
    found = opened(tmp_path, log(trace("c", *(event(name) for name in ("a", "b", "c", "a", "x" * 2_000)))))
    assert found.activities == (("a", 2), ("b", 1))
    assert left_out(found) == {"xes_activities_not_counted": 2}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """As a tree the elements of this log take 33 MB; the file is read in pieces of 4 MB."""
    cases = (trace(f"c{i}", *(event("A", f"judge {j}", string("x", j)) for j in range(6))) for i in range(4_000))
    path = write(tmp_path, log(*cases))
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_event_log(path).rows()) == 24_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * MEGABYTE


# refusing


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 30))
BOMB = f'<?xml version="1.0"?><!DOCTYPE log [<!ENTITY l0 "ha">{LAUGHS}]><log>&l29;</log>'


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("", "E101", "empty"),
        (b"\xef\xbb\xbf\n\n", "E101", "empty"),
        (gzip.compress(b"", mtime=0), "E101", "empty"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:12], "E105", "after line 0"),
        (b"\x1f\x8b", "E105", "after line 0"),
        (log(trace("c")), "E102", "not one event"),
        (log(), "E102", "not one event"),
        (BOMB, "E103", "DOCTYPE"),
        (gzip.compress(BOMB.encode(), mtime=0), "E103", "DOCTYPE"),
        (BOMB.encode("utf-16"), "E103", "DOCTYPE"),
        ('<!-- a --><?p?> <!DOCTYPE\tlog SYSTEM "file:///etc/passwd"><log/>', "E103", "DOCTYPE"),
        ("<table/>", "E104", "HTML"),
        ("<!DOCTYPE html><html></html>", "E104", "HTML"),
        ('<?xml version="1.0"?><pnml/>', "E103", "no event log"),
        ("<logs/>", "E103", "no event log"),
        ("case;judge\n1;2\n", "E103", "no event log"),
        (PLAIN.encode("utf-16-le"), "E103", "no event log"),
        (b"\x89PNG\r\n\x1a\n", "E103", "PNG"),
        (PLAIN[:-20], "E105", "line 4"),
        (PLAIN.replace("Ann", "An\nn<"), "E105", "line 4"),
        (PLAIN.replace("</event>", "</events>", 1), "E105", "mismatched tag"),
        (PLAIN.replace("Ann", "&secret;"), "E105", "undefined entity"),
        (PLAIN + "<log/>", "E105", "junk"),
        (PLAIN.encode().replace(b"Ann", b"Zo\xeb"), "E105", "line 3"),
        (PLAIN.replace("?>", ' encoding="shift_jis"?>', 1), "E202", "encoding"),
        (PLAIN.replace("?>", ' encoding="nonsense"?>', 1), "E202", "encoding"),
        (log(trace("c", event("A", None, "<list key='k'>" * 100 + "</list>" * 100))), "E106", "64 deep"),
        (log("<list key='k'>" * 100 + "</list>" * 100), "E106", "64 deep"),
        (log(trace("c", event("A", None, *(string(f"k{i}", 1) for i in range(2_001))))), "E308", "2,000"),
    ],
)  # fmt: skip
def test_refused_with_its_code(tmp_path: Path, content: str | bytes, code: str, says: str) -> None:
    problem = refusal(tmp_path, content)
    assert problem.code == code
    assert says in str(problem)
    assert "Ann" not in str(problem)
    assert "secret" not in str(problem)


def test_a_value_of_one_megabyte_is_a_cell(tmp_path: Path) -> None:
    assert cells(opened(tmp_path, log(trace("c", event("A", "x" * MEGABYTE)))))[0][2] == "x" * MEGABYTE


def test_longer_values_are_listed_by_column(tmp_path: Path) -> None:
    text = log(
        trace("c", string("y", "x" * (MEGABYTE + 1)), *(event("A", "x" * (MEGABYTE + 1)) for _ in range(3)), event("A"))
    )
    with pytest.raises(DataError) as caught:
        open_event_log(write(tmp_path, text))
    assert [(p.code, p.column, p.rows, p.total) for p in caught.value.problems] == [
        ("E309", "case:y", (1,), 1),
        ("E309", "org:resource", (1, 2, 3), 3),
    ]


@pytest.mark.parametrize(
    "part",
    [
        trace("c", event("A", "x" * (5 * MEGABYTE))),
        "<!-- " + "x" * (5 * MEGABYTE) + " -->",
        "x" * (5 * MEGABYTE),
        trace("c", "<event>" + string("k", "x" * MEGABYTE) * 20 + "</event>"),
        trace("c", string("k", "x" * MEGABYTE) * 20),
        string("k", "x" * MEGABYTE) + f'<list key="l">{string("k", "x" * MEGABYTE) * 20}</list>',
    ],
    ids=["value", "comment", "text", "event", "case", "metadata"],
)
def test_nothing_goes_on_without_end(tmp_path: Path, part: str) -> None:
    assert refusal(tmp_path, log(part, trace("c", event("A")))).code == "E309"


def test_a_packed_bomb_and_max_bytes(tmp_path: Path) -> None:
    bomb = log(trace("c", event("A")), " " * 1_000, *([trace("c", event("A", "x" * 900_000))] * 70))
    assert refusal(tmp_path, gzip.compress(bomb.encode(), compresslevel=9)).code == "E106"
    assert refusal(tmp_path, PLAIN, max_bytes=100).code == "E106"
    assert refusal(tmp_path, gzip.compress(PLAIN.encode()), max_bytes=len(PLAIN) - 1).code == "E106"
    assert opened(tmp_path, gzip.compress(PLAIN.encode()), max_bytes=len(PLAIN)).events == 3


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_gzip_says_after_which_line(tmp_path: Path, damage: str) -> None:
    text = log(*(trace(f"case number {i * i * 7919}", event("A", f"{i**3}")) + "\n" for i in range(2_000)))
    packed = gzip.compress(text.encode())
    middle = len(packed) // 2
    bad = packed[:middle] if damage == "cut" else packed[:middle] + bytes(255 - b for b in packed[middle:])
    assert is_event_log(write(tmp_path, bad)), "so that its damage is told"
    problem = refusal(tmp_path, bad)
    assert problem.code == "E105"
    assert int(problem.what.partition("after line ")[2].partition(";")[0]) > 500


def test_another_file_under_the_name_is_refused(tmp_path: Path) -> None:
    found = opened(tmp_path, PLAIN)
    for other in (PLAIN.replace("channel", "kanaal"), log(trace("c", event("A")))):
        write(tmp_path, other)
        with pytest.raises(DataError) as caught:
            list(found.rows())
        assert caught.value.code == "E111"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLAIN, True),
        (BOMB, True),
        ("<html><log/></html>", False),
        ("<!DOCTYPE html><log/>", False),
        ("log\n1\n", False),
        ("<log", True),
        ("<!-- <log> -->", False),
        ("", False),
        ("<!--" * 50_000, False),
        ("<?" * 50_000 + "?>" * 50_000, False),
        (b"\x1f\x8b", False),
        (b"PK\x03\x04 no zip", False),
    ],
)
def test_what_looks_like_a_log(tmp_path: Path, content: str | bytes, expected: bool) -> None:
    assert is_event_log(write(tmp_path, content)) is expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_makes_a_traceback_or_a_wrong_row(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([PLAIN.encode(), gzip.compress(PLAIN.encode(), mtime=0)])))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(
            st.binary(max_size=4)
            | st.sampled_from([b"<", b">", b'"', b"&", b"</event>", b"<trace>", b"<!DOCTYPE log []>"])
        )
    path = tmp_path / "log.xes"
    path.write_bytes(content)
    is_event_log(path)
    try:
        found = open_event_log(path)
    except DataError:
        return
    assert [number for number, _ in found.rows()] == list(range(1, found.events + 1))
    assert all(len(row) == len(found.header) for row in cells(found))
