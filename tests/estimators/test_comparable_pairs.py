"""Pairs of comparable decisions and split halves, against sums over all pairs and what theory says."""

from __future__ import annotations

import numpy as np
import pytest

from noiseaudit.estimators.comparable_pairs import pairs_difference, pairs_disagreement
from noiseaudit.estimators.split_half import split_half
from noiseaudit.result import Estimate, Figure


def test_difference_is_that_of_all_pairs_of_two_judges() -> None:
    rng = np.random.default_rng(1)
    judge, y = rng.integers(0, 5, 80), rng.standard_normal(80).round(1)
    apart = np.abs(y[:, None] - y)[judge[:, None] != judge]
    found = pairs_difference(judge, y, unit="€")
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(apart.mean())
    assert found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]


def test_interval_of_the_difference_holds_the_truth() -> None:
    """Levels N(0, 1), decisions N(level, 1): E |y - y'| of two judges = 2 sqrt(2/pi)."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng([2, seed])
        judge = rng.integers(0, 40, 2000)
        y = rng.standard_normal(40)[judge] + rng.standard_normal(2000)
        found = pairs_difference(judge, y, unit=None)
        assert isinstance(found, Figure)
        assert found.interval is not None
        held += found.interval[0] <= 2 * np.sqrt(2 / np.pi) <= found.interval[1]
    assert held >= 88


def test_disagreement_is_twice_the_variance_of_one_indicator() -> None:
    level, spread = Estimate(0.01, (0.0, 0.02)), Estimate(0.2, (0.18, 0.22))
    found = pairs_disagreement(level, spread, factor=2.0)
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(0.42)


def test_halves_agree_as_far_as_theory_says() -> None:
    """Reliability of a mean of n decisions: L/(L + s2/n)."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng([3, seed])
        judge = np.repeat(np.arange(60), 20)
        y = 0.5 * rng.standard_normal(60)[judge] + rng.standard_normal(1200)
        part = split_half(judge, y)
        assert isinstance(part, Figure)
        found.append(part.value)
    assert np.mean(found) == pytest.approx(0.25 / (0.25 + 1 / 20), abs=0.02)


def test_one_judge_has_no_colleague() -> None:
    assert pairs_difference(np.zeros(5, dtype=int), np.arange(5.0), unit=None).reason == "single_judge"
    assert split_half(np.zeros(50, dtype=int), np.arange(50.0)).reason == "too_few_judges"
