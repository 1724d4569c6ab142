"""The report of a log: what each kind of log says and leaves out, in every face."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import cycle

import jsonschema
import pytest
import python_calamine

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import Numerals
from noiseaudit.log_tables import level_share, log_tables, place_in_time, rule_code, runs
from noiseaudit.report import render, summary_text, write_report
from noiseaudit.report.comparability import rule_text
from noiseaudit.report.log_sentences import LogSpeaker, clearest_source
from noiseaudit.result import Condition, Offices, OverTime, Period
from noiseaudit.result.schema import result_schema
from noiseaudit.result.thresholds import without_small_cells

from ..conftest import ROLES, TOY, long
from .log_results import KIND, LARGE_FEE, LOGS, OTHER, bounded, estimate, renamed
from .test_faces import HOSTILE, Page


@cache
def result(kind: str) -> na.AuditResult:
    return LOGS[f"log {kind}"]()


@cache
def page(kind: str) -> str:
    return render(result(kind), ".html")


def text_of(html: str) -> str:
    """What a reader reads: no style, no machine-readable copy."""
    return re.sub(r"<style>.*?</style>|<pre.*?</pre>|<[^>]+>", " ", html, flags=re.DOTALL)


def sections(html: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', html)


ALWAYS = ["short", "audited", "compared", "pairs", "parts", "weigh", "assignment", "individuals"]
END = ["helps", "sure", "method"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("amounts", ["offices", "time", "second"]),
        ("yes or no", []),
        ("bare", []),
        ("by lot", ["time"]),
        ("twice", ["offices", "second"]),
    ],
)
def test_a_section_is_there_where_it_has_something_to_say(kind: str, more: list[str]) -> None:
    assert sections(page(kind)) == [*ALWAYS, *more, *END]


def test_nothing_known_gives_a_short_page_without_invented_numbers() -> None:
    html = page("nothing")
    assert sections(html) == ["short", "audited", "parts", "sure", "method"]
    assert "only one professional decided" in text_of(html)
    shown = text_of(html.split('<section id="parts"')[1].split("</section>")[0])
    assert not re.search(r"\d\s*(days|%)(?! interval)", shown)


@pytest.mark.parametrize("kind", [name.removeprefix("log ") for name in LOGS])
@pytest.mark.parametrize("suffix", [".html", ".md", ".csv", ".json"])
def test_every_log_has_every_face(kind: str, suffix: str) -> None:
    text = page(kind) if suffix == ".html" else render(result(kind), suffix)
    assert len(text.encode()) < 300_000
    assert text == render(result(kind), suffix)
    if suffix in (".html", ".md"):
        shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<pre.*?</pre>", "", text, flags=re.DOTALL)
        for wrong in ("None", "nan", "inf", "Undefined", "{", "}", r"log\.\w+"):
            assert not re.search(rf"(?<![\w]){wrong}(?![\w])", shown), wrong
    if suffix == ".html":
        parsed = Page()
        parsed.feed(text)
        assert not parsed.open
        assert len(parsed.ids) == len(set(parsed.ids))


@pytest.mark.parametrize("kind", [name.removeprefix("log ") for name in LOGS])
def test_the_same_log_from_its_json(kind: str) -> None:
    plain = result(kind).to_dict("team")
    again = na.AuditResult.from_dict(plain)
    assert again.to_dict("team") | {"judges": []} == plain | {"judges": []}
    assert again.supplement == without_small_cells(result(kind).supplement, "team")
    jsonschema.Draft202012Validator(result_schema()).validate(result(kind).to_dict())


CAUSAL = ("comes from the colleagues", "it matters who decides", "does not come from the cases")


@pytest.mark.parametrize("kind", [name.removeprefix("log ") for name in LOGS if name != "log nothing"])
def test_causal_words_only_where_cases_were_dealt_out_by_lot(kind: str) -> None:
    shown = text_of(page(kind)) + summary_text(result(kind)) + render(result(kind), ".md")
    said = [words for words in CAUSAL if words in shown]
    assert said == (list(CAUSAL) if kind == "by lot" else [])
    if kind != "by lot":
        assert (
            "part of this can come from the cases" in shown
            or "can also hide a difference" in shown
            or (kind == "doubtful lot" and "differ more than a lot would make them" in shown)
        )


def test_level_is_an_estimate_and_the_whole_is_only_bounded() -> None:
    text = summary_text(result("amounts"))
    assert "typically lies €56 above or below that of all colleagues (95% interval: €42 to €75)" in text
    upper = (56.0**2 + 31.0**2 + 350.0**2) ** 0.5
    assert f"between €{(56.0**2 + 31.0**2) ** 0.5:.0f} and €{upper:.0f} from what" in text
    assert "a ceiling, not an estimate" in text
    row = next(line for line in text.splitlines() if line.startswith("System noise"))
    assert "bounds; a log gives no estimate" in row


def test_yes_no_speaks_of_pairs_and_of_percentage_points() -> None:
    text = summary_text(result("yes or no"))
    assert "In about 1 in 7 pairs of comparable cases, two colleagues decided differently" in text
    assert "Cases were not assigned by lot, so part of this can come from the cases themselves." in text
    assert "6.1\u00a0percentage points above or below" in text
    low, high = (200 * bound for bound in result("yes or no").noise.system.variance_bounds)
    assert f"different in {low:.0f} to {high:.0f} of 100 cases" in text


def test_a_part_whose_interval_holds_zero_is_not_said_to_be_there() -> None:
    assert "Colleagues also weigh some kinds of cases each in their own way. The part" in summary_text(
        result("amounts")
    )
    assert "in their own way is not sure" in summary_text(result("yes or no"))
    assert "could not be shown here" in summary_text(result("by lot"))


def test_nothing_found_says_what_could_have_been_missed() -> None:
    text = summary_text(result("zero"))
    assert "No general difference between colleagues could be shown" in text
    assert "up to 3.0\u00a0days could have been missed" in text
    assert "the cases themselves can also hide a difference" in text
    assert "On comparable cases" not in text  # nothing is known about them


def test_without_features_no_case_is_called_comparable() -> None:
    shown = text_of(page("bare"))
    assert "No features of the cases were used" in shown
    assert "On comparable cases" not in shown
    assert "two cases that are comparable" not in shown
    assert "Have the audit done again with what is known about the cases" in shown


def test_the_ceiling_is_never_called_the_noise() -> None:
    high = result("amounts").noise.system.sd_bounds[1]
    for sentence in re.split(r"(?<=[.:]) ", summary_text(result("amounts")).replace("\n", " ")):
        if f"€{high:.0f}" in sentence:
            assert "between" in sentence


def test_rules_read_as_sentences_and_as_code() -> None:
    speaker = LogSpeaker(result("amounts"))
    assert rule_text(speaker, (KIND, LARGE_FEE)) == (
        "kind of permit is extension, renewal; fee 500 or more, or missing"
    )
    assert rule_text(speaker, (OTHER,)) == "kind of permit is not extension, renewal"
    assert rule_text(speaker, ()) == "all cases"
    many = Condition("street", "in", None, tuple(map(str, range(40))), missing=True)
    assert rule_text(speaker, (many,)).endswith("6, 7 and 32 more, or missing")
    assert rule_text(speaker, (Condition("fee", "<", 1234.5, (), missing=False),)) == "fee below 1,234.5"
    assert rule_code((KIND, LARGE_FEE)) == ("kind of permit in (extension, renewal) and (fee >= 500 or fee missing)")


def test_figures_of_few_are_in_no_file() -> None:
    """The class of one professional and seven decisions has no mean, in no face for the public."""
    shown = page("amounts")
    row = re.search(r"kind of permit is event.*?</tr>", shown, re.DOTALL)
    assert row is not None
    assert "not shown: too few" in row[0]
    (small,) = (
        c for c in result("amounts").to_dict()["supplement"]["log"]["comparison"]["classes"] if c["judges"] == 1
    )
    assert small["mean"] is None
    code = next(line for line in render(result("amounts"), ".csv").splitlines() if "(event)" in line)
    assert code.endswith(",7,1,")


def test_a_period_of_few_is_withheld_whole() -> None:
    base = result("amounts")
    time = base.supplement.log.over_time
    few = replace(time.periods[0], judges=4, outside=True)
    log = replace(base.supplement.log, over_time=replace(time, periods=(few, *time.periods[1:])))
    supplement = replace(base.supplement, log=log)
    first = without_small_cells(supplement, "public").log.over_time.periods[0]
    assert (first.mean, first.limits, first.outside) == (None, None, False)
    assert first.level.reason == "too_small_to_show"
    assert without_small_cells(supplement, "team").log.over_time.periods[0] == few


def test_assignment_begins_with_the_size_and_ends_with_the_test() -> None:
    shown = " ".join(text_of(page("amounts")).split())
    size, test = (
        shown.index("by 0.3 of the usual spread between cases"),
        shown.index("more than chance alone would give"),
    )
    assert size < test
    assert "more than chance alone would give (p\u00a0&lt;\u00a00.001)" in page("amounts")
    small = " ".join(text_of(page("yes or no")).split())
    assert "matters little for the comparison" in small
    assert "matters little for the comparison" not in shown


def test_sensitivity_in_words() -> None:
    shown = text_of(page("amounts"))
    assert (
        "would have to be 2.4 times as strong as “fee”, the strongest difference in this log, to explain away" in shown
    )
    assert "1.8 times would do" in shown
    base = result("amounts")
    weak = replace(base.supplement.log.sensitivity, ratio=0.6, ratio_low=None)
    log = replace(base.supplement.log, sensitivity=weak)
    said = text_of(render(replace(base, supplement=replace(base.supplement, log=log)), ".html"))
    assert "only 0.6 times as strong" in said
    assert "would do" not in said.replace("that would do", "")


def test_what_colleagues_weigh_most_differently_is_a_feature_of_the_log() -> None:
    source = clearest_source(result("amounts").supplement.log)
    assert source is not None
    assert source.feature == "kind of permit"  # not the predicted decision, which is larger
    assert "Begin with cases that differ in “kind of permit”" in text_of(page("amounts"))
    assert clearest_source(result("yes or no").supplement.log) is None


def test_time_in_words() -> None:
    shown = " ".join(text_of(page("amounts")).split())
    assert "In 1 of 22 months the average lies outside the wide limits" in shown
    assert "about 29% of level noise does not last" in shown
    assert "typically shift by €24" in shown
    assert "4.8% comes back in the next with the opposite sign (95% interval: −8.1% to −1.5%)" in shown
    assert "lower bound of occasion noise" in shown
    assert "this can come from the cases" in shown
    lot = " ".join(text_of(page("by lot")).split())
    assert "12 of 22 colleagues were followed in time" in lot
    assert "No effect of the decision before on the next one could be shown: 2.0% (95% interval: −3.0% to 7.0%)" in lot


def test_second_decisions_say_on_how_many_cases_they_rest() -> None:
    shown = " ".join(text_of(page("amounts")).split())
    assert "212 of 4,758 cases were decided more than once (431 decisions)" in shown
    assert "seldom a fair sample" in shown
    twice = " ".join(text_of(page("twice")).split())
    assert "the outcome was different with a chance of 8.0%" in twice  # 2 O, O = 0.2 squared
    assert "Almost every case was decided once" in twice


def test_offices_stand_in_a_panel_too() -> None:
    panel = na.audit(long(TOY), **ROLES, unit="€")
    assert "offices" not in sections(render(panel, ".html"))
    offices = Offices(3, 4, estimate(1.0, 0.5, 2.0), NotIdentified("disconnected", "they share no case"))
    shown = render(replace(panel, supplement=replace(panel.supplement, offices=offices)), ".html")
    assert "offices" in sections(shown)
    assert "the average of an office typically lies €1.00 above or below" in text_of(shown)
    assert "not known: they share no case" in text_of(shown)


def test_shares_of_a_norm_are_bounds() -> None:
    low, high = level_share(result("amounts"))
    total = 56.0**2 + 31.0**2
    assert low == pytest.approx(56.0**2 / (total + 350.0**2))
    assert high == pytest.approx(56.0**2 / total)
    assert "at least 2% and at most 77% of the squared noise" in text_of(page("amounts"))


def test_a_gap_in_time_breaks_the_line() -> None:
    time = result("amounts").supplement.log.over_time
    assert [len(run) for run in runs(time)] == [9, 13]
    level = estimate(1.0)

    def week(start: str) -> Period:
        return Period(start, start, 50, 9, 1.0, None, False, level)

    weeks = OverTime("week", (week("2024-12-30"), week("2025-01-06"), week("2025-01-20")), time.persistence,
                     time.judge_days, (), time.sequence, time.sequence_beyond_day, 9)  # fmt: skip
    assert [len(run) for run in runs(weeks)] == [2, 1]
    assert place_in_time(week("2025-04-01"), "quarter") - place_in_time(week("2024-12-31"), "quarter") == 2
    hidden = replace(weeks, periods=(weeks.periods[0], replace(weeks.periods[1], mean=None), weeks.periods[2]))
    assert [len(run) for run in runs(hidden)] == [1, 1]


def test_tables_hold_the_numbers_with_full_precision(tmp_path: object) -> None:
    tables = {table.name: table for table in log_tables(result("amounts"))}
    assert list(tables) == [
        "comparable_pairs", "classes", "features", "pattern_sources", "assignment", "sensitivity", "offices", "periods",
        "over_time", "moments", "second_decisions",
    ]  # fmt: skip
    assert all(len(table.columns) <= 12 for table in tables.values())
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)
    path = write_report(result("amounts"), tmp_path / "tables.xlsx")  # type: ignore[operator]
    book = python_calamine.load_workbook(str(path))
    assert set(tables) <= set(book.sheet_names)
    head, *rows = book.get_sheet_by_name("pattern_sources").to_python()
    fee = next(dict(zip(head, row, strict=True)) for row in rows if row[0] == "fee")
    assert (fee["variance"], fee["sd_low"], fee["counted"]) == (361.0, 6.0, "False")
    read = list(csv.reader(io.StringIO(render(result("amounts"), ".csv"))))
    start = read.index(["assignment"])
    assert read[start - 1] == []
    assert read[start + 2][:2] == ["(predicted)", "0.31"]
    assert read[0][0] == "component"
    assert [row[0] for row in read[1:8]] == list(result("amounts").to_frame("noise")["component"])


def test_a_log_of_many_weeks_classes_and_features_fits_in_a_megabyte() -> None:
    base = result("amounts")
    log, time = base.supplement.log, base.supplement.log.over_time
    first = date(2010, 1, 4)
    weeks = tuple(
        replace(
            time.periods[n % 20], start=str(first + timedelta(days=7 * n)), end=str(first + timedelta(days=7 * n + 6))
        )
        for n in range(800)
    )
    features = tuple(replace(log.assignment.features[n % 4], feature=f"feature {n}") for n in range(300))
    many = replace(
        log, over_time=replace(time, unit="week", periods=weeks),
        assignment=replace(log.assignment, features=features),
        comparison=replace(log.comparison, classes=log.comparison.classes * 1000,
                           features=tuple(each.feature for each in features)),
    )  # fmt: skip
    large = replace(base, supplement=replace(base.supplement, log=many))
    html = render(large, ".html")
    assert len(html.encode()) < 1_000_000
    assert "3,960 smaller classes are in the tables" in text_of(html)
    assert "too large for a page" in html
    assert "260 weaker features are in the tables" in text_of(html)
    assert render(large, ".csv").count("(event)") == 1000


def test_markdown_has_the_sections_of_the_page() -> None:
    text = render(result("amounts"), ".md")
    assert "## How cases were compared" in text
    assert "| kind of permit is extension, renewal; fee below 500 | 1,800 | 60 | €210 |" in text
    assert "| fee | 0.24 | 0.36 | €96 |" in text


def test_hostile_names_of_features_stay_text() -> None:
    attacks = cycle(HOSTILE)
    hostile = renamed(result("amounts"), lambda name: next(attacks) + name)
    html, sheet = render(hostile, ".html"), render(hostile, ".csv")
    parsed = Page()
    parsed.feed(html)
    assert "script" not in parsed.tags
    assert "img" not in parsed.tags
    assert all(text in sheet for text in ("alert(1)", "onerror", "cmd|", "[31mred", "7*7"))
    assert "\x1b" not in html + sheet + render(hostile, ".md") + summary_text(hostile)
    for line in csv.reader(io.StringIO(sheet)):
        assert not any(cell.startswith(("=", "+", "@")) for cell in line)


def test_a_reason_stands_where_a_figure_cannot() -> None:
    base = result("amounts")
    unknown = NotIdentified("few", "there is too little of it")
    log = replace(
        base.supplement.log, sensitivity=unknown, over_time=unknown, second_decisions=unknown, split_half=unknown,
        comparable_pairs_difference=unknown, assignment=replace(base.supplement.log.assignment, predicted=unknown),
    )  # fmt: skip
    shown = text_of(render(replace(base, supplement=replace(base.supplement, log=log, offices=unknown)), ".html"))
    for part in (
        "How strong an unmeasured difference would have to be cannot be told",
        "Nothing can be said about changes over time",
        "How much two colleagues differ on comparable cases is not known",
        "Whether colleagues got the same kind of cases cannot be seen",
        "Differences between offices cannot be told",
    ):
        assert f"{part}: there is too little of it." in shown
    assert "If each colleague's decisions are split" not in shown
    assert "decided more than once" not in shown


@pytest.mark.parametrize(
    ("value", "text"), [(500.0, "500"), (1234.5, "1,234.5"), (0.125, "0.125"), (1 / 3, "0.333333"), (-2.0, "−2")]
)
def test_bounds_of_rules_are_exact(value: float, text: str) -> None:
    assert Numerals().exact(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "p < 0.001"), (0.004, "p = 0.004"), (0.0312, "p = 0.03"), (0.41, "p = 0.41"), (1.0, "p = 1.00")],
)
def test_p_values(p: float, text: str) -> None:
    assert Numerals().p_value(p) == text.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("start", "unit", "text"),
    [
        ("2026-03-02", "week", "2 March 2026"),
        ("2026-03-01", "month", "March 2026"),
        ("2026-04-01", "quarter", "Q2 2026"),
        ("2026-01-01", "year", "2026"),
    ],
)
def test_periods_have_names(start: str, unit: str, text: str) -> None:
    assert Numerals().period(start, unit) == text


def test_bounds_name_the_unit_once() -> None:
    speaker = LogSpeaker(result("bare"))
    assert speaker.bounds(bounded(40.0**2, 120.0**2)) == {"low": "40", "high": "120\u00a0days"}
    assert LogSpeaker(result("amounts")).bounds(bounded(40.0**2, 120.0**2)) == {"low": "€40", "high": "€120"}


def test_an_interval_that_allows_for_a_choice_is_said_to_be_wider() -> None:
    said = "its interval is wider than in the table"
    assert said not in text_of(page("amounts"))  # there both are the same
    base = result("amounts")
    whole = replace(base.noise.detectable_pattern, variance_interval=(10.0**2, 60.0**2))
    wider = replace(base, noise=replace(base.noise, detectable_pattern=whole))
    assert said in text_of(render(wider, ".html"))
