"""A night of 10,000 rows on a store of ten million, against the audit of all rows at once.

    python -m benchmarks.store_night --rows 10000000 > benchmarks/store_night.md

A log in classes of comparable cases; a panel where many rows share a cell; a panel where every row is a cell of its
own. Wall and CPU time of one process each; start-up (modules, words) is not counted, so each audits a tiny table
first. Both read the same format.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

import noiseaudit as na
from noiseaudit.pipeline.increment import audit_increment

SHAPES = {
    "log": na.AuditDesign(
        case="case_id", judge="judge", decision="decision", design="log", comparable="classes", features=("kind", "fee")
    ),
    "panel": na.AuditDesign(case="case_id", judge="judge", decision="decision", design="panel", duplicates="keep"),
    "panel, a row a cell": na.AuditDesign(case="case_id", judge="judge", decision="decision", design="panel"),
}

TINY = na.AuditDesign(case="case", judge="judge", decision="decision")


def rows(kind: str, count: int, *, first: int, seed: float) -> str:
    """SQL of a log of 500 professionals, or of a panel: five judge each of 20,000 cases again and again, or once."""
    case, judge = f"{first} + i", "(random() * 500)::INT"
    if kind == "panel, a row a cell":
        case = f"({first} + i) // 5"
        judge = f"(hash({case}) + i % 5) % 500"
    elif kind == "panel":
        case = "i * 7919 % 20000"
        judge = f"hash(({case}) * 5 + i // 20000 % 5) % 500"
    return (
        f"SELECT 'c' || ({case}) AS case_id, 'p' || {judge} AS judge, (random() * 6)::INT::VARCHAR AS kind, "
        f"round(random() * 1000, 2) AS fee, round(100 + 20 * random() + {seed} * random(), 3) AS decision "
        f"FROM range({count}) AS r(i)"
    )


def child(what: str, kind: str, data: str, store: str) -> None:
    import noiseaudit.pipeline

    noiseaudit.pipeline.audit(na.simulate(judges=5, cases=20, seed=1).data, TINY)
    start, cpu = time.perf_counter(), time.process_time()
    if what == "full":
        noiseaudit.pipeline.audit(data, SHAPES[kind])
    else:
        audit_increment(data, SHAPES[kind], store)
    print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}))


def measured(what: str, kind: str, data: Path, store: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.store_night", "--child", what, kind, str(data), str(store)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--night", type=int, default=10_000)
    parser.add_argument("--child", nargs=4)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    print("# A night on a store\n")
    print(f"`python -m benchmarks.store_night --rows {options.rows}`\n")
    head = f"full audit, wall s (CPU) | night of {options.night:,} rows | share of wall"
    print(f"| store of {options.rows:,} rows | cells | file | rows read from | {head} |")
    print("|---|---|---|---|---|---|---|")
    engine = duckdb.connect()
    for kind, shape in SHAPES.items():
        for suffix in ("csv", "parquet"):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                whole = place / f"all.{suffix}"
                engine.execute(f"COPY ({rows(kind, options.rows, first=0, seed=5)}) TO '{whole}'")
                nights = [place / f"night{k}.{suffix}" for k in range(3)]
                for k, path in enumerate(nights):
                    sql = rows(kind, options.night, first=options.rows + k * options.night, seed=5 + k / 10)
                    engine.execute(f"COPY ({sql}) TO '{path}'")
                store = place / "cells"
                full = measured("full", kind, whole, store)
                audit_increment(whole, shape, store)
                found = [measured("night", kind, path, store) for path in nights]
                night = sorted(found, key=lambda each: each["wall"])[1]
                from noiseaudit.store.state import load

                cells, size = len(load(store).cells), store.stat().st_size / 1e6
                share = night["wall"] / full["wall"]
                print(
                    f"| {kind} | {cells:,} | {size:.1f} MB | {suffix} | {full['wall']:.2f} ({full['cpu']:.2f}) | "
                    f"{night['wall']:.2f} ({night['cpu']:.2f}) | {share:.1%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
