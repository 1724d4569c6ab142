"""CPU time of a call, several times in one run, and the table that it makes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


def cpu_times(calls: dict[str, Callable[[], object]], *, runs: int) -> dict[str, list[float]]:
    """CPU seconds of every call, `runs` times in turn, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return times


def rows(times: dict[str, list[float]], *, base: str) -> list[str]:
    """Markdown rows: minimum, median, maximum, and the median as a multiple of the base's."""
    middle = statistics.median(times[base])
    return [
        f"| {name} | {min(t):.3f} | {statistics.median(t):.3f} | {max(t):.3f} | {statistics.median(t) / middle:.2f} |"
        for name, t in times.items()
    ]


HEAD = "| call | min CPU s | median | max | ratio of medians |\n|---|---|---|---|---|"


@dataclass
class Measured:
    """Of every way: CPU seconds of each run, the highest peak memory of its process in MB, and what it gave."""

    times: dict[str, list[float]] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)


def in_this_process(way: Callable[[str], int], path: str) -> None:
    """Run one way, print its figures. Start-up is not what is measured."""
    import duckdb  # noqa: F401 - loaded before the clock starts

    import noiseaudit.reading  # noqa: F401 - the same

    start = time.process_time()
    found = way(path)
    used = time.process_time() - start
    print(json.dumps({"cpu": used, "peak": _peak(), "found": found}))


def _peak() -> float:
    """Highest memory of this process so far, in MB, as Linux tells it; ru_maxrss would begin with its parent's."""
    status = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def in_own_processes(module: str, ways: Iterable[tuple[str, str]], *, runs: int) -> Measured:
    """(way, path) each in a process of its own, in turn, `runs` times; the module takes --way and --path."""
    measured = Measured()
    listed = list(ways)
    for _ in range(runs):
        for way, path in listed:
            command = [sys.executable, "-m", module, "--way", way, "--path", path]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            figures = json.loads(line)
            measured.times.setdefault(way, []).append(figures["cpu"])
            measured.peaks[way] = max(measured.peaks.get(way, 0.0), figures["peak"])
            measured.found[way] = figures["found"]
    return measured
