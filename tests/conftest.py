from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.cli import main

Run = Callable[..., tuple[int, str, str]]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder with published data is not beside this checkout")
    return SHARED


def long(table: list[list[float]], *, without: tuple[tuple[int, int], ...] = ()) -> pd.DataFrame:
    """Cases in rows, judges in columns -> one row a decision."""
    rows = [
        {"case": f"c{i}", "judge": f"j{j}", "decision": value}
        for i, line in enumerate(table)
        for j, value in enumerate(line)
        if (i, j) not in without
    ]
    return pd.DataFrame(rows)


TOY = [[5, 7, 6, 9], [2, 3, 5, 4], [8, 12, 9, 13], [4, 4, 7, 6], [1, 5, 3, 5]]
ROLES = {"case": "case", "judge": "judge", "decision": "decision"}


@pytest.fixture
def toy() -> pd.DataFrame:
    """Toy panel A: complete, 5 cases x 4 judges."""
    return long(TOY)


@pytest.fixture
def toy_b() -> pd.DataFrame:
    """Toy panel B: A without three cells."""
    return long(TOY, without=((0, 3), (2, 1), (4, 0)))


def frac(x: np.ndarray) -> np.ndarray:
    return x - np.floor(x)


@pytest.fixture
def panel_c() -> pd.DataFrame:
    """Deterministic complete panel: 12 judges x 25 cases."""
    i = np.arange(300)
    case, judge = i // 12, i % 12
    u = frac(12345.678 * np.sin(78.233 * i))
    y = 20 + 4 * np.sin(2.1 * case) + 1.5 * np.cos(1.9 * judge) + 2 * (u - 0.5)
    return pd.DataFrame({"case": case, "judge": judge, "decision": y})


@pytest.fixture
def panel_d() -> pd.DataFrame:
    """Deterministic sparse panel with repeats: 556 cells of 600 decisions."""
    i = np.arange(600)
    case, judge = 7919 * i % 60, (104729 * i + i // 17) % 13
    u = frac(43758.5453 * np.sin(12.9898 * i))
    y = 10 + 3 * np.sin(1.7 * case) + 1.2 * np.cos(2.3 * judge) + 0.8 * np.sin(3.1 * case + 5.7 * judge)
    return pd.DataFrame({"case": case, "judge": judge, "decision": y + 3 * (u - 0.5), "round": i})


@pytest.fixture
def numeric_result() -> na.AuditResult:
    sim = na.simulate(judges=15, cases=40, per_case=8, repeats=(1, 2), mean=10.0, with_answer=True, seed=3)
    return na.audit(sim.data, **ROLES, occasion="occasion", truth="truth", unit="months", name="numbers")


@pytest.fixture
def yes_no_result() -> na.AuditResult:
    sim = na.simulate(judges=12, cases=40, level=0.8, stable_pattern=0.6, case_sd=2.0, scale="binary", seed=4)
    return na.audit(sim.data, **ROLES, name="yes-no")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The command line in this process: exit code, standard output, standard error."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGPIPE)}

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["noiseaudit", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        for number, handler in kept.items():
            signal.signal(number, handler)
        out, err = capfd.readouterr()
        return int(str(code or 0)), out, err

    return call
