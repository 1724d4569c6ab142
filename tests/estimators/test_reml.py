"""REML against the dense formula, numeric derivatives, ANOVA, brute-force profiles; edges and refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from noiseaudit.aggregates import Cells
from noiseaudit.errors import CallError, NoAnswerError
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.reml import Reml, reml
from noiseaudit.estimators.reml_descent import Condition, derivatives
from noiseaudit.estimators.reml_equations import Crossed, score, solve
from noiseaudit.estimators.two_way import fit_two_way


def unbalanced(seed: int, *, replicates: bool, cases: int = 9, judges: int = 5) -> Cells:
    """A panel with holes, unequal numbers of decisions, and single-judge cases."""
    rng = np.random.default_rng(seed)
    case, judge = np.nonzero(rng.random((cases, judges)) < 0.7)
    if replicates:
        times = rng.integers(1, 4, len(case))
        case, judge = np.repeat(case, times), np.repeat(judge, times)
    y = rng.normal(0, 2, cases)[case] + rng.normal(0, 1, judges)[judge] + rng.normal(30, 0.7, len(case))
    return Cells.from_arrays(case, judge, y + rng.normal(0, 0.8, (cases, judges))[case, judge])


def dense_criterion(cells: Cells, case: float, judge: float, interaction: float, residual: float) -> float:
    """-2 restricted log-likelihood from the covariance matrix of the cell means and the deviations within cells."""
    Z, W = np.eye(len(cells.cases))[cells.case], np.eye(len(cells.judges))[cells.judge]
    V = np.diag(interaction + residual / cells.n) + case * Z @ Z.T + judge * W @ W.T
    inverse, one, x = np.linalg.inv(V), np.ones(len(V)), cells.mean[:, 0]
    information = one @ inverse @ one
    rss = x @ inverse @ x - (one @ inverse @ x) ** 2 / information
    within = cells.n.sum() - len(V)
    return float(
        (cells.n.sum() - 1) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + np.log(information) + rss
        + within * np.log(residual) + np.log(cells.n).sum() + cells.m2.sum() / residual
    )  # fmt: skip


def variances(fit: Reml) -> tuple[float, float, float, float]:
    return fit.case, fit.judge, fit.interaction or 0.0, fit.residual


@pytest.mark.parametrize("shape", [(9, 5), (4, 11)])
@pytest.mark.parametrize("interaction", [False, True])
def test_criterion_and_optimum_are_those_of_the_dense_formula(shape: tuple[int, int], interaction: bool) -> None:
    cells = unbalanced(1, replicates=True, cases=shape[0], judges=shape[1])
    fit = reml(cells, interaction=interaction, confidence=None)
    least = dense_criterion(cells, *variances(fit))
    assert fit.criterion == pytest.approx(least, abs=1e-9)
    for part in range(4 if interaction else 3):
        for factor in (0.98, 1.02):
            moved = np.array(variances(fit))
            moved[[0, 1, 3, 2][part]] *= factor
            assert dense_criterion(cells, *moved) > least


@pytest.mark.parametrize("t", [(0.7, 1.9, 0.4), (2.5, 0.3, 0.0), (0.2, 0.0, 1.1), (0.0, 0.8, 0.0)])
@pytest.mark.parametrize("conditional", [False, True])
def test_slopes_are_numeric_derivatives(t: tuple[float, float, float], conditional: bool) -> None:
    crossed = Crossed.of(unbalanced(2, replicates=True))
    condition = Condition(1.0, np.array([0.0, 1.0, 1.0]), 3.0) if conditional else None

    def criterion(ratios: np.ndarray) -> float:
        solution = solve(crossed, ratios)
        return solution.criterion(condition.s2(ratios) if condition else solution.rss / crossed.n)

    here, step = np.array(t), 1e-5
    solution = solve(crossed, here)
    s2 = condition.s2(here) if condition else solution.rss / crossed.n
    gradient, information = derivatives(solution, score(solution), s2, condition)
    for u in np.flatnonzero(here):
        ahead, back = (np.where(np.arange(3) == u, here * np.exp(sign * step), here) for sign in (1, -1))
        assert gradient[u] == pytest.approx((criterion(ahead) - criterion(back)) / (2 * step), abs=1e-6)
    if condition is None:
        assert np.linalg.eigvalsh(information).min() > -1e-9


@pytest.mark.parametrize("t", [(0.5, 0.0, 0.3), (0.0, 0.6, 0.0), (0.4, 1.2, 0.0)])
def test_slope_off_zero_is_numeric_too(t: tuple[float, float, float]) -> None:
    crossed = Crossed.of(unbalanced(3, replicates=True))
    here, step = np.array(t), 1e-7
    solution = solve(crossed, here)
    first, s2 = score(solution), solution.rss / crossed.n
    for u in np.flatnonzero(here == 0):
        ahead = solve(crossed, np.where(np.arange(3) == u, step, here))
        rise = (ahead.criterion(ahead.rss / crossed.n) - solution.criterion(s2)) / step
        assert first.trace[u] - first.square[u] / s2 == pytest.approx(rise, rel=1e-4)


@pytest.mark.parametrize("narrow", [False, True])
def test_gathering_and_dense_products_agree(narrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    crossed = Crossed.of(unbalanced(4, replicates=True, cases=30, judges=12))
    table = np.zeros((crossed.A, crossed.B))
    table[crossed.a, crossed.b] = w = np.linspace(0.5, 2, len(crossed.a))
    M = np.cov(np.random.default_rng(1).normal(size=(crossed.B, 40)))
    weight = np.linspace(0.1, 1, crossed.A)
    monkeypatch.setattr("noiseaudit.estimators.reml_equations._NARROW", 0.0 if narrow else 1e9)
    np.testing.assert_allclose(crossed.gram(w, weight), table.T @ (weight[:, None] * table))
    np.testing.assert_allclose(crossed.rows(w, M), (table @ M)[crossed.a, crossed.b])


def test_complete_panel_is_anova(toy: pd.DataFrame) -> None:
    cells = Cells.from_arrays(toy["case"], toy["judge"], toy["decision"])
    fit = reml(cells, confidence=None)
    assert (fit.level, fit.pattern, fit.system) == pytest.approx((1.675, 1.5583333333, 3.2333333333))
    assert fit.intercept == pytest.approx(toy["decision"].mean())
    assert fit.interaction is fit.stable is fit.occasion is None


def test_complete_panel_with_repeats_is_anova() -> None:
    rng = np.random.default_rng(8)
    case, judge, _ = (axis.ravel() for axis in np.indices((12, 6, 2)))
    y = rng.normal(0, 2, 12)[case] + rng.normal(0, 1, 6)[judge] + rng.normal(0, 1, (12, 6))[case, judge]
    cells = Cells.from_arrays(case, judge, y + rng.normal(0, 0.5, len(y)))
    fit, anova = reml(cells, confidence=None), fit_two_way(Linked.of(cells))
    assert (fit.level, fit.stable, fit.occasion) == pytest.approx((anova.level, anova.stable, anova.occasion))


def test_modes_and_their_variances_are_those_of_the_joint_normal() -> None:
    cells = unbalanced(5, replicates=True)
    fit = reml(cells, interaction=True, confidence=None)
    Z, W = np.eye(len(cells.cases))[cells.case], np.eye(len(cells.judges))[cells.judge]
    V = np.diag((fit.interaction or 0) + fit.residual / cells.n) + fit.case * Z @ Z.T + fit.judge * W @ W.T
    inverse, one, x = np.linalg.inv(V), np.ones(len(V)), cells.mean[:, 0]
    P = inverse - np.outer(inverse @ one, inverse @ one) / (one @ inverse @ one)
    for side, variance, modes, errors in (
        (Z, fit.case, fit.case_modes, fit.case_variances),
        (W, fit.judge, fit.judge_modes, fit.judge_variances),
    ):
        np.testing.assert_allclose(modes, variance * side.T @ P @ x, atol=1e-9)
        wanted = variance * np.eye(side.shape[1]) - variance**2 * side.T @ P @ side
        np.testing.assert_allclose(errors, np.diag(wanted), rtol=1e-8)
    mean = one @ inverse @ x / (one @ inverse @ one)
    assert fit.intercept == pytest.approx(mean + float(cells.shift))
    assert fit.intercept_se == pytest.approx((one @ inverse @ one) ** -0.5)


@pytest.mark.parametrize("interaction", [False, True])
def test_interval_ends_are_where_the_brute_force_profile_crosses(interaction: bool) -> None:
    cells = unbalanced(6, replicates=True, cases=14, judges=7)
    fit = reml(cells, interaction=interaction, confidence=0.9)
    parts = {"case": [0], "level": [1], "pattern": [2, 3], "system": [1, 2, 3]}
    if interaction:
        parts |= {"stable": [2], "occasion": [3]}
    used = [0, 1, 2, 3] if interaction else [0, 1, 3]
    for name, members in parts.items():
        interval = getattr(fit, f"{name}_interval")
        present = [u for u in members if u in used]
        assert interval[0] <= getattr(fit, name) <= interval[1]
        for end in [end for end in interval if end > 0]:

            def profiled(logs: np.ndarray, end: float = end, present: list[int] = present) -> float:
                v = np.zeros(4)
                v[used] = np.exp(logs)
                v[present] *= end / v[present].sum()
                return dense_criterion(cells, *v)

            start = np.log(np.maximum(np.array(variances(fit))[used], 1e-3))
            least = optimize.minimize(profiled, start, method="BFGS").fun
            assert least - fit.criterion == pytest.approx(stats.chi2.ppf(0.9, 1), abs=1e-3)


def test_interval_of_the_residual_of_a_complete_panel_is_near_chi_square() -> None:
    rng = np.random.default_rng(9)
    case, judge = (axis.ravel() for axis in np.indices((80, 20)))
    y = rng.normal(0, 1, 80)[case] + rng.normal(0, 1, 20)[judge] + rng.normal(0, 1, 1600)
    fit = reml(Cells.from_arrays(case, judge, y))
    df = 79 * 19
    wanted = df * fit.pattern / stats.chi2.ppf([0.975, 0.025], df)
    assert fit.pattern_interval == pytest.approx(tuple(wanted), rel=1e-3)


def test_no_level_noise_is_exactly_zero_with_an_upper_limit() -> None:
    y = np.array([[1.0, 2.0, 3.0], [6.0, 4.0, 5.0], [8.0, 9.0, 7.0], [3.0, 3.5, 2.5], [5.0, 4.0, 6.0]])
    case, judge = (axis.ravel() for axis in np.indices(y.shape))
    fit = reml(Cells.from_arrays(case, judge, y.ravel()))
    assert fit.level == 0
    assert not fit.judge_modes.any()
    assert fit.level_interval is not None
    assert fit.level_interval[0] == 0 < fit.level_interval[1]
    between = y.mean(axis=1).var(ddof=1)
    pooled = y.var(axis=1, ddof=1).mean()  # one-way ANOVA, for level is not there
    assert (fit.case, fit.residual) == pytest.approx((between - pooled / 3, pooled))


def test_shift_scale_and_relabelling() -> None:
    cells = unbalanced(10, replicates=True)
    case, judge = cells.cases[cells.case], cells.judges[cells.judge]
    same = {"n": cells.n, "m2": cells.m2}
    fit = reml(cells, confidence=None)
    far = reml(Cells.from_arrays(case, judge, cells.mean + 1e8, **same), confidence=None)
    wide = reml(Cells.from_arrays(case, judge, cells.mean * 100, n=cells.n, m2=cells.m2 * 1e4), confidence=None)
    turned = reml(Cells.from_arrays(judge[::-1], case[::-1], cells.mean[::-1], n=cells.n[::-1], m2=cells.m2[::-1]),
                  confidence=None)  # fmt: skip
    assert variances(far) == pytest.approx(variances(fit), rel=1e-5)
    assert far.intercept == pytest.approx(1e8 + fit.intercept - float(cells.shift))
    assert variances(wide) == pytest.approx(tuple(1e4 * v for v in variances(fit)), rel=1e-5)
    assert variances(turned) == pytest.approx((fit.judge, fit.case, fit.interaction, fit.residual), rel=1e-5)


def test_labels_without_cells_have_mode_zero_and_the_variance_of_their_kind() -> None:
    cells = unbalanced(11, replicates=False, cases=12, judges=6)
    some = cells.where(cells.judge != 2)
    fit = reml(some, confidence=None)
    assert fit.judge > 0
    assert fit.judge_modes[2] == 0
    assert fit.judge_variances[2] == pytest.approx(fit.judge)
    again = reml(Cells.from_arrays(some.case, some.judge, some.mean), confidence=None)
    assert variances(fit) == pytest.approx(variances(again), rel=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_small_panels_reach_the_lowest_point(seed: int) -> None:
    rng = np.random.default_rng([20, seed])
    C, J = rng.integers(3, 8, 2)
    case, judge = rng.integers(0, C, 3 * C * J // 2), rng.integers(0, J, 3 * C * J // 2)
    spread = rng.choice([0, 0.3, 2], 3)
    y = rng.normal(0, 1, C)[case] * spread[0] + rng.normal(0, 1, J)[judge] * spread[1]
    y += rng.normal(0, 1, (C, J))[case, judge] * spread[2] + rng.normal(0, 1, len(case))
    cells = Cells.from_arrays(case, judge, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = reml(cells)
    for start in rng.normal(0, 2, (3, 4)):
        other = optimize.minimize(
            lambda logs: dense_criterion(cells, *np.exp(logs)), start, method="L-BFGS-B", bounds=[(-12, 8)] * 4
        )
        assert fit.criterion < other.fun + 1e-4


@pytest.mark.parametrize(
    ("case", "judge", "interaction", "reason"),
    [
        ([0, 1, 2, 3], [0, 0, 0, 0], None, "single_judge"),
        ([0, 0, 0, 0], [0, 1, 2, 3], None, "single_case"),
        ([0, 0, 1, 1], [0, 1, 0, 1], True, "no_replicates"),
        ([0, 1, 2, 3], [0, 0, 1, 1], None, "no_shared_cases"),
        ([0, 0, 1, 1], [0, 1, 2, 3], None, "no_interaction_df"),
        ([0, 0, 1, 1], [0, 0, 1, 1], False, "no_shared_cases"),
    ],
)
def test_refuses_components_that_cannot_be_told_apart(
    case: list[int], judge: list[int], interaction: bool | None, reason: str
) -> None:
    with pytest.raises(NoAnswerError) as refusal:
        reml(Cells.from_arrays(case, judge, [1.0, 2.0, 4.0, 3.0]), interaction=interaction)
    assert refusal.value.code == reason


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_refuses_decisions_without_a_remainder(level: float) -> None:
    case, judge = (axis.ravel() for axis in np.indices((6, 4)))
    with pytest.raises(NoAnswerError) as refusal:
        reml(Cells.from_arrays(case, judge, 5.0 + level * (judge + 3.0 * case)))
    assert refusal.value.code == "no_residual_variance"


def test_refuses_indicator_columns() -> None:
    cells = Cells.from_arrays([0, 0, 1, 1], [0, 1, 0, 1], np.eye(4)[:, :2], categories=["a", "b"])
    with pytest.raises(CallError) as refusal:
        reml(cells)
    assert refusal.value.code == "estimator_not_possible"
