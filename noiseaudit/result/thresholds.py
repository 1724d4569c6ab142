"""Which figures about few cases or few professionals a file may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from noiseaudit.errors import NotIdentified
from noiseaudit.result.audit_result import AuditResult
from noiseaudit.result.group_parts import Discovery, JudgeGap
from noiseaudit.result.log_parts import ComparableClass, OverTime, Period
from noiseaudit.result.parts import Audience
from noiseaudit.result.pseudonyms import codes
from noiseaudit.result.supplement import Supplement

FEWEST: dict[Audience, tuple[int, int]] = {"public": (10, 5), "team": (5, 3)}  # decisions, professionals


def for_readers(result: AuditResult, audience: Audience, *, key: bytes | None = None) -> AuditResult:
    """The result as an audience may see it: without small cells; gaps of professionals under codes, or not at all.

    Levels of professionals stay: charts draw them without names.
    """
    named = names_for(result, audience, key=key)
    return with_codes(replace(result, supplement=without_small_cells(result.supplement, audience)), named)


def names_for(result: AuditResult, audience: Audience, *, key: bytes | None = None) -> dict[str, str]:
    """Code of every professional for a team; empty for the public."""
    labels = [judge.judge for judge in result.judges]
    return dict(zip(labels, codes(labels, key), strict=True)) if audience == "team" else {}


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


def without_small_cells(supplement: Supplement, audience: Audience) -> Supplement:
    """The supplement without means and noise of classes and periods of too few decisions or professionals."""
    log = supplement.log
    if log is None:
        return supplement
    classes = tuple(replace(each, mean=None) if _small(each, audience) else each for each in log.comparison.classes)
    time = log.over_time
    if isinstance(time, OverTime):
        time = replace(time, periods=tuple(_hidden(p) if _small(p, audience) else p for p in time.periods))
    return replace(supplement, log=replace(log, comparison=replace(log.comparison, classes=classes), over_time=time))


def _small(cell: ComparableClass | Period, audience: Audience) -> bool:
    decisions, judges = FEWEST[audience]
    return cell.decisions < decisions or cell.judges < judges


def _hidden(period: Period) -> Period:
    nothing = NotIdentified.of("too_small_to_show")
    return replace(period, mean=None, limits=None, outside=False, level=nothing, level_outside=False)
