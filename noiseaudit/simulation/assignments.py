"""Which judge decides which case of a simulated log, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation.case_mix import scaling
from noiseaudit.simulation.log_designs import LogDesign

Moments = NDArray[Any]  # datetime64[s]
_DAYS = 64  # working days of a quarter that are used: every quarter has as many
_FIRST_QUARTER = np.datetime64("2023-01", "M")


@dataclass(frozen=True)
class Assigned:
    """Judge and pool (None without pools) of every row; `case` of every row: the first C rows are cases 0..C-1."""

    case: Codes
    judge: Codes
    pool: Codes | None


def assign(
    design: LogDesign, *, severity: Floats, worth: Floats, part: Floats, unmeasured: Floats,
    generator: np.random.Generator,
) -> Assigned:  # fmt: skip
    """Deal the cases out, and some of them again: half to the same judge, half to another one of the pool.

    severity: (J,) order of the judges; worth, part, unmeasured: (C,) f, its part in the specialities, and u.
    """
    J, C = design.judges, design.cases
    share = np.exp(design.workload * generator.standard_normal(J))
    pool = None
    if design.assignment == "random":
        judge = generator.choice(J, C, p=share / share.sum()).astype(np.intp)
    elif design.assignment == "pooled":
        judge, pool, members = _pooled(design, worth + unmeasured, share, generator)
    else:
        confounded = design.assignment == "confounded"
        order = np.argsort(severity) if confounded else generator.permutation(J)
        score, link = (worth, 1.0) if confounded else (part, scaling().specialised ** 0.5)
        judge = order[_slices(score, share[order], design.sorting / link, generator)]
    again = np.flatnonzero(generator.random(C) < design.second_decisions)
    other = generator.random(len(again)) < 0.5
    second = judge[again].copy()
    if pool is None:
        second[other] = (second[other] + generator.integers(1, max(J, 2), int(other.sum()))) % J
    else:
        chance = members[pool[again]] > 0
        chance[np.arange(len(again)), second] = False
        second[other] = np.argmax(np.where(chance, generator.random(chance.shape), -1.0), axis=1)[other]
        pool = np.concatenate([pool, pool[again]])
    case = np.concatenate([np.arange(C), again])
    return Assigned(case.astype(np.intp), np.concatenate([judge, second]).astype(np.intp), pool)


def _slices(score: Floats, share: Floats, link: float, generator: np.random.Generator) -> Codes:
    """Slice of each case: in the order of link * (normal score of `score`) + noise, cut at random sizes."""
    normal = special.ndtri(stats.rankdata(score) / (len(score) + 1))
    blurred = link * normal + np.sqrt(max(0.0, 1 - link**2)) * generator.standard_normal(len(score))
    sizes = generator.multinomial(len(score), share / share.sum())
    slices = np.empty(len(score), dtype=np.intp)
    slices[np.argsort(blurred)] = np.repeat(np.arange(len(share)), sizes)
    return slices


def _pooled(
    design: LogDesign, score: Floats, share: Floats, generator: np.random.Generator
) -> tuple[Codes, Codes, Floats]:
    """Judge and pool of each case, and the share that each judge has in each pool (pools, J)."""
    J, pools = design.judges, design.pools
    members = np.zeros((pools, J))
    home = np.arange(J) * pools // J  # neighbours, so that pools lie inside offices as far as they can
    members[home, np.arange(J)] = share
    if pools > 1:
        both = np.flatnonzero(generator.random(J) < design.two_pools)
        away = (home[both] + generator.integers(1, pools, len(both))) % pools
        members[home[both], both] /= 2
        members[away, both] = members[home[both], both]
    order = generator.permutation(pools)
    pool = order[_slices(score, members.sum(axis=1)[order], design.sorting, generator)]
    reached = members.cumsum(axis=1)
    judge = np.empty(len(score), dtype=np.intp)
    for p in range(pools):
        here = np.flatnonzero(pool == p)
        judge[here] = np.searchsorted(reached[p], generator.random(len(here)) * reached[p, -1], side="right")
    return judge, pool, members


@dataclass(frozen=True)
class Calendar:
    """Of every row: period, moment (datetime64[s]), and a number for the judge's day."""

    period: Codes
    moment: Moments
    day: Codes


def calendar(design: LogDesign, assigned: Assigned, generator: np.random.Generator) -> Calendar:
    """When rows are decided: each period is a quarter, a judge's worked day has 4 to 12 decisions, more if it must.

    A second decision falls in the period of the first, about half of the judge's worked days away.
    """
    C, T = design.cases, design.periods
    first_period, place = generator.integers(0, T, C), generator.random(C)
    later = assigned.case[C:]
    period = np.concatenate([first_period, first_period[later]])
    place = np.concatenate([place, (place[later] + 0.5) % 1])
    group = assigned.judge * T + period
    groups = design.judges * T
    order = np.lexsort((place, group))
    n = np.bincount(group, minlength=groups)
    rank = np.empty(len(group), dtype=np.intp)
    rank[order] = np.arange(len(group)) - np.repeat(n.cumsum() - n, n)

    reached = generator.integers(4, 13, (groups, _DAYS)).cumsum(axis=1)
    reached *= np.maximum(1, -(-n // reached[:, -1]))[:, None]
    row = np.arange(groups)[:, None] * (reached.max() + 1)
    worked = np.searchsorted((reached + row).ravel(), rank + row[group, 0], side="right") - group * _DAYS
    days = np.zeros(groups, dtype=np.intp)
    np.maximum.at(days, group, worked + 1)
    luck = np.argsort(generator.random((groups, _DAYS)), axis=1)
    which = np.nonzero(luck < days[:, None])[1]  # per group, in order, the days on which there is work
    day = which[(days.cumsum() - days)[group] + worked]

    seconds = generator.integers(9 * 3600, 17 * 3600, len(group))
    dates = _working_days(T)[period, day]
    return Calendar(period, dates.astype("datetime64[s]") + seconds.astype("timedelta64[s]"), group * _DAYS + day)


def _working_days(periods: int) -> Moments:
    """(periods, 64) dates: the first working days of each quarter."""
    rows = []
    for quarter in range(periods):
        first = (_FIRST_QUARTER + 3 * quarter).astype("datetime64[D]")
        last = (_FIRST_QUARTER + 3 * quarter + 3).astype("datetime64[D]")
        all_days = np.arange(first, last)
        rows.append(all_days[np.is_busday(all_days)][:_DAYS])
    return np.stack(rows)
