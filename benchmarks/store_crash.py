"""kill -9 at random moments of an update of a store: is it always the old one or the new one, and readable?

    python -m benchmarks.store_crash --kills 200 > benchmarks/store_crash.md

Each trial forks a process that merges one more part, and kills it after a random share of the time that an update
takes (measured anew every ten trials). Afterwards the store must load, and hold the parts of before or one more. In
every tenth trial two updates run at once, and one of them is killed: the other must not be lost.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import noiseaudit as na
from noiseaudit.pipeline.increment import audit_increment
from noiseaudit.store.state import load

DESIGN = na.AuditDesign(case="case", judge="judge", decision="decision", design="panel")


def part(number: int) -> pd.DataFrame:
    data = na.simulate(judges=40, cases=250, seed=number + 1).data
    return data.assign(case=f"{number} " + data["case"].astype(str))


def start(data: pd.DataFrame, store: Path) -> int:
    child = os.fork()
    if child == 0:
        code = 0
        try:
            audit_increment(data, DESIGN, store)
        except BaseException:
            code = 1
        os._exit(code)
    return child


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    counts = {"old": 0, "new": 0, "ended before the kill": 0, "unreadable": 0, "lost": 0}
    leftovers = 0
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "cells"
        pid = start(part(0), store)
        os.waitpid(pid, 0)
        takes: list[float] = []
        held = len(load(store).parts)
        for trial in range(options.kills):
            if trial % 10 == 0:  # the store has grown, and an update takes longer
                began = time.perf_counter()
                os.waitpid(start(part(held + 2000 + trial), store), 0)
                takes.append(time.perf_counter() - began)
                held = len(load(store).parts)
            data = part(held + 1000 + trial)
            pid = start(data, store)
            other = start(part(held + 500_000 + trial), store) if trial % 10 == 9 else None
            time.sleep(float(generator.uniform(0, 1.1 * takes[-1])))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WIFEXITED(status):
                counts["ended before the kill"] += 1
            more = 0
            if other is not None:
                _, ended = os.waitpid(other, 0)
                more = int(os.WIFEXITED(ended) and os.WEXITSTATUS(ended) == 0)
                if not more:
                    counts["lost"] += 1
            try:
                now = len(load(store).parts)
            except na.NoiseAuditError:
                counts["unreadable"] += 1
                break
            if now - more == held:
                counts["old"] += 1
            elif now - more == held + 1:
                counts["new"] += 1
            else:
                counts["lost"] += 1
            held = now
            if held > 40:  # keep the store of one size
                store.unlink()
                os.waitpid(start(part(0), store), 0)
                held = len(load(store).parts)
        leftovers = len([path for path in Path(folder).iterdir() if path.name.startswith(".noiseaudit-")])
    print("# kill -9 during an update of a store\n")
    print(
        f"`python -m benchmarks.store_crash --kills {options.kills}`; an update takes "
        f"{min(takes):.2f} to {max(takes):.2f} s.\n"
    )
    print("| afterwards | times |\n|---|---|")
    for name, n in counts.items():
        print(f"| {name} | {n} |")
    print(f"\nTemporary files left when all was over (a later update removes them): {leftovers}.")
    sys.exit(1 if counts["unreadable"] or counts["lost"] else 0)


if __name__ == "__main__":
    main()
