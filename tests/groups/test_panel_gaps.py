"""Gaps in panels of numbers against reference values, brute force and what must not matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from noiseaudit.aggregates import Cells
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import TwoWay, fit_two_way
from noiseaudit.groups.panel_gaps import panel_gaps, shared_gap


def fitted(case: np.ndarray, judge: np.ndarray, x: np.ndarray) -> TwoWay:
    return fit_two_way(Linked.of(Cells.from_arrays(case, judge, x)))


def sparse(
    seed: int, *, judges: int = 8, cases: int = 90, per_case: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    judge = np.concatenate([rng.permutation(judges)[:per_case] for _ in range(cases)])
    case = np.repeat(np.arange(cases), per_case)
    x = rng.normal(size=cases)[case] + rng.normal(size=judges)[judge] + rng.normal(size=len(case))
    return case, judge, x


def test_reference_values(panel_c: pd.DataFrame) -> None:
    fit = fitted(panel_c["case"].to_numpy(), panel_c["judge"].to_numpy(), panel_c["decision"].to_numpy())
    found = panel_gaps(fit, fit.linked.case % 2 == 1, by_cell=False)
    first = [0, 1, 2]
    assert found.n_in[0] == 12
    assert found.n_out[0] == 13
    assert found.tested.all()
    assert np.isinf(found.df).all()
    assert found.own_se[first] ** 2 == pytest.approx([0.0663684223] * 3, rel=1e-8)
    assert found.own[first] == pytest.approx([0.4957791627, -0.2436994088, -0.2573232305], rel=1e-8)
    assert (found.gap / found.se)[first] == pytest.approx([2.1183189119, -0.5598145988, -0.6074274978], rel=1e-8)
    assert found.p[first] == pytest.approx([0.0341480680, 0.5756059049, 0.5435672442], rel=1e-8)
    assert found.own_se[0] ** 2 / (1 / 12 + 1 / 13) == pytest.approx(0.4141389550, rel=1e-9)


def test_residuals_are_those_of_a_fit_without_the_cell() -> None:
    case, judge, x = sparse(1, judges=6, cases=40, per_case=3)
    fit = fitted(case, judge, x)
    case, judge, x = fit.linked.case, fit.linked.judge, fit.linked.x[:, 0]
    flag = case % 2 == 0
    rho = np.empty(len(x))
    for i in range(len(x)):
        kept = np.arange(len(x)) != i
        design = np.column_stack([case[:, None] == np.arange(40), judge[:, None] == np.arange(1, 6)]).astype(float)
        beta = np.linalg.lstsq(design[kept], x[kept], rcond=None)[0]
        rho[i] = x[i] - design[i] @ beta
    found = panel_gaps(fit, flag, by_cell=False, fewest=5)
    for j in range(6):
        own = rho[(judge == j) & flag].mean() - rho[(judge == j) & ~flag].mean()
        assert found.own[j] == pytest.approx(own, abs=1e-10)


def own_group(case: np.ndarray, judge: np.ndarray) -> np.ndarray:
    return case % 3 == judge % 3


def test_shared_gap_is_the_coefficient_of_ordinary_least_squares() -> None:
    case, judge, x = sparse(2)
    fit = fitted(case, judge, x)
    case, judge = fit.linked.case, fit.linked.judge
    flag, known = own_group(case, judge), (case + 2 * judge) % 7 > 0
    dummies = [case[:, None] == np.arange(90), judge[:, None] == np.arange(1, 8)]
    alone = np.column_stack([flag, *dummies]).astype(float)
    assert shared_gap(fit, flag) == pytest.approx(sm.OLS(fit.linked.x[:, 0], alone).fit().params[0], abs=1e-10)
    apart = np.column_stack([flag & known, ~known, *dummies]).astype(float)
    expected = sm.OLS(fit.linked.x[:, 0], apart).fit().params[0]
    assert shared_gap(fit, flag, known=known) == pytest.approx(expected, abs=1e-10)
    assert shared_gap(fit, case % 2 == 0) is None  # the same for all professionals of a case


@pytest.mark.parametrize("by_cell", [False, True])
def test_what_must_not_matter(by_cell: bool) -> None:
    case, judge, x = sparse(3)
    flag = own_group(case, judge) if by_cell else case % 2 == 0
    x = x + np.where(flag & (judge == 2), 3.0, 0.0)

    def p_and_gap(
        case: np.ndarray, judge: np.ndarray, x: np.ndarray, flag: np.ndarray
    ) -> dict[int, tuple[float, float]]:
        cells = Cells.from_arrays(case, judge, x)
        place = {key: i for i, key in enumerate(zip(case, judge, strict=True))}
        linked = Linked.of(cells)
        labels = cells.judges[linked.judge_index].astype(int)
        keys = zip(cells.cases[linked.case_index].astype(int)[linked.case], labels[linked.judge], strict=True)
        found = panel_gaps(fit_two_way(linked), flag[[place[key] for key in keys]], by_cell=by_cell)
        return {int(j): (found.p[i], found.gap[i]) for i, j in enumerate(labels)}

    base = p_and_gap(case, judge, x, flag)
    assert base[2][0] < 1e-6
    assert abs(base[2][1] - 3) < 1.5
    order = np.random.default_rng(0).permutation(len(x))
    variants = {
        "order": (p_and_gap(case[order], judge[order], x[order], flag[order]), 1),
        "shift": (p_and_gap(case, judge, x + 1000, flag), 1),
        "scale": (p_and_gap(case, judge, 7 * x, flag), 7),
        "levels": (p_and_gap(case, judge, x + judge + 5 * (case % 11), flag), 1),
        "mirror": (p_and_gap(case, judge, -x, flag), -1),
        "rest as group": (p_and_gap(case, judge, x, ~flag), -1),
    }
    if not by_cell:
        variants["a gap that all share"] = (p_and_gap(case, judge, x + 2 * flag, flag), 1)
    for name, (found, factor) in variants.items():
        for j in base:
            assert found[j][0] == pytest.approx(base[j][0], rel=1e-6), name
            assert found[j][1] == pytest.approx(factor * base[j][1], rel=1e-6, abs=1e-9), name


def test_further_passes_give_back_the_case_effects_that_a_deviating_colleague_moved() -> None:
    """Three groups of three; one of each group but one favours his own by 3: colleagues of his group look negative."""
    rng = np.random.default_rng(5)
    case, judge = np.repeat(np.arange(300), 9), np.tile(np.arange(9), 300)
    flag = own_group(case, judge)
    x = rng.normal(size=300)[case] + rng.normal(size=9)[judge] + 0.7 * rng.normal(size=2700)
    deviates = np.isin(judge, [0, 1])
    fit = fitted(case, judge, x + 3 * (flag & deviates))
    found = panel_gaps(fit, flag, by_cell=True)
    assert (found.p[[0, 1]] < 1e-10).all()
    assert (found.p[2:] > 0.003).all()
    assert found.gap[[0, 1]] == pytest.approx(3, abs=0.3)
    assert np.abs(found.gap[2:]).max() < 0.3


def test_blocks_are_compared_within_themselves() -> None:
    """In a block of three one who deviates by 6 makes both others look like -3: nobody can be named there."""
    case, judge, x = sparse(6, judges=8, cases=60, per_case=8)
    small = np.repeat(np.arange(60, 120), 3), np.tile([8, 9, 10], 60)
    case, judge = np.concatenate([case, small[0]]), np.concatenate([judge, small[1]])
    x = np.concatenate([x, np.random.default_rng(7).normal(size=180)])
    flag = case % 2 == 0
    found = panel_gaps(fitted(case, judge, x + 6 * (flag & (judge == 8))), flag, by_cell=False)
    alone = panel_gaps(fitted(case[:480], judge[:480], x[:480]), flag[:480], by_cell=False)
    assert not found.tested[8:].any()
    assert np.isnan(found.p[8:]).all()
    assert found.p[:8] == pytest.approx(alone.p, rel=1e-9)


def test_who_is_not_tested() -> None:
    case, judge, x = sparse(8)
    fit = fitted(case, judge, x)
    nobody = panel_gaps(fit, np.zeros(len(x), dtype=bool), by_cell=True)
    assert not nobody.tested.any()
    assert np.isnan(nobody.gap).all()
    assert nobody.n_in.sum() == 0
    flag = fit.linked.case % 2 == 0
    known = ~((fit.linked.judge == 0) & flag)
    found = panel_gaps(fit, flag, by_cell=False, known=known)
    assert not found.tested[0]
    assert found.tested[1:].all()
    assert found.n_in[0] == 0
    three = sparse(9, judges=3, cases=60, per_case=3)
    assert not panel_gaps(fitted(*three), three[0] % 2 == 0, by_cell=False).tested.any()
    indicators = np.stack([x > 0, x <= 0], axis=1).astype(float)
    with pytest.raises(ValueError, match="one number"):
        panel_gaps(fitted(case, judge, indicators), flag, by_cell=False)


def test_everybody_agrees() -> None:
    case, judge = np.repeat(np.arange(40), 5), np.tile(np.arange(5), 40)
    found = panel_gaps(fitted(case, judge, np.sin(case) + judge), case % 2 == 0, by_cell=False)
    assert found.tested.all()
    assert (found.gap == 0).all()
    assert (found.p == 1).all()
