"""What atheris and the corpus found, each pinned: benchmarks/fuzzing.md tells the story."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from noiseaudit.config import load_config
from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError
from noiseaudit.reading import read, tabulate
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.numbers import number_of, read_shape
from noiseaudit.reading.structure import scan

ROWS = "a;x;1\na;y;2\nb;x;3\nb;y;4\n"
DESIGN = AuditDesign(case="case", judge="judge", scale="continuous")


def values(path: Path, text: str | bytes, design: AuditDesign = DESIGN) -> list[float]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with read(path, design) as log:
        cells = tabulate(log).main
    return sorted((cells.mean[:, 0] + float(cells.shift)).tolist())


@pytest.mark.parametrize(
    "above",
    [
        'case;judge;"sco\nre"\n',  # the engine counts records where an editor counts lines
        'Report "of\ntoday"\ncase;judge;score\n',
        'Screens of 19" and more\n"Sums; of\n2024"\ncase;judge;score\n',
        "Report\x0bof\u2028today\ncase;judge;score\n",  # line ends to Python, not to a table
        'case;judge;score "net\n',
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_no_row_is_lost_to_what_stands_above(tmp_path: Path, above: str, end: str) -> None:
    text = (above + ROWS).replace("\n", end)
    assert values(tmp_path / "data.csv", text) == [1, 2, 3, 4]


@pytest.mark.parametrize("last", ["\r\n", ""])
def test_mended_lines_end_as_the_others_do(tmp_path: Path, last: str) -> None:
    text = 'case;judge;score\r\na;19" x;1\r\n\r\na;y;2\r\nb;19" x;3\r\n"b";"5" y";4' + last
    assert values(tmp_path / "data.csv", text) == [1, 2, 3, 4]


def test_a_decimal_comma_does_not_pass_for_the_delimiter(tmp_path: Path) -> None:
    rows = "".join(f'{k}|x|{k},50|"one\ntwo"\n{k}|y|{k},25|"three\nfour"\n' for k in range(1, 30))
    assert len(values(tmp_path / "data.csv", "case|judge|score|remark\n" + rows)) == 58


def test_a_total_row_of_a_wide_table_is_no_case(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("case;R1;R2;R3\na;1;2;3\nb;2;3;4\nTotaal;3;5;7\n", "utf-8")
    with read(path, AuditDesign()) as log:
        table = tabulate(log)
    assert list(table.main.cases) == ["a", "b"]
    assert {part.code: part.n for part in table.input.rows_excluded} == {"total_row": 3}


def test_an_early_stray_quote_costs_no_time(tmp_path: Path) -> None:
    """Every line end behind it is inside quotes, and each of them was tried in turn."""
    path = tmp_path / "data.csv"
    path.write_bytes(b'case;judge;score\na;19" x;1\n' + b"a;y;2\n" * 3_000_000)
    assert not scan(path, ";").regular


@pytest.mark.parametrize("text", ["0,---", "-0,--", "٬0$", "0-+"])
def test_what_is_no_number_has_no_form(text: str) -> None:
    form = read_shape(text)
    assert form is None or number_of(text, "," if form.comma else ".") is not None


def test_arabic_marks_are_never_read_the_other_way_round(tmp_path: Path) -> None:
    rows = "a;x;١٬٢٣٤٫٥\na;y;٢٬٠٠٠\nb;x;٣٫٢٥\nb;y;٤\n"
    assert values(tmp_path / "data.csv", "case;judge;score\n" + rows) == [3.25, 4, 1234.5, 2000]


def test_cleaning_twice_is_cleaning_once() -> None:
    assert label_of("I\u200b\u0341") == label_of(label_of("I\u200b\u0341")) == "Í"


@pytest.mark.parametrize(
    "text",
    [
        "[roles]\n[roles][r[]J[r[a==}=====\n",  # went round for ever
        "[check]\n[[check {fure tis-]]]]]][[check if[[che{c]]\n",
        "ase ='x'\n#\x1d\x1d'\n#\x1d\x1d\x1do = 1\nvo = [\x1d\n",  # a line that was not there
        f"a = {'[' * 5000}\n",
    ],
)
def test_a_config_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "noiseaudit.toml"
    path.write_bytes(text.encode())
    with pytest.raises(CallError):
        load_config(path)


def test_rows_that_the_engine_loses_are_missed(tmp_path: Path) -> None:
    """Should an engine ever pass over a row again, the count of records does not add up, and nothing is used."""
    path = tmp_path / "data.csv"
    path.write_text("case;judge;score\n" + ROWS, "utf-8")
    with read(path, DESIGN) as log:
        connection: duckdb.DuckDBPyConnection = log.table.connection
        connection.execute("ALTER TABLE source RENAME TO every_row")
        connection.execute("CREATE VIEW source AS SELECT * FROM every_row WHERE row > 1")
        with pytest.raises(DataError) as caught:
            tabulate(log)
    assert caught.value.code == "E105"
