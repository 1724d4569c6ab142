"""The faces: every fixture renders, hostile text stays text, nothing about persons leaks, nothing is invented."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.formatting import Numerals, decimals_for
from noiseaudit.language import catalogue
from noiseaudit.report import render, summary_text, write_report
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Estimate
from noiseaudit.tables import chance_range

from ..conftest import ROLES, TOY, long

FORMATS = (".html", ".md", ".csv", ".json")


def results() -> dict[str, na.AuditResult]:
    def of(data: pd.DataFrame, **more: object) -> na.AuditResult:
        return na.audit(data, **ROLES, **more)

    simulated = {
        scale: of(
            na.simulate(judges=14, cases=30, scale=scale, mean=1.0, level=0.5, stable_pattern=0.5, seed=6).data,
            scale=scale,
        )
        for scale in ("continuous", "log", "binary", "nominal", "ordinal", "count")
    }
    repeats = na.simulate(judges=14, cases=30, repeats=(1, 2), seed=6).data
    alone = pd.DataFrame({"case": range(5), "judge": "x", "decision": range(5)})
    alike = pd.DataFrame([(c, j, c) for c in range(5) for j in "xyz"], columns=["case", "judge", "decision"])
    boundary = long([[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2], [2, 1, 3], [3, 2, 1]])
    return simulated | {
        "repeats": of(repeats, occasion="occasion"),
        "toy": of(long(TOY), unit="€"),
        "two judges": of(long([row[:2] for row in TOY])),
        "nothing": of(alone),
        "alike": of(alike),
        "boundary": of(boundary),
        "one case": of(long(TOY[:1])),
        "reml": of(long(TOY), estimator="reml"),
        "gao_owen": of(long(TOY), estimator="gao_owen"),
        "thin": of(na.simulate(judges=30, cases=35, per_case=2, seed=3).data),
    }


RESULTS = results()


class Page(HTMLParser):
    """Ids, headings, scripts and the nesting of tags."""

    VOID = ("meta", "path", "use", "img", "br", "link", "rect", "image", "hr", "input")

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not any(name.startswith("on") for name, _ in attrs)
        assert not any(name in ("src", "href", "xlink:href") and value and not value.startswith("#")
                       and not value.startswith("data:") for name, value in attrs)  # fmt: skip
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_result_has_every_face(name: str, suffix: str) -> None:
    text = render(RESULTS[name], suffix)
    assert len(text.encode()) < 1_000_000
    assert text == render(RESULTS[name], suffix)
    if suffix != ".json":
        shown = re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
        for wrong in ("None", "nan", "inf,", "Undefined", "{", "}"):
            place = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<dt>.*?</dt>", "", shown, flags=re.DOTALL)
            assert not re.search(rf"(?<![\w]){re.escape(wrong)}(?![\w])", place), wrong


@pytest.mark.parametrize("name", RESULTS)
def test_page_is_well_formed_and_self_contained(name: str) -> None:
    page = Page()
    page.feed(render(RESULTS[name], ".html"))
    assert not page.open
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == "h1"
    assert page.headings.count("h1") == 1
    assert "h3" not in page.headings[: page.headings.index("h2")]
    assert "script" not in page.tags


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_not_known_is_never_a_number(name: str) -> None:
    text = summary_text(RESULTS[name])
    for part, label in (("level", "Level noise"), ("occasion", "Occasion noise"), ("system", "System noise")):
        component = getattr(RESULTS[name].noise, part)
        line = next(line for line in text.splitlines() if line.strip().startswith(label))
        if isinstance(component, Estimate):
            assert re.search(r"\d", line)
        else:
            assert component.because in line
            assert not re.search(r"\d", line)


def test_the_same_result_from_its_json_gives_the_same_page_without_persons() -> None:
    result = RESULTS["continuous"]
    again = na.AuditResult.from_dict(result.to_dict())
    page = render(again, ".html")
    assert "this file holds nothing about individual professionals" in page
    assert render(again, ".json") == render(na.AuditResult.from_dict(again.to_dict()), ".json")


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|' /C calc'!A0",
    "\x1b[31mred",
    "a\x00b",
    "{{7*7}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str, tmp_path: Path) -> None:
    base = RESULTS["toy"]
    hostile = replace(
        base,
        input=replace(base.input, name=text),
        design=replace(base.design, roles={"case": text, "judge": text, "decision": text}),
        lottery=replace(base.lottery, mean_difference=replace(base.lottery.mean_difference, unit=text)),
        findings=tuple(replace(f, what=text, why=text, do=text) for f in base.findings),
        settings=dict(base.settings) | {"unit": text},
    )
    for suffix in FORMATS:
        page = render(hostile, suffix)
        if suffix == ".html":
            parsed = Page()
            parsed.feed(page)
            assert "script" not in parsed.tags
            assert "img" not in parsed.tags
            assert "<script>alert" not in page
            shown = re.sub(r"<pre.*?</pre>|<svg.*?</svg>", "", page, flags=re.DOTALL)
            assert text != "{{7*7}}" or "{{7*7}}" in re.sub(r"<title>.*?</title>", "", shown)
        if suffix == ".csv":
            assert not any(cell.startswith(("=", "+", "@")) for line in page.splitlines() for cell in line.split(","))
    assert "\x1b" not in summary_text(hostile)


def test_formula_cells_are_defused() -> None:
    base = RESULTS["nothing"]
    evil = na.NotIdentified("single_judge", "=1+1")
    text = render(replace(base, noise=replace(base.noise, system=evil)), ".csv")
    assert "'=1+1" in text
    assert ",=1+1" not in text


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_name_in_public_files(suffix: str) -> None:
    data = na.simulate(judges=12, cases=20, seed=9).data
    data["judge"] = "Mr " + data["judge"] + " Secret"
    assert "Secret" not in render(na.audit(data, **ROLES), suffix)


def test_five_thousand_professionals_fit_in_a_megabyte() -> None:
    data = na.simulate(judges=5000, cases=5000, per_case=3, seed=2).data
    page = render(na.audit(data, **ROLES), ".html")
    assert len(page.encode()) < 1_000_000


def test_funnel_is_hidden_below_ten_professionals() -> None:
    assert "figures about persons" in render(RESULTS["toy"], ".html")
    assert 'id="funnel' not in render(RESULTS["toy"], ".html")
    assert 'id="funnel' in render(RESULTS["continuous"], ".html")


@pytest.mark.parametrize("scale", ["binary", "nominal"])
def test_categories_are_spoken_of_as_chances(scale: str) -> None:
    result = RESULTS[scale]
    share = f"{100 * result.lottery.disagreement.value:.1f}%"
    row = next(line for line in summary_text(result).splitlines() if line.startswith("System noise"))
    assert share in row
    assert "SD" not in summary_text(result)


def test_who_was_seen_to_differ_is_not_said_to_agree() -> None:
    rng = np.random.default_rng(0)
    rows = [(i, j, float(rng.random() < 0.1)) for i in range(117) for j in (i // 3, i // 3 + 1)]
    data = pd.DataFrame(rows, columns=["case", "judge", "decision"])
    result = na.audit(data, **ROLES, scale="binary")
    assert result.noise.system.variance <= 0
    text = summary_text(result)
    seen = data.groupby("case")["decision"].nunique().eq(2).mean()
    assert f"decided differently in {100 * seen:.0f}% of these cases" in text
    assert "at or below zero" in text
    assert "no two colleagues differed" not in text
    assert "no two colleagues differed" in summary_text(RESULTS["alike"])


def test_rare_disagreement_is_not_rounded_away() -> None:
    data = pd.DataFrame([(i, j, 0) for i in range(400) for j in range(5)], columns=["case", "judge", "decision"])
    data.loc[7, "decision"] = 1
    result = na.audit(data, **ROLES, scale="binary")
    page = render(result, ".html")
    assert "In fewer than 1 of 100 cases" in page
    assert "about 1 in 1,000 cases" in summary_text(result)
    assert "(95% interval: 0.0%" not in page


def test_numbers_of_tiny_decisions_are_not_zeros() -> None:
    data = na.simulate(judges=12, cases=20, seed=3).data
    data["decision"] *= 1e-9
    text = summary_text(na.audit(data, **ROLES))
    assert "×10⁻¹⁰" in text
    assert "0.000000" not in text


def test_a_negative_level_prints_no_row_of_zeros() -> None:
    assert "0.000000" not in summary_text(RESULTS["boundary"])


@pytest.mark.parametrize(
    ("estimator", "says"), [("reml", "profile likelihood"), ("gao_owen", "none for the noise parts")]
)
def test_the_method_is_that_of_the_estimator(estimator: str, says: str) -> None:
    page = re.sub(r"<pre.*?</pre>", "", render(RESULTS[estimator], ".html"), flags=re.DOTALL)
    assert says in page
    assert "MOVER" not in page
    assert "for skewed and yes/no decisions as well" not in page
    assert "chi-square form below ten professionals" in render(RESULTS["toy"], ".html")


def test_error_against_the_truth_adds_up() -> None:
    truth = dict(zip([f"c{i}" for i in range(5)], (6, 3, 10, 5, 4), strict=True))
    data = long(TOY).assign(truth=lambda d: d["case"].map(truth))
    page = render(na.audit(data, **ROLES, truth="truth"), ".html")
    numbers = re.search(r"error ([−\d.]+) .*?bias² \(([−\d.]+)\).*?case \(([−\d.]+)\).*?noise² \(([−\d.]+)\)", page)
    mse, bias, shared, noise = (float(text.replace("−", "-")) for text in numbers.groups())
    assert mse == pytest.approx(2.7)
    assert mse == pytest.approx(bias + shared + noise, abs=0.11)
    assert bias < 0
    part = data.assign(truth=data["truth"].where(data["case"].isin(["c0", "c1", "c2"])))
    assert "over all shared cases it is" in render(na.audit(part, **ROLES, truth="truth"), ".html")


@pytest.mark.parametrize("scale", ["binary", "nominal"])
def test_categories_are_not_averaged(scale: str) -> None:
    page = render(RESULTS[scale], ".html")
    assert 'id="planning' not in page
    assert "put to the vote" in page
    assert "of squared noise" not in summary_text(RESULTS[scale])
    assert "percentage points of it" in summary_text(RESULTS[scale])


def test_shared_cases_are_counted_and_not_all_cases() -> None:
    lonely = pd.DataFrame({"case": [f"L{i}" for i in range(50)], "judge": "alone", "decision": range(50)})
    page = render(na.audit(pd.concat([long(TOY), lonely]), **ROLES, design="panel"), ".html")
    assert "n = 5 shared cases" in page
    assert "With 4 professionals the intervals are wide" in page


def test_one_is_singular() -> None:
    three = pd.DataFrame({"case": ["a"] * 3, "judge": ["x"] * 3, "decision": [1.0, 2.0, 4.0], "round": [1, 2, 3]})
    assert "1 professional, 1 case, 3 decisions used of 3 rows" in summary_text(
        na.audit(three, **ROLES, occasion="round")
    )
    assert f"{Numerals().count(1):case|cases} {Numerals().count(2000):case|cases}" == "case cases"


def test_every_finding_counts_one_as_one() -> None:
    say = catalogue("en")
    for key, sentence in say.sentences.items():
        if key.startswith("finding."):
            names = {name for _, name, _, _ in Formatter().parse(sentence) if name}
            one = say(key, **dict.fromkeys(names, 1))
            assert not re.search(r"\b1 \w+s (are|were|have|stand|lie)\b", one), one
            assert sentence == "" or sentence[0].isupper() or "{" in sentence or "excluded" in key, sentence


def test_the_largest_part_is_named_only_where_it_is_sure() -> None:
    base = RESULTS["toy"]
    assert Speaker(base).largest() is None
    assert "which part is largest is not sure" in summary_text(base)
    assert "which part is largest is not sure" in render(base, ".html")
    for bounds, name in (((0.51, 0.9), "level"), ((0.4, 0.9), None)):
        sure = replace(base, noise=replace(base.noise, level=replace(base.noise.level, share_interval=bounds)))
        assert (largest.name if (largest := Speaker(sure).largest()) else None) == name


def test_two_people_are_not_people_in_general() -> None:
    text = summary_text(RESULTS["two judges"])
    assert "Some colleagues are stricter" not in text
    assert "it says nothing about others" in text


@pytest.mark.parametrize(("expected", "words"), [(0.02, "none"), (0.12, "0 or 1"), (0.5, "0 to 2"), (3.0, "1 to 6")])
def test_what_chance_gives_is_a_range(expected: float, words: str) -> None:
    from scipy import stats

    low, high = chance_range(expected)
    assert stats.poisson.cdf(high, expected) >= 0.95
    assert words == ("none" if high == 0 else f"{low} or {high}" if high == low + 1 else f"{low} to {high}")


def test_writing(tmp_path: Path) -> None:
    result, path = RESULTS["toy"], tmp_path / "page.html"
    write_report(result, path)
    with pytest.raises(na.CallError, match="--force"):
        write_report(result, path)
    write_report(result, path, force=True)
    for wrong in ("page.pdf", "page"):
        with pytest.raises(na.CallError, match="cannot write"):
            write_report(result, tmp_path / wrong)
    with pytest.raises(na.CallError, match="no report in 'xx'"):
        write_report(result, tmp_path / "other.html", language="xx")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_every_key_of_the_catalogue_is_used_and_every_used_key_exists() -> None:
    root = resources.files("noiseaudit")
    keys: set[str] = set()

    def walk(tree: dict, prefix: str) -> None:
        for key, value in tree.items():
            walk(value, f"{prefix}{key}.") if isinstance(value, dict) else keys.add(prefix + key)

    for words in Path(str(root)).glob("report/language/*en.toml"):
        walk(tomllib.loads(words.read_text("utf-8")), "")
    code = "\n".join(p.read_text("utf-8") for p in Path(str(root)).rglob("*") if p.suffix in (".py", ".html"))
    literal = set(re.findall(r"""say\(\s*["']([a-z_0-9]+(?:\.[a-z_0-9]+)+)["']""", code))
    assert {key for key in literal if not key.endswith("_")} <= keys  # the others end in a computed word
    roots = {"reason", "finding", "interval_reason", "part", "section", "glossary"}  # reached by computed keys
    computed = {m.rsplit("{", 1)[0] for m in re.findall(r"""f["']([a-z_]+\.[a-z_{}.\[\]\"' ]*?\{)""", code)}
    for key in keys - literal:
        first, last = key.split(".", 1)[0], key.rsplit(".", 1)[-1]
        started = any(key.startswith(start) for start in computed | literal)
        assert first in roots or started or f"}}.{last}" in code or key in code, key


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [(1234.5, "€", 0, "€1,234"), (-2.25, "€", 1, "−€2.2"), (0.1234, "probability", 3, "12.3%"), (3.0, None, 1, "3.0"),
     (3.14159, "months", 2, "3.14\u00a0months"), (-0.0001, None, 2, "0.00"), (12.0, "%", 0, "12%"),
     (3.2e-9, "€", 11, "€3.20×10⁻⁹"), (0.0, None, 11, "0"), (2.5e20, None, 0, "2.50×10²⁰"),
     (0.00002, "probability", 3, "less than 0.1%")],
)  # fmt: skip
def test_numbers_as_text(value: float, unit: str | None, decimals: int, text: str) -> None:
    assert Numerals().amount(value, unit, decimals) == text


@pytest.mark.parametrize(
    ("value", "interval", "decimals"),
    [
        (310.0, (260.0, 370.0), 0),
        (3.72, (3.55, 3.90), 2),
        (0.0512, (0.0498, 0.0533), 4),
        (0.0, None, 0),
        (0.0, (0.0, 30.7), 0),
        (3.2e-9, (1e-9, 8e-9), 10),
        (12.3, None, 1),
    ],
)
def test_decimals_follow_the_uncertainty(value: float, interval: tuple[float, float] | None, decimals: int) -> None:
    assert decimals_for(value, interval) == decimals


def test_the_period_is_told_where_a_column_tells_it() -> None:
    data = long(TOY).assign(day=["2026-03-01", "2026-12-24"] * 10)
    result = na.audit(data, **ROLES, time="day")
    assert result.supplement.period == ("2026-03-01", "2026-12-24")
    assert "1 March 2026 to 24 December 2026" in render(result, ".html")
    assert na.AuditResult.from_dict(result.to_dict()).supplement.period == result.supplement.period
