"""Rules about the code itself, and about the documents that speak of it."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import noiseaudit as na

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "noiseaudit").rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_small_and_well_named(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
    assert path.stem not in {"utils", "helpers", "misc", "common"}


@pytest.mark.parametrize("path", PACKAGE, ids=lambda p: str(p.relative_to(ROOT)))
def test_keywords_do_not_become_attributes(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("setattr", "self.__dict__.update", "vars(self).update"), node.lineno


def public_functions() -> Iterator[tuple[str, types.FunctionType]]:
    """What `import noiseaudit as na` offers: functions, public methods of classes, and what is in its modules."""
    for name in na.__all__:
        thing = getattr(na, name)
        inside = dict(vars(thing)) if inspect.isclass(thing) else {}
        inside |= {part: getattr(thing, part) for part in thing.__all__} if inspect.ismodule(thing) else {}
        parts = {f"{name}.{part}": value for part, value in inside.items() if not part.startswith("_")}
        for where, value in ({name: thing} | parts).items():
            found = getattr(value, "__func__", value)
            if isinstance(found, types.FunctionType):
                yield where, found


COLUMNS_OF_ONE_TABLE = {"Cells.from_arrays"}  # case, judge and decision: one table in three pieces


def test_arguments_past_the_second_are_named() -> None:
    found = dict(public_functions())
    assert {"audit", "simulate", "write_report", "AuditResult.to_dict", "charts.funnel"} <= set(found)
    for name, function in found.items():
        kinds = [p.kind for p in inspect.signature(function).parameters.values() if p.name not in ("self", "cls")]
        placed = sum(kind in (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD) for kind in kinds)
        assert placed <= 2 or name in COLUMNS_OF_ONE_TABLE, name
        assert inspect.Parameter.VAR_POSITIONAL not in kinds, name


def test_every_lint_exemption_has_its_reason() -> None:
    for folder in ("noiseaudit", "tests", "examples", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if re.search(r"#\s*noqa", line):
                    reasoned = re.search(r"# noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)*( - |  )\w", line)
                    assert reasoned or path == Path(__file__), f"{path}:{number}"
                assert not re.search(r"#\s*type: ignore(?!\[)", line) or path == Path(__file__), f"{path}:{number}"
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    lint = settings[settings.index("[tool.ruff.lint]") : settings.index("[tool.mypy]")]
    codes = [line for line in lint.splitlines() if re.search(r'"[A-Z]+[0-9]*"', line) and not line.startswith("select")]
    assert all("#" in line for line in codes), [line for line in codes if "#" not in line]


MACHINES = re.compile(
    r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]|User[s])/\w|/tmp/ven[v]|pypi\.or[g]|pythonhoste[d]|npmj[s]\.|(?<!\d)10\.\d+\.\d+\.\d+"
)


def test_no_file_names_a_machine() -> None:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().splitlines():
        path = ROOT / name
        if path.is_file():
            found = MACHINES.search(path.read_bytes().decode("utf-8", "replace"))
            assert found is None, f"{name}: {found[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_snippets_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL):
        exec(compile(snippet, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_commands_in_the_documents_exist() -> None:
    from noiseaudit.cli import app

    known = {command.callback.__name__ for command in app.registered_commands if command.callback}
    for page in PAGES:
        for name in re.findall(r"^\s*noiseaudit ([a-z]+)", page.read_text("utf-8"), flags=re.MULTILINE):
            assert name in known, (page, name)


def test_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^python3 -m venv .*$", text, flags=re.MULTILINE)
    assert len(commands) == 2
    assert "noiseaudit report" in commands[0]
    assert commands[1].endswith("-m pytest")
