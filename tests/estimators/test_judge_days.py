"""Judge-day noise against all its pairs, and against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.judge_days import judge_day_noise
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Estimate

from ..validity.study_time import Days, repeat, triple


def pairs_of(timeline: Timeline, judge: int) -> tuple[float, float, int]:
    """Mean product of two decisions of one day, of neighbouring days, and the number of ordered pairs of the first."""
    rows = np.flatnonzero(timeline.judge == judge)
    r = timeline.value[rows] - timeline.value[rows].mean()
    day = timeline.day[rows]
    same = [r[i] * r[k] for i in range(len(r)) for k in range(len(r)) if i != k and day[i] == day[k]]
    near = [r[i] * r[k] for i in range(len(r)) for k in range(len(r)) if day[k] == day[i] + 1]
    return float(np.mean(same)), float(np.mean(near)), len(same)


def test_the_long_way() -> None:
    timeline = Days(judges=6, days=8, each=3, mood=0.5).draw(np.random.default_rng(2))
    same, near, weight = np.array([pairs_of(timeline, judge) for judge in range(6)]).T
    found = judge_day_noise(timeline, confidence=0.95)
    assert isinstance(found, Estimate)
    day = np.average(same - near, weights=weight)
    assert found.variance == pytest.approx(day)
    left = np.array([np.average(np.delete(same - near, j), weights=np.delete(weight, j)) for j in range(6)])
    t = stats.t.ppf(0.975, weight.sum() ** 2 / (weight**2).sum() - 1)
    half = t * np.sqrt(5 / 6 * ((left - left.mean()) ** 2).sum())
    assert found.variance_interval == pytest.approx((max(0, day - half), max(0, day) + half))


@pytest.mark.parametrize(
    ("design", "truth"),
    [(Days(mood=0.05), 0.05), (Days(mood=0.05, slope=0.5), 0.05), (Days(mood=0.05, level=4), 0.05), (Days(), 0.0)],
)
def test_true_value(design: Days, truth: float) -> None:
    value, low, high = repeat(lambda rng: triple(judge_day_noise(design.draw(rng), confidence=0.95)), 120, 3).T
    assert value.mean() == pytest.approx(truth, abs=0.001 + 4 * value.std() / np.sqrt(120))
    assert np.mean((low <= truth) & (high >= truth)) >= 0.93 - 3 * 0.023


def test_levels_make_no_difference() -> None:
    timeline = Days(judges=6, days=8, mood=0.5).draw(np.random.default_rng(2))
    moved = Timeline.of(timeline.judge, timeline.value + 1000.0 * timeline.judge, timeline.moment)
    one, other = (judge_day_noise(t, confidence=0.95) for t in (timeline, moved))
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert other.variance == pytest.approx(one.variance, rel=1e-9)


def test_dates_without_time_of_day_are_enough() -> None:
    judge, value, moment = Days(judges=6, days=8, mood=0.5).arrays(np.random.default_rng(2))
    timed, dated = (judge_day_noise(Timeline.of(judge, value, m), confidence=0.95)
                    for m in (moment, moment.astype("datetime64[D]")))  # fmt: skip
    assert isinstance(timed, Estimate)
    assert isinstance(dated, Estimate)
    assert dated.variance == pytest.approx(timed.variance, rel=1e-12)


@pytest.mark.parametrize("design", [Days(days=1), Days(each=1, fixed=True)])
def test_one_day_or_one_decision_a_day_tells_nothing(design: Days) -> None:
    found = judge_day_noise(design.draw(np.random.default_rng(1)), confidence=0.95)
    assert isinstance(found, NotIdentified)
    assert found.reason == "no_days_to_compare"


def test_without_interval() -> None:
    two = judge_day_noise(Days(judges=2).draw(np.random.default_rng(1)), confidence=0.95)
    assert isinstance(two, Estimate)
    assert (two.variance_interval, two.interval_reason) == (None, "too_few_judges")
    timeline = Days(judges=5).draw(np.random.default_rng(1))
    same = judge_day_noise(Timeline.of(timeline.judge, timeline.judge * 0.1, timeline.moment), confidence=0.95)
    assert isinstance(same, Estimate)
    assert (same.variance, same.variance_interval, same.interval_reason) == (0, None, "no_variation")
