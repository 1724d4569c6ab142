"""The exact conditional test, against the method's reference values, enumeration, SciPy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from noiseaudit.groups.conditional_law import ConditionalLaws
from noiseaudit.groups.exact import ExactP, conditional_gaps, conditional_p, estimate
from noiseaudit.groups.margins import Counts, Tables
from noiseaudit.groups.multiplicity import q_values

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
O_ROWS = [(4, 2, 5, 3), (3, 1, 6, 2), (10, 7, 20, 4)]


def tables(rows, test=None):
    columns = np.array(rows, dtype=float).reshape(-1, 4).T
    return Tables(np.zeros(len(rows), dtype=np.intp) if test is None else np.asarray(test, dtype=np.intp), *columns)


def law_of(held, theta, reach=0.0):
    (block,) = ConditionalLaws.of(held, np.array([theta]), reach=np.array([reach])).blocks
    weight = block.weight[:, 0]
    return weight / weight.sum()


def one_p(held, theta, V=0.0, midp=False):
    return float(conditional_p(held, np.array([theta]), variance=np.array([V]), midp=midp).p[0])


def pmf_of_table(n1, s1, n0, s0, theta):
    """On 0, ..., n1 + n0, so that tables convolve without an offset."""
    k = np.arange(n1 + n0 + 1)
    return stats.nchypergeom_fisher(n1 + n0, n1, s1 + s0, np.exp(theta)).pmf(k)


def slow_p(pmfs, seen, theta, V=0.0, midp=False):
    p = 0.0
    for x, w in zip(NODES, WEIGHTS, strict=True):
        whole = np.ones(1)
        for pmf in pmfs:
            whole = np.convolve(whole, pmf(theta + np.sqrt(V) * x))
        half = whole[seen] / 2 if midp else 0.0
        p += w * min(1.0, 2 * min(whole[: seen + 1].sum() - half, whole[seen:].sum() - half))
    return p


def slow_p_of_tables(rows, theta, V=0.0, midp=False):
    pmfs = [lambda t, row=row: pmf_of_table(*row, t) for row in rows]
    return slow_p(pmfs, sum(row[1] for row in rows), theta, V, midp)


def test_reference_h() -> None:
    held = tables([(10, 7, 20, 4)])
    assert one_p(held, 0.3) == pytest.approx(0.0605402745, abs=1e-10)
    assert one_p(held, 0.3, midp=True) == pytest.approx(0.0336369398, abs=1e-10)
    law, k = law_of(held, 0.3), np.arange(11)
    assert law @ k == pytest.approx(4.1526525573, rel=1e-9)
    assert law @ (k - law @ k) ** 2 == pytest.approx(1.6339249976, rel=1e-9)


def test_reference_o() -> None:
    held = tables(O_ROWS[:2])
    pmf = [0.000475999352, 0.01579989387, 0.1121858046, 0.3050911048]
    # the fifth is given as .1767385926; then they would not sum to 1
    pmf += [0.3536460336, 0.1767385922, 0.03410566128, 0.00195691030]
    np.testing.assert_allclose(law_of(held, 0.4), pmf, rtol=1e-9)
    assert one_p(held, 0.4) == pytest.approx(0.8671056053, abs=1e-10)
    assert one_p(held, 0.4, 0.09, midp=True) == pytest.approx(0.5715761997, abs=1e-10)
    # the reference value of the method is .8179860406; these seven nodes give this, and so does the slow way
    assert one_p(held, 0.4, 0.09) == pytest.approx(0.8179856441, abs=1e-10)
    assert one_p(held, 0.4, 0.09) == pytest.approx(slow_p_of_tables(O_ROWS[:2], 0.4, 0.09), rel=1e-9)
    theta, V = estimate(tables(O_ROWS).mantel_haenszel().sum(axis=1))
    assert (theta, V) == (pytest.approx(1.0176052185, rel=1e-9), pytest.approx(0.3024293119, rel=1e-9))


@st.composite
def some_tables(draw, most=4):
    rows = []
    for _ in range(draw(st.integers(1, most))):
        n1, n0 = draw(st.integers(0, 12)), draw(st.integers(0, 12))
        rows.append((n1, draw(st.integers(0, n1)), n0, draw(st.integers(0, n0))))
    return [row for row in rows if row[0] + row[2]] or [(3, 1, 4, 2)]


@settings(max_examples=60, deadline=None)
@given(some_tables(), st.floats(-3, 3), st.floats(0, 1.5), st.booleans())
def test_as_the_slow_way(rows, theta, V, midp) -> None:
    assert one_p(tables(rows), theta, V, midp) == pytest.approx(slow_p_of_tables(rows, theta, V, midp), abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(some_tables(), st.floats(-2, 2), st.floats(0, 1))
def test_symmetry(rows, theta, V) -> None:
    p = one_p(tables(rows), theta, V)
    assert one_p(tables([(n0, s0, n1, s1) for n1, s1, n0, s0 in rows]), -theta, V) == pytest.approx(p, abs=1e-11)
    assert one_p(tables([(n1, n1 - s1, n0, n0 - s0) for n1, s1, n0, s0 in rows]), -theta, V) == pytest.approx(
        p, abs=1e-11
    )


def test_many_tests_at_once_are_each_as_alone() -> None:
    draw = np.random.default_rng(3)
    rows, test = [], []
    for j in range(300):
        for _ in range(draw.integers(1, 6)):
            n1, n0 = draw.integers(0, 1 + 10 ** (j % 3)), draw.integers(0, 40)
            rows.append((n1, draw.binomial(n1, 0.3), n0, draw.binomial(n0, 0.3)))
            test.append(j)
    theta, V = draw.normal(0, 1, 300), draw.uniform(0, 0.5, 300)
    together = conditional_p(tables(rows, test), theta, variance=V, midp=False)
    for j in range(0, 300, 7):
        mine = [row for row, k in zip(rows, test, strict=True) if k == j]
        assert together.p[j] == pytest.approx(one_p(tables(mine), theta[j], V[j]), rel=1e-10)


@pytest.mark.parametrize("s1", [300, 1480, 1700, 2600])
@pytest.mark.parametrize("V", [0.0, 0.01, 2.0])
def test_large_tables_leave_nothing_out_that_counts(s1, V) -> None:
    row = (3000, s1, 5000, 2400)
    assert one_p(tables([row]), 0.05, V) == pytest.approx(slow_p_of_tables([row], 0.05, V), abs=1e-10)


@pytest.mark.parametrize("midp", [False, True])
def test_smallest_attainable_p_is_that_of_the_ends(midp) -> None:
    held = tables([(6, 2, 9, 1)])
    found = conditional_p(held, np.array([0.5]), variance=np.array([0.04]), midp=midp)
    ends = [slow_p_of_tables([(6, s1, 9, 3 - s1)], 0.5, 0.04, midp) for s1 in range(4)]
    assert found.attainable[0] == pytest.approx(min(ends), rel=1e-9)


def test_rates_are_binomial_given_the_total() -> None:
    d1, e1, d0, e0 = (np.array(part, dtype=float) for part in ([3, 2], [10.0, 4.0], [1, 6], [15.0, 30.0]))
    held = Counts(np.zeros(2, dtype=np.intp), d1, e1, d0, e0, e1, e0)

    def pmf(h):
        D = int(d1[h] + d0[h])
        return lambda t: stats.binom(D, e1[h] * np.exp(t) / (e1[h] * np.exp(t) + e0[h])).pmf(np.arange(D + 1))

    for V in (0.0, 0.2):
        assert one_p(held, 0.3, V) == pytest.approx(slow_p([pmf(0), pmf(1)], 5, 0.3, V), rel=1e-9)
    R, S = (d1 * e0 / (e1 + e0)).sum() + 0.25, (d0 * e1 / (e1 + e0)).sum() + 0.25
    theta, V = estimate(held.mantel_haenszel().sum(axis=1))
    assert theta == pytest.approx(np.log(R / S))
    assert pytest.approx(((d1 + d0) * e1 * e0 / (e1 + e0) ** 2).sum() / (R * S)) == V


def test_peers_are_mantel_haenszel_of_the_others() -> None:
    draw = np.random.default_rng(5)
    rows, test = [], []
    for j in range(6):
        for _ in range(3):
            n1, n0 = draw.integers(4000, 6000), draw.integers(4000, 6000)
            rows.append((n1, draw.binomial(n1, 0.4), n0, draw.binomial(n0, 0.3)))
            test.append(j)
    found = conditional_gaps(tables(rows, test), 6)
    assert (q_values(found.p) > 0.1).all()
    for j in range(6):
        others = [
            np.array([[s1, n1 - s1], [s0, n0 - s0]]) for (n1, s1, n0, s0), k in zip(rows, test, strict=True) if k != j
        ]
        peers = StratifiedTable(others)
        mine = StratifiedTable([np.array([[s1, n1 - s1], [s0, n0 - s0]])
                                for (n1, s1, n0, s0), k in zip(rows, test, strict=True) if k == j])  # fmt: skip
        # .25 more on both sides hardly shows in tables of this size
        assert found.own[j] == pytest.approx(mine.logodds_pooled, abs=2e-4)
        assert found.own[j] - found.gap[j] == pytest.approx(peers.logodds_pooled, abs=2e-4)
        assert found.se[j] == pytest.approx(np.hypot(mine.logodds_pooled_se, peers.logodds_pooled_se), rel=1e-3)
        events = sum(row[1] for row, k in zip(rows, test, strict=True) if k != j)
        out_of = sum(row[0] for row, k in zip(rows, test, strict=True) if k != j)
        assert found.base[j] == pytest.approx(events / out_of, abs=1e-4)


def test_a_colleague_who_deviates_is_no_peer() -> None:
    rows = [(200, 60, 200, 60)] * 5 + [(200, 160, 200, 60)]
    found = conditional_gaps(tables(rows, range(6)), 6)
    assert found.p[5] < 1e-6
    assert (found.p[:5] > 0.6).all()
    np.testing.assert_allclose(found.gap[:5], 0.0, atol=0.01)


def test_with_two_peers_left_all_others_are() -> None:
    rows = [(500, 100, 500, 100)] * 2 + [(500, 400, 500, 100)] * 2
    found = conditional_gaps(tables(rows, range(4)), 4)
    parts = tables(rows, range(4)).mantel_haenszel()
    theta, _ = estimate(parts.sum(axis=1) - parts[:, 0])
    assert found.own[0] - found.gap[0] == pytest.approx(theta)


def test_edges() -> None:
    rows = [
        (10, 0, 20, 0),
        (0, 0, 20, 4),
        (10, 4, 20, 4),
        (4, 2, 30, 3),
        (10, 3, 20, 9),
        (12, 5, 18, 5),
        (9, 9, 11, 11),
    ]
    found = conditional_gaps(tables(rows, range(7)), 7)
    np.testing.assert_array_equal(found.tested, [False, False, True, False, True, True, False])
    assert np.isnan(found.own[[0, 1, 6]]).all()
    assert np.isfinite(found.gap[[2, 3, 4, 5]]).all()
    np.testing.assert_array_equal(found.n_in, [10, 0, 10, 4, 10, 12, 9])
    np.testing.assert_array_equal(np.isnan(found.p), ~found.tested)
    alone = conditional_gaps(tables([(10, 3, 20, 4)]), 1)
    assert not alone.tested.any()
    assert np.isnan(alone.gap).all()
    nobody = conditional_gaps(tables([]), 0)
    assert len(nobody) == 0


def test_dispersion_widens() -> None:
    draw = np.random.default_rng(2)
    e = np.full(8, 100.0)
    counts = Counts(np.arange(8), *(draw.poisson(12, 8).astype(float), e, draw.poisson(12, 8).astype(float), e, e, e))
    plain, wide = (conditional_gaps(counts, 8, dispersion=d) for d in (1.0, 4.0))
    np.testing.assert_allclose(wide.se, 2 * plain.se)
    p = ExactP(np.array([2 * stats.norm.sf(3.0)]), np.array([2 * stats.norm.sf(5.0)])).scaled(4.0)
    assert (p.p[0], p.attainable[0]) == (pytest.approx(2 * stats.norm.sf(1.5)), pytest.approx(2 * stats.norm.sf(2.5)))
