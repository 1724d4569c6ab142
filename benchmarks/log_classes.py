"""Ten million decisions of Parquet through comparable-case classes, against a bare scan of the same columns.

    python -m benchmarks.log_classes --runs 3 > benchmarks/log_classes.md

The tree is grown beforehand, on a sample; its rules then class every row in the engine. Each way runs in a process of
its own, which also gives its peak memory.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.measure import HEAD, in_own_processes, in_this_process, rows

FEATURES = ("x1", "x2", "x3", "x4", "x5", "kind", "channel", "x6", "x7", "x8")
JUDGES = 500


def make(path: Path, *, cases: int) -> None:
    """A log with ten features, the text ones of five and three values, and its decisions."""
    import duckdb

    numbers = ", ".join(f"(hash(i * 10 + {k}) % 1000003) / 1000003.0 AS x{k}" for k in range(1, 9))
    duckdb.connect().sql(
        f"""COPY (SELECT 'C' || i AS "case", 'J' || (hash(i) % {JUDGES}) AS judge, x1, x2, x3, x4, x5, x6, x7, x8,
        ['new', 'change', 'extension', 'demolition', 'tree'][1 + (hash(i * 3) % 5)::INT] AS kind,
        ['web', 'desk', 'post'][1 + (hash(i * 7) % 3)::INT] AS channel,
        10 * sin(3.14159 * x1 * x2) + 20 * (x3 - 0.5) * (x3 - 0.5) + 10 * x4 + 5 * x5 + (hash(i * 3) % 5)
        + sin((hash(i) % {JUDGES}) * 1.7) + (hash(i * 11) % 1009) / 300.0 AS decision
        FROM (SELECT i, {numbers} FROM range({cases}) t(i))) TO '{path}' (FORMAT parquet)"""
    )


def _design():
    from noiseaudit.design import AuditDesign

    roles = {"case": "case", "judge": "judge", "decision": "decision", "features": FEATURES}
    return AuditDesign(**roles, design="log", duplicates="keep")


def _written(rules) -> object:
    from noiseaudit.comparable.rules import Leaf

    if isinstance(rules, Leaf):
        return rules.number
    return [rules.feature, rules.bound, rules.values, rules.missing, _written(rules.yes), _written(rules.no)]


def _read(held):
    from noiseaudit.comparable.rules import Leaf, Split

    if isinstance(held, int):
        return Leaf(held)
    feature, bound, values, missing, yes, no = held
    return Split(feature, bound, tuple(values), missing, _read(yes), _read(no))


def grow(path: Path) -> None:
    """The rules, beside the file."""
    from noiseaudit.comparable.classes import grow_classes
    from noiseaudit.pipeline.compared import coded_decisions, usable_features
    from noiseaudit.reading import read
    from noiseaudit.reading.case_columns import case_columns, fetch_rows

    with read(path, _design()) as log:
        sample = fetch_rows(log, case_columns(log.table, _design()), findings=[], sample=200_000)
        table, _ = usable_features(sample, _design(), [])
        rules = grow_classes(coded_decisions(sample, log), table, sample.judge).rules
    Path(f"{path}.rules").write_text(json.dumps(_written(rules)), "utf-8")


def ours(path: str) -> int:
    """The file is opened, every row classed and accounted for, and the cells measured."""
    from noiseaudit.comparable.measure import measure_classes
    from noiseaudit.comparable.rules import class_expression
    from noiseaudit.reading import CaseClasses, read, tabulate

    rules = _read(json.loads(Path(f"{path}.rules").read_text("utf-8")))
    with read(path, _design()) as log:
        names = {name: f"f{k}" for k, name in enumerate(FEATURES)}
        columns = {names[name]: log.table.column(name) for name in FEATURES}
        table = tabulate(log, classes=CaseClasses(class_expression(rules, names), columns))
        measure_classes(table.main, name="classes")
        return table.input.rows_used


def bare_scan(path: str) -> int:
    """Every column is read, and something is done with each value."""
    import duckdb

    con = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
    numbers = ", ".join(f"sum({name})" for name in FEATURES if name.startswith("x"))
    (count, *_) = con.sql(
        f"""SELECT count(*), {numbers}, sum(decision), max(kind), max(channel), max(judge), max("case")
        FROM read_parquet('{path}')"""
    ).fetchall()[0]
    return int(count)


WAYS = {"bare scan of the columns": bare_scan, "noiseaudit, file to level noise through classes": ours}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--path")
    chosen = parser.parse_args()
    if chosen.way is not None:
        in_this_process(WAYS[chosen.way], chosen.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        make(path, cases=chosen.rows)
        grow(path)
        measured = in_own_processes("benchmarks.log_classes", [(way, str(path)) for way in WAYS], runs=chosen.runs)
    print("# Ten million decisions of Parquet through classes\n")
    print(f"Made by `python -m benchmarks.log_classes --runs {chosen.runs}`: {chosen.rows:,} decisions of {JUDGES} "
          "professionals, ten features, 30 classes. One engine thread, memory limit 1 GB. The tree was grown "
          "before.\n")  # fmt: skip
    print("\n".join([HEAD, *rows(measured.times, base="bare scan of the columns")]))
    peaks = "; ".join(f"{way} {peak:.0f} MB" for way, peak in measured.peaks.items())
    print(f"\nPeak memory of the whole process: {peaks}. Decisions used: {measured.found}.")


if __name__ == "__main__":
    main()
