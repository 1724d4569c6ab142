"""Any source as one DuckDB view: columns c0, c1, … under their real names, and the row they came from.

Column names of the user never enter SQL; the view renames them by position.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.text_file import TextFile, open_text, ragged_rows

VIEW = "source"
MEMORY = "1GB"
MOST_ROWS = 20  # listed in a problem; the total is always given


@dataclass
class Table:
    """An open source: the view `source` with `row` (1-based data row) and c0 … cN; close it when done.

    names: the user's column names by position; types: DuckDB types; offset: file row = row + offset.
    """

    connection: duckdb.DuckDBPyConnection
    names: tuple[str, ...]
    types: tuple[str, ...]
    offset: int
    sha256: str | None
    name: str
    text: TextFile | None = None
    copies: list[Path] = field(default_factory=list)

    def column(self, name: str) -> str:
        """The view's name of a user's column."""
        return f"c{self.names.index(name)}"

    def kind(self, name: str) -> str:
        """DuckDB type of a user's column."""
        return self.types[self.names.index(name)]

    def is_text(self, name: str) -> bool:
        """The column holds text (and numbers in it are still text)."""
        return self.kind(name) == "VARCHAR" or self.kind(name).startswith("ENUM")

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the view; a text file that does not parse is refused with its rows."""
        try:
            return self.connection.sql(sql).fetchall()
        except duckdb.InvalidInputException:
            raise self.refusal() from None

    def problem(self, name: str, where: str, code: str, what: str, do: str) -> Problem:
        """The problem of every row of a column for which the SQL condition holds, the first rows listed."""
        total = int(self.fetch(f"SELECT count(*) FROM {VIEW} WHERE {where}")[0][0])
        rows = self.fetch(f"SELECT row FROM {VIEW} WHERE {where} ORDER BY row LIMIT {MOST_ROWS}")
        return Problem(code, what, do, column=name, rows=tuple(int(r) + self.offset for (r,) in rows), total=total)

    def refusal(self) -> DataError:
        """Why the source could not be read through."""
        if self.text is None:
            return DataError([Problem("E105", "the file is damaged.", "Export it again.")])
        return DataError([ragged_rows(self.text)])

    def close(self) -> None:
        """Close the engine and remove private copies."""
        self.connection.close()
        for copy in self.copies:
            copy.unlink(missing_ok=True)


def open_table(source: object, design: AuditDesign, *, name: str | None = None) -> Table:
    """Open a path (CSV, TSV, gzip of these, Parquet), a pandas, Polars or Arrow frame, or a DuckDB relation."""
    connection = duckdb.connect(
        config={
            "threads": 1,  # sums in one order: the same input gives the same bytes
            "memory_limit": MEMORY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
    )
    try:
        if isinstance(source, str | os.PathLike):
            return _open_path(connection, Path(source), design, name)
        if isinstance(source, duckdb.DuckDBPyRelation):
            return _open_relation(connection, source, name)
        return _open_frame(connection, source, name)
    except BaseException:
        connection.close()
        raise


def _open_path(con: duckdb.DuckDBPyConnection, path: Path, design: AuditDesign, name: str | None) -> Table:
    if not path.exists():
        raise CallError("no_such_file", f"there is no file {str(path)!r}")
    if path.is_dir():
        raise CallError("is_a_folder", f"{str(path)!r} is a folder; give one file")
    if not path.is_file():
        raise CallError("not_a_file", f"{str(path)!r} is not a regular file")
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
    except PermissionError:
        raise CallError("no_permission", f"{str(path)!r} may not be read by this user") from None
    if magic == b"PAR1":
        return _open_parquet(con, path, name or path.name, _sha256(path))
    text = open_text(path, design)
    copies = [text.path] if text.copied else []
    try:
        _check_header(text)
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(text.header)))
        con.sql(
            f"CREATE VIEW {VIEW} AS SELECT row_number() OVER () AS row, * FROM read_csv({_literal(str(text.path))}, "
            f"auto_detect=false, header=true, skip={text.header_row - 1}, delim={_literal(text.delimiter)}, "
            f"quote='\"', escape='\"', columns={{{columns}}}, strict_mode=true, null_padding=false, "
            f"max_line_size=16000000)"
        )
    except BaseException:
        for copy in copies:
            copy.unlink(missing_ok=True)
        raise
    names, types = text.header, ("VARCHAR",) * len(text.header)
    return Table(con, names, types, text.header_row, text.sha256, name or path.name, text, copies)


def _check_header(text: TextFile) -> None:
    if len(text.header) == 1 and not text.header[0]:
        raise DataError([Problem("E101", "the file holds no table.", "Export it again and check that it holds rows.")])


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str, sha256: str | None) -> Table:
    try:
        described = con.sql(f"DESCRIBE SELECT * FROM read_parquet({_literal(str(path))})").fetchall()
    except duckdb.Error:
        raise DataError([Problem("E105", "the Parquet file is damaged.", "Export it again.")]) from None
    names = tuple(str(row[0]) for row in described)
    columns = ", ".join(f"{_identifier(n)} AS c{i}" for i, n in enumerate(names))
    con.sql(
        f"CREATE VIEW {VIEW} AS SELECT file_row_number + 1 AS row, {columns} "
        f"FROM read_parquet({_literal(str(path))}, file_row_number=true)"
    )
    return Table(con, names, tuple(str(row[1]) for row in described), 0, sha256, name)


def _open_relation(con: duckdb.DuckDBPyConnection, source: duckdb.DuckDBPyRelation, name: str | None) -> Table:
    """A relation belongs to its own connection: it goes out to a private Parquet copy and comes back in."""
    handle, copy = tempfile.mkstemp(prefix="noiseaudit-", suffix=".parquet")
    os.close(handle)
    path = Path(copy)
    try:
        source.write_parquet(copy)
        table = _open_parquet(con, path, name or "relation", None)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    table.copies.append(path)
    return table


def _open_frame(con: duckdb.DuckDBPyConnection, source: object, name: str | None) -> Table:
    import narwhals as nw

    try:
        frame = nw.from_native(source, eager_only=False)  # type: ignore[call-overload]
    except TypeError:
        raise CallError(
            "unknown_source",
            f"cannot read a {type(source).__name__}; give a path, a pandas, Polars or Arrow frame, or a relation",
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    names = tuple(str(column) for column in frame.columns)
    renamed = frame.rename({column: f"c{i}" for i, column in enumerate(frame.columns)})
    con.register("handed_in", renamed.to_native())
    con.sql(f"CREATE VIEW {VIEW} AS SELECT row_number() OVER () AS row, * FROM handed_in")
    described = con.sql(f"DESCRIBE {VIEW}").fetchall()[1:]
    return Table(con, names, tuple(str(row[1]) for row in described), 0, None, name or "frame")


def _sha256(path: Path) -> str:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
