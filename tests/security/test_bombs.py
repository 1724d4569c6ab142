"""S6 to S8: files made to exhaust a machine, packed, nested, endless, or to be read again and again."""

from __future__ import annotations

import ast
import functools
import gzip
import importlib
import io
import itertools
import json
import pkgutil
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter

import noiseaudit

from .command import run

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1 << 20
HEAD = "case;judge;score\n"
GOOD = HEAD + "a;x;1\na;y;2\nb;x;3\nb;y;1\n"

# S6: bombs


def zipped(path: Path, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def book(path: Path, **parts: bytes) -> None:
    """A workbook with some parts replaced."""
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("Data").write_row(0, 0, ["case", "judge", "score"])
    with zipfile.ZipFile(path) as archive:
        known = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in (known | parts).items():
            archive.writestr(name, content)


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
EVENT = b'<event><string key="concept:name" value="A"/></event>'


def rows(megabytes: int = 120) -> bytes:
    return HEAD.encode() + b"a;b;1\n" * (megabytes * MEGABYTE // 6)


BOMBS: dict[str, Callable[[Path], object]] = {
    "rows.csv.gz": lambda p: p.write_bytes(gzip.compress(rows())),
    "rows.zip": lambda p: zipped(p, **{"rows.csv": rows()}),
    "one-line.csv.gz": lambda p: p.write_bytes(gzip.compress(b"a" * 120 * MEGABYTE)),
    "twice.csv.gz": lambda p: p.write_bytes(gzip.compress(rows(10)) * 12),
    "spaces.xlsx": lambda p: book(p, **{"xl/worksheets/sheet1.xml": SHEET + b" " * 120 * MEGABYTE}),
    "strings.xlsx": lambda p: book(p, **{"xl/sharedStrings.xml": b"<sst>" + b"<si><t>a</t></si>" * 8_000_000}),
    "many.xlsx": lambda p: book(p, **{f"xl/media/{i}.xml": b" " * 40 * MEGABYTE for i in range(3)}),
    "events.xes.gz": lambda p: p.write_bytes(gzip.compress(b"<log><trace>" + EVENT * 2_500_000)),
    "prolog.xes.gz": lambda p: p.write_bytes(gzip.compress(b"<!--" + b" " * 120 * MEGABYTE)),
}
PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))  # nothing unpacked fits on disk
from noiseaudit.cli import main
def peak():  # of this process; ru_maxrss would begin with that of the process that started it
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
found = {}
for name in json.loads(sys.argv[1]):
    sys.argv = ["noiseaudit", "inspect", name]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    found[name] = (code, peak())
sys.stderr.write(json.dumps(found))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read as Linux tells it")
def test_s6_bombs_are_refused_in_bounded_memory_and_nothing_is_unpacked_to_disk(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD, "utf-8")
    for name, make in BOMBS.items():
        make(tmp_path / name)
        assert (tmp_path / name).stat().st_size < MEGABYTE, name
    names = json.dumps(["good.csv", *BOMBS])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, names], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stderr)
    base = found.pop("good.csv")[1]
    assert {name: code for name, (code, _) in found.items()} == dict.fromkeys(BOMBS, 3), done.stdout
    assert done.stdout.count("E106") == len(BOMBS), done.stdout
    growth = {name: (peak - base) // 1024 for name, (_, peak) in found.items()}
    assert max(growth.values()) < 60, growth  # megabytes; each bomb unpacks to 120


def test_s6_a_member_name_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = tmp_path / "temporary"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    zipped(place / "data.zip", **{"../../evil.csv": GOOD.encode()})
    assert run("report", "data.zip", "-o", "r.json", cwd=place).code == 0
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "b", "data.zip", "r.json", "temporary"]


# S7: XML


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "laughs": f'<!DOCTYPE log [<!ENTITY l0 "Qleakz">{LAUGHS}]>',
    "file": '<!DOCTYPE log [<!ENTITY l9 SYSTEM "secret.txt">]>',
    "address": '<!DOCTYPE log SYSTEM "https://evil.invalid/log.dtd">',
    "parameter": '<!DOCTYPE log [<!ENTITY % p SYSTEM "secret.txt"> %p;]>',
}
PARTS = (
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/worksheets/sheet1.xml",
)


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_s7_a_doctype_is_refused(doctype: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("Qleakz", "utf-8")
    head = f'<?xml version="1.0"?>\n{DOCTYPES[doctype]}'
    (tmp_path / "log.xes").write_text(f'{head}<log><trace><string key="concept:name" value="&l9;"/></trace></log>')
    said = run("inspect", "log.xes", cwd=tmp_path)
    assert (said.code, "DOCTYPE" in said.all, "Qleakz" in said.all) == (3, True, False)
    book(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as archive:
        known = {part: archive.read(part).decode().split("?>", 1)[1] for part in PARTS}
    for part in PARTS:
        book(tmp_path / "book.xlsx", **{part: f"{head}{known[part]}".encode()})
        said = run("inspect", "book.xlsx", cwd=tmp_path)
        assert (said.code, "DOCTYPE" in said.all, "Qleakz" in said.all) == (3, True, False), part


def test_s7_depth_is_limited(tmp_path: Path) -> None:
    deep = 200_000
    (tmp_path / "log.xes").write_text("<log>" + '<list key="a">' * deep + "</list>" * deep + "</log>", "utf-8")
    book(tmp_path / "book.xlsx", **{"xl/worksheets/sheet1.xml": SHEET + b"<a>" * deep + b"</a>" * deep})
    for name in ("log.xes", "book.xlsx"):
        said = run("inspect", name, cwd=tmp_path)
        assert (said.code, "nested" in said.all) == (3, True), said.all


# S8: time that grows with the square of the input


def cpu(work: Callable[[], object], *, times: int = 3) -> float:
    """Least CPU seconds of some runs."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def modules() -> list[str]:
    return [
        m.name for m in pkgutil.walk_packages(noiseaudit.__path__, "noiseaudit.") if not m.name.endswith("__main__")
    ]


def _within(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif depth < 3 and isinstance(value, dict | list | tuple | set | frozenset):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _within(item, depth + 1)


@functools.cache
def patterns() -> dict[str, tuple[re.Pattern[str], tuple[str, ...]]]:
    """Every regular expression of the package by its place, and the ways in which it is applied."""
    found: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {}
    for name in modules():
        module = importlib.import_module(name)
        source = Path(str(module.__file__)).read_text("utf-8")
        for variable, value in vars(module).items():
            used = set(re.findall(rf"\b{re.escape(variable)}(?:\[[^\]]*\])?\.(\w+)\(", source)) or {"search"}
            for number, pattern in enumerate(_within(value)):
                found.setdefault(f"{name}.{variable}.{number}", (pattern, tuple(used)))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                way = re.fullmatch(r"re\.(sub|split|match|fullmatch|search|findall)", ast.unparse(node.func))
                if way:
                    found[f"{name}:{node.lineno}"] = (re.compile(node.args[0].value), (way[1],))
    return found


PIECES = (
    "0", "1", "a", "A", " ", "\t", "\n", "_", "-", ".", ",", "'", '"', "=", "<", "<!--", "?>", "%", "€", "+", "#",
    "{", "\\", "[", "T", "0.", "0,", "00 ", ".000", ",000", "e0", "é", "\u200b", "==", "!=", "é ", "$ 0",
)  # fmt: skip
STARTS = ("", '"', "'''", '"""', "<", "=", "a=", "0", "€")
ENDS = ("", "!", "\n", "x", "0", "=")


def applied(pattern: re.Pattern[str], way: str, text: str, *, times: int = 3) -> float:
    ways = {"sub": lambda: pattern.sub("", text), "finditer": lambda: list(pattern.finditer(text))}
    return cpu(ways.get(way, lambda: getattr(pattern, way)(text)), times=times)


def test_s8_the_package_has_the_patterns_that_are_looked_at() -> None:
    assert len(patterns()) > 30
    assert any(place.startswith("noiseaudit.reading.numbers._NUMBER") for place in patterns())


@pytest.mark.parametrize("place", patterns())
def test_s8_every_regular_expression_is_linear(place: str) -> None:
    pattern, ways = patterns()[place]
    for way, piece, start, end in itertools.product(ways, PIECES, STARTS, ENDS):
        long, short = (f"{start}{piece * n}{end}" for n in (1200, 300))
        if applied(pattern, way, long, times=1) > 1e-3:
            # four times the text; the square would be sixteen times
            assert applied(pattern, way, long) < 8 * applied(pattern, way, short), (start, piece, end)


def field(role: int, piece: str, size: int) -> str:
    row = ["c", "z", "1"]
    row[role] = (piece * size)[:size]
    return GOOD + ";".join(row) + "\n"


LONG = {
    **{f"{piece!r} as {('case', 'judge', 'decision')[role]}": functools.partial(field, role, piece)
       for role in range(3) for piece in ("0", " ", "1.", "é", "\u200b", "€ ")},
    "name": lambda n: f"case;judge;score;Rater{'_' * n}!\na;x;1;2\na;y;2;3\nb;x;2;2\n",
    "names": lambda n: f"{'case ' * (n // 5)};judge;score\na;x;1\na;y;2\nb;x;2\n",
    "a quote that stays open": lambda n: f'{HEAD}a;"x;1\n' + "a;y;2\n" * (n // 6),
    "quotes in one field": lambda n: f'{HEAD}a;"' + 'x"y' * (n // 3) + '";1\n',
    "quotes in many fields": lambda n: HEAD + '"x"y;' * (n // 5) + "\n",
    "quotes over lines": lambda n: f'{HEAD}a;"' + "\n" * n + '";1\nb;"x"y;2\n',
    "doubled quotes": lambda n: f'{HEAD}a;"' + '""' * (n // 2) + '";1\nb;x"y;2\n',
    "empty lines": lambda n: GOOD + "\n" * n,
    "no line end": lambda n: "a" * n,
}  # fmt: skip


@pytest.mark.parametrize("what", LONG)
def test_s8_long_input_costs_in_proportion(what: str, tmp_path: Path) -> None:
    def look(size: int) -> float:
        (tmp_path / f"{size}.csv").write_text(LONG[what](size), "utf-8")
        return cpu(lambda: said.append(run("inspect", f"{size}.csv", "--scale", "continuous", cwd=tmp_path)), times=2)

    said: list[object] = []
    small, large = look(200_000), look(800_000)
    assert large < 8 * small, (small, large)  # four times the text; the square would be sixteen times
    assert all(getattr(done, "code", 0) in (0, 3) for done in said)


@pytest.mark.parametrize(
    "role", ["case", "judge", "decision", "occasion", "time", "group", "feature", "office", "truth"]
)
def test_s8_a_field_of_a_megabyte_in_every_role(role: str, tmp_path: Path) -> None:
    head = ["case", "judge", "decision", "other"]
    column = "other" if role not in head else role
    out = io.StringIO()
    for row in (head, *([f"c{i}", f"j{j}", f"{i * j % 5}", f"{i}"] for i in range(4) for j in range(3))):
        cells = dict(zip(head, row, strict=True))
        cells |= {column: "é" * 490_000} if row[:2] == ["c3", "j2"] else {}
        out.write(";".join(cells.values()) + "\n")
    (tmp_path / "data.csv").write_text(out.getvalue(), "utf-8")
    options = [] if role in head else [f"--{role}", "other"]
    said = run("report", "data.csv", *options, "-o", "r.html", "-o", "r.json", "--show-values", cwd=tmp_path)
    assert said.code in (0, 3), said.err[:500]
    assert len(said.all) < 20_000
    assert all(path.stat().st_size < MEGABYTE for path in tmp_path.glob("r.*"))
