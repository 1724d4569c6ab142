"""Results of audits of groups, made by hand on top of logs and a panel: every situation that the report knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.result import (
    Condition,
    DiscoveredKind,
    Discovery,
    Estimate,
    Fairness,
    Figure,
    GapSensitivity,
    GroupGaps,
    GroupNote,
    GroupRates,
    GroupsAudit,
    Intersection,
    JudgeGap,
)
from noiseaudit.result.group_parts import HOLDS, UNKNOWN

from ..conftest import ROLES
from .log_results import FEE, KIND, LOGS

SAME_CASES = NotIdentified.of("same_cases")
HIDDEN = NotIdentified.of("too_small_to_show")
NO_FLAG = NotIdentified.of("no_flag")
TOO_FEW = NotIdentified("too_few_tests", "fewer than four professionals have enough cases")


def people(names: list[str], size: float, *, flags: int = 0, review: int = 0, few: int = 0) -> tuple[JudgeGap, ...]:
    """Gaps of about `size`; the first ones are flags, then for review, then one that is small; the last have few cases.
    Those without a flag shrink to less than half, so that their figures are hidden from a team."""
    rng = np.random.default_rng(11)
    found = []
    for number, name in enumerate(names):
        gap = float(rng.normal(0, size / 3))
        if number >= len(names) - few:
            found.append(JudgeGap(name, 3, 70, None, None, None, None, None, None, None, "too_few"))
            continue
        kept = 0.35 if number % 3 else 0.6
        flag, because, p = False, None, 0.4
        if number < flags:
            gap, flag, p, kept = (-2.4 + 0.3 * number) * size, True, 0.0004, 0.8
        elif number < flags + review:
            gap, because, p = 1.9 * size, "for_review", 0.0009
        elif number == flags + review:
            gap, because, p, kept = 0.9 * size, "small", 0.0015, 0.6
        shrunk = kept * gap
        found.append(JudgeGap(name, 34 + number, 80, gap, shrunk, (shrunk - 0.6 * size, shrunk + 0.6 * size), p,
                              min(1.0, 30 * p), flag, None if flag else 1.5 * size, because))  # fmt: skip
    return tuple(found)


def note(size: float, *, flags: int = 0, review: int = 0, p: float | None = 0.004, cases: int | None = 900,
         scale: str = "difference", sensitivity: GapSensitivity | NotIdentified = NO_FLAG,
         hidden: str | None = None, missed: float | None = None) -> GroupNote:  # fmt: skip
    return GroupNote(
        scale, cases, cases, size / 2, flags, review, p, missed or 1.5 * size, sensitivity, hidden, higher=flags
    )


def gaps(
    name: str | None,
    value: str,
    systemic: Figure | NotIdentified,
    raw: Figure | NotIdentified,
    spread: Estimate | NotIdentified,
    judges: tuple[JudgeGap, ...],
    *,
    relation: str | None = None,
) -> GroupGaps:
    few = sum(each.flag is None for each in judges)
    return GroupGaps(name, relation, value, systemic, raw, spread, len(judges) - few, few, judges)


def spread(sd: float, low: float, high: float) -> Estimate:
    return Estimate(sd**2, (low**2, high**2))


def with_groups(base: na.AuditResult, lines: list[tuple[GroupGaps, GroupNote]], **more: object) -> na.AuditResult:
    told = GroupsAudit(tuple(each for _, each in lines), sum(group.tests for group, _ in lines), 0.05, **more)
    roles = base.design.roles | {"groups": sorted({group.group for group, _ in lines if group.group})}
    return replace(base, groups=tuple(group for group, _ in lines), design=replace(base.design, roles=roles),
                   supplement=replace(base.supplement, groups=told))  # fmt: skip


def amounts() -> na.AuditResult:
    """A log of amounts: several values, one unknown, one hidden, flags, intersections, kinds that were discovered."""
    base = LOGS["log amounts"]()
    names = [judge.judge for judge in base.judges]
    unmeasured = GapSensitivity(38.0, 1.4, "fee", None)

    def euros(value: float, low: float, high: float) -> Figure:
        return Figure(value, "€", (low, high))

    lines = [
        (gaps("age class", "18–30", euros(-72.0, -101.0, -43.0), euros(-140.0, -171.0, -109.0), spread(41, 22, 66),
              people(names, 60.0, flags=3, few=9)), note(60.0, flags=3, sensitivity=unmeasured)),
        (gaps("age class", "31–50", euros(12.0, -9.0, 33.0), euros(30.0, 4.0, 56.0), spread(9, 0, 30),
              people(names, 50.0, review=1, few=4)), note(50.0, review=1, p=0.31, cases=2100)),
        (gaps("age class", "over 50", euros(31.0, 2.0, 60.0), euros(55.0, 20.0, 90.0), spread(16, 0, 41),
              people(names, 55.0, few=6)), note(55.0, p=0.09, cases=1400)),
        (gaps("age class", UNKNOWN, euros(-5.0, -60.0, 50.0), euros(-9.0, -70.0, 52.0), TOO_FEW,
              people(names, 90.0, few=41)), note(90.0, p=None, cases=160)),
        (gaps("origin", "Antilles", HIDDEN, HIDDEN, HIDDEN, ()), note(60.0, cases=None, hidden="too_small_to_show")),
        (gaps("origin", "Morocco", euros(-40.0, -85.0, 5.0), euros(-88.0, -140.0, -36.0), spread(29, 12, 52),
              people(names, 60.0, flags=1, few=22)), note(60.0, flags=1)),
        (gaps("origin", "Turkey", euros(8.0, -45.0, 61.0), euros(-12.0, -66.0, 42.0), TOO_FEW,
              people(names, 60.0, few=60)), replace(note(60.0, p=None, cases=88), smallest_detectable=None)),
    ]  # fmt: skip
    pair = Intersection(("age class", "18–30"), ("origin", "Morocco"), euros(-64.0, -130.0, 2.0), 18, 42, 1,
                        people(names, 80.0, flags=1, few=42))  # fmt: skip
    kinds = (
        DiscoveredKind("professionals", (KIND, FEE), 611, 611, 44, 16, 2, euros(-12.0, -50.0, 26.0), 0.6,
                       people(names, 70.0, flags=2)),
        DiscoveredKind("professionals", (Condition("area", ">=", 120.0, (), missing=False),), 140, 140, 12, 48, 0,
                       euros(96.0, 31.0, 161.0), 0.01, people(names, 70.0)),
    )  # fmt: skip
    found = Discovery(20, ("kind of permit", "fee", "area"), 2490, 2503, kinds)
    return with_groups(
        base, lines, intersections=(pair,), discovery=found,
        not_analysed={"health": "no_legal_basis"}, legal_basis={"origin": "Article 9(2)(j)"},
    )  # fmt: skip


def yes_no() -> na.AuditResult:
    """Yes or no with a truth: shares, odds, rates by group; nothing found."""
    base = LOGS["log yes or no"]()
    base = replace(
        base, supplement=replace(base.supplement, mean_decision=Figure(0.12, "fraction", None, "descriptive"))
    )
    names = [judge.judge for judge in base.judges]

    def share(value: float, low: float, high: float) -> Figure:
        return Figure(value, "fraction", (low, high))

    lines = [
        (gaps("sex", value, share(at, at - 0.02, at + 0.021), share(2 * at, 2 * at - 0.02, 2 * at + 0.02),
              Estimate(-0.01, (0.0, 0.09)), people(names, 0.06, few=7)), note(0.06, scale="log_odds", p=0.66))
        for value, at in (("female", 0.004), ("male", -0.004))
    ]  # fmt: skip
    rates = tuple(
        GroupRates("sex", value, 2400, 2400, share(0.11 + at, 0.1, 0.13), share(0.05, 0.04, 0.06),
                   share(0.31 + at, 0.27, 0.36), NotIdentified.of("not_numeric"))
        for value, at in (("female", 0.01), ("male", 0.0))
    )  # fmt: skip
    fairness = (Fairness("sex", share(0.01, -0.01, 0.03), share(0.02, -0.02, 0.06)),)
    nowhere = Discovery(3, ("kind of permit", "fee"), 2500, 2500, ())
    return with_groups(base, lines, rates=rates, fairness=fairness, discovery=nowhere)


def panel() -> na.AuditResult:
    """A panel: a characteristic of the case, which shows no gap that all share, and a relation, which does."""
    sim = na.simulate(judges=14, cases=60, mean=30.0, seed=8)
    base = na.audit(sim.data, **ROLES, unit="points", name="skating.csv")
    names = [judge.judge for judge in base.judges]
    home = "judge_country == skater_nation"
    lines = [
        (gaps("nation", value, SAME_CASES, Figure(at, "points", (at - 0.4, at + 0.4)), spread(0.2, 0.1, 0.34),
              people(names, 0.5, flags=flags, few=2)), note(0.5, flags=flags, cases=24))
        for value, at, flags in (("NED", 0.8, 1), ("FRA", -0.2, 0))
    ]  # fmt: skip
    lines.append(
        (gaps(None, HOLDS, Figure(0.31, "points", (0.18, 0.44)), Figure(3.4, "points", (2.0, 4.8)),
              spread(0.14, 0.05, 0.3), people(names, 0.4, flags=1, few=8), relation=home),
         note(0.4, flags=1, cases=31, sensitivity=GapSensitivity(0.1, None, None, None)))
    )  # fmt: skip
    return with_groups(base, lines)


def nobody() -> na.AuditResult:
    """Too few cases everywhere: no test was possible."""
    base = LOGS["log amounts"]()
    names = [judge.judge for judge in base.judges]
    line = gaps("origin", "Morocco", TOO_FEW, TOO_FEW, TOO_FEW, people(names, 60.0, few=60))
    return with_groups(base, [(line, replace(note(60.0, p=None, cases=88), smallest_detectable=None))],
                       discovery=NotIdentified("too_few_cases_to_split", "there are fewer than 100 cases"))  # fmt: skip


def many() -> na.AuditResult:
    """Twenty-six values with long names, on a logarithmic scale, dealt out by lot."""
    base = LOGS["log by lot"]()
    names = [judge.judge for judge in base.judges]
    lines = []
    for number in range(26):
        at = 0.03 * np.cos(number)
        gap = Figure(float(at), "log", (float(at) - 0.05, float(at) + 0.05))
        value = f"Nationality number {number} with a name that goes on"
        flags, tau = int(number == 4), spread(0.05, 0.01, 0.1)
        judges = people(names, 0.15, flags=flags)
        lines.append((gaps("nationality of the person", value, gap, gap, tau, judges), note(0.15, flags=flags)))
    return with_groups(base, lines)


GROUPS: dict[str, Callable[[], na.AuditResult]] = {
    "groups amounts": amounts, "groups yes or no": yes_no, "groups panel": panel, "groups nobody": nobody,
    "groups many": many,
}  # fmt: skip
