"""examples/pipelines/cron.sh as cron runs it: exit codes, what it prints, and which results are kept."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.recipes.recipes import PIPELINES, environment

pytestmark = pytest.mark.skipif(not shutil.which("flock"), reason="cron.sh needs flock (util-linux)")


def cron(nights: Path, export: str, kept: Path, code: int) -> str:
    done = subprocess.run(
        [str(PIPELINES / "cron.sh"), export, str(kept)],
        cwd=nights,
        env=environment(nights),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert code == 2 or done.stderr == ""
    return done.stdout


def results(kept: Path) -> dict[str, str]:
    return {path.stem: json.loads(path.read_text("utf-8"))["input"]["name"] for path in kept.glob("*.json")}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    shutil.copy(PIPELINES / "noiseaudit.toml", tmp_path)
    return tmp_path


def test_every_exit_code_and_what_is_kept(nights: Path, kept: Path) -> None:
    assert cron(nights, "passes.csv", kept, 0) == ""
    assert results(kept) == {"passed": "passes.csv"}
    assert (kept / "check.xml").exists()
    said = cron(nights, "fails.csv", kept, 1)
    assert said.startswith("noise check: FAILED")
    assert "FAIL     level: noise.level.sd" in said
    assert "passes.csv" in said, "it says what changed since the last pass"
    assert results(kept) == {"passed": "passes.csv", "failed": "fails.csv"}
    assert "cannot be judged" in cron(nights, "unknown.csv", kept, 4)
    assert results(kept) == {"passed": "passes.csv", "failed": "fails.csv", "unknown": "unknown.csv"}
    before = {path.name: path.read_bytes() for path in kept.glob("*.json")}
    said = cron(nights, "unusable.csv", kept, 3)
    assert "did not run (exit 3)" in said
    assert "E410" in said
    assert {path.name: path.read_bytes() for path in kept.glob("*.json")} == before
    with (kept / "noiseaudit.toml").open("a", encoding="utf-8") as config:
        config.write('wrong = {figure = "noise.levle.sd", fail = 1}\n')
    assert "did not run (exit 2)" in cron(nights, "passes.csv", kept, 2)
    assert {path.stat().st_mode & 0o077 for path in kept.glob("*.json")} == {0}


def test_a_baseline_is_used_once_somebody_has_put_it_there(nights: Path, kept: Path) -> None:
    with (kept / "noiseaudit.toml").open("a", encoding="utf-8") as config:
        config.write('change = {figure = "drift.noise.level.sd", fail = 4}\n')
    assert "baseline" in cron(nights, "passes.csv", kept, 4)
    shutil.copy(kept / "unknown.json", kept / "baseline.json")
    assert cron(nights, "passes.csv", kept, 0) == ""


def test_two_nights_at_once(nights: Path, kept: Path) -> None:
    with (kept / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "still running" in cron(nights, "passes.csv", kept, 75)
    assert not results(kept)
    cron(nights, "nowhere.csv", kept / "nowhere", 2)


def test_it_says_how_it_is_called() -> None:
    done = subprocess.run([str(PIPELINES / "cron.sh")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: cron.sh EXPORT FOLDER\n")
