"""Closed forms against doing it the long way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import noiseaudit as na
from noiseaudit.estimators import linked as linked_module
from noiseaudit.estimators.accuracy import _without_one
from noiseaudit.estimators.case_pairs import Distribution, absolute_difference, distribution, pair_mean
from noiseaudit.estimators.cross_products import fit_cross_products, leave_one_case_out, system_as_composed
from noiseaudit.estimators.d_study import averaged_noise
from noiseaudit.estimators.judge_levels import JudgeLevels, funnel_counts, rank_uncertainty
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.lottery import chance_corrected_agreement
from noiseaudit.estimators.two_way import fit_two_way, pseudo_inverse
from noiseaudit.estimators.two_way_intervals import level_test

from ..conftest import ROLES


def sparse_panel(seed: int, *, repeats: bool = False) -> pd.DataFrame:
    return na.simulate(judges=9, cases=25, per_case=(2, 5), repeats=(1, 3) if repeats else 1, seed=seed).data


def linked_of(data: pd.DataFrame) -> Linked:
    return Linked.of(na.Cells.from_arrays(data["case"], data["judge"], data["decision"]))


def dense(linked: Linked) -> tuple[np.ndarray, np.ndarray]:
    """Design matrices of cases and judges."""
    return np.eye(linked.C)[linked.case], np.eye(linked.J)[linked.judge]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("repeats", [False, True])
def test_two_way_fit_against_dense_least_squares(seed: int, repeats: bool) -> None:
    linked = linked_of(sparse_panel(seed, repeats=repeats))
    fit = fit_two_way(linked)
    cases, judges = dense(linked)
    design = np.hstack([cases, judges])
    hat = design @ np.linalg.pinv(design)
    residual = linked.x - hat @ linked.x
    assert np.allclose(fit.residual, residual, atol=1e-9)
    assert np.allclose(fit.leverage, np.diag(hat), atol=1e-9)
    within = np.eye(len(linked)) - cases @ np.linalg.pinv(cases)
    solve = np.linalg.pinv(within @ judges) @ within
    centre = np.eye(linked.J) - 1 / linked.J
    effects = centre @ solve @ linked.x
    assert np.allclose(fit.effects, effects, atol=1e-9)
    noise = centre @ solve
    assert pytest.approx((noise**2).sum()) == fit.T0
    assert pytest.approx((noise**2 / linked.m).sum()) == fit.T1
    assert pytest.approx(((1 - np.diag(hat)) / linked.m).sum()) == fit.H1


@pytest.mark.parametrize("seed", range(5))
def test_cross_products_against_deleting_each_judge(seed: int) -> None:
    """The definition with case weights of the full data, over all pairs of pairs."""
    linked = linked_of(sparse_panel(seed, repeats=True))
    fit = fit_cross_products(linked)
    w = 1 / linked.per_case

    def by_hand(gone: int | None, case_gone: int | None = None) -> tuple[float, float]:
        top = bottom = pairs = count = 0.0
        judges = [j for j in range(linked.J) if j != gone]
        value = {(int(i), int(j)): float(x) for i, j, x in zip(linked.case, linked.judge, linked.x[:, 0], strict=True)}
        u = {(int(i), int(j)): float(q / m) for i, j, q, m in
             zip(linked.case, linked.judge, linked.q, linked.m, strict=True)}  # fmt: skip
        for j in judges:
            terms, weights = {}, {}
            for k in judges:
                if k == j:
                    continue
                for i in range(linked.C):
                    if i != case_gone and (i, j) in value and (i, k) in value:
                        gap = value[i, j] - value[i, k]
                        terms[i] = terms.get(i, 0.0) + w[i] * gap
                        weights.setdefault(k, {})[i] = w[i]
                        pairs += w[i] * (gap**2 + u[i, j] + u[i, k])
                        count += w[i]
            b, bb = sum(terms.values()), sum(t**2 for t in terms.values())
            N = {k: sum(v.values()) for k, v in weights.items()}
            A = sum(N.values())
            R = A**2 + sum(n**2 for n in N.values())
            own = 0.0
            for i in range(linked.C):
                n = sum(1 for v in weights.values() if i in v)
                own += w[i] ** 2 * (n + 1) * n
            top += (b**2 - bb) / fit.weight[j]
            bottom += (R - own) / fit.weight[j]
        return top / bottom, pairs / (2 * count)

    assert by_hand(None) == pytest.approx((fit.level, fit.system))
    for judge in range(linked.J):
        assert by_hand(judge) == pytest.approx((fit.left_out_level[judge], fit.left_out_system[judge]))
    level, system = leave_one_case_out(fit)
    for case in range(0, linked.C, 5):
        assert by_hand(None, case) == pytest.approx((level[case], system[case]))


def test_system_as_composed_is_the_mean_within_case_variance() -> None:
    linked = linked_of(sparse_panel(2))
    by_hand = (linked.d**2).sum() / (linked.per_case - 1).sum()
    assert system_as_composed(linked)[0] == pytest.approx(by_hand)


@pytest.mark.parametrize("seed", range(4))
def test_shared_case_bias_without_each_judge_and_case(seed: int) -> None:
    rng = np.random.default_rng(seed)
    case, judge = np.nonzero(rng.random((12, 7)) < 0.6)
    E = rng.normal(size=len(case)) + 0.5 + rng.normal(size=12)[case]

    def by_hand(keep: np.ndarray) -> float:
        e, i, j = E[keep], case[keep], judge[keep]
        apart = (i[:, None] != i) & (j[:, None] != j)
        cross = [
            (e[i == k].sum() ** 2 - (e[i == k] ** 2).sum()) / ((i == k).sum() * ((i == k).sum() - 1))
            for k in np.unique(i) if (i == k).sum() > 1
        ]  # fmt: skip
        return float(np.mean(cross) - (e[:, None] * e)[apart].mean())

    judges, cases = _without_one(E, case, judge)
    assert judges == pytest.approx([by_hand(judge != k) for k in range(7)])
    assert cases == pytest.approx([by_hand(case != k) for k in range(12)])


def test_mean_difference_and_median_over_pairs() -> None:
    data = sparse_panel(3)
    linked = linked_of(data)
    gaps, weights = [], []
    for _, group in data.groupby("case", sort=False):
        y = group["decision"].to_numpy()
        if len(y) < 2:
            continue
        own = np.abs(y[:, None] - y)[np.triu_indices(len(y), 1)]
        gaps.append(own)
        weights.append(np.full(len(own), 1 / len(own)))
    flat, weight = np.concatenate(gaps), np.concatenate(weights)
    assert pair_mean(linked, absolute_difference).value == pytest.approx(np.mean([g.mean() for g in gaps]))
    order = np.argsort(flat)
    middle = flat[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
    assert distribution(linked, absolute_difference).quantiles(0.5) == [pytest.approx(middle)]


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [([1, 2, 3], [1, 1, 1], 2), ([1, 2, 3, 4], [1, 1, 1, 1], 2.5), ([1, 2, 3], [1, 1, 5], 3), ([4], [2], 4)],
)
def test_weighted_median(values: list[float], weights: list[float], median: float) -> None:
    blocks = [(weight, np.array([value], float)) for value, weight in zip(values, weights, strict=True)]
    assert Distribution.of(lambda: blocks).quantiles(0.5) == [median]


def test_agreement_beyond_chance_against_all_pairs() -> None:
    data = na.simulate(judges=6, cases=12, per_case=(2, 5), scale="nominal", seed=8).data
    result = na.audit(data, **ROLES)
    marks, case, judge = (data[c].to_numpy() for c in ("decision", "case", "judge"))
    differ = marks[:, None] != marks
    same_case = (case[:, None] == case) & (judge[:, None] != judge)
    apart = (case[:, None] != case) & (judge[:, None] != judge)
    expected = 1 - differ[same_case].mean() / differ[apart].mean()
    assert result.supplement.kappa.value == pytest.approx(expected)
    assert isinstance(chance_corrected_agreement(linked_of(sparse_panel(1))).value, float)


def test_level_test_against_statsmodels() -> None:
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.anova import anova_lm

    data = sparse_panel(6)
    linked = linked_of(data)
    cases, judges = dense(linked)
    small = OLS(linked.x[:, 0], cases).fit()
    large = OLS(linked.x[:, 0], np.hstack([cases, judges[:, 1:]])).fit()
    table = anova_lm(small, large)
    found = level_test(fit_two_way(linked))
    assert found["F"] == pytest.approx(table["F"].iloc[1])
    assert found["p"] == pytest.approx(table["Pr(>F)"].iloc[1])


def test_averaging_shrinks_parts_as_it_should() -> None:
    assert averaged_noise(level=1.0, stable=2.0, occasion=4.0, professionals=2, occasions=2) == 1.5 + 1.0
    assert averaged_noise(level=1.0, stable=2.0, professionals=4, pool=4) == 0.0
    for wrong in ({"professionals": 0}, {"occasions": 0}, {"professionals": 5, "pool": 4}):
        with pytest.raises(ValueError, match="professionals"):
            averaged_noise(level=1.0, stable=1.0, **wrong)


def test_the_funnel_counts_what_chance_gives() -> None:
    """Judges who do not differ: about 5 % outside the inner limits."""
    rng = np.random.default_rng(1)
    level, se = rng.normal(size=20_000) * 0.3, np.full(20_000, 0.3)
    counts = funnel_counts(JudgeLevels(level, se, level * 0, se, se * 0))
    assert counts.outside_95 / 20_000 == pytest.approx(0.05, abs=0.006)
    assert counts.outside_998 / 20_000 == pytest.approx(0.002, abs=0.0012)
    assert counts.expected_998 == pytest.approx(40)


def test_ranks_of_equals_are_uniform() -> None:
    same = np.zeros(10)
    ranks = rank_uncertainty(JudgeLevels(same, same + 1, same, same + 1, same), draws=4000)
    assert ranks.median == pytest.approx(np.full(10, 5.5), abs=0.6)
    assert ranks.highest_tenth == pytest.approx(np.full(10, 0.1), abs=0.03)
    apart = rank_uncertainty(JudgeLevels(np.arange(5.0), same[:5], np.arange(5.0), same[:5] + 1e-9, same[:5]))
    assert apart.median.tolist() == [1, 2, 3, 4, 5]


def test_levels_come_back_from_the_result(panel_c: pd.DataFrame) -> None:
    from noiseaudit.estimators.judge_levels import levels_of, shrink_levels

    result = na.audit(panel_c, **ROLES)
    levels = levels_of(result)
    again = shrink_levels(levels.level, levels.se**2, result.noise.level.variance)
    assert levels.sd == pytest.approx(again.sd)
    with pytest.raises(na.NotIdentifiedError, match="no_levels"):
        levels_of(na.AuditResult.from_dict(result.to_dict()))


def test_shrunk_intervals_cover_the_true_levels() -> None:
    hits = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        true = 0.3 * rng.normal(size=20)
        rows = [(c, j, true[j] + 0.7 * rng.normal()) for c in range(25) for j in range(20)]
        frame = pd.DataFrame(rows, columns=["case", "judge", "decision"])
        for judge in na.audit(frame, **ROLES).judges:
            low, high = judge.interval
            hits.append(low <= true[int(judge.judge)] - true.mean() <= high)
    assert np.mean(hits) >= 0.95 - 3 * stats.sem(hits)


@pytest.mark.parametrize("narrow", [0.0, 1.0])
@pytest.mark.parametrize("block", [1, 30, 10**6])
def test_sums_over_the_colleagues_of_a_case(monkeypatch: pytest.MonkeyPatch, narrow: float, block: int) -> None:
    """Pair by pair and by matrix products, in pieces of any size: the same as case by case."""
    monkeypatch.setattr(linked_module, "_NARROW", narrow)
    monkeypatch.setattr(linked_module, "_BLOCK", block)
    linked = linked_of(na.simulate(judges=14, cases=40, per_case=(2, 7), seed=6).data)
    half = np.random.default_rng(1).normal(size=(linked.J, linked.J))
    table, gram = half + half.T, np.zeros((linked.J, linked.J))
    expected = np.zeros(len(linked))
    for case in range(linked.C):
        cells = np.flatnonzero(linked.case == case)
        judges = linked.judge[cells]
        expected[cells] = table[np.ix_(judges, judges)].sum(axis=1)
        gram[np.ix_(judges, judges)] += 1 / len(judges)
    assert linked.over_colleagues(table) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    laplacian = np.diag(linked.per_judge) - gram
    assert pseudo_inverse(linked) == pytest.approx(np.linalg.pinv(laplacian), rel=1e-8, abs=1e-10)


def test_leverages_are_those_of_the_regression() -> None:
    """On narrow cases too: three of forty judges each."""
    linked = linked_of(na.simulate(judges=40, cases=120, per_case=3, seed=2).data)
    design = np.zeros((len(linked), linked.C + linked.J))
    design[np.arange(len(linked)), linked.case] = 1
    design[np.arange(len(linked)), linked.C + linked.judge] = 1
    hat = design @ np.linalg.pinv(design)
    assert fit_two_way(linked).leverage == pytest.approx(np.diag(hat), rel=1e-8)


def test_quantiles_at_the_ends() -> None:
    spread = Distribution.of(lambda: [(1.0, np.array([1.0, 2.0, 3.0])), (0.5, np.array([-0.0, 2.0]))])
    assert spread.quantiles(0.0, 0.9, 1.0) == [0.0, 3.0, 3.0]
