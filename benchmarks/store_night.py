"""A night of 10,000 rows on a store of ten million, against the audit of all rows at once.

    python -m benchmarks.store_night --rows 10000000 > benchmarks/store_night.md

A log in classes of comparable cases; a panel where many rows share a cell; a panel where every row is a cell of its
own. Wall time of one process each, from the library (start-up, that is modules and words, is not counted: each audits a
tiny table first) and by `noiseaudit check`, from the first to the last of the process. Both read the same format. The
least: what no night of a panel can do without, in the library.
"""

from __future__ import annotations

import argparse
import json
import shutil
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
CONFIGS = {
    "log": 'features = ["kind", "fee"]\n[analysis]\ndesign = "log"\ncomparable = "classes"\n',
    "panel": '[analysis]\ndesign = "panel"\nduplicates = "keep"\n',
    "panel, a row a cell": '[analysis]\ndesign = "panel"\n',
}
ROLES = 'version = 1\n[roles]\ncase = "case_id"\njudge = "judge"\ndecision = "decision"\n'
CHECK = '[check]\nlevel = {figure = "noise.level.sd", fail = 1000}\n'
NIGHTS = 5
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
    if what == "least":
        print(least(kind, data, store))
        return
    start = time.perf_counter()
    if what == "full":
        noiseaudit.pipeline.audit(data, SHAPES[kind])
    else:
        audit_increment(data, SHAPES[kind], store)
    print(time.perf_counter() - start)


def least(kind: str, data: str, store: str) -> float:
    """Seconds for the bytes of the store and their checksum, for the new rows, and for the fit with the part of its
    interval that every cell has a share in. Nothing is turned into cells, joined, written or estimated besides.
    """
    from noiseaudit.estimators.linked import Linked
    from noiseaudit.estimators.two_way import fit_two_way
    from noiseaudit.estimators.two_way_intervals import case_part
    from noiseaudit.reading import read, tabulate
    from noiseaudit.store.container import read_container
    from noiseaudit.store.state import load

    linked = Linked.of(load(Path(store)).cells)
    start = time.perf_counter()
    read_container(Path(store))
    with read(data, SHAPES[kind], propose=False) as log:
        tabulate(log)
    case_part(fit_two_way(linked))
    return time.perf_counter() - start


def seconds(what: str, kind: str, data: Path, store: Path) -> float:
    """Of a child of this file, as it says."""
    command = [sys.executable, "-m", "benchmarks.store_night", "--child", what, kind, str(data), str(store)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def by_command(data: Path, config: Path, *more: str) -> float:
    """Of `noiseaudit check`."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "noiseaudit", "check", str(data), "--config", str(config), *more]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = time.perf_counter() - start
    if json.loads(found.stdout.splitlines()[-1])["status"] != "pass":
        raise ValueError(found.stdout)
    return spent


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
    print(f"Seconds of a full audit of {options.rows:,} rows, and of a night of {options.night:,} (median of five).\n")
    of_library, of_command = "full | night | share", "command, full | night | share"
    print(f"| store | cells | file | rows from | {of_library} | {of_command} | least |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    engine = duckdb.connect()
    for kind in SHAPES:
        for suffix in ("csv", "parquet"):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                whole, store, config = place / f"all.{suffix}", place / "cells", place / "noiseaudit.toml"
                config.write_text(ROLES + CONFIGS[kind] + CHECK, "utf-8")
                engine.execute(f"COPY ({rows(kind, options.rows, first=0, seed=5)}) TO '{whole}'")
                nights = [place / f"night{k}.{suffix}" for k in range(NIGHTS)]
                for k, path in enumerate(nights):
                    sql = rows(kind, options.night, first=options.rows + k * options.night, seed=5 + k / 10)
                    engine.execute(f"COPY ({sql}) TO '{path}'")
                print(f"| {line(kind, suffix, whole, nights, store, config)} |", flush=True)


def line(kind: str, suffix: str, whole: Path, nights: list[Path], store: Path, config: Path) -> str:
    """One row of the table."""
    from noiseaudit.store.state import load

    full, command = seconds("full", kind, whole, store), by_command(whole, config)
    audit_increment(whole, SHAPES[kind], store)
    kept = store.with_name("kept")
    shutil.copy(store, kept)
    night = sorted(seconds("night", kind, path, store) for path in nights)[NIGHTS // 2]
    size = f"{len(load(store).cells):,} | {store.stat().st_size / 1e6:.1f} MB"
    nightly = sorted(by_command(path, config, "--store", str(kept)) for path in nights)[NIGHTS // 2]
    bare = (
        ""
        if kind == "log"
        else f"{sorted(seconds('least', kind, path, store) for path in nights)[NIGHTS // 2] / full:.1%}"
    )
    return (
        f"{kind} | {size} | {suffix} | {full:.2f} | {night:.2f} | {night / full:.1%} | "
        f"{command:.2f} | {nightly:.2f} | {nightly / command:.1%} | {bare}"
    )


if __name__ == "__main__":
    main()
