"""NIST StRD one-way analysis of variance: the certified F from the cells, by digits that are right (LRE)."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.design import AuditDesign
from noiseaudit.reading import read, tabulate

SETS = ["SiRstv", "AtmWtAg", *(f"SmLs0{i}" for i in range(1, 10))]
CERTIFIED = {
    "SiRstv": 1.18046237440255,
    "AtmWtAg": 1.59467335677930e1,
    **{f"SmLs0{i}": (21.0, 201.0, 2001.0)[(i - 1) % 3] for i in range(1, 10)},
}
LEAST_FLOAT = {**dict.fromkeys(SETS[:5], 10), **dict.fromkeys(SETS[5:8], 10), **dict.fromkeys(SETS[8:], 4)}


def load(folder: Path, name: str) -> list[tuple[str, str]]:
    path = next(folder.glob(f"{name}.dat.gz"))
    with gzip.open(path, "rt") as text:
        lines = text.read().splitlines()[60:]
    return [(fields[0], fields[1]) for fields in (line.split() for line in lines) if len(fields) == 2]


def f_statistic(cells: na.Cells) -> float:
    """F from cells of one case: the treatments are its judges."""
    n, mean, m2 = cells.n, cells.mean[:, 0], cells.m2[:, 0]
    centre = (n * mean).sum() / n.sum()
    between = (n * (mean - centre) ** 2).sum() / (len(n) - 1)
    return float(between / (m2.sum() / (n.sum() - len(n))))


def digits(found: float, certified: float) -> float:
    return 15.0 if found == certified else -math.log10(abs(found - certified) / certified)


def design() -> AuditDesign:
    return AuditDesign(case="case", judge="judge", decision="decision", decimal=".", duplicates="keep")


@pytest.mark.parametrize("name", SETS)
def test_from_decimals(shared_data: Path, tmp_path: Path, name: str) -> None:
    rows = load(shared_data / "textbook" / "nist", name)
    path = tmp_path / "nist.csv"
    path.write_text("case,judge,decision\n" + "".join(f"one,{t},{y}\n" for t, y in rows), "utf-8")
    with read(path, design()) as log:
        found = f_statistic(tabulate(log).main)
    least = 13 if name.startswith("SmLs") else 12  # SiRstv and AtmWtAg are certified to 15 digits of a noisy ratio
    assert digits(found, CERTIFIED[name]) >= least


@pytest.mark.parametrize("name", SETS)
def test_from_floats(shared_data: Path, name: str) -> None:
    rows = load(shared_data / "textbook" / "nist", name)
    frame = pd.DataFrame({"case": "one", "judge": [t for t, _ in rows], "decision": [float(y) for _, y in rows]})
    with read(frame, design()) as log:
        found = f_statistic(tabulate(log).main)
    assert digits(found, CERTIFIED[name]) >= LEAST_FLOAT[name]


def test_through_the_audit(shared_data: Path, tmp_path: Path) -> None:
    """One case: F = n (Sys - O (1 - 1/n))/O from the result's own figures."""
    rows = load(shared_data / "textbook" / "nist", "SmLs07")
    path = tmp_path / "nist.csv"
    path.write_text("case,judge,decision\n" + "".join(f"one,{t},{y}\n" for t, y in rows), "utf-8")
    noise = na.audit(path, design()).noise
    n = len(rows) / 9
    occasion = noise.occasion.variance
    assert n * (noise.system.variance - occasion * (1 - 1 / n)) / occasion == pytest.approx(21.0, rel=1e-10)
    assert noise.level.reason == noise.pattern.reason == "single_case"
