"""noiseaudit explain at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_commands import run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["E301"], "Some rows have more or fewer fields than the header."),
        (["exit", "3"], "The data cannot be used as they are."),
        (["3"], "The data cannot be used as they are."),
        (["Level", "Noise"], "stricter or milder"),
        (["no_replicates", "-q", "--lang", "en"], "Nobody decided the same case twice"),
    ],
)
def test_a_code_or_a_term_in_plain_words(tmp_path: Path, words: list[str], said: str) -> None:
    done = run("explain", *words, cwd=tmp_path, code=0)
    assert said in done.stdout.decode()
    assert done.stderr == b""


def test_without_a_word_all_codes_are_listed(tmp_path: Path) -> None:
    text = run("explain", cwd=tmp_path, code=0).stdout.decode()
    for line in ("  E101  The file is empty.", "  exit 3    The data cannot be used as they are."):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["levle noise"], "there is no code or term 'levle noise'; did you mean level noise"),
        (["\x1b[31mred"], "there is no code or term"),
        (["noise", "--lang", "xx"], "there is nothing in 'xx' yet"),
    ],
)
def test_what_is_unknown_is_exit_2(tmp_path: Path, words: list[str], said: str) -> None:
    done = run("explain", *words, cwd=tmp_path, code=2)
    assert said in done.stderr.decode()
    assert b"\x1b" not in done.stderr
    assert done.stdout == b""


def test_a_refusal_names_a_code_that_explain_knows(tmp_path: Path) -> None:
    said = run("report", "nowhere.csv", cwd=tmp_path, code=2).stderr.decode()
    code = said.rstrip().rsplit("[", 1)[-1].rstrip("]")
    assert "The file is not there." in run("explain", code, cwd=tmp_path, code=0).stdout.decode()
