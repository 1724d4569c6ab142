"""A result as its readers see it: what may be shown to them, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from noiseaudit.errors import NotIdentified
from noiseaudit.result.audit_result import AuditResult
from noiseaudit.result.group_parts import Discovery, JudgeGap
from noiseaudit.result.parts import Audience
from noiseaudit.result.pseudonyms import codes
from noiseaudit.result.suppression import as_shown


def for_readers(result: AuditResult, audience: Audience, *, key: bytes | None = None) -> AuditResult:
    """The result as an audience may see it: without what is small; gaps of professionals under codes, or not at all.

    Levels of professionals stay: charts draw them without names.
    """
    named = names_for(result, audience, key=key)
    return with_codes(as_shown(result, audience), named)


def names_for(result: AuditResult, audience: Audience, *, key: bytes | None = None) -> dict[str, str]:
    """Code of every professional for a team; empty for the public."""
    labels = [judge.judge for judge in result.judges]
    return dict(zip(labels, codes(labels, key), strict=True)) if audience == "team" else {}


def with_judge_codes(result: AuditResult, *, key: bytes) -> AuditResult:
    """The result with the codes of a key for the names of its professionals, as in files for a team."""
    named = names_for(result, "team", key=key)
    return replace(result, judges=tuple(replace(judge, judge=named[judge.judge]) for judge in result.judges))


def with_codes(result: AuditResult, named: Mapping[str, str]) -> AuditResult:
    """Gaps of the professionals that have a code, in the order of the codes, wherever the result holds such gaps."""
    groups = tuple(replace(group, judges=_coded(group.judges, named)) for group in result.groups)
    told = result.supplement.groups
    if told is not None:
        pairs = tuple(replace(pair, judges=_coded(pair.judges, named)) for pair in told.intersections)
        told = replace(told, intersections=pairs, discovery=_coded_kinds(told.discovery, named))
    return replace(result, groups=groups, supplement=replace(result.supplement, groups=told))


def _coded_kinds(found: Discovery | NotIdentified | None, named: Mapping[str, str]) -> Discovery | NotIdentified | None:
    if not isinstance(found, Discovery):
        return found
    kinds = tuple(replace(kind, judges=_coded(kind.judges, named)) for kind in found.kinds)
    return replace(found, kinds=kinds)


def _coded(judges: tuple[JudgeGap, ...], named: Mapping[str, str]) -> tuple[JudgeGap, ...]:
    shown = [replace(judge, judge=named[judge.judge]) for judge in judges if judge.judge in named]
    return tuple(sorted(shown, key=lambda judge: (len(judge.judge), judge.judge)))
