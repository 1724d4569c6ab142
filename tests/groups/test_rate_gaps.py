"""Gaps in rates, from rows."""

import numpy as np
import pandas as pd
import pytest

from noiseaudit.groups.exact import conditional_gaps
from noiseaudit.groups.margins import Counts
from noiseaudit.groups.rate_gaps import RateGroups, rate_log_gaps


def rows(seed, *, J=8, n=80, values=3, clusters=1.0):
    draw = np.random.default_rng(seed)
    judge = np.repeat(np.arange(J), n)
    stratum, value = draw.integers(0, 2, J * n), draw.integers(0, values, J * n)
    exposure = draw.integers(1, 9, J * n).astype(float)
    mean = 0.2 * exposure * draw.gamma(4, 0.25, J)[judge]
    events = draw.poisson(mean) if clusters == 1 else draw.negative_binomial(mean / (clusters - 1), 1 / clusters)
    return judge, stratum, value, events.astype(float), exposure


def groups(judge, stratum, value, events, exposure):
    labels = [pd.RangeIndex(int(part.max()) + 1).astype("str") for part in (judge, value)]
    return RateGroups.from_rows(
        judge, stratum, value=value, events=events, exposure=exposure, judges=labels[0], values=labels[1]
    )


@pytest.mark.parametrize("unknown", [None, 2])
def test_as_counts_by_loops(unknown) -> None:
    judge, stratum, value, events, exposure = rows(1)
    held = groups(judge, stratum, value, events, exposure)
    found = rate_log_gaps(held, unknown=unknown)
    for v, gaps in enumerate(found):
        parts = []
        for j in range(8):
            for h in range(2):
                here = (judge == j) & (stratum == h)
                inside, outside = here & (value == v), here & (value != v)
                if unknown not in (None, v):
                    outside &= value != unknown
                parts.append([j, events[inside].sum(), exposure[inside].sum(), events[outside].sum(),
                              exposure[outside].sum(), inside.sum(), outside.sum()])  # fmt: skip
        test, *columns = np.array(parts, dtype=float).T
        expected = conditional_gaps(Counts(test.astype(np.intp), *columns), 8, dispersion=held.dispersion)
        for name in ("n_in", "n_out", "own", "gap", "se", "p", "base"):
            np.testing.assert_allclose(getattr(gaps, name), getattr(expected, name), rtol=1e-9)


def test_clusters_are_taken_into_account() -> None:
    single, clustered = (groups(*rows(2, clusters=c, n=400)) for c in (1.0, 3.0))
    assert single.dispersion == pytest.approx(1.0, abs=0.1)
    assert clustered.dispersion == pytest.approx(3.0, rel=0.15)
    gaps = rate_log_gaps(clustered)[0]
    d = np.bincount(clustered.judge, weights=clustered.sums.events, minlength=8)
    share = np.bincount(clustered.judge, weights=np.where(clustered.value == 0, clustered.sums.events, 0))
    np.testing.assert_allclose(gaps.own_se**2, 3 / share + 3 / (d - share), rtol=0.3)


def test_rows_without_events_say_nothing() -> None:
    judge, stratum, value, events, exposure = rows(3)
    held = groups(judge, stratum, value, np.zeros_like(events), exposure)
    assert held.dispersion == 1.0
    for gaps in rate_log_gaps(held):
        assert not gaps.tested.any()
        assert np.isnan(gaps.gap).all()


def test_groups_turned_round() -> None:
    held = groups(*rows(4, values=2))
    one, other = rate_log_gaps(held)
    np.testing.assert_allclose(one.gap, -other.gap)
    np.testing.assert_allclose(one.p, other.p, atol=1e-12)
