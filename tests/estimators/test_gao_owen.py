"""Moments for random cases and judges: reference value, the textbook equations, signs, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NoAnswerError
from noiseaudit.estimators.gao_owen import gao_owen


def test_toy_without_three_cells(toy_b: pd.DataFrame) -> None:
    found = gao_owen(Cells.from_arrays(toy_b["case"], toy_b["judge"], toy_b["decision"]))
    assert (found.case, found.judge, found.residual) == pytest.approx((5.3706896552, 0.4054118774, 2.1293103448))
    assert (found.level, found.pattern, found.system) == (found.judge, found.residual, found.judge + found.residual)
    assert found.occasion is None
    assert found.stable is None


def test_complete_panel_is_anova(toy: pd.DataFrame) -> None:
    found = gao_owen(Cells.from_arrays(toy["case"], toy["judge"], toy["decision"]))
    assert (found.level, found.pattern) == pytest.approx((1.675, 1.5583333333))


def test_solves_the_three_moment_equations() -> None:
    rng = np.random.default_rng(7)
    case, judge = np.nonzero(rng.random((9, 6)) < 0.6)
    x = rng.normal(50, 3, len(case))
    found = gao_owen(Cells.from_arrays(case, judge, x))
    N, (_, n_i), (_, n_j) = len(x), np.unique(case, return_counts=True), np.unique(judge, return_counts=True)
    U_a = sum(((x[case == i] - x[case == i].mean()) ** 2).sum() for i in np.unique(case))
    U_b = sum(((x[judge == j] - x[judge == j].mean()) ** 2).sum() for j in np.unique(judge))
    U_e = N * ((x - x.mean()) ** 2).sum()
    left = [[0, N - len(n_i), N - len(n_i)], [N - len(n_j), 0, N - len(n_j)],
            [N**2 - (n_i**2).sum(), N**2 - (n_j**2).sum(), N**2 - N]]  # fmt: skip
    assert (found.case, found.judge, found.residual) == pytest.approx(np.linalg.solve(left, [U_a, U_b, U_e]))


def test_mean_over_draws_is_the_truth_with_replicates() -> None:
    rng = np.random.default_rng(11)
    cell = np.repeat(np.arange(20 * 8), rng.integers(1, 4, 20 * 8))
    case, judge = cell // 8, cell % 8
    draws = []
    for _ in range(400):
        y = rng.normal(0, 1, 20)[case] + rng.normal(0, 0.5, 8)[judge]
        y += rng.normal(0, 0.6, 160)[cell] + rng.normal(0, 0.4, len(cell))
        found = gao_owen(Cells.from_arrays(case, judge, y))
        draws.append([found.case, found.level, found.stable, found.occasion, found.pattern])
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / 20
    assert np.all(np.abs(mean - [1, 0.25, 0.36, 0.16, 0.52]) < 4 * error)


def test_signed_and_indifferent_to_a_far_origin() -> None:
    y = np.array([1.0, 2.0, 2.0, 1.0, 1.0, 2.0])  # judges agree less than chance would have it
    case, judge = [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]
    near, far = gao_owen(Cells.from_arrays(case, judge, y)), gao_owen(Cells.from_arrays(case, judge, y + 1e9))
    assert near.case < 0
    assert (far.case, far.judge, far.residual) == pytest.approx((near.case, near.judge, near.residual))


def test_indicator_columns_add() -> None:
    rng = np.random.default_rng(3)
    case, judge, answer = np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10), rng.integers(0, 3, 40)
    columns = (answer[:, None] == np.arange(3)).astype(float)
    whole = gao_owen(Cells.from_arrays(case, judge, columns, categories=["a", "b", "c"]))
    single = [gao_owen(Cells.from_arrays(case, judge, column)) for column in columns.T]
    assert whole.level == pytest.approx(sum(each.level for each in single))
    assert whole.pattern == pytest.approx(sum(each.pattern for each in single))


@pytest.mark.parametrize(
    ("case", "judge", "reason"),
    [
        ([0, 1, 2], [0, 0, 0], "single_judge"),
        ([0, 0, 0], [0, 1, 2], "single_case"),
        ([0, 1, 2], [0, 1, 0], "no_shared_cases"),
        ([0, 0, 1], [0, 1, 2], "no_interaction_df"),
    ],
)
def test_refuses_what_the_moments_cannot_tell(case: list[int], judge: list[int], reason: str) -> None:
    with pytest.raises(NoAnswerError) as refusal:
        gao_owen(Cells.from_arrays(case, judge, [1.0, 2.0, 4.0]))
    assert refusal.value.code == reason
