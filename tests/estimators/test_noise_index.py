"""The noise index: its median against all pairs of decisions, its interval against simulation and by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import noiseaudit as na
from noiseaudit.estimators import case_pairs
from noiseaudit.estimators.case_pairs import absolute_difference, distribution, pair_mean, relative_difference
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.lottery import noise_index
from noiseaudit.result import Figure


def cells_of(data: pd.DataFrame) -> na.Cells:
    return na.Cells.from_arrays(data["case"], data["judge"], data["decision"])


def index_of(data: pd.DataFrame) -> Figure:
    cells = cells_of(data)
    return noise_index(Linked.of(cells), logs=False, shift=float(cells.shift), confidence=0.95)


def median_over_decisions(data: pd.DataFrame) -> float:
    """Weighted median over all pairs of decisions of two colleagues; a pair of colleagues shares its weight."""
    values, weights = [], []
    for _, case in data.groupby("case"):
        judges = [group.to_numpy() for _, group in case.groupby("judge")["decision"]]
        pairs = list(itertools.combinations(judges, 2))
        for first, second in pairs:
            gaps = [abs(a - b) / ((a + b) / 2) for a in first for b in second]
            values += gaps
            weights += [1 / len(pairs) / len(gaps)] * len(gaps)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.array(weights)[order])
    low, high = np.searchsorted(reached, (reached[-1] / 2 - 1e-9, reached[-1] / 2 + 1e-9))
    return float((values[order[low]] + values[order[min(high, len(order) - 1)]]) / 2)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("repeats", [1, 2, (1, 2)])
def test_against_all_pairs_of_decisions(seed: int, repeats: int | tuple[int, int]) -> None:
    data = na.simulate(judges=6, cases=9, per_case=(2, 5), repeats=repeats, occasion=0.6, mean=9.0, seed=seed).data
    assert index_of(data).value == pytest.approx(median_over_decisions(data))


@pytest.mark.parametrize("decide", [lambda d: d + 1e6, lambda d: 10 ** d.clip(-3, 3), lambda d: d.round() + 9])
def test_quantiles_of_more_pairs_than_are_kept_are_exact(
    monkeypatch: pytest.MonkeyPatch, decide: Callable[[pd.Series], pd.Series]
) -> None:
    """Far from zero, over many powers of ten, and with ties; cases of unequal size weigh the same."""
    data = na.simulate(judges=15, cases=60, per_case=(2, 9), seed=3).data.assign(decision=lambda d: decide(d.decision))
    cells = cells_of(data)
    linked, shift = Linked.of(cells), float(cells.shift)
    values, weights = [], []
    for _, group in data.groupby("case", sort=False):
        y = group["decision"].to_numpy()
        own = [abs(a - b) / ((a + b) / 2) for a, b in itertools.combinations(y, 2)]
        values += own
        weights += [1 / len(own)] * len(own)
    order = np.argsort(values)
    reached = np.cumsum(np.array(weights)[order]) / np.sum(weights)
    shares = (0.001, 0.1, 0.37, 0.5, 0.83, 0.999)
    expected = [
        np.mean(np.array(values)[order][np.searchsorted(reached, (share - 1e-9, share + 1e-9))]) for share in shares
    ]
    for kept in (case_pairs._KEPT, 0):
        monkeypatch.setattr(case_pairs, "_KEPT", kept)
        found = distribution(linked, relative_difference, shift=shift).quantiles(*shares)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_interval_by_hand() -> None:
    """Woodruff: the distribution turned around at 1/2 -+ t se, se from leaving out each judge, plus the cases' part."""
    data = na.simulate(judges=12, cases=15, mean=20.0, seed=5).data
    cells = cells_of(data)
    linked, shift = Linked.of(cells), float(cells.shift)
    found = index_of(data)

    def reached(frame: pd.DataFrame) -> float:
        rows = frame.pivot_table(index="case", columns="judge", values="decision").to_numpy()
        pairs = list(itertools.combinations(range(rows.shape[1]), 2))
        gaps = np.array([2 * np.abs(rows[:, a] - rows[:, b]) / (rows[:, a] + rows[:, b]) for a, b in pairs])
        return float((gaps <= found.value * (1 + 1e-12)).mean())

    left = np.array([reached(data[data["judge"] != judge]) for judge in data["judge"].unique()])
    below = pair_mean(
        linked, lambda a, b: (relative_difference(a, b) <= found.value * (1 + 1e-12)).astype(float), shift=shift
    )
    variance = 11 / 12 * ((left - left.mean()) ** 2).sum() + below.case_part
    reach = stats.t.ppf(0.975, 11) * np.sqrt(variance)
    spread = distribution(linked, relative_difference, shift=shift)
    assert found.interval == pytest.approx(tuple(spread.quantiles(0.5 - reach, 0.5 + reach)))


@pytest.mark.parametrize(("mean", "rounded"), [(10_000.0, False), (5.5, True)])
def test_coverage_far_from_zero_and_with_ties(mean: float, rounded: bool) -> None:
    def decide(latent: np.ndarray) -> np.ndarray:
        return np.clip(np.round(mean + 2 * latent), 1, 10) if rounded else mean + latent

    rng = np.random.default_rng(8)
    case = rng.normal(size=400_000)
    a, b = (decide(case + np.sqrt(0.74) * rng.normal(size=400_000)) for _ in range(2))
    true, runs, inside = float(np.median(np.abs(a - b) / ((a + b) / 2))), 150, 0
    for _ in range(runs):
        latent = rng.normal(size=20)[:, None] + 0.5 * rng.normal(size=15) + 0.7 * rng.normal(size=(20, 15))
        i, j = np.indices((20, 15)).reshape(2, -1)
        frame = pd.DataFrame({"case": i, "judge": j, "decision": decide(latent).ravel()})
        low, high = index_of(frame).interval
        inside += low - 1e-9 <= true <= high + 1e-9
    assert inside / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [([-1.0, 30.0], "nonpositive_values"), ([0.0], "nonpositive_values"),
     ([-1.0, 10.0, 12.0], "nonpositive_not_excluded"), ([-9.0, 1.0, 2.0], "nonpositive_values")],
)  # fmt: skip
def test_decisions_at_or_below_zero_are_refused_also_inside_repeats(decisions: list[float], reason: str) -> None:
    rows = [(i, j, 10.0 + i + j) for i in range(6) for j in range(4) if (i, j) != (0, 0)]
    rows += [(0, 0, value) for value in decisions]
    assert index_of(pd.DataFrame(rows, columns=["case", "judge", "decision"])).reason == reason


def test_three_positive_decisions_close_together_are_not_refused() -> None:
    rows = [(i, j, 10.0 + i + j + o) for i in range(6) for j in range(4) for o in range(3)]
    assert index_of(pd.DataFrame(rows, columns=["case", "judge", "decision"])).value > 0


def test_mean_difference_weighs_repeats_as_pairs_of_decisions() -> None:
    data = na.simulate(judges=5, cases=8, repeats=2, occasion=0.7, seed=2).data
    expected = np.mean(
        [
            np.mean([
                np.abs(np.subtract.outer(a, b)).mean()
                for a, b in itertools.combinations([g.to_numpy() for _, g in case.groupby("judge")["decision"]], 2)
            ])
            for _, case in data.groupby("case")
        ]
    )  # fmt: skip
    assert pair_mean(Linked.of(cells_of(data)), absolute_difference).value == pytest.approx(expected)
