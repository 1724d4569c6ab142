"""Period means against least squares with judge dummies; limits against deleting judges; false alarms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from noiseaudit.estimators.drift import level_signals, period_means
from noiseaudit.estimators.periods import JudgePeriods

from ..validity.study_time import Months


def periods_of(design: Months, *seed: int) -> JudgePeriods:
    return JudgePeriods.of(design.draw(np.random.default_rng(seed)), unit="month")


def dense(periods: JudgePeriods, judges: np.ndarray) -> np.ndarray:
    """Period effects by weighted least squares on judge and period dummies, weighted mean 0 over all decisions."""
    n, mean = periods.n[judges], periods.mean[judges]
    J, T = n.shape
    X = np.hstack([np.repeat(np.eye(J), T, axis=0), np.tile(np.eye(T), (J, 1))])
    w = np.sqrt(n.ravel())
    effect = np.linalg.lstsq(X * w[:, None], mean.ravel() * w, rcond=None)[0][J:]
    weight = periods.n.sum(axis=0)
    return effect - weight @ effect / weight.sum()


def test_means_and_limits_the_long_way() -> None:
    periods = periods_of(Months(judges=9, months=6, each=8, away=0.3, busy=0.5), 1)
    found, J = period_means(periods), 9
    everyone = np.arange(J)
    grand = (periods.n * periods.mean).sum() / periods.n.sum()
    assert np.allclose(found.centre, grand)
    assert np.allclose(found.mean - grand, dense(periods, everyone))
    left = np.array([dense(periods, np.delete(everyone, j)) for j in range(J)])
    error = np.sqrt((J - 1) / J * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    # each judge's part in the variance of each effect, when decisions have equal variance
    N = periods.n.sum(axis=1, keepdims=True)
    A_j = np.array([np.diag(n) - np.outer(n, n) / total for n, total in zip(periods.n, N[:, 0], strict=True)])
    weight = periods.n.sum(axis=0) / periods.n.sum()
    contrast = (np.eye(6) - weight) @ np.linalg.pinv(A_j.sum(axis=0))
    part = np.array([np.diag(contrast @ A @ contrast.T) for A in A_j])
    df = part.sum(axis=0) ** 2 / (part**2).sum(axis=0) - 1
    assert np.allclose(found.reach, stats.t.ppf(0.999, df) * error)


def test_who_works_is_not_drift() -> None:
    periods = periods_of(Months(judges=60, months=6, each=40, level=1, keeps=1, leavers=1 / 3), 2)
    mean = periods.mean.copy()
    mean[20:40] += 2  # those who come halfway are stricter than those who left
    raw = (periods.n * mean).sum(axis=0) / periods.n.sum(axis=0)
    found = period_means(replace(periods, mean=mean))
    assert np.ptp(raw) > 0.7
    assert np.ptp(found.mean) < 0.2
    assert not found.outside.any()


def test_a_change_of_everybody_is_seen() -> None:
    found = period_means(periods_of(Months(lift=1.0), 3))
    assert found.outside.tolist() == [False] * 11 + [True]


def test_periods_that_hang_on_one_judge_have_no_limits() -> None:
    periods = periods_of(Months(judges=8, months=4), 4)
    n = periods.n.copy()
    n[:4, 2:], n[5:, :2] = 0, 0  # judge 4 alone serves in both halves
    found = period_means(replace(periods, n=n))
    assert np.all(np.isfinite(found.reach))
    halves = [(n[:, h] * periods.mean[:, h]).sum() / n[:, h].sum() for h in (slice(2), slice(2, 4))]
    assert np.allclose(found.centre, np.repeat(halves, 2))  # each half is compared with itself
    n[:4, 1], n[4:, 0] = 0, 0  # and now nobody in the first month serves in another
    found = period_means(replace(periods, n=n))
    assert np.isnan(found.reach).tolist() == [True, True, False, False]
    assert not found.outside[:2].any()


def test_level_signal_the_long_way() -> None:
    periods = periods_of(Months(judges=100, months=8, each=45, widen=2, keeps=0.7), 6)
    J, T = periods.n.shape

    def average(judges: np.ndarray) -> np.ndarray:
        n, mean, m2 = (x[judges] for x in (periods.n, periods.mean, periods.m2))
        share = 1 / J if len(judges) == J else (J - 1) / J / (J - 2)  # of the noise, by 4.1
        level = mean.var(axis=0, ddof=1) - share * (m2 / (n - 1) / n).sum(axis=0)
        moving, found = 0.0, []
        for t in range(T):
            moving = 0.2 * (level[t] - level.mean()) + 0.8 * moving
            found.append(moving)
        return np.array(found)

    assert periods.n.min() >= 20
    left = np.array([average(np.delete(np.arange(J), j)) for j in range(J)])
    error = np.sqrt((J - 1) / J * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    expected = np.abs(average(np.arange(J))) > stats.t.ppf(0.999, J - 1) * error
    assert expected.any()
    assert not expected.all()
    assert np.array_equal(level_signals(periods), expected)


@pytest.mark.parametrize(
    "design",
    [Months(), Months(judges=10), Months(busy=1, skewed=True), Months(judges=20, away=0.5), Months(level=0.02)],
)
def test_false_alarms_are_rare(design: Months) -> None:
    runs = 120
    found = [periods_of(design, 7, run) for run in range(runs)]
    for alarm in (lambda p: period_means(p).outside, level_signals):
        # .002 of 1440 periods are 3; periods of one log hang together, so the spread is wider than Poisson's
        assert sum(int(alarm(periods).sum()) for periods in found) <= 16


def test_nothing_varies() -> None:
    periods = periods_of(Months(judges=5, months=4, level=0, within=0), 8)
    assert not period_means(periods).outside.any()
    assert not level_signals(periods).any()
