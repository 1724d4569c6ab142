"""What a user hands over becomes a Table: a path of any kind, a folder, a frame, a relation."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, Problem
from noiseaudit.reading.event_log import is_event_log
from noiseaudit.reading.places import ManyPlaces
from noiseaudit.reading.sheets import open_events, open_sheet
from noiseaudit.reading.table import VIEW, Table, identifier, literal, new_engine, sha256_of, text_view
from noiseaudit.reading.text_file import open_text
from noiseaudit.reading.unpack import too_large
from noiseaudit.reading.workbook import workbook_kind

_TABLES = (".csv", ".tsv", ".txt", ".gz", ".zip", ".parquet", ".pq", ".xlsx", ".xlsm", ".xls", ".ods", ".xes")


def open_table(source: object, design: AuditDesign, *, name: str | None = None) -> Table:
    """Open a path (CSV, TSV, gzip of these, Excel, Parquet, XES, a folder of such), a frame, or a DuckDB relation."""
    copies: list[Path] = []
    connection = new_engine(copies)
    try:
        if isinstance(source, str | os.PathLike):
            table = _open_path(connection, Path(source), design, copies)
        elif isinstance(source, duckdb.DuckDBPyRelation):
            table = _open_relation(connection, source, copies)
        else:
            table = _open_frame(connection, source)
    except BaseException:
        Table(connection, (), (), "", "", copies=copies).close()
        raise
    table.name = name or table.name
    table.copies = copies
    table.show_values = design.show_values
    return table


def _open_path(con: duckdb.DuckDBPyConnection, path: Path, design: AuditDesign, copies: list[Path]) -> Table:
    if not path.exists():
        raise CallError("no_such_file", f"there is no file {str(path)!r}")
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):  # bytes that Python could not decode
        raise CallError("unreadable_name", f"the file name {str(path)!r} is not valid UTF-8; rename the file")
    if path.is_dir():
        return _open_folder(con, path, design, copies)
    if not path.is_file():
        raise CallError("not_a_file", f"{str(path)!r} is not a regular file; give a file, or - for standard input")
    before = path.stat()
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
    except PermissionError:
        raise CallError("no_permission", f"{str(path)!r} may not be read by this user") from None
    if design.max_bytes is not None and before.st_size > design.max_bytes:
        raise DataError([too_large(design.max_bytes)])
    if magic == b"PAR1":
        table = _open_parquet(con, path, path.name, sha256_of(path))
    elif workbook_kind(path) is not None:
        table = open_sheet(con, path, design, copies)
    elif is_event_log(path):
        table = open_events(con, path, design, copies)
    else:
        table = _open_text(con, path, design, copies)
    table.unchanged = lambda: _refuse_change(path, before)
    return table


def _refuse_change(path: Path, before: os.stat_result) -> None:
    after = path.stat() if path.exists() else None
    same = after is not None and (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    if not same:
        raise DataError(
            [Problem("E111", "the file changed while it was being read; nothing of it was used.",
                     "Wait until the export is finished, then try again.")]
        )  # fmt: skip


def _open_text(con: duckdb.DuckDBPyConnection, path: Path, design: AuditDesign, copies: list[Path]) -> Table:
    text = open_text(path, design)
    copies += text.copies
    table = text_view(con, text.path, text.header, skip=text.skip, delimiter=text.delimiter)
    return replace(
        table, name=path.name, kind="text", places=text.places, sha256=text.sha256, reading=text.reading,
        evidence=text.evidence, findings=list(text.findings), records=text.rows,
        left_out={"blank_row": text.blank},
    )  # fmt: skip


def _open_folder(con: duckdb.DuckDBPyConnection, folder: Path, design: AuditDesign, copies: list[Path]) -> Table:
    """All tables of a folder behind one another, in the order of their names; they must have the same header."""
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in _TABLES)
    if not found:
        raise CallError("is_a_folder", f"{str(folder)!r} is a folder without tables; give a file, or a folder of files")
    parts: list[Table] = []
    starts: list[int] = []
    count = 0
    for number, path in enumerate(found):
        part = _open_path(con, path, design, copies)
        if parts and sorted(part.names) != sorted(parts[0].names):
            raise DataError([_other_header(path, found[0], part.names, parts[0].names)])
        con.sql(f"ALTER VIEW {VIEW} RENAME TO {VIEW}{number}")
        parts.append(part)
        starts.append(count)
        count += int(con.sql(f"SELECT count(*) FROM {VIEW}{number}").fetchall()[0][0])
    names = parts[0].names
    selects = []
    for number, (part, start) in enumerate(zip(parts, starts, strict=True)):
        columns = ", ".join(f"CAST(c{part.names.index(name)} AS VARCHAR) AS c{i}" for i, name in enumerate(names))
        selects.append(f"SELECT row + {start} AS row, {columns} FROM {VIEW}{number}")
    con.sql(f"CREATE VIEW {VIEW} AS " + " UNION ALL ".join(selects))
    left_out: dict[str, int] = {}
    for part in parts:
        for code, n in part.left_out.items():
            left_out[code] = left_out.get(code, 0) + n
    digest = hashlib.sha256("".join(part.sha256 or "" for part in parts).encode("ascii")).hexdigest()
    return Table(
        con, names, ("VARCHAR",) * len(names), folder.resolve().name, parts[0].kind,
        places=ManyPlaces(tuple(part.places for part in parts), tuple(starts), tuple(p.name for p in found)),
        sha256=digest, reading=parts[0].reading, evidence=parts[0].evidence,
        findings=[f for part in parts for f in part.findings], left_out=left_out,
    )  # fmt: skip


def _other_header(path: Path, first: Path, names: tuple[str, ...], wanted: tuple[str, ...]) -> Problem:
    missing, extra = sorted(set(wanted) - set(names)), sorted(set(names) - set(wanted))
    parts = [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    parts += [f"has {', '.join(map(repr, extra))}"] if extra else []
    return Problem(
        "E310",
        f"{path.name!r} has another header than {first.name!r}: it {' and '.join(parts) or 'names columns twice'}.",
        "Give a folder in which all files have the same columns.",
    )


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str, sha256: str | None) -> Table:
    source = f"read_parquet({literal(str(path))}, file_row_number=true)"
    try:
        described = con.sql(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}").fetchall()
    except duckdb.Error:
        raise DataError([Problem("E105", "the Parquet file is damaged.", "Export it again.")]) from None
    names = tuple(str(row[0]) for row in described)
    columns = ", ".join(f"{identifier(n)} AS c{i}" for i, n in enumerate(names))
    con.sql(f"CREATE VIEW {VIEW} AS SELECT file_row_number + 1 AS row, {columns} FROM {source}")
    return Table(con, names, tuple(str(row[1]) for row in described), name, "parquet", sha256=sha256)


def _open_relation(con: duckdb.DuckDBPyConnection, source: duckdb.DuckDBPyRelation, copies: list[Path]) -> Table:
    """A relation belongs to its own connection: it goes out to a private Parquet copy and comes back in."""
    handle, copy = tempfile.mkstemp(prefix="noiseaudit-", suffix=".parquet")
    os.close(handle)
    copies.append(Path(copy))
    source.write_parquet(copy)
    return replace(_open_parquet(con, Path(copy), "relation", None), kind="relation")


def _open_frame(con: duckdb.DuckDBPyConnection, source: object) -> Table:
    import narwhals as nw

    names: tuple[str, ...] | None = None
    if hasattr(source, "set_axis") and hasattr(source, "columns"):  # pandas, where names may stand twice
        names = tuple(map(str, source.columns))
        source = source.set_axis([f"c{i}" for i in range(len(names))], axis=1)
    elif hasattr(source, "rename_columns"):  # Arrow, likewise
        names = tuple(map(str, getattr(source, "column_names", ())))
        source = source.rename_columns([f"c{i}" for i in range(len(names))])
    try:
        frame = nw.from_native(source, eager_only=False)  # type: ignore[call-overload]
    except TypeError:
        raise CallError(
            "unknown_source",
            f"cannot read a {type(source).__name__}; give a path, a pandas, Polars or Arrow frame, or a relation",
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not len(frame.columns):
        raise DataError([Problem("E101", "the table has no columns.", "Export it again.")])
    names = names or tuple(map(str, frame.columns))
    renamed = frame.rename({column: f"c{i}" for i, column in enumerate(frame.columns)})
    try:
        con.register("handed_in", renamed.to_native())
        con.sql(f"CREATE VIEW {VIEW} AS SELECT row_number() OVER () AS row, * FROM handed_in")
        described = con.sql(f"DESCRIBE {VIEW}").fetchall()[1:]
    except duckdb.Error:
        raise CallError(
            "unknown_source", "a column of this frame holds something that is no number, text, date or truth value"
        ) from None
    return Table(con, names, tuple(str(row[1]) for row in described), "frame", "frame")
