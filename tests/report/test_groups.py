"""The report of groups: what each situation says, what it hides, and from whom."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import python_calamine
from scipy import stats
from statsmodels.stats.multitest import multipletests

import noiseaudit as na
from noiseaudit.group_tables import group_lines, group_tables, readers_gap, reliability, shared_gap_drawn, usual_spread
from noiseaudit.report import render, summary_text, write_report
from noiseaudit.result import Estimate, Figure
from noiseaudit.result.readers import for_readers
from noiseaudit.result.schema import result_schema

from ..conftest import Run
from .group_results import GROUPS
from .log_results import LOGS
from .test_faces import HOSTILE, Page

KINDS = [name.removeprefix("groups ") for name in GROUPS]
NO_PROOF = "That is a reason to look at files, not proof of discrimination."


@cache
def result(kind: str) -> na.AuditResult:
    return GROUPS[f"groups {kind}"]()


def text_of(page: str) -> str:
    shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<pre.*?</pre>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(shown).replace("\u00a0", " "))


@cache
def page(kind: str, audience: str = "public") -> str:
    return render(result(kind), ".html", audience=audience)


@cache
def section(kind: str, audience: str = "public") -> str:
    return text_of(page(kind, audience).split('<section id="groups"')[1].split("</section>")[0])


def only(base: na.AuditResult, first: int, last: int) -> na.AuditResult:
    """The result of some of its groups."""
    told = replace(base.supplement.groups, notes=base.supplement.groups.notes[first:last])
    return replace(base, groups=base.groups[first:last], supplement=replace(base.supplement, groups=told))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".html", ".md", ".csv", ".json"])
def test_every_result_has_every_face(kind: str, suffix: str) -> None:
    text = render(result(kind), suffix)
    assert text == render(result(kind), suffix)
    assert len(text.encode()) < 600_000
    if suffix in (".html", ".md"):
        shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<pre.*?</pre>", "", text, flags=re.DOTALL)
        for wrong in ("None(?! of)", "nan", "inf", "Undefined", "{", "}", r"groups\.\w+"):
            assert not re.search(rf"(?<![\w]){wrong}(?![\w])", shown), wrong
    if suffix == ".html":
        assert not re.search(r"True|False", section(kind))
        parsed = Page()
        parsed.feed(text)
        assert not parsed.open
        assert len(parsed.ids) == len(set(parsed.ids))


@pytest.mark.parametrize("kind", KINDS)
def test_the_section_stands_after_individuals_and_before_what_follows(kind: str) -> None:
    order = re.findall(r'<section id="(\w+)"', page(kind))
    at = order.index("groups")
    assert order[at - 1] == "individuals"
    assert order[at + 1] in ("offices", "time", "helps")
    assert "groups" not in re.findall(r'<section id="(\w+)"', render(LOGS["log amounts"](), ".html"))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_about_one_person_in_public_files(kind: str) -> None:
    names = {each.judge for group in result(kind).groups for each in group.judges}
    assert len(names) > 10
    for suffix in (".html", ".md", ".csv", ".json"):
        text = render(result(kind), suffix)
        assert not [name for name in names if re.search(rf"\b{name}\b", text)]
        assert not re.search(r"\bP\d\d\b", text)
    shown = for_readers(result(kind), "public")
    assert not any(table.name == "group_professionals" for table in group_tables(shown))
    plain = result(kind).to_dict()
    assert not any(pair["judges"] for pair in plain["supplement"]["groups"]["intersections"])
    assert '"judges": [{' not in re.sub(r"\s+", " ", render(result(kind), ".json"))


@pytest.mark.parametrize("kind", KINDS)
def test_json_keeps_to_its_schema_and_comes_back(kind: str) -> None:
    for audience in ("public", "team"):
        plain = result(kind).to_dict(audience)
        jsonschema.Draft202012Validator(result_schema()).validate(plain)
        again = na.AuditResult.from_dict(plain)
        assert again.supplement.groups == for_readers(result(kind), audience).supplement.groups
        assert again.groups == for_readers(result(kind), audience).groups


def test_a_team_sees_codes_in_their_order_and_no_unreliable_figure() -> None:
    names = {each.judge for group in result("amounts").groups for each in group.judges}
    for key in (None, b"0123456789abcdef"):
        text = text_of(render(result("amounts"), ".html", audience="team", key=key))
        assert not [name for name in names if re.search(rf"\b{name}\b", text)]
    shown = for_readers(result("amounts"), "team")
    codes = [each.judge for each in shown.groups[0].judges]
    assert codes == sorted(codes)
    people = next(table for table in group_tables(shown) if table.name == "group_professionals")
    figures = {row[2]: row[5] for row in people.rows if row[1] == "18–30"}
    for each in shown.groups[0].judges:
        assert (figures[each.judge] is not None) == ((reliability(each) or 0) >= 0.5)
    assert {row[9] for row in people.rows} == {"flag", "no_flag", "small", "for_review", "too_few"}
    assert all(row[3] is None for row in people.rows if row[9] == "too_few")
    text = section("amounts", "team")
    assert "there is no ranking" in text
    assert "too uncertain to show" in text
    assert "not shown" in text


def test_a_clear_gap_is_a_reason_and_no_proof() -> None:
    text = section("amounts")
    clear = "got €72 less than comparable cases (95% interval: €101 less to €43 less). The difference remains after"
    assert f"Cases in the group “18–30” (age class) {clear} correcting for 6 comparisons. {NO_PROOF}" in text
    assert "For the other 5 groups the difference can be chance." in text
    few = only(result("amounts"), 5, 6)
    unclear = "got €40 less than comparable cases (95% interval: €85 less to €5 more). This can be chance. With these"
    assert unclear in text_of(render(few, ".html"))


def test_what_touches_no_zero_but_does_not_survive_correction_is_said_to_be_possibly_chance() -> None:
    lines = group_lines(result("amounts"))
    over_50 = lines[2]
    assert not over_50.touches_zero
    assert not over_50.clear
    two = only(result("amounts"), 1, 4)
    assert "€31 more than comparable cases (95% interval: €2 more to €60 more). After correcting for 3" in text_of(
        render(two, ".html")
    )


def test_p_and_smallest_gap_come_from_the_interval() -> None:
    """A plain t interval gives back its own p and its power: simulated by the noncentral t."""
    base, value, se, judges = result("amounts"), -40.0, 16.0, 12
    reach = stats.t.ppf(0.975, judges - 1) * se
    gaps = replace(base.groups[0], systemic_gap=Figure(value, "€", (value - reach, value + reach)), tests=9, too_few=3)
    told = replace(base.supplement.groups, notes=base.supplement.groups.notes[:1])
    (line,) = group_lines(replace(base, groups=(gaps,), supplement=replace(base.supplement, groups=told)))
    assert line.q == pytest.approx(2 * stats.t.sf(2.5, 11))
    power = stats.nct.sf(stats.t.ppf(0.975, 11), 11, line.missed / se)
    assert power == pytest.approx(0.8, abs=0.03)


def test_shared_gaps_are_corrected_together_and_mirrors_once() -> None:
    """Holm over statsmodels, of p from the half of the interval towards 0."""
    for kind in ("yes or no", "many", "amounts"):
        lines = [line for line in group_lines(result(kind)) if line.q is not None]
        once = [line for line in lines if not line.mirrors]
        p = []
        for line in once:
            gap, (low, high) = line.systemic.value, line.systemic.interval
            df = line.gaps.tests + line.gaps.too_few - 1
            se = (gap - low if gap > 0 else high - gap) / stats.t.ppf(0.975, df)
            p.append(2 * stats.t.sf(abs(gap) / se, df))
        assert [line.q for line in once] == pytest.approx(multipletests(p, method="holm")[1].tolist())
        assert all(line.q == once[0].q for line in lines if line.mirrors)
    assert [line.mirrors for line in group_lines(result("yes or no"))] == [False, True]


def rates_of(times: float) -> na.AuditResult:
    """15 professionals, 0.05 events an hour, `times` as many in group b."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"judge": rng.integers(0, 15, 6000), "case": range(6000), "hours": rng.integers(5, 20, 6000)})
    rows["group"] = np.where(rng.random(6000) < 0.4, "b", "a")
    rows["decision"] = rng.poisson(0.05 * np.where(rows["group"] == "b", times, 1.0) * rows["hours"])
    return na.audit(rows, case="case", judge="judge", decision="decision", exposure="hours", groups=["group"])


@pytest.mark.parametrize(("times", "clear"), [(1.0, False), (1.8, True)])
def test_the_gap_of_rates_is_a_ratio_and_1_is_no_gap(times: float, clear: bool) -> None:
    audited = rates_of(times)
    first, second = group_lines(audited)
    value, (low, high) = first.systemic.value, first.systemic.interval
    assert (first.clear, first.touches_zero) == (clear, not clear)
    assert low < 1 / times < high
    df = first.note.systemic_df
    se = math.log(high / value) / stats.t.ppf(0.975, df)
    assert first.q == second.q == pytest.approx(2 * stats.t.sf(abs(math.log(value)) / se, df))
    text = text_of(render(audited, ".html"))
    said = re.search(r"the rate was (\S+) times that of comparable cases \(95% interval: (\S+) to (\S+)\)", text)
    assert said is not None
    assert [float(number) for number in said.groups()] == pytest.approx([value, low, high], abs=0.005)
    assert ("Chance alone hardly gives such a difference" in text) is clear
    assert ("For 1 of 1 group the rate is clearly higher or lower than in comparable cases" in text) is clear
    if not clear:
        assert f"missed a difference below a factor {math.exp(first.missed):.2f} in the rate" in text
    drawn, ends = shared_gap_drawn(audited, first)
    assert drawn == pytest.approx(audited.supplement.mean_decision.value * (value - 1))
    assert ends[0] < drawn < ends[1]


@pytest.mark.parametrize("flags", [(0, 2), (2, 0), (2, 2)])
def test_of_two_values_that_with_more_flags_is_counted(flags: tuple[int, int]) -> None:
    """The same odds are a small difference where the outcome is rare, and a large one where it is not."""
    base = result("yes or no")
    told = base.supplement.groups
    notes = tuple(replace(note, flags=n) for note, n in zip(told.notes, flags, strict=True))
    counted = replace(base, supplement=replace(base.supplement, groups=replace(told, notes=notes)))
    assert "2 of 33 tests give a flag" in text_of(render(counted, ".md"))
    outcome = na.check(counted, na.Policy((na.Rule("flags", "groups.flags", fail=0),)))
    assert (outcome.status, outcome.rules[0].value) == ("fail", 2)


def test_the_p_of_a_shared_gap_has_the_degrees_of_freedom_of_its_interval() -> None:
    base = result("yes or no")
    told = base.supplement.groups

    def q(df: float | None) -> float:
        notes = tuple(replace(note, systemic_df=df) for note in told.notes)
        return group_lines(replace(base, supplement=replace(base.supplement, groups=replace(told, notes=notes))))[0].q

    gap = base.groups[0].systemic_gap
    half = gap.value - gap.interval[0] if gap.value > 0 else gap.interval[1] - gap.value
    for df in (3.0, 50.0):
        assert q(df) == pytest.approx(2 * stats.t.sf(abs(gap.value) / half * stats.t.ppf(0.975, df), df))
    assert q(None) == pytest.approx(q(39.0))  # of forty professionals, where nothing else is known


def test_the_same_cases_show_no_gap_that_all_share_but_a_relation_does() -> None:
    text = section("panel")
    assert "Everybody saw the same cases, so a gap that all share cannot be told from a difference between the" in text
    assert "holds, decisions were 0.31 points higher than on the same cases otherwise (95% interval: 0.18" in text
    assert "comes from the colleague, not from the cases" in text
    row = re.search(r"nation NED 24 not known (.*?)nation FRA", text)
    assert row is not None
    assert row[1].split()[0] == "0.80"


@pytest.mark.parametrize("kind", KINDS)
def test_causal_words_only_for_the_same_cases_or_by_lot(kind: str) -> None:
    everything = " ".join([text_of(page(kind, "team")), summary_text(result(kind)), render(result(kind), ".md")])
    assert ("comes from the colleague, not" in everything) == (kind in ("panel", "many"))
    assert not re.search(r"discriminat(?!ion\b)", everything)
    for found in re.finditer("discrimination", everything):
        assert everything[: found.start()].endswith("not proof of ")


def test_spread_comes_before_anybody_and_without_it_gaps_are_for_review() -> None:
    text = section("amounts", "team")
    assert text.index("Colleagues differ in how they treat") < text.index("tests give a flag") < text.index("P01")
    assert "could not be shown: “31–50” (age class), “over 50” (age class)" in text
    assert "1 more gap stands out but is for review only" in text
    assert "is not known for “unknown” (age class), “Turkey” (origin): fewer than four professionals" in text


def test_flags_are_counted_with_what_chance_gives() -> None:
    text = section("amounts")
    assert "4 of 218 tests give a flag. On average at most 5% of flags are chance: of these, fewer than one." in text
    told = result("amounts").supplement.groups
    many = replace(told, notes=tuple(replace(note, flags=12) for note in told.notes))
    shown = text_of(
        render(replace(result("amounts"), supplement=replace(result("amounts").supplement, groups=many)), ".md")
    )
    assert f"of these, {0.05 * 12 * 5:.1f}" in shown  # of five groups with tests
    assert "Too few to say: in 142 of 360 pairs" in text


def test_few_professionals_are_not_counted_for_the_public() -> None:
    assert "How many stand out is not shown for “judge_country == skater_nation”" in section("panel")
    assert "1 of 12 tests gives a flag" in section("panel")
    assert "How many stand out is not shown" not in section("panel", "team")
    assert "2 of 18 tests give a flag" in section("panel", "team")
    assert "0.10 points more than it does" not in section("panel")
    assert "0.10 points more than it does" in section("panel", "team")


def test_nothing_found_says_what_would_have_been_missed() -> None:
    text = section("yes or no")
    assert "yes 0.4 percentage points more often than in comparable cases (95% interval: 1.6 less to 2.5 more)" in text
    assert "33 tests were possible, and none gives a flag. No flag does not mean no difference." in text
    assert "an own gap below 9.0 percentage points would have been missed" in text
    assert "We found no difference that all colleagues share: it stands out for none of the 26 groups." in section(
        "many"
    )


def test_too_few_is_a_result_of_its_own() -> None:
    text = section("nobody")
    assert "Too few cases to say anything about groups" in text
    assert "Too few to say: there were too few cases for any test" in text
    assert "could not be looked for: there are fewer than 100 cases" in text
    assert "cannot be told: there are too few cases." in summary_text(result("nobody"))


def test_a_hidden_group_says_so_and_shows_nothing() -> None:
    base, hidden = result("amounts"), 4
    secret = replace(base.groups[hidden], systemic_gap=Figure(777.0, "€", (770.0, 784.0)), raw_gap=Figure(555.0, "€"),
                     heterogeneity=Estimate(333.0**2, None), judges=base.groups[0].judges)  # fmt: skip
    spilt = replace(base, groups=(*base.groups[:hidden], secret, *base.groups[hidden + 1 :]))
    for text in (text_of(render(spilt, ".html", audience="team")), render(spilt, ".md"), render(spilt, ".csv")):
        assert "Antilles" in text
        assert not re.search(r"\b(777|555|333)\b", text)
    assert "Not shown: “Antilles” (origin). The reason: it rests on too few decisions" in section("amounts")


def test_discovered_kinds_are_rules_that_can_be_read() -> None:
    text = section("amounts")
    assert "kind of permit is extension, renewal; fee below 500 611 44 16 2" in text
    assert "seed of the split: 20" in text
    assert "No such kind was found. That is no proof that there is none." in section("yes or no")


def test_rates_against_the_right_answers() -> None:
    text = section("yes or no")
    assert "Yes where no was right (false-positive rate)" in text
    assert "5.0% (4.0% to 6.0%)" in text
    assert "demographic parity difference" in text
    assert "Average error" not in text


def test_what_was_not_analysed_and_on_what_ground_the_rest() -> None:
    text = section("amounts")
    assert "Asked for, but not analysed" in text
    assert "The settings name this legal basis: Article 9(2)(j)." in text


def test_in_short_says_whether_groups_stand_out() -> None:
    text = summary_text(result("amounts"))
    assert "In 4 of 218 comparisons of a colleague and a group" in text
    assert NO_PROOF in text
    short = page("yes or no").split('<section id="short"')[1].split("</section>")[0]
    assert "No colleague was found to decide clearly otherwise" in short
    assert "group" not in summary_text(LOGS["log amounts"]())


def test_gaps_in_the_readers_unit() -> None:
    assert readers_gap(result("yes or no"), -0.04) == pytest.approx(-4)
    assert readers_gap(result("many"), -0.105361) == pytest.approx(-0.1, abs=1e-6)
    base = result("yes or no")
    told = base.supplement.groups
    wide = replace(base.groups[0], heterogeneity=Estimate(0.4**2, (0.1, 0.3)))
    line = group_lines(replace(base, groups=(wide,), supplement=replace(
        base.supplement, groups=replace(told, notes=told.notes[:1]))))[0]  # fmt: skip
    odds = 0.12 / 0.88 * 2.718281828 ** (1.959964 * 0.4)
    assert usual_spread(base, line)[1] == pytest.approx(odds / (1 + odds) - 0.12)


def test_tables_in_csv_and_workbook(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(render(result("amounts"), ".csv"))))
    names = [row[0] for row in rows if len(row) == 1]
    assert {"group_gaps", "group_heterogeneity", "group_flags", "intersections", "discovery", "group_settings"} <= {
        *names
    }
    assert "group_professionals" not in names
    path = tmp_path / "book.xlsx"
    write_report(result("amounts"), path, audience="team")
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    assert "group_professionals" in book.sheet_names
    assert all(len(table.columns) <= 11 and len(table.name) <= 31 for table in group_tables(result("amounts")))
    assert all(len(row) == len(table.columns) for table in group_tables(result("amounts")) for row in table.rows)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_text(text: str) -> None:
    base = result("amounts")
    told = base.supplement.groups
    evil = replace(
        base, groups=tuple(replace(group, group=text, value=text) for group in base.groups),
        supplement=replace(base.supplement, groups=replace(told, not_analysed={text: text}, legal_basis={text: text})),
    )  # fmt: skip
    shown = render(evil, ".html", audience="team")
    parsed = Page()
    parsed.feed(shown)
    assert not {"script", "img"} & {*parsed.tags}
    cells = [cell for row in csv.reader(io.StringIO(render(evil, ".csv"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    render(evil, ".md")


def test_options_about_groups_reach_the_design(run: Run, tmp_path: Path) -> None:
    na.simulate(judges=6, cases=12, seed=1).data.to_csv(tmp_path / "d.csv", index=False)
    given = ["--case", "case", "--judge", "judge", "--decision", "decision"]
    more = ["--discover", "--materiality", "2.5", "--fdr", "0.1"]
    code, _, err = run("report", "d.csv", *given, *more, "-o", "out.json")
    assert code == 0, err
    settings = json.loads((tmp_path / "out.json").read_text("utf-8"))["settings"]
    assert (settings["discover"], settings["materiality"], settings["fdr"]) == (True, 2.5, 0.1)
