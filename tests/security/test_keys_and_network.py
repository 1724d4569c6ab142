"""S9 and S11: a key stands nowhere but in its file, and nothing asks for the network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from noiseaudit.cli import app

from .command import WRITTEN, outputs, run, table

# S9: keys


KEY = b"0123456789-a-secret-of-the-team!"


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    (tmp_path / "toy.csv").write_text(table("case", "judge", "score"), "utf-8")
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "the.key").write_bytes(KEY)
    (tmp_path / "hidden" / "the.key").chmod(0o600)
    config = 'version = 1\n[privacy]\naudience = "team"\nkey_file = "hidden/the.key"\n'
    (tmp_path / "noiseaudit.toml").write_text(config, "utf-8")
    return tmp_path


def test_s9_the_key_is_in_no_output_and_no_message(keyed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [run("report", "toy.csv", "-v", "--show-values", *outputs("r", *WRITTEN), cwd=keyed)]
    said += [run("report", "toy.csv", cwd=keyed), run("inspect", "toy.csv", "--format", "json", cwd=keyed)]
    assert [done.code for done in said] == [0, 0, 0]
    assert '"P-' in (keyed / "r.json").read_text("utf-8")
    monkeypatch.setattr("noiseaudit.report.summary_text", lambda *_, **__: 1 / 0)
    said.append(run("report", "toy.csv", "-v", cwd=keyed))
    assert said[-1].code == 70
    written = [(keyed / f"r.{suffix}").read_bytes() for suffix in WRITTEN]
    with zipfile.ZipFile(keyed / "r.xlsx") as book:
        written += [book.read(name) for name in book.namelist()]
    for form in (KEY, KEY.hex().encode(), repr(KEY)[2:-1].encode(), b"the.key"):
        assert not any(form in content for content in [*written, *(done.all.encode() for done in said)])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o610])
def test_s9_a_key_that_others_may_touch_is_refused(mode: int, keyed: Path) -> None:
    (keyed / "hidden" / "the.key").chmod(mode)
    said = run("report", "toy.csv", "-o", "r.json", cwd=keyed)
    assert (said.code, "others may read" in said.err) == (2, True)
    assert not (keyed / "r.json").exists()


def test_s9_a_key_beside_an_output_is_refused_also_through_a_link(keyed: Path) -> None:
    (keyed / "door").symlink_to(keyed / "hidden")
    (keyed / "elsewhere").mkdir()
    (keyed / "elsewhere" / "link").symlink_to(keyed / "hidden" / "the.key")
    for output in ("hidden/r.json", "door/r.json"):
        said = run("report", "toy.csv", "-o", output, cwd=keyed)
        assert (said.code, "move it" in said.err) == (2, True)
    text = (keyed / "noiseaudit.toml").read_text("utf-8")
    (keyed / "noiseaudit.toml").write_text(text.replace("hidden/the.key", "elsewhere/link"), "utf-8")
    assert run("report", "toy.csv", "-o", "hidden/r.json", cwd=keyed).code == 2
    assert [p.name for p in (keyed / "hidden").iterdir()] == ["the.key"]


# S11: no network


ALL_COMMANDS = [
    ["--version"], ["--help"], ["explain"], ["explain", "E301"], ["schema", "config"], ["schema", "result"],
    ["demo", "-o", "d"], ["init", "d/panel.csv", "-o", "made.toml"],
    ["report", "d/panel.csv"], ["report", "d/panel.csv", *outputs("r", *WRITTEN)],
    ["report", "d/panel.csv", *outputs("t", *WRITTEN), "--audience", "team", "--config", "made.toml"],
    *(["inspect", "d/panel.csv", "--format", form] for form in ("text", "json", "csv")),
    ["check", "d/panel.csv", "--store", "cells", "--junit", "j.xml", "--unknown-exit", "0"],
    ["compare", "r.json", "t.json"],
    ["report", "nowhere.csv"], ["report", "https://evil.invalid/data.csv"], ["report", "s3://evil/data.parquet"],
]  # fmt: skip
PROGRAM = """
import json, os, signal, sys
def watch(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "subprocess.", "os.system", "os.exec")):
        os.write(2, f"NETWORK {event}\\n".encode())
        os._exit(99)
sys.addaudithook(watch)
from noiseaudit.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["noiseaudit", *arguments]
    try:
        main()
    except SystemExit as end:
        os.write(2, f"EXIT {end.code or 0}\\n".encode())
    else:
        os.write(2, b"EXIT 0\\n")
"""


def test_s11_every_command_is_here() -> None:
    known = {
        command.callback.__name__ for command in app.registered_commands if command.callback and not command.hidden
    }
    assert known <= {arguments[0] for arguments in ALL_COMMANDS}


@pytest.mark.parametrize("cage", [[], ["unshare", "-n"]], ids=["watched", "without a network"])
def test_s11_no_command_asks_for_the_network(cage: list[str], tmp_path: Path) -> None:
    if cage and (
        not shutil.which("unshare") or subprocess.run([*cage, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("unshare -n is not to be had here")
    command = [*cage, sys.executable, "-c", PROGRAM, json.dumps(ALL_COMMANDS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "NETWORK" not in done.stderr
    codes = re.findall(r"^EXIT (\d+)$", done.stderr, flags=re.MULTILINE)
    assert codes == ["0"] * (len(ALL_COMMANDS) - 3) + ["2"] * 3, done.stderr[-2000:]
