"""A Windows CSV of 1 M rows, read with the full account, against DuckDB's text-only read of the same file in UTF-8.

    python -m benchmarks.read_csv > benchmarks/read_csv.md
    python -m benchmarks.read_csv --rows 10000000 --runs 1 --cases 2000     # 10 M rows, 1 M cells

`;` between fields, decimal commas, accents in cp1252, CRLF; six columns, about 58 bytes a row. Two files: a panel of
50,000 cases x professionals with twenty decisions each, and a log in which nearly every row is a cell of its own. Each
way runs in a process of its own, which also gives its peak memory.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.measure import HEAD, in_own_processes, in_this_process, rows

SETTINGS = {"threads": 1, "memory_limit": "1GB"}
COLUMNS = ("Zaaknummer", "Soort aanvraag", "Behandelaar", "Datum beoordeling", "Ronde", "Toegekend bedrag")
KINDS = ("Huishoudelijke hulp", "Vervoer", "Woningaanpassing", "Begeleiding België")
BLOCK = 100_000


def make(path: Path, count: int, *, cases: int) -> None:
    """The export in cp1252, and beside it (`.utf8`) the same text in UTF-8."""
    import numpy as np

    rng = np.random.default_rng(1)
    beside = path.with_suffix(".utf8")
    with path.open("w", encoding="cp1252", newline="") as out, beside.open("w", encoding="utf-8", newline="") as plain:
        for start in range(0, count, BLOCK):
            size = min(BLOCK, count - start)
            case, judge = rng.integers(0, cases, size), rng.integers(0, 500, size)
            kind, day, amount = rng.integers(0, 4, size), rng.integers(1, 29, size), rng.lognormal(7, 0.5, size)
            lines = [] if start else [";".join(COLUMNS) + "\r\n"]
            for i in range(size):
                money = f"{amount[i]:.2f}".replace(".", ",")
                lines.append(
                    f"2026-{case[i]:07d};{KINDS[kind[i]]};B-{judge[i]:03d} é;{day[i]:02d}-03-2026;"
                    f"{start + i};{money}\r\n"
                )
            for file in (out, plain):
                file.writelines(lines)


def _design() -> object:
    from noiseaudit.design import AuditDesign

    return AuditDesign(case=COLUMNS[0], judge=COLUMNS[2], decision=COLUMNS[5], occasion=COLUMNS[4])


def opened(path: str) -> int:
    """Encoding, dialect, every record and every value checked: a Log."""
    from noiseaudit.reading import read

    with read(path, _design()) as log:
        return log.table.records or 0


def tabulated(path: str) -> int:
    """The same, then cells, labels and the account of rows."""
    from noiseaudit.reading import read, tabulate

    with read(path, _design()) as log:
        return tabulate(log).input.rows_read


def _source(path: str) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(COLUMNS)))
    file = Path(path).with_suffix(".utf8")
    return (
        f"read_csv('{file}', auto_detect=false, header=false, skip=1, delim=';', quote='\"', escape='\"', "
        f"columns={{{columns}}}, compression='none')"
    )


def text_only(path: str) -> int:
    """DuckDB reads all columns as text into a table."""
    import duckdb

    con = duckdb.connect(config=SETTINGS)
    con.sql(f"CREATE TABLE rows AS SELECT * FROM {_source(path)}")
    return int(con.sql("SELECT count(*) FROM rows").fetchall()[0][0])


def bare_scan(path: str) -> int:
    """DuckDB looks at all columns and keeps nothing."""
    import duckdb

    lengths = ", ".join(f"max(length(c{i}))" for i in range(len(COLUMNS)))
    con = duckdb.connect(config=SETTINGS)
    return int(con.sql(f"SELECT count(*), {lengths} FROM {_source(path)}").fetchall()[0][0])


WAYS = {
    "DuckDB, text only, into a table": text_only,
    "DuckDB, bare scan": bare_scan,
    "noiseaudit, checked and typed": opened,
    "noiseaudit, with cells and account": tabulated,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, help="one file with so many cases, judged by 500 professionals")
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--path")
    options = parser.parse_args()
    if options.way:
        in_this_process(WAYS[options.way], options.path)
        return
    print(f"## {options.rows:,} rows\n")
    of = f" --cases {options.cases}" if options.cases else ""
    print(
        f"Made by `python -m benchmarks.read_csv --rows {options.rows} --runs {options.runs}{of}`. One engine thread.\n"
    )
    files = {"a panel": 100, "nearly every row its own cell": options.rows // 3}
    if options.cases:
        files = {f"{options.cases:,} cases x 500 professionals": options.cases}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        for what, cases in files.items():
            make(path, options.rows, cases=cases)
            ways = [(name, str(path)) for name in WAYS]
            measured = in_own_processes("benchmarks.read_csv", ways, runs=options.runs)
            assert set(measured.found.values()) == {options.rows}
            print(f"### {what[0].upper()}{what[1:]}: {path.stat().st_size / 1e6:,.0f} MB\n")
            print(HEAD)
            print("\n".join(rows(measured.times, base="DuckDB, text only, into a table")))
            peaks = "; ".join(f"{name} {mb:,.0f} MB" for name, mb in measured.peaks.items())
            print(f"\nPeak memory of the whole process: {peaks}.\n")


if __name__ == "__main__":
    main()
