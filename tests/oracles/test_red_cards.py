"""Cards by 3,147 referees (Silberzahn et al., 2018) against maximum likelihood of the gamma-Poisson model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.estimators.rate_checks import rate_funnel
from noiseaudit.estimators.rate_classes import rate_level_in_classes
from noiseaudit.estimators.rates import RateLevel, rate_level


@pytest.fixture(scope="module")
def dyads(shared_data: Path) -> pd.DataFrame:
    data = pd.read_csv(shared_data / "red_cards" / "dyads.csv.gz")
    return data.assign(referee=pd.factorize(data["refNum"])[0], position=data["position"].fillna("unknown"))


def plain(dyads: pd.DataFrame, cards: str) -> RateLevel:
    return rate_level(RateSums.from_rows(dyads["referee"].to_numpy(), dyads[cards], exposure=dyads["games"]))


def adjusted(dyads: pd.DataFrame, cards: str) -> RateLevel:
    """Classes: league x position."""
    cls = pd.factorize(dyads["leagueCountry"] + "|" + dyads["position"])[0]
    pair, inverse = np.unique(dyads["referee"].to_numpy() * 1000 + cls, return_inverse=True)
    sums = RateSums.from_rows(inverse, dyads[cards], exposure=dyads["games"])
    return rate_level_in_classes(sums, judge=pair // 1000, cls=pair % 1000)


def likelihood(found: RateLevel) -> tuple[float, float]:
    """Mean rate and coefficient of variation by maximum likelihood: events negative binomial, rates gamma."""

    def loss(parameters: np.ndarray) -> float:
        mean, omega = np.exp(parameters[0]) * found.exposure, np.exp(parameters[1])
        return -float(stats.nbinom.logpmf(found.events, 1 / omega, 1 / (1 + omega * mean)).sum())

    best = optimize.minimize(loss, [np.log(found.rate.value), np.log(0.1)], method="Nelder-Mead")
    return float(np.exp(best.x[0])), float(np.exp(best.x[1] / 2))


def test_red_cards(dyads: pd.DataFrame) -> None:
    found = plain(dyads, "redCards")
    assert (len(found.judge_index), found.events.sum(), found.exposure.sum()) == (3147, 1834, 426572)
    assert found.rate.value == pytest.approx(1834 / 426572)
    mean, variation = likelihood(found)
    assert found.mean.value == pytest.approx(mean, rel=0.01)
    assert found.relative.sd == pytest.approx(variation, rel=0.06)
    assert found.relative.sd_interval == pytest.approx((0.33, 0.51), abs=0.01)
    assert found.level.sd == pytest.approx(0.00178, abs=1e-5)
    assert found.dispersion.value == pytest.approx(1.0, abs=0.01)
    assert found.proportional.interval[0] < 1 < found.proportional.interval[1]
    assert found.without_events.observed == 2589
    assert found.without_events.expected == pytest.approx(2592, abs=1)
    assert found.flags == ()


def test_red_cards_of_comparable_players(dyads: pd.DataFrame) -> None:
    found, before = adjusted(dyads, "redCards"), plain(dyads, "redCards")
    assert (len(found.judge_index), found.blocks) == (3147, 1)
    assert found.relative.sd == pytest.approx(likelihood(found)[1], rel=0.15)
    assert 0.2 < found.relative.sd_interval[0] < found.relative.sd < before.relative.sd
    assert found.pattern.variance_interval[0] == 0


def test_yellow_cards(dyads: pd.DataFrame) -> None:
    before, found = plain(dyads, "yellowCards"), adjusted(dyads, "yellowCards")
    assert before.relative.sd == pytest.approx(likelihood(before)[1], rel=0.03)
    assert found.relative.sd == pytest.approx(likelihood(found)[1], rel=0.05)
    assert 0.16 < found.relative.sd < before.relative.sd
    assert [flag.code for flag in found.flags] == ["not_proportional"]
    assert found.flags[0].severity == "info"
    assert found.proportional.value == pytest.approx(1.038, abs=0.002)


def test_normal_limits_would_accuse_referees_with_one_red_card(dyads: pd.DataFrame) -> None:
    found = plain(dyads, "redCards")
    normal = np.abs(found.effect) / np.sqrt(found.variance) > stats.norm.ppf(0.999)
    exact = rate_funnel(
        found.events, found.expected, dispersion=found.dispersion.value, level=found.level.variance,
        rate=found.mean.value,
    )  # fmt: skip
    assert (normal.sum(), exact.outside_998) == (81, 5)
    assert np.median(found.events[normal]) == 1
    assert exact.expected_998 == pytest.approx(0.85, abs=0.01)
