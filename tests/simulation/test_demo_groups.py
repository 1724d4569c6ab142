"""The demo groups reads as its config says, and those who deviate, and nobody else, are found in it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.aggregates.cells import index_cells
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.groups.log_gaps import binary_log_gaps
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.panel_gaps import panel_gaps, shared_gap
from noiseaudit.groups.sums import GroupSums
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


def test_those_who_deviate_and_nobody_else_are_found(folder: Path, rows: pd.DataFrame) -> None:
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    case, _ = pd.factorize(rows["Aanvraagnummer"])
    judge, names = pd.factorize(rows["Behandelaar"], sort=True)
    value = rows["Toegekend bedrag"].to_numpy()
    linked = Linked.of(index_cells(case.astype(np.intp), judge.astype(np.intp), value - value.mean()))
    fit = fit_two_way(linked)
    cell = rows.groupby([case, judge], sort=True).first()  # in the order of the cells
    own = (cell["Regio behandelaar"] == cell["Regio aanvrager"]).to_numpy()
    flags = {("Regio behandelaar == Regio aanvrager", "true"): (own, None)}
    for column, value_ in (
        ("Leeftijdsklasse", "18-39"),
        ("Leeftijdsklasse", "40-66"),
        ("Leeftijdsklasse", "67+"),
        ("Geslacht aanvrager", "V"),
    ):
        known = cell[column].notna().to_numpy()
        flags[(column, value_)] = ((cell[column] == value_).to_numpy(), None if known.all() else known)
    found = {key: panel_gaps(fit, flag, by_cell=key[1] == "true", known=known) for key, (flag, known) in flags.items()}
    q = np.split(q_values(np.concatenate([gaps.p for gaps in found.values()])), len(found))
    named = {
        (*key, names[j]): float(gaps.gap[j])
        for (key, gaps), its_q in zip(found.items(), q, strict=True)
        for j in np.flatnonzero(its_q <= 0.05)
    }
    built_in = {(gap["characteristic"], gap["value"], gap["judge"]): gap["gap"] for gap in truth["gaps"]}
    other_ages = {key for key in named if key[1] in ("18-39", "40-66")}
    assert {judge for *_, judge in other_ages} <= {"B-07"}  # whose other applicants do better by comparison
    assert set(named) - other_ages == set(built_in)
    for key, gap in built_in.items():
        assert named[key] == pytest.approx(gap, abs=160)
    delta = shared_gap(fit, own)
    assert delta is not None
    assert delta == pytest.approx(60 + (380 + 340) / 18, abs=50)


def test_in_the_log_too(tmp_path: Path) -> None:
    write_demo(tmp_path, name="groups-log")
    config = tomllib.loads((tmp_path / "noiseaudit.toml").read_text("utf-8"))
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    result = na.audit(
        tmp_path / "groups-log.csv", na.AuditDesign(**config["roles"], **config["reading"], **config["analysis"])
    )
    assert result.input.rows_used == 7200
    rows = pd.read_csv(tmp_path / "groups-log.csv", sep=";", encoding="cp1252", decimal=",", thousands=".")
    judge, names = pd.factorize(rows["Behandelaar"], sort=True)
    share = (rows["Besluit"] == "Toegekend").to_numpy(dtype=float)
    income = pd.qcut(
        rows["Netto inkomen"] / rows["Huishouden"].map(rows.groupby("Huishouden")["Netto inkomen"].mean()), 8
    )
    stratum = income.cat.codes.to_numpy().astype(np.intp)
    p, who = [], []
    for column in config["roles"]["groups"]:
        value, labels = pd.factorize(rows[column], sort=True)
        sums = GroupSums.from_codes(
            judge.astype(np.intp), stratum, value=value.astype(np.intp), decision=share, judges=pd.Index(names),
            strata=pd.RangeIndex(8).astype("str"), values=pd.Index(labels),
        )  # fmt: skip
        for label, gaps in zip(labels, binary_log_gaps(sums), strict=True):
            p.append(gaps.p)
            who += [(column, label, name) for name in names]
    found = {key for key, q in zip(who, q_values(np.concatenate(p)), strict=True) if q <= 0.05}
    built_in = {(gap["characteristic"], gap["value"], gap["judge"]) for gap in truth["gaps"]}
    assert built_in <= found
    assert {name for *_, name in found} == {gap["judge"] for gap in truth["gaps"]}
    young = rows["Leeftijdsklasse"] == "18-26"
    assert share[young].mean() > share[~young].mean()  # the raw gap points the other way
