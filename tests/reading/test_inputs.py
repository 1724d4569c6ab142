"""Every bad input gets its code, its exit and its places, and no row is lost; the page in docs/ is this table."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from noiseaudit.reading import read

from ..conftest import Run
from .inputs import GOOD, INPUTS, Bad, table


def ids(bad: Bad) -> str:
    return f"{bad.number} {bad.what}"


@pytest.mark.parametrize("bad", INPUTS, ids=ids)
def test_input(bad: Bad, run: Run, tmp_path: Path) -> None:
    if bad.what == "no permission" and os.geteuid() == 0:
        pytest.skip("root may read every file")
    bad.write(tmp_path)
    code, out, err = run("report", bad.name, *bad.arguments, "-o", "result.json", "-v")
    text = out + err
    assert code == bad.exit, text
    assert "Traceback" not in text
    assert "bug in noiseaudit" not in text
    result = json.loads((tmp_path / "result.json").read_text("utf-8")) if code in (0, 4) else None
    if result is not None:
        text += run("report", bad.name, *bad.arguments)[1]
        text += json.dumps(result, ensure_ascii=False)
        account = result["input"]
        assert account["rows_read"] == account["rows_used"] + sum(part["n"] for part in account["rows_excluded"])
        left_out = {part["code"]: part["n"] for part in account["rows_excluded"]}
        assert dict(bad.excluded).items() <= left_out.items()
        assert set(left_out) == {reason for reason, _ in bad.excluded}
    else:
        assert not (tmp_path / "result.json").exists()
    if bad.code is not None:
        assert bad.code in text
    if bad.said:
        assert bad.said in text
    if bad.quiet:
        assert bad.quiet not in text
    if bad.rows:
        listed = re.search(r"file rows? ([0-9, ]+)", err)
        assert listed is not None, err
        assert tuple(int(row) for row in re.findall(r"\d+", listed[1])) == bad.rows


@pytest.mark.parametrize("bad", [b for b in INPUTS if b.exit in (0, 3) and not b.config], ids=ids)
def test_inspect_says_the_same(bad: Bad, run: Run, tmp_path: Path) -> None:
    bad.write(tmp_path)
    code, out, err = run("inspect", bad.name, *bad.arguments, "--format", "json")
    assert code == bad.exit, out + err
    found = json.loads(out)
    codes = {problem["code"] for problem in found["problems"]} | {said["code"] for said in found["findings"]}
    if bad.code is not None and bad.code[1:].isdigit() and bad.code not in ("W511", "W512", "W513", "E510", "E514"):
        assert bad.code in codes
    if bad.rows:
        places = [place["row"] for problem in found["problems"] for place in problem["places"]]
        assert tuple(places) == bad.rows


def test_strict_makes_warnings_problems(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(GOOD + "Totaal;;14,5\n", "utf-8")
    assert run("inspect", "data.csv")[0] == 0
    assert run("inspect", "data.csv", "--strict")[0] == 3


def test_15_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import DataError
    from noiseaudit.reading import tabulate

    path = tmp_path / "data.csv"
    path.write_text(GOOD, "utf-8")
    with read(path, AuditDesign()) as log:
        path.write_text(GOOD + "c;Jan;1\n", "utf-8")
        with pytest.raises(DataError) as caught:
            tabulate(log)
    assert caught.value.code in ("E111", "E212", "E105")


@pytest.mark.parametrize("target", ["result.json", "folder"])
def test_76_outputs_that_cannot_be_written(target: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(GOOD, "utf-8")
    (tmp_path / "result.json").write_text("mine", "utf-8")
    (tmp_path / "folder").mkdir()
    assert run("report", "data.csv", "-o", target + ("/" if target == "folder" else ""))[0] == 2
    assert (tmp_path / "result.json").read_text("utf-8") == "mine"
    if os.geteuid() != 0:
        (tmp_path / "folder").chmod(0o500)
        assert run("report", "data.csv", "-o", "folder/r.json")[0] == 2
    assert not list((tmp_path / "folder").iterdir())


def test_76_a_full_disk_leaves_no_half_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").write_text(GOOD, "utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    code, _, err = run("report", "data.csv", "-o", "r.json")
    assert (code, "No space left" in err) == (2, True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv"]


def test_the_page_is_this_table() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "bad_input.md"
    assert page.read_text("utf-8") == table()


def test_every_promised_number_is_there() -> None:
    from .inputs import ELSEWHERE

    assert {bad.number for bad in INPUTS} | set(ELSEWHERE) == set(range(1, 78))
