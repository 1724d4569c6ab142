"""Honest discovery: kinds of cases in which somebody deviates, looked for in one half and tested in the other.

    search   a random half of the CASES; a tree on what is known of cases (kinds_tree.py)
    test     the other half: every leaf against all other cases, as a group is tested
    one Benjamini-Hochberg family of leaf x professional; one of leaves for the organisation

Whoever looks for the largest difference finds one by chance too. So what the search saw is never reported, and no
decision that the search saw is in a test. Two leaves are one question; then only the smaller is told.

The organisation has a tree of its own: residuals that compare professionals hold nothing of what all share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates import Cells
from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.comparable.rules import Rules, as_read, class_codes, conditions, leaves
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import IllConditionedError, TwoWay, fit_two_way
from noiseaudit.groups.flags import judge_gaps
from noiseaudit.groups.gaps import FEWEST_COUNTS, FEWEST_PANEL, Gaps
from noiseaudit.groups.kinds_tree import DEPTH, FEWEST_CASES, Sought, grow_kinds, occurring
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.panel_gaps import panel_gaps
from noiseaudit.groups.panel_shares import panel_share_gaps
from noiseaudit.groups.peer_centre import FEWEST_PEERS
from noiseaudit.groups.shared_by_kind import SharedGap, gap_between_cases, gap_within_judges
from noiseaudit.groups.sums import GroupSums
from noiseaudit.result.group_parts import DiscoveredKind, Discovery, JudgeGap
from noiseaudit.result.log_parts import Condition
from noiseaudit.result.parts import Figure

MOST_SEARCHED = 200_000  # cases; more find nothing that is not found in these, and leave less to test
FEWEST_TO_HALVE = 4 * FEWEST_CASES  # two leaves in each half
Flags = npt.NDArray[np.bool_]
Looker = Literal["professionals", "organisation"]
Shared = SharedGap | NotIdentified


@dataclass(frozen=True)
class Asked:
    """How to look and what to tell. materiality: in the unit of the decision, for yes/no a difference of shares."""

    materiality: float
    seed: int = 0
    fdr: float = 0.05
    confidence: float = 0.95
    unit: str | None = None
    depth: int = DEPTH


@dataclass(frozen=True)
class Kind:
    """A leaf, measured in the tested half. gaps: None for a leaf of the organisation's tree."""

    sought: Looker
    rule: tuple[Condition, ...]
    cases: int
    decisions: int
    gaps: Gaps | None
    shared: Shared


def discover_in_panel(
    cells: Cells, table: FeatureTable, *, asked: Asked, yes_no: bool = False
) -> Discovery | NotIdentified:
    """Kinds of cases of a panel. table: features in the order of `cells.cases`, NaN where missing.

    The gap of the organisation is one of errors, where `cells.truth` tells right answers; else all see the same cases
    and nothing tells what all do alike. yes_no: cell means are shares of 1, minus the shift.
    """
    if cells.mean.shape[1] > 1:
        return NotIdentified.of("not_numeric")
    linked = np.flatnonzero(cells.judges_per_case >= 2)
    refused = _refusal(table, len(linked))
    if refused is not None:
        return refused
    seen = halved(np.asarray(cells.cases.astype(str)), linked, seed=asked.seed)
    shift = float(cells.shift) if yes_no else None
    try:
        search, test = (_Half.of(cells.where(keep[cells.case]), shift) for keep in (seen, ~seen))
    except IllConditionedError:
        return NotIdentified.of("no_joint_fit")
    if search is None or test is None:
        return NotIdentified.of("no_joint_fit")

    def kind(sought: Looker, rule: tuple[Condition, ...], inside: Flags) -> Kind:
        flag = inside[test.case]
        shared: Shared = NotIdentified.of("same_cases")
        if cells.truth is not None:
            known, error = test.errors(cells.truth)
            shared = gap_between_cases(error, inside[known], confidence=asked.confidence)
        gaps = test.gaps(flag) if sought == "professionals" else None
        decisions = int(test.fit.linked.m[flag].sum())
        return Kind(sought, rule, len(occurring(test.case[flag])), decisions, gaps, shared)

    fewest = FEWEST_PANEL if shift is None else FEWEST_COUNTS
    sought = Sought(search.residual, search.judge, search.case, fewest=fewest, testable=FEWEST_PEERS + 1)
    kinds = [kind("professionals", *leaf) for leaf in _leaves(grow_kinds(sought, table, depth=asked.depth), table)]
    if cells.truth is not None:
        known, error = search.errors(cells.truth)
        rules = grow_kinds(_of_all(error, known), table, depth=asked.depth)
        kinds += [kind("organisation", *leaf) for leaf in _leaves(rules, table)]
    halves = search.fit.linked.C, test.fit.linked.C
    return told_kinds(kinds, list(cells.judges), features=table.names, asked=asked, halves=halves)


@dataclass(frozen=True)
class LogDecisions:
    """Decisions of a log (R,). decision: numbers without the differences between cases, or 0/1 as decided.

    adjusted: without the differences between cases; of numbers the same as `decision`. judge, case: codes. stratum:
    codes of what decisions are compared within (one code where they are adjusted).
    """

    decision: Floats
    adjusted: Floats
    judge: Codes
    case: Codes
    stratum: Codes
    judges: Sequence[str]
    yes_no: bool

    def rows(self, keep: Flags) -> LogDecisions:
        """The rows to keep."""
        parts = ("decision", "adjusted", "judge", "case", "stratum")
        return replace(self, **{name: getattr(self, name)[keep] for name in parts})

    def without_levels(self) -> Floats:
        """(R,) adjusted minus its mean over the decisions of the professional."""
        n = np.maximum(np.bincount(self.judge), 1)
        return np.asarray(self.adjusted - (np.bincount(self.judge, self.adjusted) / n)[self.judge], dtype=np.float64)

    def gaps(self, inside: Flags) -> Gaps:
        """The test that fits the decisions, of the rows inside against the others."""
        sums = GroupSums.from_codes(
            self.judge,
            self.stratum,
            value=inside.astype(np.intp),
            decision=self.decision,
            judges=pd.Index(self.judges),
            strata=pd.RangeIndex(int(self.stratum.max(initial=0)) + 1).astype("str"),
            values=pd.Index(["rest", "kind"]),
        )
        return (binary_log_gaps if self.yes_no else numeric_log_gaps)(sums, values=[1])[0]


def discover_in_log(log: LogDecisions, table: FeatureTable, *, asked: Asked) -> Discovery | NotIdentified:
    """Kinds of cases of a log. table: features of the R decisions.

    What cases alone let expect was taken off before, from all decisions of all professionals.
    """
    cases = occurring(log.case)
    refused = _refusal(table, len(cases))
    if refused is not None:
        return refused
    seen = halved(np.arange(int(cases[-1]) + 1), cases, seed=asked.seed)[log.case]
    search, test, searched, tested = log.rows(seen), log.rows(~seen), table.rows(seen), table.rows(~seen)

    def kind(sought: Looker, rule: tuple[Condition, ...], inside: Flags) -> Kind:
        shared = gap_within_judges(test.adjusted, test.judge, inside, confidence=asked.confidence)
        gaps = test.gaps(inside) if sought == "professionals" else None
        return Kind(sought, rule, len(occurring(test.case[inside])), int(inside.sum()), gaps, shared)

    row, own = np.arange(len(search.case)), search.without_levels()
    sought = Sought(own, search.judge, row, fewest=FEWEST_COUNTS, testable=FEWEST_PEERS + 1)
    rules = grow_kinds(sought, searched, depth=asked.depth)
    kinds = [kind("professionals", *leaf) for leaf in _leaves(rules, tested)]
    rules = grow_kinds(_of_all(own, row), searched, depth=asked.depth)
    kinds += [kind("organisation", *leaf) for leaf in _leaves(rules, tested)]
    halves = len(occurring(search.case)), len(occurring(test.case))
    return told_kinds(kinds, log.judges, features=table.names, asked=asked, halves=halves)


def halved(labels: npt.NDArray[np.generic], members: Codes, *, seed: int) -> Flags:
    """(C,) a random half of the members, at most 200,000: the same whatever the order in which they come."""
    half = np.zeros(len(labels), dtype=bool)
    order = members[np.argsort(labels[members], kind="stable")]
    chosen = np.random.default_rng(seed).permutation(len(order))[: min(len(order) // 2, MOST_SEARCHED)]
    half[order[chosen]] = True
    return half


def told_kinds(
    kinds: Sequence[Kind], judges: Sequence[str], *, features: tuple[str, ...], asked: Asked, halves: tuple[int, int]
) -> Discovery:
    """The kinds with flags and q-values. judges: labels under the codes of the gaps; halves: cases searched, tested."""
    tests = [kind.gaps.p for kind in kinds if kind.gaps is not None]
    q = q_values(np.concatenate(tests)) if tests else np.zeros(0)
    shared = q_values(np.array([kind.shared.p if isinstance(kind.shared, SharedGap) else np.nan for kind in kinds]))
    level = 0.05 / max(1, int(np.isfinite(q).sum())) * max(1, int((q <= asked.fdr).sum()))
    found, begin = [], 0
    for kind, shared_q in zip(kinds, shared.tolist(), strict=True):
        people: tuple[JudgeGap, ...] = ()
        tested = flags = 0
        if kind.gaps is not None:
            own_q = q[begin : begin + len(kind.gaps)]
            begin += len(kind.gaps)
            verdict = judge_gaps(kind.gaps, own_q, materiality=asked.materiality, fdr=asked.fdr, level=level,
                                 confidence=asked.confidence, fewest=0)  # fmt: skip
            people = verdict.people(judges)
            tested, flags = int(kind.gaps.tested.sum()), int(verdict.flag.sum())
        gap = kind.shared
        found.append(
            DiscoveredKind(
                sought=kind.sought,
                rule=kind.rule,
                cases=kind.cases,
                decisions=kind.decisions,
                tests=tested,
                too_few=len(people) - tested,
                flags=flags,
                organisation=Figure(gap.gap, asked.unit, gap.interval) if isinstance(gap, SharedGap) else gap,
                organisation_q=shared_q if isinstance(gap, SharedGap) else None,
                judges=people,
            )
        )
    return Discovery(asked.seed, features, *halves, tuple(found))


@dataclass(frozen=True)
class _Half:
    """Half of a panel: its fit; case, judge: (N,) codes as in the cells."""

    fit: TwoWay
    shift: float | None

    @classmethod
    def of(cls, cells: Cells, shift: float | None) -> _Half | None:
        """None where nothing is left over for an interaction."""
        linked = Linked.of(cells)
        return cls(fit_two_way(linked), shift) if len(linked) and linked.H0 > 0 else None

    @property
    def case(self) -> Codes:
        return self.fit.linked.case_index[self.fit.linked.case]

    @property
    def judge(self) -> Codes:
        return self.fit.linked.judge_index[self.fit.linked.judge]

    @property
    def residual(self) -> Floats:
        """(N,) deletion residuals e/(1 - leverage), of yes/no decisions too: a search needs no null distribution."""
        return np.asarray(self.fit.residual[:, 0] / np.maximum(1 - self.fit.leverage, 1e-9), dtype=np.float64)

    def gaps(self, flag: Flags) -> Gaps:
        """The test that fits the decisions."""
        if self.shift is not None:
            return panel_share_gaps(self.fit.linked, flag, shift=self.shift)
        return panel_gaps(self.fit, flag, by_cell=False)

    def errors(self, truth: Floats) -> tuple[Codes, Floats]:
        """Cases with a right answer (codes as in the cells), and the mean over judges of x - effect - truth."""
        linked = self.fit.linked
        level = linked.x[:, 0] - self.fit.effects[linked.judge, 0]
        error = linked.over_case(level) / linked.per_case - truth[linked.case_index]
        known = ~np.isnan(error)
        return linked.case_index[known], error[known]


def _of_all(residual: Floats, case: Codes) -> Sought:
    """The same search where all professionals count as one."""
    return Sought(residual, np.zeros(len(residual), dtype=np.intp), case, together=True)


def _leaves(rules: Rules, table: FeatureTable) -> list[tuple[tuple[Condition, ...], Flags]]:
    """Rule and rows of every leaf; of two only the smaller, of one none."""
    code = class_codes(rules, table.features, table.values)
    sizes = np.bincount(code, minlength=leaves(rules))
    chosen = range(len(sizes)) if len(sizes) > 2 else [int(sizes.argmin())] if len(sizes) == 2 else []
    every = conditions(rules)
    return [(tuple(as_read(each, table) for each in every[number]), code == number) for number in chosen]


def _refusal(table: FeatureTable, cases: int) -> NotIdentified | None:
    if not table.features:
        return NotIdentified.of("no_case_features")
    return NotIdentified.of("too_few_to_halve") if cases < FEWEST_TO_HALVE else None
