"""A worker that audits and checks again and again in one process: memory, open files and threads, as it goes.

    python -m benchmarks.worker --times 600 > benchmarks/worker.md

Each time it reads a CSV export, audits it and holds it against a policy; every fifth time the export cannot be used.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import noiseaudit as na

PAGE = Path("/proc/self/statm")


@dataclass(frozen=True)
class Sample:
    """What the process holds after so many checks. resident: MB."""

    checks: int
    resident: float
    files: int
    threads: int


def held(checks: int) -> Sample:
    gc.collect()
    pages = int(PAGE.read_text("ascii").split()[1])
    resident = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Sample(checks, round(resident, 1), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))


def write_exports(folder: Path, *, judges: int = 8, cases: int = 12) -> list[Path]:
    rng, paths = np.random.default_rng(1), []
    for number in range(4):
        rows = [
            f"c{case},j{judge},{case % 4 + 0.4 * judge * (number - 1) + rng.normal():.3f}"
            for case in range(cases)
            for judge in range(judges)
        ]
        paths.append(folder / f"export{number}.csv")
        paths[-1].write_text("\n".join(["case,judge,decision", *rows]) + "\n", "utf-8")
    paths.append(folder / "unusable.csv")
    paths[-1].write_text("case,judge,decision\n1,a,much\n1,b,2\n", "utf-8")
    return paths


def work(path: Path) -> str:
    """One job of the worker; what it found, in full."""
    policy = na.Policy((na.Rule("level", "noise.level.sd", fail=1.0),))
    design = na.AuditDesign(case="case", judge="judge", decision="decision", design="panel")
    try:
        outcome = na.check(na.audit(path, design, propose=False), policy)
    except na.DataError as error:
        return error.code
    return json.dumps(outcome.to_dict()) + outcome.to_junit()


def run(paths: list[Path], *, times: int, every: int) -> list[Sample]:
    samples = []
    for done in range(1, times + 1):
        work(paths[done % len(paths)])
        if done % every == 0:
            samples.append(held(done))
    return samples


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--times", type=int, default=600)
    ask.add_argument("--every", type=int, default=50)
    ask.add_argument("--json", action="store_true")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = run(write_exports(Path(folder)), times=given.times, every=given.every)
    if given.json:
        print(json.dumps([asdict(sample) for sample in samples]))
        return 0
    print("# A worker that checks again and again\n")
    print(
        "One process reads a CSV export of 96 decisions, audits it and checks it; every fifth export cannot be used.\n"
    )
    print(f"```sh\npython -m benchmarks.worker --times {given.times} > benchmarks/worker.md\n```\n")
    print("| checks | resident memory, MB | open files | threads |\n|---|---|---|---|")
    for sample in samples:
        print(f"| {sample.checks} | {sample.resident} | {sample.files} | {sample.threads} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
