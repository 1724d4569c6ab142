"""The command line as a person or a pipeline uses it: exit codes, streams, files, silence."""

from __future__ import annotations

import base64
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

TOY = "case,judge,score\n" + "".join(
    f"c{i},j{j},{y}\n" for i, row in enumerate([[5, 7, 6], [2, 3, 5], [8, 12, 9]]) for j, y in enumerate(row)
)
BLOCK_SOCKETS = "import socket; socket.socket = None; socket.create_connection = None; "


def run(
    *arguments: str, cwd: Path, stdin: bytes | None = None, code: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    """noiseaudit with sockets blocked; standard input is empty unless given."""
    program = BLOCK_SOCKETS + "from noiseaudit.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, input=stdin or b"", capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr.decode()
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.csv").write_text(TOY, "utf-8")
    (tmp_path / "old.html").write_text("mine", "utf-8")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_report_without_output_prints_the_summary_on_stdout(folder: Path) -> None:
    done = run("report", "toy.csv", cwd=folder, code=0)
    text = done.stdout.decode()
    assert "System noise: SD" in text
    assert "95% interval" in text
    assert "Less noise is not the same as better decisions" in text


def test_outputs_are_written_and_data_stay_off_stdout(folder: Path) -> None:
    done = run("report", "toy.csv", "-o", "r.html", "-o", "r.json", "-o", "r.md", "-o", "r.csv", cwd=folder, code=0)
    assert done.stdout == b""
    assert "roles" in json.loads((folder / "r.json").read_text("utf-8"))["design"]
    assert sorted(p.name for p in folder.glob("r.*")) == ["r.csv", "r.html", "r.json", "r.md"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_no_bug(folder: Path) -> None:
    program = "from noiseaudit.cli import main; main()"
    with Path("/dev/full").open("wb") as full:
        for call in (["report", "toy.csv"], ["explain"], ["--version"]):
            done = subprocess.run(
                [sys.executable, "-c", program, *call], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
            )
            assert done.returncode == 2, done.stderr
            assert done.stderr.decode().splitlines()[-1] == "[cannot_write]"


def test_quiet(folder: Path) -> None:
    done = run("report", "toy.csv", "-o", "r.json", "-q", cwd=folder, code=0)
    assert done.stdout + done.stderr == b""
    done = run("-q", "report", "toy.csv", "-o", "r2.json", cwd=folder, code=0)
    assert done.stdout + done.stderr == b""


def test_same_bytes_twice(folder: Path) -> None:
    for name in ("one", "two"):
        run("report", "toy.csv", "-o", f"{name}.html", "-o", f"{name}.json", cwd=folder, code=0)
    assert (folder / "one.html").read_bytes() == (folder / "two.html").read_bytes()
    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["report"], 2, "Missing argument"),
        (["report", "nowhere.csv"], 2, "there is no file"),
        (["report", "empty"], 2, "is a folder without tables"),
        (["report", "toy.csv", "--scale", "wild"], 2, "scale"),
        (["report", "toy.csv", "--colour", "red"], 2, "No such option"),
        (["report", "toy.csv", "-o", "r.pdf"], 2, "formats are"),
        (["report", "toy.csv", "-o", "old.html"], 2, "--force"),
        (["report", "toy.csv", "-o", "toy.csv", "--force"], 2, "is read by this command"),
        (["inspect", "toy.csv", "-o", "toy.csv", "--force"], 2, "is read by this command"),
        (["init", "toy.csv", "-o", "toy.csv", "--force"], 2, "is read by this command"),
        (["report", "toy.csv", "-o", "no/such/r.html"], 2, "there is no folder"),
        (["report", "toy.csv", "--case", "zaak"], 3, "E307"),
        (["report", "toy.csv", "--config", "none.toml"], 2, "cannot read the config"),
        (["report", "toy.csv", "--design", "log", "--comparable", "twins"], 2, "comparable"),
        (["report", "toy.csv", "--max-bytes", "20"], 3, "E106"),
        (["report", "toy.csv", "--lang", "xx", "-o", "r.html"], 2, "there is nothing in 'xx' yet"),
        (["demo", "unknown", "-o", "x"], 2, "there is no demo"),
        (["inspect", "nowhere.csv"], 2, "there is no file"),
    ],
)
def test_wrong_calls(folder: Path, arguments: list[str], code: int, said: str) -> None:
    done = run(*arguments, cwd=folder, code=code)
    assert said in done.stderr.decode()
    assert not list(folder.glob("r.*"))


def test_existing_output_needs_force(folder: Path) -> None:
    run("report", "toy.csv", "-o", "r.json", cwd=folder, code=0)
    run("report", "toy.csv", "-o", "r.json", cwd=folder, code=2)
    run("report", "toy.csv", "-o", "r.json", "--force", cwd=folder, code=0)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a,x,1\nb,y,2\nc,x,3\n", "no_shared_cases"),
        ("a,x,1\nb,x,2\nc,x,3\n", "single_judge"),
    ],
)
def test_no_answer_is_exit_4_and_the_files_say_why(folder: Path, rows: str, reason: str) -> None:
    (folder / "log.csv").write_text("case,judge,score\n" + rows, "utf-8")
    run("report", "log.csv", "-o", "r.json", "-o", "r.html", cwd=folder, code=4)
    noise = json.loads((folder / "r.json").read_text("utf-8"))["noise"]
    assert noise["system"] == {"status": "not_identified", "reason": reason, "because": noise["system"]["because"]}
    assert noise["system"]["because"] in (folder / "r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ("a,x,5\na,y,5\nb,x,5\nb,y,5\n", 0, "no two colleagues differed"),
        ("a,x,1\na,y,2\na,z,3\n", 0, "one case"),
        ("a,x,1\na,y,2\na,z,4\nb,x,3\nb,y,5\nb,z,1\nc,p,1\nc,q,2\nd,p,4\nd,q,3\n", 0, "2 groups that share no case"),
        ("a,x,\na,y,\n", 3, "E411"),
        ("a,x,veel\na,y,2\n", 3, "E410"),
    ],
)
def test_edge_designs_get_their_sentence(folder: Path, rows: str, code: int, said: str) -> None:
    (folder / "log.csv").write_text("case,judge,score\n" + rows, "utf-8")
    done = run("report", "log.csv", "--scale", "continuous", cwd=folder, code=code)
    assert said in (done.stdout + done.stderr).decode()


def test_standard_input(folder: Path) -> None:
    done = run("report", "-", cwd=folder, stdin=TOY.encode(), code=0)
    assert "standard input" in done.stdout.decode()
    run("report", "-", cwd=folder, stdin=b"", code=3)


def test_config_beside_the_data(folder: Path) -> None:
    (folder / "noiseaudit.toml").write_text(
        'version = 1\n[roles]\ncase = "case"\njudge = "judge"\ndecision = "score"\n[analysis]\nunit = "points"\n',
        "utf-8",
    )
    done = run("report", "toy.csv", "-o", "r.json", cwd=folder, code=0)
    result = json.loads((folder / "r.json").read_text("utf-8"))
    assert result["lottery"]["mean_difference"]["unit"] == "points"
    assert b"assumed" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[roles]\ncase = "case"\n', "version = 1"),
        ('version = 1\n[rolls]\ncase = "case"\n', "line 2: unknown key 'rolls'; did you mean 'roles'?"),
        ('version = 1\n[roles]\njugde = "judge"\n', "line 3: unknown key 'jugde'; did you mean 'judge'?"),
        ("version = 1\n[analysis]\nconfidence = 2\n", "confidence"),
        ("version = 1\n[roles\n", "no valid TOML"),
        ('version = 1\n[privacy]\nmin_cell = "x"\n', "min_cell"),
    ],
)
def test_config_errors_name_the_line(folder: Path, text: str, said: str) -> None:
    (folder / "noiseaudit.toml").write_text(text, "utf-8")
    done = run("report", "toy.csv", cwd=folder, code=2)
    assert said in done.stderr.decode()


def test_demo_is_repeatable_and_its_report_holds_the_truth(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("demo", "-o", name, cwd=tmp_path, code=0)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    run("report", "one/panel.csv", "-o", "r.json", cwd=tmp_path, code=0)
    noise = json.loads((tmp_path / "r.json").read_text("utf-8"))["noise"]
    truth = json.loads((tmp_path / "one" / "truth.json").read_text("utf-8"))
    for part, true in truth.items():
        low, high = noise[part]["sd_interval"]
        assert low <= true["sd"] <= high, part
    run("demo", "-o", "one", cwd=tmp_path, code=2)


def test_public_files_hold_nobody_and_team_files_hold_codes(folder: Path) -> None:
    names = {f"j{j}": f"Person Number {j}" for j in range(3)}
    data = pd.read_csv(folder / "toy.csv")
    data["judge"] = data["judge"].map(names)
    data.to_csv(folder / "named.csv", index=False)
    run(
        "report", "named.csv", *[x for s in ("html", "json", "md", "csv") for x in ("-o", f"r.{s}")], cwd=folder, code=0
    )
    for path in folder.glob("r.*"):
        assert "Person Number" not in path.read_text("utf-8")
    public = json.loads((folder / "r.json").read_text("utf-8"))
    assert public["judges"] == []
    assert "persons_withheld" in {f["code"] for f in public["findings"]}
    run("report", "named.csv", "-o", "t.json", "--audience", "team", cwd=folder, code=0)
    team = (folder / "t.json").read_text("utf-8")
    assert "Person Number" not in team
    assert [j["judge"] for j in json.loads(team)["judges"]] == ["P01", "P02", "P03"]


def test_inspect_says_how_the_file_reads(folder: Path) -> None:
    done = run("inspect", "toy.csv", cwd=folder, code=0)
    text = done.stdout.decode()
    for word in ("9 rows", "delimiter   ,", "judge = judge", "amounts or scores", "no problems"):
        assert word in text
    run("inspect", "toy.csv", "--decision", "verdict", cwd=folder, code=3)


def test_terminal_escapes_do_not_reach_the_terminal(folder: Path) -> None:
    (folder / "evil.csv").write_text("case,judge,sc\x1b[31more\na,x,1\na,y,2\nb,x,2\nb,y,4\n", "utf-8")
    done = run("inspect", "evil.csv", cwd=folder)
    assert b"\x1b" not in done.stdout + done.stderr


def test_interrupt_is_130(folder: Path) -> None:
    if os.name != "posix":
        pytest.skip("signals are sent the POSIX way")
    reader, writer = os.pipe()
    running = subprocess.Popen([sys.executable, "-m", "noiseaudit", "report", "-"], cwd=folder, stdin=reader,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    time.sleep(2.5)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    os.close(writer)
    os.close(reader)
    assert running.returncode == 130
    assert b"Traceback" not in said


def test_closed_pipe_is_quiet(folder: Path) -> None:
    command = f"{sys.executable} -m noiseaudit report toy.csv | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=False)
    assert done.returncode in (0, 141)
    assert done.stderr == b""


@pytest.mark.parametrize("program", ["import noiseaudit", "import noiseaudit.cli"])
def test_light_start(program: str) -> None:
    heavy = "('pandas', 'scipy', 'sklearn', 'statsmodels', 'duckdb', 'matplotlib', 'narwhals', 'fairlearn')"
    check = f"{program}; import sys; loaded = [m for m in {heavy} if m in sys.modules]; assert not loaded, loaded"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nsys.argv = ['noiseaudit', '--help']\nfrom noiseaudit.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'pandas', 'scipy', 'sklearn', 'statsmodels'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_version(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path, code=0).stdout.decode().strip() == "0.1.0"


def test_codes_with_a_key_file_stay_the_same_and_the_key_is_guarded(folder: Path) -> None:
    secret = folder / "secret"
    secret.mkdir()
    key = secret / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    key.chmod(0o600)
    (folder / "noiseaudit.toml").write_text(
        'version = 1\n[privacy]\naudience = "team"\nkey_file = "secret/key"\n', "utf-8"
    )
    run("report", "toy.csv", "-o", "a.json", "-q", cwd=folder, code=0)
    text = (folder / "toy.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "turned.csv").write_text(text[0] + "".join(reversed(text[1:])), "utf-8")
    run("report", "turned.csv", "-o", "b.json", "-q", cwd=folder, code=0)
    found = [json.loads((folder / f"{name}.json").read_text("utf-8"))["judges"] for name in "ab"]
    assert [j["judge"] for j in found[0]] == [j["judge"] for j in reversed(found[1])]
    # HMAC-SHA256 of "j0" by the standard library's own call, base32
    assert found[0][0]["judge"] == "P-" + base64.b32encode(hmac.digest(key.read_bytes(), b"j0", "sha256")).decode()[:8]
    assert "0123456789abcdef" not in (folder / "a.json").read_text("utf-8")
    key.chmod(0o644)
    assert b"others may read" in run("report", "toy.csv", "-o", "c.json", cwd=folder, code=2).stderr
    key.chmod(0o600)
    assert b"lies in the folder" in run("report", "toy.csv", "-o", "secret/d.json", cwd=folder, code=2).stderr
    key.write_bytes(b"short")
    assert b"fewer than 16" in run("report", "toy.csv", "-o", "e.json", cwd=folder, code=2).stderr
    key.unlink()
    assert b"no key file" in run("report", "toy.csv", "-o", "f.json", cwd=folder, code=2).stderr
