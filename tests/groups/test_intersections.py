"""Two characteristics together, against direct computation and constructed panels."""

from __future__ import annotations

import numpy as np
import pytest

from noiseaudit.errors import NotIdentified
from noiseaudit.groups.contrasts import KindMoments
from noiseaudit.groups.intersections import Crossing, intersections_of, log_crossing, panel_crossing, share_crossing
from noiseaudit.groups.moderated import moderate
from noiseaudit.result import Figure

from .test_panel_gaps import fitted, sparse

NAMES = [f"j{i}" for i in range(20)]


def test_contrast_of_deletion_residuals() -> None:
    case, judge, x = sparse(1, judges=6, cases=160, per_case=6)
    fit = fitted(case, judge, x)
    case, judge = fit.linked.case, fit.linked.judge
    first, second = case % 2 == 0, case % 4 < 2
    found = panel_crossing(fit, first, second, by_cell=False)
    rho = fit.residual[:, 0] / (1 - fit.leverage)
    own, s2, reciprocal = [], [], []
    for j in range(6):
        parts = [rho[(judge == j) & (first == a) & (second == b)] for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
        own.append(parts[0].mean() - parts[1].mean() - parts[2].mean() + parts[3].mean())
        s2.append(sum(((p - p.mean()) ** 2).sum() for p in parts) / (160 - 4))
        reciprocal.append(sum(1 / len(p) for p in parts))
    se2 = moderate(np.array(s2), np.full(6, 156.0)).variance * np.array(reciprocal)
    assert found.own == pytest.approx(own)
    assert found.own_se**2 == pytest.approx(se2)
    total = [se2[j] + 2.57 * np.delete(se2, j).mean() / 5 for j in range(6)]
    assert found.se**2 == pytest.approx(total)
    assert (found.n_in[0], found.n_out[0]) == (40, 120)


def test_only_what_both_do_together_is_found() -> None:
    """Judge 0 treats the joint group differently; judge 1 has large gaps for each alone, which is no contrast."""
    rng = np.random.default_rng(2)
    case, judge = np.repeat(np.arange(240), 8), np.tile(np.arange(8), 240)
    first, second = case % 2 == 0, case % 3 == 0
    x = rng.normal(size=240)[case] + 0.7 * rng.normal(size=len(case))
    x += 2.0 * (first & second & (judge == 0)) + 3.0 * (first & (judge == 1)) - 2.0 * (second & (judge == 1))
    gaps = panel_crossing(fitted(case, judge, x), first, second, by_cell=False)
    crossing = Crossing(("sex", "f"), ("age", "old"), gaps, 0.2, NotIdentified.of("same_cases"))
    (found,) = intersections_of([crossing], NAMES)
    assert [j.judge for j in found.judges if j.flag] == ["j0"]
    assert (found.flags, found.tests, found.too_few) == (1, 8, 0)
    assert found.judges[0].gap == pytest.approx(2, abs=0.5)
    assert found.contrast == NotIdentified.of("same_cases")


def test_one_kind_with_nine_cells_is_too_few() -> None:
    case, judge, x = sparse(3, judges=8, cases=100, per_case=8)
    fit = fitted(case, judge, x)
    first, second = fit.linked.case < 9, np.ones(len(fit.linked), dtype=bool)
    second[fit.linked.case % 2 == 0] = False
    assert not panel_crossing(fit, first, second, by_cell=False).tested.any()


def test_logs_of_numbers_with_variances_that_differ_between_kinds() -> None:
    rng = np.random.default_rng(4)
    n = rng.integers(12, 60, (9, 4)).astype(float)
    mean, m2 = rng.normal(size=(9, 4)), (n - 1) * np.array([4.0, 1.0, 1.0, 0.25]) * rng.uniform(0.8, 1.2, (9, 1))
    found = log_crossing(KindMoments(n, mean, m2), judge=np.arange(9))
    a = m2.sum(axis=0) / (n - 1).sum(axis=0)
    pooled = moderate(m2.sum(axis=1) / (n.sum(axis=1) - 4), n.sum(axis=1) - 4).variance
    for j in range(9):
        w = (n[j] * a).sum() / n[j].sum()
        assert found.own[j] == pytest.approx(mean[j, 0] - mean[j, 1] - mean[j, 2] + mean[j, 3])
        assert found.own_se[j] ** 2 == pytest.approx(pooled[j] / w * (a / n[j]).sum())


def test_yes_no_logs() -> None:
    rng = np.random.default_rng(5)
    n = np.full((12, 4), 200.0)
    share = 1 / (1 + np.exp(-rng.normal(-0.5, 0.1, (12, 4)))).astype(float)
    share[3, 0] = 0.85
    positive = np.round(n * share)
    gaps = share_crossing(n, positive, judge=np.arange(12))
    yes, no = positive + 0.5, n - positive + 0.5
    logit = np.log(yes / no)
    assert gaps.own == pytest.approx(logit[:, 0] - logit[:, 1] - logit[:, 2] + logit[:, 3])
    assert gaps.own_se**2 == pytest.approx((1 / yes + 1 / no).sum(axis=1))
    (found,) = intersections_of([Crossing(("a", "1"), ("b", "1"), gaps, 0.05)], NAMES)
    assert [j.judge for j in found.judges if j.flag] == ["j3"]
    assert isinstance(found.contrast, Figure)
    assert found.contrast.interval is not None
    assert found.contrast.interval[0] <= found.contrast.value <= found.contrast.interval[1]
    assert not share_crossing(n[:3], positive[:3], judge=np.arange(3)).tested.any()


def test_the_median_contrast_has_the_interval_of_a_median() -> None:
    """Six professionals: the extremes hold the median with .969; five: no interval of .95 exists."""
    J = 6
    moments = KindMoments(np.full((J, 4), 30.0), np.arange(J * 4.0).reshape(J, 4) ** 1.5, np.full((J, 4), 29.0))
    gaps = log_crossing(moments, judge=np.arange(J))
    (found,) = intersections_of([Crossing(("a", "1"), ("b", "1"), gaps, 0.1)], NAMES)
    assert isinstance(found.contrast, Figure)
    assert found.contrast.interval == pytest.approx((gaps.own.min(), gaps.own.max()))
    five = log_crossing(KindMoments(*(a[:5] for a in (moments.n, moments.mean, moments.m2))), judge=np.arange(5))
    (found,) = intersections_of([Crossing(("a", "1"), ("b", "1"), five, 0.1)], NAMES)
    assert isinstance(found.contrast, Figure)
    assert (found.contrast.interval, found.contrast.interval_reason) == (None, "too_few_tested")
    assert intersections_of([], NAMES) == ()
