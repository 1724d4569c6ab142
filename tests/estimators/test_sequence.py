"""The sequence effect against regressions with dummies, and the bias that it must not have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.sequence import sequence_effect
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Figure

from ..validity.study_time import Days, repeat, slopes, triple

MINUTE = np.timedelta64(1, "m")


def pairs(timeline: Timeline, lag: int) -> dict[int, list[tuple[float, float]]]:
    """(previous, this) decision of each judge, in order, found by walking through each day."""
    found: dict[int, list[tuple[float, float]]] = {}
    for t in range(lag, len(timeline.judge)):
        if timeline.day[t - lag] == timeline.day[t]:
            found.setdefault(int(timeline.judge[t]), []).append((timeline.value[t - lag], timeline.value[t]))
    return {judge: rows for judge, rows in found.items() if len(rows) >= 6}


def dummies(rows: dict[int, list[tuple[float, float]]]) -> float:
    """Slope by least squares with a dummy for every judge."""
    flat = [(x, y, k) for k, judge in enumerate(rows) for x, y in rows[judge]]
    x, y, k = (np.array(column) for column in zip(*flat, strict=True))
    X = np.column_stack([x, np.eye(len(rows))[k.astype(int)]])
    return float(np.linalg.lstsq(X, y, rcond=None)[0][0])


def half_panel(rows: dict[int, list[tuple[float, float]]]) -> float:
    first = {judge: found[: len(found) // 2] for judge, found in rows.items()}
    second = {judge: found[len(found) // 2 :] for judge, found in rows.items()}
    return 2 * dummies(rows) - (dummies(first) + dummies(second)) / 2


def test_the_long_way() -> None:
    timeline = Days(judges=6, days=5, each=5, mood=0.3, level=2).draw(np.random.default_rng(3))
    one, two = pairs(timeline, 1), pairs(timeline, 2)
    found = sequence_effect(timeline, confidence=0.95)
    assert isinstance(found.effect, Figure)
    assert isinstance(found.beyond_day, Figure)
    assert found.effect.value == pytest.approx(half_panel(one))
    assert found.beyond_day.value == pytest.approx(half_panel(one) - half_panel(two))
    left = np.array([half_panel({k: rows for k, rows in one.items() if k != judge}) for judge in one])
    weight = np.array([np.var([x for x, _ in rows]) * len(rows) for rows in one.values()])
    J = len(one)
    t = stats.t.ppf(0.975, weight.sum() ** 2 / (weight**2).sum() - 1)
    half = t * np.sqrt((J - 1) / J * ((left - left.mean()) ** 2).sum())
    assert found.effect.interval == pytest.approx((found.effect.value - half, found.effect.value + half))


@pytest.mark.parametrize(
    ("T", "pull", "pooled", "within"),
    [(20, 0.0, 0.189, -0.054), (20, -0.05, 0.147, -0.103), (100, 0.0, None, -0.011), (100, -0.05, None, -0.059)],
)
def test_bias_of_the_others_and_of_the_half_panel(T: int, pull: float, pooled: float | None, within: float) -> None:
    def one(rng: np.random.Generator) -> tuple[float, ...]:
        timeline = Days(judges=50, days=1, each=T, fixed=True, pull=pull).draw(rng)
        return *slopes(timeline), *triple(sequence_effect(timeline, confidence=0.95).effect)

    found = repeat(one, 150, T)
    error = found.std(axis=0) / np.sqrt(150)
    if pooled is not None:
        assert found[:, 0].mean() == pytest.approx(pooled, abs=0.005 + 4 * error[0])
    assert found[:, 1].mean() == pytest.approx(within, abs=0.002 + 4 * error[1])
    assert found[:, 2].mean() == pytest.approx(pull, abs=0.002 + 4 * error[2])
    assert np.mean((found[:, 3] <= pull) & (pull <= found[:, 4])) >= 0.93 - 3 * 0.02


def test_a_mood_of_the_day_is_no_sequence() -> None:
    def one(rng: np.random.Generator) -> tuple[float, ...]:
        found = sequence_effect(Days(each=8, mood=0.05).draw(rng), confidence=0.95)
        return *triple(found.effect), *triple(found.beyond_day)

    found = repeat(one, 60, 9)
    assert found[:, 0].mean() == pytest.approx(0.05 / 1.05, abs=0.005)
    assert found[:, 3].mean() == pytest.approx(0, abs=0.002 + 4 * found[:, 3].std() / np.sqrt(60))


def test_the_night_ends_a_row() -> None:
    timeline = Days(judges=4, days=30, each=1, fixed=True).draw(np.random.default_rng(1))
    assert reasons(timeline) == {"few_in_a_row"}


def reasons(timeline: Timeline) -> set[str]:
    found = sequence_effect(timeline, confidence=0.95)
    return {figure.reason for figure in (found.effect, found.beyond_day) if isinstance(figure, NotIdentified)}


def test_an_unknown_order_is_not_taken_from_the_rows() -> None:
    judge, value, moment = Days(judges=4, days=10, each=6).arrays(np.random.default_rng(1))
    assert reasons(Timeline.of(judge, value, moment)) == set()
    assert reasons(Timeline.of(judge, value, moment.astype("datetime64[D]"))) == {"no_time_of_day"}
    batches = moment.astype("datetime64[D]") + 12 * 60 * MINUTE
    assert reasons(Timeline.of(judge, value, batches)) == {"order_unknown"}


def test_few_ties_keep_the_order_of_the_rows() -> None:
    judge, value, moment = Days(judges=4, days=10, each=6, fixed=True).arrays(np.random.default_rng(1))
    moment[1::24] = moment[0::24]
    first = Timeline.of(judge, value, moment)
    assert np.array_equal(first.value[:2], value[:2])
    assert isinstance(sequence_effect(first, confidence=0.95).effect, Figure)


def test_decisions_that_never_change_have_no_slope() -> None:
    timeline = Days(judges=4).draw(np.random.default_rng(1))
    assert reasons(Timeline.of(timeline.judge, timeline.judge * 0.1, timeline.moment)) == {"constant_decisions"}
