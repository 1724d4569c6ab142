"""What the report of a log says of time: both sequence figures, periods outside, decisions without a moment."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.log_tables import log_tables
from noiseaudit.report import render
from noiseaudit.result import Figure, OverTime
from noiseaudit.result.thresholds import without_small_cells

from .log_results import LOGS, amounts, yes_no


def with_time(base: na.AuditResult, time: OverTime) -> na.AuditResult:
    log = replace(base.supplement.log, over_time=time)
    return replace(base, supplement=replace(base.supplement, log=log))


def text(result: na.AuditResult) -> str:
    html = re.sub(r"<style>.*?</style>|<pre.*?</pre>|<[^>]+>", " ", render(result, ".html"), flags=re.DOTALL)
    return " ".join(html.split())


def time_of(result: na.AuditResult) -> OverTime:
    assert isinstance(result.supplement.log.over_time, OverTime)
    return result.supplement.log.over_time


def said_of(whole: Figure | NotIdentified, rest: Figure | NotIdentified, base: na.AuditResult | None = None) -> str:
    time = replace(time_of(amounts()), sequence=whole, sequence_beyond_day=rest)
    return text(with_time(base or amounts(), time))


SHARED = "Decisions of one day also share the mood of that day, and this figure holds that too."


def test_both_sequence_figures_are_said() -> None:
    shown = text(amounts())
    whole = "4.8% comes back in the next with the opposite sign (95% interval: −8.1% to −1.5%)."
    rest = "Without that mood, no effect of the decision before could be shown: −2.1% (95% interval: −5.2% to 1.0%)."
    assert f"{whole} {SHARED} {rest}" in shown


@pytest.mark.parametrize(
    ("value", "interval", "words"),
    [
        (0.12, (0.08, 0.16), "Without that mood, 12.0% comes back in the next (95% interval: 8.0% to 16.0%)."),
        (-0.12, (-0.16, -0.08), "Without that mood, 12.0% comes back in the next with the opposite sign"),
    ],
)
def test_what_is_left_beyond_the_day(value: float, interval: tuple[float, float], words: str) -> None:
    assert words in said_of(Figure(0.2, None, (0.15, 0.25)), Figure(value, None, interval))


@pytest.mark.parametrize(("value", "word"), [(0.12, "more"), (-0.12, "less")])
def test_what_is_left_of_yes_and_no(value: float, word: str) -> None:
    rest = Figure(value, None, (value - 0.04, value + 0.04))
    shown = said_of(Figure(0.2, None, (0.15, 0.25)), rest, yes_no())
    assert f"Without that mood, the next decision after a yes is yes 12.0 percentage points {word} often" in shown


def test_what_cannot_be_told_beyond_the_day() -> None:
    unknown = NotIdentified("few", "there is too little of it")
    shown = said_of(Figure(0.2, None, (0.15, 0.25)), unknown)
    assert f"{SHARED} What is left without that mood cannot be told: there is too little of it." in shown
    shown = said_of(unknown, unknown)
    assert shown.count("Whether the decision before matters for the next cannot be told") == 1
    assert SHARED not in shown


def test_periods_whose_level_noise_lies_outside_are_named_and_marked() -> None:
    shown = text(amounts())
    assert "outside its own 99.8% limits in 2 of 22 months (November 2025, December 2025)." in shown
    table = shown[shown.index("99.8% limits Level noise") :]
    assert re.search(r"December 2025 233 50 €\d+ €\d+ to €\d+ €73 \(outside\)", table)
    inside = tuple(replace(period, level_outside=False) for period in time_of(amounts()).periods)
    calm = text(with_time(amounts(), replace(time_of(amounts()), periods=inside)))
    assert "outside its own" not in calm
    many = tuple(replace(period, level_outside=True) for period in inside)
    shown = text(with_time(amounts(), replace(time_of(amounts()), periods=many)))
    assert "(January 2024, February 2024, March 2024, April 2024, May 2024, June 2024 and 16 more)." in shown


def test_a_period_of_few_does_not_say_that_its_level_noise_lies_outside() -> None:
    base = time_of(amounts())
    last = replace(base.periods[-1], judges=4)
    small = with_time(amounts(), replace(base, periods=(*base.periods[:-1], last)))
    kept = without_small_cells(small.supplement, "public").log.over_time.periods
    assert [period.level_outside for period in kept[-2:]] == [True, False]
    assert "in 1 of 21 months (November 2025)" in text(small)


def test_decisions_without_a_moment_are_counted() -> None:
    dated = sum(period.decisions for period in time_of(amounts()).periods)
    assert f"37 of {dated + 37:,} decisions have no date. They do not count here." in text(amounts())
    assert "has no date. It does not count" in text(with_time(amounts(), replace(time_of(amounts()), undated=1)))
    assert "no date" not in text(LOGS["log by lot"]())


def test_files_hold_all_of_it() -> None:
    tables = {table.name: table for table in log_tables(amounts())}
    figures = {row[0]: row[1:] for row in tables["over_time"].rows}
    assert figures["sequence"][1:4] == (-0.048, -0.081, -0.015)
    assert figures["sequence_beyond_day"][1:4] == (-0.021, -0.052, 0.01)
    assert figures["undated"][1] == 37
    periods = [dict(zip(tables["periods"].columns, row, strict=True)) for row in tables["periods"].rows]
    assert [row["start"] for row in periods if row["level_outside"]] == ["2025-11-01", "2025-12-01"]
