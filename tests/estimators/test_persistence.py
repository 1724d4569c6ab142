"""Persistence against its sums written out, and against simulated truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.periods import JudgePeriods
from noiseaudit.estimators.persistence import persistence
from noiseaudit.result import Figure

from ..validity.study_time import Months, repeat, triple


def periods_of(design: Months, *seed: int) -> JudgePeriods:
    return JudgePeriods.of(design.draw(np.random.default_rng(seed)), unit="month")


def sums(periods: JudgePeriods, without: int | None = None) -> tuple[float, float]:
    """Sum of covariances and of mean levels, judge by judge and period by period."""
    N = D = 0.0
    for t in range(periods.n.shape[1] - 1):
        both = [j for j in range(len(periods.n)) if min(periods.n[j, t], periods.n[j, t + 1]) >= 2]
        rest = [j for j in both if j != without]
        pair = periods.mean[rest][:, [t, t + 1]]
        N += np.cov(pair.T)[0, 1]
        for k in (t, t + 1):
            n, m2 = periods.n[both, k], periods.m2[both, k]
            v = m2 / (n - 1) / n if n.min() >= 20 else m2.sum() / (n - 1).sum() / n
            kept, m = v[[j in rest for j in both]], len(both)
            share = 1 / m if len(rest) == m else (m - 1) / m / (m - 2)  # of the noise, by 4.1
            D += (periods.mean[rest, k].var(ddof=1) - share * kept.sum()) / 2
    return N, D


@pytest.mark.parametrize("away", [0.0, 0.3])
def test_the_long_way(away: float) -> None:
    periods = periods_of(Months(judges=30, months=5, away=away), 1)
    found = persistence(periods, confidence=0.9)
    N, D = sums(periods)
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(N / D)
    times = ((periods.n[:, 1:] >= 2) & (periods.n[:, :-1] >= 2)).sum(axis=1)
    left = np.array([sums(periods, j) for j in np.flatnonzero(times)])
    V = (len(left) - 1) / len(left) * (left - left.mean(axis=0)).T @ (left - left.mean(axis=0))
    t = stats.t.ppf(0.95, times.sum() ** 2 / (times**2).sum() - 1)

    def beyond(rho: float) -> float:
        return (N - rho * D) ** 2 - t**2 * (V[0, 0] - 2 * rho * V[0, 1] + rho**2 * V[1, 1])

    ends = optimize.brentq(beyond, N / D - 2, N / D), optimize.brentq(beyond, N / D, N / D + 2)
    assert found.interval == pytest.approx(ends)


def test_true_value_from_few_decisions() -> None:
    found = repeat(lambda rng: triple(persistence(JudgePeriods.of(Months(months=4).draw(rng), unit="month"),
                                                  confidence=0.95)), 200, 5)  # fmt: skip
    value, low, high = found.T
    assert value.mean() == pytest.approx(0.7, abs=4 * value.std() / np.sqrt(200))
    assert value.std() < 0.11
    assert np.mean((low <= 0.7) & (high >= 0.7)) >= 0.93 - 3 * 0.018


def test_months_between_which_nothing_was_decided_are_no_pair() -> None:
    periods = periods_of(Months(judges=20, months=4), 2)
    found = persistence(replace(periods, number=periods.number * 2), confidence=0.95)
    assert isinstance(found, NotIdentified)
    assert found.reason == "few_in_both_periods"


def test_what_cannot_be_known() -> None:
    one = persistence(periods_of(Months(months=1), 3), confidence=0.95)
    two_judges = persistence(periods_of(Months(judges=2, months=3), 3), confidence=0.95)
    equal = periods_of(Months(judges=10, months=3), 3)
    none = persistence(replace(equal, mean=np.zeros_like(equal.mean)), confidence=0.95)
    reasons = [found.reason for found in (one, two_judges, none) if isinstance(found, NotIdentified)]
    assert reasons == ["one_period", "few_in_both_periods", "no_level_to_keep"]


def test_levels_that_never_change_and_are_known_exactly() -> None:
    found = persistence(periods_of(Months(judges=10, months=3, keeps=1, within=0), 4), confidence=0.95)
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(1)
    assert found.interval is None or found.interval == pytest.approx((1, 1))
