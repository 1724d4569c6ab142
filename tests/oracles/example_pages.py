"""Pages of worked examples: their command, their tables, and a run of the one against the other."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import noiseaudit as na

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "examples"


def command_of(page: str) -> list[str]:
    """The one command of a page, as a shell would cut it."""
    [block] = re.findall(r"```sh\n(.*?)```", (PAGES / f"{page}.md").read_text("utf-8"), flags=re.DOTALL)
    return shlex.split(block.replace("\\\n", " "))


def figures_of(page: str, *, table: int = 0) -> pd.DataFrame:
    """A table of numbers: its first column is the index."""
    blocks = re.findall(r"(?:^\|.*\n)+", (PAGES / f"{page}.md").read_text("utf-8"), flags=re.MULTILINE)
    head, _, *rows = ([cell.strip() for cell in line.strip("| ").split("|")] for line in blocks[table].splitlines())
    columns = [name for name in head if name]
    return pd.DataFrame([row[1:] for row in rows], index=[row[0] for row in rows], columns=columns)


def same(shown: str, found: float) -> None:
    """The text is the number, rounded; the last digit may differ by one with other versions of the libraries."""
    decimals = len(shown.partition(".")[2])
    assert float(shown) == pytest.approx(found, abs=1.01 * 10.0**-decimals), shown


def run(page: str, data: Path, folder: Path, *more: str, **instead: str) -> na.AuditResult:
    """The command on the page, on the file of the data that it names; instead: another value after an option."""
    program, *arguments = command_of(page)
    assert program == "noiseaudit"
    for option, value in instead.items():
        arguments[arguments.index(f"--{option}") + 1] = value
    [source] = data.glob(f"{arguments[1]}*")  # the file is kept compressed
    arguments[1] = str(source)
    subprocess.run(
        [sys.executable, "-m", "noiseaudit", *arguments, *more, "--force"], cwd=folder, check=True, capture_output=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    return na.AuditResult.from_dict(json.loads((folder / "result.json").read_text("utf-8")))
