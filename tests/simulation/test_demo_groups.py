"""The demo groups reads as its config says, and those who deviate, and nobody else, are found in it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.simulation.demo import write_demo


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, name="groups")
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "groups.csv", sep=";", encoding="cp1252", decimal=",", thousands=".", dtype={0: str})


def test_the_export_is_audited_and_holds_the_noise_of_the_truth(folder: Path, rows: pd.DataFrame) -> None:
    config = tomllib.loads((folder / "noiseaudit.toml").read_text("utf-8"))
    assert config["roles"]["groups"] == ["Leeftijdsklasse", "Geslacht aanvrager"]
    assert config["roles"]["relations"] == ["Regio behandelaar == Regio aanvrager"]
    design = na.AuditDesign(**config["roles"], **config["reading"], **config["analysis"])
    assert set(design.columns()) < set(rows)
    result = na.audit(folder / "groups.csv", design)
    assert result.input.rows_used == len(rows)
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    noise = result.to_dict()["noise"]
    for part in ("level", "pattern", "system"):
        low, high = noise[part]["sd_interval"]
        assert low < truth[part]["sd"] < high, part


def test_the_export_is_what_an_office_would_send(folder: Path, rows: pd.DataFrame) -> None:
    assert "Fryslân".encode("cp1252") in (folder / "groups.csv").read_bytes()
    per_case = rows.groupby("Aanvraagnummer")
    assert set(per_case.size()) == {7, 8, 9}
    for column in ("Leeftijdsklasse", "Geslacht aanvrager", "Regio aanvrager", "Soort maatregel"):
        assert per_case[column].nunique(dropna=False).max() == 1
    assert rows.groupby("Behandelaar")["Regio behandelaar"].nunique().max() == 1
    applicants = per_case.first()
    assert 3 <= applicants["Leeftijdsklasse"].isna().sum() <= 20
    assert 1 <= (applicants["Geslacht aanvrager"] == "X").sum() < 10
    again = folder / "again"
    write_demo(again, name="groups")
    for path in again.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()


@pytest.mark.parametrize("name", ["groups", "groups-log"])
def test_those_who_deviate_and_nobody_else_are_flagged(tmp_path: Path, name: str) -> None:
    """And the same people for the other values of the characteristic, whom they treat better or worse by comparison."""
    write_demo(tmp_path, name=name)
    config = tomllib.loads((tmp_path / "noiseaudit.toml").read_text("utf-8"))
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    design = na.AuditDesign(**config["roles"], **config["reading"], **config["analysis"])
    result = na.audit(tmp_path / f"{name}.csv", design)
    flagged = {
        (group.group or group.relation, group.value, judge.judge): judge.gap
        for group in result.groups
        for judge in group.judges
        if judge.flag
    }
    built_in = {(gap["characteristic"], gap["value"], gap["judge"]): gap["gap"] for gap in truth["gaps"]}
    assert built_in.keys() <= flagged.keys()
    named = {(characteristic, judge) for characteristic, _, judge in built_in}
    assert {(characteristic, judge) for characteristic, _, judge in flagged} == named
    for key, gap in built_in.items():
        assert flagged[key] * gap > 0
        if name == "groups":
            assert flagged[key] == pytest.approx(gap, abs=160)
    for group in result.groups:
        true = truth["systemic_gap"].get(group.relation)
        if true is not None:
            assert group.systemic_gap.interval[0] < true + (380 + 340) / 18 < group.systemic_gap.interval[1]
        elif name == "groups":
            assert group.systemic_gap.reason == "same_cases"
        elif group.value == "18-26":
            assert group.systemic_gap.interval[1] < 0 < group.raw_gap.value  # the raw gap points the other way
