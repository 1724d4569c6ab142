"""CPU time of a call, several times in one run, and the table that it makes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


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
