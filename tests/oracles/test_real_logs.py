"""Real logs, with the figures that docs/logs.md gives."""

from __future__ import annotations

from pathlib import Path

import pytest

import noiseaudit as na
from noiseaudit.result import Rates


def cards(folder: Path, colour: str) -> tuple[na.AuditResult, Rates]:
    result = na.audit(
        folder / "red_cards" / "dyads.csv.gz", case="player_id", judge="refNum", decision=f"{colour}Cards",
        exposure="games", features=["leagueCountry", "position"], duplicates="keep",
    )  # fmt: skip
    assert result.supplement.log is not None
    assert result.supplement.log.rates is not None
    return result, result.supplement.log.rates


def test_red_cards(shared_data: Path) -> None:
    result, rates = cards(shared_data, "red")
    assert (result.input.rows_used, result.design.judges, len(result.supplement.log.comparison.classes)) == (
        146_028, 3147, 52
    )  # fmt: skip
    assert rates.rate.value == pytest.approx(1834 / 426_572)
    assert result.noise.level.sd == pytest.approx(0.00153, rel=0.02)
    assert result.noise.level.sd_interval == pytest.approx((0.0012, 0.0020), rel=0.03)
    assert rates.relative.sd == pytest.approx(0.354, rel=0.02)
    assert rates.dispersion.value == pytest.approx(1.0, abs=0.01)
    assert rates.proportional.value == pytest.approx(0.94, abs=0.01)
    assert (rates.without_events, round(rates.expected_without or 0)) == (2589, 2598)
    assert result.supplement.individuals.outside_998 == 3
    assert result.noise.system.reason == "rates"


def test_yellow_cards(shared_data: Path) -> None:
    result, rates = cards(shared_data, "yellow")
    assert rates.rate.value == pytest.approx(56_274 / 426_572)
    assert result.noise.level.sd == pytest.approx(0.0234, rel=0.02)
    assert rates.relative.sd == pytest.approx(0.184, rel=0.02)


def test_groups_that_were_formed_from_decisions_come_with_a_warning(shared_data: Path, tmp_path: Path) -> None:
    features = ["pastSerious", "pastCritical", "timeSinceLast", "ageAtInspection", "Facility_Type", "temperatureMax"]
    features += ["consumption_on_premises_incidental_activity", "tobacco_retail_over_counter"]
    result = na.audit(
        shared_data / "chicago_inspections" / "inspections.csv.gz", case="Inspection_ID", judge="Inspector_Assigned",
        decision="criticalFound", time="Inspection_Date", features=features, design="log",
        judges_formed_from_decisions=True,
    )  # fmt: skip
    said = {found.code: found for found in result.findings}
    assert "no noise of professionals" in said["endogenous_judges"].what
    assert result.noise.level.sd == pytest.approx(0.142, rel=0.02)
    assert result.noise.level.sd_interval[1] <= (0.25 * 6 / 5) ** 0.5
    na.write_report(result, tmp_path / "r.html")
    assert "formed from the decisions themselves" in (tmp_path / "r.html").read_text("utf-8")


def test_a_receipt_desk_without_its_system_accounts(shared_data: Path) -> None:
    result = na.audit(
        shared_data / "wabo_receipt" / "cases.csv.gz", case="case_id", judge="main_resource", decision="n_adjust",
        positive="0", features=["channel", "department", "group"], time="startdate", design="log",
        exclude_judges=["admin1", "admin2", "admin3", "test", "TEST"],
    )  # fmt: skip
    assert {part.code: part.n for part in result.input.rows_excluded} == {"excluded_judge": 120}
    assert result.input.rows_used == 1314
    assert result.noise.level.sd == pytest.approx(0.106, rel=0.02)
    assert result.noise.level.sd_interval == pytest.approx((0.049, 0.262), rel=0.03)
    sensitivity = result.supplement.log.sensitivity
    assert (sensitivity.strongest, round(sensitivity.ratio, 1), round(sensitivity.ratio_low, 1)) == ("group", 3.4, 1.6)
