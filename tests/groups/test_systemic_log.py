"""Gaps that all share in a log."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from noiseaudit.errors import NotIdentified
from noiseaudit.groups.margins import Counts
from noiseaudit.groups.systemic_log import raw_log_gap, shared_adjusted_gap, shared_log_gap, shared_rate_ratio
from tests.groups.test_log_gaps import log
from tests.groups.test_sums import sums_of


def test_within_professional_and_stratum_is_least_squares_with_a_level_for_each() -> None:
    draw, judge, stratum, value = log(1)
    y = draw.normal(size=len(judge)) + 0.5 * (value == 2) + 3 * stratum * judge
    found = shared_log_gap(sums_of(judge, stratum, value, y, sizes=(9, 3, 4)), 2, unit="points")
    levels = (judge * 3 + stratum)[:, None] == np.arange(27)
    design = np.column_stack([value == 2, levels]).astype(float)
    assert found.value == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0][0])
    assert found.unit == "points"
    low, high = found.interval
    assert low < found.value < high


def test_interval_is_the_jackknife_over_professionals() -> None:
    draw, judge, stratum, value = log(2, J=6, n=80)
    y = draw.normal(size=len(judge))
    sums = sums_of(judge, stratum, value, y, sizes=(6, 3, 4))
    low, high = shared_log_gap(sums, 1, confidence=0.9).interval
    left_out = np.array([shared_log_gap(sums.where(sums.judge != j), 1).value for j in range(6)])
    w = np.zeros(6)
    for j in range(6):
        for h in range(3):
            here = (judge == j) & (stratum == h)
            n1, n0 = (here & (value == 1)).sum(), (here & (value != 1)).sum()
            w[j] += n1 * n0 / (n1 + n0)
    # the gaps differ less than chance here, so each brings w
    df = w.sum() ** 2 / (w**2).sum() - 1
    half = stats.t.ppf(0.95, df) * np.sqrt(5 / 6 * ((left_out - left_out.mean()) ** 2).sum())
    assert (high - low) / 2 == pytest.approx(half)


def test_after_a_model_of_the_cases() -> None:
    draw = np.random.default_rng(3)
    judge = np.repeat(np.arange(30), 200)
    x = draw.normal(size=6000)
    expected = 1 / (1 + np.exp(-1.5 * x))
    group = (draw.random(6000) < expected).astype(float)
    y = 2 * x + 0.3 * group + draw.normal(size=30)[judge] + draw.normal(scale=0.5, size=6000)
    absorbed = 2 * x + 0.3 * expected  # what a perfect model that does not know the group would predict
    found = shared_adjusted_gap(y - absorbed, group, judge=judge, expected=expected)
    naive = shared_adjusted_gap(y - absorbed, group, judge=judge)
    assert found.interval[0] < 0.3 < found.interval[1]
    assert naive.interval[1] < 0.3  # what the features say of the group is missing


def test_rate_ratio() -> None:
    part = np.array([[3.0, 10, 2, 20], [5, 30, 1, 10], [0, 4, 3, 9], [2, 8, 0, 0]])
    counts = Counts(np.arange(4), *part.T, *part.T[[1, 3]])
    found = shared_rate_ratio(counts)
    above = sum(d1 * e0 / (e1 + e0) for d1, e1, d0, e0 in part[:3])
    below = sum(d0 * e1 / (e1 + e0) for d1, e1, d0, e0 in part[:3])
    assert found.value == pytest.approx(above / below)
    assert found.unit == "ratio"
    assert found.interval[0] * found.interval[1] == pytest.approx(found.value**2)
    none = Counts(np.arange(2), *np.array([[0.0, 10, 0, 20], [0, 4, 0, 9]]).T, np.ones(2), np.ones(2))
    assert shared_rate_ratio(none).reason == "no_events"


def test_raw_gap() -> None:
    draw, judge, stratum, value = log(4)
    y = draw.normal(size=len(judge)) + 5.0 * stratum
    sums = sums_of(judge, stratum, value, y, sizes=(9, 3, 4))
    assert raw_log_gap(sums, 0).value == pytest.approx(y[value == 0].mean() - y[value != 0].mean())
    known = value != 3
    assert raw_log_gap(sums, 0, unknown=3).value == pytest.approx(y[value == 0].mean() - y[(value != 0) & known].mean())
    assert raw_log_gap(sums, 3, unknown=3).value == pytest.approx(y[value == 3].mean() - y[known].mean())
    low, high = raw_log_gap(sums, 0).interval
    assert low < high


def test_what_cannot_be_known() -> None:
    one = sums_of([0, 0, 1, 1], [0] * 4, [0, 1, 0, 1], [1.0, 2.0, 4.0, 1.0], sizes=(2, 1, 3))
    assert shared_log_gap(one, 0).interval_reason == "too_few_judges"
    assert raw_log_gap(one, 0).interval_reason == "too_few_judges"
    for found in (shared_log_gap(one, 2), raw_log_gap(one, 2)):
        assert isinstance(found, NotIdentified)
        assert found.reason == "empty_group"
    # one professional alone has the group
    alone = sums_of([0, 0, 1, 2, 3], [0] * 5, [0, 1, 1, 1, 1], [1.0, 2.0, 4.0, 1.0, 2.0], sizes=(4, 1, 2))
    assert shared_log_gap(alone, 0).interval is None
    assert raw_log_gap(alone, 0).interval_reason == "one_alone"


@pytest.mark.parametrize("all_yes", [False, True])
def test_an_interval_of_shares_does_not_close_where_the_group_has_one_outcome(all_yes: bool) -> None:
    """20 decisions in the group, all alike, against 30 % elsewhere: about as wide as statsmodels' Agresti-Caffo."""
    draw = np.random.default_rng(5)
    judge, value = np.repeat(np.arange(10), 100), np.tile((np.arange(100) < 2).astype(int), 10)
    y = np.where(value == 1, float(all_yes), (draw.random(1000) < 0.3).astype(float))
    sums = sums_of(judge, np.zeros(1000, dtype=int), value, y, sizes=(10, 1, 2))
    rest = y[value == 0].mean()
    known = confint_proportions_2indep(20 * all_yes, 20, y[value == 0].sum(), 980, method="agresti-caffo")
    width = known[1] - known[0]
    for found in (
        shared_log_gap(sums, 1, yes_no=True),
        raw_log_gap(sums, 1, yes_no=True),
        shared_adjusted_gap(y - rest, (value == 1).astype(float), judge=judge, yes_no=True),
    ):
        low, high = found.interval
        assert high - low >= 0.9 * width
        assert -1 <= low <= found.value <= high <= 1
    ones, everyone = (20 * all_yes + 1) / 22, y.mean()
    expected = (20 * everyone + 1) / 22
    others, rest_expected = (y[value == 0].sum() + 1) / 982, (980 * everyone + 1) / 982
    by_chance = (
        everyone
        * (1 - everyone)
        * (
            ones * (1 - ones) / (expected * (1 - expected)) / 20
            + others * (1 - others) / (rest_expected * (1 - rest_expected)) / 980
        )
    )
    low, high = raw_log_gap(sums, 1, yes_no=True).interval
    assert (high - low) / 2 == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(by_chance))


@pytest.mark.parametrize("shares", [[0.05], [0.9], [0.02, 0.1, 0.5, 0.9, 0.98]])
def test_intervals_of_rare_outcomes_in_small_groups_hold_the_truth(shares: list[float]) -> None:
    draw, held, runs = np.random.default_rng(8), 0, 300
    judge, value = np.repeat(np.arange(10), 100), np.tile((np.arange(100) < 3).astype(int), 10)
    for _ in range(runs):
        stratum = draw.integers(0, len(shares), 1000)
        y = (draw.random(1000) < np.array(shares)[stratum]).astype(float)
        sums = sums_of(judge, stratum, value, y, sizes=(10, len(shares), 2))
        low, high = shared_log_gap(sums, 1, yes_no=True).interval
        held += low <= 0 <= high
    assert held / runs >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)


def test_where_nothing_varies_there_is_no_interval() -> None:
    judge, value = np.repeat(np.arange(6), 20), np.tile(np.arange(20) % 2, 6)
    sums = sums_of(judge, np.zeros(120, dtype=int), value, 3.0 + 2.0 * value, sizes=(6, 1, 2))
    for found in (shared_log_gap(sums, 1), raw_log_gap(sums, 1)):
        assert found.value == pytest.approx(2)
        assert (found.interval, found.interval_reason) == (None, "no_variation")
