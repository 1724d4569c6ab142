"""Gaps in panels of yes/no decisions."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseaudit.aggregates import Cells
from noiseaudit.estimators.linked import Linked
from noiseaudit.groups.exact import conditional_gaps
from noiseaudit.groups.margins import Tables
from noiseaudit.groups.panel_shares import difficulty, panel_share_gaps


def panel(seed, *, J=8, C=60, share=1.0, base=0.4):
    draw = np.random.default_rng(seed)
    case, judge = (part.ravel() for part in np.meshgrid(np.arange(C), np.arange(J), indexing="ij"))
    there = draw.random(J * C) < share
    y = draw.random(J * C) < np.clip(base + draw.normal(0, 0.3, C)[case], 0.01, 0.99)
    case, judge, y = case[there], judge[there], y[there].astype(float)
    return Linked.of(Cells.from_arrays(case, judge, y, shift=Decimal(0))), draw


def test_strata_by_hand() -> None:
    # judge 0 sees ten cases; of the nine others each case has this many ones
    ones = [0, 0, 0, 1, 2, 2, 5, 6, 7, 9]
    case, judge, y = [], [], []
    for c, count in enumerate(ones):
        for j in range(10):
            case.append(c)
            judge.append(j)
            y.append(0.0 if j == 0 else float(j <= count))
    linked = Linked.of(Cells.from_arrays(case, judge, y, shift=Decimal(0)))
    mine = difficulty(linked, linked.x[:, 0])[linked.judge == 0]
    # cuts after 2, 4, 6 and 8 cases: the first falls among three zeros and moves up, the second among nobody's equals
    np.testing.assert_array_equal(mine, [0, 0, 0, 1, 2, 2, 3, 3, 4, 4])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.6, 1.0]), st.sampled_from([0.05, 0.4]))
def test_strata_depend_on_shares_only_and_turn_with_the_answer(seed, share, base) -> None:
    linked, _ = panel(seed, share=share, base=base)
    x = linked.x[:, 0]
    stratum, turned = difficulty(linked, x), difficulty(linked, 1 - x)
    others = np.round((linked.over_case(x)[linked.case] - x) / (linked.per_case[linked.case] - 1), 9)
    for j in range(linked.J):
        mine = linked.judge == j
        order = np.argsort(others[mine])
        assert (np.diff(stratum[mine][order]) >= 0).all()
        assert all(len(set(stratum[mine][others[mine] == value])) == 1 for value in np.unique(others[mine]))
        assert stratum[mine].min() == 0
        assert len({(a, b) for a, b in zip(stratum[mine], turned[mine], strict=True)}) == len(set(stratum[mine]))
        assert len(set(turned[mine])) == len(set(stratum[mine]))


def test_as_tables_by_loops() -> None:
    linked, draw = panel(7, share=0.7)
    flag = draw.random(linked.C)[linked.case] < 0.4
    found = panel_share_gaps(linked, flag)
    stratum, y = difficulty(linked, linked.x[:, 0]), linked.x[:, 0]
    rows = []
    for j in range(linked.J):
        for h in range(5):
            at = (linked.judge == j) & (stratum == h)
            rows.append([j, (at & flag).sum(), y[at & flag].sum(), (at & ~flag).sum(), y[at & ~flag].sum()])
    test, *columns = np.array(rows, dtype=float).T
    expected = conditional_gaps(Tables(test.astype(np.intp), *columns), linked.J)
    for name in ("n_in", "n_out", "gap", "se", "p"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name))
    assert found.tested.all()


def test_who_is_left_out_of_difficulty_is_as_if_not_there() -> None:
    linked, _ = panel(3, J=7)
    gone = np.arange(7) == 6
    stratum = difficulty(linked, linked.x[:, 0], without=gone)
    rest = linked.judge < 6
    alone = Linked.of(Cells.from_arrays(linked.case[rest], linked.judge[rest], linked.x[rest, 0], shift=Decimal(0)))
    np.testing.assert_array_equal(stratum[rest], difficulty(alone, alone.x[:, 0]))
    np.testing.assert_array_equal(stratum[~rest], difficulty(linked, linked.x[:, 0])[~rest])


def test_nobody_else_on_the_case_but_who_is_left_out() -> None:
    case, judge, y = [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    linked = Linked.of(Cells.from_arrays(case, judge, y, shift=Decimal(0)))
    with_all = difficulty(linked, linked.x[:, 0])
    np.testing.assert_array_equal(difficulty(linked, linked.x[:, 0], without=np.array([False, True])), with_all)


def test_one_who_deviates_much_makes_no_case_look_harder() -> None:
    """The strata of the others are those of the panel without this judge."""
    linked, _ = panel(5, J=9, C=200)
    flag = linked.case % 3 == 0
    x = linked.x.copy()
    x[(linked.judge == 8) & flag] = 1.0
    x[(linked.judge == 8) & ~flag] = 0.0
    biased = replace(linked, x=x)
    found = panel_share_gaps(biased, flag)
    stratum, y = difficulty(biased, x[:, 0], without=np.arange(9) == 8), x[:, 0]
    key = linked.judge * 5 + stratum
    counts = [np.bincount(key, weights=part, minlength=45) for part in (flag, flag * y, ~flag, ~flag * y)]
    expected = conditional_gaps(Tables(np.arange(45) // 5, *counts), 9)
    np.testing.assert_allclose(found.p, expected.p)
    assert found.p[8] < 1e-6
    assert not np.array_equal(stratum, difficulty(biased, x[:, 0]))


def test_symmetry() -> None:
    linked, draw = panel(8)
    flag = draw.random(linked.C)[linked.case] < 0.4
    one, other = panel_share_gaps(linked, flag), panel_share_gaps(linked, ~flag)
    np.testing.assert_allclose(one.gap, -other.gap)
    np.testing.assert_allclose(one.p, other.p)
    turned = Linked.of(Cells.from_arrays(linked.case, linked.judge, 1 - linked.x[:, 0], shift=Decimal(0)))
    other = panel_share_gaps(turned, flag)
    np.testing.assert_allclose(one.gap, -other.gap)
    np.testing.assert_allclose(one.p, other.p)


def test_unknown_flags_and_blocks() -> None:
    linked, draw = panel(9)
    flag = draw.random(linked.C)[linked.case] < 0.4
    known = draw.random(linked.C)[linked.case] < 0.8
    found = panel_share_gaps(linked, flag, known=known)
    np.testing.assert_array_equal(found.n_in + found.n_out, np.bincount(linked.judge, weights=known))
    # two panels without a shared case or judge: each as alone
    case = np.concatenate([linked.case, linked.case + 1000])
    judge = np.concatenate([linked.judge, linked.judge + 100])
    both = Linked.of(Cells.from_arrays(case, judge, np.tile(linked.x[:, 0], 2), shift=Decimal(0)))
    alone, together = panel_share_gaps(linked, flag), panel_share_gaps(both, np.tile(flag, 2))
    assert both.blocks == 2
    np.testing.assert_allclose(together.p, np.tile(alone.p, 2))


def test_decisions_that_repeat_count_each() -> None:
    draw = np.random.default_rng(1)
    case, judge = np.repeat(np.arange(50), 12), np.tile(np.repeat(np.arange(6), 2), 50)
    y = (draw.random(600) < 0.4).astype(float)
    linked = Linked.of(Cells.from_arrays(case, judge, y, shift=Decimal(0)))
    found = panel_share_gaps(linked, linked.case % 2 == 0)
    np.testing.assert_array_equal(found.n_in, 50)
    assert found.base == pytest.approx(y[case % 2 == 0].mean(), abs=0.05)
