"""The whole of a log over time: what comes together, and the edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.over_time import audit_over_time
from noiseaudit.result import Estimate, Figure, OverTime

from ..validity.study_time import Days

DESIGN = Days(judges=12, days=60, each=5, mood=0.05)


def over_time(design: Days = DESIGN, *, seed: int = 1, **more: object) -> OverTime:
    found = audit_over_time(*design.arrays(np.random.default_rng(seed)), **more)
    assert isinstance(found, OverTime)
    return found


def test_everything_is_there() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    found = audit_over_time(judge, value, moment, mean_decision=100.0)
    assert isinstance(found, OverTime)
    assert (found.unit, found.judges, found.undated) == ("week", 12, 0)
    assert sum(period.decisions for period in found.periods) == len(value)
    assert (found.periods[0].start, found.periods[0].end) == ("2024-01-01", "2024-01-07")
    for period in found.periods:
        assert isinstance(period.level, Estimate)
        assert period.limits is not None
        assert sum(period.limits) / 2 == pytest.approx(100 + value.mean())
        assert period.outside is not (period.limits[0] <= period.mean <= period.limits[1])
    assert isinstance(found.persistence, Figure)
    assert isinstance(found.judge_days, Estimate)
    assert [effect.covariate for effect in found.moments] == ["hour", "weekday", "position"]
    assert isinstance(found.sequence, Figure)
    assert isinstance(found.sequence_beyond_day, Figure)


def test_neither_order_of_rows_nor_codes_nor_shift_matter() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(len(value))
    first = audit_over_time(judge, value, moment)
    again = audit_over_time(judge[order] * 7 + 3, value[order] + 1000.0, moment[order], mean_decision=-1000.0)
    assert isinstance(first, OverTime)
    assert isinstance(again, OverTime)
    assert isinstance(first.sequence, Figure)
    assert isinstance(again.sequence, Figure)
    assert again.sequence.value == pytest.approx(first.sequence.value, rel=1e-6)
    for one, other in zip(first.periods, again.periods, strict=True):
        assert other.mean == pytest.approx(one.mean, abs=1e-9)
        assert other.level.variance == pytest.approx(one.level.variance, rel=1e-6)


def test_undated_decisions_are_left_out_and_counted() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    gone = moment.copy()
    gone[::3] = np.datetime64("NaT")
    kept = ~np.isnat(gone)
    found = audit_over_time(judge, value, gone)
    assert isinstance(found, OverTime)
    assert found.undated == len(value) - kept.sum()
    assert replace(found, undated=0) == audit_over_time(judge[kept], value[kept], moment[kept])


def reason(found: object) -> str | None:
    return found.reason if isinstance(found, NotIdentified) else None


def test_no_dates_and_one_judge() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    assert reason(audit_over_time(judge, value, np.full(len(value), np.datetime64("NaT")))) == "no_moment"
    assert reason(audit_over_time(np.zeros_like(judge), value, moment)) == "single_judge"


def test_one_day() -> None:
    found = over_time(Days(judges=12, days=1, each=20, fixed=True))
    (period,) = found.periods
    assert (period.start, period.end, period.limits, period.outside) == ("2024-01-01", "2024-01-01", None, False)
    assert reason(found.persistence) == "one_period"
    assert reason(found.judge_days) == "no_days_to_compare"
    assert isinstance(found.sequence, Figure)


def test_dates_only() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    found = audit_over_time(judge, value, moment.astype("datetime64[D]"))
    assert isinstance(found, OverTime)
    hour, weekday, position = found.moments
    assert {reason(x) for x in (hour.component, position.component, found.sequence)} == {"no_time_of_day"}
    assert isinstance(weekday.component, Estimate)
    assert isinstance(found.judge_days, Estimate)


def test_two_judges() -> None:
    found = over_time(Days(judges=2))
    assert all(period.level.interval_reason == "too_few_judges" for period in found.periods)
    assert all(period.limits is not None and not period.outside for period in found.periods)
    assert reason(found.persistence) == "few_in_both_periods"
    assert isinstance(found.sequence, Figure)
    assert found.sequence.interval_reason == "too_few_judges"


def test_a_judge_of_one_period_only() -> None:
    judge, value, moment = DESIGN.arrays(np.random.default_rng(1))
    first = moment < np.datetime64("2024-01-08")
    kept = (judge != 3) | first
    found = audit_over_time(judge[kept], value[kept] + 50 * (judge[kept] == 3), moment[kept])
    assert isinstance(found, OverTime)
    assert [period.judges for period in found.periods] == [12] + [11] * 11
    assert not any(period.outside for period in found.periods)  # the strict one left: no drift of anybody
    assert isinstance(found.persistence, Figure)


def test_every_judge_in_another_period() -> None:
    judge, value, moment = Days(judges=4, days=40).arrays(np.random.default_rng(1))
    apart = np.datetime64("2024-01-01") + 100 * judge.astype("timedelta64[D]") + (moment - moment.min())
    found = audit_over_time(judge, value, apart, unit="quarter")
    assert isinstance(found, OverTime)
    assert {reason(period.level) for period in found.periods if period.judges == 1} == {"single_judge"}
    assert all(period.limits is None for period in found.periods)


def test_constant_decisions() -> None:
    judge, _, moment = DESIGN.arrays(np.random.default_rng(1))
    found = audit_over_time(judge, np.full(len(judge), 0.1), moment)
    assert isinstance(found, OverTime)
    assert not any(period.outside or period.level_outside for period in found.periods)
    assert [period.level.variance for period in found.periods] == pytest.approx([0] * 12, abs=1e-30)
    assert reason(found.persistence) == "no_level_to_keep"
    assert isinstance(found.judge_days, Estimate)
    assert (found.judge_days.variance, found.judge_days.variance_interval) == (0, None)
    assert {reason(x) for x in (found.sequence, *(e.component for e in found.moments))} == {"constant_decisions"}
