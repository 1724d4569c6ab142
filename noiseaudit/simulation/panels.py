"""simulate(): decisions of judges on cases from the model y = mu + c_i + l_j + s_ij + o_ijk, truth known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import CallError
from noiseaudit.simulation.group_design import GroupDesign, Groups, added_variance, draw_groups
from noiseaudit.simulation.truth import (
    Simulated,
    Spread,
    Truth,
    nominal_truth,
    ordinal_probabilities,
    quadrature_truth,
)

Distribution = Literal["normal", "exp", "gam4", "logn", "t5"]
SimulatedScale = Literal["continuous", "log", "binary", "nominal", "ordinal", "count"]
Assignment = Literal["random", "zipf", "offices", "sorted"]


@dataclass(frozen=True)
class Rows:
    """Decisions as arrays (R,): case and judge codes, occasion number, decision; `answer` per case (C,).

    level: (J,), worth: (C,) effects of judges and cases on the latent scale. groups: where the design has them.
    """

    case: Codes
    judge: Codes
    occasion: Codes
    decision: Floats
    answer: Floats
    level: Floats
    worth: Floats
    groups: Groups | None = None


@dataclass(frozen=True)
class Design:
    """Everything that a simulated panel depends on; SDs are of the latent effects. See `simulate`."""

    judges: int = 40
    cases: int = 300
    level: float = 0.2
    stable_pattern: float = 0.4
    occasion: float = 0.1
    case_sd: float = 1.0
    mean: float = 0.0
    scale: SimulatedScale = "continuous"
    distribution: Distribution = "normal"
    per_case: int | tuple[int, int] | None = None
    repeats: int | tuple[int, int] = 1
    density: float = 1.0
    assignment: Assignment = "random"
    sorting: float = 0.15
    blocks: int = 1
    categories: int = 3
    groups: GroupDesign | None = None

    def __post_init__(self) -> None:
        problems = []
        if self.judges < 1 or self.cases < 1:
            problems.append("judges and cases must be at least 1")
        if min(self.level, self.stable_pattern, self.occasion, self.case_sd) < 0:
            problems.append("standard deviations cannot be negative")
        if not 0 < self.density <= 1:
            problems.append("density is a share between 0 and 1")
        if self.scale not in ("continuous", "log") and self.distribution != "normal":
            problems.append(f"scale {self.scale!r} has normal latent effects only")
        if self.categories < 2:
            problems.append("a nominal or ordinal decision has at least two categories")
        if self.blocks < 1 or self.judges % self.blocks or self.cases % self.blocks:
            problems.append("blocks must divide the judges and the cases")
        if self.groups is not None and self.scale == "nominal":
            problems.append("groups change a number or a chance: there is none in a nominal decision")
        if problems:
            raise CallError("wrong_setting", "; ".join(problems))

    @property
    def cuts(self) -> tuple[float, ...]:
        """Latent thresholds between ordinal scores, evenly spread around the mean."""
        inner = np.arange(1, self.categories) - self.categories / 2
        return tuple((1.2 * inner).tolist())

    @property
    def base(self) -> tuple[float, ...]:
        """Latent utilities of nominal categories, from common to rare."""
        return tuple((-0.6 * np.arange(self.categories)).tolist())

    def truth(self) -> Truth:
        """True variances on the scale of the audit (log decisions: of their logarithm).

        Those of yes/no, ordinal and count decisions are without what groups add.
        """
        spread = Spread(self.case_sd, self.level, self.stable_pattern, self.occasion)
        if self.scale == "nominal":
            return nominal_truth(Spread(self.case_sd, self.level, self.stable_pattern, 0.0), self.base)
        if self.scale in ("continuous", "log"):
            level, stable, case = spread.level**2, spread.stable**2, spread.case**2
            if self.groups is not None:
                added = added_variance(self.groups, self.judges)
                level, stable, case = level + added.level, stable + added.pattern, case + added.case
            return Truth(level, stable, spread.occasion**2, case)
        return quadrature_truth(self.scale, spread, self.mean, self.cuts if self.scale == "ordinal" else ())


def simulate(
    *,
    judges: int = 40,
    cases: int = 300,
    level: float = 0.2,
    stable_pattern: float = 0.4,
    occasion: float = 0.1,
    case_sd: float = 1.0,
    mean: float = 0.0,
    scale: SimulatedScale = "continuous",
    distribution: Distribution = "normal",
    per_case: int | tuple[int, int] | None = None,
    repeats: int | tuple[int, int] = 1,
    density: float = 1.0,
    assignment: Assignment = "random",
    blocks: int = 1,
    categories: int = 3,
    with_answer: bool = False,
    groups: GroupDesign | None = None,
    seed: int = 1,
) -> Simulated[Truth]:
    """A panel with known truth: columns case, judge, (occasion, group, judge_group,) decision(, truth).

    level, stable_pattern, occasion, case_sd: SDs of the effects (latent ones for yes/no, nominal, ordinal and
    counts, whose occasion noise is the draw of the decision itself). per_case: judges a case, a number or a
    range; None is every judge. repeats: decisions a cell, a number or a range. density: share of the cells kept.
    assignment: `random`; `zipf` workloads; `offices` (two, without shared cases, +-2 in case difficulty); `sorted`
    (judges near each other in severity sit together, and harder cases go to harsher judges). blocks: panels
    that share nothing. with_answer adds the right answer (case effect plus mean) as column `truth`.
    groups: a characteristic of the cases that some judges treat differently (GroupDesign); who does is in `groups` of
    the result. The truth of yes/no, ordinal and count decisions is without what groups add.
    CallError for values that make no panel. The same seed gives the same data.
    """
    import pandas as pd

    design = Design(
        judges,
        cases,
        level,
        stable_pattern,
        occasion,
        case_sd,
        mean,
        scale,
        distribution,
        per_case,
        repeats,
        density,
        assignment,
        blocks=blocks,
        categories=categories,
        groups=groups,
    )
    rows = draw(design, np.random.default_rng(seed))
    data = pd.DataFrame(
        {
            "case": [f"C{code + 1:04d}" for code in rows.case],
            "judge": [f"J{code + 1:03d}" for code in rows.judge],
        }
    )
    if repeats != 1:
        data["occasion"] = rows.occasion + 1
    if groups is not None and rows.groups is not None:
        names = np.array(groups.values)
        data["group"] = names[rows.groups.value[rows.case]]
        if rows.groups.home is not None:
            data["judge_group"] = names[rows.groups.home[rows.judge]]
    if scale == "nominal":
        data["decision"] = [chr(ord("a") + int(value)) for value in rows.decision]
    elif scale in ("continuous", "log"):
        data["decision"] = rows.decision
    else:
        data["decision"] = rows.decision.astype(np.int64)
    if with_answer:
        data["truth"] = rows.answer[rows.case]
    return Simulated(data, design.truth(), None if rows.groups is None else rows.groups.truth)


def draw(design: Design, generator: np.random.Generator) -> Rows:
    """One panel as arrays: the fast road for simulation studies."""
    judge_effect, case_effect = _effects(design, generator)
    case, judge = _assign(design, judge_effect, case_effect, generator)
    if design.density < 1:
        keep = generator.random(len(case)) < design.density
        case, judge = case[keep], judge[keep]
    low, high = (design.repeats, design.repeats) if isinstance(design.repeats, int) else design.repeats
    repeats = generator.integers(low, high + 1, len(case))
    row = np.repeat(np.arange(len(case)), repeats)
    first = np.concatenate([[0], np.cumsum(repeats)[:-1]])
    occasion = np.arange(len(row)) - np.repeat(first, repeats)
    cell = design.stable_pattern * _standard(design, len(case), generator)
    groups = None if design.groups is None else draw_groups(design.groups, design.judges, case_effect, generator)
    if groups is not None:
        cell = cell + groups.effect(case, judge)
    latent = (design.mean + case_effect[case] + judge_effect[judge] + cell)[row]
    latent = latent + design.occasion * _standard(design, len(row), generator)
    answer = design.mean + case_effect
    if design.scale == "nominal":
        decision = _nominal(design, case, judge, row, generator)
    else:
        decision = _decide(design, latent, generator)
        answer = _answer(design, answer)
    return Rows(case[row], judge[row], occasion.astype(np.intp), decision, answer, judge_effect, case_effect, groups)


def _standard(design: Design, size: int, generator: np.random.Generator) -> Floats:
    """Draws with mean 0 and variance 1."""
    if design.distribution == "exp":
        return np.asarray(generator.exponential(size=size) - 1, dtype=np.float64)
    if design.distribution == "gam4":
        return (generator.gamma(4, size=size) - 4) / 2
    if design.distribution == "logn":
        sigma = 0.6
        mean, var = np.exp(sigma**2 / 2), (np.exp(sigma**2) - 1) * np.exp(sigma**2)
        return np.asarray((generator.lognormal(0, sigma, size) - mean) / np.sqrt(var), dtype=np.float64)
    if design.distribution == "t5":
        return np.asarray(generator.standard_t(5, size) / np.sqrt(5 / 3), dtype=np.float64)
    return generator.standard_normal(size)


def _effects(design: Design, generator: np.random.Generator) -> tuple[Floats, Floats]:
    judge = design.level * _standard(design, design.judges, generator)
    case = design.case_sd * _standard(design, design.cases, generator)
    if design.assignment == "offices":
        case += np.where(np.arange(design.cases) < design.cases // 2, 2.0, -2.0)
    return judge, case


def _assign(design: Design, judge: Floats, case: Floats, generator: np.random.Generator) -> tuple[Codes, Codes]:
    """(case, judge) of every cell."""
    J, C = design.judges, design.cases
    blocks = 2 if design.assignment == "offices" else design.blocks
    if design.per_case is None:
        cases, judges = np.repeat(np.arange(C), J // blocks), np.tile(np.arange(J // blocks), C)
        return cases, judges + (cases // (C // blocks)) * (J // blocks)
    low, high = (design.per_case, design.per_case) if isinstance(design.per_case, int) else design.per_case
    size = generator.integers(low, high + 1, C)
    score = np.log(generator.random((C, J)))
    if design.assignment == "zipf":
        score *= np.arange(1, J + 1)  # exponential race: workload of judge j falls like 1/j
    if design.assignment == "sorted":
        place = np.argsort(np.argsort(case)) / C
        severity = np.argsort(np.argsort(judge)) / J
        score = -np.abs(severity - np.clip(place + 0.15 * generator.standard_normal(C), 0, 1)[:, None])
        score += design.sorting * generator.standard_normal((C, J))
    own = np.arange(J) // (J // blocks) == (np.arange(C) // (C // blocks))[:, None]
    rank = np.where(own, -score, np.inf)
    order = rank.argmin(axis=1)[:, None] if high == 1 else rank.argsort(axis=1)
    taken = np.arange(J) < size[:, None]
    cases, position = np.nonzero(taken)
    return cases, order[cases, position]


def _decide(design: Design, latent: Floats, generator: np.random.Generator) -> Floats:
    if design.scale == "log":
        return np.exp(latent)
    if design.scale == "binary":
        return np.asarray(generator.random(len(latent)) < special.expit(latent), dtype=np.float64)
    if design.scale == "count":
        return np.asarray(generator.poisson(np.exp(latent)), dtype=np.float64)
    if design.scale == "ordinal":
        reached = ordinal_probabilities(latent, design.cuts).cumsum(axis=1)
        return np.asarray(
            1.0 + (generator.random(len(latent))[:, None] > reached[:, :-1]).sum(axis=1), dtype=np.float64
        )
    return latent


def _answer(design: Design, latent: Floats) -> Floats:
    if design.scale == "log":
        return np.exp(latent)
    if design.scale == "binary":
        return (latent > 0).astype(np.float64)
    if design.scale == "count":
        return np.asarray(np.round(np.exp(latent)), dtype=np.float64)
    if design.scale == "ordinal":
        return np.asarray(1.0 + (latent[:, None] > np.asarray(design.cuts)).sum(axis=1), dtype=np.float64)
    return latent


def _nominal(design: Design, case: Codes, judge: Codes, row: Codes, generator: np.random.Generator) -> Floats:
    """Category codes 0..K-1: the highest of K utilities, each with case, judge, cell and decision parts."""
    K = design.categories
    utility = np.asarray(design.base) + design.case_sd * generator.standard_normal((design.cases, K))[case]
    utility += design.level * generator.standard_normal((design.judges, K))[judge]
    utility += design.stable_pattern * generator.standard_normal((len(case), K))
    return np.asarray(np.argmax(utility[row] + generator.gumbel(size=(len(row), K)), axis=1), dtype=np.float64)
