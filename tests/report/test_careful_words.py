"""Where figures of a log would mislead, the report says so: each of these was seen in a report of a real log."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import noiseaudit as na
from noiseaudit.report import render, summary_text
from noiseaudit.result import Figure, Period
from noiseaudit.result.findings import finding

from .log_results import LOGS, estimate


def page(result: na.AuditResult) -> str:
    shown = re.sub(r"<style>.*?</style>|<pre.*?</pre>|<[^>]+>", " ", render(result, ".html"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(shown))


def with_log(result: na.AuditResult, **parts: object) -> na.AuditResult:
    return replace(result, supplement=replace(result.supplement, log=replace(result.supplement.log, **parts)))


def test_groups_formed_from_decisions_are_named_before_any_figure() -> None:
    plain = LOGS["log yes or no"]()
    formed = replace(plain, findings=(*plain.findings, finding("endogenous_judges", "warning", column="group")))
    for shown in (summary_text(formed), page(formed).split("In short")[-1]):
        assert shown.index("formed from the decisions themselves, so they had to differ") < shown.index("1 in 7")
    assert "Talk with each other about the norm" in page(plain)
    assert "Talk with each other about the norm" not in page(formed)
    assert "groups that were formed" not in page(plain)
    assert "colleagues judge the same" in page(plain)
    assert "colleagues judge the same" not in page(formed)  # groups can judge nothing


def test_shares_stay_between_nothing_and_all() -> None:
    result = LOGS["log yes or no"]()
    period = Period("2024-01-01", "2024-03-31", 300, 20, 0.95, (-0.02, 1.06), False, estimate(0.06, 0.04, 0.09))
    later = replace(period, start="2024-04-01", end="2024-06-30")
    time = replace(LOGS["log amounts"]().supplement.log.over_time, unit="quarter", periods=(period, later))
    shown = page(with_log(result, over_time=time))
    assert "0% to 100%" in shown
    assert "106%" not in shown


def test_a_correlation_that_could_be_anything_is_not_given() -> None:
    amounts = LOGS["log amounts"]()
    time = replace(amounts.supplement.log.over_time, persistence=Figure(1.68, None, None, "too_wide"))
    shown = page(with_log(amounts, over_time=time))
    assert "1.68" not in shown
    assert "Whether strict colleagues stay strict cannot be told" in shown


def test_many_times_as_strong_as_next_to_nothing() -> None:
    amounts = LOGS["log amounts"]()
    comparison = amounts.supplement.log.comparison
    words = "So even an ordinary difference can be many times as strong"
    assert words in page(with_log(amounts, comparison=replace(comparison, explained=0.002)))
    assert words not in page(with_log(amounts, comparison=replace(comparison, explained=0.4)))
