"""Every log that is not as it should be gets its words and its exit, and no row is lost: in memory and beyond."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import noiseaudit.pipeline as pipeline
from noiseaudit.result.schema import result_schema

from ..conftest import Run
from .bad_logs import LOGS, BadLog


def ids(log: BadLog) -> str:
    return log.what


def put(log: BadLog, folder: Path) -> None:
    (folder / "log.csv").write_text(log.text, "utf-8")
    if log.own:
        (folder / "noiseaudit.toml").write_text(log.own, "utf-8")


def accounted(result: dict[str, dict[str, object]]) -> dict[str, int]:
    """Rows left out by reason; all rows are read, and used or left out."""
    account = result["input"]
    left_out = {part["code"]: part["n"] for part in account["rows_excluded"]}
    assert account["rows_read"] == account["rows_used"] + sum(left_out.values())
    return left_out


@pytest.mark.parametrize("log", LOGS, ids=ids)
def test_log(log: BadLog, run: Run, tmp_path: Path) -> None:
    import jsonschema

    put(log, tmp_path)
    code, out, err = run("report", "log.csv", *log.arguments, "-o", "r.json", "-o", "r.html", "-v")
    text = out + err
    assert code == log.exit, text
    assert "Traceback" not in text
    assert "bug in noiseaudit" not in text
    if code in (2, 3):
        assert not list(tmp_path.glob("r.*"))
    else:
        written = (tmp_path / "r.json").read_text("utf-8")
        result = json.loads(written)
        jsonschema.Draft202012Validator(result_schema()).validate(result)
        assert accounted(result) == log.excluded
        page = (tmp_path / "r.html").read_text("utf-8")
        HTMLParser().feed(page)
        shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<pre.*?</pre>", "", page, flags=re.DOTALL)
        assert not re.search(r"(?<![\w])(None(?! of)|nan|inf)(?![\w])", shown)
        assert "<script" not in page
        text += written
        if log.route or log.aside:
            comparison = result["supplement"]["log"]["comparison"]
            assert log.route in (None, comparison["route"])
            assert log.aside == {one["feature"]: one["reason"] for one in comparison["set_aside"]}
            assert sum(one["decisions"] for one in comparison["classes"]) in (0, result["design"]["decisions"])
    for said in log.says:
        assert said in text, said
    for hidden in log.quiet:
        assert f'"{hidden}"' not in text, hidden
    assert log.words in text
    if log.rows:
        listed = re.search(r"file rows? ([0-9, ]+)", err)
        assert listed is not None, err
        assert tuple(int(row) for row in re.findall(r"\d+", listed[1])) == log.rows


@pytest.mark.parametrize("log", [one for one in LOGS if "--design" not in one.arguments], ids=ids)
def test_log_larger_than_memory(log: BadLog, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same refusals, and the same account of rows, where rows are only classed where they lie."""
    monkeypatch.setattr(pipeline, "MOST_ROWS", 1)
    put(log, tmp_path)
    code, out, err = run("report", "log.csv", *log.arguments, "--design", "log", "-o", "r.json", "-o", "r.html")
    assert code == log.exit, out + err
    assert "bug in noiseaudit" not in out + err
    if code not in (2, 3):
        result = json.loads((tmp_path / "r.json").read_text("utf-8"))
        assert accounted(result) == log.excluded
        if "--exposure" not in log.arguments:
            assert result["supplement"]["log"]["comparison"]["route"] != "case_mix"
        aside = {one["feature"]: one["reason"] for one in result["supplement"]["log"]["comparison"]["set_aside"]}
        assert aside == log.aside or not log.aside
