"""Every bad input that the project promises to handle, as a crafted file: what comes out, and where.

python -m tests.reading.inputs > docs/bad_input.md
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..pipeline.bad_logs import table as table_of_logs

HEAD = "zaak;rechter;besluit\n"
PANEL = "a;Jan;1,5\na;Piet;2,5\na;Klaas;3\nb;Jan;2\nb;Piet;4,5\nb;Klaas;1\n"
GOOD = HEAD + PANEL

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Bad:
    """One input: its number, what it is, the file, and what the user must get.

    code: in the messages or the result; exit: of the command; rows: of the file, as the message lists them.
    quiet: what must not be said. config: noiseaudit.toml beside the file. arguments: after the file's name.
    """

    number: int
    what: str
    data: str | bytes | Make
    code: str | None
    exit: int = 0
    rows: tuple[int, ...] = ()
    arguments: tuple[str, ...] = ()
    name: str = "data.csv"
    said: str = ""
    quiet: str = ""
    config: str = ""
    excluded: tuple[tuple[str, int], ...] = ()

    def write(self, folder: Path) -> Path:
        """The crafted file in a folder."""
        path = folder / self.name
        if callable(self.data):
            self.data(path)
        else:
            path.write_bytes(self.data if isinstance(self.data, bytes) else self.data.encode("utf-8"))
        if self.config:
            (folder / "noiseaudit.toml").write_text(self.config, "utf-8")
        return path


def workbook(fill: Callable[[object], None]) -> Make:
    """A workbook made with XlsxWriter."""

    def make(path: Path) -> None:
        import xlsxwriter

        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        fill(book)
        book.close()
        path.write_bytes(out.getvalue())

    return make


def filled(sheet: object, rows: str = GOOD) -> None:
    """Rows of text as cells, numbers as numbers."""
    for i, line in enumerate(rows.splitlines()):
        for j, cell in enumerate(line.split(";")):
            value = cell.replace(",", ".")
            if i and j == 2 and value:
                sheet.write_number(i, j, float(value))  # type: ignore[attr-defined]
            elif cell:
                sheet.write_string(i, j, cell)  # type: ignore[attr-defined]


def plain_book(book: object) -> None:
    filled(book.add_worksheet("Zaken"))  # type: ignore[attr-defined]


def far_cell(book: object) -> None:
    sheet = book.add_worksheet()  # type: ignore[attr-defined]
    filled(sheet)
    sheet.write_string(199_999, 2_999, "x")


def error_cell(book: object) -> None:
    sheet = book.add_worksheet()  # type: ignore[attr-defined]
    filled(sheet)
    sheet.write_formula("C3", "=1/0", None, "#DIV/0!")


def hidden_and_filtered(book: object) -> None:
    filled(book.add_worksheet("Zaken"))  # type: ignore[attr-defined]
    book.add_worksheet("Kladblok").hide()  # type: ignore[attr-defined]


def xlsx_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(part, "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 96_000_000)


def two_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", GOOD)
        archive.writestr("../b.csv", GOOD)


def locked(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", GOOD)
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of an encrypted member, in its own header and in the directory
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))


def no_permission(path: Path) -> None:
    path.write_text(GOOD, "utf-8")
    path.chmod(0)


def panel(rows: list[str], head: str = HEAD) -> str:
    return head + "".join(f"{row}\n" for row in rows)


def with_decisions(*values: str) -> str:
    """Two judges on as many cases as it takes, with these decisions in turn."""
    return panel([f"c{i // 2};{'Jan' if i % 2 == 0 else 'Piet'};{value}" for i, value in enumerate(values)])


def with_dates(*dates: str) -> str:
    rows = [f"c{i // 2};{'Jan' if i % 2 == 0 else 'Piet'};{1 + i % 3};{day}" for i, day in enumerate(dates)]
    return panel(rows, "zaak;rechter;besluit;datum\n")


GROUPS = "zaak;rechter;besluit;groep\n" + "".join(
    f"c{i};{j};{(i * 7 + k) % 5};{'klein' if i < 3 else 'groot'}\n" for i in range(30) for k, j in enumerate("xyz")
)
CONFIG = "version = 1\n"

INPUTS: tuple[Bad, ...] = (
    Bad(1, "empty file", "", "E101", 3),
    Bad(2, "only line ends", "\n\r\n\n", "E101", 3),
    Bad(3, "header, no rows", HEAD, "E102", 3),
    Bad(4, "only a BOM", "\ufeff", "E101", 3),
    Bad(5, "a picture", b"\x89PNG\r\n\x1a\n" + bytes(100), "E103", 3, said="PNG"),
    Bad(6, "xlsx named .csv", workbook(plain_book), "W110"),
    Bad(7, "HTML named .xls", "<html><table><tr><td>1</td></tr></table></html>", "E104", 3, name="data.xls"),
    Bad(8, "truncated gzip", gzip.compress(GOOD.encode() * 500)[:-9], "E105", 3, name="data.csv.gz"),
    Bad(9, "gzip bomb", lambda p: p.write_bytes(gzip.compress(HEAD.encode() + b"a;b;1\n" * 12_000_000)), "E106", 3,
        name="data.csv.gz"),
    Bad(10, "xlsx bomb", xlsx_bomb, "E106", 3, name="data.xlsx"),
    Bad(11, "xlsx with one far cell", workbook(far_cell), "E107", 3, name="data.xlsx"),
    Bad(12, "zip with several members", two_members, "E108", 3, name="data.zip", said="'../b.csv'"),
    Bad(13, "zip with a password", locked, "E109", 3, name="data.zip"),
    Bad(14, "folder without tables", lambda p: p.mkdir(), None, 2, name="folder", said="is a folder"),
    Bad(14, "missing file", lambda p: None, None, 2, said="there is no file"),
    Bad(14, "no permission", no_permission, None, 2, said="may not be read"),
    Bad(14, "fifo", os.mkfifo, None, 2, said="not a regular file"),
    Bad(16, "cp1252, as Excel writes it", GOOD.replace("Piet", "René").encode("cp1252"), "W201"),
    Bad(17, "UTF-8 and cp1252 lines in one file",
        HEAD.encode() + "a;René;1\n".encode() + "a;Zoë;2\n".encode("cp1252") + "b;René;2\nb;Jan;1\n".encode(),
        "E202", 3, rows=(3,)),
    Bad(17, "the same, each line in its own encoding",
        HEAD.encode() + "a;René;1\n".encode() + "a;Zoë;2\n".encode("cp1252") + "b;René;2\nb;Zoë;1\n".encode(), None,
        arguments=("--encoding", "mixed")),
    Bad(18, "NUL in a cell", GOOD.replace("b;Piet", "b;Pi\x00et"), "E204", 3, rows=(6,), said="'rechter'"),
    Bad(19, "the sign for a lost letter", GOOD.replace("Piet", "Ren\ufffd"), "W205"),
    Bad(20, "one accent in the last of 3,000 rows",
        (panel([f"c{i};{'Jan' if i % 2 else 'Piet'};{i % 7}" for i in range(3000)]) + "c9;Zoë;1\n").encode("cp1252"),
        "W201"),
    Bad(21, "preamble", "Rapport zaken\nAfdeling: Zorg\n\n" + GOOD, "W210", said="row 4"),
    Bad(22, "sep=; on the first line", "sep=;\n" + GOOD, None, quiet="W210"),
    Bad(23, "CR line ends", GOOD.replace("\n", "\r"), None, quiet="W211"),
    Bad(24, "mixed line ends", GOOD.replace("\n", "\r\n", 3), "W211"),
    Bad(25, "unclosed quote", HEAD + 'a;Jan;1\na;"Piet;2\nb;Jan;3\nb;Piet;2\n', "E212", 3, rows=(3,), said="'rechter'"),
    Bad(26, "stray quote in a field", GOOD.replace("Piet", 'Pi"et'), "W213"),
    Bad(26, "a name in quotes with text behind it", GOOD.replace("Piet", '"Piet" de Wit'), "W213"),
    Bad(27, "rows with too many fields", HEAD + "a;Jan;1;9\na;Piet;2\nb;Jan;3;8\nb;Piet;1\n", "E301", 3, rows=(2, 4)),
    Bad(28, "rows with too few fields", HEAD + "a;Jan\na;Piet;2\nb;Jan;3\nb\n", "E301", 3, rows=(2, 5)),
    Bad(29, "every row one field more than the header", HEAD + "a;Jan;1;9\na;Piet;2;9\n", "E302", 3, said="3 fields"),
    Bad(30, "duplicate header of a used column", "zaak;rechter;besluit;besluit\na;Jan;1;2\na;Piet;2;3\n", "E304", 3,
        arguments=("--decision", "besluit")),
    Bad(30, "duplicate header of another column", "zaak;rechter;besluit;x;x\na;Jan;1;2;3\na;Piet;2;3;4\nb;Jan;4;3;4\n",
        "W304"),
    Bad(31, "empty header of another column", "zaak;rechter;besluit;\na;Jan;1;2\na;Piet;2;3\na;Klaas;4;3\n", "W305"),
    Bad(32, "headers that differ in capitals", "zaak;rechter;Besluit;BESLUIT\na;Jan;1;2\na;Piet;2;3\n", "E306", 3,
        arguments=("--decision", "besluit")),
    Bad(33, "required column missing", GOOD, "E307", 3, arguments=("--decision", "besluid"), said="'besluit'"),
    Bad(34, "2,001 columns", ";".join(f"k{i}" for i in range(2001)) + "\n" + ";".join("1" * 2001) + "\n", "E308", 3),
    Bad(35, "a field of 5 MB", HEAD + f"a;Jan;1\na;Piet;2\nb;{'x' * 5_000_000};3\n", "E309", 3, rows=(4,)),
    Bad(36, "total row", GOOD + "Totaal;;14,5\n", "W310", said="file rows 8", excluded=(("total_row", 1),)),
    Bad(37, "blank rows inside", GOOD.replace("b;Jan", "\n;;\nb;Jan"), "W311", excluded=(("blank_row", 2),)),
    Bad(38, "a person called NA", GOOD.replace("Piet", "NA").replace("Klaas", "None"), None, said="3 professionals"),
    Bad(39, "ids 0012 and 012", GOOD.replace("a;", "0012;").replace("b;", "012;"), None, said="2 cases"),
    Bad(40, "ids over 2^63", GOOD.replace("a;", "9223372036854775808;").replace("b;", "9223372036854775809;"), None,
        said="2 cases"),
    Bad(41, "ids 1E5 and 100000", GOOD.replace("a;", "1E5;").replace("b;", "100000;"), "W401", said="2 cases"),
    Bad(42, "ids with stray spaces", GOOD.replace("b;Piet", "b;Piet \u00a0"), "W402", said="3 professionals"),
    Bad(43, "ids with invisible letters", GOOD.replace("b;Piet", "b;Pi\u200bet\u202e"), "W402", said="3 professionals"),
    Bad(44, "ids that differ in capitals", GOOD.replace("b;Piet", "b;piet"), "W403", said="4 professionals"),
    Bad(45, "decimal comma", with_decisions("1,5", "2,5", "3,25", "1"), None),
    Bad(46, "comma and point mixed", with_decisions("1,5", "2.5", "3,5", "1,25"), "E404", 3, rows=(3,)),
    Bad(47, "only 1.234", with_decisions("1.234", "2.345", "3.456", "1.100"), "E405", 3, rows=(2, 3, 4, 5),
        said="from about 1 to about 3, with a decimal comma from about 1,000 to about 3,000"),
    Bad(48, "1.234,56 next to 1.234", with_decisions("1.234,56", "1.234", "900", "1.100"), None),
    Bad(49, "amounts with euro sign and dash", with_decisions("€ 1.250,00", "€\u00a01.300,-", "€ 900", "€ 1.000,50"),
        None, said="€"),
    Bad(49, "another currency", with_decisions("$ 1250", "1300", "900", "1000"), "E406", 3, rows=(2,)),
    Bad(50, "per cents and fractions in one column", with_decisions("25%", "0,25", "30%", "20%"), "E407", 3,
        rows=(2, 4, 5)),
    Bad(51, "NaN and infinity", with_decisions("NaN", "1", "inf", "2"), "E408", 3, rows=(2, 4)),
    Bad(51, "1e400", with_decisions("1e400", "1", "2", "3"), "E408", 3, rows=(2,)),
    Bad(52, "1e300", with_decisions("1e300", "-1e300", "2", "3"), "W409", 3, rows=(2, 3)),
    Bad(52, "1e-320 beside plain numbers", with_decisions("1e-320", "1", "2", "3"), "W409"),
    Bad(53, "a word in a column of numbers", with_decisions("1", "hoog", "2", "laag", "3", "4"), "E410", 3, rows=(3, 5),
        quiet="hoog"),
    Bad(53, "the same with --show-values", with_decisions("1", "hoog", "2", "laag", "3", "4"), "E410", 3, rows=(3, 5),
        arguments=("--show-values",), said="'hoog'"),
    Bad(54, "Arabic and fullwidth digits", with_decisions("١٢", "１３", "14", "11"), "W412"),
    Bad(55, "ja and nee", with_decisions("ja", "nee", "ja", "ja"), "binary_coding", said="“ja” counts as 1"),
    Bad(55, "ja, nee and deels", with_decisions("ja", "nee", "deels", "ja"), "E413", 3),
    Bad(56, "grades without an order", with_decisions("goed", "voldoende", "onvoldoende", "goed"), "E414", 3),
    Bad(57, "dates with no day over 12", with_dates("03-04-2024", "05-06-2024", "03-04-2024", "01-02-2024"), "W420"),
    Bad(58, "d/m and m/d mixed", with_dates("13-04-2024", "04-13-2024", "14-04-2024", "15-04-2024"), "E421", 3,
        rows=(3,),        arguments=("--time", "datum")),
    Bad(59, "two-digit years", with_dates("13-04-24", "14-04-24", "14-04-24", "15-04-24"), "E423", 3, rows=(2, 3, 4, 5),
        arguments=("--time", "datum")),
    Bad(60, "31-02-2024", with_dates("31-02-2024", "14-04-2024", "14-04-2024", "15-04-2024"), "E424", 3, rows=(2,),
        arguments=("--time", "datum")),
    Bad(61, "some times with a zone",
        with_dates("2024-04-01T10:00:00", "2024-04-01T10:00:00Z", "2024-04-02T10:00:00", "2024-04-03T10:00:00"),
        "E426", 3, rows=(3,), arguments=("--time", "datum")),
    Bad(62, "spreadsheet error in a cell", workbook(error_cell), "E427", 3, rows=(3,), name="data.xlsx", said="C3"),
    Bad(63, "a hidden sheet", workbook(hidden_and_filtered), "W428", name="data.xlsx"),
    Bad(64, "identical rows", GOOD + "a;Jan;1,5\n", "E501", 3, rows=(2,)),
    Bad(64, "identical rows kept as repeats", GOOD + "a;Jan;1,5\n", "W502", arguments=("--duplicates", "keep")),
    Bad(64, "identical rows dropped", GOOD + "a;Jan;1,5\n", None, arguments=("--duplicates", "drop"),
        excluded=(("identical_row", 1),)),
    Bad(65, "the same case twice without dates", GOOD + "a;Jan;2\n", "W502"),
    Bad(66, "one professional", panel(["a;Jan;1", "b;Jan;2", "c;Jan;3"]), "E510", 4, said="single_judge"),
    Bad(67, "no case judged by two", panel(["a;Jan;1", "b;Piet;2", "c;Jan;3"]), "W511", 4, said="no_shared_cases"),
    Bad(68, "two teams without shared cases", GOOD + "p;Anna;1\np;Eva;2\nq;Anna;3\nq;Eva;1\n", "W512", said="2 groups"),
    Bad(69, "constant score", with_decisions("5", "5", "5", "5"), "W513"),
    Bad(70, "two rows in total", panel(["a;Jan;1", "a;Piet;2"]), "E514", 4),
    Bad(71, "a group with 3 cases", GROUPS, "P601", arguments=("--group", "groep")),
    Bad(71, "a group of a special category without a legal basis", GROUPS.replace("groep", "herkomst"), "P602", 4,
        arguments=("--group", "herkomst"), said="[privacy.legal_basis]"),
    Bad(71, "a group that can stand in for another", GROUPS.replace("groep", "postcode"), "P603",
        arguments=("--group", "postcode")),
    Bad(71, "a group that is empty in every row", GROUPS.replace("klein", "").replace("groot", ""), "group_empty",
        arguments=("--group", "groep")),
    Bad(71, "a group with one value", GROUPS.replace("klein", "groot"), "group_one_value",
        arguments=("--group", "groep")),
    Bad(71, "a group that is the professional", GROUPS, None, 2, said="judge and group",
        arguments=("--case", "zaak", "--judge", "rechter", "--decision", "besluit", "--group", "rechter")),
    Bad(71, "a relation of a column with itself", GROUPS, None, 2, arguments=("--relation", "groep == groep"),
        said="two different columns"),
    Bad(71, "a relation that never holds", GROUPS, "relation_one_value",
        arguments=("--case", "zaak", "--relation", "groep == zaak")),
    Bad(71, "a relation with another sign", GROUPS, None, 2, arguments=("--relation", "groep < zaak"), said="== or !="),
    Bad(71, "a relation with a column that is not there", GROUPS, "E307", 3, arguments=("--relation", "groep == zak"),
        said="Did you mean 'zaak'"),
    Bad(72, "a case that changes its type",
        "zaak;rechter;besluit;soort\na;Jan;1;x\na;Piet;2;y\nb;Jan;3;x\nb;Piet;1;x\n", "E516", 3, rows=(3,),
        arguments=("--feature", "soort")),
    Bad(73, "dates in the future", with_dates("13-04-2124", "14-04-2024", "14-04-2024", "15-04-2024"), "W429"),
    Bad(74, "free text as group", panel([f"c{i // 2};{'xy'[i % 2]};{i % 5};tekst {i // 2}" for i in range(420)],
                                         "zaak;rechter;besluit;groep\n"), "E517", 3, arguments=("--group", "groep")),
    Bad(75, "config with an unknown key", GOOD, None, 2, config=CONFIG + '[roles]\ncaze = "zaak"\n', said="line 3"),
    Bad(75, "config with a wrong type", GOOD, None, 2, config=CONFIG + "[analysis]\nconfidence = 'x'\n", said="line 3"),
    Bad(75, "config of another version", GOOD, None, 2, config="version = 2\n", said="version"),
)  # fmt: skip

ELSEWHERE = {
    15: ("the file changes while it is read", "E111"),
    76: ("output exists, folder read-only, disk full", "exit 2, no half file"),
    77: ("standard input closed, broken pipe", "exit 3, 141"),
}


def table() -> str:
    """The page of all inputs."""
    lines = [
        "# Bad input, and what you get",
        "",
        "Made by `python -m tests.reading.inputs > docs/bad_input.md`; every line is a test with a crafted file.",
        "`noiseaudit explain CODE` says what a code means and what to do. Exit 0: read, and said aloud; 2: a wrong",
        "call; 3: the data cannot be used as given, every place is listed; 4: no answer is possible.",
        "",
        "| # | input | code | exit | places |",
        "|---|---|---|---|---|",
    ]
    rows = [
        (bad.number, bad.what, bad.code or "", str(bad.exit), ", ".join(f"row {r}" for r in bad.rows)) for bad in INPUTS
    ]
    rows += [(number, what, code, "", "") for number, (what, code) in ELSEWHERE.items()]
    lines += [
        f"| {n} | {what} | {code} | {leaves} | {places} |"
        for n, what, code, leaves, places in sorted(rows, key=lambda r: r[0])
    ]
    return "\n".join(lines) + "\n" + table_of_logs()


if __name__ == "__main__":
    print(table(), end="")
