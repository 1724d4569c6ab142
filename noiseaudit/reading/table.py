"""Any source as one DuckDB view: columns c0, c1, … under their real names, and the row they came from.

Column names of the user never enter SQL; the view renames them by position.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from noiseaudit.errors import DataError, Place, Problem
from noiseaudit.reading.places import Locator, Places, letter
from noiseaudit.reading.structure import LONGEST_RECORD
from noiseaudit.result import Finding

VIEW = "source"
MEMORY = "1GB"
MOST_HELD = 128_000_000  # bytes of a text whose columns may be kept in the engine, which has MEMORY for everything
MOST_PLACES = 20  # listed in a problem; the total is always given


@dataclass
class Table:
    """An open source: the view `source` with `row` (1-based data row) and c0 … cN; close it when done.

    names: the user's column names by position; types: DuckDB types. reading: what repeats the reading;
    evidence: why, by setting; findings: what was met on the way.
    records: rows of the view, where they were counted beforehand. left_out: rows that are not in it, by reason.
    roles: those that the format itself gives.
    unchanged: tells, at the end, whether the source is still what it was.
    size: bytes of a text that every query cuts into fields again, None where columns are at hand. whole: the view with
    all columns.
    """

    connection: duckdb.DuckDBPyConnection
    names: tuple[str, ...]
    types: tuple[str, ...]
    name: str
    kind: str
    places: Locator = field(default_factory=Places)
    sha256: str | None = None
    reading: dict[str, object] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    records: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    copies: list[Path] = field(default_factory=list)
    show_values: bool = False
    unchanged: Callable[[], None] = lambda: None
    size: int | None = None
    whole: str = VIEW

    def column(self, name: str) -> str:
        """The view's name of a user's column."""
        return f"c{self.names.index(name)}"

    def type_of(self, name: str) -> str:
        """DuckDB type of a user's column."""
        return self.types[self.names.index(name)]

    def is_text(self, name: str) -> bool:
        """The column holds text (and numbers in it are still text)."""
        return self.type_of(name) == "VARCHAR" or self.type_of(name).startswith("ENUM")

    def is_whole(self, name: str) -> bool:
        """The column is of a type of whole numbers."""
        return re.fullmatch("U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", self.type_of(name)) is not None

    def is_number(self, name: str) -> bool:
        """The column is of a type of numbers."""
        return self.is_whole(name) or self.type_of(name).startswith(("DECIMAL", "DOUBLE", "FLOAT", "REAL"))

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the view; a source that does not parse after all is refused."""
        try:
            return self.connection.sql(sql).fetchall()
        except duckdb.InvalidInputException:
            raise self.refusal() from None

    def numbers(self, sql: str, column: str) -> npt.NDArray[Any]:
        """One column of a query as an array."""
        try:
            return np.asarray(self.connection.sql(sql).fetchnumpy()[column])
        except duckdb.InvalidInputException:
            raise self.refusal() from None

    def hold(self, names: Collection[str]) -> None:
        """Keep these columns of a text in the engine, and no others in `source`: they are asked for several times.

        Cutting the text once and keeping them costs 1.5 times one query of the text, and a later query half of one. A
        large text is not kept, so that memory stays bounded.
        """
        if self.size is None or self.size > MOST_HELD:
            return
        self.whole, self.size = f"whole_{VIEW}", None
        columns = ", ".join(f"c{i}" for i, name in enumerate(self.names) if name in names)
        try:
            self.connection.execute(f"ALTER VIEW {VIEW} RENAME TO {self.whole}")
            self.connection.execute(f"CREATE TABLE {VIEW} AS SELECT row, {columns} FROM {self.whole}")
        except duckdb.InvalidInputException:
            raise self.refusal() from None

    def rows(self) -> int:
        """Rows of the view."""
        return int(self.fetch(f"SELECT count(*) FROM {VIEW}")[0][0])

    def problem(self, name: str, where: str, *, code: str, what: str, do: str) -> Problem:
        """The problem of every row of a column for which the SQL condition holds, the first places listed."""
        total = int(self.fetch(f"SELECT count(*) FROM {VIEW} WHERE {where}")[0][0])
        value = f"left(CAST({self.column(name)} AS VARCHAR), 60)" if self.show_values else "NULL"
        rows = self.fetch(f"SELECT row, {value} FROM {VIEW} WHERE {where} ORDER BY row LIMIT {MOST_PLACES}")
        return self.problem_at(name, rows, total, code=code, what=what, do=do)

    def problem_at(
        self, name: str | None, rows: list[tuple[Any, ...]], total: int, *, code: str, what: str, do: str
    ) -> Problem:
        """A problem at the data rows listed (with a value, or None, beside each)."""
        places = []
        for row, value in rows:
            place = self.places.of(int(row))
            places.append(Place(place.row, place.excel, place.file, place.column, value))
        of_sheet = name in self.names and self.kind not in ("frame", "relation", "parquet", "xes")
        column = letter(self.names.index(str(name))) if of_sheet else None
        return Problem(code, what, do, column=name, letter=column, places=tuple(places), total=total)

    def refusal(self) -> DataError:
        """Why the source could not be read through."""
        return DataError([Problem("E105", "the file is damaged.", "Export it again.")])

    def close(self) -> None:
        """Close the engine and remove private copies."""
        self.connection.close()
        for copy in self.copies:
            if copy.is_dir():
                shutil.rmtree(copy, ignore_errors=True)
            else:
                copy.unlink(missing_ok=True)


def text_view(
    con: duckdb.DuckDBPyConnection, path: Path, header: tuple[str, ...], *, skip: int, delimiter: str
) -> Table:
    """The view over a text file whose records are known to be regular."""
    if not any(header):
        raise DataError([Problem("E101", "the file holds no table.", "Export it again and check that it holds rows.")])
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    con.sql(
        f"CREATE VIEW {VIEW} AS SELECT row_number() OVER () AS row, * FROM read_csv({literal(str(path))}, "
        f"auto_detect=false, header=false, skip={skip}, delim={literal(delimiter)}, quote='\"', escape='\"', "
        f"columns={{{columns}}}, strict_mode=true, null_padding=false, max_line_size={LONGEST_RECORD}, "
        f"buffer_size={LONGEST_RECORD}, compression='none')"
    )
    return Table(con, header, ("VARCHAR",) * len(header), path.name, "text", size=path.stat().st_size)


def new_engine(copies: list[Path]) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory: one thread, a memory limit, a private place to spill to, and no extension from outside."""
    spill = Path(tempfile.mkdtemp(prefix="noiseaudit-"))  # mkdtemp makes mode 0700
    copies.append(spill)
    return duckdb.connect(
        config={
            "threads": 1,  # sums in one order: the same input gives the same bytes
            "memory_limit": MEMORY,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as it lies there."""
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()
