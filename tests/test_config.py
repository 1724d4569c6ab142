"""noiseaudit.toml: what it takes, and what it says about everything else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

import noiseaudit as na
from noiseaudit.config import Config, config_beside, config_schema, load_config
from noiseaudit.design import LIST_ROLES, PRIVACY, READING, SINGLE_ROLES

FULL = """\
version = 1
[roles]
case = "Zaaknummer"
judge = "Behandelaar"
decision = "Toegekend bedrag"
groups = ["Leeftijdsklasse"]
features = ["Soort aanvraag"]
[reading]
encoding = "cp1252"
delimiter = ";"
decimal = ","
dates = "dmy"
na = ["-", "n.v.t."]
[analysis]
scale = "continuous"
design = "panel"
estimator = "auto"
confidence = 0.95
unit = "€"
[privacy]
audience = "public"
min_cell = 10
min_professionals = 5
key_file = "keys/secret"
legal_basis = {Herkomst = "Article 9(2)(j)"}
[check]
fail_on = "warn"
level = {figure = "noise.level.sd", warn = 150, fail = 200, unit = "€"}
disagreement = {figure = "lottery.disagreement", fail = 0.2}
"gap by age" = {figure = "groups.systemic_gap", group = "Leeftijdsklasse", value = "65+", warn = 10}
"""

REFUSED = [  # text after `version = 1`, what is said
    ('[roles]\njugde = "x"\n', "line 3: unknown key 'jugde'; did you mean 'judge'?"),
    ('[roles]\n"jugde" = "x"\n', "line 3: unknown key 'jugde'; did you mean 'judge'?"),
    ('roles = {case = "jugde", jugde = "x"}\n', "line 2: unknown key 'jugde'; did you mean 'judge'?"),
    ('roles.case = "jugde"\nroles.jugde = "x"\n', "line 3: unknown key 'jugde'; did you mean 'judge'?"),
    ('[reading]\nna = ["jugde = 1"]\n[roles]\njugde = "x"\n', "line 5: unknown key 'jugde'; did you mean 'judge'?"),
    ('# jugde = "x"\n[roles]\n\tjugde = "x"\n', "line 4: unknown key 'jugde'; did you mean 'judge'?"),
    ('[rolls]\ncase = "x"\n', "line 2: unknown key 'rolls'; did you mean 'roles'?"),
    ('case = "x"\n', "line 2: unknown key 'case'; it belongs in [roles]"),
    ('[roles]\nscale = "log"\n', "line 3: unknown key 'scale'; it belongs in [analysis]"),
    ('[roles]\nqqq = "log"\n', "line 3: unknown key 'qqq'; there is case, judge, decision, "),
    ("[roles]\ncase = 3\n", 'line 3: roles.case: expected text, found 3; for example case = "text"'),
    ('[roles]\ngroups = [\n"a", # b\n3]\n', "line 5: roles.groups, item 2: expected text, found 3"),
    ('[analysis]\nconfidence = "0.9"\n', "line 3: analysis.confidence: expected a number above 0.5 and below 1, "
     "found text; for example confidence = 0.95"),
    ("[analysis]\nconfidence = 2\n", "above 0.5 and below 1, found 2"),
    ("[analysis]\nconfidence = nan\n", "above 0.5 and below 1, found nan"),
    ('[analysis]\nscale = "continous"\n', "line 3: analysis.scale: expected one of"),
    ('[analysis]\nscale = "continous"\n', "found \"continous\"; did you mean 'continuous'?"),
    ("[analysis]\nddof = true\n", "line 3: analysis.ddof: expected one of 0, 1, found true; for example ddof = 1"),
    ("[analysis]\nunit = 2024-01-01\n", "analysis.unit: expected text, found a date or time"),
    ('[reading]\nheader_row = "x"\n', 'or "auto", found "x"; for example header_row = "auto"'),
    ("[reading]\nna = [1]\n", "line 3: reading.na: expected a list of texts or text"),
    ('roles = "x"\n', "line 2: 'roles' must be a table: [roles]"),
    ('[[roles]]\ncase = "x"\n', "line 2: 'roles' must be a table: [roles]"),
    ('[privacy]\nmin_cell = "x"\n', "line 3: privacy.min_cell: expected a whole number of at least 1, found text; "
     "for example min_cell = 10"),
    ("[privacy]\nlegal_basis = {Herkomst = 3}\n", "line 3: privacy.legal_basis.Herkomst: expected text, found 3"),
    ('[roles]\ncase = "a"\njudge = "a"\n', "lines 3 and 4: column 'a' is given as both case and judge"),
    ('[check]\na = {figure = "x.y"}\n', "line 3: check.a: a rule needs a limit: `warn`, `fail` or both"),
    ("[check]\na = {fail = 1}\n", 'line 3: check.a.figure is missing; for example figure = "noise.level.sd"'),
    ('[check]\na = {figur = "x.y", fail = 1}\n', "line 3: unknown key 'figur'; did you mean 'figure'?"),
    ('[check.a]\nfigure = "x.y"\nfail = 1\nwarm = 2\n', "line 5: unknown key 'warm'; did you mean 'warn'?"),
    ('[check]\na = {figure = "x.y", fail = "200"}\n', "line 3: check.a.fail: expected a number, found text"),
    ('[check]\na = {figure = "x.y", fail = inf}\n', "line 3: check.a.fail: expected a number, found inf"),
    ('[check]\na = {figure = "The level", fail = 1}\n', 'expected text such as "noise.level.sd", found text'),
    ('[check.a]\nfigure = "x.y"\nfail = 1\ngroup = "g"\nrelation = "p == q"\n', "line 2: check.a: a rule is about "
     "a `group` or a `relation`, not both"),
    ('[check]\nfail_onn = "warn"\n', "line 3: check.fail_onn: expected a table, found text; did you mean 'fail_on'?"),
    ("[check]\nunknown_exit = 3\n", "line 3: check.unknown_exit: expected one of 0, 1, 4, 99, found 3"),
    ("[check]\nexit_zero = 1\n", "line 3: check.exit_zero: expected true or false, found 1"),
]  # fmt: skip

NO_TOML = [
    ('[roles]\ncase = "a"\n\ncase = "b"\n', "line 5: roles.case is given twice, first on line 3; keep one"),
    ('[roles]\ncase = "a"\n[roles]\n', "line 4: roles is given twice, first on line 2; keep one"),
    ('roles = {case = "a", case = "b"}', "line 2: roles.case is given twice, first on line 2; keep one"),
    ('roles.case = "a"\n[roles]\n', "line 3: roles is given twice, first on line 2; keep one"),
    ("[roles\n", "line 2: this is no valid TOML"),
    ("[analysis]\nconfidence = 0,95\n", "line 3: this is no valid TOML: expected newline or end of document after a "
     "statement; a decimal is written with a point, such as 0.95"),
    ("[analysis]\nscale = log\n", 'line 3: this is no valid TOML: invalid value; a text stands in quotes'),
    ('[privacy]\nkey_file = "C:\\keys\\x"\n', "a text with \\ stands in single quotes, such as 'C:\\keys'"),
    ('[privacy.legal_basis]\nLand van herkomst = "x"\n', "a key with spaces stands in quotes"),
    ('[roles]\ncase: "x"\n', "line 3: this is no valid TOML: expected '=' after a key in a key/value pair; a key and "
     "its value are joined by ="),
    ("[roles]\ncase =\n", "a key needs a value; leave the line out to keep the default"),
    ('[roles]\ncase = "a\n', "a text ends on its own line, with the quotes it began with"),
    ('x = """abc', "line 2: this is no valid TOML: unterminated string"),
]  # fmt: skip


def said(folder: Path, raw: bytes) -> str:
    path = folder / "noiseaudit.toml"
    path.write_bytes(raw)
    with pytest.raises(na.CallError) as refused:
        load_config(path)
    assert refused.value.code == "bad_config"
    assert refused.value.exit_code == 2
    assert all(line.startswith("noiseaudit.toml, ") for line in refused.value.message.splitlines())
    return refused.value.message


def test_a_full_config_is_read_and_nothing_else_is_set(tmp_path: Path) -> None:
    path = tmp_path / "noiseaudit.toml"
    path.write_text(FULL, "utf-8")
    config = load_config(path)
    assert config.path == path
    assert config.settings["groups"] == ("Leeftijdsklasse",)
    assert config.settings["na"] == ("-", "n.v.t.")
    tables = set().union(*(tomllib.loads(FULL)[t] for t in ("roles", "reading", "analysis")))
    assert set(config.settings) == tables | set(PRIVACY)
    assert na.AuditDesign(**config.settings).unit == "€"
    assert config.privacy.key_path(path) == tmp_path / "keys" / "secret"
    assert config.privacy.legal_basis == {"Herkomst": "Article 9(2)(j)"}
    assert config.check.fail_on == "warn"
    assert list(config.check.rules) == ["level", "disagreement", "gap by age"]
    level, gap = config.check.rules["level"], config.check.rules["gap by age"]
    assert (level.figure, level.warn, level.fail, level.unit) == ("noise.level.sd", 150.0, 200.0, "€")
    assert (gap.group, gap.value, gap.warn, gap.fail) == ("Leeftijdsklasse", "65+", 10.0, None)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_any_line_ends_are_fine(tmp_path: Path, ends: str, mark: str) -> None:
    path = tmp_path / "noiseaudit.toml"
    path.write_bytes((mark + FULL.replace("\n", ends)).encode())
    assert load_config(path).settings["decimal"] == ","
    wrong = mark + 'version = 1\n[roles]\n\t"jugde"\t=\t"x"\t# tab\n'.replace("\n", ends)
    assert "line 3: unknown key 'jugde'; did you mean 'judge'?" in said(tmp_path, wrong.encode())


@pytest.mark.parametrize(("text", "words"), REFUSED + NO_TOML)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    assert words in said(tmp_path, f"version = 1\n{text}".encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "version is missing; for example version = 1"),
        ('[roles]\nversion = 1\n', "version is missing"),
        ("version = 2\n", "line 1: version: expected 1, found 2"),
        ('version = "1"\n', "line 1: version: expected 1, found text"),
        ("version = true\n", "line 1: version: expected 1, found true"),
        ("version = 1.0\nversion = 1\n", "line 2: version is given twice, first on line 1"),
    ],
)  # fmt: skip
def test_the_version_is_asked_for(tmp_path: Path, text: str, words: str) -> None:
    assert words in said(tmp_path, text.encode())


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "version = 1\n[check]\na = 1\n[roles]\ncase = 3\n[analysis]\nscal = 1\n"
    lines = said(tmp_path, text.encode()).splitlines()
    assert [line.split(":")[0] for line in lines] == [f"noiseaudit.toml, line {n}" for n in (3, 5, 7)]


def test_a_text_is_shown_only_where_the_choice_is_closed(tmp_path: Path) -> None:
    assert "Secret" not in said(tmp_path, b'version = 1\n[privacy]\nmin_cell = "Secret"\n')


def test_other_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    assert "line 3: this is not UTF-8" in said(tmp_path, 'version = 1\n[roles]\ncase = "Één"\n'.encode("cp1252"))
    assert "line 1: this is not UTF-8" in said(tmp_path, FULL.encode("utf-16"))
    with pytest.raises(na.CallError, match="cannot read the config"):
        load_config(tmp_path)


def test_the_tables_take_exactly_the_names_of_the_design() -> None:
    tables = config_schema()["$defs"]
    assert tuple(tables["Roles"]["properties"]) == (*SINGLE_ROLES, *LIST_ROLES)
    assert tuple(tables["Reading"]["properties"]) == READING
    names = [name for table in ("Roles", "Reading", "Analysis") for name in tables[table]["properties"]]
    assert set(PRIVACY) < set(tables["Privacy"]["properties"])
    assert sorted([*names, *PRIVACY]) == sorted(na.AuditDesign.model_fields)


def test_the_config_beside_the_data(tmp_path: Path) -> None:
    assert config_beside(str(tmp_path / "data.csv"), None).settings == {}
    (tmp_path / "noiseaudit.toml").write_text(FULL, "utf-8")
    assert config_beside(str(tmp_path / "data.csv"), None).settings["case"] == "Zaaknummer"
    assert config_beside("-", None).settings == {}
    with pytest.raises(na.CallError, match="cannot read"):
        config_beside(str(tmp_path / "data.csv"), tmp_path / "other.toml")


def verdicts(tree: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the model takes it, and whether the schema does."""
    try:
        Config.model_validate(tree)
        model = True
    except ValidationError:
        model = False
    return model, jsonschema.Draft202012Validator(config_schema()).is_valid(tree)


def test_model_and_schema_agree_on_texts() -> None:
    jsonschema.Draft202012Validator.check_schema(config_schema())
    assert verdicts(tomllib.loads(FULL)) == (True, True)
    across = ("column 'a' is given", "found nan", "found inf")  # two keys at once; JSON has no such numbers
    for text, words in REFUSED:
        if not any(part in words for part in across):
            assert verdicts(tomllib.loads(f"version = 1\n{text}")) == (False, False), text


VALUES = [True, 0, 1, 7, -1, 0.75, "", "auto", "x", ",", [], ["a"], ["a", 1], {}, {"a": "b"}, {"a": {"b": 1}}]


def test_model_and_schema_agree_on_every_key_with_every_kind_of_value() -> None:
    for name, table in config_schema()["properties"].items():
        if "$ref" not in table:
            continue
        keys = config_schema()["$defs"][table["$ref"].rsplit("/", 1)[-1]]["properties"]
        for key in (*keys, "rule"):
            for value in VALUES:
                model, schema = verdicts({"version": 1, name: {key: value}})
                assert model == schema, (name, key, value)
    rule = {"figure": "noise.level.sd", "warn": 1, "fail": 2, "unit": "€", "group": "g", "value": "v"}
    for key in (*rule, "relation", "other"):
        for value in VALUES:
            model, schema = verdicts({"version": 1, "check": {"a": rule | {key: value}}})
            assert model == schema, (key, value)
