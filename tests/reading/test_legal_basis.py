"""Special categories need a legal basis; the rest of the audit goes on without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.design import AuditDesign
from noiseaudit.reading import read

from ..cli.test_commands import run

ROLES = {"case": "zaak", "judge": "rechter", "decision": "besluit"}
N = 30


def frame(**columns: list[str]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"zaak": np.repeat([f"z{i}" for i in range(N)], 3), "rechter": ["x", "y", "z"] * N,
         "besluit": np.random.default_rng(1).normal(10, 2, 3 * N).round(2)}
    )  # fmt: skip
    return rows.assign(**{name: np.repeat(np.resize(np.array(v), N), 3) for name, v in columns.items()})


def log_of(source: pd.DataFrame, **settings: Any) -> Any:
    with read(source, AuditDesign(**ROLES | settings)) as log:
        return log


def said(log: Any) -> dict[str, Any]:
    return {one.code: one for one in log.findings}


def test_a_special_category_without_a_basis_is_not_analysed() -> None:
    log = log_of(frame(Herkomst=["a", "b"], Soort=["p", "q"]), groups=["Herkomst", "Soort"])
    assert log.not_analysed == {"Herkomst": "P602"}
    assert [one.name for one in log.characteristics] == ["Soort"]
    found = said(log)["P602"]
    assert found.severity == "error"
    assert "Herkomst" in found.what
    assert "ethnic origin" in found.what
    assert "article 9 GDPR" in found.why
    assert '[privacy.legal_basis] write "Herkomst" =' in found.do


@pytest.mark.parametrize("key", ["Herkomst", "herkomst ", "HERKOMST"])
def test_with_a_basis_it_is_and_the_basis_is_repeated(key: str) -> None:
    log = log_of(frame(Herkomst=["a", "b"]), groups=["Herkomst"], legal_basis={key: "art. 25 UAVG"})
    assert (log.not_analysed, [one.name for one in log.characteristics]) == ({}, ["Herkomst"])
    found = said(log)
    assert "P602" not in found
    assert (found["legal_basis_named"].severity, "art. 25 UAVG" in found["legal_basis_named"].what) == ("info", True)


@pytest.mark.parametrize("basis", [{}, {"Herkomst": "  "}, {"Soort": "art. 25 UAVG"}])
def test_an_empty_basis_or_one_of_another_column_is_none(basis: dict[str, str]) -> None:
    log = log_of(frame(Herkomst=["a", "b"], Soort=["p", "q"]), groups=["Herkomst"], legal_basis=basis)
    assert log.not_analysed == {"Herkomst": "P602"}


def test_relations_name_the_column() -> None:
    source = frame(a_religion=["p", "q"], b=["q", "p", "p"])
    log = log_of(source, relations=["a_religion == b"])
    assert log.not_analysed == {"a_religion == b": "P602"}
    assert said(log)["P602"].values["column"] == "a_religion"
    assert not log_of(source, relations=["a_religion == b"], legal_basis={"a_religion": "x"}).not_analysed


def test_what_is_refused_is_not_even_read() -> None:
    """Free text in a column that may not be used is no error."""
    source = frame(Diagnose=[f"tekst {i}" for i in range(N)])
    assert log_of(source, groups=["Diagnose"]).not_analysed == {"Diagnose": "P602"}


def test_as_a_feature_it_is_left_out_or_warned_of() -> None:
    source = frame(Herkomst=["a", "b"], Soort=["p", "q", "r"])
    both = {"groups": ["Herkomst"], "features": ["Herkomst", "Soort"], "characteristics_as_features": True}
    log = log_of(source, **both)
    assert log.design.features == ("Soort",)
    assert log_of(source, **both, legal_basis={"Herkomst": "x"}).design.features == ("Herkomst", "Soort")
    log = log_of(source, features=["Herkomst", "Soort"])
    assert (log.design.features, said(log)["P604"].severity) == (("Herkomst", "Soort"), "warning")
    assert "P604" not in said(log_of(source, features=["Herkomst"], legal_basis={"Herkomst": "x"}))


def test_proxies_and_other_grounds() -> None:
    found = said(log_of(frame(Postcode=["1", "2"], Geslacht=["m", "v"]), groups=["Postcode", "Geslacht"]))
    assert (found["P603"].severity, found["P603"].values["column"]) == ("warning", "Postcode")
    assert (found["equal_treatment_ground"].severity, "sex" in found["equal_treatment_ground"].what) == ("info", True)
    assert "P602" not in found


def test_the_rest_of_the_audit_goes_on() -> None:
    source = frame(Herkomst=["a", "b"])
    result = na.audit(source, **ROLES, groups=["Herkomst"])
    assert result.noise.system.sd == na.audit(source, **ROLES).noise.system.sd
    assert "P602" in {one.code for one in result.findings}
    named = na.audit(source, **ROLES, groups=["Herkomst"], legal_basis={"Herkomst": "art. 25 UAVG"})
    assert "P602" not in {one.code for one in named.findings}


def test_report_writes_its_files_and_exits_with_4(tmp_path: Path) -> None:
    frame(Herkomst=["a", "b"]).to_csv(tmp_path / "data.csv", index=False)
    roles = [part for role, name in ROLES.items() for part in (f"--{role}", name)]
    done = run("report", "data.csv", *roles, "--group", "Herkomst", "-o", "r.html", cwd=tmp_path, code=4)
    assert (tmp_path / "r.html").exists()
    assert b"P602: The column" in done.stderr
    done = run("report", "data.csv", *roles, "--group", "Herkomst", cwd=tmp_path, code=4)
    assert b"P602: The column" in done.stderr
    assert done.stdout
    (tmp_path / "noiseaudit.toml").write_text('version = 1\n[privacy.legal_basis]\nHerkomst = "x"\n', "utf-8")
    run("report", "data.csv", *roles, "--group", "Herkomst", "-o", "s.html", cwd=tmp_path, code=0)


def test_inspect_and_init_show_what_they_recognise(tmp_path: Path) -> None:
    frame(Herkomst=["a", "b"], Postcode=["1", "2"]).to_csv(tmp_path / "data.csv", index=False)
    shown = run("inspect", "data.csv", cwd=tmp_path, code=0).stdout.decode()
    assert "special category" in next(line for line in shown.splitlines() if "Herkomst" in line)
    assert "stand in" in next(line for line in shown.splitlines() if "Postcode" in line)
    run("init", "data.csv", cwd=tmp_path, code=0)
    text = (tmp_path / "noiseaudit.toml").read_text("utf-8")
    assert '# legal_basis = {"Herkomst" = "…"}' in text
    (tmp_path / "noiseaudit.toml").write_text(text.replace("# legal_basis", "legal_basis"), "utf-8")
    run("inspect", "data.csv", cwd=tmp_path, code=0)
