"""simulate_log(): an ordinary log, in which each case was decided once by one judge, with its truth known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation import case_mix
from noiseaudit.simulation.assignments import Moments, assign, calendar
from noiseaudit.simulation.group_design import GroupDesign, Groups, draw_groups
from noiseaudit.simulation.log_designs import LogAssignment, LogDesign, LogScale
from noiseaudit.simulation.log_truth import LogTruth, log_truth
from noiseaudit.simulation.truth import Simulated, ordinal_probabilities


@dataclass(frozen=True)
class LogRows:
    """A log as arrays (R,), in the order of `moment`.

    case, judge, office, period, pool (None without pools): codes. features: by name, without the omitted ones,
    categories as codes; `categorical` names these. worth: case_sd f(x), with the omitted features: what an oracle
    would adjust for. unmeasured: u. level: (J, periods) latent levels of the judges, with their office's. groups: where
    the design has them.
    """

    case: Codes
    judge: Codes
    office: Codes
    pool: Codes | None
    period: Codes
    moment: Moments
    features: case_mix.Features
    categorical: tuple[str, ...]
    decision: Floats
    worth: Floats
    unmeasured: Floats
    level: Floats
    groups: Groups | None = None


def simulate_log(
    *,
    judges: int = 60,
    cases: int = 5000,
    level: float = 0.2,
    detectable_pattern: float = 0.2,
    stable_pattern: float = 0.3,
    occasion: float = 0.5,
    unmeasured: float = 0.0,
    case_sd: float = 1.0,
    mean: float = 0.0,
    features: int = 9,
    omit: Iterable[str] = (),
    pattern_on: Iterable[str] = ("x3", "channel"),
    assignment: LogAssignment = "random",
    sorting: float = 0.53,
    pools: int = 8,
    two_pools: float = 0.3,
    workload: float = 0.0,
    scale: LogScale = "continuous",
    categories: int = 4,
    periods: int = 1,
    persistence: float = 1.0,
    judge_day: float = 0.0,
    sequence: float = 0.0,
    offices: int = 1,
    office: float = 0.0,
    second_decisions: float = 0.0,
    groups: GroupDesign | None = None,
    seed: int = 1,
) -> Simulated[LogTruth]:
    """An ordinary log with known truth: y = mean + f(x) + office + level + pattern + u + occasion.

    Columns: case, judge, (office, pool, group, judge_group,) moment, the features, decision; in the order of `moment`.

    f is a nonlinear function of x1 to x5 (uniform on 0 to 1), `kind` and `channel` (categories) with SD `case_sd`
    (case_mix.py has the formula). features: how many there are; those past the seventh (z1, z2, ...) do not matter.
    omit: features that matter and are left out of the data. unmeasured: SD of u, other legitimate case differences.
    level, occasion: SDs of a judge's level and of one decision. detectable_pattern: SD of the pattern that lies in
    the features `pattern_on`, in equal parts: own slopes on a number, own effects of the values of a category.
    stable_pattern: SD of a judge's own reaction to the single case, which no log shows. For yes/no and ordinal
    decisions all SDs are latent, in logits.

    assignment: `random`; `pooled` (cases are dealt out within `pools`, which differ in measured and unmeasured case
    mix and in judges; a share `two_pools` of the judges serves in a second pool as much as at home); `specialised`
    (judges get their own range of x4 and kind, whatever their level); `confounded` (harsher judges get higher f).
    sorting: SD of the mean of f between judges (or pools), in SDs of f. By default the level variance without
    adjustment is 8 (specialised) and 13 times (confounded) the truth. workload: SD of log numbers of decisions.

    periods: quarters from 2023 on; a judge's levels form a first-order autoregression with correlation `persistence`
    from one to the next. moment: in office hours; a judge decides 4 to 12 cases on a worked day, more only where the
    quarter is too short. judge_day: SD of a judge's day. sequence: what one unit more in the judge's previous
    decision, against what was to be expected, does to the next one. offices, office: how many, and the SD between
    them. second_decisions: share of the cases decided again in the same period, half of them by the same judge. groups:
    a characteristic of the cases that some judges treat differently (GroupDesign); who does is in `groups` of the
    result. The truth of yes/no and ordinal decisions is without what groups add.

    CallError for values that make no log. The same seed gives the same data.
    """
    import pandas as pd

    design = LogDesign(
        judges=judges,
        cases=cases,
        level=level,
        detectable_pattern=detectable_pattern,
        stable_pattern=stable_pattern,
        occasion=occasion,
        unmeasured=unmeasured,
        case_sd=case_sd,
        mean=mean,
        features=features,
        omit=_names(omit),
        pattern_on=_names(pattern_on),
        assignment=assignment,
        sorting=sorting,
        pools=pools,
        two_pools=two_pools,
        workload=workload,
        scale=scale,
        categories=categories,
        periods=periods,
        persistence=persistence,
        judge_day=judge_day,
        sequence=sequence,
        offices=offices,
        office=office,
        second_decisions=second_decisions,
        groups=groups,
    )
    rows = draw_log(design, np.random.default_rng(seed))
    data = pd.DataFrame(
        {
            "case": [f"C{code + 1:05d}" for code in rows.case],
            "judge": [f"J{code + 1:03d}" for code in rows.judge],
        }
    )
    if offices > 1:
        data["office"] = [f"O{code + 1:02d}" for code in rows.office]
    if rows.pool is not None:
        data["pool"] = [f"P{code + 1:02d}" for code in rows.pool]
    if groups is not None and rows.groups is not None:
        names = np.array(groups.values)
        data["group"] = names[rows.groups.value[rows.case]]
        if rows.groups.home is not None:
            data["judge_group"] = names[rows.groups.home[rows.judge]]
    data["moment"] = rows.moment
    for name, values in rows.features.items():
        data[name] = [chr(ord("a") + code) for code in values] if name in rows.categorical else values
    data["decision"] = rows.decision if scale in ("continuous", "log") else rows.decision.astype(np.int64)
    return Simulated(data, log_truth(design), None if rows.groups is None else rows.groups.truth)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def draw_log(design: LogDesign, generator: np.random.Generator) -> LogRows:
    """One log as arrays: the fast road for simulation studies. The same generator state gives the same log."""
    J, C = design.judges, design.cases
    x = case_mix.from_uniform(generator.random((C, len(case_mix.RELEVANT))))
    extra = case_mix.irrelevant(design.features - len(case_mix.RELEVANT), C, generator)
    worth = design.case_sd * case_mix.worth(x)
    unmeasured = design.unmeasured * generator.standard_normal(C)
    own_level, standard = _levels(design, generator)
    office = np.arange(J) * design.offices // J
    level = own_level + (design.office * generator.standard_normal(design.offices))[office][:, None]
    dealt = assign(
        design,
        severity=standard,
        worth=worth,
        part=case_mix.speciality(x),
        unmeasured=unmeasured,
        generator=generator,
    )
    when = calendar(design, dealt, generator)
    order = np.lexsort((dealt.case, when.moment))
    latent = design.mean + (worth + unmeasured)[dealt.case] + level[dealt.judge, when.period]
    latent += _detectable(design, x, dealt.case, dealt.judge, generator)
    latent += _own_reaction(design, dealt.case, dealt.judge, generator)
    latent += design.occasion * generator.standard_normal(len(latent))
    groups = None if design.groups is None else draw_groups(design.groups, J, worth, generator)
    if groups is not None:
        latent += groups.effect(dealt.case, dealt.judge)
    if design.judge_day > 0:
        _, day = np.unique(when.day, return_inverse=True)
        latent += design.judge_day * generator.standard_normal(int(day.max()) + 1)[day]
    expected = design.mean + worth[dealt.case] + level[dealt.judge, when.period]
    luck = generator.random(len(latent))
    if design.sequence:
        decision = _one_after_another(design, latent, expected, luck, dealt.judge, when.moment)
    else:
        decision = _decide(design, latent, luck)
    case = dealt.case[order]
    kept = {name: values[case] for name, values in {**x, **extra}.items() if name not in design.omit}
    return LogRows(
        case=case,
        judge=dealt.judge[order],
        office=office[dealt.judge[order]],
        pool=None if dealt.pool is None else dealt.pool[order],
        period=when.period[order],
        moment=when.moment[order],
        features=kept,
        categorical=tuple(name for name, values in kept.items() if values.dtype.kind == "i"),
        decision=decision[order],
        worth=worth[case],
        unmeasured=unmeasured[case],
        level=level,
        groups=groups,
    )


def _levels(design: LogDesign, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """(J, periods) levels without the office, a first-order autoregression, and (J,) their mean in standard units."""
    shock = generator.standard_normal((design.judges, design.periods))
    state = shock[:, :1]
    states = [state]
    for period in range(1, design.periods):
        state = design.persistence * state + np.sqrt(1 - design.persistence**2) * shock[:, period : period + 1]
        states.append(state)
    all_states = np.concatenate(states, axis=1)
    return design.level * all_states, all_states.mean(axis=1)


def _detectable(
    design: LogDesign, x: case_mix.Features, case: Codes, judge: Codes, generator: np.random.Generator
) -> Floats:
    """(R,) what judges make of features: own slopes on numbers, own effects of the values of categories."""
    reaction = np.zeros(len(case))
    scale = np.sqrt(design.source_variance)
    for name in design.slopes_on:
        slope = generator.standard_normal(design.judges)
        reaction += scale * slope[judge] * case_mix.standardised(x[name])[case]
    for name in design.reactions_to:
        weight = case_mix.CATEGORIES[name]
        effect = generator.standard_normal((design.judges, len(weight))) @ case_mix.contrast(weight).T
        reaction += scale * effect[judge, x[name][case]]
    return reaction


def _own_reaction(design: LogDesign, case: Codes, judge: Codes, generator: np.random.Generator) -> Floats:
    """(R,) the judge's reaction to the single case: the same one when the judge decides the case again."""
    own = design.stable_pattern * generator.standard_normal(len(case))
    C = design.cases
    first = case[C:]
    same = judge[C:] == judge[first]
    own[C:][same] = own[first][same]
    return own


def _decide(design: LogDesign, latent: Floats, luck: Floats) -> Floats:
    """Decisions from latent values and uniform numbers."""
    if design.scale == "log":
        return np.exp(latent)
    if design.scale == "binary":
        return np.asarray(luck < special.expit(latent), dtype=np.float64)
    if design.scale == "ordinal":
        reached = ordinal_probabilities(latent, design.cuts).cumsum(axis=1)
        return np.asarray(1.0 + (luck[:, None] > reached[:, :-1]).sum(axis=1), dtype=np.float64)
    return latent


def expected_decision(design: LogDesign, latent: Floats) -> Floats:
    """What the previous decision is held against, given latent values without noise (log: the latent value)."""
    if design.scale == "binary":
        return np.asarray(special.expit(latent), dtype=np.float64)
    if design.scale == "ordinal":
        grades = np.arange(1.0, design.categories + 1)
        return np.asarray(ordinal_probabilities(latent, design.cuts) @ grades, dtype=np.float64)
    return latent


def _one_after_another(
    design: LogDesign, latent: Floats, expected: Floats, luck: Floats, judge: Codes, moment: Moments
) -> Floats:
    """Decisions of which each is moved by `sequence` times (previous decision of the judge - what was expected)."""
    order = np.lexsort((moment, judge))
    n = np.bincount(judge, minlength=design.judges)
    first = n.cumsum() - n
    decision = np.empty(len(latent))
    surprise = np.zeros(design.judges)
    for turn in range(int(n.max())):
        at_work = np.flatnonzero(n > turn)
        row = order[first[at_work] + turn]
        moved = latent[row] + design.sequence * surprise[at_work]
        decision[row] = _decide(design, moved, luck[row])
        came_out = moved if design.scale == "log" else decision[row]
        surprise[at_work] = came_out - expected_decision(design, expected[row])
    return decision
