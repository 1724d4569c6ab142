"""The data of the validity study of groups: panels and logs with professionals who deviate, or nobody who does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from noiseaudit.simulation import GroupDesign
from noiseaudit.simulation.panels import Design, Rows, draw

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(48)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Row:
    """One row of the study. kind: log, each case decided once; together: two characteristics, tested together.

    strata: of a log, equal parts of the cases by their worth. more_noise: SD of extra noise in the last value.
    """

    design: Design
    kind: Literal["panel", "log", "together"] = "panel"
    strata: int = 1
    more_noise: float = 0.0

    @property
    def groups(self) -> GroupDesign:
        assert self.design.groups is not None
        return self.design.groups

    @property
    def numbers(self) -> bool:
        """Not yes/no."""
        return self.design.scale == "continuous"

    @property
    def null(self) -> bool:
        """Nobody deviates."""
        return self.groups.deviating == 0 and self.groups.spread == 0

    @property
    def noise(self) -> float:
        """SD of system noise without groups, of numbers."""
        return (self.design.level**2 + self.design.stable_pattern**2) ** 0.5

    def draw(self, generator: np.random.Generator) -> Rows:
        """One data set."""
        rows = draw(self.design, generator)
        assert rows.groups is not None
        if self.more_noise:
            last = rows.groups.flag(rows.case, rows.judge, len(self.groups.shares) - 1)
            extra = generator.exponential(size=len(last)) - 1 if self.design.distribution == "exp" else (
                generator.standard_normal(len(last))
            )  # fmt: skip
            rows = replace(rows, decision=rows.decision + self.more_noise * extra * last)
        return _with_gaps_of_their_own(rows, generator) if self.kind == "together" and self.numbers else rows

    def contrasts(self, rows: Rows) -> Floats:
        """(J, V) true gap of each value against the rest of the cases. Latent scale.

        Own groups and `together`: (J, 1), what the relation, or both characteristics beyond each of them, does.
        """
        assert rows.groups is not None
        gaps, share = rows.groups.truth.gaps, np.asarray(self.groups.shares)
        if self.groups.own:
            return gaps[:, 1:]
        if self.kind == "together":
            return gaps[:, 3:] if self.numbers else (gaps @ [0.0, -1.0, -1.0, 1.0])[:, None]
        return np.asarray(gaps - ((gaps @ share)[:, None] - gaps * share) / (1 - share))

    def tau2(self) -> Floats | None:
        """(V,) variance of the true contrasts in the population of judges; None where it has no simple form.

        Yes/no logs without strata: of the log odds ratio that a judge's decisions tend to, by a large sample of judges.
        """
        share, design = np.asarray(self.groups.shares), self.design
        one = self.groups.spread**2 + round(self.groups.deviating * design.judges) / design.judges * self.groups.gap**2
        each = np.where(np.arange(len(share)) > 0, one, 0.0)
        if self.groups.own or self.kind == "together":
            return np.array([one]) if self.numbers else None
        if self.numbers:
            others = (each * share**2).sum() - each * share**2
            return np.asarray(each + others / (1 - share) ** 2)
        return _tau2_of_odds(self) if self.kind == "log" and self.strata == 1 else None

    def systemic(self) -> Floats | None:
        """(V,) true gap of all together, where the data identify it; yes/no: a difference of shares.

        None for characteristics of cases in a panel, and where cases in the group differ within the strata.
        """
        groups, design = self.groups, self.design
        if (self.kind != "log" and not groups.own) or groups.association or self.kind == "together":
            return None
        share = np.array([0.0, 1.0]) if groups.own else np.asarray(groups.shares)
        shared = groups.shared
        if not self.numbers:
            spread = (design.case_sd**2 + design.level**2 + design.stable_pattern**2 + groups.spread**2) ** 0.5
            chance = np.where(np.arange(len(share)) > 0, round(groups.deviating * design.judges) / design.judges, 0.0)
            at = (design.mean + shared)[:, None] + np.array([-groups.gap, 0.0, groups.gap])
            p = _WEIGHTS @ special.expit(at[None] + spread * _NODES[:, None, None]).reshape(len(_NODES), -1)
            shared = (p.reshape(at.shape) * np.stack([chance / 2, 1 - chance, chance / 2], axis=1)).sum(axis=1)
        if groups.own:
            return np.asarray(shared[1:] - shared[0])
        return np.asarray(shared - (share @ shared - shared * share) / (1 - share))


def _with_gaps_of_their_own(rows: Rows, generator: np.random.Generator) -> Rows:
    """Values neither, first, second, both: all judges differ in each characteristic, some also where both meet."""
    assert rows.groups is not None
    value = rows.groups.value[rows.case]
    own = 0.3 * generator.standard_normal((len(rows.level), 2))
    change = np.where(value < 3, -rows.groups.truth.gaps[rows.judge, value], 0.0)
    change += own[rows.judge, 0] * np.isin(value, (1, 3)) + own[rows.judge, 1] * np.isin(value, (2, 3))
    return replace(rows, decision=rows.decision + change)


@cache
def _tau2_of_odds(row: Row) -> Floats:
    design, groups = row.design, row.groups
    generator = np.random.default_rng(20261126)
    many, share = 40_000, np.asarray(groups.shares)
    level = design.level * generator.standard_normal(many)
    chance = round(groups.deviating * design.judges) / design.judges
    gaps = groups.spread * generator.standard_normal((many, len(share)))
    gaps += np.where(generator.random(gaps.shape) < chance, groups.gap, 0) * generator.choice([-1, 1], gaps.shape)
    gaps[:, 0] = 0.0
    spread = np.hypot(design.case_sd, design.stable_pattern)
    latent = (design.mean + level)[:, None] + groups.shared + gaps
    p = sum(w * special.expit(latent + spread * node) for node, w in zip(_NODES, _WEIGHTS, strict=True))
    rest = ((p @ share)[:, None] - p * share) / (1 - share)
    return np.asarray(np.var(special.logit(p) - special.logit(rest), axis=0))


@cache
def mean_for(rate: float, spread: float) -> float:
    """Latent mean at which a share `rate` of decisions is 1, under a normal spread of latent values."""
    return float(optimize.brentq(lambda mean: _WEIGHTS @ special.expit(mean + spread * _NODES) - rate, -20, 20))


_PANEL = Design(judges=20, cases=200, level=0.5, stable_pattern=0.7, occasion=0.0, case_sd=1.0)
_NUMBERS = replace(_PANEL, per_case=1)
NOBODY = 0.0
_FOUR = (0.5, 0.3, 0.15, 0.05)


def _panel(design: Design = _PANEL, *, own: int = 0, deviating: float = 0.15, systemic: float = 0.3, gap: float = 0.8,
           share: float = 0.3, **changes: object) -> Row:  # fmt: skip
    prevalence = tuple([1 / own] * own) if own else share
    groups = GroupDesign(prevalence, systemic, gap=gap, deviating=deviating, own=own > 0)
    return Row(replace(design, groups=groups, **changes))  # type: ignore[arg-type]


def _yes_no(rate: float, *, share: float = 0.3, systemic: float = 0.0, deviating: float = NOBODY, own: int = 0,
            **changes: object) -> Row:  # fmt: skip
    design = replace(_PANEL, scale="binary", case_sd=1.5, level=0.7, stable_pattern=0.5,
                     mean=mean_for(rate, (1.5**2 + 0.7**2 + 0.5**2) ** 0.5))  # fmt: skip
    return _panel(design, own=own, deviating=deviating, systemic=systemic, gap=1.3, share=share, **changes)


def _log(judges: int, n: int, *, rate: float | None = None, deviating: float = 0.1, strata: int = 1,
         association: float = 0.0, prevalence: float | tuple[float, ...] = _FOUR, more_noise: float = 0.0,
         distribution: str = "normal", spread: float = 0.0) -> Row:  # fmt: skip
    """rate: yes/no decisions; None: numbers."""
    systemic: tuple[float, ...] = (0.0, 0.4) if isinstance(prevalence, float) else (0.0, 0.3, -0.2, 0.5)
    if rate is None:
        design = replace(_NUMBERS, distribution=distribution)  # type: ignore[arg-type]
    else:
        design = replace(_NUMBERS, scale="binary", case_sd=0.8, level=0.5, stable_pattern=0.3,
                         mean=mean_for(rate, (0.8**2 + 0.5**2 + 0.3**2) ** 0.5))  # fmt: skip
    groups = GroupDesign(prevalence, systemic, gap=0.8 if rate is None else 1.3, deviating=deviating, spread=spread,
                         association=association)  # fmt: skip
    return Row(replace(design, judges=judges, cases=judges * n, groups=groups), "log", strata, more_noise)


def _together(judges: int, cases: int, deviating: float, distribution: str = "normal") -> Row:
    groups = GroupDesign((0.36, 0.24, 0.24, 0.16), (0.0, 0.3, 0.3, 0.6), gap=1.0, deviating=deviating)
    design = replace(_PANEL, judges=judges, cases=cases, distribution=distribution, groups=groups)  # type: ignore[arg-type]
    return Row(design, "together")


def _together_in_a_log(rate: float | None, deviating: float) -> Row:
    row = _log(60, 200, rate=rate, deviating=deviating, prevalence=(0.36, 0.24, 0.24, 0.16))
    groups = replace(row.groups, systemic=(0.0, 0.3, 0.3, 0.6))
    return Row(replace(row.design, groups=groups), "together")


_OWN = {
    f"own group, {judges} judges of {own} groups, {cases} cases{more}, {what}": _panel(
        judges=judges, cases=cases, own=own, deviating=deviating, **changes
    )
    for judges, own, cases, more, changes in (
        (20, 3, 200, "", {}),
        (9, 3, 100, "", {}),
        (9, 3, 200, "", {}),
        (9, 3, 400, "", {}),
        (9, 2, 100, "", {}),
        (9, 2, 200, "", {}),
        (9, 2, 400, "", {}),
        (9, 3, 200, ", exp", {"distribution": "exp"}),
        (8, 2, 200, "", {}),
        (12, 3, 400, "", {}),
        (9, 3, 600, ", 40 % of cells", {"density": 0.4}),
        (20, 3, 400, ", 20 % of cells", {"density": 0.2}),
    )
    for what, deviating in (("nobody", NOBODY), ("mixed", 0.15))
}

ROWS: dict[str, Row] = {
    # table 6a
    "complete, 20 judges, nobody": _panel(deviating=NOBODY),
    "complete, 9 judges, nobody": _panel(judges=9, deviating=NOBODY),
    "complete, 20 judges, exp, nobody": _panel(distribution="exp", deviating=NOBODY),
    "complete, 20 judges, yes/no, nobody": _yes_no(0.5),
    "complete, 20 judges, mixed": _panel(),
    "complete, 20 judges, exp, mixed": _panel(distribution="exp"),
    "complete, 9 judges, 100 cases, mixed": _panel(judges=9, cases=100),
    "complete, 9 judges, 400 cases, mixed": _panel(judges=9, cases=400),
    "complete, 9 judges, 400 cases, two deviate": _panel(judges=9, cases=400, deviating=0.25),
    "complete, 20 judges, yes/no, mixed": _yes_no(0.5, deviating=0.15),
    # table 6b
    "30 % of cells, nobody": _panel(density=0.3, deviating=NOBODY),
    "30 % of cells, exp, nobody": _panel(density=0.3, distribution="exp", deviating=NOBODY),
    "30 % of cells, yes/no, nobody": _yes_no(0.5, density=0.3),
    "30 % of cells, mixed": _panel(density=0.3),
    "30 % of cells, exp, mixed": _panel(density=0.3, distribution="exp"),
    **_OWN,
    "own group, 9 judges of 3 groups, 400 cases, two deviate": _panel(judges=9, cases=400, own=3, deviating=0.25),
    # table 6d
    "yes/no, 5 % yes, half in group, nobody": _yes_no(0.05, share=0.5),
    "yes/no, 5 % yes, 20 % in group, nobody": _yes_no(0.05, share=0.2),
    "yes/no, 5 % yes, 10 % in group, nobody": _yes_no(0.05, share=0.1),
    "yes/no, 5 % yes, 20 % in group, shared gap 1.5, nobody": _yes_no(0.05, share=0.2, systemic=1.5),
    "yes/no, 30 % yes, shared gap 1.0, nobody": _yes_no(0.3, systemic=1.0),
    "yes/no, 30 % yes, mixed": _yes_no(0.3, deviating=0.15),
    "yes/no, 30 % yes, shared gap 0.5, mixed": _yes_no(0.3, systemic=0.5, deviating=0.15),
    "yes/no, 10 % yes, half in group, shared gap 0.5, mixed": _yes_no(0.1, share=0.5, systemic=0.5, deviating=0.15),
    "yes/no, 9 judges, 400 cases, shared gap 1.0, nobody": _yes_no(0.3, systemic=1.0, judges=9, cases=400),
    "yes/no, 9 judges, 400 cases, shared gap 0.5, mixed": _yes_no(0.3, systemic=0.5, deviating=0.15, judges=9,
                                                                   cases=400),
    "yes/no, 6 of 20 judges a case, shared gap 1.0, nobody": _yes_no(0.3, systemic=1.0, per_case=6),
    "yes/no, 6 of 20 judges a case, 600 cases, mixed": _yes_no(0.3, systemic=0.5, deviating=0.15, per_case=6,
                                                               cases=600),
    "yes/no, own group, 9 judges, 300 cases, nobody": _yes_no(0.3, own=3, judges=9, cases=300),
    "yes/no, own group, 9 judges, 300 cases, mixed": _yes_no(0.3, own=3, judges=9, cases=300, deviating=0.15),
    # table 6c
    "log, yes/no, 60 judges, n = 80, nobody": _log(60, 80, rate=0.35, deviating=NOBODY),
    "log, yes/no, 60 judges, n = 80, rare, nobody": _log(60, 80, rate=0.08, deviating=NOBODY),
    "log, yes/no, 60 judges, n = 80, mixed": _log(60, 80, rate=0.35),
    "log, yes/no, 60 judges, n = 80, rare, mixed": _log(60, 80, rate=0.08),
    "log, yes/no, 60 judges, n = 300, mixed": _log(60, 300, rate=0.35),
    "log, yes/no, 8 judges, n = 150, nobody": _log(8, 150, rate=0.35, deviating=NOBODY),
    "log, yes/no, 8 judges, n = 150, mixed": _log(8, 150, rate=0.35, deviating=0.125),
    "log, yes/no, 5 strata, 20 judges, n = 80, nobody": _log(20, 80, rate=0.35, deviating=NOBODY, strata=5,
                                                             association=0.5, prevalence=0.3),
    "log, yes/no, 5 strata, 20 judges, n = 80, rare, nobody": _log(20, 80, rate=0.08, deviating=NOBODY, strata=5,
                                                                   association=0.5, prevalence=0.3),
    "log, yes/no, 5 strata, 20 judges, n = 200, mixed": _log(20, 200, rate=0.35, strata=5, association=0.5,
                                                             prevalence=0.3),
    "log, yes/no, 5 strata, 8 judges, n = 200, mixed": _log(8, 200, rate=0.35, strata=5, association=0.5,
                                                            prevalence=0.3, deviating=0.125),
    # numbers in logs (6.3)
    **{
        f"log, numbers, {judges} judges, n = {n}{name}, {what}": _log(
            judges, n, strata=5, association=0.3 if more else 0.0, deviating=deviating, distribution=distribution,
            more_noise=more,
        )
        for judges, n, name, distribution, more in (
            (60, 80, "", "normal", 0.0),
            (60, 80, ", exp", "exp", 0.0),
            (60, 80, ", unequal variances", "normal", 1.2),
            (60, 80, ", exp, unequal variances", "exp", 1.2),
            (8, 200, "", "normal", 0.0),
        )
        for what, deviating in (("nobody", NOBODY), ("mixed", 0.1 if judges > 10 else 0.125))
    },
    # intersections (6.7)
    "two together, 20 judges, nobody": _together(20, 200, NOBODY),
    "two together, 20 judges, exp, nobody": _together(20, 200, NOBODY, "exp"),
    "two together, 20 judges, mixed": _together(20, 200, 0.15),
    "two together, 9 judges, 300 cases, mixed": _together(9, 300, 0.15),
    **{
        f"two together, log, {name}, 60 judges, n = 200, {what}": _together_in_a_log(rate, deviating)
        for name, rate in (("yes/no", 0.35), ("numbers", None))
        for what, deviating in (("nobody", NOBODY), ("mixed", 0.1))
    },
    # everybody differs a little: no false flags are possible, tau is told
    "complete, 20 judges, all differ by SD 0.3": replace(
        _panel(), design=replace(_PANEL, groups=GroupDesign(0.3, 0.3, deviating=NOBODY, spread=0.3))
    ),
    "own group, 20 judges of 3 groups, all differ by SD 0.3": replace(
        _panel(), design=replace(_PANEL, groups=GroupDesign((1 / 3,) * 3, 0.3, deviating=NOBODY, spread=0.3, own=True))
    ),
    "log, yes/no, 60 judges, n = 300, all differ by SD 0.5": _log(60, 300, rate=0.35, deviating=NOBODY, spread=0.5,
                                                                  prevalence=0.3),
    "log, numbers, 60 judges, n = 80, all differ by SD 0.3": _log(60, 80, deviating=NOBODY, spread=0.3,
                                                                  prevalence=0.3),
}  # fmt: skip
