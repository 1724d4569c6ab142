"""Effects of the moment against statsmodels' cluster-robust regression, and against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.moments_of_day import moment_effects
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Estimate, MomentEffect

from ..validity.study_time import Days, repeat


def effects(timeline: Timeline, *, confidence: float = 0.95) -> dict[str, MomentEffect]:
    return {effect.covariate: effect for effect in moment_effects(timeline, confidence=confidence)}


def covariate(timeline: Timeline, name: str) -> np.ndarray:
    """Indicators without the first, or the place in the row as a number."""
    if name == "position":
        place, seen = np.empty(len(timeline.day)), {}
        for i, day in enumerate(timeline.day.tolist()):
            seen[day] = seen.get(day, 0) + 1
            place[i] = seen[day]
        return place[:, None]
    of = timeline.moment.astype(object)
    x = np.array([m.hour if name == "hour" else m.weekday() for m in of])
    return np.column_stack([x == value for value in np.unique(x)[1:]]).astype(float)


@pytest.mark.parametrize("name", ["hour", "weekday", "position"])
def test_against_statsmodels(name: str) -> None:
    timeline = Days(judges=12, days=30, each=5, mood=0.2, afternoon=0.3).draw(np.random.default_rng(1))
    found = effects(timeline)[name]
    x = covariate(timeline, name)
    q = x.shape[1]
    X = np.hstack([x, np.eye(12)[timeline.judge]])
    fit = sm.OLS(timeline.value, X).fit(cov_type="cluster", cov_kwds={"groups": timeline.day})
    N, D = len(x), len(timeline.day_judge)
    within = x - np.array([x[timeline.judge == j].mean(axis=0) for j in range(12)])[timeline.judge]
    A, V, beta = within.T @ within, fit.cov_params()[:q, :q], fit.params[:q]
    df = D - 1
    if name == "weekday":  # what the judge's mean takes out of each day is put back; the rest is the same sandwich
        e, meat = fit.resid, np.zeros((q, q))
        for d in range(D):
            mine = timeline.day_judge == timeline.day_judge[d]
            w = np.bincount(timeline.day)[mine] / np.bincount(timeline.day)[mine].sum()
            own = w[np.flatnonzero(mine) == d][0]
            rows = timeline.day == d
            meat += np.outer(*[within[rows].T @ e[rows]] * 2) / ((1 - own) ** 2 + (w**2).sum() - own**2)
        df = D - 1 - q
        V = np.linalg.inv(A) @ meat @ np.linalg.inv(A) * D / df
    F = float(beta @ np.linalg.solve(V, beta)) / q
    assert found.df == (q, df)
    assert found.f == pytest.approx(F)
    assert found.p == pytest.approx(stats.f.sf(F, q, df), rel=1e-9)
    assert isinstance(found.component, Estimate)
    assert found.component.variance == pytest.approx((beta @ A @ beta - np.trace(A @ V)) / N)


def test_one_covariate_has_the_interval_of_its_slope() -> None:
    """For a number, c times a non-central chi-square with one degree of freedom is the square of a normal slope."""
    timeline = Days(judges=12, days=30, each=8, pull=0.4, slope=0).draw(np.random.default_rng(1))
    late = Timeline.of(timeline.judge, timeline.value + 0.2 * covariate(timeline, "position")[:, 0], timeline.moment)
    found = effects(late, confidence=0.9)["position"].component
    x = covariate(late, "position")
    fit = sm.OLS(late.value, np.hstack([x, np.eye(12)[late.judge]])).fit(
        cov_type="cluster", cov_kwds={"groups": late.day}
    )
    within = x[:, 0] - (np.bincount(late.judge, x[:, 0]) / np.bincount(late.judge))[late.judge]
    ends = fit.conf_int(0.1)[0] ** 2 * within.var()  # statsmodels takes the normal here
    assert isinstance(found, Estimate)
    assert found.variance_interval == pytest.approx(ends, rel=1e-4)


@pytest.mark.parametrize("design", [Days(judges=20, days=30, mood=0.1), Days(judges=60, days=5, mood=0.3)])
def test_chance_explains_nothing(design: Days) -> None:
    def one(rng: np.random.Generator) -> list[float]:
        found = effects(design.draw(rng)).values()
        return [*(effect.p or 0.0 for effect in found), *(effect.component.variance for effect in found)]

    found = repeat(one, 150, 4)
    assert np.all((found[:, :3] < 0.05).mean(axis=0) <= 0.05 + 3 * 0.018)
    assert np.all(np.abs(found[:, 3:].mean(axis=0)) <= 4 * found[:, 3:].std(axis=0) / np.sqrt(150))


def test_what_hours_explain() -> None:
    found = [effects(Days(afternoon=0.3).draw(np.random.default_rng(run)))["hour"].component for run in range(40)]
    value = np.array([component.variance for component in found if isinstance(component, Estimate)])
    assert value.mean() == pytest.approx(0.3**2 / 4, abs=4 * value.std() / np.sqrt(40))


def test_cases_that_differ_by_the_hour_are_told() -> None:
    judge, value, moment = Days(afternoon=0.3).arrays(np.random.default_rng(2))
    late = moment - moment.astype("datetime64[D]") >= np.timedelta64(13, "h")
    alike = effects(Timeline.of(judge, value, moment, predicted=np.random.default_rng(1).normal(size=len(value))))
    other = effects(Timeline.of(judge, value, moment, predicted=late + value))
    assert alike["hour"].balanced_p is not None
    assert other["hour"].balanced_p is not None
    assert alike["hour"].balanced_p > 0.01
    assert other["hour"].balanced_p < 1e-6
    assert effects(Timeline.of(judge, value, moment))["hour"].balanced_p is None
    constant = Timeline.of(judge, value, moment, predicted=np.full(len(value), 0.1))
    assert effects(constant)["hour"].balanced_p is None


def reasons(timeline: Timeline) -> dict[str, str]:
    found = effects(timeline)
    assert all(e.p is None and e.f is None for e in found.values() if isinstance(e.component, NotIdentified))
    return {name: e.component.reason for name, e in found.items() if isinstance(e.component, NotIdentified)}


def test_what_cannot_be_known() -> None:
    judge, value, moment = Days().arrays(np.random.default_rng(2))
    dates = moment.astype("datetime64[D]")
    assert reasons(Timeline.of(judge, value, moment)) == {}
    assert reasons(Timeline.of(judge, value, dates)) == {"hour": "no_time_of_day", "position": "no_time_of_day"}
    noon = dates + np.timedelta64(12, "h")
    assert reasons(Timeline.of(judge, value, noon)) == {"hour": "one_moment", "position": "order_unknown"}
    first = dates == dates[0]
    assert reasons(Timeline.of(judge[first], value[first], moment[first]))["weekday"] == "one_moment"
    assert set(reasons(Timeline.of(judge, judge * 0.1, moment)).values()) == {"constant_decisions"}


def test_hours_that_are_hardly_worked_are_left_out() -> None:
    judge, value, moment = Days(judges=10).arrays(np.random.default_rng(2))
    night = moment.copy()
    night[:20] = night[:20].astype("datetime64[D]") + np.timedelta64(23, "h")
    strange = value.copy()
    strange[:20] += 50
    with_night = effects(Timeline.of(judge, strange, night))["hour"]
    without = effects(Timeline.of(judge[20:], value[20:], moment[20:]))["hour"]
    assert with_night.f == pytest.approx(without.f)
