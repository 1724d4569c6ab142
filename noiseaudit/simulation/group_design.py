"""Groups in simulated data: a characteristic of the cases, and professionals who treat some of its values differently.

    effect on judge j, case i of value v = systemic_v + gamma_jv ,   gamma_jv = spread_jv + (+-gap where j deviates)

With own groups the relation takes the place of the values: all of it holds where case and judge are of one value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import CallError


@dataclass(frozen=True)
class GroupDesign:
    """A characteristic of cases, what it does to all decisions, and who deviates. Effects are latent, as SDs are.

    prevalence: shares of the values a, b, ..., together 1; a number p is (1 - p, p). Nobody deviates at a, the rest.
    association: correlation of what decides on the value (high: a late letter) with what a case is worth.
    systemic: effect of each value (own: of the relation, a number); a number is that of the last value.
    deviating: share of the professionals that deviate at a value, as a whole number of them; gap: by how much, up or
    down by chance. spread: SD of the small differences that all professionals have. own: cases and judges have the
    characteristic; judges have its values in turn, and they deviate where the case is of their own value.
    """

    prevalence: float | tuple[float, ...] = 0.3
    systemic: float | tuple[float, ...] = 0.0
    gap: float = 0.8
    deviating: float = 0.15
    spread: float = 0.0
    association: float = 0.0
    own: bool = False

    def __post_init__(self) -> None:
        problems = []
        shares = self.shares
        if len(shares) < 2 or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
            problems.append("prevalence: shares of at least two values, each above 0, together 1")
        if not 0 <= self.deviating <= 1:
            problems.append("deviating is a share between 0 and 1")
        if not -1 <= self.association <= 1:
            problems.append("association is a correlation between -1 and 1")
        if not (0 <= self.gap < math.inf and 0 <= self.spread < math.inf):
            problems.append("gap and spread cannot be negative")
        if not isinstance(self.systemic, int | float) and (self.own or len(self.systemic) != len(shares)):
            problems.append("systemic: a number, or one for each value where there is no own group")
        if problems:
            raise CallError("wrong_setting", "; ".join(problems))

    @property
    def shares(self) -> tuple[float, ...]:
        """(V,) of the values."""
        if isinstance(self.prevalence, int | float):
            return (1 - self.prevalence, self.prevalence)
        return tuple(self.prevalence)

    @property
    def shared(self) -> Floats:
        """(V,) systemic effects; own: (2,), of no relation and of the relation."""
        if not isinstance(self.systemic, int | float):
            return np.asarray(self.systemic, dtype=np.float64)
        effects = np.zeros(2 if self.own else len(self.shares))
        effects[-1] = self.systemic
        return effects

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the values."""
        return tuple(chr(ord("a") + v) for v in range(len(self.shares)))


@dataclass(frozen=True)
class GroupTruth:
    """What was built in, on the latent scale. Columns: values; with own groups: no relation, and the relation.

    gaps: (J, V) gamma. deviates: (J, V) who has more than the small differences of all. systemic: (V,). tau: (V,) SD of
    the gaps in the population of professionals.
    """

    gaps: Floats
    deviates: npt.NDArray[np.bool_]
    systemic: Floats
    tau: Floats


@dataclass(frozen=True)
class Groups:
    """Of one data set: value of each case (C,) and, with own groups, of each judge (J,); the truth."""

    value: Codes
    home: Codes | None
    truth: GroupTruth

    def flag(self, case: Codes, judge: Codes, value: int = 1) -> npt.NDArray[np.bool_]:
        """(R,) is the case of this value? With own groups: of the judge's own?"""
        mine = value if self.home is None else self.home[judge]
        return np.asarray(self.value[case] == mine)

    def effect(self, case: Codes, judge: Codes) -> Floats:
        """(R,) what the characteristic does to the latent decision."""
        column = self.value[case] if self.home is None else self.flag(case, judge).astype(np.intp)
        return np.asarray(self.truth.systemic[column] + self.truth.gaps[judge, column], dtype=np.float64)


def draw_groups(design: GroupDesign, judges: int, worth: Floats, generator: np.random.Generator) -> Groups:
    """Values of cases with `worth` (C,), and gaps of the judges. It draws from a generator of its own (spawned)."""
    generator = generator.spawn(1)[0]
    C, V = len(worth), len(design.shares)
    order = special.ndtri(stats.rankdata(worth, method="ordinal") / (C + 1))
    chance = np.sqrt(1 - design.association**2) * generator.standard_normal(C)
    cuts = special.ndtri(np.cumsum(design.shares)[:-1])
    value = np.searchsorted(cuts, design.association * order + chance).astype(np.intp)
    columns = 2 if design.own else V
    rank = np.argsort(np.argsort(generator.random((judges, columns)), axis=0), axis=0)
    deviates = rank < round(design.deviating * judges)
    deviates[:, 0] = False
    sign = generator.choice([-1.0, 1.0], (judges, columns))
    small = design.spread * generator.standard_normal((judges, columns))
    small[:, 0] = 0.0
    tau = np.full(columns, np.sqrt(design.spread**2 + round(design.deviating * judges) / judges * design.gap**2))
    tau[0] = 0.0
    truth = GroupTruth(small + np.where(deviates, design.gap * sign, 0.0), deviates, design.shared, tau)
    return Groups(value, np.arange(judges, dtype=np.intp) % V if design.own else None, truth)


@dataclass(frozen=True)
class Added:
    """Variance that a group design adds to latent decisions."""

    level: float
    pattern: float
    case: float


def added_variance(design: GroupDesign, judges: int) -> Added:
    """Level, stable pattern and case variance of the effects: means and variances over judges and values.

    Value v has share pi_v, gaps of SD tau, the same for all but the first:

        level = tau^2 sum pi_v^2 ,   pattern = tau^2 sum pi_v - level ,   case = Var_v(systemic)

    With own groups, judges in turn (home h, share 1/V): of the relation, systemic d and tau^2 + d^2 in place of tau^2
    within a home; what homes differ in is level, what judges of a case differ in on average is case.
    """
    share = np.asarray(design.shares)
    tau2 = design.spread**2 + round(design.deviating * judges) / judges * design.gap**2
    if not design.own:
        level = tau2 * float((share[1:] ** 2).sum())
        mean = float(share @ design.shared)
        return Added(level, tau2 * float(share[1:].sum()) - level, float(share @ (design.shared - mean) ** 2))
    homes = np.bincount(np.arange(judges) % len(share), minlength=len(share)) / judges
    delta = float(design.shared[-1])
    often = homes @ share
    level = tau2 * float(homes @ share**2) + delta**2 * float(homes @ (share - often) ** 2)
    case = delta**2 * float(share @ (homes - often) ** 2)
    total = (tau2 + delta**2) * float(often) - (delta * float(often)) ** 2
    return Added(level, total - level - case, case)
