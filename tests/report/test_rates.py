"""What the report says where decisions are counts out of an exposure."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.report import render, summary_text
from noiseaudit.report.rates import RateSpeaker
from noiseaudit.result import Figure


def rated(variation: float, seed: int = 7) -> na.AuditResult:
    """40 professionals, 0.2 findings an hour, gamma rates with this coefficient of variation; kind doubles the rate."""
    rng = np.random.default_rng(seed)
    judges, rows = 40, 2400
    own = rng.gamma(1 / variation**2, variation**2, judges) if variation else np.ones(judges)
    judge, hours, kind = rng.integers(0, judges, rows), rng.integers(1, 9, rows), rng.choice(["bar", "shop"], rows)
    findings = rng.poisson(0.2 * hours * own[judge] * np.where(kind == "bar", 2, 1))
    data = pd.DataFrame({"case": np.arange(rows), "judge": judge, "hours": hours, "kind": kind, "findings": findings})
    return na.audit(
        data, case="case", judge="judge", decision="findings", exposure="hours", features=["kind"], name="inspections"
    )


@pytest.fixture(scope="module")
def result() -> na.AuditResult:
    return rated(0.4)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.DOTALL)))


def test_level_noise_is_a_share_of_the_rate(result: na.AuditResult) -> None:
    relative = result.supplement.log.rates.relative
    first, second = summary_text(result).splitlines()[2:4]
    low, high = relative.sd_interval
    found = [float(number) for number in re.findall(r"([\d.]+)%", first)]
    assert found == pytest.approx([100 * relative.sd, 95, 100 * low, 100 * high], abs=0.51)
    rate = result.supplement.log.rates.rate.value
    assert 0.1 < rate < 1
    assert second.startswith(f"The average is {100 * rate:.1f} per 100 units of “hours” (95% interval: ")
    line = next(line for line in summary_text(result).splitlines() if "Level noise: SD" in line)
    assert f"Level noise: SD {100 * result.noise.level.sd:.1f} (95% interval: " in line
    assert line.endswith("), per 100 units of “hours”")


@pytest.mark.parametrize(("rate", "per"), [(4.2, 1), (1.0, 1), (0.6, 100), (0.013, 100), (0.0043, 1000), (0.0, 1)])
def test_rare_events_are_told_per_so_many_units(result: na.AuditResult, rate: float, per: int) -> None:
    """So that nobody has to read 0.00430, and sizes have as many figures as rates."""
    log = result.supplement.log
    log = replace(log, rates=replace(log.rates, rate=Figure(rate, None, None, "too_few_judges")))
    speaker = RateSpeaker(replace(result, supplement=replace(result.supplement, log=log)))
    assert speaker.per == per
    sd = 0.0153
    assert float(speaker.size(sd**2)[0]) == pytest.approx(per * sd, rel=0.02)
    assert ("units" in speaker.unit_sentence()) == (per > 1)


def test_what_stands_for_single_decisions_is_not_in_the_table_of_what_was_audited(result: na.AuditResult) -> None:
    page = text_of(render(result, ".html"))
    assert "Counts 2,400" in page
    assert "judged by two or more" not in page
    assert "Judged again" not in page


def test_the_most_uneven_feature_is_named(result: na.AuditResult) -> None:
    (kind,) = result.supplement.log.assignment.features
    shown = text_of(render(result, ".html"))
    assert kind.eta <= 0
    assert f"most uneven is “kind” (p = {kind.p_adjusted:.2f})" in shown
    assert "One usual spread changes" not in shown  # not known for rates
    log = result.supplement.log
    log = replace(log, assignment=replace(log.assignment, features=(replace(kind, eta=0.61, p_adjusted=1e-4),)))
    shown = text_of(render(replace(result, supplement=replace(result.supplement, log=log)), ".html"))
    assert "Most uneven is “kind”: there the average case of a colleague typically differs" in shown
    assert "by 0.6 of the usual spread between cases (p &lt; 0.001)" in shown.replace("\u00a0", " ")


def test_the_checks_of_the_model_are_shown(result: na.AuditResult) -> None:
    rates, page = result.supplement.log.rates, text_of(render(result, ".html"))
    section = page[page.rindex("Does the model of rates fit?") :]
    assert f"(dispersion)? {rates.dispersion.value:.2f} (95% interval" in section
    assert f"(proportion)? {rates.proportional.value:.2f} (95% interval" in section
    assert f"Colleagues without any event {rates.without_events}" in section
    assert "exact, from the negative binomial law" in page
    row = next(line for line in render(result, ".csv").splitlines() if line.startswith("dispersion,"))
    assert float(row.split(",")[2]) == rates.dispersion.value


def test_no_symmetric_limits_and_no_words_of_single_decisions(result: na.AuditResult) -> None:
    """The chart and its table have limits of normal numbers; for counts they accuse whoever has one event early."""
    for page in (render(result, ".html"), render(result, ".md")):
        said = text_of(page)
        assert "Each case was decided once" not in said
        assert "Outside 95%" not in said
        assert "this figure belongs to single decisions" not in said.split("Did everybody")[0]
    assert "of 40 colleagues are outside the wide limits" in text_of(render(result, ".html"))
    assert na.tables.precision_bands(result) == []
    assert na.tables.funnel_points(result) == []


def test_where_nobody_differs(result: na.AuditResult) -> None:
    alike = rated(0.0, seed=4)
    assert alike.noise.level.at_boundary
    said = summary_text(alike)
    assert "their rates differ no more than chance alone would make them" in said
    high = alike.supplement.log.rates.relative.sd_interval[1]
    assert f"up to {100 * high:.0f}% of the rate could have been missed" in said
