"""The demo log reads as its config says, every row accounted for, and holds the noise that truth.json tells."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit import reading
from noiseaudit.simulation.demo import write_demo


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, name="log")
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "log.csv", sep=";", encoding="cp1252", decimal=",", thousands=".")


def test_the_export_reads_with_its_rows_accounted_for(folder: Path, rows: pd.DataFrame) -> None:
    config = tomllib.loads((folder / "noiseaudit.toml").read_text("utf-8"))
    assert config["analysis"]["exclude_judges"] == ["SYSTEEM"]
    settings = {**config["roles"], **config["reading"], "scale": config["analysis"]["scale"]}
    with reading.read(folder / "log.csv", na.AuditDesign(**settings), propose=False) as log:
        assert log.period == (pd.Timestamp("2023-01-02").date(), pd.Timestamp("2024-12-27").date())
        table = reading.tabulate(log)
    excluded = {row.code: row.n for row in table.input.rows_excluded}
    withdrawn = int(rows["Toegekend bedrag"].isna().sum()) - 1  # the blank row has none either
    assert 10 < withdrawn < 40
    assert excluded == {"missing_decision": withdrawn, "blank_row": 1, "total_row": 1}
    assert table.input.rows_read == len(rows) == table.input.rows_used + sum(excluded.values())
    assert len(table.main.judges) == 33
    amounts = np.exp(table.main.mean[:, 0] + float(table.main.shift))
    assert amounts.max() == pytest.approx(rows["Toegekend bedrag"].iloc[:-2].max())


def test_the_export_is_what_a_town_would_send(folder: Path, rows: pd.DataFrame) -> None:
    raw = (folder / "log.csv").read_bytes()
    assert len(raw) < 1_000_000
    assert "Patiëntvervoer".encode("cp1252") in raw
    again = folder / "again"
    write_demo(again, name="log")
    for path in again.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    decided, total = rows.iloc[:-2], rows.iloc[-1]
    assert total["Zaaknummer"] == "Totaal"
    assert total["Toegekend bedrag"] == decided["Toegekend bedrag"].sum()
    moment = pd.to_datetime(decided["Datum besluit"], format="%d-%m-%Y %H:%M")
    assert moment.is_monotonic_increasing
    system = decided["Behandelaar"] == "SYSTEEM"
    assert system.sum() == 210
    assert set(moment[system].dt.hour) == {2}
    assert moment[~system].dt.hour.between(9, 16).all()
    people = decided[~system]
    assert people["Behandelaar"].nunique() == 32
    assert set(people.groupby("Behandelaar")["Team"].nunique()) == {1}
    assert people["Team"].nunique() == 4
    later = people[people["Soort besluit"] == "Heroverweging"]
    assert len(later) == pytest.approx(0.03 * 7000, rel=0.3)
    assert later["Zaaknummer"].is_unique
    assert set(later["Zaaknummer"]) <= set(people.loc[people["Soort besluit"] == "Besluit", "Zaaknummer"])
    granted = people["Toegekend bedrag"].dropna()
    assert granted.min() > 50
    assert (people["Toegekend bedrag"] > people["Aangevraagd bedrag"]).mean() < 0.005


def test_second_decisions_hold_the_noise_of_the_truth(folder: Path, rows: pd.DataFrame) -> None:
    """About 100 pairs each: same professional (occasion) and another one (system), within 4 standard errors."""
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    pairs = rows.dropna(subset="Behandelaar").groupby("Zaaknummer").filter(lambda case: len(case) == 2)
    pairs = pairs.dropna(subset="Toegekend bedrag").sort_values("Zaaknummer", kind="stable")
    pairs = pairs.groupby("Zaaknummer").filter(lambda case: len(case) == 2)
    y = np.log(pairs["Toegekend bedrag"].to_numpy()).reshape(-1, 2)
    judge = pairs["Behandelaar"].to_numpy().reshape(-1, 2)
    square = (y[:, 0] - y[:, 1]) ** 2 / 2
    same = judge[:, 0] == judge[:, 1]
    for chosen, part in ((same, "occasion"), (~same, "system")):
        expected = truth[part]["sd"] ** 2
        assert chosen.sum() > 60
        assert square[chosen].mean() == pytest.approx(expected, abs=4 * expected * np.sqrt(2 / chosen.sum()))
    level = truth["level_between_offices"]["sd"] ** 2 + truth["level_within_offices"]["sd"] ** 2
    assert truth["level"]["sd"] ** 2 == pytest.approx(level)
