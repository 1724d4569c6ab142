"""What is wrong in a config, in sentences: the line, the key, what was expected, what was found, an example.

What a key expects is read from the JSON Schema of the config, so that these sentences and
`noiseaudit schema config` can only agree.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from tomllib import TOMLDecodeError
from typing import Any

from pydantic_core import ErrorDetails

from noiseaudit.toml_lines import Key, key_lines

Schema = Mapping[str, Any]

OWN_WORDS = "own_words"  # the type of an error whose message is a sentence of ours already

_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "of at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
    "multipleOf": "divisible by",
}
_KINDS: dict[str, tuple[str, Any]] = {  # how a sentence calls it, and an example
    "string": ("text", "text"),
    "integer": ("a whole number", 1),
    "number": ("a number", 1.5),
    "boolean": ("true or false", True),
    "array": ("a list of texts", ["one", "two"]),
    "object": ("a table", {}),
}
_OTHER = ("another value", "text")
_SLIPS = (  # what the line looks like, and what to do; the first that fits is said
    (re.compile(r"^\s*[\w-]+\s*:"), "a key and its value are joined by ="),
    (re.compile(r"=\s*(?:#.*)?$"), "a key needs a value; leave the line out to keep the default"),
    (re.compile(r"=\s*-?\d+,\d"), "a decimal is written with a point, such as 0.95"),
    (re.compile(r'=\s*"[^"]*\\'), r"a text with \ stands in single quotes, such as 'C:\keys'"),
    (re.compile(r'^[^"]*"[^"]*$'), "a text ends on its own line, with the quotes it began with"),
    (re.compile(r"=\s*[^\s\d\"'\[{+-]"), 'a text stands in quotes, such as key = "text"'),
    (re.compile(r"^\s*[\w-]+(?:[^\w\s.=-]|\s+\w)[^=]*="), 'a key with spaces stands in quotes, such as "my key" = 1'),
)


@dataclass(frozen=True)
class _Problem:
    """One sentence and its place; `meant` is the key that an unknown key was taken for."""

    key: Key
    line: int
    sentence: str
    meant: Key | None = None


def problems(errors: Iterable[ErrorDetails], *, tree: Mapping[str, Any], text: str, schema: Schema) -> list[str]:
    """One sentence for every key that was refused, in the order of the file."""
    lines, whole = _first_lines(text), _without_references(schema, schema)
    found: dict[Key, _Problem] = {}
    for error in errors:
        location = tuple(error["loc"])
        key = location if error["type"] == "missing" else _written(location, tree)
        line = next((lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in lines), 0)
        if key not in found:  # each branch of "text or list" complains about the same key
            found[key] = _problem(error, key, line=line, value=_value(tree, key), schema=whole)
    meant = {problem.meant for problem in found.values()}
    told = sorted((p for p in found.values() if p.key not in meant), key=lambda p: p.line)
    return [f"line {p.line}: {p.sentence}" if p.line else p.sentence for p in told]


def lines_of(keys: Iterable[Key], text: str) -> str:
    """'line 3' or 'lines 3 and 4': where these keys stand."""
    places = _first_lines(text)
    numbers = sorted({places[key] for key in keys if key in places})
    return f"line{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}" if numbers else ""


def syntax_problem(error: TOMLDecodeError, text: str) -> str:
    """Why a text is no TOML: a key given twice, or the slip that the line looks like."""
    message = str(error)
    rows = text.split("\n")
    place = re.search(r" \(at line (\d+), column \d+\)$", message)
    line = int(place[1]) if place else len(text.removesuffix("\n").split("\n"))
    what = message[: place.start()] if place else message.removesuffix(" (at end of document)")
    if what.startswith(("Cannot", "Duplicate")):  # tomllib stops at the second of two
        *before, (key, second) = key_lines("\n".join(rows[:line]))
        first = next((number for earlier, number in before if earlier == key), None)
        clash = f"is given twice, first on line {first}; keep one" if first else "clashes with another key or table"
        return f"line {second}: {_dotted(key)} {clash}"
    hint = next((f"; {advice}" for slip, advice in _SLIPS if slip.search(rows[line - 1])), "")
    return f"line {line}: this is no valid TOML: {what[:1].lower()}{what[1:]}{hint}"


def _first_lines(text: str) -> dict[Key, int]:
    return dict(reversed(list(key_lines(text))))


def _without_references(schema: Any, root: Schema) -> Any:
    """The schema with every `$ref` replaced by what it names; the config's schema has no cycles."""
    if isinstance(schema, list):
        return [_without_references(item, root) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    named = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else {}
    return {
        key: _without_references(item, root)
        for key, item in {**schema, **named}.items()
        if key not in ("$defs", "$ref")
    }


def _written(location: Key, tree: Any) -> Key:
    """The part of a location that is in the file: pydantic also names the branches of unions, which are not."""
    for length, part in enumerate(location):
        inside = part in tree if isinstance(tree, Mapping) else isinstance(tree, list) and part in range(len(tree))
        if not inside:
            return location[:length]
        tree = tree[part]
    return location


def _value(tree: Any, key: Key) -> Any:
    for part in key:
        tree = tree[part] if not isinstance(tree, Mapping) or part in tree else None
    return tree


def _problem(error: ErrorDetails, key: Key, *, line: int, value: object, schema: Schema) -> _Problem:
    if error["type"] == "extra_forbidden":
        return _unknown(key, line, schema)
    name, expected, takes = _dotted(key), _at(schema, key), _describe(_at(schema, key))
    if error["type"] == OWN_WORDS:
        sentence = f"{name}: {error['msg']}"
    elif error["type"] == "missing":
        sentence = f"{name} is missing; {_example(key, expected)}"
    elif len(key) == 1 and expected.get("type") == "object":
        sentence = f"{name!r} must be a table: [{name}]"
    else:
        near = _near(value, _choices(expected)) or _near(key[-1], _unless_known(key, schema))
        advice = f"did you mean {near!r}?" if near else _example(key, expected)
        sentence = f"{name}: expected {takes}, found {_found(value, closed=bool(_choices(expected)))}; {advice}"
    return _Problem(key, line, sentence)


def _unknown(key: Key, line: int, schema: Schema) -> _Problem:
    known = tuple(_at(schema, key[:-1]).get("properties", ()))
    homes = [table for table, content in schema["properties"].items() if key[-1] in content.get("properties", ())]
    near = _near(key[-1], known)
    if homes and len(key) <= 2:
        hint = f"it belongs in [{homes[0]}]"
    else:
        hint = f"did you mean {near!r}?" if near else f"there is {', '.join(known)}"
    return _Problem(key, line, f"unknown key {key[-1]!r}; {hint}", (*key[:-1], near) if near else None)


def _near(word: object, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(str(word), known, n=1)), None) if isinstance(word, str) else None


def _unless_known(key: Key, schema: Schema) -> tuple[str, ...]:
    """The names that a free name may have been meant for: a rule of `check` may be a misspelt option."""
    known = tuple(_at(schema, key[:-1]).get("properties", ()))
    return () if key[-1] in known else known


def _at(schema: Schema, key: Key) -> Schema:
    """The schema of what stands under a key."""
    for part in key:
        branches = [schema, *schema.get("anyOf", ())]
        inner = (
            branch["properties"][part]
            if part in branch.get("properties", ())
            else branch.get("additionalProperties" if isinstance(part, str) else "items")
            for branch in branches
        )
        schema = next((found for found in inner if isinstance(found, Mapping)), {})
    return schema


def _branches(schema: Schema) -> list[Schema]:
    if schema.get("type") == "object" or "anyOf" not in schema:
        return [schema]
    return [leaf for branch in schema["anyOf"] for leaf in _branches(branch)]


def _choices(schema: Schema) -> list[str]:
    """The words that a key takes, where it takes a closed list of words."""
    values = [value for branch in _branches(schema) for value in branch.get("enum", [branch.get("const")])]
    return [value for value in values if isinstance(value, str)]


def _describe(schema: Schema) -> str:
    return " or ".join(dict.fromkeys(map(_describe_one, _branches(schema))))


def _describe_one(schema: Schema) -> str:
    if "const" in schema:
        return _toml(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(map(_toml, schema['enum']))}"
    words = _KINDS.get(schema.get("type", ""), _OTHER)[0]
    if "pattern" in schema:
        return f"{words} such as {_toml(schema['examples'][0])}"
    limits = [f"{phrase} {schema[bound]:g}" for bound, phrase in _BOUNDS.items() if bound in schema]
    listed = " and ".join(filter(None, (", ".join(limits[:-1]), *limits[-1:])))
    return f"{words} {listed}".rstrip()


def _example(key: Key, schema: Schema) -> str:
    first = _branches(schema)[0]
    default = schema.get("default")
    candidates = [*schema.get("examples", ()), *([default] if default not in (None, []) else ())]
    candidates += [first["const"]] if "const" in first else first.get("enum", [])
    value = candidates[0] if candidates else first.get("multipleOf", _KINDS.get(first.get("type", ""), _OTHER)[1])
    if isinstance(key[-1], int):
        return f"for example {_toml(value)}"
    return f"for example {_dotted(key[-1:])} = {_toml(value)}"


def _found(value: object, *, closed: bool) -> str:
    """What stands there. A text itself is shown only where the choice is closed: elsewhere it may be anything."""
    if isinstance(value, str):
        return _toml(value[:40]) if closed else "text"
    if isinstance(value, bool | int | float):
        return _toml(value)
    if isinstance(value, datetime.date | datetime.time):
        return "a date or time"
    return "a table" if isinstance(value, Mapping) else "a list"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_dotted((key,))} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return f"{value:g}"  # inf and nan as TOML has them
    return json.dumps(value, ensure_ascii=False)


def _dotted(key: Key) -> str:
    """A key as TOML writes it; places in a list are counted from 1, as people do."""
    parts = [f"item {part + 1}" if isinstance(part, int) else _bare(part) for part in key]
    return ".".join(parts).replace(".item ", ", item ")


def _bare(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
