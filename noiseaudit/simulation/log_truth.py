"""The true components of a simulated log, on the scale on which it is audited.

With y, y' two decisions, every figure is a difference of mean products E y y':

    Sys = E y^2 - other judge, same case            O = E y^2 - same judge, same case, another moment
    L   = same judge - other judge, both of them on two different cases                S = Sys - L - O
    L + P_det = same judge - other judge, two cases that are alike in the data        V_C = same case - (E y)^2

Continuous and log decisions have them in closed form. For yes/no and ordinal decisions, y given the case is a function
m of a normal latent value, and two latent values with correlation r have E m m' = sum_k r^k a_k a'_k (Mehler), a_k the
Hermite coefficients of m by Gauss quadrature. The mean over cases is a mean over 2^14 pairs of Sobol points with a
fixed seed: the same figures every time, within 1 %, as other seeds, four times the points and brute force agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation import case_mix
from noiseaudit.simulation.group_design import Added, added_variance
from noiseaudit.simulation.log_designs import LogDesign
from noiseaudit.simulation.truth import Truth, expectations

_NODES, _DEGREE, _LOG2_PAIRS = 64, 24, 14


@dataclass(frozen=True)
class LogTruth(Truth):
    """True variances of a log, in squared units of the audited decision; persistence and sequence are coefficients.

    level: in any one period, with offices; level_all_periods: of a judge's mean over the periods, which drift makes
    smaller. stable_pattern: with the detectable part. detectable_pattern: what lies in features that are in the data
    (on yes/no and ordinal decisions some always does, because levels matter most where cases are unclear).
    occasion: with judge_day (a judge's days) and what previous decisions do. case: all legitimate differences;
    unmeasured: those that are not in the data. persistence: correlation of the levels of one period and the next.
    sequence: change in the decision after one unit more in the judge's previous one.
    """

    detectable_pattern: float
    unmeasured: float
    level_between_offices: float
    level_within_offices: float
    level_all_periods: float
    persistence: float
    judge_day: float
    sequence: float


@cache
def log_truth(design: LogDesign) -> LogTruth:
    """The truth of a design: of the population that judges and cases are drawn from.

    To first order in `sequence`; judge_day and sequence together, each is taken to leave the other alone.
    """
    if design.scale in ("continuous", "log"):
        return _closed_form(design)
    first = _through_latent(design, 0.0)
    if design.sequence == 0:
        return first.truth
    return _through_latent(design, design.sequence**2 * first.surprise).truth


def _lags(design: LogDesign) -> tuple[Floats, Floats]:
    """Covariance of latent levels h periods apart, h = 0, 1, ..., and how often two periods lie so far apart."""
    T = design.periods
    h = np.arange(T)
    often = np.where(h == 0, T, 2 * (T - h)) / T**2
    return np.asarray(design.level**2 * design.persistence**h + design.office**2, dtype=np.float64), often


def _closed_form(design: LogDesign) -> LogTruth:
    level, office, day = design.level**2, design.office**2, design.judge_day**2
    added = Added(0.0, 0.0, 0.0) if design.groups is None else added_variance(design.groups, design.judges)
    stable = design.detectable_pattern**2 + design.stable_pattern**2 + added.pattern
    unmeasured = design.unmeasured**2
    noise = stable + unmeasured + design.occasion**2 + day
    omitted = 0.0
    if design.omit:
        x, _, alike = _pairs(design.omit)
        omitted = design.case_sd**2 / 2 * float(np.mean((case_mix.worth(x) - case_mix.worth(alike)) ** 2))
    lags, often = _lags(design)
    lasting = office + added.level
    return LogTruth(
        level=level + office + added.level,
        stable_pattern=stable,
        occasion=design.occasion**2 + day + noise * design.sequence**2 / (1 - design.sequence**2),
        case=design.case_sd**2 + unmeasured + added.case,
        detectable_pattern=design.source_variance * len(set(design.pattern_on) - set(design.omit)),
        unmeasured=unmeasured + omitted,
        level_between_offices=office,
        level_within_offices=level + added.level,
        level_all_periods=float(lags @ often) + added.level,
        persistence=(design.persistence * level + lasting) / (level + lasting)
        if level + lasting
        else design.persistence,
        judge_day=day,
        sequence=design.sequence,
    )


@dataclass(frozen=True)
class _Latent:
    truth: LogTruth
    surprise: float


def _through_latent(design: LogDesign, from_previous: float) -> _Latent:
    """Yes/no and ordinal decisions. from_previous: latent variance that previous decisions bring."""
    x, other, alike = _pairs(design.omit)
    level = design.level**2 + design.office**2
    u, day = design.unmeasured**2, design.judge_day**2
    rest = design.stable_pattern**2 + design.occasion**2 + day + from_previous + u + level
    here, there, near = (_Case.of(design, features, rest) for features in (x, other, alike))
    own, far, close = _kernel(design, x, x), _kernel(design, x, other), _kernel(design, x, alike)
    nothing = np.zeros(len(own))
    lags, often = _lags(design)
    next_period = design.persistence * design.level**2 + design.office**2

    square, mean = float(here.square.mean()), float(here.coefficients[:, 0].mean())
    between_cases = here.product(there, nothing)
    by_lag = [here.product(there, far + lag) - between_cases for lag in lags]
    same_case = here.product(here, nothing + u)
    alone = here.product(near, nothing)
    l_noise = by_lag[0]
    occasion = square - here.product(here, own + design.stable_pattern**2 + u + level)
    system = square - same_case
    between = here.product(there, nothing + design.office**2) - between_cases
    truth = LogTruth(
        level=l_noise,
        stable_pattern=system - l_noise - occasion,
        occasion=occasion,
        case=same_case - mean**2,
        detectable_pattern=here.product(near, close + level) - alone - l_noise,
        unmeasured=same_case - alone,
        level_between_offices=between,
        level_within_offices=l_noise - between,
        level_all_periods=float(np.dot(by_lag, often)),
        persistence=(here.product(there, far + next_period) - between_cases) / l_noise
        if level > 0
        else design.persistence,
        judge_day=here.product(there, far + level + day) - between_cases - l_noise,
        sequence=design.sequence * float((here.coefficients[:, 1] / here.sd).mean()),
    )
    return _Latent(truth, square - here.product(here, nothing + level))


@dataclass(frozen=True)
class _Case:
    """Cases (n,) with known features: latent SD, Hermite coefficients (n, 25) of E[y | latent], and E y^2."""

    sd: Floats
    coefficients: Floats
    square: Floats

    @classmethod
    def of(cls, design: LogDesign, x: case_mix.Features, rest: float) -> _Case:
        node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
        weight = weight / weight.sum()
        polynomial = np.ones((_DEGREE + 1, _NODES))  # orthonormal Hermite polynomials at the nodes
        polynomial[1] = node
        for k in range(2, _DEGREE + 1):
            polynomial[k] = (node * polynomial[k - 1] - np.sqrt(k - 1) * polynomial[k - 2]) / np.sqrt(k)
        sd = np.sqrt(rest + _kernel(design, x, x))
        latent = (design.mean + design.case_sd * case_mix.worth(x))[:, None] + sd[:, None] * node
        value, square = expectations(design.scale, design.cuts)(latent)
        return cls(np.maximum(sd, 1e-12), value @ (weight * polynomial).T, square @ weight)

    def product(self, other: _Case, covariance: Floats) -> float:
        """Mean of E y y' over the pairs, where latent values have this covariance."""
        correlation = covariance / (self.sd * other.sd)
        return float(np.mean(np.polynomial.polynomial.polyval(
            correlation, (self.coefficients * other.coefficients).T, tensor=False
        )))  # fmt: skip


def _kernel(design: LogDesign, x: case_mix.Features, other: case_mix.Features) -> Floats:
    """Covariance of one judge's detectable reactions to two cases, over judges."""
    total = np.zeros(len(x["x1"]))
    for name in design.slopes_on:
        total += case_mix.standardised(x[name]) * case_mix.standardised(other[name])
    for name in design.reactions_to:
        effects = case_mix.contrast(case_mix.CATEGORIES[name])
        total += (effects @ effects.T)[x[name], other[name]]
    return design.source_variance * total


@cache
def _pairs(omit: tuple[str, ...]) -> tuple[case_mix.Features, case_mix.Features, case_mix.Features]:
    """Cases, as many other cases, and cases that differ from the first in omitted features only."""
    size = len(case_mix.RELEVANT)
    points = stats.qmc.Sobol(2 * size, rng=1).random_base2(_LOG2_PAIRS)
    x, other = case_mix.from_uniform(points[:, :size]), case_mix.from_uniform(points[:, size:])
    return x, other, {name: (other if name in omit else x)[name] for name in case_mix.RELEVANT}
