"""The case-mix model against least squares with dummies, and against the truth of simulated logs."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import Ridge

from noiseaudit.comparable.assignment import balance_of
from noiseaudit.comparable.basis import Basis
from noiseaudit.comparable.case_mix import adjust, expected_share
from noiseaudit.comparable.features import Feature, FeatureTable
from noiseaudit.comparable.measure import PREDICTED, detect_pattern, measure_case_mix, measure_unadjusted
from noiseaudit.comparable.within_judges import WithinSums, fit_within
from noiseaudit.result import Balance, Bounded, Estimate
from noiseaudit.simulation import LogDesign, draw_log
from noiseaudit.simulation.log_truth import log_truth

from ..validity.study_logs import feature_table


def test_least_squares_within_judges_is_ols_with_dummies() -> None:
    rng = np.random.default_rng(1)
    judge, z = rng.integers(0, 8, 400), rng.standard_normal((400, 3))
    z[:, 0] += judge / 4  # goes with the judge
    y = z @ [1.0, -2.0, 0.5] + judge + rng.standard_normal(400)
    fit = fit_within(WithinSums.of(z, y, judge, 8))
    dummies = (judge[:, None] == np.arange(8)).astype(float)
    ols = sm.OLS(y, np.column_stack([z, dummies])).fit()
    assert fit.beta == pytest.approx(ols.params[:3])
    assert fit.inverse == pytest.approx(ols.normalized_cov_params[:3, :3])
    assert fit.rank == 3


def test_sums_add_and_subtract() -> None:
    rng = np.random.default_rng(2)
    judge, z, y = rng.integers(0, 5, 100), rng.standard_normal((100, 2)), rng.standard_normal(100)
    first = np.arange(100) < 40
    whole = WithinSums.of(z, y, judge, 5)
    part, rest = (WithinSums.of(z[rows], y[rows], judge[rows], 5) for rows in (first, ~first))
    assert fit_within(part + rest).beta == pytest.approx(fit_within(whole).beta)
    assert fit_within(whole - part).beta == pytest.approx(fit_within(rest).beta)


def test_noise_of_the_coefficients_is_that_of_ols() -> None:
    """v_j - mean of v over judges, from OLS: Var(lhat_j - mean lhat) without the learner (few rows)."""
    rng = np.random.default_rng(3)
    judge = rng.integers(0, 6, 240)
    x = rng.random(240) + judge / 10
    y = 2 * x + judge + rng.standard_normal(240)
    table = FeatureTable((Feature("x"),), x[:, None])
    mix = adjust(y, table, judge)
    assert mix.learner is None  # fewer than 300 rows
    basis = Basis.of(table, most=400)
    dummies = (judge[:, None] == np.arange(6)).astype(float)
    basis = Basis.of(table, most=(240 - 6) // 10)
    ols = sm.OLS(y, np.column_stack([basis.columns(table.values), dummies])).fit()
    centre = np.eye(6) - 1 / 6
    whole = np.diag(centre @ np.asarray(ols.normalized_cov_params)[-6:, -6:] @ centre)
    n = np.bincount(judge)
    ours = mix.spread + np.diag(centre @ np.diag(1 / n) @ centre)
    assert ours == pytest.approx(whole)
    means = np.array([mix.adjusted[judge == j].mean() for j in range(6)])
    assert means - means.mean() == pytest.approx(ols.params[-6:] - ols.params[-6:].mean())


def test_features_alone_cannot_tell_who_decides() -> None:
    """Level noise that is all there is stays, though a feature goes with the judge."""
    rng = np.random.default_rng(4)
    judge = rng.integers(0, 30, 6000)
    level = rng.standard_normal(30)
    x = level[judge] + 2 * rng.standard_normal(6000)
    y = level[judge] + rng.standard_normal(6000)
    table = FeatureTable((Feature("x"), Feature("z")), np.stack([x, rng.random(6000)], axis=1))
    found = measure_case_mix(adjust(y, table, judge), table, judge).level_component
    assert isinstance(found, Estimate)
    assert found.variance == pytest.approx(level.var(ddof=1), rel=0.1)


@pytest.mark.parametrize("assignment", ["random", "specialised", "confounded"])
def test_level_noise_of_a_log_under_every_assignment(assignment: str) -> None:
    design = LogDesign(judges=60, cases=5000, assignment=assignment)  # type: ignore[arg-type]
    truth = log_truth(design)
    ratio, held, plain = [], [], []
    for seed in range(4):
        rows = draw_log(design, np.random.default_rng([7, seed]))
        table = feature_table(rows)
        found = measure_case_mix(adjust(rows.decision, table, rows.judge, unit=rows.case), table, rows.judge)
        level, system = found.level_component, found.bounds.system
        assert isinstance(level, Estimate)
        assert isinstance(system, Bounded)
        ratio.append(level.variance / truth.level)
        held.append(system.variance_bounds[0] <= truth.system <= system.variance_bounds[1])
        bare = measure_unadjusted(rows.decision, rows.judge).level_component
        assert isinstance(bare, Estimate)
        plain.append(bare.variance / truth.level)
    assert all(held)
    assert np.mean(ratio) == pytest.approx(1, abs=0.35)  # 3 SE of four logs: SD of one is .22 (docs/validity_logs.md)
    assert (np.mean(plain) > 5) == (assignment != "random")


def test_any_regressor_may_be_passed_in() -> None:
    design = LogDesign(judges=20, cases=1000)
    rows = draw_log(design, np.random.default_rng(1))
    table = feature_table(rows)
    mix = adjust(rows.decision, table, rows.judge, learner=Ridge())
    assert mix.learner == "Ridge"
    assert mix.explained is not None
    assert mix.explained > 0.1


def test_shift_and_scale_carry_over() -> None:
    rows = draw_log(LogDesign(judges=20, cases=1000), np.random.default_rng(2))
    table = feature_table(rows)
    one, other = (adjust(y, table, rows.judge) for y in (rows.decision, 1e6 + 8 * rows.decision))
    assert other.adjusted - 1e6 == pytest.approx(8 * one.adjusted, rel=1e-6, abs=1e-6)
    assert other.spread == pytest.approx(one.spread)


def test_the_same_rows_give_the_same_figures() -> None:
    rows = draw_log(LogDesign(judges=20, cases=1000), np.random.default_rng(3))
    table = feature_table(rows)
    assert (
        adjust(rows.decision, table, rows.judge).adjusted == adjust(rows.decision, table, rows.judge).adjusted
    ).all()


def test_patterns_of_unrelated_features_add_up_and_others_do_not() -> None:
    rng = np.random.default_rng(5)
    judge = rng.integers(0, 40, 8000)
    a, b = rng.standard_normal((2, 8000))
    near = a + 0.1 * rng.standard_normal(8000)
    own = 0.3 * rng.standard_normal((2, 40))
    y = own[0][judge] * a + own[1][judge] * b + 0.5 * rng.standard_normal(8000)
    table = FeatureTable((Feature("a"), Feature("b"), Feature("near")), np.stack([a, b, near], axis=1))
    sources, total = detect_pattern(y, table, judge, predicted=None)
    counted = {source.feature for source in sources if source.counted}
    assert "b" in counted
    assert len(counted & {"a", "near"}) == 1  # one of the two that say the same
    assert isinstance(total, Estimate)
    assert total.variance == pytest.approx(own.var(axis=1, ddof=1).sum(), rel=0.15)
    assert PREDICTED not in {source.feature for source in sources}


def test_what_is_unseen_does_not_depend_on_the_row() -> None:
    rng = np.random.default_rng(6)
    judge, x, y = rng.integers(0, 5, 250), rng.standard_normal((250, 2)), rng.standard_normal(250)
    table = FeatureTable((Feature("a"), Feature("b")), x)
    one, other = (adjust(values, table, judge) for values in (y, y + 9 * (np.arange(250) == 17)))
    shift = 9 / 250  # of the mean decision, which both predictions lie around
    assert other.unseen[17] - shift == pytest.approx(one.unseen[17], abs=1e-9)
    assert abs(other.predicted[17] - shift - one.predicted[17]) > 0.01
    assert np.ptp(other.unseen - one.unseen) > 0.01  # rows of the other folds have seen it


def test_a_prediction_of_noise_differs_between_judges_no_more_than_chance() -> None:
    """Decisions are noise, judges get cases by lot: F is 1.01 on the mean, and e/(e - q - 1) = 1.11 for rows seen."""
    rng, seen, unseen = np.random.default_rng(8), [], []
    names = tuple(Feature(name) for name in "abcd")
    for _ in range(256):
        judge, table = rng.integers(0, 24, 240), FeatureTable(names, rng.standard_normal((240, 4)))
        mix = adjust(rng.standard_normal(240), table, judge)
        for values, kept in ((mix.predicted, seen), (mix.unseen, unseen)):
            found = balance_of(values, judge, feature="predicted", permutations=1)
            assert isinstance(found, Balance)
            kept.append(found.f)
    assert mix.rank == 21
    error = np.std(unseen) / 16
    assert np.mean(unseen) == pytest.approx(216 / 214, abs=3 * error)
    assert np.mean(seen) == pytest.approx(216 / (216 - 22), abs=3 * error)
    difference = np.subtract(seen, unseen)
    assert difference.mean() > 3 * difference.std() / 16


def test_the_share_of_a_group_is_predicted_by_models_that_did_not_see_the_row() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((6000, 2))
    share = np.where(x[:, 0] > 0.5, 0.8, 0.2)
    group = (rng.random(6000) < share).astype(np.float64)
    table = FeatureTable((Feature("a"), Feature("b")), x)
    found = expected_share(group, table, unit=np.arange(6000) // 3, most=3000)
    assert np.abs(found - share).mean() < 0.1
    noise = (rng.random(6000) < 0.5).astype(np.float64)
    unseen = expected_share(noise, table, most=3000)
    assert abs(np.corrcoef(unseen, noise)[0, 1]) < 0.05  # a model that saw its rows would go with them
