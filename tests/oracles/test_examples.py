"""The worked examples: every command is run as its page prints it, and every figure of the page is compared."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

import noiseaudit as na
from tests.oracles.example_pages import PAGES, ROOT, command_of, figures_of, run, same


@pytest.mark.parametrize(("colour", "column"), [("red", "red cards"), ("yellow", "yellow cards")])
def test_red_cards(shared_data: Path, tmp_path: Path, colour: str, column: str) -> None:
    result = run("red_cards", shared_data / "red_cards", tmp_path, decision=f"{colour}Cards")
    shown, rates = figures_of("red_cards")[column], result.supplement.log.rates
    assert (result.input.rows_used, result.design.judges) == (146_028, 3147)
    assert rates.rate.value == pytest.approx({"red": 1834, "yellow": 56_274}[colour] / 426_572)
    people = result.supplement.individuals
    found = [
        rates.rate.value, result.noise.level.sd, rates.relative.sd, *rates.relative.sd_interval,
        result.noise.detectable_pattern.sd, people.outside_998, people.expected_998, rates.dispersion.value,
        rates.proportional.value, rates.without_events, rates.expected_without,
    ]  # fmt: skip
    for text, value in zip(shown, found, strict=True):
        same(text, value)
    assert result.noise.system.reason == "rates"


def test_chicago_inspections(shared_data: Path, tmp_path: Path) -> None:
    text = (PAGES / "chicago_inspections.md").read_text("utf-8")
    [config] = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "chicago.toml").write_text(config, "utf-8")
    result = run("chicago_inspections", shared_data / "chicago_inspections", tmp_path)
    log, level = result.supplement.log, result.noise.level
    source = shared_data / "chicago_inspections" / "inspections.csv.gz"
    roles = {"case": "Inspection_ID", "judge": "Inspector_Assigned", "decision": "criticalFound", "design": "log"}
    bare = na.audit(source, **roles)
    found = [
        100 * result.supplement.mean_decision.value, 100 * level.sd, *(100 * end for end in level.sd_interval),
        100 * bare.noise.level.sd, 100 * log.comparison.explained, log.assignment.predicted.eta,
    ]  # fmt: skip
    for shown, value in zip(figures_of("chicago_inspections")["found"], found, strict=True):
        same(shown, value)

    na.write_report(result, tmp_path / "report.html")
    page = re.sub(r"\s+", " ", (tmp_path / "report.html").read_text("utf-8"))
    for sentence in re.findall(r'"([^"]{60,}?)\.?"', re.sub(r"\s+", " ", text.split("```")[-1])):
        assert sentence in page
    assert page.index("formed from the decisions themselves, so they had to differ") < page.index("of 100 pairs")


def test_chicago_beside_the_published_model(shared_data: Path) -> None:
    """Published coefficients as shares: the intercept that gives the share of all inspections."""
    table = figures_of("chicago_inspections", table=1)
    program = command_of("chicago_inspections")
    features = [program[k + 1] for k, word in enumerate(program) if word == "--feature"]
    source = shared_data / "chicago_inspections" / "inspections.csv.gz"
    result = na.audit(
        source, case="Inspection_ID", judge="Inspector_Assigned", decision="criticalFound", features=features,
        design="log", judges_formed_from_decisions=True,
    )  # fmt: skip
    levels = {judge.judge: judge.level for judge in result.judges}
    data = pd.read_csv(source)
    n, mean = data["Inspector_Assigned"].value_counts(), data["criticalFound"].mean()
    published = table.loc["published coefficient, logits"].astype(float)
    weight = n[published.index].to_numpy()

    def shares(intercept: float) -> np.ndarray:
        return np.asarray(special.expit(intercept + published.to_numpy()))

    intercept = optimize.brentq(lambda a: np.average(shares(a), weights=weight) - mean, -6, 3)
    for place, group in enumerate(table.columns):
        same(table.loc["adjusted level, points from the mean of groups", group], 100 * levels[group])
        same(table.loc["share that it stands for, in %", group], 100 * shares(intercept)[place])
    assert shares(intercept).std(ddof=1) == pytest.approx(0.134, abs=0.0005)
    assert sorted(table.columns, key=levels.__getitem__) == list(published.sort_values().index)


@pytest.mark.parametrize("judge", ["main_resource", "responsible"])
def test_wabo_receipt(shared_data: Path, tmp_path: Path, judge: str) -> None:
    result = run("wabo_receipt", shared_data / "wabo_receipt", tmp_path, judge=judge)
    shown, log, level = figures_of("wabo_receipt")[judge], result.supplement.log, result.noise.level
    left_out = {part.code: part.n for part in result.input.rows_excluded}
    few = {found.code: found for found in result.findings}["level_rests_on_few"]
    found = [
        left_out["excluded_judge"], result.input.rows_used, result.design.judges,
        100 * result.supplement.mean_decision.value, 100 * level.sd, *(100 * end for end in level.sd_interval),
        100 * log.comparison.explained, log.assignment.predicted.eta, log.sensitivity.ratio, log.sensitivity.ratio_low,
        float(str(few.values["share"]).rstrip("%")),
    ]  # fmt: skip
    for text, value in zip(shown, found, strict=True):
        same(text, value)
    assert log.sensitivity.strongest == "group"


def test_a_column_of_who_did_a_step_is_set_aside(shared_data: Path) -> None:
    result = na.audit(
        shared_data / "wabo_receipt" / "cases.csv.gz", case="case_id", judge="main_resource", decision="n_adjust",
        positive="0", features=["channel", "resource_T06_stop_advice"], design="log",
        exclude_judges=["admin1", "admin2", "admin3", "test", "TEST"],
    )  # fmt: skip
    [aside] = result.supplement.log.comparison.set_aside
    assert (aside.feature, aside.reason, round(aside.share, 2)) == ("resource_T06_stop_advice", "of_judge", 0.91)


def test_confounded(capsys: pytest.CaptureFixture[str]) -> None:
    """The page shows what the example prints, and the example shows what it must."""
    runpy.run_path(str(ROOT / "examples" / "log_confounded.py"))
    printed = capsys.readouterr().out
    [shown] = re.findall(r"```text\n(.*?)```", (PAGES / "confounded.md").read_text("utf-8"), flags=re.DOTALL)
    number = r"(?<![a-z])\d+\.?\d*"
    assert re.sub(number, "#", printed) == re.sub(number, "#", shown)
    values = [float(text) for text in re.findall(number, printed)]
    assert values == pytest.approx([float(text) for text in re.findall(number, shown)], rel=0.05, abs=0.02)
    bare, six = values[:2]
    assert bare > 10
    assert abs(six - 1) <= 0.10
