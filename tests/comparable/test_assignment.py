"""The test of assignment against least squares, textbook statistics, and every permutation counted."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.multivariate.manova import MANOVA

from noiseaudit.aggregates.moments import grouped
from noiseaudit.comparable.assignment import (
    assignment_of,
    balance_from_counts,
    balance_from_sums,
    balance_of,
    holm,
)
from noiseaudit.comparable.dealing import Dealing
from noiseaudit.errors import NotIdentified
from noiseaudit.result import Balance

Codes = npt.NDArray[np.intp]


def dealt(rng: np.random.Generator, judges: int, pools: int, cases: int) -> tuple[Codes, Codes]:
    """Judges who serve in two thirds of the pools."""
    judge, pool = rng.integers(judges, size=cases), rng.integers(pools, size=cases)
    met = (judge + pool) % 3 != 0
    return judge[met], pool[met]


def indicators(labels: Codes) -> npt.NDArray[np.float64]:
    return pd.get_dummies(labels).to_numpy(np.float64)


def found(balance: object) -> Balance:
    assert isinstance(balance, Balance), balance
    return balance


@pytest.mark.parametrize(("judges", "pools"), [(9, 5), (5, 9), (8, 1)])
def test_f_is_that_of_least_squares(judges: int, pools: int) -> None:
    rng = np.random.default_rng(1)
    judge, pool = dealt(rng, judges, pools, 900) if pools > 1 else (rng.integers(judges, size=400), np.zeros(400, int))
    z = rng.standard_normal(len(judge)) + 0.1 * judge + pool
    small = sm.OLS(z, indicators(pool)).fit()
    large = sm.OLS(z, np.hstack([indicators(pool), indicators(judge)[:, 1:]])).fit()
    f, p, _ = large.compare_f_test(small)
    balance = found(balance_of(z, judge, pool, feature="z"))
    assert balance.method == "F"
    assert balance.f == pytest.approx(f, rel=1e-9)
    assert balance.p == pytest.approx(p, rel=1e-9)
    assert balance.df == pytest.approx((small.df_resid - large.df_resid, large.df_resid))


def test_judges_nested_in_pools_are_compared_inside_pools_only() -> None:
    rng = np.random.default_rng(2)
    judge = rng.integers(12, size=720)
    z = rng.standard_normal(720) + 5 * (judge // 4)
    balance = found(balance_of(z, judge, judge // 4, feature="z"))
    parts = [stats.f_oneway(*(z[judge == j] for j in range(4 * p, 4 * p + 4))) for p in range(3)]
    assert balance.df == (9.0, 708.0)
    within = sum(((z[judge == j] - z[judge == j].mean()) ** 2).sum() for j in range(12)) / 708
    between = sum(
        part.statistic * 3 * sum(((z[judge == j] - z[judge == j].mean()) ** 2).sum() for j in range(4 * p, 4 * p + 4))
        / ((judge // 4 == p).sum() - 4)
        for p, part in enumerate(parts)
    )  # fmt: skip
    assert balance.f == pytest.approx(between / 9 / within, rel=1e-9)


@pytest.mark.parametrize(("judges", "pools"), [(9, 5), (5, 9), (6, 6)])
def test_the_algebra_of_both_sides_is_that_of_the_pseudo_inverse(judges: int, pools: int) -> None:
    rng = np.random.default_rng(3)
    judge, pool = dealt(rng, judges, pools, 300)
    judge, pool = np.concatenate([judge, judges + judge]), np.concatenate([pool, pools + pool])  # two components
    dealing = Dealing.of(judge, pool)
    N = np.zeros((2 * judges, 2 * pools))
    np.add.at(N, (judge, pool), 1)
    inverse = np.linalg.pinv(np.diag(N.sum(1)) - N @ np.diag(1 / N.sum(0)) @ N.T)
    b = rng.standard_normal((2 * judges, 3))
    b[:judges] -= b[:judges].mean(0)
    b[judges:] -= b[judges:].mean(0)
    assert dealing.G == 2
    np.testing.assert_allclose(dealing.levels(b), inverse @ b, atol=1e-12)
    np.testing.assert_allclose(dealing.squares(b), np.diag(b.T @ inverse @ b), rtol=1e-10)
    assert dealing.trace == pytest.approx(np.trace(inverse), rel=1e-10)
    pool_part = [np.trace(inverse @ (np.diag(n) - np.outer(n, n) / n.sum())) for n in N.T]
    np.testing.assert_allclose(dealing.by_pool, pool_part, atol=1e-10)


def test_categories_give_pillais_trace() -> None:
    rng = np.random.default_rng(4)
    judge, z = rng.integers(6, size=600), rng.choice(list("abcd"), size=600)
    balance = found(balance_of(z.astype(object), judge, feature="z"))
    marks = indicators(z)[:, :3]
    exog = np.hstack([np.ones((600, 1)), indicators(judge)[:, 1:]])
    contrast = np.hstack([np.zeros((5, 1)), np.eye(5)])
    table = MANOVA(marks, exog).mv_test([("judge", contrast, None)]).results["judge"]["stat"].loc["Pillai's trace"]
    assert balance.f == pytest.approx(float(table["F Value"]), rel=1e-6)
    assert balance.p == pytest.approx(float(table["Pr > F"]), rel=1e-6)


def test_few_cases_each_permute_labels_within_pools() -> None:
    z = np.array([0.3, 1.1, 2.0, 0.2, 5.0, 4.0, 9.0, 7.5])
    judge, pool = np.array([0, 0, 1, 1, 2, 2, 3, 3]), np.array([0, 0, 0, 0, 1, 1, 1, 1])

    def between(values: npt.NDArray[np.float64]) -> float:
        return sum(2 * (values[judge == j].mean() - values[pool == j // 2].mean()) ** 2 for j in range(4))

    orders = list(permutations(range(4)))
    every = [between(np.r_[z[:4][list(a)], z[4:][list(b)]]) for a in orders for b in orders]
    exact = np.mean(np.array(every) >= between(z) * (1 - 1e-12))
    balance = found(balance_of(z, judge, pool, feature="z", permutations=40_000, seed=5))
    assert balance.method == "permutation"
    assert balance.p == pytest.approx(exact, abs=0.01)
    assert found(balance_of(z, judge, pool, feature="z", permutations=99)).p == pytest.approx(exact, abs=0.15)


def test_permutations_of_categories_agree_with_a_contingency_table() -> None:
    judge = np.repeat([0, 1], 4)
    z = np.array(["a", "a", "a", "b", "b", "b", "b", "a"], dtype=object)
    balance = found(balance_of(z, judge, feature="z", permutations=40_000))
    assert balance.p == pytest.approx(stats.fisher_exact([[3, 1], [1, 3]])[1], abs=0.01)


def test_unevenness_is_net_of_sampling_and_in_sds_of_the_feature() -> None:
    rng = np.random.default_rng(6)
    judge = np.repeat(np.arange(10), 40)
    z = 3 * rng.standard_normal(400) + judge
    balance = found(balance_of(z, judge, feature="z"))
    means = np.array([z[judge == j].mean() for j in range(10)])
    within = sum(((z[judge == j] - means[j]) ** 2).sum() for j in range(10)) / 390
    assert balance.eta**2 == pytest.approx((means.var(ddof=1) - within / 40) / z.var(ddof=1), rel=1e-9)
    assert balance.eta_high is not None
    assert balance.eta_high > balance.eta


def test_unevenness_and_effect_return_what_was_put_in() -> None:
    rng = np.random.default_rng(7)
    judge, pool = dealt(rng, 200, 40, 80_000)
    z = rng.standard_normal(len(judge)) + 0.3 * rng.standard_normal(200)[judge] + 2 * rng.standard_normal(40)[pool]
    y = -1.5 * z + rng.standard_normal(200)[judge] + 3 * rng.standard_normal(40)[pool] + rng.standard_normal(len(judge))
    balance = found(balance_of(10 * z, judge, pool, feature="z", decision=y))
    assert balance.eta == pytest.approx(0.3 / np.sqrt(1.09), abs=0.03)
    assert balance.effect == pytest.approx(-1.5 * np.sqrt(1.09), abs=0.02)
    assert balance.p < 1e-6


def test_what_categories_add_to_the_level_is_eta_times_effect() -> None:
    rng = np.random.default_rng(8)
    judge = rng.integers(150, size=60_000)
    lean = 0.5 * rng.standard_normal(150)[judge]
    z = np.where(rng.random(60_000) < 1 / (1 + np.exp(-lean)), "x", rng.choice(["y", "z"], size=60_000)).astype(object)
    value = pd.Series(z).map({"x": 2.0, "y": 0.0, "z": 0.0}).to_numpy(np.float64)
    balance = found(balance_of(z, judge, feature="z", decision=value + rng.standard_normal(60_000)))
    assert balance.effect is not None
    true = 2 * np.std(1 / (1 + np.exp(-0.5 * np.random.default_rng(9).standard_normal(100_000))))
    assert balance.eta * balance.effect == pytest.approx(true, rel=0.15)


def test_missing_values_count_as_a_difference_of_cases() -> None:
    rng = np.random.default_rng(10)
    judge = rng.integers(10, size=1000)
    z = rng.standard_normal(1000)
    z[(judge < 3) & (rng.random(1000) < 0.5)] = np.nan
    assert found(balance_of(z, judge, feature="z")).p < 1e-6
    label = pd.Series(np.where(np.isnan(z), None, "known"))
    assert found(balance_of(label, judge, feature="z")).p < 1e-6


def test_sums_and_counts_of_cells_give_what_cases_give() -> None:
    rng = np.random.default_rng(11)
    judge, pool = dealt(rng, 7, 5, 900)
    z = rng.standard_normal(len(judge)) + 1e3
    cell, key = np.unique(judge * 5 + pool, return_inverse=True)
    order = rng.permutation(len(cell))
    moments = grouped(key, len(cell), np.ones(len(z)), z[:, None], np.zeros((len(z), 1)))
    sums = balance_from_sums(
        moments.n[order], moments.mean[order, 0], moments.m2[order, 0], judge=cell[order] // 5, pool=cell[order] % 5,
        feature="z",
    )  # fmt: skip
    rows = found(balance_of(z, judge, pool, feature="z"))
    assert found(sums).f == pytest.approx(rows.f, rel=1e-9)
    assert found(sums).eta == pytest.approx(rows.eta, rel=1e-7)
    marks = rng.integers(3, size=len(judge))
    count = np.zeros((len(cell), 3))
    np.add.at(count, (key, marks), 1)
    counted = found(balance_from_counts(count[order], judge=cell[order] // 5, pool=cell[order] % 5, feature="z"))
    by_rows = found(balance_of(marks.astype(object), judge, pool, feature="z"))
    assert (counted.f, counted.p, counted.eta) == pytest.approx((by_rows.f, by_rows.p, by_rows.eta), rel=1e-9)
    with pytest.raises(ValueError, match="once"):
        balance_from_sums(np.ones(2), np.ones(2), np.ones(2), judge=np.zeros(2, int), feature="z")


def test_pools_that_differ_in_spread_do_not_reject_too_often() -> None:
    """Uncorrected, F rejects 11 of 100 true nulls here."""
    rejected = plain = 0
    for run in range(300):
        rng = np.random.default_rng((12, run))
        judge = rng.integers(20, size=1000)
        z = rng.standard_normal(1000) * np.array([0.1, 0.1, 0.1, 3.0])[judge // 5]
        balance = found(balance_of(z, judge, judge // 5, feature="z"))
        rejected += balance.p < 0.05
        plain += stats.f.sf(balance.f, 16, 980) < 0.05
    assert rejected <= 26
    assert plain > 26


def test_reasons() -> None:
    rng = np.random.default_rng(13)
    z, judge = rng.standard_normal(60), np.repeat(np.arange(6), 10)

    def reason(*args: object) -> str:
        balance = balance_of(*args, feature="z")  # type: ignore[arg-type]
        assert isinstance(balance, NotIdentified)
        return balance.reason

    assert reason(z, np.zeros(60)) == "single_judge"
    assert reason(z, judge, judge) == "no_shared_pool"
    assert reason(np.full(60, 0.1), judge) == "one_value"
    assert reason(judge // 3 * 0.1, judge, judge // 3) == "one_value"
    assert reason(np.full(60, "a", dtype=object), judge) == "one_value"
    assert reason(judge * 0.1, judge) == "of_judge"
    assert reason(judge.astype(str).astype(object), judge) == "of_judge"
    assert reason(z, np.arange(60)) == "one_case_each"


def test_cases_without_judge_or_pool_and_judges_with_one_case_are_left_out() -> None:
    rng = np.random.default_rng(14)
    z, judge = rng.standard_normal(202), pd.Series(np.r_[np.repeat(np.arange(5), 40), 7, -1]).astype(float)
    judge[judge < 0] = np.nan
    whole, part = balance_of(z, judge, feature="z"), balance_of(z[:200], judge[:200], feature="z")
    assert whole == part


def test_holm_over_the_features_leads_with_the_prediction() -> None:
    rng = np.random.default_rng(15)
    judge = rng.integers(10, size=600)
    features = {"a": rng.standard_normal(600) + 0.05 * judge, "b": rng.standard_normal(600), "same": np.ones(600)}
    whole = assignment_of(features, judge, predicted=features["a"], decision=2 * features["a"] + judge)
    assert [one.feature for one in whole.features] == ["a", "b"]
    p = sorted(one.p for one in whole.features)
    assert sorted(one.p_adjusted for one in whole.features) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    assert found(whole.predicted).p_adjusted == found(whole.predicted).p == whole.features[0].p
    assert holm([]) == ()
    assert isinstance(assignment_of({}, judge).predicted, NotIdentified)
