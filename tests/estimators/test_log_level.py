"""Level noise of a log against its formula, deletion of judges, and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.log_level import left_out_levels, level_from_moments, sampling_variance
from noiseaudit.result import Estimate

from ..validity.study_time import errors, triple

SETTINGS = {"confidence": 0.95, "kurtosis_floor": 2.0}


def moments(judge: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = [y[judge == j] for j in range(judge.max() + 1)]
    return tuple(np.array([f(r) for r in rows]) for f in (len, np.mean, lambda r: ((r - r.mean()) ** 2).sum()))


def test_by_hand() -> None:
    n, mean, m2 = np.array([4.0, 2, 1, 3]), np.array([1.0, 4, 90, 7]), np.array([3.0, 1, 0, 2])
    s2 = (3 + 1 + 2) / (9 - 3)  # the judge with one decision does not count
    found = level_from_moments(n, mean, m2, **SETTINGS)
    assert isinstance(found, Estimate)
    assert found.variance == pytest.approx(np.var([1, 4, 7], ddof=1) - s2 * np.mean([1 / 4, 1 / 2, 1 / 3]))
    assert found.variance_interval is not None


def test_own_spread_from_twenty_decisions_each() -> None:
    m2 = np.array([40.0, 400.0])
    assert sampling_variance(np.array([20.0, 21.0]), m2) == pytest.approx([40 / 19 / 20, 400 / 20 / 21])
    assert sampling_variance(np.array([19.0, 21.0]), m2) == pytest.approx([440 / 38 / 19, 440 / 38 / 21])


def test_leaving_judges_out() -> None:
    rng = np.random.default_rng(3)
    mean, J = rng.normal(size=12), 12
    rest = np.array([np.delete(mean, j).var(ddof=1) for j in range(J)])
    assert left_out_levels(mean, np.zeros(J)) == pytest.approx(rest)
    # 4.1 takes tr = (J-1)/J sum v over dJ - 1: (J-1)^2/(J(J-2)) of the mean noise of those who stay
    assert left_out_levels(mean, np.full(J, 0.3)) == pytest.approx(rest - 0.3 * 121 / 120)


@pytest.mark.parametrize(("judges", "kind"), [(20, "normal"), (20, "exp"), (60, "exp")])
def test_unbiased_and_covering(judges: int, kind: str) -> None:
    found = []
    for run in range(150):
        rng = np.random.default_rng((judges, run))
        judge = np.repeat(np.arange(judges), np.maximum(2, rng.poisson(50, judges)))
        y = 0.5 * errors(rng, judges, skewed=kind == "exp")[judge] + errors(rng, len(judge), skewed=kind == "exp")
        found.append(triple(level_from_moments(*moments(judge, y), **SETTINGS)))
    value, low, high = np.array(found).T
    assert abs(value.mean() - 0.25) < 4 * value.std() / np.sqrt(len(value))
    assert np.mean((low <= 0.25) & (high >= 0.25)) >= 0.93 - 3 * 0.018


def test_what_cannot_be_known() -> None:
    one = level_from_moments(np.array([5.0]), np.array([1.0]), np.array([2.0]), **SETTINGS)
    assert isinstance(one, NotIdentified)
    assert one.reason == "single_judge"
    few = level_from_moments(np.array([5.0, 1, 1]), np.zeros(3), np.zeros(3), **SETTINGS)
    assert isinstance(few, NotIdentified)
    assert few.reason == "too_few_each"
    two = level_from_moments(np.array([5.0, 3]), np.array([1.0, 4]), np.array([2.0, 2]), **SETTINGS)
    assert isinstance(two, Estimate)
    assert (two.variance_interval, two.interval_reason) == (None, "too_few_judges")
