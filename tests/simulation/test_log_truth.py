"""The truth of simulated logs against large samples and brute force.

Sampling errors are those of the mean over judges (ratio of sums), printed by the assertion where one fails.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import special, stats

import noiseaudit as na
from noiseaudit.simulation import LogDesign, case_mix
from noiseaudit.simulation.case_mix import CATEGORIES, standardised
from noiseaudit.simulation.log_truth import log_truth
from noiseaudit.simulation.truth import expectations
from tests.simulation.samples import draw, first_decisions, twice


def products(value: np.ndarray, judge: np.ndarray, within: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Per judge: sum of products of different rows (of one `within`), and how many products."""
    groups = judge if within is None else np.unique(np.column_stack([judge, within]), axis=0, return_inverse=True)[1]
    owner = np.zeros(groups.max() + 1, dtype=int)
    owner[groups] = judge
    s, q, n = (np.bincount(groups, weights=w) for w in (value, value**2, np.ones(len(value))))
    return np.bincount(owner, weights=s**2 - q), np.bincount(owner, weights=n * (n - 1))


def mean_and_error(total: np.ndarray, count: np.ndarray) -> tuple[float, float]:
    """Ratio of sums over judges and its standard error."""
    mean = total.sum() / count.sum()
    return mean, float(np.sqrt(np.sum((total - mean * count) ** 2)) / count.sum())


def close(total: np.ndarray, count: np.ndarray, truth: float, *, within: float = 0.06) -> None:
    """Within 4 standard errors, and the sample is large enough to tell."""
    mean, error = mean_and_error(total, count)
    assert error < within * abs(truth), (mean, truth, error)
    assert abs(mean - truth) < 4 * error, (mean, truth, error)


EVERYTHING = {
    "level": 0.4, "detectable_pattern": 0.5, "stable_pattern": 0.4, "occasion": 0.5, "unmeasured": 0.3,
    "judge_day": 0.3, "second_decisions": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(
    "scale", [{}, {"scale": "log"}, {"scale": "binary", "mean": -0.5}, {"scale": "ordinal"}], ids=str
)
def test_large_samples_hold_the_truth(scale: dict[str, object]) -> None:
    design, rows = draw(judges=3000, cases=240_000, **EVERYTHING, **scale)
    truth = na.simulate_log(judges=3, cases=9, **EVERYTHING, **scale).truth  # type: ignore[arg-type]
    y = np.log(rows.decision) if design.scale == "log" else rows.decision
    one, other = twice(rows)
    same = rows.judge[one] == rows.judge[other]
    square = (y[one] - y[other]) ** 2 / 2
    for chosen, part in ((same, truth.occasion), (~same, truth.system)):
        judge = rows.judge[one][chosen]
        close(np.bincount(judge, weights=square[chosen]), np.bincount(judge), part)
    assert truth.system == pytest.approx(truth.level + truth.stable_pattern + truth.occasion, rel=1e-12)

    first = first_decisions(rows)
    judge = rows.judge[first]
    day = rows.moment[first].astype("datetime64[D]").astype(int)
    r = y[first] - y[first].mean()
    all_pairs, n_all = products(r, judge)
    day_pairs, n_day = products(r, judge, day)
    close(all_pairs - day_pairs, n_all - n_day, truth.level)
    level = (all_pairs - day_pairs) / (n_all - n_day)
    close(day_pairs - level * n_day, n_day, truth.judge_day, within=0.12)
    if scale in ({}, {"scale": "log"}):
        assert truth.level == pytest.approx(0.16)
        assert np.var(rows.unmeasured) == pytest.approx(truth.unmeasured, rel=0.02)
    judge = rows.judge[one][~same]
    cross = ((y[one] - y.mean()) * (y[other] - y.mean()))[~same]
    close(np.bincount(judge, weights=cross), np.bincount(judge), truth.case)


def test_the_detectable_pattern_lies_in_its_features() -> None:
    _, rows = draw(judges=4000, cases=240_000, level=0.2, detectable_pattern=0.5, stable_pattern=0.3)
    r = rows.decision - rows.worth
    truth = na.simulate_log(level=0.2, detectable_pattern=0.5, cases=5, judges=2).truth
    assert truth.detectable_pattern == pytest.approx(0.25)
    for name in ("x1", "x3"):
        z = standardised(rows.features[name])
        total, count = products(r * z, rows.judge)
        if name == "x3":
            close(total, count, truth.detectable_pattern / 2)
        else:
            mean, error = mean_and_error(total, count)
            assert abs(mean) < 4 * error
    total, count = products(r, rows.judge)
    by_value = -total
    for value, weight in enumerate(CATEGORIES["channel"]):
        some, _ = products(r * (rows.features["channel"] == value), rows.judge)
        by_value = by_value + some / weight
    close(by_value, count, truth.detectable_pattern / 2)


def normal(dimensions: int, seed: int) -> np.ndarray:
    return stats.norm.ppf(stats.qmc.Sobol(dimensions, rng=seed).random_base2(10))


@pytest.mark.parametrize("scale", ["binary", "ordinal"])
def test_truth_of_coded_decisions_against_all_judges_on_all_cases(scale: str) -> None:
    """1,024 judges on 2,048 cases; what is inside a cell is averaged over 8 nodes. x4 is in the data, or is not."""
    design = LogDesign(
        scale=scale, level=0.6, detectable_pattern=0.7, stable_pattern=0.5, occasion=0.4, unmeasured=0.6, mean=-0.7,
        case_sd=1.2, office=0.4, offices=3, periods=2, persistence=0.6, judge_day=0.3,
    )  # fmt: skip
    truth, without_x4 = log_truth(design), log_truth(dataclasses.replace(design, omit=("x4",)))
    node, weight = np.polynomial.hermite_e.hermegauss(8)
    weight = weight / weight.sum()
    outcome = expectations(scale, design.cuts)
    part = design.detectable_pattern / np.sqrt(2)

    def decide(judge: np.ndarray, x: dict[str, np.ndarray], shift: np.ndarray | float, sd: float) -> list[np.ndarray]:
        """(judges, cases) E y and E y^2, where judge holds level, office, slope and three reactions to channels."""
        effect = part * judge[:, 3:6] @ case_mix.contrast(CATEGORIES["channel"]).T
        latent = design.mean + design.case_sd * case_mix.worth(x) + shift
        latent = latent + (design.level * judge[:, :1] + design.office * judge[:, 1:2])
        latent = latent + part * judge[:, 2:3] * standardised(x["x3"]) + effect[:, x["channel"]]
        at_nodes = [outcome(latent + sd * z) for z in node]
        return [sum(w * at[k] for w, at in zip(weight, at_nodes, strict=True)) for k in (0, 1)]

    def about(figure: float) -> object:
        return pytest.approx(figure, rel=0.01)

    judges, others = np.hsplit(normal(12, 1), 2)
    cases = normal(8, 3)
    x, u = case_mix.from_uniform(stats.norm.cdf(cases[:, :7])), design.unmeasured * cases[:, 7]
    own = design.stable_pattern * np.random.default_rng(4).standard_normal((len(judges), len(cases)))
    y, square = decide(judges, x, u + own, 0.5)
    assert truth.occasion == about((square - y**2).mean())
    assert truth.system == about(square.mean() - (y.mean(axis=0) ** 2).mean())
    assert truth.case == about(y.mean(axis=0).var())

    seen = stats.norm.cdf(normal(7, 5)[:256])
    eight = np.repeat(seen, 8, axis=0)
    eight[:, 3] = np.tile((np.arange(8) + 0.5) / 8, len(seen))
    x, inside = case_mix.from_uniform(eight), float(np.sqrt(0.5**2 + 0.5**2 + 0.6**2))
    y, _ = decide(judges, x, 0.0, inside)
    seen_y = y.reshape(len(judges), -1, 8).mean(axis=2)
    level = y.mean(axis=1)
    assert truth.level == about(level.var())
    assert truth.level + truth.detectable_pattern == about(y.var(axis=0).mean())
    assert truth.level + without_x4.detectable_pattern == about(seen_y.var(axis=0).mean())

    next_period = judges.copy()
    next_period[:, 0] = 0.6 * judges[:, 0] + 0.8 * others[:, 0]
    later = decide(next_period, x, 0.0, inside)[0].mean(axis=1)
    assert truth.persistence == about(np.cov(level, later)[0, 1] / level.var())
    assert truth.level_all_periods == about(((level + later) / 2).var())
    others[:, 1] = judges[:, 1]
    colleagues = decide(others, x, 0.0, inside)[0].mean(axis=1)
    assert truth.level_between_offices == pytest.approx(np.cov(level, colleagues)[0, 1], rel=0.03)
    assert truth.level == pytest.approx(truth.level_between_offices + truth.level_within_offices, rel=1e-12)


@pytest.mark.parametrize("scale", ["binary", "ordinal"])
def test_unmeasured_differences_of_coded_decisions_against_a_dense_grid(scale: str) -> None:
    """16,384 cases with 16 values of x4 each; the mean decision on a case by quadrature over everything else."""
    design = LogDesign(scale=scale, level=0.6, detectable_pattern=0.7, pattern_on=("x3",), unmeasured=0.6)
    u = np.repeat(stats.qmc.Sobol(7, rng=6).random_base2(14), 16, axis=0)
    u[:, 3] = np.tile((np.arange(16) + 0.5) / 16, 2**14)
    x = case_mix.from_uniform(u)
    sd = np.sqrt(0.6**2 + 0.3**2 + 0.5**2 + 0.6**2 + 0.7**2 * standardised(x["x3"]) ** 2)
    node, weight = np.polynomial.hermite_e.hermegauss(20)
    outcome = expectations(scale, design.cuts)
    y = sum(w * outcome(case_mix.worth(x) + sd * z)[0] for w, z in zip(weight / weight.sum(), node, strict=True))
    for omit, value in ((), y), (("x4",), y.reshape(-1, 16).mean(axis=1)):
        truth = log_truth(dataclasses.replace(design, omit=omit))
        assert truth.case - truth.unmeasured == pytest.approx(value.var(), rel=0.01)


def test_a_yes_no_log_without_patterns_by_quadrature() -> None:
    """The same as a panel of normal cases (methods.md 16) as nearly as f is normal: L .0127 of Sys .187."""
    truth = log_truth(
        LogDesign(scale="binary", level=0.7, detectable_pattern=0, stable_pattern=0.5, occasion=0, case_sd=1.5)
    )
    assert truth.level == pytest.approx(0.0127, rel=0.05)
    assert truth.system == pytest.approx(0.187, rel=0.02)


@pytest.mark.parametrize("coefficient", [0.0, -0.05, 0.2])
def test_the_previous_decision_moves_the_next(coefficient: float) -> None:
    settings = {"level": 0.3, "sequence": coefficient, "second_decisions": 0.5}
    _, rows = draw(judges=400, cases=120_000, **settings)
    truth = log_truth(LogDesign(**settings))
    r = rows.decision - rows.worth - rows.level[rows.judge, rows.period]
    order = np.lexsort((rows.moment, rows.judge))
    judge, now, before = rows.judge[order][1:], r[order][1:], r[order][:-1]
    same = judge == rows.judge[order][:-1]
    total = np.bincount(judge[same], weights=(now * before)[same])
    mean, error = mean_and_error(total, np.bincount(judge[same], weights=(before**2)[same]))
    assert error < 0.004
    assert abs(mean - truth.sequence) < 4 * error
    one, other = twice(rows)
    same = rows.judge[one] == rows.judge[other]
    close(
        np.bincount(rows.judge[one][same], weights=(r[one] - r[other])[same] ** 2 / 2),
        np.bincount(rows.judge[one][same]),
        truth.occasion,
        within=0.02,
    )


def test_the_previous_yes_moves_the_next_yes() -> None:
    settings = {"scale": "binary", "sequence": 0.5, "detectable_pattern": 0, "stable_pattern": 0, "occasion": 0}
    _, rows = draw(judges=400, cases=200_000, **settings)
    truth = log_truth(LogDesign(**settings))
    latent = rows.worth + rows.level[rows.judge, rows.period]
    surprise = rows.decision - special.expit(latent)
    order = np.lexsort((rows.moment, rows.judge))
    judge, now, before = rows.judge[order][1:], surprise[order][1:], surprise[order][:-1]
    same = judge == rows.judge[order][:-1]
    close(
        np.bincount(judge[same], weights=(now * before)[same]),
        np.bincount(judge[same], weights=(before**2)[same]),
        truth.sequence,
    )


def test_levels_drift_as_a_first_order_autoregression() -> None:
    design, rows = draw(judges=20_000, cases=20_000, periods=4, persistence=0.7, level=0.5, office=0.3, offices=5000)
    truth = log_truth(design)
    found = np.cov(rows.level.T)
    assert np.diag(found) == pytest.approx([0.25 + 0.09] * 4, rel=0.05)
    for lag in (1, 2, 3):
        assert np.diag(found, lag) == pytest.approx([0.25 * 0.7**lag + 0.09] * (4 - lag), rel=0.08)
    assert truth.level_all_periods == pytest.approx(rows.level.mean(axis=1).var(), rel=0.05)
    assert truth.persistence == pytest.approx((0.25 * 0.7 + 0.09) / 0.34)
    office = rows.level.mean(axis=1).reshape(5000, 4)
    assert np.cov(office.T)[np.triu_indices(4, 1)] == pytest.approx(np.full(6, 0.09), abs=0.02)
