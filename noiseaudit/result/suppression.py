"""What a file holds of groups: nothing about few cases or few professionals, nor what such a figure follows from.

A group is hidden whole, with every figure about it: means, gaps and rates would give its size or its mean away by
subtraction from those of all cases. Where one is hidden, enough others of the same characteristic are (complement.py).
Not looked at: characteristics that are parts of one another, such as years and classes of age, in one report.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from noiseaudit.errors import NotIdentified
from noiseaudit.result.audit_result import AuditResult
from noiseaudit.result.complement import Counts, Flags
from noiseaudit.result.findings import finding
from noiseaudit.result.group_parts import (
    DiscoveredKind,
    Discovery,
    GroupGaps,
    GroupNote,
    GroupsAudit,
    Intersection,
)
from noiseaudit.result.parts import Audience, DesignSummary, Finding
from noiseaudit.result.people_counts import without_small_counts
from noiseaudit.result.rate_suppression import gone, telling_errors, truths_of, without_small_rates
from noiseaudit.result.thresholds import Limits, without_small_cells

HIDDEN = "too_small_to_show"
_ABOUT_VALUES = ("P601", "group_missing", "group_of_numbers", "relation_unknown")  # findings that count cases of values


def as_shown(result: AuditResult, audience: Audience) -> AuditResult:
    """The result as a file for an audience may hold it. The result that comes out comes out of this unchanged.

    For the public nothing is left of single professionals. Lowered limits are said in a finding, and findings that
    count cases of a characteristic with hidden values give way to one that says that some are hidden.
    """
    limits = Limits.of(audience, result.settings)
    supplement = without_small_cells(result.supplement, audience, limits=limits)
    groups, findings = result.groups, result.findings
    if supplement.groups is not None:
        groups, told = without_small_groups(groups, supplement.groups, result.design, limits=limits)
        groups, told = without_small_counts(groups, told, fewest=limits.cases, public=audience == "public")
        supplement = replace(supplement, groups=told)
        concealed = {name for name, note in _named(groups, told) if note.hidden}
        findings = _reworded(findings, concealed, limits)
        log = supplement.log
        if log is not None and concealed & set(log.comparison.characteristics):  # classes count cases by their values
            supplement = replace(supplement, log=replace(log, comparison=replace(log.comparison, classes=())))
    findings = tuple(said for said in findings if said.code != "threshold_lowered")
    if limits.lowered(audience):
        values = {"cases": limits.cases, "professionals": limits.professionals}
        findings = (finding("threshold_lowered", "warning", **values), *findings)
    return replace(result, groups=groups, findings=findings, supplement=supplement)


def without_small_groups(
    groups: tuple[GroupGaps, ...], told: GroupsAudit, design: DesignSummary, *, limits: Limits
) -> tuple[tuple[GroupGaps, ...], GroupsAudit]:
    """Groups and what is told of them without what is too small, and without what that could be worked out from."""
    hidden = np.zeros(len(groups), dtype=bool)
    telling = telling_errors(told.rates, limits)
    for own in _characteristics(groups):
        values = [(groups[k].group, groups[k].value) for k in own]
        few = [_of_few(groups[k], limits) or value in telling for k, value in zip(own, values, strict=True)]
        hidden[own] = _hidden_values(
            [groups[k] for k in own],
            [told.notes[k] for k in own],
            design,
            limits,
            few=np.array(few),
            sums=truths_of(told.rates, values, limits),
        )
    shown = [_shown(group, note, limits) for group, note in zip(groups, told.notes, strict=True)]
    shown = [_blank(*pair) if out else pair for pair, out in zip(shown, hidden, strict=True)]
    concealed = {(group.group or group.relation, group.value) for group, out in zip(groups, hidden, strict=True) if out}
    pairs = tuple(_pair(pair, concealed, limits) for pair in told.intersections)  # type: ignore[arg-type]
    rates, fairness = without_small_rates(told, concealed, limits)  # type: ignore[arg-type]
    found = _kinds(told.discovery, limits) if isinstance(told.discovery, Discovery) else told.discovery
    told = replace(
        told,
        notes=tuple(note for _, note in shown),
        intersections=pairs,
        discovery=found,
        rates=rates,
        fairness=fairness,
    )
    return tuple(group for group, _ in shown), told


def _nothing() -> NotIdentified:
    return NotIdentified.of("too_small_to_show")


def _named(groups: tuple[GroupGaps, ...], told: GroupsAudit) -> list[tuple[str | None, GroupNote]]:
    return [(group.group or group.relation, note) for group, note in zip(groups, told.notes, strict=True)]


def _characteristics(groups: tuple[GroupGaps, ...]) -> list[list[int]]:
    """Positions of the values of each characteristic; a relation by itself."""
    places: dict[tuple[bool, str | None], list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault((group.group is None, group.group or group.relation), []).append(place)
    return list(places.values())


def _hidden_values(
    groups: list[GroupGaps],
    notes: list[GroupNote],
    design: DesignSummary,
    limits: Limits,
    *,
    few: Flags,
    sums: Counts | None,
) -> Flags:
    """Values with too few cases, decisions or professionals, or one professional with most of them; and complements.

    few: hidden for another reason than a small count. sums: of further counts that what is hidden must have enough of.
    """
    if groups[0].group is None:  # a relation: what is not in it is the rest
        outside = sum(judge.n_out or 0 for judge in groups[0].judges)
        rest = outside if groups[0].judges else design.decisions - (notes[0].decisions or 0)
        few = few | ((notes[0].cases or 0) < limits.cases)
        return gone([(notes[0].decisions,)], limits, few, rest=rest)
    rest = design.cases - sum(note.cases or 0 for note in notes)
    return gone([(note.cases, note.decisions) for note in notes], limits, few, rest=rest, sums=sums)


def _of_few(group: GroupGaps, limits: Limits) -> bool:
    """Too few professionals decided cases of the group, or one of them most; False where the list is not there."""
    if not group.judges or any(judge.n_in is None for judge in group.judges):
        return False
    own = np.array([judge.n_in for judge in group.judges], dtype=np.float64)
    return bool((own > 0).sum() < limits.professionals or own.max() > limits.share * own.sum())


def _few_tested(tests: int | None, limits: Limits) -> bool:
    return tests is None or 0 < tests < limits.professionals


def _shown(group: GroupGaps, note: GroupNote, limits: Limits) -> tuple[GroupGaps, GroupNote]:
    """What rests on the professionals that were tested goes where they are few."""
    if not _few_tested(group.tests, limits):
        few = _few_tested(note.differences, limits)
        return group, replace(note, differences=None, clear_differences=None) if few else note
    return replace(group, heterogeneity=_nothing(), tests=None, too_few=None), _untold(note)


def _blank(group: GroupGaps, note: GroupNote) -> tuple[GroupGaps, GroupNote]:
    nothing = _nothing()
    group = replace(
        group, systemic_gap=nothing, raw_gap=nothing, heterogeneity=nothing, tests=None, too_few=None, judges=()
    )
    return group, replace(_untold(note), cases=None, decisions=None, hidden=HIDDEN, systemic_df=None)


def _untold(note: GroupNote) -> GroupNote:
    return replace(
        note, flags=None, review=None, heterogeneity_p=None, smallest_detectable=None, sensitivity=_nothing(),
        differences=None, clear_differences=None, higher=None,
    )  # fmt: skip


def _pair(pair: Intersection, concealed: set[tuple[str, str]], limits: Limits) -> Intersection:
    """Who was tested has ten cases in each of the four cells, so few of them is all that has to be looked at."""
    if not ({pair.first, pair.second} & concealed or _few_tested(pair.tests, limits)):
        return pair
    return replace(pair, contrast=_nothing(), tests=None, too_few=None, flags=None, judges=())


def _kinds(found: Discovery, limits: Limits) -> Discovery:
    """Kinds with few cases go, and others, so that the total of the cases tested gives none away."""
    kinds, out = found.kinds, np.zeros(len(found.kinds), dtype=bool)
    for sought in dict.fromkeys(kind.sought for kind in kinds):  # each a division of the same cases
        own = [k for k, kind in enumerate(kinds) if kind.sought == sought]
        rest = found.cases_tested - sum(kinds[k].cases or 0 for k in own)
        out[own] = gone([(kinds[k].cases,) for k in own], limits, np.zeros(len(own), dtype=bool), rest=rest)
    pairs = zip(kinds, out, strict=True)
    return replace(found, kinds=tuple(_kind(kind, bool(hides), limits) for kind, hides in pairs))


def _kind(kind: DiscoveredKind, hides: bool, limits: Limits) -> DiscoveredKind:
    if hides:
        kind = replace(kind, cases=None, decisions=None, organisation=_nothing(), organisation_q=None, judges=())
    elif not _few_tested(kind.tests, limits):
        return kind
    return replace(kind, tests=None, too_few=None, flags=None)


def _reworded(findings: tuple[Finding, ...], concealed: set[str | None], limits: Limits) -> tuple[Finding, ...]:
    """Findings without counts of values that are hidden, or that would tell whether some are small."""
    kept = [
        said
        for said in findings
        if said.code not in _ABOUT_VALUES
        or (said.code != "P601" and said.values.get("column", said.values.get("relation")) not in concealed)
    ]
    hidden = sorted(name for name in concealed if name is not None)
    return (*(finding("P601", "warning", column=name, fewest=limits.cases) for name in hidden), *kept)
