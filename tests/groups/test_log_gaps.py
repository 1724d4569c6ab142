"""Gaps in logs, from sums: against the rows themselves."""

import numpy as np
import pytest
from scipy import stats

from noiseaudit.groups.exact import conditional_gaps
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.margins import Tables
from noiseaudit.groups.moderated import moderate
from tests.groups.test_sums import sums_of


def log(seed, *, J=9, n=120, strata=3, values=4):
    draw = np.random.default_rng(seed)
    judge = np.repeat(np.arange(J), n)
    return draw, judge, draw.integers(0, strata, J * n), draw.integers(0, values, J * n)


def test_yes_no_as_tables_of_the_rows() -> None:
    draw, judge, stratum, value = log(1)
    y = draw.random(len(judge)) < 0.3
    found = binary_log_gaps(sums_of(judge, stratum, value, y, sizes=(9, 3, 4)))
    assert len(found) == 4
    for v, gaps in enumerate(found):
        cell = judge * 3 + stratum
        n1, s1, n0, s0 = (
            np.bincount(cell, weights=part, minlength=27)
            for part in (value == v, (value == v) & y, value != v, (value != v) & y)
        )
        expected = conditional_gaps(Tables(np.arange(27) // 3, n1, s1, n0, s0), 9)
        for name in ("n_in", "n_out", "own", "gap", "se", "p", "base"):
            np.testing.assert_allclose(getattr(gaps, name), getattr(expected, name), rtol=1e-9)


def test_numbers_with_one_stratum_are_means_in_minus_out() -> None:
    draw, judge, stratum, value = log(2, strata=1)
    y = draw.normal(size=len(judge)) * np.where(value == 1, 2, 1) + judge
    gaps = numeric_log_gaps(sums_of(judge, stratum, value, y, sizes=(9, 1, 4)), values=[1])[0]
    squares, own, sides = [], [], []
    for j in range(9):
        inside, outside = y[(judge == j) & (value == 1)], y[(judge == j) & (value != 1)]
        own.append(inside.mean() - outside.mean())
        sides.append((len(inside), len(outside)))
        squares.append((((inside - inside.mean()) ** 2).sum(), ((outside - outside.mean()) ** 2).sum()))
    (n1, n0), (q1, q0) = np.array(sides, dtype=float).T, np.array(squares).T
    np.testing.assert_allclose(gaps.own, own)
    a, b = moderate(q1 / (n1 - 1), n1 - 1), moderate(q0 / (n0 - 1), n0 - 1)
    parts = a.variance / n1, b.variance / n0
    np.testing.assert_allclose(gaps.own_se**2, sum(parts))
    df = sum(parts) ** 2 / (parts[0] ** 2 / a.df + parts[1] ** 2 / b.df)
    j = 4
    others = np.delete(np.arange(9), j)
    v = 1.57 * 8 / (1 / gaps.own_se[others]).sum() ** 2
    assert gaps.gap[j] == pytest.approx(own[j] - np.median(np.array(own)[others]))
    assert gaps.p[j] == pytest.approx(2 * stats.t.sf(abs(gaps.gap[j]) / np.sqrt(gaps.own_se[j] ** 2 + v), df[j]))


def test_numbers_do_not_see_levels_of_strata() -> None:
    draw, judge, stratum, value = log(3)
    stratum = np.minimum(value, 2) * (draw.random(len(judge)) < 0.7)  # the groups are in strata of their own
    y = draw.normal(size=len(judge))
    plain, moved = (
        numeric_log_gaps(sums_of(judge, stratum, value, part, sizes=(9, 3, 4)))
        for part in (y, y + 10 * stratum * (1 + judge))
    )
    for one, other in zip(plain, moved, strict=True):
        np.testing.assert_allclose(one.gap, other.gap, atol=1e-8)
        np.testing.assert_allclose(one.p, other.p, atol=1e-7)


def test_groups_turned_round_turn_the_gap() -> None:
    draw, judge, stratum, value = log(4, values=2)
    y = draw.exponential(size=len(judge))
    one, other = numeric_log_gaps(sums_of(judge, stratum, value, y, sizes=(9, 3, 2)))
    np.testing.assert_allclose(one.gap, -other.gap)
    np.testing.assert_allclose(one.p, other.p)
    yes, no = binary_log_gaps(sums_of(judge, stratum, value, y > 1, sizes=(9, 3, 2)))
    np.testing.assert_allclose(yes.gap, -no.gap)
    np.testing.assert_allclose(yes.p, no.p, atol=1e-12)


def test_unknown_values_are_on_neither_side_of_others() -> None:
    draw, judge, stratum, value = log(5)
    y = draw.normal(size=len(judge))
    found = numeric_log_gaps(sums_of(judge, stratum, value, y, sizes=(9, 3, 4)), unknown=3)
    known = value != 3
    without = numeric_log_gaps(sums_of(judge[known], stratum[known], value[known], y[known], sizes=(9, 3, 4)))
    for one, other in zip(found[:3], without[:3], strict=True):
        np.testing.assert_allclose(one.gap, other.gap)
        np.testing.assert_allclose(one.p, other.p)
        np.testing.assert_array_equal(one.n_out, other.n_out)
    np.testing.assert_array_equal(found[3].n_out, np.bincount(judge[known]))


def test_edges() -> None:
    one = sums_of([0, 0, 0], [0, 0, 0], [0, 0, 1], [1.0, 2.0, 4.0], sizes=(1, 1, 2))
    for gaps in (
        *numeric_log_gaps(one),
        *binary_log_gaps(sums_of([0] * 9, [0] * 9, [0] * 9, [1] * 9, sizes=(1, 1, 2))),
    ):
        assert not gaps.tested.any()
        assert np.isnan(gaps.p).all()
    alike = numeric_log_gaps(sums_of(np.repeat(np.arange(6), 20), [0] * 120, [0, 1] * 60, [3.0] * 120, sizes=(6, 1, 2)))
    assert not alike[0].tested.any()  # nobody's decisions vary
