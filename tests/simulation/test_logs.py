"""Simulated logs: assignments, moments and columns do what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import noiseaudit as na
from noiseaudit.simulation import LogDesign, LogRows, case_mix
from noiseaudit.simulation.case_mix import CATEGORIES
from noiseaudit.simulation.log_truth import log_truth
from tests.simulation.samples import draw, first_decisions, twice


def adjusted_level(judge: np.ndarray, value: np.ndarray) -> float:
    """Formula 3.1: variance of judges' means less its sampling part."""
    n = np.bincount(judge)
    mean = np.bincount(judge, weights=value) / n
    within = np.bincount(judge, weights=(value - mean[judge]) ** 2).sum() / (len(judge) - len(n))
    return float(mean.var(ddof=1) - (within / n).mean())


@pytest.mark.parametrize(
    ("assignment", "low", "high"), [("random", 0.8, 1.3), ("specialised", 7, 9.5), ("confounded", 11.5, 15)]
)
def test_assignment_inflates_level_noise_that_is_not_adjusted(assignment: str, low: float, high: float) -> None:
    """Table 3 of methods.md: 1.15, 8.2 and 12.8 times the truth; f known: as it is. 60 data sets each."""
    raw, known = [], []
    for seed in range(60):
        _, rows = draw(seed, assignment=assignment)
        raw.append(adjusted_level(rows.judge, rows.decision) / 0.04)
        known.append(adjusted_level(rows.judge, rows.decision - rows.worth) / 0.04)
    assert low < np.mean(raw) < high
    assert np.mean(known) == pytest.approx(1, abs=4 * np.std(known) / np.sqrt(60))


def between(rows: LogRows, value: np.ndarray) -> float:
    """SD between judges of the mean of a value, net of sampling, in its SDs."""
    return float(np.sqrt(max(0, adjusted_level(rows.judge, value)))) / value.std()


def test_specialised_judges_have_their_own_x_and_not_their_own_level() -> None:
    correlations = []
    for seed in range(30):
        _, rows = draw(seed, assignment="specialised")
        mean = np.bincount(rows.judge, weights=rows.worth) / np.bincount(rows.judge)
        correlations.append(np.corrcoef(mean, rows.level[:, 0])[0, 1])
        if seed == 0:
            assert between(rows, rows.worth) == pytest.approx(0.53, abs=0.05)
            assert min(between(rows, rows.features["x4"]), between(rows, rows.features["kind"] == 3)) > 0.3
            assert max(between(rows, rows.features[name]) for name in ("x1", "x2", "x3", "x5", "z1")) < 0.1
    assert abs(np.mean(correlations)) < 4 / np.sqrt(30 * 58)


def test_confounded_means_that_harsher_judges_get_higher_f() -> None:
    _, rows = draw(assignment="confounded", periods=3, persistence=0.5)
    mean = np.bincount(rows.judge, weights=rows.worth) / np.bincount(rows.judge)
    assert np.corrcoef(mean, rows.level.mean(axis=1))[0, 1] > 0.95
    assert between(rows, rows.worth) == pytest.approx(0.53, abs=0.05)
    _, milder = draw(assignment="confounded", sorting=0.2)
    assert between(milder, milder.worth) == pytest.approx(0.2, abs=0.05)


def test_pools_differ_in_cases_and_judges_and_deal_out_at_random() -> None:
    _, rows = draw(judges=200, cases=60_000, assignment="pooled", pools=10, two_pools=0.4, unmeasured=0.5, offices=5,
                   second_decisions=0.1)  # fmt: skip
    assert rows.pool is not None
    pool_of = np.zeros((200, 10))
    np.add.at(pool_of, (rows.judge, rows.pool), 1)
    served = (pool_of > 0).sum(axis=1)
    assert set(served) == {1, 2}
    assert (served == 2).mean() == pytest.approx(0.4, abs=0.12)
    shares = (pool_of / pool_of.sum(axis=1, keepdims=True))[served == 2].max(axis=1)
    assert shares.mean() == pytest.approx(0.5, abs=0.06)
    need = rows.worth + rows.unmeasured
    mean = np.bincount(rows.pool, weights=need) / np.bincount(rows.pool)
    assert mean.std() / need.std() == pytest.approx(0.53, abs=0.12)
    unmeasured = np.bincount(rows.pool, weights=rows.unmeasured) / np.bincount(rows.pool)
    assert np.corrcoef(mean, unmeasured)[0, 1] > 0.9
    first = first_decisions(rows)
    cell = rows.judge[first] * 10 + rows.pool[first]
    codes = np.unique(cell, return_inverse=True)[1]
    left = (need - mean[rows.pool])[first]
    assert abs(adjusted_level(codes, left)) < 0.01  # of a variance of 1.25 in all
    home = pool_of.argmax(axis=1)[served == 1]
    office = np.arange(200)[served == 1] // 40
    assert (home // 2 == office).all()
    one, other = twice(rows)
    assert (rows.pool[one] == rows.pool[other]).all()


def test_moments_are_working_hours_of_the_quarter_of_the_period() -> None:
    _, rows = draw(judges=30, cases=6000, periods=3, workload=0.8)
    assert (np.diff(rows.moment) >= np.timedelta64(0)).all()
    day = rows.moment.astype("datetime64[D]")
    assert np.is_busday(day).all()
    hour = (rows.moment - day) / np.timedelta64(1, "h")
    assert hour.min() >= 9
    assert hour.max() < 17
    quarter = (rows.moment.astype("datetime64[M]").astype(int) - (2023 - 1970) * 12) // 3
    assert (quarter == rows.period).all()
    a_day = np.unique(np.column_stack([rows.judge, day.astype(int)]), axis=0, return_counts=True)[1]
    assert a_day.max() <= 12
    assert 4 <= np.quantile(a_day, 0.2) < np.quantile(a_day, 0.8) <= 12
    assert np.bincount(rows.judge).max() > 3 * np.bincount(rows.judge).min()
    _, busy = draw(judges=1, cases=3000)
    assert np.unique(busy.moment.astype("datetime64[D]")).size <= 64


def test_second_decisions_half_by_the_same_judge_in_the_same_period_on_another_day() -> None:
    _, rows = draw(judges=40, cases=20_000, second_decisions=0.2, periods=4, persistence=0.5)
    one, other = twice(rows)
    assert len(one) / 20_000 == pytest.approx(0.2, abs=0.02)
    same = rows.judge[one] == rows.judge[other]
    assert same.mean() == pytest.approx(0.5, abs=0.04)
    assert (rows.period[one] == rows.period[other]).all()
    day = rows.moment.astype("datetime64[D]")
    assert (day[one] != day[other])[same].all()
    for name, values in rows.features.items():
        assert (values[one] == values[other]).all(), name


def test_what_is_omitted_still_matters() -> None:
    _, full = draw(cases=800)
    _, less = draw(cases=800, omit=("x4", "channel"))
    assert list(full.features) == ["x1", "x2", "x3", "x4", "x5", "kind", "channel", "z1", "z2"]
    assert set(full.features) - set(less.features) == {"x4", "channel"}
    assert (full.decision == less.decision).all()
    truth = log_truth(LogDesign(omit=("x4", "channel")))
    assert truth.detectable_pattern == pytest.approx(0.02)
    x = case_mix.from_uniform(np.random.default_rng(1).random((200_000, 7)))
    part = [case_mix.worth({**x, "x4": values}) for values in (np.zeros(1), np.ones(1))]
    slope = np.mean(part[1] - part[0])
    steps = [case_mix.worth({**x, "channel": np.full(1, value)}).mean() for value in range(3)]
    weight = CATEGORIES["channel"]
    expected = slope**2 / 12 + weight @ (np.array(steps) - weight @ steps) ** 2
    assert truth.unmeasured == pytest.approx(expected, rel=0.01)


def test_f_has_mean_0_and_sd_1() -> None:
    f = case_mix.worth(case_mix.from_uniform(stats.qmc.Sobol(7, rng=9).random_base2(16)))
    assert f.mean() == pytest.approx(0, abs=0.001)
    assert f.std() == pytest.approx(1, abs=0.001)


def test_simulate_log_repeats_and_names_its_columns() -> None:
    settings = {"cases": 300, "judges": 20, "offices": 3, "assignment": "pooled", "office": 0.1, "omit": "x5"}
    one, again, other = (na.simulate_log(**settings, seed=seed) for seed in (7, 7, 8))
    assert one.data.equals(again.data)
    assert not one.data["decision"].equals(other.data["decision"])
    assert one.truth == other.truth
    assert list(one.data) == [
        "case", "judge", "office", "pool", "moment", "x1", "x2", "x3", "x4", "kind", "channel", "z1", "z2", "decision",
    ]  # fmt: skip
    assert one.data["case"].is_unique
    assert one.data.groupby("judge")["office"].nunique().max() == 1
    logs = na.simulate_log(cases=300, scale="log", seed=7).data["decision"]
    plain = na.simulate_log(cases=300, seed=7).data["decision"]
    assert np.log(logs).to_numpy() == pytest.approx(plain.to_numpy())
    grades = na.simulate_log(cases=3000, scale="ordinal", categories=5).data["decision"]
    assert sorted(set(grades)) == [1, 2, 3, 4, 5]
    assert na.simulate_log(cases=300, scale="log").data["decision"].min() > 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"judges": 0}, "at least 1"),
        ({"level": -0.1}, "negative"),
        ({"occasion": float("nan")}, "negative"),
        ({"mean": float("inf")}, "finite"),
        ({"second_decisions": 1.5}, "between 0 and 1"),
        ({"persistence": -0.2}, "persistence"),
        ({"sequence": 1.0}, "sequence"),
        ({"offices": 61}, "offices"),
        ({"office": 0.2}, "one office"),
        ({"assignment": "pooled", "pools": 31}, "two judges a pool"),
        ({"judges": 1, "second_decisions": 0.1}, "two judges"),
        ({"scale": "ordinal", "categories": 1}, "two grades"),
        ({"features": 6}, "at least 7"),
        ({"omit": "x9"}, "x9"),
        ({"pattern_on": ["z1"]}, "z1"),
        ({"pattern_on": []}, "pattern_on"),
        ({"scale": "count"}, "count"),
        ({"assignment": "sorted"}, "sorted"),
        ({"assignment": "specialised", "sorting": 0.9}, "0.68"),
    ],
)
def test_what_makes_no_log_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(na.CallError, match=words) as caught:
        na.simulate_log(**settings)  # type: ignore[arg-type]
    assert caught.value.code == "wrong_setting"
