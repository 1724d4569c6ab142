"""Level noise of rare events: how much professionals differ in events per exposure (`--exposure`).

    E y_r = e_r theta_j,  Var y_r = phi e_r theta_j,  y_r events of a row of professional j, e_r comparable exposure
    t_j = D_j/E_j ;  v_j = phi r/E_j ;  r = sum D/sum E ;  w_j = 1/(L+ + v_j)^2,  L+ = max(L, 0)
    L   = [ sum w (t - tbar)^2 - phi sum w (1 - w/W) D/E^2 ] / [ W - sum w^2/W ],  tbar = sum w t/W,  W = sum w
    mu  = sum t/(L+ + v) / sum 1/(L+ + v) ;  relative L/mu^2

L: variance over professionals of the rate theta, in squared events per unit of exposure. Unbiased for any fixed
weights. These are the best for a variance (a squared deviation has variance 2 (L + v_j)^2 in normal theory); they
start from w = E and take two rounds. They know the recorded exposure only, not how risky a professional's cases were:
else the strict with risky cases would count more. The noise taken off is counted from each professional's own events,
so rates may depend on workload; weights and v_j use the pooled rate, so that nobody without events counts as certain.
Professionals are compared within blocks: sums run over them, W and tbar are a block's own.

Buehlmann & Straub (1970): w = E; DerSimonian & Laird (1986): w = 1/(L + v); Dean (1992): w = E^2, which these weights
become at L = 0, is the score test for overdispersion. docs/validity_rates.md compares them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import Flag, estimate_of
from noiseaudit.estimators.intervals import MANY_JUDGES, down_to_zero, few_judges, jackknife_variance, log_jackknife
from noiseaudit.estimators.rate_checks import (
    LEAST_EVENTS,
    Ratio,
    WithoutEvents,
    dispersion_figure,
    dispersion_of,
    proportion_of,
    without_events,
)
from noiseaudit.result import Component, Estimate, Figure, Interval, Number

MATTERS = 0.1  # of beta from 1: twice the exposure then brings 7 % more or fewer events than twice as many
ROUNDS = 2  # of weights after the first; a third moves L by less than 1 % of its error


@dataclass(frozen=True)
class RateLevel:
    """Level noise of rates and its checks; (K,) arrays belong to the judges that could be compared.

    level: variance of rates, squared events per exposure; relative: the same over the squared mean (`sd`: coefficient
    of variation). pattern: variance of a class's rate around the judge's own, in the unit of level.
    rate: events per exposure of all compared judges; mean: mu, mean rate of a judge, equal to rate where level is 0 and
    where rates and exposure are unrelated. dispersion: phi; 1 is used where it is not identified.
    proportional: beta, 1 where events are proportional to exposure.
    judge_index: (K,) codes of the judges; events: D_j; exposure: E_j, comparable; judge_rate: t_j; expected: E_j times
    the mean mu of the block; effect: t_j minus that mean; variance: v_j. For `shrink_levels`, with level_error, the
    variance of the estimate of level. For a funnel take `rate_funnel`: these counts are far from normal.
    blocks: groups of judges that share no class.
    """

    level: Component
    relative: Component
    pattern: Component
    rate: Number
    mean: Number
    dispersion: Number
    proportional: Number
    without_events: WithoutEvents | NotIdentified
    judge_index: Codes
    events: Floats
    exposure: Floats
    judge_rate: Floats
    expected: Floats
    effect: Floats
    variance: Floats
    level_error: float
    blocks: int
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Shared:
    """Noise that levels share because classes were estimated, and pattern that is in them (see rate_classes).

    of: weights (K,) -> two (K,) arrays, w_j times the variance of t_j - tbar that comes from classes at phi r = 1 and
    from pattern of variance 1. pattern: signed estimate; left_out: (K,) without each judge; component: with interval.
    """

    of: Callable[[Floats], tuple[Floats, Floats]]
    pattern: float
    left_out: Floats
    component: Component
    error: float
    spread: Floats


@dataclass(frozen=True)
class Compared:
    """Judges that can be compared: (K,) events, comparable exposure and block; phi None: Poisson's 1 is assumed.

    workload: exposure as it was recorded, for weights.
    """

    judge_index: Codes
    events: Floats
    exposure: Floats
    block: Codes
    workload: Floats
    phi: Ratio | None
    shared: Shared | None = None

    @property
    def rate(self) -> Ratio:
        """Events per exposure of all together."""
        phi, _ = self.dispersion
        return Ratio(self.events, self.exposure, phi / max(float(self.events.sum()), 1.0))

    @property
    def dispersion(self) -> tuple[float, Floats]:
        """phi and its values without each judge, as they are used: 1 where it is not known."""
        if self.phi is None:
            return 1.0, np.ones(len(self.events))
        left_out = self.phi.left_out
        return self.phi.value, np.where(np.isfinite(left_out), left_out, self.phi.value)

    @property
    def pace(self) -> Floats:
        """(K,) v_j > 0 as it would be at the recorded exposure: all that weights know of a judge's cases."""
        return np.maximum(self.noise * self.exposure, 1e-12 * self.rate.value) / self.workload

    @property
    def noise(self) -> Floats:
        """(K,) v_j = phi r/E_j, with pattern where that is known: variance of a judge's rate around the level."""
        chance = max(self.dispersion[0], 0.0) * self.rate.value / self.exposure
        return chance if self.shared is None else chance + self.shared.spread


@dataclass(frozen=True)
class Variance:
    """A variance by moments: signed value, (K,) values without each judge, noise taken off, floors of its variance.

    floor: with excess kurtosis; df: of the weighted sum of squares, 2 (value+ + noise)^2 over the floor without it.
    """

    value: float
    left_out: Floats
    noise: float
    floor: float
    df: float

    def relative(self, rate: Ratio) -> Variance:
        """The variance over the squared rate; left out, both are without the judge."""
        unit = rate.value**2
        with np.errstate(divide="ignore", invalid="ignore"):
            left_out = self.left_out / rate.left_out**2
        return Variance(
            self.value / unit, np.where(np.isfinite(left_out), left_out, self.value / unit), self.noise / unit,
            self.floor / unit**2, self.df,
        )  # fmt: skip

    def interval(self, *, confidence: float) -> Interval | None:
        """Log jackknife, from 0 where chance could give the value; chi-square where the jackknife is barred."""
        J = len(self.left_out)
        if J < 3:
            return None
        df = min(self.df, J - 1.0)
        if df >= MANY_JUDGES:
            logs = log_jackknife(
                self.value, self.left_out, weights=(J - 1) / J, add=0.0, floor=self.floor, df=df, confidence=confidence
            )
            if logs is not None:
                chance = few_judges(self.value, noise=self.noise, df=df, kurtosis_floor=0.0, confidence=confidence)
                return down_to_zero(logs, chance)
        spread = max(jackknife_variance(self.left_out, (J - 1) / J), self.floor)
        if spread <= 0:
            return None
        nu = min(df, 2 * (max(self.value, 0.0) + max(self.noise, 0.0)) ** 2 / spread)
        return few_judges(self.value, noise=self.noise, df=nu, kurtosis_floor=0.0, confidence=confidence)


def times_rate(relative: Interval | None, value: float, *, rate: Figure) -> Interval | None:
    """Interval of V = value * rate^2 from those of its factors, taken as independent: MOVER on logs (Zou & Donner).

        upper = V exp( hypot(log u/value, 2 log u_r/r) ), lower alike ;  value <= 0: upper = u u_r^2, lower 0

    Shorter than both direct intervals at their worst: professionals with many events, seen or not, move a variance and
    the squared rate together, and hardly their ratio.
    """
    if relative is None or rate.interval is None:
        return None
    (low, high), (least, most), r = relative, rate.interval, rate.value
    if value <= 0:
        return 0.0, float(high * most**2)
    lower = 0.0 if low <= 0 else value * r**2 * math.exp(-math.hypot(math.log(value / low), 2 * math.log(r / least)))
    return float(lower), float(value) * r**2 * math.exp(math.hypot(math.log(high / value), 2 * math.log(most / r)))


def rate_level(sums: RateSums, *, confidence: float = 0.95, kurtosis_floor: float = 2.0) -> RateLevel:
    """Level noise from one group of rows a judge (J,); all of them are compared, and pattern is not identified.

    For cases that were made comparable by a model, let the exposure of a row be what it stands for in average cases:
    the events expected of it over the pooled rate. `proportional` then says whether the expectation is.
    """
    judge = np.arange(len(sums))
    phi = dispersion_of(sums, judge)
    data = Compared(
        judge_index=judge,
        events=sums.events,
        exposure=sums.exposure,
        workload=sums.exposure,
        block=np.zeros(len(sums), dtype=np.intp),
        phi=phi if phi.below.sum() >= LEAST_EVENTS else None,
    )
    proportional = proportion_of(sums, judge, dispersion=data.dispersion[0], confidence=confidence)
    return assembled(data, proportional=proportional, confidence=confidence, kurtosis_floor=kurtosis_floor)


def assembled(
    data: Compared,
    *,
    proportional: Number,
    reason: str | None = None,
    confidence: float,
    kurtosis_floor: float,
    flags: tuple[Flag, ...] = (),
) -> RateLevel:
    """The result from judges that can be compared; reason: why they cannot, where that is known."""
    if reason is None and (len(data.events) < 2 or data.events.sum() == 0):
        reason = "single_judge" if len(data.events) < 2 else "no_events"
    if reason is not None:
        none, empty = NotIdentified.of(reason), np.empty(0)
        return RateLevel(
            none, none, none, none, none, none, none, none, data.judge_index[:0],
            empty, empty, empty, empty, empty, empty, 0.0, 0, flags,
        )  # fmt: skip
    phi, J = data.dispersion[0], len(data.events)
    t = data.events / data.exposure
    found = level_variance(data, weights_of(data), kurtosis_floor=kurtosis_floor)
    precision = 1 / (max(found.value, 0.0) + data.pace)
    mean = Ratio(precision * t, precision, data.rate.floor)
    expected = data.exposure * _block_mean(t, precision, data.block)
    level, relative = component_of(found, rate=mean, confidence=confidence)
    told = list(flags)
    if data.phi is None:
        told.append(Flag("dispersion_assumed", "warning"))
    if isinstance(proportional, Figure) and proportional.interval is not None:
        low, high = proportional.interval
        if not low <= 1 <= high:
            matters = abs(proportional.value - 1) >= MATTERS
            told.append(Flag("not_proportional", "warning" if matters else "info", {"beta": proportional.value}))
    if found.value <= 0:
        told.append(Flag("level_at_boundary", "info"))
    return RateLevel(
        level=level,
        relative=relative,
        pattern=NotIdentified.of("no_classes") if data.shared is None else data.shared.component,
        rate=data.rate.figure(confidence=confidence),
        mean=mean.figure(confidence=confidence),
        dispersion=NotIdentified.of("no_rows_within")
        if data.phi is None
        else dispersion_figure(data.phi, confidence=confidence),
        proportional=proportional,
        without_events=without_events(data.events, expected, dispersion=phi, variation=relative.variance),
        judge_index=data.judge_index,
        events=data.events,
        exposure=data.exposure,
        judge_rate=t,
        expected=expected,
        effect=t - expected / data.exposure,
        variance=data.noise,
        level_error=max(found.floor, jackknife_variance(found.left_out, (J - 1) / J)),
        blocks=int(data.block.max()) + 1,
        flags=tuple(told),
    )


def component_of(found: Variance, *, rate: Ratio, confidence: float) -> tuple[Estimate, Estimate]:
    """A variance of rates, and the same over the squared rate; no intervals where the rate has none."""
    part, pooled = found.relative(rate), rate.figure(confidence=confidence)
    bounds = part.interval(confidence=confidence) if pooled.interval else None
    return (
        estimate_of(found.value, times_rate(bounds, part.value, rate=pooled), reason=pooled.interval_reason),
        estimate_of(part.value, bounds, reason=pooled.interval_reason),
    )


def _block_mean(t: Floats, w: Floats, block: Codes) -> Floats:
    """(K,) weighted mean of the block of each judge."""
    size = int(block.max()) + 1
    return np.asarray((sum_by(block, w * t, size) / sum_by(block, w, size))[block])


def weights_of(data: Compared, *, rounds: int = ROUNDS) -> Floats:
    """(K,) weights 1/(L+ + v_j)^2, scaled to at most 1; rounds=0: the exposure, as Buehlmann and Straub weigh."""
    w: Floats = data.workload / data.workload.max()
    for _ in range(rounds):
        v = max(level_variance(data, w, kurtosis_floor=0.0).value, 0.0) + data.pace
        w = (v.min() / v) ** 2
    return w


def level_variance(data: Compared, w: Floats, *, kurtosis_floor: float) -> Variance:
    """L for given weights (K,) and its values without each judge, who takes own weight and noise along.

    floor = sum w^2 [2 (L+ + v)^2 + kap L+^2] / [W - sum w^2/W]^2
    """
    t, b = data.events / data.exposure, data.block
    size, r = int(b.max()) + 1, data.rate.value
    phi, phi_out = data.dispersion
    d = t - _block_mean(t, w, b)
    own = data.events / data.exposure**2
    # sums over a block of: w, w d, w d^2, w own, w^2 own, w^2
    parts = [w, w * d, w * d**2, w * own, w**2 * own, w**2]
    whole = np.array([sum_by(b, part, size) for part in parts])
    mine = np.array(parts)
    squares, off, free = _reduced(whole)
    rest = whole[:, b] - mine
    alone = rest[0] <= 1e-14 * whole[0][b]  # nobody is left in the block
    rest[0] = np.where(alone, 1.0, rest[0])
    squares_out, off_out, free_out = (
        part.sum() - part[b] + np.where(alone, 0.0, now)
        for part, now in zip((squares, off, free), _reduced(rest), strict=True)
    )
    classes = patterns = np.zeros(len(t))
    pattern, pattern_out, error = 0.0, np.zeros(len(t)), 0.0
    if data.shared is not None:
        classes, patterns = data.shared.of(w)
        pattern, pattern_out, error = data.shared.pattern, data.shared.left_out, data.shared.error
    off_all, off_out = off.sum() + r * classes.sum(), off_out + r * (classes.sum() - classes)
    total = float(squares.sum() - phi * off_all - pattern * patterns.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (squares_out - phi_out * off_out - pattern_out * (patterns.sum() - patterns)) / free_out
    denominator = float(free.sum())
    value = total / denominator
    v = max(value, 0.0) + data.noise
    kurtosis = max(kurtosis_floor, 6 * max(value, 0.0) / r**2)  # of a gamma law, when that is more
    plain = (2 * float((w**2 * v**2).sum()) + error * float(patterns.sum()) ** 2) / denominator**2
    taken = (float(squares.sum()) - total) / denominator
    return Variance(
        value=value,
        left_out=np.where(np.isfinite(left_out), left_out, value),
        noise=taken,
        floor=plain + kurtosis * max(value, 0.0) ** 2 * float((w**2).sum()) / denominator**2,
        df=2 * (max(value, 0.0) + max(taken, 0.0)) ** 2 / plain if plain > 0 else float(len(t) - size),
    )


def _reduced(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted squares around the mean, noise in them per phi, and what L is multiplied with, from sums (6, N)."""
    W, first, second, noise, noise2, W2 = sums
    return second - first**2 / W, noise - noise2 / W, W - W2 / W
