"""S1 to S5: formulas, markup, terminal escapes, code and paths; each test can fail."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path
from unittest import mock

import jinja2
import pandas as pd
import pytest
import xlsxwriter

import noiseaudit as na
from noiseaudit.cli.progress import sign_of_life
from noiseaudit.report.plain_tables import spreadsheet_safe

from ..conftest import ROLES, TOY, long
from .command import WRITTEN, Terminal, outputs, run, table
from .hostile import CONSOLE, ESCAPES, FORMULAS, MARKUP, PATHS, SQL, Elements, steers_a_terminal

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "noiseaudit").rglob("*.py"))
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "＝", "＋", "－", "＠")


def roles(case: str, judge: str, decision: str) -> tuple[str, ...]:
    return "--case", case, "--judge", judge, "--decision", decision


# S1: formulas


@pytest.mark.parametrize("text", FORMULAS)
def test_s1_text_that_a_spreadsheet_would_run_gets_a_quote(text: str) -> None:
    assert str(spreadsheet_safe(text)).startswith("'")


@pytest.mark.parametrize("number", [-2.5, 0, 10**20, 1e-9])
def test_s1_numbers_stay_numbers(number: float) -> None:
    assert spreadsheet_safe(number) == number
    assert not isinstance(spreadsheet_safe(number), str)


def is_safe(cell: str) -> bool:
    return not cell.startswith(FORMULA_STARTS) or re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", cell) is not None


@pytest.mark.parametrize("text", [f for f in FORMULAS if f[0] not in "\x00\r"])
def test_s1_no_cell_that_is_written_runs(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "=many"
    folder.mkdir()
    names = [f"{text} {role}" for role in ("case", "judge", "score")]
    for name in ("=evil.csv", "+evil.csv"):
        (folder / name).write_text(table(*names, rows=[("a", "x", 1), ("a", "y", "high"), ("b", "x", 2)]), "utf-8")
    said = run("inspect", "=many", "--format", "csv", "--scale", "continuous", *roles(*names), cwd=tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(said.out)) for cell in row]
    assert said.code == 3
    assert any(cell.endswith("score") for cell in cells)
    assert any(cell.endswith("evil.csv") for cell in cells)
    assert all(map(is_safe, cells))
    (tmp_path / "=toy.csv").write_text(table(*names), "utf-8")
    made = run("report", "=toy.csv", *outputs("r", *WRITTEN), "--unit", text, *roles(*names), cwd=tmp_path)
    assert made.code == 0, made.err
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        assert all(is_safe(cell) for row in csv.reader(file) for cell in row)
    lines = (tmp_path / "r.md").read_text("utf-8").splitlines()
    assert all(is_safe(cell.strip()) for line in lines if line.startswith("|") for cell in line.split("|")
               if not re.fullmatch(r"-+", cell))  # fmt: skip
    with zipfile.ZipFile(tmp_path / "r.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        strings = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
    assert sheets
    assert not any("<f>" in sheet for sheet in sheets)
    assert all(map(is_safe, strings))


# S2: markup


SCALES = {
    "continuous": [f"{y}" for line in TOY for y in line],
    "binary": ["ja", "nee", "nee", "ja"] * 5,
    "nominal": MARKUP,
    "ordinal": MARKUP,
}


def panel(scale: str, words: tuple[str, ...]) -> tuple[str, list[str]]:
    """A panel with hostile names and values in every place, and the options that read it."""
    head = [
        f"{role} {words[k % len(words)]}" for k, role in enumerate(("case", "judge", "decision", "group", "office"))
    ]
    values = [f"{v}" for v in SCALES[scale]] if scale in ("continuous", "binary") else [*words]
    rows = [
        (f"{words[i % len(words)]} c{i}", f"{words[j % len(words)]} j{j}", values[(i + 2 * j + i * j) % len(values)],
         words[i % len(words)], words[j % len(words)])
        for i in range(12) for j in range(11)
    ]  # fmt: skip
    options = [*roles(*head[:3]), "--group", head[3], "--office", head[4], "--scale", scale]
    return table(*head, rows=rows), [*options, "--unit", words[0], *(["--config", "order.toml"] * (scale == "ordinal"))]


@pytest.mark.parametrize("scale", SCALES)
def test_s2_hostile_text_adds_no_element_to_the_page(scale: str, tmp_path: Path) -> None:
    pages = {}
    for kind, words in (("plain", tuple("abcdefghi")), ("hostile", MARKUP)):
        text, options = panel(scale, words)
        name = f"{kind} {words[0].replace('/', '')}.csv"
        (tmp_path / name).write_text(text, "utf-8")
        order = ", ".join(json.dumps(word) for word in words)
        (tmp_path / "order.toml").write_text(f"version = 1\n[analysis]\norder = [{order}]\n", "utf-8")
        for audience in ("public", "team"):
            out = [*outputs(f"{kind}-{audience}", "html", "md", "json"), "--audience", audience]
            made = run("report", name, *options, *out, cwd=tmp_path)
            assert made.code == 0, made.err
            pages[kind, audience] = (tmp_path / f"{kind}-{audience}.html").read_text("utf-8")
    for audience in ("public", "team"):
        page = Elements(pages["hostile", audience])
        assert page.found == Elements(pages["plain", audience]).found
        assert page.policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        assert json.loads(page.copy) == json.loads((tmp_path / f"hostile-{audience}.json").read_text("utf-8"))
        markdown = (tmp_path / f"hostile-{audience}.md").read_text("utf-8")
        assert not re.search(r"(?<!\\)<", markdown)


def test_s2_a_sheet_name_and_the_config_are_text(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet("<script>alert(1)<!--")
        for number, line in enumerate(csv.reader(io.StringIO(table("case", "judge", "score")), delimiter=";")):
            sheet.write_row(number, 0, line)
    wrong = "</title><script>alert(1)</script>"
    (tmp_path / "noiseaudit.toml").write_text(
        f"version = 1\n[analysis]\nunit = '{wrong}'\n[reading]\nna = ['{wrong}']\n"
    )
    made = run("report", "book.xlsx", "-o", "r.html", "--scale", "continuous", "--decimal", ".", cwd=tmp_path)
    assert made.code == 0, made.err
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)&lt;!--" in text
    assert "<script" not in text


def test_s2_templates_escape_and_know_every_name() -> None:
    from noiseaudit.report.html import render_html

    with mock.patch("jinja2.Environment", wraps=jinja2.Environment) as made:
        render_html(na.audit(long(TOY), **ROLES))
    assert made.call_args.kwargs["autoescape"] is True
    assert made.call_args.kwargs["undefined"] is jinja2.StrictUndefined


# S3: terminal escapes and console markup


@pytest.fixture
def steered(tmp_path: Path) -> Path:
    """A folder in which everything that a message may name tries to steer the terminal."""
    names = [f"{role} {ESCAPES}{CONSOLE}" for role in ("case", "judge", "score")]
    (tmp_path / "good.csv").write_text(table(*names), "utf-8")
    (tmp_path / "bad.csv").write_text(table(*names, rows=[("a", "x", f"1{ESCAPES}"), ("a", "y", 2), ("b", "x", 3)]))
    (tmp_path / f"{ESCAPES}\n{CONSOLE.replace('/', '')}.csv").write_text(table("case", "judge", "score"), "utf-8")
    keys = json.dumps(f"k{ESCAPES}")
    (tmp_path / "keys.toml").write_text(f"version = 1\n[roles]\n{keys} = 1\n[check]\n{keys} = {{figure = {keys}}}\n")
    (tmp_path / "syntax.toml").write_text(f"version = 1\n[{ESCAPES}\n", "utf-8")
    return tmp_path


WRONG = f"{ESCAPES}{CONSOLE}"
TYPED = WRONG.replace("\u202e", "")  # what Typer itself repeats of a command line keeps marks of writing direction
STEERING = [
    ["report", "good.csv"],
    ["report", "good.csv", "-v", "-o", "r.html", "-o", "r.json", "-o", "r.md", "-o", "r.csv"],
    ["report", "bad.csv", "--scale", "continuous"],
    ["report", "bad.csv", "--scale", "continuous", "--show-values"],
    *(["inspect", name, "--format", form, "--show-values", "--scale", "continuous"]
      for name in ("good.csv", "bad.csv") for form in ("text", "json", "csv")),
    ["init", "bad.csv", "-o", "bad.toml", "--scale", "continuous"],
    ["report", "*.csv"],
    ["report", "*.csv", "-o", f"{ESCAPES}.json"],
    ["inspect", "*.csv"],
    ["inspect", "*.csv", "--format", "json"],
    ["init", "*.csv", "-o", f"{ESCAPES}.toml"],
    ["report", "good.csv", "--config", "keys.toml"],
    ["report", "good.csv", "--config", "syntax.toml"],
    ["report", "good.csv", "--config", WRONG],
    ["report", WRONG],
    ["report", "good.csv", TYPED],
    ["report", "good.csv", f"--{TYPED}"],
    ["report", "good.csv", "--max-bytes", WRONG],
    ["report", "good.csv", "--confidence", WRONG],
    *(["report", "good.csv", option, WRONG] for option in
      ("--case", "--scale", "--audience", "--relation", "--encoding", "--delimiter", "--dates", "--positive", "--lang",
       "--judge-columns", "--header-row", "--sheet", "-o")),
    ["inspect", "good.csv", "--format", WRONG],
    [TYPED],
    ["--lang", WRONG, "report", "good.csv"],
    ["explain", WRONG],
    ["schema", WRONG],
    ["demo", WRONG, "-o", "d"],
    ["demo", "-o", ESCAPES],
]  # fmt: skip


@pytest.mark.parametrize("arguments", STEERING, ids=[f"{n} {a[0][:9]}" for n, a in enumerate(STEERING)])
def test_s3_no_message_steers_the_terminal(arguments: list[str], steered: Path) -> None:
    hostile = next(p.name for p in steered.iterdir() if p.name.startswith("\x1b"))
    said = run(*[hostile if a == "*.csv" else a for a in arguments], cwd=steered)
    assert said.all
    assert not steers_a_terminal(said.all)
    assert "[bug]" not in said.all


@pytest.mark.parametrize("arguments", [["report", CONSOLE], ["report", "good.csv", CONSOLE], [CONSOLE]])
def test_s3_console_markup_is_shown_as_it_is(arguments: list[str], steered: Path) -> None:
    assert "[red]x[/red]" in run(*arguments, cwd=steered).err


def test_s3_the_sign_of_life_is_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("noiseaudit.cli.progress._PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with mock.patch("rich.console.Console.status") as status, sign_of_life(WRONG, quiet=False):
        while not status.called:
            pass
    (label,) = status.call_args.args
    assert CONSOLE in label.plain
    assert not steers_a_terminal(label.plain)


def test_s3_init_cannot_be_made_to_write_settings(steered: Path) -> None:
    name = "x\n[privacy]\naudience = 'team'\n.csv"
    (steered / name).write_text(table("case", "judge", f"score {ESCAPES}"), "utf-8")
    assert run("init", name, "-o", "made.toml", cwd=steered).code == 0
    assert 'audience = "public"' in (steered / "made.toml").read_text("utf-8")
    said = run("report", name, "--config", "made.toml", cwd=steered)
    assert said.code == 0, said.err


def test_s3_a_file_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.csv")
    (tmp_path / name).write_text(table("case", "judge", "score"), "utf-8")
    for command in ("report", "inspect", "init"):
        said = run(command, name, cwd=tmp_path)
        assert (said.code, "rename" in said.err) == (2, True)


# S4: nothing is run


FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {"query", "eval", "from_formula", "system", "popen"}
FORBIDDEN_MODULES = ("pickle", "joblib", "marshal", "shelve", "dill", "cloudpickle", "yaml", "patsy", "formulaic",
                     "statsmodels.formula", "subprocess", "ctypes", "socket", "urllib", "http", "requests", "ssl",
                     "ftplib", "smtplib", "asyncio")  # fmt: skip


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_s4_no_code_is_made_from_text_and_nothing_unpickled(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            assert not (isinstance(called, ast.Name) and called.id in FORBIDDEN_CALLS), node.lineno
            assert not (
                isinstance(called, ast.Attribute)
                and called.attr in FORBIDDEN_METHODS
                and not (called.attr == "query" and len(node.args) == 2)
            ), node.lineno  # DuckDB's takes SQL
            asked = [word for word in node.keywords if word.arg in ("formula", "allow_pickle", "shell")]
            refused = [word for word in asked if word.arg == "allow_pickle" and ast.unparse(word.value) == "False"]
            assert asked == refused, node.lineno
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert not any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN_MODULES), name


@pytest.mark.parametrize("text", SQL)
def test_s4_text_is_never_sql(text: str, tmp_path: Path) -> None:
    plain = pd.DataFrame([(f"c{i}", f"j{j}", "uvw"[(i * j + j) % 3], "now") for i in range(6) for j in range(4)])
    plain.columns = ["case", "judge", "decision", "office"]
    wanted = na.audit(plain, **ROLES).noise.system.variance
    names = dict(zip(plain.columns, (f"{text}{k}" for k in range(4)), strict=True))
    evil = plain.rename(columns=names)
    evil[names["decision"]] = text + evil[names["decision"]]
    for role in ("case", "judge"):
        evil[names[role]] += text
    evil.to_csv(tmp_path / "evil.csv", index=False)
    order = tuple(sorted(set(evil[names["decision"]])))
    given = {role: names[role] for role in ("case", "judge", "decision", "office")}
    for source in (evil, tmp_path / "evil.csv"):
        for scale in ("nominal", "ordinal"):
            found = na.audit(source, **given, scale=scale, order=order, na=(text,), groups=(names["office"],))
            assert found.design.cells == 24
            assert scale == "ordinal" or found.noise.system.variance == pytest.approx(wanted)
        one = na.audit(source, **given, positive=order[0])
        assert one.design.scale == "binary"
    wide = evil.set_index([names["case"], names["judge"]])[names["decision"]].unstack().reset_index()  # noqa: PD010 - no sums
    found = na.audit(wide, case=names["case"], judge_columns=tuple(wide.columns[1:]))
    assert found.noise.system.variance == pytest.approx(wanted)


# S5: paths


def test_s5_only_the_files_that_were_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, spare = tmp_path / "a" / "b", tmp_path / "temporary"
    place.mkdir(parents=True)
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    rows = [(f"{case}", f"{judge}", i * j % 7) for i, case in enumerate(PATHS) for j, judge in enumerate(PATHS)]
    (place / "data.csv").write_text(table("case", "judge", "score", rows=rows), "utf-8")
    before = {p.name for p in Path(spare.parent).iterdir()} | {p.name for p in Path("/tmp").glob("evil*")}
    commands = [
        ["report", "data.csv", *outputs("r", *WRITTEN), "--audience", "team"],
        ["report", "data.csv", *outputs("p", *WRITTEN)],
        ["inspect", "data.csv", "-o", "i.csv", "--format", "csv"],
        ["init", "data.csv"],
    ]
    for command in commands:
        assert run(*command, cwd=place).code == 0
    asked = {"data.csv", "i.csv", "noiseaudit.toml", *(f"{s}.{w}" for s in "rp" for w in WRITTEN)}
    assert {p.name for p in place.iterdir()} == asked
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]
    assert {p.name for p in Path(spare.parent).iterdir()} | {p.name for p in Path("/tmp").glob("evil*")} == before
    assert not list(spare.iterdir())
