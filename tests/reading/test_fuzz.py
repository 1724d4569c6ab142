"""Nothing that is thrown at the reading room ends in a traceback or a wrong total; what is well formed is read right.

Long runs by hand, with atheris: benchmarks/fuzz_reading.py.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError, NoAnswerError, Place
from noiseaudit.reading import encoding, open_table, read, structure, tabulate
from noiseaudit.reading.dates import date_column
from noiseaudit.reading.dialect import Dialect
from noiseaudit.reading.numbers import number_column, number_of, read_shape
from noiseaudit.reading.quotes import Mender
from noiseaudit.reading.structure import scan
from noiseaudit.reading.table import VIEW

from .slow_reading import plain_csv, slow_fields, slow_structure

REFUSALS = (CallError, DataError, NoAnswerError)
GOOD = (
    b"Zaaknummer;Behandelaar;Bedrag;Datum\r\n0012;Zo\xc3\xab;1.234,50;13-04-2024\r\n0012;Jan;2,5;01-02-2024\r\n"
    b'13;"O""Brien; Jr";\xe2\x82\xac 3,00;02-02-2024\r\n13;Jan;;03-02-2024\r\n\r\n;;4;\r\nTotaal;;1240,00;\r\n'
)
PIECES = (
    b'"',
    b'""',
    b"\x00",
    b";",
    b",",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"1.234",
    b"-",
)


def few(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "data.csv"


def read_or_refused(source: object, **how: object) -> None:
    """Every row is accounted for, or the whole is refused."""
    try:
        with read(source, AuditDesign(**how)) as log:
            account = tabulate(log).input
    except REFUSALS:
        return
    assert account.rows_read == account.rows_used + sum(part.n for part in account.rows_excluded)


@few(120)
@given(data=st.binary(max_size=300))
def test_any_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    read_or_refused(path)


@few(120)
@given(data=st.data())
def test_a_good_file_that_was_damaged(path: Path, data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = data.draw(st.integers(at, min(len(text), at + 9)))
        text = text[:at] + data.draw(st.sampled_from((b"", *PIECES))) + text[until:]
    path.write_bytes(text)
    read_or_refused(path)


@few(60)
@given(cells=st.lists(st.lists(st.text(max_size=6), min_size=3, max_size=3), min_size=1, max_size=8))
def test_any_table_of_text(path: Path, cells: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([["case", "judge", "score"], *cells])
    path.write_bytes(out.getvalue().encode("utf-8", "replace"))
    read_or_refused(path)


LABEL = st.text(st.sampled_from("abcXYZ019-éë;,\"' "), min_size=1, max_size=6).map(str.strip).filter(bool)
AMOUNT = st.decimals(-99_999, 99_999, places=2)


@few(60)
@given(data=st.data())
def test_a_well_formed_table_is_read_as_python_reads_it(path: Path, data: st.DataObject) -> None:
    """csv and Decimal, cell by cell."""
    delimiter, quoting = (
        data.draw(st.sampled_from(";,\t|")),
        data.draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))),
    )
    rows = data.draw(st.lists(st.tuples(LABEL, LABEL, AMOUNT | st.none()), min_size=2, max_size=9))
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=delimiter, quoting=quoting, lineterminator=data.draw(st.sampled_from(("\n", "\r\n")))
    )
    writer.writerow(["case", "judge", "score", "n"])
    for number, (case, judge, value) in enumerate(rows):
        writer.writerow([case, judge, "" if value is None else str(value).replace(".", ","), number])
    path.write_bytes(out.getvalue().encode(data.draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252")))))
    wanted: dict[tuple[str, str], list[Decimal]] = {}
    for case, judge, score, _ in list(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter))[1:]:
        if score:
            key = (" ".join(case.split()), " ".join(judge.split()))
            wanted.setdefault(key, []).append(Decimal(score.replace(",", ".")))
    try:
        with read(path, AuditDesign(case="case", judge="judge", decision="score", scale="continuous")) as log:
            found = tabulate(log)
    except DataError:
        assert not wanted  # the decision is missing everywhere
        return
    cells = found.main
    keys = zip(cells.cases[cells.case], cells.judges[cells.judge], strict=True)
    assert dict(zip(keys, cells.n, strict=True)) == {key: len(values) for key, values in wanted.items()}
    for i, key in enumerate(zip(cells.cases[cells.case], cells.judges[cells.judge], strict=True)):
        mean = sum(wanted[key]) / len(wanted[key]) - cells.shift
        assert cells.mean[i, 0] == pytest.approx(float(mean), rel=1e-12, abs=1e-12)
    assert found.input.rows_read == len(rows)


FRAGMENTS = st.lists(
    st.sampled_from(["a", "é", ";", '"', "\n", '""', ';"', '";', '"\n', '\n"', ";;", "\n\n", "0,5", '"a;b"', '"a\nb"'])
).map("".join)


@few(400)
@given(
    text=FRAGMENTS,
    end=st.sampled_from(("\n", "\r\n")),
    skip=st.integers(0, 2),
    chunk=st.sampled_from((1, 3, 8, 1 << 18)),
)
def test_scan_finds_what_a_slow_reading_finds(path: Path, text: str, end: str, skip: int, chunk: int) -> None:
    data = text.replace("\n", end).encode()
    path.write_bytes(data)
    with mock.patch.object(structure, "_CHUNK", chunk):
        found, wanted = scan(path, ";", skip=skip), slow_structure(data, ";", skip=skip)
    assert found.regular == (wanted is not None)
    if wanted is None:
        return
    assert (found.widths, found.records) == (wanted.widths, wanted.records)
    assert found.other == {width: places[:20] for width, places in wanted.other.items()}
    assert found.joined(found.blank).tolist() == wanted.blank
    tall = zip(found.joined(found.tall).tolist(), found.joined(found.more_lines).tolist(), strict=True)
    assert list(tall) == wanted.tall


@few(200)
@given(data=st.lists(st.sampled_from((b"a", b"\n", b"\r\n", b"\xc3\xab"))).map(b"".join), size=st.integers(1, 5))
def test_lines_do_not_depend_on_the_pieces(data: bytes, size: int) -> None:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(encoding._lines(pieces)) == data.split(b"\n")


@few(400)
@given(text=FRAGMENTS.map(lambda text: text + "\n"), end=st.sampled_from(("\n", "\r\n")))
def test_mended_quotes_are_regular_and_hold_what_a_slow_reading_holds(path: Path, text: str, end: str) -> None:
    path.write_bytes(text.replace("\n", end).encode())
    wanted = slow_fields(text, ";")
    mender = Mender(Dialect(";", ("a", "b"), 1, False, False, {}), lambda line: Place(line, line))
    try:
        with path.open("rb") as source:
            mended = b"".join(mender.mended(source))
    except DataError:
        assert wanted is None
        return
    assert wanted is not None
    assert mended.count(b"\n") == text.count("\n")
    assert plain_csv(mended.decode(), ";") == [record for record in wanted if record != [""]]
    path.write_bytes(mended)
    assert scan(path, ";").regular


SIGNS = list("0123456789.,'’ \u00a0€%-+−E(x٣")
PARTS = ["€ ", "EUR ", " euro", "1.234", ",234", "'234", " 234", "12", ",50", ".5", ",-", ",--", "E+05", *SIGNS]


@few(2000)
@given(text=st.lists(st.sampled_from(PARTS), max_size=7).map("".join))
def test_whatever_has_the_form_of_a_number_is_its_digits(text: str) -> None:
    """Plainly: throw away all but digits, sign and the decimal mark, and the number stands there."""
    shape = re.sub("[1-9]", "0", text.strip().replace("\u00a0", " ")).replace("٣", "\u0660")
    form = read_shape(shape)
    if form is None or form.power:
        return
    for mark, fits in ((",", form.comma), (".", form.point)):
        if fits:
            digits = "".join("3" if sign == "٣" else sign for sign in text if sign.isdigit() or sign == mark)
            wanted = Decimal(digits.replace(mark, ".")) * (
                -1 if set(text.replace(",--", "").replace(",-", "")) & set("-−") else 1
            )
            assert number_of(text, mark) == wanted


def spelt(value: Decimal, thousands: str) -> str:
    whole, fraction = f"{abs(value):,.2f}".split(".")
    return f"{'-' * (value < 0)}{whole.replace(',', thousands)},{fraction}"


@few(40)
@given(
    values=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30),
    thousands=st.sampled_from(("", ".", " ", "\u00a0", "'", "’")),
    around=st.sampled_from(("", " ", "€ ", "\u00a0")),
)
def test_the_engine_casts_to_the_same_numbers(values: list[Decimal], thousands: str, around: str) -> None:
    texts = [around + spelt(value, thousands) for value in values]
    table = open_table(pd.DataFrame({"v": texts}), AuditDesign())
    try:
        column = number_column(table, "v", AuditDesign())
        found = [row[0] for row in table.fetch(f"SELECT {column.sql} FROM {VIEW} ORDER BY row")]
    finally:
        table.close()
    assert found == values
    assert column.first == values[0]


@few(60)
@given(texts=st.lists(st.text(st.sampled_from("0123456789-/. :TZ+"), max_size=19), min_size=1, max_size=4))
def test_any_text_for_dates(texts: list[str]) -> None:
    table = open_table(pd.DataFrame({"v": texts}), AuditDesign())
    try:
        date_column(table, "v", AuditDesign())
    except REFUSALS:
        pass
    finally:
        table.close()


@few(40)
@given(
    days=st.lists(st.dates(date(1901, 1, 1), date(2024, 12, 31)), min_size=1, max_size=20),
    form=st.sampled_from(("{d:02d}-{m:02d}-{y}", "{d}/{m}/{y}", "{d}.{m}.{y}", "{y}-{m:02d}-{d:02d}",
                          "{y}{m:02d}{d:02d}", "{y}-{m:02d}-{d:02d}T08:00:00Z", "{d:02d}-{m:02d}-{y} 23:59")),
)  # fmt: skip
def test_dates_are_the_days_that_were_written(days: list[date], form: str) -> None:
    texts = [form.format(d=day.day, m=day.month, y=day.year) for day in days]
    table = open_table(pd.DataFrame({"v": texts}), AuditDesign())
    try:
        column = date_column(table, "v", AuditDesign(dates="auto" if form.startswith("{y}") else "dmy"))
        found = [row[0] for row in table.fetch(f"SELECT {column.sql} FROM {VIEW} ORDER BY row")]
    finally:
        table.close()
    assert found == days
