"""Counts of cases by professional and group in a file for a team: none below the limit, none that can be worked out.

A team knows how many decisions each professional took and how many lie in each group. So a professional with one count
below the limit shows none of that characteristic, and where the totals of the groups would still give some away, the
professionals with the fewest decisions show none either. Gaps stay: they rest on enough cases, or are not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from noiseaudit.result.complement import hidden_rows
from noiseaudit.result.group_parts import DiscoveredKind, Discovery, GroupGaps, GroupsAudit, Intersection, JudgeGap

Judges = tuple[JudgeGap, ...]
Part = TypeVar("Part", GroupGaps, Intersection, DiscoveredKind)


def without_small_counts(
    groups: tuple[GroupGaps, ...], told: GroupsAudit, *, fewest: int, public: bool
) -> tuple[tuple[GroupGaps, ...], GroupsAudit]:
    """Groups, intersections and kinds without small n_in and n_out; for the public without professionals at all."""
    judges: list[Judges] = [group.judges for group in groups]
    for name in dict.fromkeys((group.group, group.relation) for group in groups):
        own = [k for k, group in enumerate(groups) if (group.group, group.relation) == name]
        for k, shown in zip(own, _concealed([judges[k] for k in own], fewest), strict=True):
            judges[k] = shown
    pairs = [_concealed([pair.judges], fewest)[0] for pair in told.intersections]
    kinds = told.discovery.kinds if isinstance(told.discovery, Discovery) else ()
    of_kinds: list[Judges] = [kind.judges for kind in kinds]
    for sought in dict.fromkeys(kind.sought for kind in kinds):
        own = [k for k, kind in enumerate(kinds) if kind.sought == sought]
        for k, shown in zip(own, _concealed([of_kinds[k] for k in own], fewest), strict=True):
            of_kinds[k] = shown
    if public:
        judges, pairs, of_kinds = [()] * len(judges), [()] * len(pairs), [()] * len(of_kinds)
    found = told.discovery
    if isinstance(found, Discovery):
        found = replace(found, kinds=_with(kinds, of_kinds))
    told = replace(told, intersections=_with(told.intersections, pairs), discovery=found)
    return _with(groups, judges), told


def _with(parts: tuple[Part, ...], judges: Sequence[Judges]) -> tuple[Part, ...]:
    return tuple(replace(part, judges=own) for part, own in zip(parts, judges, strict=True))


def _concealed(lists: list[Judges], fewest: int) -> list[Judges]:
    """The lists of the values of one characteristic, without counts of the professionals that must not show any."""
    labels = list(dict.fromkeys(judge.judge for judges in lists for judge in judges))
    if not labels:
        return lists
    place = {label: k for k, label in enumerate(labels)}
    inside, outside = np.zeros((len(labels), len(lists))), np.zeros((len(labels), len(lists)))
    for column, judges in enumerate(lists):
        for judge in judges:
            inside[place[judge.judge], column] = judge.n_in or 0
            outside[place[judge.judge], column] = judge.n_out or 0
    rest = np.maximum((inside + outside).max(axis=1) - inside.sum(axis=1), 0.0)  # hidden values, or out of a relation
    table = np.column_stack([inside, rest]) if rest.any() else inside
    hidden = {labels[k] for k in np.flatnonzero(hidden_rows(table, fewest=fewest))}
    return [
        tuple(replace(judge, n_in=None, n_out=None) if judge.judge in hidden else judge for judge in judges)
        for judges in lists
    ]
