"""AuditResult <-> JSON-ready dict, after the contract `noiseaudit/result` 1.0."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from noiseaudit.errors import CallError, NotIdentified
from noiseaudit.result.audit_result import AuditResult
from noiseaudit.result.findings import finding
from noiseaudit.result.group_parts import GroupGaps
from noiseaudit.result.parts import Audience, Bounded, Estimate, Figure
from noiseaudit.result.readers import for_readers, names_for

SCHEMA = "noiseaudit/result"
SCHEMA_VERSION = "1.0"
DERIVED = {Estimate: ("sd", "sd_interval", "at_boundary"), Bounded: ("sd_bounds",)}  # written, and worked out again
OWN_DIFFERENCE = ("difference", "difference_interval", "difference_q")  # of relations only
_LARGEST = 1e300  # no figure of decisions is larger; beyond, sums of squares are no numbers any more
_MOST = 2**62
_BY_STATUS = {"bounded": Bounded, "not_identified": NotIdentified}


def without_people(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for a file: judges' columns and accounts left out can be names of people, so they are counted."""
    columns, accounts = settings.get("judge_columns"), settings.get("exclude_judges")
    counted = {"judge_columns": f"{len(columns)} names or patterns"} if columns else {}
    return {**settings, **counted, **({"exclude_judges": f"{len(accounts)} accounts"} if accounts else {})}


def to_dict(result: AuditResult, audience: Audience = "public", *, key: bytes | None = None) -> dict[str, Any]:
    """JSON-ready data. `public` empties every list about persons and says so in a finding; `team` writes codes."""
    if audience not in typing.get_args(Audience):
        raise CallError("wrong_setting", f"audience must be 'public' or 'team', not {audience!r}")
    judges: list[Any] = []
    shown, named = for_readers(result, audience, key=key), names_for(result, audience, key=key)
    findings = list(shown.findings)
    if audience == "team":
        judges = [_plain(judge) | {"judge": named[judge.judge]} for judge in result.judges]
    elif result.judges:
        findings.append(finding("persons_withheld", n=len(result.judges)))
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "tool": {"version": result.tool_version},
        "input": _plain(result.input),
        "design": _plain(result.design),
        "noise": _plain(result.noise),
        "book": _plain(result.book),
        "lottery": _plain(result.lottery),
        "accuracy": _plain(result.accuracy),
        "judges": judges,
        "groups": [_group(group) for group in shown.groups],
        "findings": _plain(findings),
        "supplement": _plain(shown.supplement),
        "settings": _plain(without_people(result.settings)) | {"audience": audience},
    }


def _group(group: GroupGaps) -> dict[str, Any]:
    """A group under the one name that it has; own differences of professionals where they are known."""
    plain = {key: value for key, value in _plain(group).items() if key not in ("group", "relation") or value}
    judges = [{k: v for k, v in judge.items() if k not in OWN_DIFFERENCE or v is not None} for judge in plain["judges"]]
    return plain | {"judges": judges}


def _plain(value: Any) -> Any:
    """Dataclasses, mappings and tuples as dicts and lists; numbers as they are."""
    if is_dataclass(value):
        names = [*(f.name for f in fields(value)), *DERIVED.get(type(value), ())]
        plain = {name: _plain(getattr(value, name)) for name in names}
        if isinstance(value, Estimate | Figure) and plain["interval_reason"] is None:
            del plain["interval_reason"]
        return {"status": plain.pop("status")} | plain if "status" in plain else plain
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def from_dict(data: Mapping[str, Any]) -> AuditResult:
    """The result that `to_dict` wrote; CallError where the schema is another."""
    if data.get("schema") != SCHEMA:
        raise CallError("wrong_schema", f"this is not a {SCHEMA} file; its schema is {data.get('schema')!r}")
    version = str(data.get("schema_version", ""))
    if version.split(".", maxsplit=1)[0] != SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        raise CallError(
            "wrong_schema", f"schema version {version!r} cannot be read; this version reads {SCHEMA_VERSION}"
        )
    try:
        named = [{"group": None, "relation": None} | group for group in data["groups"]]
        parts = {**data, "groups": named}
        return AuditResult(
            **{
                f.name: _build(_hints(AuditResult)[f.name], parts[f.name])
                for f in fields(AuditResult)
                if f.name in parts
            },
            tool_version=data["tool"]["version"],
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        key = f" at {error}" if isinstance(error, KeyError) else ""  # other messages quote values
        raise CallError("wrong_schema", f"the file is damaged: {type(error).__name__}{key}") from None


def read_result(path: Path) -> AuditResult:
    """The result of a result.json; CallError where the file is missing, no JSON, or something else."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CallError("no_such_result", f"cannot read the result {str(path)!r}: {why}") from None
    try:
        data = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise CallError("wrong_schema", f"{str(path)!r} is not JSON, or only a part of it") from None
    if not isinstance(data, dict):
        raise CallError("wrong_schema", f"{str(path)!r} is not a {SCHEMA} file")
    return from_dict(data)


def is_result(path: Path) -> bool:
    """The file begins as one that `to_dict` filled."""
    with path.open("rb") as file:
        return f'"schema": "{SCHEMA}"'.encode() in file.read(200)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(hint: Any, value: Any) -> Any:
    """`value` as the type that `hint` names; unions of figures are told apart by their status."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        choices = [choice for choice in arguments if choice is not type(None)]
        wanted = _BY_STATUS.get(str(value.get("status"))) if isinstance(value, Mapping) else None
        return _build(wanted if wanted in choices else choices[0], value)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], item) for item in value)
        return tuple(_build(kind, item) for kind, item in zip(arguments, value, strict=True))
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise TypeError
        return hint(
            **{
                f.name: _build(_hints(hint)[f.name], value[f.name])
                for f in fields(hint)
                if f.name in value or (f.default is MISSING and f.default_factory is MISSING)
            }
        )
    if origin is Mapping:
        return {str(key): _build(arguments[1], item) for key, item in dict(value).items()}
    return _leaf(hint, value)


def _leaf(hint: Any, value: Any) -> Any:
    """A number, text or flag of the type that `hint` names; TypeError or ValueError for any other."""
    if typing.get_origin(hint) is typing.Literal:
        if value not in typing.get_args(hint):
            raise ValueError
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        if not abs(number) < _LARGEST:
            raise ValueError
        return number
    if hint is float or (hint in (int, str, bool) and type(value) is not hint):
        raise TypeError
    if hint is int and abs(value) > _MOST:
        raise ValueError
    return value
