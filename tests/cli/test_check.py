"""noiseaudit check and compare as a pipeline calls them: exit codes, one JSON object on the last line, JUnit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from noiseaudit.cli import app
from noiseaudit.errors import CallError

from .test_commands import run

ROLES = '[roles]\ncase = "case"\njudge = "judge"\ndecision = "decision"\n[analysis]\ndesign = "panel"\n'


def night(folder: Path, name: str, *, level: float, seed: int) -> None:
    """30 cases x 4 of the same 20 professionals, whose levels are `level` times the same draws."""
    generator, draws = np.random.default_rng(seed), np.random.default_rng(0).normal(0, 1, 20)
    lines = ["case,judge,decision"]
    for case in range(30):
        for judge in generator.choice(20, 4, replace=False):
            value = 10 + case % 3 + level * draws[judge] + generator.normal(0, 0.4)
            lines.append(f"{name} {case},J{judge},{value:.6f}")
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    night(tmp_path, "one", level=0.5, seed=1)
    night(tmp_path, "two", level=0.5, seed=2)
    night(tmp_path, "wild", level=1.5, seed=3)
    return tmp_path


def config(folder: Path, check: str) -> None:
    (folder / "noiseaudit.toml").write_text(f"version = 1\n{ROLES}[check]\n{check}\n", "utf-8")


def last(stdout: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(stdout.decode().splitlines()[-1])
    return data


@pytest.mark.parametrize(
    ("limit", "status", "code"), [("fail = 9", "pass", 0), ("fail = 0.1", "fail", 1), ("fail = 0.5", "unknown", 4)]
)
def test_the_exit_code_is_the_outcome(folder: Path, limit: str, status: str, code: int) -> None:
    config(folder, f'level = {{figure = "noise.level.sd", {limit}}}')
    done = run("check", "one.csv", "--junit", "j.xml", "--output", "r.json", cwd=folder, code=code)
    data = last(done.stdout)
    assert (data["schema"], data["status"], data["exit"]) == ("noiseaudit/check", status, code)
    assert done.stdout.decode().splitlines()[0].startswith(status.upper())
    assert ET.parse(folder / "j.xml").getroot().get("tests") == "1"
    assert json.loads((folder / "r.json").read_text("utf-8"))["judges"] == []
    quiet = run("check", "one.csv", "-q", cwd=folder, code=code)
    assert len(quiet.stdout.decode().splitlines()) == 1
    assert quiet.stderr == b""


def test_options_go_over_the_config(folder: Path) -> None:
    config(folder, 'fail_on = "fail"\nlevel = {figure = "noise.level.sd", warn = 0.3, fail = 9}')
    assert last(run("check", "one.csv", cwd=folder, code=0).stdout)["warnings"] == 1
    run("check", "one.csv", "--fail-on", "warn", cwd=folder, code=1)
    run("check", "one.csv", "--fail-on", "warn", "--exit-zero", cwd=folder, code=0)
    config(folder, 'unknown_exit = 99\nlevel = {figure = "noise.level.sd", fail = 0.5}')
    run("check", "one.csv", cwd=folder, code=99)
    for code in (0, 1, 4):
        run("check", "one.csv", "--unknown-exit", str(code), cwd=folder, code=code)
    for wrong in (["--unknown-exit", "7"], ["--fail-on", "never"], ["--unknown-exit", "x"], ["--nonsense"]):
        run("check", "one.csv", *wrong, cwd=folder, code=2)


def test_nothing_is_guessed(folder: Path) -> None:
    done = run("check", "one.csv", cwd=folder, code=2)
    assert b"role" in done.stderr
    rows = [f"c{c},j{j},{c + j},0{1 + c}-0{1 + j}-2024" for c in range(5) for j in range(4)]
    (folder / "dated.csv").write_text("\n".join(["case,judge,decision,day", *rows]) + "\n", "utf-8")
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    asked = run("check", "dated.csv", "--time", "day", cwd=folder, code=2)
    assert b"dates_not_set" in asked.stderr
    run("check", "dated.csv", "--time", "day", "--dates", "dmy", "--unknown-exit", "0", cwd=folder, code=0)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ('level = {figure = "noise.levle.sd", fail = 1}', "did you mean"),
        ('level = {figure = "noise.level.sd", fail = "1"}', "line"),
        ('level = {figure = "noise.level.sd", fail = 1, unit = "€"}', "has no unit"),
        ('level = {figure = "noise.level.sd", fial = 1}', "did you mean"),
        ('level = {figure = "noise.level.share", fail = 20}', "write 0.2"),
        ("level = 3", "level"),
    ],
)
def test_a_policy_that_cannot_be_right_is_refused(folder: Path, check: str, words: str) -> None:
    config(folder, check)
    done = run("check", "one.csv", cwd=folder, code=2)
    assert words in done.stderr.decode()
    assert done.stdout == b""


def test_data_that_cannot_be_used_exit_3_and_leave_the_junit_of_yesterday(folder: Path) -> None:
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    run("check", "one.csv", "--junit", "j.xml", cwd=folder, code=0)
    yesterday = (folder / "j.xml").read_bytes()
    (folder / "bad.csv").write_text("case,judge,decision\na,b,hoog\nc,d,2\n", "utf-8")
    run("check", "bad.csv", "--junit", "j.xml", cwd=folder, code=3)
    assert (folder / "j.xml").read_bytes() == yesterday
    run("check", "nowhere.csv", cwd=folder, code=2)


def test_outputs_replace_what_an_earlier_check_left_and_nothing_else(folder: Path) -> None:
    config(folder, 'store = "cells"\nunknown_exit = 0\nlevel = {figure = "noise.level.sd", fail = 9}')
    outputs = ("--junit", "j.xml", "-o", "r.json")
    run("check", "one.csv", *outputs, cwd=folder, code=0)
    run("check", "two.csv", *outputs, cwd=folder, code=0)
    assert b'"rows_read": ' in (folder / "r.json").read_bytes()
    (folder / "mine.xml").write_text("<mine/>", "utf-8")
    (folder / "mine.json").write_text("{}", "utf-8")
    (folder / "before.json").write_bytes((folder / "r.json").read_bytes())
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}
    for wrong in (
        ("--junit", "mine.xml"), ("-o", "mine.json"), ("--junit", "noiseaudit.toml"), ("--junit", "cells"),
        ("--junit", "wild.csv", "--force"), ("--junit", "noiseaudit.toml", "--force"), ("--junit", "cells", "--force"),
        ("--junit", "x.json", "-o", "x.json"), ("--baseline", "before.json", "-o", "before.json", "--force"),
        ("--junit", "nowhere/j.xml"), ("-o", "r.html"), ("--junit", "."),
    ):  # fmt: skip
        done = run("check", "wild.csv", *wrong, cwd=folder, code=2)
        assert done.stdout == b""
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"} == kept, wrong
    run("check", "wild.csv", "--junit", "mine.xml", "--force", cwd=folder, code=0)
    assert (folder / "mine.xml").read_bytes() != b"<mine/>"


def test_where_the_outcome_cannot_be_written_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    monkeypatch.chdir(folder)
    called = []

    def full(*_: object, **__: object) -> None:
        called.append(1)
        raise CallError("cannot_write", "no space left")

    monkeypatch.setattr("noiseaudit.report.write_text", full)
    with pytest.raises(CallError, match="no space left"):
        app(["check", "one.csv", "--store", "cells", "--junit", "j.xml"], standalone_mode=False)
    assert called
    assert not (folder / "cells").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_outcome_that_nobody_gets_is_not_kept(folder: Path) -> None:
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    program = "from noiseaudit.cli import main; main()"
    with Path("/dev/full").open("wb") as full:
        call = [sys.executable, "-c", program, "check", "one.csv", "--store", "cells"]
        done = subprocess.run(call, cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert not (folder / "cells").exists()
    run("check", "one.csv", "--store", "cells", cwd=folder, code=0)


def test_paths_that_are_none_are_wrong_calls(folder: Path) -> None:
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    for wrong in (["--store", "."], ["--store", "/"], ["--store", ""], ["--store", "two.csv"],
                  ["--store", "s", "--junit", "s.lock"]):  # fmt: skip
        run("check", "one.csv", *wrong, cwd=folder, code=2)
    for key in ("baseline", "junit", "store"):
        config(folder, f'{key} = "a\\u0000b"\nlevel = {{figure = "noise.level.sd", fail = 9}}')
        run("check", "one.csv", cwd=folder, code=2)
    assert not list(folder.glob("*.lock"))


def test_the_key_of_a_team_tells_who_serves_in_both(folder: Path) -> None:
    (folder / "keys").mkdir()
    key = folder / "keys" / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    key.chmod(0o600)
    team = '[privacy]\naudience = "team"\nkey_file = "keys/key"\n'
    rule = '[check]\nunknown_exit = 0\ndrift = {figure = "drift.noise.level.sd", fail = 9}\n'
    (folder / "noiseaudit.toml").write_text(f"version = 1\n{ROLES}{team}{rule}", "utf-8")
    run("report", "one.csv", "-o", "one.json", cwd=folder, code=0)
    keyed = last(run("check", "two.csv", "--baseline", "one.json", "-o", "two.json", cwd=folder, code=0).stdout)
    names = [{judge["judge"] for judge in json.loads((folder / f"{n}.json").read_text("utf-8"))["judges"]}
             for n in ("one", "two")]  # fmt: skip
    assert names[0] == names[1]
    assert all(name.startswith("P-") for name in names[0])
    assert b"serve in both" in run("compare", "one.json", "two.json", cwd=folder, code=0).stdout
    (folder / "noiseaudit.toml").write_text(f"version = 1\n{ROLES}{rule}", "utf-8")
    strangers = last(run("check", "two.csv", "--baseline", "one.json", cwd=folder, code=0).stdout)
    width = [np.ptp(np.log(found["rules"][0]["interval"])) for found in (keyed, strangers)]
    assert width[0] < width[1]
    (folder / "noiseaudit.toml").write_text(f"version = 1\n{ROLES}{team}{rule}", "utf-8")
    run("check", "two.csv", "-o", "keys/two.json", cwd=folder, code=2)
    key.unlink()
    run("check", "two.csv", cwd=folder, code=2)


def test_a_baseline_is_an_earlier_result(folder: Path) -> None:
    config(folder, 'drift = {figure = "drift.noise.level.sd", fail = 1.25}')
    run("report", "one.csv", "-o", "one.json", cwd=folder, code=0)
    run("check", "two.csv", "--baseline", "one.json", "--unknown-exit", "0", cwd=folder, code=0)
    wild = last(run("check", "wild.csv", "--baseline", "one.json", cwd=folder, code=1).stdout)
    assert wild["rules"][0]["measured"] > 2
    assert last(run("check", "wild.csv", cwd=folder, code=4).stdout)["rules"][0]["status"] == "unknown"
    (folder / "half.json").write_text((folder / "one.json").read_text("utf-8")[:200], "utf-8")
    for wrong in ("half.json", "one.csv", "nowhere.json", "."):
        run("check", "two.csv", "--baseline", wrong, cwd=folder, code=2)
    config(folder, 'baseline = "one.json"\ndrift = {figure = "drift.noise.level.sd", fail = 1.25}')
    run("check", "wild.csv", cwd=folder, code=1)


def test_a_store_grows_night_by_night(folder: Path) -> None:
    (folder / "kept").mkdir()
    config(folder, 'store = "kept/cells"\nunknown_exit = 0\ndrift = {figure = "drift.noise.level.sd", fail = 1.25}')
    counts = []
    for name, code in (("one", 0), ("two", 0), ("wild", 1)):
        counts.append(last(run("check", f"{name}.csv", cwd=folder, code=code).stdout)["input"]["decisions"])
    assert counts == [120, 240, 360]
    kept = (folder / "kept" / "cells").read_bytes()
    again = run("check", "wild.csv", cwd=folder, code=2)
    assert b"part_merged" in again.stderr
    assert (folder / "kept" / "cells").read_bytes() == kept
    (folder / "kept" / "cells").write_bytes(kept[:-1])
    assert b"damaged_store" in run("check", "two.csv", cwd=folder, code=2).stderr


def test_a_check_that_is_refused_keeps_nothing(folder: Path) -> None:
    config(folder, 'store = "cells"\nunknown_exit = 0\nshare = {figure = "noise.level.share", fail = 20}')
    assert b"wrong_rule" in run("check", "one.csv", cwd=folder, code=2).stderr
    assert not (folder / "cells").exists()
    config(folder, 'store = "cells"\nunknown_exit = 0\nshare = {figure = "noise.level.share", fail = 0.99}')
    run("check", "one.csv", cwd=folder, code=0)
    kept = (folder / "cells").read_bytes()
    config(folder, 'store = "cells"\nunknown_exit = 0\nshare = {figure = "noise.level.share", fail = 20}')
    run("check", "two.csv", cwd=folder, code=2)
    assert (folder / "cells").read_bytes() == kept


def test_compare_says_what_changed(folder: Path) -> None:
    config(folder, "")
    for name in ("one", "wild"):
        run("report", f"{name}.csv", "-o", f"{name}.json", cwd=folder, code=0)
    text = run("compare", "one.json", "wild.json", cwd=folder, code=0).stdout.decode()
    changed, same = text.split("No change that chance could not explain:")
    assert "noise.level.sd" in changed
    assert "noise.pattern.sd" in same
    run("compare", "one.json", "one.csv", cwd=folder, code=2)
    run("compare", "one.json", cwd=folder, code=2)
    other = json.loads((folder / "wild.json").read_text("utf-8"))
    other["design"]["scale"] = "binary"
    (folder / "other.json").write_text(json.dumps(other), "utf-8")
    assert b"not_comparable" in run("compare", "one.json", "other.json", cwd=folder, code=2).stderr


def test_codes_of_one_key_tell_who_is_who(folder: Path) -> None:
    (folder / "keys").mkdir()
    (folder / "keys" / "k").write_bytes(b"0123456789abcdef0123456789abcdef")
    (folder / "keys" / "k").chmod(0o600)
    (folder / "noiseaudit.toml").write_text(f'version = 1\n{ROLES}[privacy]\nkey_file = "keys/k"\n', "utf-8")
    for name in ("one", "wild"):
        run("report", f"{name}.csv", "-o", f"{name}.json", "--audience", "team", cwd=folder, code=0)
    assert (
        "20 professionals serve in both" in run("compare", "one.json", "wild.json", cwd=folder, code=0).stdout.decode()
    )
    (folder / "noiseaudit.toml").write_text(f"version = 1\n{ROLES}", "utf-8")
    for name in ("one", "wild"):
        run("report", f"{name}.csv", "-o", f"{name}.json", "--audience", "team", "--force", cwd=folder, code=0)
    assert "serve in both" not in run("compare", "one.json", "wild.json", cwd=folder, code=0).stdout.decode()


def test_a_check_loads_no_more_than_it_needs(folder: Path) -> None:
    """It runs in somebody's pipeline every night, and what it does not load it need not wait for."""
    config(folder, 'level = {figure = "noise.level.sd", fail = 9}')
    program = (
        "import sys\nsys.argv = ['noiseaudit', 'check', 'one.csv']\nfrom noiseaudit.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'scipy.stats', 'scipy.optimize', 'sklearn', 'statsmodels', 'matplotlib', 'fairlearn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, capture_output=True)
