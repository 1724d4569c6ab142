"""The JSON Schema of result.json, worked out from the parts of an AuditResult and from what `exchange` adds to them."""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import is_dataclass
from typing import Any, Literal

from noiseaudit.design import EstimatorName, Kind, Scale
from noiseaudit.result.audit_result import AuditResult
from noiseaudit.result.exchange import DERIVED, OWN_DIFFERENCE, SCHEMA, SCHEMA_VERSION
from noiseaudit.result.group_parts import GroupGaps, JudgeGap
from noiseaudit.result.parts import (
    Audience,
    Component,
    DesignSummary,
    DifferenceDistribution,
    Estimate,
    Figure,
    Input,
    Interval,
    Number,
)

SCHEMA_ID = f"urn:noiseaudit:result:{SCHEMA_VERSION}"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def _words(literal: Any, *more: str) -> Schema:
    return {"enum": [*(word for word in typing.get_args(literal) if word != "auto"), *more]}


_CHANCE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_NAMES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_NOBODY: Schema = {"judges": {"maxItems": 0}}
_SIMPLE: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},  # every whole number in a result counts something
    float: {"type": "number"},
    str: {"type": "string"},
    type(None): {"type": "null"},
    Any: {},
}
_ALIASES: dict[Any, str] = {Component: "Component", Number: "Number", Interval: "Interval"}
_NARROWER: dict[tuple[type, str], Schema] = {  # what the type of a field leaves open
    (DesignSummary, "kind"): _words(Kind),
    (DesignSummary, "scale"): _words(Scale),
    (DesignSummary, "estimator"): _words(EstimatorName, "none"),
    (DesignSummary, "roles"): {"type": "object", "additionalProperties": _NAMES},
    (Input, "sha256"): {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
    (Estimate, "sd"): {"type": "number", "minimum": 0},
    (DifferenceDistribution, "share"): {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
    (JudgeGap, "p"): _CHANCE,
    (JudgeGap, "q"): _CHANCE,
    (JudgeGap, "difference_q"): _CHANCE,
}
_MORE: dict[type, Schema] = {
    Estimate: {
        "if": {"properties": {"variance_interval": {"type": "null"}}},
        "then": {"required": ["interval_reason"]},
    },
    Figure: {"if": {"properties": {"interval": {"type": "null"}}}, "then": {"required": ["interval_reason"]}},
    GroupGaps: {"oneOf": [{"required": ["group"]}, {"required": ["relation"]}]},
}


def result_schema() -> Schema:
    """The JSON Schema of result.json: every key that version 1.0 has, and no other but in `settings`."""
    definitions = _Definitions()
    hints = typing.get_type_hints(AuditResult)
    parts = {name: definitions.of(hint) for name, hint in hints.items() if name not in ("tool_version", "cases")}
    settings = {"type": "object", "properties": {"audience": _words(Audience)}, "required": ["audience"]}
    head = {
        "schema": {"const": SCHEMA},
        "schema_version": {"const": SCHEMA_VERSION},
        "tool": _closed({"version": {"type": "string"}}),
    }
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": f"{SCHEMA} {SCHEMA_VERSION}",
        "description": "What a noise audit found. A figure is estimated, bounded, or not identified with its reason.",
        **_closed(head | parts | {"settings": settings}),
        "if": {"properties": {"settings": {"properties": {"audience": {"const": "public"}}}}},
        "then": {"properties": _NOBODY | {"groups": {"items": {"properties": _NOBODY}}}},
        "$defs": dict(sorted(definitions.found.items())),
    }


def _closed(properties: Mapping[str, Schema], *, optional: Collection[str] = ()) -> Schema:
    """An object with these keys, all of them but the optional ones, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


class _Definitions:
    """Types as schemas; whatever has a name becomes one definition under that name."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def of(self, hint: Any) -> Schema:
        """The schema of a type hint."""
        if hint in _ALIASES:
            return self._named(_ALIASES[hint], hint, self._nameless)
        if is_dataclass(hint):
            return self._named(typing.cast("type", hint).__name__, hint, self._part)
        return self._nameless(hint)

    def _named(self, name: str, hint: Any, define: Any) -> Schema:
        if name not in self.found:
            self.found[name] = define(hint)
        return {"$ref": f"#/$defs/{name}"}

    def _nameless(self, hint: Any) -> Schema:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return {"oneOf": [self.of(kind) for kind in arguments]}
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is Mapping:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if origin is not tuple:
            return dict(_SIMPLE[hint])
        if arguments[-1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        several = [self.of(kind) for kind in arguments]
        return {"type": "array", "prefixItems": several, "items": False, "minItems": len(several)}

    def _part(self, kind: Any) -> Schema:
        """A dataclass as `exchange` writes it: fields, what is derived from them, and a status that never varies."""
        hints = typing.get_type_hints(kind)
        hints |= {name: typing.get_type_hints(getattr(kind, name).fget)["return"] for name in DERIVED.get(kind, ())}
        properties = {name: _NARROWER.get((kind, name)) or self.of(hint) for name, hint in hints.items()}
        if "status" in properties:
            properties = {"status": {"const": kind.status}} | {k: v for k, v in properties.items() if k != "status"}
        optional = {"group", "relation"} if kind is GroupGaps else set()  # the one that is the name
        properties |= {name: dict(_SIMPLE[str]) for name in optional}
        if kind is JudgeGap:
            optional |= set(OWN_DIFFERENCE)
        if "interval_reason" in properties:  # left out where there is an interval
            optional.add("interval_reason")
            properties["interval_reason"] = dict(_SIMPLE[str])
        return _closed(properties, optional=optional) | _MORE.get(kind, {})
