"""A commented noiseaudit.toml from what `inspect` found: it reads the same file in exactly the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from noiseaudit.design import LIST_ROLES, READING, SINGLE_ROLES, AuditDesign
from noiseaudit.formatting import printable
from noiseaudit.inspection import Inspection
from noiseaudit.language import catalogue
from noiseaudit.reading.grounds import recognised

_ANALYSIS = (
    "scale", "design", "comparable", "exclude_judges", "estimator", "positive", "order", "confidence", "unit",
    "duplicates",
)  # fmt: skip


def starting_config(found: Inspection, design: AuditDesign) -> str:
    """TOML text. Every value that was found carries its reason; what could be set is there as a comment."""
    return printable("\n".join(_lines(found, design))) + "\n"


def _lines(found: Inspection, design: AuditDesign) -> Iterator[str]:
    say = catalogue("en")
    yield say("config.head", name=" ".join(found.name.split()))
    yield "version = 1"
    yield ""
    yield "[roles]"
    why = {proposal.role: proposal.why for proposal in found.proposals}
    wide = bool(found.roles.get("judge_columns"))
    made = ("judge", "decision") if wide else ()  # a wide table has no such columns of its own
    for role in (*SINGLE_ROLES, *LIST_ROLES):
        value = found.roles.get(role)
        if value in (None, [], ()) or role in made or (wide and value == "row of the table"):
            yield f"# {role} = {_toml('…' if role in SINGLE_ROLES else ['…'])}"
        else:
            yield f"{role} = {_toml(value)}" + _comment(why.get(role))
    yield ""
    yield "[reading]"
    reading = {**_given(design, READING), **found.reading}
    if wide:
        reading["judge_columns"] = list(found.roles["judge_columns"])  # type: ignore[call-overload]
    for key in READING:
        if reading.get(key) not in (None, [], (), "auto"):
            yield f"{key} = {_toml(reading[key])}" + _comment(found.evidence.get(key) or why.get(key))
    yield ""
    yield "[analysis]"
    analysis = _given(design, _ANALYSIS)
    if found.scale:
        analysis["scale"] = found.scale
    for key in _ANALYSIS:
        if analysis.get(key) not in (None, [], (), "auto"):
            yield f"{key} = {_toml(analysis[key])}"
    yield ""
    yield "[privacy]"
    yield 'audience = "public"' + _comment(say("config.audience"))
    special = [column.name for column in found.columns if any(ground.gdpr for ground in recognised(column.name))]
    if special:
        yield f"# legal_basis = {_toml(dict.fromkeys(special, '…'))}" + _comment(say("config.legal_basis"))
    if found.problems:
        yield ""
        yield say("config.problems")
        yield from (f"# {line}" for problem in found.problems for line in str(problem).splitlines())


def _given(design: AuditDesign, keys: tuple[str, ...]) -> dict[str, object]:
    """Settings that differ from their defaults."""
    fields = AuditDesign.model_fields
    return {key: getattr(design, key) for key in keys if getattr(design, key) != fields[key].default}


def _comment(text: str | None) -> str:
    return f"  # {' '.join(text.split())}" if text else ""


def _toml(value: object) -> str:
    """A TOML value; JSON strings are TOML strings, with all that cannot be seen as an escape."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, int | float):
        return str(value)
    text = json.dumps(str(value), ensure_ascii=False)
    return "".join(ch if ch.isprintable() else f"\\U{ord(ch):08x}" for ch in text)
