"""10 M rows of Parquet to 1 M cells: our reading against hand-written DuckDB SQL with the same passes, in one run.

    python -m benchmarks.parquet_cells > benchmarks/parquet_cells.md

Each way runs in a process of its own, which also gives its peak memory.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.measure import HEAD, in_own_processes, in_this_process, rows

SETTINGS = {"threads": 1, "memory_limit": "1GB"}


def make(path: Path) -> None:
    """10 M decisions on 1 M cells: 2,000 judges x 500 cases, ten times each, text ids, a column of occasions."""
    import duckdb

    duckdb.connect().sql(
        f"""COPY (SELECT 'J' || (i % 2000) AS judge, 'C' || ((i // 2000) % 500) AS "case", i // 1000000 AS occasion,
        1000 + sin(i * 0.7) * 10 + cos((i % 2000) * 1.3) * 5 AS decision FROM range(10000000) t(i))
        TO '{path}' (FORMAT parquet)"""
    )


def ours(path: str) -> int:
    from noiseaudit.design import AuditDesign
    from noiseaudit.reading import read, tabulate

    roles = AuditDesign(case="case", judge="judge", decision="decision", occasion="occasion")
    with read(path, roles) as log:
        return len(tabulate(log).main)


def by_hand(path: str) -> int:
    """The same passes: those of the cells, and the look for rows that repeat an earlier one."""
    import duckdb

    count = cells_by_hand(path)
    con = duckdb.connect(config=SETTINGS)
    repeats = f"""SELECT 1 FROM read_parquet('{path}') GROUP BY hash("case", judge, decision, occasion)
        HAVING count(*) > 1 LIMIT 1"""
    assert not con.sql(repeats).fetchall()
    return count


def cells_by_hand(path: str) -> int:
    """Is there a row, is there a decision, infinities, the profile of the decision, the group-by."""
    import duckdb

    con = duckdb.connect(config=SETTINGS)
    scan = f"read_parquet('{path}', file_row_number=true)"
    con.sql(f"SELECT 1 FROM {scan} LIMIT 1").fetchall()
    con.sql(f"SELECT 1 FROM {scan} WHERE decision IS NOT NULL LIMIT 1").fetchall()
    con.sql(f"SELECT file_row_number FROM {scan} WHERE isinf(decision) LIMIT 20").fetchall()
    (_, _, _, _, first) = con.sql(
        "SELECT count(v), min(v), bool_and(v = floor(v)), bool_and(v IN (0, 1)), arg_min(v, row) FROM "
        f"(SELECT file_row_number AS row, CASE WHEN isnan(decision) THEN NULL ELSE decision END AS v FROM {scan})"
    ).fetchall()[0]
    table = con.sql(
        f"""SELECT "case", judge, count(*) AS rows, count(v) AS n, min(row) AS first, avg(v) AS mean,
        var_pop(v) * count(v) AS m2 FROM (SELECT "case", judge, file_row_number AS row, decision - {first} AS v
        FROM {scan}) GROUP BY ALL ORDER BY first"""
    ).df()
    return len(table)


def bare_scan(path: str) -> int:
    import duckdb

    con = duckdb.connect(config=SETTINGS)
    return int(
        con.sql(
            f"""SELECT length(max("case")), length(max(judge)), sum(decision) FROM read_parquet('{path}')"""
        ).fetchall()[0][0]
    )


WAYS = {
    "bare scan of the columns": bare_scan,
    "hand-written SQL, cells without the look for repeated rows": cells_by_hand,
    "hand-written SQL, same passes": by_hand,
    "noiseaudit, file to cells": ours,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--way")
    parser.add_argument("--path")
    options = parser.parse_args()
    if options.way:
        in_this_process(WAYS[options.way], options.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        make(path)
        ways = [(name, str(path)) for name in WAYS]
        measured = in_own_processes("benchmarks.parquet_cells", ways, runs=options.runs)
    print("# Ten million rows to a million cells\n")
    print(
        f"Made by `python -m benchmarks.parquet_cells --runs {options.runs}`. One engine thread, memory limit 1 GB.\n"
    )
    print(HEAD)
    print("\n".join(rows(measured.times, base="hand-written SQL, same passes")))
    print(
        "\nPeak memory of the whole process: "
        + "; ".join(f"{name} {mb:,.0f} MB" for name, mb in measured.peaks.items())
        + "."
    )


if __name__ == "__main__":
    main()
