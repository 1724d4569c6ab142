"""The commands in gitlab-ci.yml and azure-pipelines.yml, taken out and run; their JUnit XML has JUnit's structure."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.recipes.recipes import PIPELINES, environment

INSTALL = "pip install noiseaudit"


def gitlab_script() -> str:
    text = (PIPELINES / "gitlab-ci.yml").read_text("utf-8")
    found = re.search(r"^  script:\n((?:    - .*\n)+)", text, flags=re.MULTILINE)
    assert found is not None
    lines = [line.removeprefix("    - ") for line in found[1].splitlines()]
    assert lines.pop(0) == INSTALL
    return "\n".join(lines)


def azure_script() -> str:
    text = (PIPELINES / "azure-pipelines.yml").read_text("utf-8")
    assert f"  - bash: {INSTALL}\n" in text
    found = re.search(r"^  - bash: \|\n((?:      .*\n)+)", text, flags=re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found[1])


def job(script: str, export: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a runner does it: a checkout with the export and the config, and bash that stops at an error."""
    shutil.copy(export, folder / "export.csv")
    shutil.copy(PIPELINES / "noiseaudit.toml", folder)
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False, timeout=300
    )


def check_junit(path: Path) -> dict[str, int]:
    """The structure of the JUnit schema that GitLab and Azure read; the counts, by kind."""
    root = ET.parse(path).getroot()
    assert root.tag == "testsuites"
    kinds = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    total = dict.fromkeys(["tests", *kinds.values()], 0)
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.get("name")
        counted = dict.fromkeys(total, 0)
        names = set()
        for case in suite:
            assert case.tag == "testcase"
            assert case.get("classname")
            names.add(case.get("name"))
            inside = [child.tag for child in case]
            assert inside in ([kind, "system-out"] for kind in kinds) or inside == ["system-out"]
            counted["tests"] += 1
            for child in case[:-1]:
                counted[kinds[child.tag]] += 1
                assert child.get("message")
        assert len(names) == counted["tests"]
        assert counted == {key: int(suite.get(key, "-1")) for key in counted}
        total = {key: total[key] + counted[key] for key in total}
    assert total == {key: int(root.get(key, "-1")) for key in total}
    return total


@pytest.mark.parametrize(
    ("night", "code", "bad"),
    [("passes", 0, ""), ("warns", 0, ""), ("fails", 1, "failures"), ("unknown", 4, "errors"), ("unusable", 3, None)],
)
def test_gitlab(nights: Path, tmp_path: Path, night: str, code: int, bad: str | None) -> None:
    done = job(gitlab_script(), nights / f"{night}.csv", tmp_path)
    assert done.returncode == code, done.stderr
    text = (PIPELINES / "gitlab-ci.yml").read_text("utf-8")
    assert "exit_codes: 4 " in text, "unknown, and nothing else, may fail"
    assert (tmp_path / "check.xml").exists() is (bad is not None)
    if bad is not None:
        counts = check_junit(tmp_path / "check.xml")
        assert {key for key, n in counts.items() if n and key != "tests"} == ({bad} - {""})
        assert (tmp_path / "result.json").exists()


@pytest.mark.parametrize(
    ("night", "code", "issues"),
    [("passes", 0, False), ("fails", 1, False), ("unknown", 0, True), ("unusable", 3, False)],
)
def test_azure(nights: Path, tmp_path: Path, night: str, code: int, issues: bool) -> None:
    done = job(azure_script(), nights / f"{night}.csv", tmp_path)
    assert done.returncode == code, done.stderr
    assert ("##vso[task.complete result=SucceededWithIssues;]" in done.stdout) is issues
    if code != 3:
        assert check_junit(tmp_path / "check.xml")["tests"] == 2
