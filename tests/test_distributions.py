"""Quantiles and tails against printed tables, and against scipy.stats where no table goes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from noiseaudit import distributions as law

P = np.array([1e-12, 1e-6, 0.025, 0.5, 0.8, 0.975, 1 - 1e-9])
DF = (0.3, 1.0, 2.5, 17.0, 4e5)


def test_printed_tables() -> None:
    """As in NIST/SEMATECH, e-Handbook of Statistical Methods, 1.3.6.7."""
    assert law.normal_quantile(0.975) == pytest.approx(1.960, abs=5e-4)
    assert law.t_quantile(0.975, 10) == pytest.approx(2.228, abs=5e-4)
    assert law.chi2_quantile(0.95, 5) == pytest.approx(11.070, abs=5e-4)
    assert law.f_quantile(0.95, 3, 10) == pytest.approx(3.708, abs=5e-4)
    assert law.t_tail(2.228, 10) == pytest.approx(0.025, abs=5e-5)
    assert law.chi2_tail(11.070, 5) == pytest.approx(0.05, abs=5e-5)
    assert law.f_tail(3.708, 3, 10) == pytest.approx(0.05, abs=5e-5)


@pytest.mark.parametrize("df", DF)
def test_the_same_as_the_whole_library_gives(df: float) -> None:
    x = np.array([0.0, 1e-9, 0.7, 3.0, 80.0, np.inf])
    with np.errstate(all="ignore"):
        assert law.t_quantile(P, df) == pytest.approx(stats.t.ppf(P, df), rel=1e-12)
        assert law.t_tail(x, df) == pytest.approx(stats.t.sf(x, df), rel=1e-12)
        assert law.chi2_quantile(P, df) == pytest.approx(stats.chi2.ppf(P, df), rel=1e-12)
        assert law.chi2_tail(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-12)
        assert law.f_quantile(P, df, 9) == pytest.approx(stats.f.ppf(P, df, 9), rel=1e-12)
        assert law.f_tail(x, df, 9) == pytest.approx(stats.f.sf(x, df, 9), rel=1e-12)
        assert law.beta_quantile(P, df, 2) == pytest.approx(stats.beta.ppf(P, df, 2), rel=1e-12)


def test_edges() -> None:
    assert law.t_quantile(0.975, np.inf) == pytest.approx(law.normal_quantile(0.975), rel=1e-15)
    assert law.chi2_tail(-1e-18, 4) == law.f_tail(-1e-18, 3, 4) == 1.0
    assert np.isnan(law.f_tail(np.nan, 3, 4))
    assert np.isnan(law.beta_quantile(0.025, 0, 5))
