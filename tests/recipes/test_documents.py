"""The pages on the recipes are in step with the files and with what the real tools did."""

from __future__ import annotations

import re

import pytest

from tests.recipes.recipes import PIPELINES, ROOT, recipe


def test_every_recipe_is_explained() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    linked = {target.split("/")[0] for target in re.findall(r"\(\.\./examples/pipelines/([^)]+)\)", page)}
    files = {path.name for path in PIPELINES.iterdir() if not path.name.startswith(("__", "."))}
    assert files - {"run_real_tools.py", "sample_nights.py"} == linked


@pytest.mark.parametrize("tool", ["airflow", "dagster", "prefect", "dbt", "junitparser"])
def test_the_committed_run_has_the_outcomes_that_are_expected(tool: str) -> None:
    real = recipe("run_real_tools")
    page = (ROOT / "docs" / "recipes_run.md").read_text("utf-8")
    title, what, _ = real.TOOLS[tool]
    row = re.search(rf"^\| {title} \| (.+?) \| {re.escape(what)} \| (.+) \|$", page, flags=re.MULTILINE)
    assert row is not None
    assert re.search(r"\d+\.\d+", row[1])
    assert row[2].split(" | ") == real.EXPECTED[tool]
    head, tail = real.PAGE.split("{rows}")
    assert page.startswith(head)
    assert page.endswith(tail)
