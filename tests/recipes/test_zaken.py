"""zaken_log.py end to end: simulated JSON of the case-work APIs -> log -> audit, held against the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import noiseaudit as na
from tests.recipes.recipes import PIPELINES, environment, recipe

AMOUNT = "eigenschap:Berekend bedrag"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zgw") / "saved"
    recipe("zaken_sample").sample(folder)
    return folder


def convert(saved: Path, *arguments: str, to: Path, code: int = 0) -> str:
    command = [sys.executable, str(PIPELINES / "zaken_log.py"), str(saved), *arguments, "-o", str(to / "log.csv")]
    done = subprocess.run(command, env=environment(to), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_every_zaak_is_in_the_log_or_listed_with_its_reason(saved: Path, tmp_path: Path) -> None:
    said = convert(saved, "--who", "beslisser", "--decision", "besluit", to=tmp_path)
    log, left_out = pd.read_csv(tmp_path / "log.csv"), pd.read_csv(tmp_path / "left_out.csv")
    assert len(log) + len(left_out) == 800
    assert not set(log["Zaak"]) & set(left_out["Zaak"])
    assert left_out["Reason"].value_counts().to_dict() == {
        "no besluit": 40,  # one has none, one's besluit names no zaak
        "its beslisser is no person": 20,
        "a beslisser without identificatie": 20,
        "no beslisser": 20,
        "more than one beslisser": 20,
        "more than one besluit": 20,
    }
    assert "20 besluit of a zaak that is not saved, or of none" in said
    assert set(log["Besluit"]) == {"Toegekend", "Afgewezen"}
    assert "Jansen" not in (tmp_path / "log.csv").read_text("utf-8"), "names are not taken over"


def test_who_decided_is_a_choice_that_changes_the_log(saved: Path, tmp_path: Path) -> None:
    people: dict[tuple[str, str], pd.Series[Any]] = {}
    for who, several in (("beslisser", "first"), ("beslisser", "last"), ("behandelaar", "leave-out")):
        convert(saved, "--who", who, "--decision", AMOUNT, "--several", several, to=tmp_path)
        people[who, several] = pd.read_csv(tmp_path / "log.csv").set_index("Zaak")["Medewerker"]
    first, last = people["beslisser", "first"], people["beslisser", "last"]
    assert len(first) == len(last) == 740
    assert (first != last).sum() == 20, "the zaken that were handed over"
    assert set(first[first != last].index) == {f"ZAAK-2025-{n:05d}" for n in range(3, 800, 40)}
    assert len(people["behandelaar", "leave-out"]) == 800
    wrong = convert(saved, "--decision", "besluit", to=tmp_path, code=2)
    assert "--who" in wrong, "it is never guessed"


def test_the_audit_of_the_log_finds_the_level_noise_that_was_put_in(saved: Path, tmp_path: Path) -> None:
    truth = recipe("zaken_sample").LEVEL_SD
    settings = {"case": "Zaak", "judge": "Medewerker", "decision": "Besluit", "design": "log"}
    convert(saved, "--who", "beslisser", "--decision", AMOUNT, "--feature", "Huishouden", to=tmp_path)
    right = na.audit(tmp_path / "log.csv", features=["Zaaktype", "Huishouden"], **settings).noise.level
    low, high = right.sd_interval
    assert low < truth < high
    assert low > truth / 2
    convert(saved, "--who", "behandelaar", "--decision", AMOUNT, "--feature", "Huishouden", to=tmp_path)
    wrong = na.audit(tmp_path / "log.csv", features=["Zaaktype", "Huishouden"], **settings).noise.level
    assert wrong.variance < right.variance / 4, "those who prepared these zaken did not decide them"


def test_what_was_not_saved_whole_is_refused(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    for path in saved.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "rollen-002.json").unlink()
    said = convert(folder, "--who", "beslisser", "--decision", "besluit", to=tmp_path, code=3)
    assert "rollen" in said
    assert "fetch all pages again" in said
    assert not (tmp_path / "log.csv").exists()
    (folder / "rollen-002.json").write_bytes((saved / "rollen-002.json").read_bytes())
    (folder / "besluittypen-001.json").write_text("[]", "utf-8")
    assert "besluittypen" in convert(folder, "--who", "beslisser", "--decision", "besluit", to=tmp_path, code=3)
    assert "800 left out" in convert(folder, "--who", "beslisser", "--decision", "resultaat", to=tmp_path, code=3)
    assert not (tmp_path / "log.csv").exists()


def test_lists_do_as_well_as_pages(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    for resource in ("zaken", "rollen", "besluiten", "besluittypen", "zaaktypen", "zaakeigenschappen"):
        pages = [json.loads(path.read_text("utf-8"))["results"] for path in sorted(saved.glob(f"{resource}-*.json"))]
        (folder / f"{resource}.json").write_text(json.dumps([one for page in pages for one in page]), "utf-8")
    logs = []
    for source in (saved, folder):
        convert(source, "--who", "beslisser", "--decision", "besluit", to=tmp_path)
        logs.append((tmp_path / "log.csv").read_bytes())
    assert logs[0] == logs[1]
