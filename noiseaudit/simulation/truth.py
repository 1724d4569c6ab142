"""The true components of a simulated decision, on the scale on which it is audited.

With f = E[y | case, judge, cell] and g = E[y^2 | case, judge, cell]:

    L   = Var_judge E[f | judge]
    Sys = E_case( E[g | case] - E[f | case]^2 )
    O   = E[g - f^2]          S = Sys - L - O          V_C = Var_case E[f | case]

These are values of the population that judges and cases are drawn from. Continuous and log decisions have them
in closed form; yes/no, ordinal and count decisions by Gauss-Hermite quadrature; nominal ones by a large
simulation with a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from scipy import special, stats

from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation.group_design import GroupTruth

if TYPE_CHECKING:
    import pandas as pd

_NODES = 48


@dataclass(frozen=True)
class Truth:
    """True variances, in squared units of the audited decision; SDs are their roots."""

    level: float
    stable_pattern: float
    occasion: float
    case: float

    @property
    def pattern(self) -> float:
        """Stable pattern plus occasion."""
        return self.stable_pattern + self.occasion

    @property
    def system(self) -> float:
        """Level plus pattern."""
        return self.level + self.pattern


TruthT_co = TypeVar("TruthT_co", bound=Truth, covariant=True)


@dataclass(frozen=True)
class Simulated(Generic[TruthT_co]):
    """`data`: one row a decision. `truth`: the variances that were built in. `groups`: the gaps, where there are."""

    data: pd.DataFrame = field(repr=False)
    truth: TruthT_co
    groups: GroupTruth | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Spread:
    """SDs of the latent effects: case, level, stable pattern, occasion."""

    case: float
    level: float
    stable: float
    occasion: float


def ordinal_probabilities(latent: Floats, cuts: tuple[float, ...]) -> Floats:
    """(..., K) probabilities of the scores 1..K under a logistic latent error."""
    upper = special.expit(np.asarray(cuts) - latent[..., None])
    edge = np.zeros_like(latent)[..., None]
    return np.diff(np.concatenate([edge, upper, edge + 1.0], axis=-1), axis=-1)


def expectations(scale: str, cuts: tuple[float, ...]) -> Callable[[Floats], tuple[Floats, Floats]]:
    """latent -> (E y, E y^2) of a yes/no, ordinal or count decision."""

    def binary(latent: Floats) -> tuple[Floats, Floats]:
        p = special.expit(latent)
        return p, p

    def ordinal(latent: Floats) -> tuple[Floats, Floats]:
        p, score = ordinal_probabilities(latent, cuts), np.arange(1.0, len(cuts) + 2)
        return p @ score, p @ score**2

    def count(latent: Floats) -> tuple[Floats, Floats]:
        rate = np.exp(latent)
        return rate, rate + rate**2

    return {"binary": binary, "ordinal": ordinal, "count": count}[scale]


@cache
def quadrature_truth(scale: str, spread: Spread, mean: float, cuts: tuple[float, ...]) -> Truth:
    """Truth by Gauss-Hermite quadrature over normal case, judge and cell effects.

    The occasion effect is integrated inside the cell: it is a new draw each time.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    weight = weight / weight.sum()
    inner = expectations(scale, cuts)
    axes = np.meshgrid(spread.case * node, spread.level * node, spread.stable * node, indexing="ij")
    latent = mean + axes[0] + axes[1] + axes[2]
    if spread.occasion > 0:
        f, g = np.zeros_like(latent), np.zeros_like(latent)
        for shift, w in zip(spread.occasion * node, weight, strict=True):
            more_f, more_g = inner(latent + shift)
            f += w * more_f
            g += w * more_g
    else:
        f, g = inner(latent)
    of_case_judge = f @ weight
    of_case, of_judge = of_case_judge @ weight, weight @ of_case_judge
    grand = float(of_case @ weight)
    level = float(((of_judge - grand) ** 2) @ weight)
    second = (g @ weight) @ weight
    system = float((second - of_case**2) @ weight)
    occasion = float((((g - f**2) @ weight) @ weight) @ weight)
    return Truth(level, system - level - occasion, occasion, float(((of_case - grand) ** 2) @ weight))


@cache
def nominal_truth(spread: Spread, base: tuple[float, ...], *, judges: int = 16_384, cases: int = 512) -> Truth:
    """Truth of a nominal decision (softmax of K utilities), summed over the K indicators, by simulation.

    Case and judge effects are scrambled Sobol points, cell effects pseudo-random; the seed is fixed.
    """
    generator = np.random.default_rng(20_250_101)
    K = len(base)
    case = spread.case * stats.norm.ppf(stats.qmc.Sobol(K, rng=1).random(cases))
    of_level = spread.level * stats.norm.ppf(stats.qmc.Sobol(K, rng=2).random(judges))
    by_judge = np.zeros((judges, K))
    square = 0.0
    of_case = np.zeros((cases, K))
    step = 512
    for begin in range(0, judges, step):
        judge = of_level[begin : begin + step, None, :]
        cell = spread.stable * generator.standard_normal((step, cases, K))
        p = special.softmax(np.asarray(base) + case + judge + cell, axis=2)
        by_judge[begin : begin + step] = p.mean(axis=1)
        of_case += p.sum(axis=0) / judges
        square += float((p**2).sum()) / (judges * cases)
    pair = float((of_case**2).sum() / cases)
    system = 1 - pair
    case_part = float(of_case.var(axis=0).sum())
    # judge means over the same cases vary by level plus the cell's own part, which is taken off
    cell_part = (square - pair) - float(by_judge.var(axis=0, ddof=1).sum())
    level = float(by_judge.var(axis=0, ddof=1).sum()) - cell_part / (cases - 1)
    occasion = 1 - square
    return Truth(level, system - level - occasion, occasion, case_part)
