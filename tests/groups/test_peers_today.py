"""What an analyst would do today, against fairlearn, statsmodels and scipy themselves."""

from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, mean_prediction, selection_rate
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from benchmarks.peers_today import Sides, flagged_by_difference, flagged_by_ratio, flagged_by_test, p_values


def _draw(binary: bool):
    rng = np.random.default_rng(3)
    judge = rng.integers(0, 12, 700)
    judge[:4] = 12  # one with decisions in the group only
    flag = rng.random(700) < 0.3
    flag[:4] = True
    numbers = rng.normal(size=700) + 0.8 * flag * (judge % 4 == 1)
    return judge, flag, (numbers > 0.4).astype(float) if binary else 1e6 + numbers


@pytest.mark.parametrize(("metric", "binary"), [(selection_rate, True), (mean_prediction, False)])
def test_differences_and_ratios_are_those_of_fairlearn(metric, binary) -> None:
    judge, flag, decision = _draw(binary)
    frame = MetricFrame(
        metrics=metric, y_true=decision, y_pred=decision, sensitive_features=flag, control_features=judge
    )
    difference, ratio = frame.difference().to_numpy(), frame.ratio().to_numpy()
    ours = np.abs(np.nan_to_num(Sides.of(judge, flag, decision).gap))
    np.testing.assert_allclose(ours, difference, rtol=0, atol=1e-8 if not binary else 1e-12)
    assert (flagged_by_difference(judge, flag, decision, threshold=0.15) == (difference > 0.15)).all()
    assert (flagged_by_ratio(judge, flag, decision) == (ratio < 0.8)).all()
    assert 0 < (difference > 0.15).sum() < 13


def test_the_tests_are_those_of_statsmodels_and_scipy() -> None:
    judge, flag, decision = _draw(binary=True)
    z = [
        proportions_ztest([x.sum(), y.sum()], [len(x), len(y)])[1]
        for j in range(12)
        for x, y in [(decision[(judge == j) & flag], decision[(judge == j) & ~flag])]
    ]
    p = p_values(judge, flag, decision, binary=True)
    np.testing.assert_allclose(p[:12], z, rtol=1e-10)
    assert np.isnan(p[12])
    assert (
        flagged_by_test(judge, flag, decision, binary=True, bh=True)[:12] == multipletests(z, method="fdr_bh")[0]
    ).all()
    assert (flagged_by_test(judge, flag, decision, binary=True, bh=False)[:12] == (np.array(z) < 0.05)).all()
    judge, flag, numbers = _draw(binary=False)
    welch = [
        stats.ttest_ind(numbers[(judge == j) & flag], numbers[(judge == j) & ~flag], equal_var=False).pvalue
        for j in range(12)
    ]
    np.testing.assert_allclose(p_values(judge, flag, numbers, binary=False)[:12], welch, rtol=1e-6)
    assert flagged_by_test(judge, flag, numbers, binary=False, bh=True).any()


def test_a_gap_that_all_share_flags_everybody_unless_it_is_taken_off() -> None:
    rng = np.random.default_rng(5)
    judge, flag = np.repeat(np.arange(20), 200), np.tile(np.arange(200) % 2 == 0, 20)
    decision = rng.normal(size=4000) + flag
    assert flagged_by_test(judge, flag, decision, binary=False, bh=True).all()
    assert flagged_by_test(judge, flag, decision, binary=False, bh=True, against_all=True).sum() <= 1
