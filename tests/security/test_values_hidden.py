"""S10: what stands in a cell is shown to nobody who did not ask for it: not by a problem, a note, or a crash."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na

from ..reading.inputs import GOOD, INPUTS, Bad, with_dates, with_decisions
from .command import Said, run

ROOT = Path(__file__).resolve().parents[2]
SECRET = "Qleakz"  # stands in for a person, a case or an answer; in no message of ours
# Constants of our own sentences, which cells of the crafted files happen to hold too.
OUR_WORDS = {"1.234", "03-04-2024", "onvoldoende", "voldoende", "goed", "100000", "2024"}
NAMES = {"herkomst", "postcode", "zaak", "rechter", "besluit", "Besluit", "BESLUIT", "datum", "groep", "soort", "sep="}
CRAFTED = [
    bad
    for bad in INPUTS
    if isinstance(bad.data, str) and len(bad.data) < 100_000 and "--show-values" not in bad.arguments
]
COMMANDS = (
    ["report", "-v", "-o", "r.json", "--force"],
    ["inspect"],
    ["inspect", "--format", "json"],
    ["init", "-o", "made.toml", "--force"],
)


def everything(folder: Path, name: str, *options: str) -> list[Said]:
    return [run(command[0], name, *options, *command[1:], cwd=folder) for command in COMMANDS]


def cells(text: str) -> set[str]:
    """What the cells hold that is long enough to be told apart from our own words; not the names of columns."""
    return {cell for cell in re.split(r'[;\r\n"]+', text) if len(cell.strip()) >= 4} - OUR_WORDS - NAMES


@pytest.mark.parametrize("bad", CRAFTED, ids=lambda bad: f"{bad.number} {bad.what}")
def test_s10_no_bad_input_shows_what_is_in_its_cells(bad: Bad, tmp_path: Path) -> None:
    text = re.sub(r"\b(Jan|Piet|Klaas|Anna|Eva)\b", rf"{SECRET}\1", str(bad.data))
    (tmp_path / bad.name).write_text(text, "utf-8")
    if bad.config:
        (tmp_path / "noiseaudit.toml").write_text(bad.config, "utf-8")
    for said in everything(tmp_path, bad.name, *bad.arguments):
        assert SECRET not in said.all
        assert not {cell for cell in cells(text) if re.search(rf"(?<![\w.,-]){re.escape(cell)}(?![\w.,-])", said.all)}


def decisions(word: str = SECRET) -> str:
    return with_decisions("1", word, "3", "4")


def extra(name: str, values: list[str]) -> str:
    lines = GOOD.splitlines()
    return "\n".join([f"{lines[0]};{name}", *(f"{line};{values[i % len(values)]}" for i, line in enumerate(lines[1:]))])


# code: (file, options): what the crafted inputs do not reach
MORE: dict[str, tuple[str, tuple[str, ...]]] = {
    "E410": (decisions(), ("--scale", "continuous")),
    "E413 positive": (decisions(), ("--positive", "other")),
    "E413 binary": (decisions("2,5"), ("--scale", "binary")),
    "E413 words": (with_decisions("ja", "nee", SECRET, "ja"), ()),
    "E413 too many": (with_decisions(*(f"{SECRET}{i}" for i in range(60))), ("--scale", "nominal")),
    "E414 order": (with_decisions("goed", SECRET, "goed", "matig"), ("--scale", "ordinal")),
    "E416": (with_decisions("1", "777,123", "3", "4"), ("--scale", "count")),
    "E417": (extra("w", ["1", SECRET]), ("--weight", "w")),
    "E418": (extra("w", ["1", "-777,123"]), ("--exposure", "w")),
    "E417 fraction": (extra("w", ["1", "777,123"]), ("--weight", "w")),
    "E424": (with_dates(SECRET, "13-04-2024", "14-04-2024", "15-04-2024"), ("--time", "datum")),
    "E427": (with_decisions("1", "#N/A", "3", "4"), ("--scale", "continuous")),
    "E516 truth": (extra("t", ["1", "777,123"]), ("--truth", "t")),
    "E517": (extra("g", [SECRET]), ("--group", "g")),
    "nonpositive_values": (with_decisions("1", "-777,123", "3", "4"), ("--scale", "log")),
    "W402": (GOOD.replace("Jan", f"{SECRET} ", 1).replace("Jan", SECRET), ()),
    "W403": (GOOD.replace("Jan", SECRET.upper(), 1).replace("Jan", SECRET), ()),
    "W401": (GOOD.replace("a;", "7E77;"), ()),
    "roles": (f"x;y;z\n{SECRET};{SECRET};{SECRET}\n", ()),
    "encoding": (GOOD.replace("Jan", f"{SECRET}\ufffd"), ("--encoding", "ascii")),
}


@pytest.mark.parametrize("what", MORE)
def test_s10_no_other_code_shows_them(what: str, tmp_path: Path) -> None:
    text, options = MORE[what]
    (tmp_path / "data.csv").write_text(text, "utf-8")
    for said in everything(tmp_path, "data.csv", *options):
        assert not re.search(f"{SECRET}|777.123|7E77", said.all, flags=re.IGNORECASE), said.all


def test_s10_typed_sources_hide_them_too() -> None:
    base = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": [1.0, 2.0, 3.0, 777.123]})
    wrong = {
        "infinite": base.assign(decision=[1.0, float("inf"), 3.0, 777.123]),
        "dates": base.assign(decision=pd.Timestamp("1977-07-07")),
        "truth": base.assign(truth=[777.123, 2.0, 3.0, 3.0]),
        "time": base.assign(time=777.123),
        "weight": base.assign(weight=[777.123, 1, 1, 1]),
    }
    for name, frame in wrong.items():
        role = {name: name} if name in frame else {}
        with pytest.raises(na.NoiseAuditError) as caught:
            na.audit(frame, case="case", judge="judge", decision="decision", **role)
        assert not re.search("777.123|1977", str(caught.value))


def test_s10_every_code_about_values_was_provoked(tmp_path: Path) -> None:
    """Codes E4xx and E5xx of the source, as a list, so that a new one needs a test here or in the crafted inputs."""
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "noiseaudit").rglob("*.py"))
    known = set(re.findall(r'"(E[45]\d\d)"', source))
    provoked = {str(bad.code) for bad in INPUTS} | {what.split()[0] for what in MORE}
    provoked |= {"E411"}  # every decision is missing: there is no value
    assert known <= provoked


def test_s10_values_are_shown_to_who_asks(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(decisions(), "utf-8")
    said = run("report", "data.csv", "--scale", "continuous", "--show-values", cwd=tmp_path)
    assert (said.code, SECRET in said.err) == (3, True)


PLACES = [
    ("noiseaudit.reading.source.open_text", "report"),
    ("noiseaudit.reading.decisions.number_column", "report"),
    ("noiseaudit.pipeline.tabulate", "report"),
    ("noiseaudit.report.html.render_html", "report"),
    ("noiseaudit.inspection.describe_columns", "inspect"),
    ("noiseaudit.report.starting_config.starting_config", "init"),
]


class PanicException(BaseException):
    """As pyo3 names what a library in Rust raises."""


@pytest.mark.parametrize("kind", [ValueError, KeyError, PanicException])
@pytest.mark.parametrize(("place", "command"), PLACES, ids=[place.rsplit(".", 1)[-1] for place, _ in PLACES])
def test_s10_a_crash_prints_a_code_and_not_the_data(
    place: str, command: str, kind: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise kind(f"could not convert {SECRET}")

    monkeypatch.setattr(place, crash)
    (tmp_path / "data.csv").write_text(GOOD.replace("Jan", SECRET), "utf-8")
    out = ["-o", "r.html"] if command == "report" else ["-o", "made.toml"]
    said = run(command, "data.csv", *out, cwd=tmp_path)
    assert said.code == 70
    assert "[bug]" in said.err
    assert kind.__name__ in said.err
    assert re.search(r" at noiseaudit[\w.]*:\d+", said.err)
    assert SECRET not in said.all
    assert "Traceback" not in said.all
    assert str(ROOT) not in said.all
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_s10_a_damaged_result_is_refused_without_its_values() -> None:
    frame = pd.DataFrame({"case": list("aabb"), "judge": list("xyxy"), "decision": [1.0, 2.0, 3.0, 5.0]})
    data = na.audit(frame, case="case", judge="judge", decision="decision").to_dict("team")
    spoilt: list[Callable[[], object]] = [
        lambda: na.AuditResult.from_dict(data | {"noise": SECRET}),
        lambda: na.AuditResult.from_dict(data | {"judges": [SECRET]}),
        lambda: na.AuditResult.from_dict(
            data | {"lottery": {"mean_difference": {"status": "estimated", "value": SECRET}}}
        ),
    ]
    for read in spoilt:
        with pytest.raises(na.CallError) as caught:
            read()
        assert SECRET not in str(caught.value)
