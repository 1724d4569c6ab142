"""Sensitivity by numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from noiseaudit.comparable.assignment import balance_of
from noiseaudit.comparable.sensitivity import sensitivity_of
from noiseaudit.errors import NotIdentified
from noiseaudit.result import Balance, Estimate, Sensitivity


def balance(feature: str, eta: float, effect: float | None) -> Balance:
    return Balance(feature, eta, None, 1.0, (1.0, 1.0), 0.5, 0.5, "F", effect)


FEATURES = [balance("age", 0.5, 0.2), balance("amount", 0.1, -2.0), balance("place", 0.9, None)]


def reason(level: Estimate | NotIdentified, balances: list[Balance]) -> str:
    found = sensitivity_of(level, balances)
    assert isinstance(found, NotIdentified)
    assert found.because
    return found.reason


def test_ratio_to_the_strongest_feature() -> None:
    found = sensitivity_of(Estimate(0.36, (0.04, 1.0)), FEATURES)
    assert isinstance(found, Sensitivity)
    assert (found.strongest, found.its_effect, found.its_eta) == ("amount", -2.0, 0.1)
    assert (found.ratio, found.ratio_low) == pytest.approx((3.0, 1.0))  # .6/.2, .2/.2
    assert found.curve[0] == (0.6, 1.0)  # with all of its spread between professionals, the effect must be sqrt(L)
    assert [delta * eta for delta, eta in found.curve] == pytest.approx([0.6] * len(found.curve))
    assert [delta for delta, _ in found.curve] == sorted(delta for delta, _ in found.curve)


def test_lower_limits() -> None:
    zero = sensitivity_of(Estimate(0.36, (0.0, 1.0)), FEATURES)
    none = sensitivity_of(Estimate(0.36, None), FEATURES)
    assert isinstance(zero, Sensitivity)
    assert isinstance(none, Sensitivity)
    assert (zero.ratio_low, none.ratio_low) == (0.0, None)


def test_reasons() -> None:
    assert reason(Estimate(-0.1, (0.0, 1.0)), FEATURES) == "no_level_noise"
    assert reason(Estimate(0.0, None), FEATURES) == "no_level_noise"
    assert reason(NotIdentified.of("single_judge"), FEATURES) == "single_judge"
    assert reason(Estimate(1.0, None), []) == "no_features"
    assert reason(Estimate(1.0, None), [FEATURES[2]]) == "no_features"
    assert reason(Estimate(1.0, None), [balance("a", 0.0, 1.0), balance("b", 0.4, 0.0)]) == "no_uneven_feature"


def test_a_feature_that_was_left_out_is_as_strong_as_it_was_made() -> None:
    """Level noise that is all one feature has RR 1 against that feature."""
    rng = np.random.default_rng(1)
    judge = np.repeat(np.arange(100), 400)
    feature = rng.standard_normal(40_000) + 0.5 * rng.standard_normal(100)[judge]
    decision = 2 * feature + rng.standard_normal(40_000)
    strongest = balance_of(feature, judge, feature="x", decision=decision)
    assert isinstance(strongest, Balance)
    means = decision.reshape(100, 400).mean(axis=1)
    level = means.var(ddof=1) - decision.reshape(100, 400).var(axis=1, ddof=1).mean() / 400
    found = sensitivity_of(Estimate(level, None), [strongest])
    assert isinstance(found, Sensitivity)
    assert found.ratio == pytest.approx(1.0, abs=0.02)
