"""pandas, Polars, Arrow, DuckDB, CSV and Parquet give the same cells; so do the engines that run the group-by."""

from __future__ import annotations

from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import noiseaudit as na
from noiseaudit.aggregates import Cells
from noiseaudit.backends import group_rows, group_values
from noiseaudit.design import AuditDesign
from noiseaudit.errors import Problem
from noiseaudit.reading import read, table, tabulate

DESIGN = AuditDesign(case="case", judge="judge", decision="decision", occasion="occasion")
KINDS = ("pandas", "polars", "arrow", "duckdb", "parquet", "csv", "semicolon", "gzip", "tsv")


def panel() -> pd.DataFrame:
    data = na.simulate(judges=9, cases=30, per_case=4, repeats=(1, 3), mean=1000.0, seed=5).data
    return data.assign(decision=data["decision"].round(6))


def source(kind: str, data: pd.DataFrame, folder: Path) -> object:
    path = folder / f"data.{kind}"
    if kind == "polars":
        return pl.DataFrame(data.to_dict("list"))
    if kind == "arrow":
        return pa.table(data.to_dict("list"))
    if kind == "duckdb":
        return duckdb.from_arrow(pa.table(data.to_dict("list")))
    if kind == "parquet":
        pq.write_table(pa.table(data.to_dict("list")), path)
        return path
    if kind in ("csv", "gzip"):
        data.to_csv(path, index=False, compression={"method": "gzip", "mtime": 1} if kind == "gzip" else None)
        return path
    if kind == "tsv":
        data.to_csv(path, index=False, sep="\t")
        return path
    if kind == "semicolon":
        data.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
        return path
    return data


def cells(kind: str, data: pd.DataFrame, folder: Path) -> Cells:
    with read(source(kind, data, folder), DESIGN) as log:
        return tabulate(log).main


def as_frame(found: Cells) -> pd.DataFrame:
    return pd.DataFrame({
        "case": found.cases[found.case], "judge": found.judges[found.judge], "n": found.n,
        "mean": found.mean[:, 0] + float(found.shift), "m2": found.m2[:, 0],
    }).sort_values(["case", "judge"], ignore_index=True)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_same_cells(kind: str, tmp_path: Path) -> None:
    data = panel()
    expected, found = (
        as_frame(Cells.from_arrays(data["case"], data["judge"], data["decision"])),
        as_frame(cells(kind, data, tmp_path)),
    )
    assert found[["case", "judge", "n"]].equals(expected[["case", "judge", "n"]])
    assert np.allclose(found["mean"], expected["mean"], rtol=1e-12, atol=0)
    assert np.allclose(found["m2"], expected["m2"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes_twice(kind: str, tmp_path: Path) -> None:
    data = panel()
    texts = set()
    for turn in ("first", "second"):
        folder = tmp_path / turn
        folder.mkdir()
        result = na.audit(source(kind, data, folder), DESIGN, name="data")
        texts.add(repr(result.to_dict("team")))
    assert len(texts) == 1


ROWS = "case;kind;judge;score;day\na;p;x;1,5;\na;p;x;2,5;\n;;;;\nTotaal;;;9;\n;;;;3\nb;q;;1;\nb;q;y;;\nb;q;z;7;\n"


@pytest.mark.parametrize("rest", ["b;q;z;7;\n", "b;q;z;7;2\n", "b;q;z;seven;\n", "b;p;z;7;\n"])
@pytest.mark.parametrize("duplicates", ["ask", "drop", "keep"])
def test_a_text_too_large_to_be_held_reads_the_same(
    rest: str, duplicates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`day` has no role: rows that differ there only are no copies, and a row that holds nothing else is not blank."""
    path = tmp_path / "data.csv"
    path.write_text(ROWS + rest, "utf-8")
    design = AuditDesign(case="case", judge="judge", decision="score", groups=("kind",), duplicates=duplicates)

    def seen(*, held: bool) -> object:
        try:
            with read(path, design) as log:
                found = tabulate(log)
                assert held == (log.table.whole != table.VIEW)
        except na.DataError as error:
            return error.problems
        return found.input, found.findings, as_frame(found.main).to_dict("list")

    small = seen(held=True)
    monkeypatch.setattr(table, "MOST_HELD", 0)
    assert small == seen(held=False)
    refused = "seven" in rest or "b;p" in rest or (rest == "b;q;z;7;\n" and duplicates == "ask")
    assert refused == (isinstance(small, tuple) and isinstance(small[0], Problem))


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow", "duckdb"])
def test_engines_run_the_same_group_by(engine: str) -> None:
    data = panel()
    rows = {
        "case_id": data["case"].tolist(), "judge_id": data["judge"].tolist(), "row": list(range(1, len(data) + 1)),
        "decision": (data["decision"] - 1000).tolist(),
    }  # fmt: skip
    connection = duckdb.connect()
    native = {
        "pandas": lambda: pd.DataFrame(rows),
        "polars": lambda: pl.DataFrame(rows),
        "arrow": lambda: pa.table(rows),
        "duckdb": lambda: connection.from_arrow(pa.table(rows)),
    }[engine]()
    table = group_rows(nw.from_native(native).lazy(), connection if engine == "duckdb" else None)
    frame = pd.DataFrame(rows)
    grouped = frame.groupby(["case_id", "judge_id"])["decision"]
    expected = grouped.agg(["size", "mean"])
    expected["m2"] = grouped.var(ddof=0).fillna(0) * expected["size"]
    found = table.set_index(["case_id", "judge_id"]).loc[expected.index]
    assert (found["n"] == expected["size"]).all()
    assert np.allclose(found["mean"].astype(float), expected["mean"], rtol=1e-12)
    assert np.allclose(found["m2"].astype(float), expected["m2"], rtol=1e-9, atol=1e-12)
    assert table["first"].is_monotonic_increasing


def test_categories_are_counted_exactly() -> None:
    rows = pd.DataFrame({"case_id": ["a", "a", "a", "b"], "judge_id": ["x"] * 4, "row": [1, 2, 3, 4],
                         "decision": [1.0, 2.0, 1.0, np.nan]})  # fmt: skip
    table = group_values(nw.from_native(rows).lazy(), None)
    assert table.loc[table["decision"] == 1.0, "rows"].tolist() == [2]
    assert int(table["rows"].sum()) == 4
