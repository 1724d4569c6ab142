"""The tables as a workbook: read back by another program, the same bytes twice, no formula, nobody in public."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import python_calamine

import noiseaudit as na
from noiseaudit.result import Finding


def cells(path: Path, sheet: str) -> list[list[object]]:
    return python_calamine.load_workbook(str(path)).get_sheet_by_name(sheet).to_python()


def test_numbers_come_back(numeric_result: na.AuditResult, tmp_path: Path) -> None:
    path = na.write_report(numeric_result, tmp_path / "tables.xlsx")
    head, *rows = cells(path, "noise")
    level = next(dict(zip(head, row, strict=True)) for row in rows if row[0] == "level")
    assert level["variance"] == pytest.approx(numeric_result.noise.level.variance, rel=1e-15)
    assert [level["sd_low"], level["sd_high"]] == pytest.approx(numeric_result.noise.level.sd_interval)
    assert dict(cells(path, "account")[1:])["read"] == numeric_result.input.rows_read
    assert "judges" not in python_calamine.load_workbook(str(path)).sheet_names
    again = na.write_report(numeric_result, tmp_path / "again.xlsx")
    assert path.read_bytes() == again.read_bytes()


def test_a_team_gets_codes(numeric_result: na.AuditResult, tmp_path: Path) -> None:
    path = na.write_report(numeric_result, tmp_path / "tables.xlsx", audience="team")
    head, *rows = cells(path, "judges")
    assert [row[0] for row in rows] == [f"P{i:02d}" for i in range(1, 16)]
    assert [row[head.index("level")] for row in rows] == pytest.approx([j.level for j in numeric_result.judges])


def test_text_never_runs(numeric_result: na.AuditResult, tmp_path: Path) -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\t=1", "https://a.example/x", "＝1"]
    findings = tuple(Finding("x", "info", text, text, text) for text in evil)
    path = na.write_report(replace(numeric_result, findings=findings), tmp_path / "tables.xlsx")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)
            assert b"hyperlink" not in archive.read(name)
    assert [row[2] for row in cells(path, "findings")[1 : len(evil) + 1]] == [
        text if text.startswith("https") else f"'{text}" for text in evil
    ]
