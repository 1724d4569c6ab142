"""The test against the others' median, and moderated variances, against direct computation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from noiseaudit.groups.moderated import inverse_trigamma, moderate
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.peer_centre import against_peers, median_of_others


@pytest.mark.parametrize("J", [4, 5, 9, 20])
def test_against_the_definition(J: int) -> None:
    rng = np.random.default_rng(J)
    own, se, df = rng.normal(size=J), rng.uniform(0.1, 2, J), rng.uniform(3, 30, J)
    own[1] = own[0]  # a tie
    residuals = against_peers(own, se, df=df, peers_in="residuals")
    means = against_peers(own, se, df=df, peers_in="means")
    for j in range(J):
        others = np.arange(J) != j
        gap = own[j] - np.median(own[others])
        of_residuals = 2.57 * np.mean(se[others] ** 2) / (J - 1)
        of_means = 1.57 * (J - 1) / np.sum(1 / se[others]) ** 2
        for found, variance in ((residuals, of_residuals), (means, of_means)):
            T = gap / np.sqrt(se[j] ** 2 + variance)
            assert found.gap[j] == pytest.approx(gap, abs=1e-14)
            assert found.T[j] == pytest.approx(T, rel=1e-12)
            assert found.p[j] == pytest.approx(2 * stats.t.sf(abs(T), df[j]), rel=1e-10)


def test_blocks_are_tested_apart_and_three_are_too_few() -> None:
    rng = np.random.default_rng(1)
    own, se, df = rng.normal(size=12), rng.uniform(0.5, 1, 12), np.full(12, np.inf)
    block = np.array([7, 2, 7, 2, 7, 2, 7, 2, 7, 5, 5, 5])
    found = against_peers(own, se, df=df, peers_in="residuals", block=block)
    for one in (7, 2):
        alone = against_peers(own[block == one], se[block == one], df=df[block == one], peers_in="residuals")
        assert np.array_equal(found.p[block == one], alone.p)
    assert np.isnan(found.p[block == 5]).all()
    assert np.isnan(found.gap[block == 5]).all()


def test_one_who_deviates_does_not_move_the_others() -> None:
    own = np.array([0.0, 0.1, -0.1, 0.05, -0.05, 0.0, 0.02, 50.0])
    found = against_peers(own, np.full(8, 0.1), df=np.full(8, np.inf), peers_in="means")
    assert found.p[-1] < 1e-12
    assert found.p[:-1].min() > 0.2


def test_exact_contrasts_leave_no_uncertainty() -> None:
    found = against_peers(np.array([0.0, 0, 0, 0, 1]), np.zeros(5), df=np.full(5, np.inf), peers_in="means")
    assert found.p[:4] == pytest.approx(1)
    assert found.p[4] == 0


@pytest.mark.parametrize("J", [2, 3, 6, 7])
def test_median_of_others(J: int) -> None:
    values = np.random.default_rng(J).integers(0, 4, J).astype(float)
    expected = [np.median(np.delete(values, j)) for j in range(J)]
    assert median_of_others(values) == pytest.approx(expected)


@pytest.mark.parametrize("y", [1e-6, 1e-3, 0.1, 1.0, 7.3, 500.0, 1e5])
def test_inverse_trigamma(y: float) -> None:
    assert inverse_trigamma(float(special.polygamma(1, y))) == pytest.approx(y, rel=1e-6)


def test_moderated_variances_recover_their_prior() -> None:
    """Drawn as Smyth's model says: sigma^2 = d0 s0^2/chi2_{d0}, s^2 = sigma^2 chi2_df/df."""
    rng = np.random.default_rng(3)
    df = rng.integers(8, 40, 20_000).astype(float)
    s2 = 2.5 * 6 / rng.chisquare(6, df.size) * rng.chisquare(df) / df
    found = moderate(s2, df)
    assert found.d0 == pytest.approx(6, rel=0.05)
    assert found.s02 == pytest.approx(2.5, rel=0.02)
    assert found.variance == pytest.approx((found.d0 * found.s02 + df * s2) / (found.d0 + df))
    same = moderate(np.full(50, 2.5), df[:50])  # less spread than chance gives
    assert np.isinf(same.d0)
    assert np.isinf(same.df).all()
    assert np.ptp(same.variance) == 0


def test_zeros_and_few_variances() -> None:
    one = moderate(np.array([2.0]), np.array([8.0]))
    assert (one.d0, one.variance[0], one.df[0]) == (0, 2, 8)
    mostly_zero = moderate(np.array([0.0, 0, 0, 1]), np.full(4, 8.0))
    assert mostly_zero.variance.tolist() == [0, 0, 0, 1]
    one_zero = moderate(np.array([0.0, 1, 1, 1, 2]), np.full(5, 30.0))
    assert np.isfinite(one_zero.variance).all()
    assert (one_zero.variance >= 0).all()
    assert np.isfinite(one_zero.d0)


def test_q_values_are_those_of_statsmodels_and_skip_what_was_not_tested() -> None:
    p = np.random.default_rng(0).uniform(size=40) ** 3
    p[[3, 17]] = np.nan
    q = q_values(p)
    known = np.isfinite(p)
    assert q[known] == pytest.approx(multipletests(p[known], method="fdr_bh")[1])
    assert np.isnan(q[~known]).all()
    ordered = np.sort(p[known])  # the definition
    expected = np.minimum.accumulate((38 * ordered / np.arange(1, 39))[::-1])[::-1]
    assert np.sort(q[known]) == pytest.approx(expected)
    assert np.isnan(q_values(np.full(3, np.nan))).all()
