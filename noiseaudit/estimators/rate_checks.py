"""What a model of events per exposure must show of itself: dispersion, proportion, professionals without events.

    phi  = sum_g sum_r (y_r - e_r t_g)^2 / sum_g D_g (1 - sum_r e_r^2/E_g^2),      t_g = D_g/E_g
    beta = 1 + sum_g [sum_r y_r log e_r - t_g sum_r e_r log e_r]
             / sum_g t_g [sum_r e_r (log e_r)^2 - (sum_r e_r log e_r)^2/E_g]
    P(D = 0 | m) = (1 + omega h m)^(-1/omega),  h = log phi/(phi - 1);  exp(-h m) where omega = 0

over groups g of rows of one professional (and class), with D_g events out of E_g. phi: variance over mean of the
events of a row; both its sums are unbiased, so no group with 0 events is lost. It weighs squares alike, not by 1/e as
Pearson's chi-square does: that is the noise of a professional's total, and far steadier where events are rare
(docs/concepts/rates.md). beta: twice the exposure brings 2^beta times the events; one step of Poisson maximum
likelihood from beta = 1. omega: squared coefficient of variation of the professionals' rates.
Dean (1992); McCullagh & Nelder (1989), ch. 6; Spiegelhalter (2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.distributions import chi2_quantile, t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import log_jackknife
from noiseaudit.result import Figure, Individuals, Number

LEAST_EVENTS = 10.0  # events within groups from which a dispersion is worth more than Poisson's 1
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Ratio:
    """A ratio of sums over professionals: (J,) above and below, its value, and its values without each of them.

    floor: least variance of the ratio over its square, in its interval.
    """

    above: Floats
    below: Floats
    floor: float = 0.0

    @property
    def value(self) -> float:
        """sum above / sum below."""
        return float(self.above.sum() / self.below.sum())

    @property
    def left_out(self) -> Floats:
        """(J,) the ratio without one professional; infinite or NaN where nothing is left below."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.above.sum() - self.above) / (self.below.sum() - self.below))

    def figure(self, *, confidence: float) -> Figure:
        """The ratio with its log-jackknife interval over professionals."""
        J, value = len(self.above), self.value
        interval = None
        if J >= 3:
            interval = log_jackknife(
                value, self.left_out, weights=(J - 1) / J, add=0.0, floor=self.floor * value**2, df=J - 1.0,
                confidence=confidence,
            )  # fmt: skip
        alone = bool(np.any(~(self.left_out > 0)))
        reason = "too_few_judges" if J < 3 else "at_boundary" if value <= 0 else "one_alone" if alone else "too_wide"
        return Figure(value, None, interval, None if interval else reason)


def dispersion_of(sums: RateSums, judge: Codes) -> Ratio:
    """phi from groups of rows (N,) of judges (N,) 0, …, J - 1; needs no model of the rates of the groups.

    Floor: 2 sum m^2/(sum y)^2 over rows with mean m, the variance of phi in Poisson counts: where no row has two events
    they show none of it.
    """
    t = sums.events / sums.exposure
    squares = sums.events2 - 2 * t * sums.cross + t**2 * sums.exposure2
    free = np.maximum(1 - sums.exposure2 / sums.exposure**2, 0.0)
    size = int(judge.max(initial=-1)) + 1
    below = sum_by(judge, sums.events * free, size)
    known = float(below.sum())
    floor = 2 * float((t**2 * sums.exposure2).sum()) / known**2 if known > 0 else 0.0
    return Ratio(sum_by(judge, np.maximum(squares, 0.0), size), below, floor)


def dispersion_figure(phi: Ratio, *, confidence: float) -> Figure:
    """phi with its interval; the upper limit, unless below 1, is at least what few pairs of events in a row can hide.

    1 + p chi2_{hi, 2 (K/p + 1)}/sum y,   K = (phi - 1)+ sum y/2 pairs in clusters,  p = max(phi, 1) pairs a cluster
    """
    found = phi.figure(confidence=confidence)
    if found.interval is None or found.interval[1] < 1:
        return found
    events, p = float(phi.below.sum()), max(phi.value, 1.0)
    clusters = (p - 1) * events / (2 * p)
    hidden = 1 + p * float(chi2_quantile(0.5 + confidence / 2, 2 * (clusters + 1))) / events
    return replace(found, interval=(found.interval[0], max(found.interval[1], hidden)))


def proportion_of(sums: RateSums, judge: Codes, *, dispersion: float, confidence: float) -> Number:
    """beta, 1 where events are proportional to exposure, with its interval: sandwich over judges, t of J - 1.

    dispersion: phi; the variance of the score is at least phi times the information, which few events do not show.
    Not identified (`one_exposure`) where the rows of every group have one exposure.
    """
    t = sums.events / sums.exposure
    J = int(judge.max(initial=-1)) + 1
    score = sum_by(judge, sums.events_log - t * sums.exposure_log, J)
    spread = sums.exposure_log2 - sums.exposure_log**2 / sums.exposure
    information = sum_by(judge, t * spread, J)
    total = float(information.sum())
    if total <= _ROUNDING * float((t * sums.exposure_log2).sum()) or total <= 0:
        return NotIdentified.of("one_exposure")
    excess = float(score.sum()) / total
    if J < 3:
        return Figure(1 + excess, None, None, "too_few_judges")
    between = J / (J - 1) * float(((score - excess * information) ** 2).sum())
    error = math.sqrt(max(between, dispersion * total)) / total
    reach = float(t_quantile(0.5 + confidence / 2, J - 1)) * error
    return Figure(1 + excess, None, (1 + excess - reach, 1 + excess + reach))


@dataclass(frozen=True)
class WithoutEvents:
    """Professionals without a single event: counted, expected under the model, and expected if all were alike.

    sd: of the count under the model.
    """

    observed: int
    expected: float
    expected_if_alike: float
    sd: float


def without_events(events: Floats, expected: Floats, *, dispersion: float, variation: float) -> WithoutEvents:
    """How many of J professionals have no event, against the model. expected: (J,) m; variation: signed omega."""
    h = math.log(dispersion) / (dispersion - 1) if dispersion > 0 and abs(dispersion - 1) > 1e-6 else 1.0
    omega = max(variation, 0.0)
    alike = np.exp(-h * expected)
    none = np.exp(-np.log1p(omega * h * expected) / omega) if omega > 0 else alike
    return WithoutEvents(
        int((events == 0).sum()), float(none.sum()), float(alike.sum()), math.sqrt(float((none * (1 - none)).sum()))
    )


def rate_funnel(events: Floats, expected: Floats, *, dispersion: float, level: float, rate: float) -> Individuals:
    """How many counts lie outside the limits, and how many chance would put there: exact tails, not normal ones.

    Events of a professional are negative binomial with mean m_j and variance phi m_j (Poisson at phi <= 1): outside
    when P(D <= D_j) or P(D >= D_j) is below half of 5 % or .2 %. A count is a whole number, so less than 5 % lies
    there by chance: that share is computed. Wide limits: variance phi m_j + omega m_j^2, omega = level/rate^2.

    events, expected: (J,) D_j and m_j > 0; level: signed L, squared rate.
    """
    near, expected_95 = _outside(events, expected, excess=np.full_like(expected, dispersion - 1), alpha=0.05)
    far, expected_998 = _outside(events, expected, excess=np.full_like(expected, dispersion - 1), alpha=0.002)
    wide = max(level, 0.0)
    beyond, _ = _outside(events, expected, excess=dispersion - 1 + wide / rate**2 * expected, alpha=0.002)
    return Individuals(
        judged=len(events),
        outside_95=int(near.sum()),
        outside_998=int(far.sum()),
        outside_998_overdispersed=int(beyond.sum()),
        expected_95=expected_95,
        expected_998=expected_998,
        wide_level=wide,
    )


def _outside(events: Floats, expected: Floats, *, excess: Floats, alpha: float) -> tuple[npt.NDArray[np.bool_], float]:
    """(J,) counts outside limits of chance alpha/2 a side, and how many chance puts there.

    excess: (J,) variance over mean, minus 1.
    """
    from scipy import stats

    found, by_chance = np.zeros(len(events), dtype=bool), 0.0
    for plain in (True, False):
        chosen = (excess <= _ROUNDING) == plain
        m, D = expected[chosen], events[chosen]
        law = stats.poisson(m) if plain else stats.nbinom(m / excess[chosen], 1 / (1 + excess[chosen]))
        found[chosen] = (law.cdf(D) < alpha / 2) | (law.sf(D - 1) < alpha / 2)
        by_chance += float((law.cdf(law.ppf(alpha / 2) - 1) + law.sf(law.isf(alpha / 2))).sum())
    return found, by_chance
