"""Where keys stand: the same keys as tomllib finds, each on the line where it is written."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseaudit.toml_lines import Key, key_lines

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=6) | st.sampled_from(
    ["a", "a.b", "with space", '"', "'", "#", "[x]", "a = 1", "\\", "é"]
)
SCALARS = (
    st.integers(-9, 9)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.sampled_from(["", "# no comment", "a = 1", "[no.table]", "'\"", "{", "two\nlines", "1979-05-27"])
)
LEAVES = SCALARS | st.lists(SCALARS, max_size=3)
TREES = st.dictionaries(
    WORDS, LEAVES | st.dictionaries(WORDS, LEAVES | st.dictionaries(WORDS, LEAVES, max_size=2), max_size=3), max_size=4
)


def walk(tree: Any, key: Key = ()) -> set[Key]:
    """Every key of a tree, as key_lines names it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {found for part, inner in items for found in ({(*key, part)} | walk(inner, (*key, part)))}


def scalar(value: object) -> str:
    """A value as TOML; JSON's own spelling is TOML's too, and lists are broken over lines."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {scalar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[ # a comment, with = and ]\n" + "".join(f"  {scalar(item)},\n" for item in value) + "]"
    if isinstance(value, str) and "\n" in value:
        return '"""\n' + value.replace("\\", "\\\\").replace('"', '\\"') + '"""'
    return json.dumps(value) if not isinstance(value, float) else f"{value:f}"


def quoted(key: str) -> str:
    return json.dumps(key)


def inline(tree: dict[str, Any]) -> str:
    return "".join(f"{quoted(key)} = {scalar(value)}\n" for key, value in tree.items())


def tables(tree: dict[str, Any], path: tuple[str, ...] = ()) -> str:
    head = f"[{'.'.join(map(quoted, path))}] # [not.this]\n" if path else ""
    flat = {key: value for key, value in tree.items() if not isinstance(value, dict)}
    deep = {key: value for key, value in tree.items() if isinstance(value, dict)}
    return head + inline(flat) + "".join(tables(value, (*path, key)) for key, value in deep.items())


def dotted(tree: dict[str, Any], path: tuple[str, ...] = ()) -> str:
    return "".join(
        dotted(value, (*path, key))
        if isinstance(value, dict) and value
        else f"{'.'.join(map(quoted, (*path, key)))} = {scalar(value)}\n"
        for key, value in tree.items()
    )


@pytest.mark.parametrize("write", [inline, tables, dotted])
@settings(deadline=None, max_examples=60)
@given(tree=TREES)
def test_the_keys_are_those_of_tomllib_on_the_lines_where_they_stand(write: Any, tree: dict[str, Any]) -> None:
    text = write(tree)
    found = dict(key_lines(text))
    assert set(found) == walk(tomllib.loads(text))
    rows = text.split("\n")
    for key, line in found.items():
        if isinstance(key[-1], str):
            assert quoted(key[-1]) in rows[line - 1]


def test_every_way_to_write_a_key() -> None:
    text = """\
# comment with [table]
version = 1
roles . case = "a = b"      # dotted, with spaces
'lit eral' = '''two
lines'''
"\\u00e9" = 1979-05-27 07:32:00
list = [ 1,
  [2, {deep = 3}],
]
[check]
inline = {a = 1, "b c" = [{d = 0.5}]}
[check.sub."q.r"]
x = 1
[[many]]
y = 1
[many.below]
z = 1
[[many]]
y = 2
"""
    found = dict(key_lines(text))
    assert set(found) == walk(tomllib.loads(text))
    assert found["roles", "case"] == 3
    assert found["lit eral",] == 4
    assert found["é",] == 6
    assert found["list", 1, 1, "deep"] == 8
    assert found["check", "inline", "b c", 0, "d"] == 11
    assert found["check", "sub", "q.r", "x"] == 13
    assert found["many", 0, "below", "z"] == 17
    assert found["many", 1, "y"] == 19
