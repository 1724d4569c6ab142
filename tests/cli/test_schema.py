"""noiseaudit schema at the command line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from .test_commands import TOY, run

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("which", "name"), [("config", "urn:noiseaudit:config:1"), ("result", "urn:noiseaudit:result:1.0")]
)
def test_a_schema_is_printed_the_same_every_time(tmp_path: Path, which: str, name: str) -> None:
    done = run("schema", which, cwd=tmp_path, code=0)
    schema = json.loads(done.stdout)
    assert (schema["$schema"], schema["$id"]) == (DIALECT, name)
    assert done.stderr == b""
    assert run("schema", which, "-q", cwd=tmp_path, code=0).stdout == done.stdout
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {word for word in done.stdout.decode().split('"') if "://" in word} == {DIALECT}


def test_the_printed_schemas_fit_what_the_commands_write(tmp_path: Path) -> None:
    (tmp_path / "toy.csv").write_text(TOY, "utf-8")
    run("report", "toy.csv", "-o", "r.json", "--audience", "team", "-q", cwd=tmp_path, code=0)
    result = json.loads(run("schema", "result", cwd=tmp_path, code=0).stdout)
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text("utf-8")), result)
    run("demo", "-o", "demo", cwd=tmp_path, code=0)
    config = json.loads(run("schema", "config", cwd=tmp_path, code=0).stdout)
    jsonschema.validate(tomllib.loads((tmp_path / "demo" / "noiseaudit.toml").read_text("utf-8")), config)


@pytest.mark.parametrize(("words", "said"), [(["results"], "there is config, result"), ([], "Missing argument")])
def test_other_schemas_are_exit_2(tmp_path: Path, words: list[str], said: str) -> None:
    done = run("schema", *words, cwd=tmp_path, code=2)
    assert said in done.stderr.decode()
    assert done.stdout == b""
