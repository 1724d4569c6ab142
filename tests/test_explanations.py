"""Every code that anything says is explained, and so is every term."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

import noiseaudit as na
from noiseaudit.explanations import all_lines, every_explanation, explained, full_text
from noiseaudit.language import catalogue

INPUT_CODES = re.findall(
    r"\w+",
    """
    E101 E102 E103 E104 E105 E106 E107 E108 E109 E111 E202 E204 E212 E301 E302 E304 E306 E307 E308 E309 E404 E405 E406
    E407 E408 E410 E413 E414 E421 E423 E424 E426 E427 E501 E510 E514 E516 E517 P601 W110 W201 W205 W210 W211 W213 W305
    W310 W311 W401 W402 W403 W409 W412 W420 W428 W429 W502 W511 W512 W513 S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11
    """,
)
REASONS = ["single_judge", "no_shared_cases", "no_interaction_df", "no_replicates", "single_case", "disconnected",
           "too_few_judges", "nonpositive_values", "empty_group"]  # fmt: skip
EXITS = (0, 1, 2, 3, 4, 70, 130, 141)
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted(Path(str(resources.files("noiseaudit"))).rglob("*.py")))


def written() -> set[str]:
    """Every code that the program itself writes: problems, refusals, findings, reasons."""
    patterns = (
        r'"([EWP]\d{3})"',
        r'(?:CallError|NoAnswerError)\(\s*"([a-z_]+)"',
        r'(?:finding|NotIdentified\.of)\(\s*"([a-z_]+)"',
        r'\\n\[([a-z_]+)\]"',
        r'"(check_[a-z]+)"',
    )
    return {code for pattern in patterns for code in re.findall(pattern, SOURCE)}


def in_catalogue(root: str) -> set[str]:
    return {key.split(".")[1] for key in catalogue("en").sentences if key.startswith(f"{root}.")}


def test_the_scan_of_the_source_finds_codes() -> None:
    assert {"E301", "bad_config", "no_replicates", "bug", "persons_withheld"} <= written()


@pytest.mark.parametrize(
    "code",
    sorted({*INPUT_CODES, *REASONS} | written() | in_catalogue("reason") | in_catalogue("interval_reason")
           | in_catalogue("finding")),
)  # fmt: skip
def test_every_code_is_explained(code: str) -> None:
    assert code in {entry.name for entry in explained(code)}


def test_no_code_is_explained_that_nothing_says() -> None:
    planned = {*INPUT_CODES, *REASONS, *(f"exit {number}" for number in EXITS)}
    known = planned | written() | in_catalogue("reason") | in_catalogue("interval_reason") | in_catalogue("finding")
    assert in_catalogue("code") <= known


@pytest.mark.parametrize("number", EXITS)
def test_exit_codes_have_many_spellings(number: int) -> None:
    (found,) = explained(f"exit {number}")
    for asked in (str(number), f"Exit code {number}", f"exit-status {number}"):
        assert explained(asked) == (found,)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("noise", "noise"), ("Level Noise", "level noise"), ("level_noise", "level noise"), ("LEVEL", "level noise"),
        ("strictness", "level noise"), ("niveauruis", "level noise"), ("patroonruis", "pattern noise"),
        ("stable-pattern", "stable pattern noise"), ("occasion noise", "occasion noise"), ("occasion", "occasion"),
        ("professional", "judge"), ("standard deviation", "SD"), ("sd", "SD"), ("icc", "ICC"), ("yes/no", "binary"),
        ("[E301]", "E301"), ("e301", "E301"), ("no replicates", "no_replicates"), ("s10", "S10"),
        ("gao_owen", "estimator"), ("sensitivity", "robustness ratio"), ("case-mix", "comparable cases"),
        ("by lot", "assignment"), ("judge_day_noise", "judge-day noise"),
        ("split-half", "split-half reliability"), ("upper bound", "bounds"), ("strata", "stratum"),
    ],
)  # fmt: skip
def test_spelling_and_synonyms(asked: str, name: str) -> None:
    assert explained(asked)[0].name == name


@pytest.mark.parametrize("term", sorted(in_catalogue("glossary") | in_catalogue("part")))
def test_every_term_of_the_report_is_explained(term: str) -> None:
    assert any(entry.section == "term" for entry in explained(term))


@pytest.mark.parametrize("role", ["judge", "case", "decision", "occasion", "groups", "relations", "features", "truth",
                                  "office", "time", "pool", "weight", "exposure"])  # fmt: skip
def test_every_role_is_explained(role: str) -> None:
    assert explained(role)


def test_a_word_that_is_a_code_and_a_term_gets_both() -> None:
    assert [entry.section for entry in explained("panel")] == ["reason", "term"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [("lvel noise", "level noise"), ("E3O1", "E301"), ("E30", "E301, E302"), ("no_replicate", "no_replicates"),
     ("", "lists them all"), ("qqqqqq", "lists them all")],
)  # fmt: skip
def test_unknown_words_get_the_closest(asked: str, near: str) -> None:
    with pytest.raises(na.CallError, match=near) as refused:
        explained(asked)
    assert refused.value.code == "unknown_code"
    assert refused.value.exit_code == 2


def test_a_language_without_words_is_refused() -> None:
    for ask in (lambda: full_text("noise", language="xx"), lambda: all_lines(language="xx")):
        with pytest.raises(na.CallError, match="no explanations in 'xx'"):
            ask()


def test_names_are_unambiguous_within_their_kind() -> None:
    terms = [name.casefold() for entry in every_explanation() for name in (entry.name, *entry.also)
             if entry.section == "term"]  # fmt: skip
    codes = [entry.name for entry in every_explanation() if entry.section != "term"]
    assert len(terms) == len(set(terms))
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("root", ["code", "term"])
def test_texts_are_short_whole_sentences_without_anything_to_fill_in(root: str) -> None:
    for entry in every_explanation():
        if f"{root}.{entry.name}.what" in catalogue("en"):
            for text in (entry.what, entry.why, entry.do):
                assert text[0].isupper() or not text[0].isalpha(), (entry.name, text)
                assert text.endswith((".", '"')), (entry.name, text)
                assert not re.search(r"[{}]", text), (entry.name, text)
                longest = max(len(sentence.split()) for sentence in re.split(r"[.:;] ", text))
                assert longest <= 26, (entry.name, text)


def test_the_list_has_one_line_each() -> None:
    lines = all_lines().splitlines()
    for entry in every_explanation():
        assert sum(line.startswith(f"  {entry.name} ") and line.endswith(entry.line) for line in lines) >= 1
    assert sum(line.startswith("  ") for line in lines) == len(every_explanation())
    assert "  E301  Some rows have more or fewer fields than the header." in lines


def test_the_text_says_what_why_and_what_to_do() -> None:
    text = full_text("e510")
    assert text.splitlines()[0] == "E510 — Errors in the design (exit 3 or 4)"
    for words in ("What it means   Only one professional", "Why it matters  Noise is the difference", "What to do "):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100
