"""Fuzz the parsers of the reading room with atheris, by hand: no traceback, no hang, no reading but the slow one.

    python -m pip install atheris
    python -m benchmarks.fuzz_reading open_text --minutes 5

Prints how many inputs were tried; every finding is written to `fuzz-findings/` once, and the run goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["noiseaudit.reading", "noiseaudit.config", "noiseaudit.toml_lines"]):
    from noiseaudit.config import load_config
    from noiseaudit.design import AuditDesign
    from noiseaudit.errors import CallError, DataError, Place
    from noiseaudit.reading import dates, dialect, labels, numbers, quotes, structure, text_file, xes

from noiseaudit.reading.table import VIEW, new_engine, text_view
from tests.reading.slow_reading import plain_csv, slow_fields, slow_structure

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
FILE = FOLDER / "input"
ENGINE = new_engine([])
REFUSALS = (CallError, DataError)
WORDS = [
    "case;judge;score\n", "a;b;1,5\r\n", '"a";"b";"1.234,50"\n', "sep=;\n", ";;;\n", '"a""b"', "\ufeff",
    "\u00a0€ 1.300,-",
    "Zaaknummer\tBehandelaar\tBedrag\n", "a|b|c\n", "totaal;;5\n", '"', '""', '"\n', "\r", "\x00", "é", "0.000,00",
    "000000E+00", "€ 0.000,00-", "0000-00-00T00:00:00Z", "00-00-0000", "00/00/00 00:00", "version = 1\n",
    "[roles]\ncase = 'x'\n", "[check]\nlevel = {figure = 'noise.level.sd', fail = 1}\n", "<?xml version='1.0'?>",
    "<log><trace><event><string key='concept:name' value='a'/>", "</event></trace></log>", "<!DOCTYPE log>",
    "<date key='time:timestamp' value='2020-01-01'/>",
]  # fmt: skip


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "ignore")


def one_line_end(data: bytes) -> bytes:
    """As open_text hands it on: valid UTF-8, lines that end in one way."""
    return text_of(data).encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def fuzz_open_text(data: bytes) -> None:
    """Whatever is taken, DuckDB and Python's csv cut into the same cells, and as many rows as were announced."""
    FILE.write_bytes(data)
    found = text_file.open_text(FILE, AuditDesign())
    ENGINE.sql(f"DROP VIEW IF EXISTS {VIEW}")
    text_view(ENGINE, found.path, found.header, skip=found.skip, delimiter=found.delimiter)
    rows = ENGINE.sql(f"SELECT * EXCLUDE (row) FROM {VIEW}").fetchall()
    body = found.path.read_bytes().decode("utf-8").split("\n")[int(str(found.reading["header_row"])) - 1 :]
    for copy in found.copies:
        copy.unlink()
    if len(found.header) > 1:  # of one column, the engine takes an empty line for an empty cell
        wanted = plain_csv("\n".join(body), found.delimiter)[1:]
        assert len(rows) == found.rows == len(wanted), f"{len(rows)} rows in the engine, {found.rows} counted"
        assert [[cell or "" for cell in row] for row in rows] == wanted


def fuzz_read_shape(data: bytes) -> None:
    """What has the form of a number is one: exactly the digits and signs that stand there."""
    shape = "".join("0" if mark in "123456789" else mark for mark in text_of(data))
    form = numbers.read_shape(shape)
    if form is None:
        return
    for mark, fits in ((",", form.comma), (".", form.point)):
        value = numbers.number_of(shape, mark)
        if fits and not form.power:
            assert value is not None
            assert value == 0
            digits = value.as_tuple()
            assert max(0, -int(digits.exponent)) <= max(form.fraction, 3 if form.undecided else 0)


def fuzz_date_kind(data: bytes) -> None:
    kind = dates._kind(text_of(data))
    assert kind in (None, "ymd", "dmy", "dmyy")


def fuzz_xes(data: bytes) -> None:
    FILE.write_bytes(data)
    xes.refuse_other_files(FILE)
    walk = xes.Walk(FILE, None)
    events = sum(1 for _ in walk.records())
    assert events == walk.events


def fuzz_scan(data: bytes) -> None:
    """The same records, fields, lines and places as one byte at a time."""
    body = one_line_end(data)
    mark = ";,\t|"[len(data) % 4]
    FILE.write_bytes(body)
    found, wanted = structure.scan(FILE, mark), slow_structure(body, mark)
    assert found.regular == (wanted is not None), f"regular: {found.regular}"
    if wanted is None:
        return
    assert found.widths == wanted.widths
    assert found.other == {width: places[:20] for width, places in wanted.other.items()}
    assert found.joined(found.blank).tolist() == wanted.blank
    tall = zip(found.joined(found.tall).tolist(), found.joined(found.more_lines).tolist(), strict=True)
    assert list(tall) == wanted.tall
    assert (found.records, found.lines) == (wanted.records, wanted.lines)


def fuzz_mender(data: bytes) -> None:
    """Mended text is regular, as long as before, and holds the fields that the slow reading finds."""
    body = one_line_end(data)
    body = body if body.endswith(b"\n") or not body else body + b"\n"
    mark = ";,\t|"[len(data) % 4]
    FILE.write_bytes(body)
    how = dialect.Dialect(mark, ("a", "b"), 1, False, False, {})
    wanted = slow_fields(text_of(body), mark)
    mender = quotes.Mender(how, lambda line: Place(line, line))
    try:
        with FILE.open("rb") as source:
            mended = b"".join(mender.mended(source))
    except DataError:
        assert wanted is None or any(len(cell) > 1_000_000 for record in wanted for cell in record)
        return
    assert wanted is not None
    assert mended.count(b"\n") == body.count(b"\n")
    assert [r for r in plain_csv(text_of(mended), mark) if r != [""]] == [r for r in wanted if r != [""]]
    FILE.write_bytes(mended)
    assert structure.scan(FILE, mark).regular


def fuzz_dialect(data: bytes) -> None:
    found = dialect.find_dialect(text_of(data).replace("\r\n", "\n").replace("\r", "\n"), AuditDesign())
    assert len(found.delimiter) == 1
    assert found.header_line >= 1


def fuzz_config(data: bytes) -> None:
    FILE.write_bytes(data)
    load_config(FILE)


def fuzz_labels(data: bytes) -> None:
    """Cleaning twice is cleaning once."""
    once = labels.label_of(text_of(data))
    assert labels.label_of(once) == once


TARGETS: dict[str, Callable[[bytes], None]] = {
    name.removeprefix("fuzz_"): call for name, call in list(globals().items()) if name.startswith("fuzz_")
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    call, seen, start, tried = TARGETS[options.target], set[str](), time.monotonic(), 0
    kept = Path("fuzz-findings")

    def one(data: bytes) -> None:
        nonlocal tried
        tried += 1
        began = time.monotonic()
        try:
            call(data)
        except REFUSALS:
            pass
        except Exception:
            frames = traceback.format_exc()
            key = hashlib.sha256("".join(line for line in frames.splitlines() if "line " in line).encode()).hexdigest()
            if key not in seen and len(seen) < 50:
                seen.add(key)
                kept.mkdir(exist_ok=True)
                (kept / f"{options.target}-{key[:8]}.bin").write_bytes(data)
                (kept / f"{options.target}-{key[:8]}.txt").write_text(frames, "utf-8")
        if time.monotonic() - began > 2 and "slow" not in seen:
            seen.add("slow")
            kept.mkdir(exist_ok=True)
            (kept / f"{options.target}-slow.bin").write_bytes(data)
        if time.monotonic() - start > 60 * options.minutes:
            minutes = (time.monotonic() - start) / 60
            print(f"| {options.target} | {tried:,} | {minutes:.1f} | {len(seen)} |", flush=True)
            shutil.rmtree(FOLDER, ignore_errors=True)
            raise KeyboardInterrupt

    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, word in enumerate(WORDS):
        (corpus / str(number)).write_bytes(word.encode("utf-8"))
    (corpus / "table").write_text('case;judge;score\na;b;1,5\n"a";"c";"2"\n', "utf-8")
    atheris.Setup(
        [sys.argv[0], str(corpus), "-max_len=600", "-len_control=20", "-rss_limit_mb=6000", "-verbosity=0"], one
    )
    with contextlib.suppress(KeyboardInterrupt):
        atheris.Fuzz()


if __name__ == "__main__":
    main()
