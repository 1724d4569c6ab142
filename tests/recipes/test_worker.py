"""A long-running worker: hundreds of checks in one process hold no more memory, files or threads than a few."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.worker import PAGE, work, write_exports
from tests.recipes.recipes import ROOT

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="memory and open files are read from /proc")


def test_nothing_grows() -> None:
    command = [sys.executable, "-m", "benchmarks.worker", "--times", "400", "--every", "50", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    _, first, *rest = json.loads(done.stdout)  # the first fifty warm up
    last = rest[-1]
    assert last["checks"] == 400
    held = min(
        sample["resident"] for sample in rest[-3:]
    )  # what is only borrowed when a sample is taken comes and goes
    assert held - first["resident"] < 4, "MB in 200 checks: 20 kB each would be seen"
    assert last["files"] <= first["files"]
    assert last["threads"] <= first["threads"]


def test_threads_have_the_same_outcomes(tmp_path: Path) -> None:
    paths = write_exports(tmp_path)
    alone = [work(path) for path in paths]
    assert len(set(alone)) == len(paths)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, paths * 4)) == alone * 4
