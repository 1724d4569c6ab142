"""At the edges: estimates at or below 0, intervals that would run away, decisions whose squares do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import noiseaudit as na
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.intervals import few_judges, log_jackknife, mover_difference, mover_sum, possible
from noiseaudit.estimators.judge_levels import JudgeLevels, calm_level_variance, funnel_counts, shrink_levels
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.result import Estimate

from ..conftest import ROLES

PARTS = ("system", "level", "pattern", "stable_pattern", "occasion")


def estimated(rows: list[tuple[object, object, float]], **settings: object) -> PanelEstimate:
    case, judge, decision = zip(*rows, strict=True)
    return estimate_panel(na.Cells.from_arrays(case, judge, np.array(decision)), **settings)


def identified(found: PanelEstimate) -> dict[str, Estimate]:
    parts = {name: getattr(found, name) for name in PARTS}
    return {name: part for name, part in parts.items() if isinstance(part, Estimate)}


def holds(part: Estimate) -> bool:
    return part.variance_interval is None or (
        part.variance_interval[0] <= max(0.0, part.variance) <= part.variance_interval[1]
    )


THIN = [("c0", "j0", 10.9), ("c0", "j5", 10.4), ("c1", "j6", 11.3), ("c1", "j4", 11.3), ("c2", "j0", 9.5),
        ("c2", "j7", 8.1), ("c3", "j4", 9.7), ("c3", "j0", 10.0)]  # fmt: skip


def test_a_thin_panel_has_intervals_that_hold_their_estimates_and_end() -> None:
    for part in identified(estimated(THIN)).values():
        assert holds(part)
        assert part.variance_interval[1] < 1e5


@pytest.mark.parametrize(("judges", "cases"), [(8, 8), (12, 14)])
def test_no_interval_of_a_small_panel_misses_its_estimate(judges: int, cases: int) -> None:
    widest = 1 / stats.chi2.ppf(0.025, 1)  # the upper limit of one degree of freedom
    for seed in range(60):
        rng = np.random.default_rng(seed)
        seats = [(i, int(j)) for i in range(cases) for j in rng.permutation(judges)[:2]]
        for part in identified(estimated([(i, j, rng.normal()) for i, j in seats])).values():
            assert holds(part)
            assert part.variance_interval is not None or part.interval_reason is not None
        pattern = estimated([(i, j, rng.normal()) for i, j in seats]).pattern
        if isinstance(pattern, Estimate) and pattern.variance > 0:
            assert pattern.variance_interval[1] <= pattern.variance * widest * (1 + 1e-9)


@pytest.mark.parametrize("scale", ["binary", "nominal"])
def test_no_chance_to_differ_passes_one(scale: str) -> None:
    for seed in range(20):
        sim = na.simulate(judges=6, cases=3, per_case=3, scale=scale, seed=seed)
        result = na.audit(sim.data, **ROLES, scale=scale)
        for name in ("system", "level", "pattern"):
            part = getattr(result.noise, name)
            if isinstance(part, Estimate) and part.variance_interval is not None:
                assert part.variance_interval[1] <= (0.5 if scale == "binary" else 1.0)


def test_equal_means_and_unequal_repeats_are_not_agreement() -> None:
    """Decisions i and i + 2 in every cell: colleagues differ by 0 or 2, so Sys = (0 + 4)/2/2 = 1, and O = 2."""
    found = identified(estimated([(i, j, i + 2.0 * o) for i in range(6) for j in range(4) for o in range(2)]))
    assert {name: part.variance for name, part in found.items()} == pytest.approx(
        {"system": 1.0, "level": 0.0, "pattern": 1.0, "stable_pattern": -1.0, "occasion": 2.0}
    )
    assert all(holds(part) for part in found.values())


def test_parts_add_up_where_cell_means_coincide_and_repeats_are_unbalanced() -> None:
    rows = [(i, j, i + d) for i in range(5) for j in range(3) for d in ((-1.0, 1.0) if (i + j) % 2 else (0.0,))]
    found = identified(estimated(rows))
    assert found["system"].variance == pytest.approx(found["level"].variance + found["pattern"].variance)
    both = found["stable_pattern"].variance + found["occasion"].variance
    assert found["pattern"].variance == pytest.approx(both)


REPEATS = [[1, 2, 0], [2, 1, 1], [2, 1, 1], [0, 2, 1]]


def test_levels_of_judges_are_numbers_where_stable_pattern_is_negative() -> None:
    rows = [
        (i, j, 10 + i + j + d)
        for i, row in enumerate(REPEATS)
        for j, m in enumerate(row)
        for d in {0: [], 1: [0.0], 2: [-3.0, 3.0]}[m]
    ]
    found = estimated(rows)
    assert found.stable_pattern.variance < 0
    assert np.all(found.effect_variance > 0)
    levels = shrink_levels(found.effects[:, 0], found.effect_variance, found.level.variance)
    assert np.all(np.isfinite([*levels.interval(0.95), levels.reliability]))


def test_the_funnel_counts_nobody_where_no_noise_is_left() -> None:
    additive = estimated([(i, j, float(i + j * j)) for i in range(6) for j in range(12)])
    levels = shrink_levels(additive.effects[:, 0], additive.effect_variance, additive.level.variance)
    assert funnel_counts(levels).reason == "no_residual"


@pytest.mark.parametrize(("judges", "level"), [(60, 0.25), (60, 0.01), (200, 0.25)])
def test_the_wide_funnel_holds_what_it_promises(judges: int, level: float) -> None:
    """Normal levels: .2 % outside the overdispersed limits; a little more for 60 people; .4 to .5 % before."""
    rng, outside, runs = np.random.default_rng(1), 0, 400
    for _ in range(runs):
        v = 0.016 * rng.uniform(0.5, 1.5, judges)
        effect = np.sqrt(level + v) * rng.normal(size=judges)
        raw = JudgeLevels(effect - effect.mean(), np.sqrt(v), effect, effect, effect)
        outside += funnel_counts(raw).outside_998_overdispersed
    assert outside / (runs * judges) < 0.0036


def test_winsorising_does_not_shrink_level_noise() -> None:
    rng = np.random.default_rng(3)
    effect, se = rng.normal(size=20_000) * np.sqrt(0.25 + 0.04), np.full(20_000, 0.2)
    assert calm_level_variance(JudgeLevels(effect, se, effect, se, se)) == pytest.approx(0.25, rel=0.03)


@pytest.mark.parametrize(
    ("judges", "cases", "per_case", "estimator"),
    [(12, 20, None, "fe"), (20, 30, None, "fe"), (40, 60, 2, "wcu"), (20, 30, None, "wcu")],
)
def test_no_level_noise_is_inside_its_interval(judges: int, cases: int, per_case: int | None, estimator: str) -> None:
    """True L = 0: the interval starts at 0 in about .975 of panels (it left 0 out in .19 to .29 of them)."""
    runs, zero = 120, 0
    for seed in range(runs):
        data = na.simulate(
            judges=judges, cases=cases, per_case=per_case, level=0.0, stable_pattern=0.7, occasion=0.0, seed=seed
        ).data
        cells = na.Cells.from_arrays(data["case"], data["judge"], data["decision"])
        zero += estimate_panel(cells, estimator=estimator).level.variance_interval[0] == 0
    assert zero / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)


def test_chains_raise_no_false_alarm_of_like_sitting_with_like() -> None:
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        level = 0.5 * rng.normal(size=40)
        seats = [(i, j) for i in range(117) for j in (i // 3, i // 3 + 1)]
        found = estimated([(i, j, level[j] + 0.7 * rng.normal()) for i, j in seats])
        alarms += any(flag.code == "assortative_panels" for flag in found.flags)
    assert alarms <= 2


def test_system_noise_below_zero_is_told_and_is_not_agreement() -> None:
    rng = np.random.default_rng(0)
    found = estimated([(i, j, float(rng.random() < 0.1)) for i in range(117) for j in (i // 3, i // 3 + 1)])
    assert found.system.variance <= 0
    assert found.composed.variance > 0
    assert "system_at_boundary" in {flag.code for flag in found.flags}
    assert found.level.share is None
    assert found.pattern.share_interval is None


def test_negative_stable_pattern_is_told() -> None:
    flags = estimated([(i, j, i + 2.0 * o) for i in range(6) for j in range(4) for o in range(2)]).flags
    assert "stable_at_boundary" in {flag.code for flag in flags}


@pytest.mark.parametrize("factor", [1e150, 1e75, 1e-75, 1e-150])
def test_decisions_beyond_the_arithmetic_are_refused_by_name(factor: float) -> None:
    rows = [(i, j, factor * value) for i, j, value in THIN]
    with pytest.raises(na.NoAnswerError, match="another unit") as refused:
        estimated(rows)
    assert refused.value.code == "values_out_of_range"


@pytest.mark.parametrize("design", ["log", "panel"])
def test_decisions_of_a_log_are_too(design: Any) -> None:
    data = na.simulate_log(judges=8, cases=80, seed=1).data
    data["decision"] *= 1e200
    with pytest.raises(na.NoAnswerError) as refused:
        na.audit(data, case="case", judge="judge", decision="decision", design=design, duplicates="keep")
    assert refused.value.code == "values_out_of_range"


@pytest.mark.parametrize("factor", [1e60, 1e-60])
def test_large_and_small_decisions_scale(factor: float) -> None:
    data = na.simulate(judges=12, cases=20, seed=3).data
    plain = estimate_panel(na.Cells.from_arrays(data["case"], data["judge"], data["decision"]))
    other = estimate_panel(na.Cells.from_arrays(data["case"], data["judge"], factor * data["decision"]))
    for one, two in zip(identified(plain).values(), identified(other).values(), strict=True):
        assert two.variance / factor**2 == pytest.approx(one.variance)
        assert np.array(two.variance_interval) / factor**2 == pytest.approx(np.array(one.variance_interval))


STAR = [(i, judge, float((i * 7 + len(judge)) % 5)) for i in range(30) for judge in ("hub", f"j{i % 10}")]


def test_every_missing_interval_has_its_own_reason() -> None:
    frame = pd.DataFrame(STAR, columns=["case", "judge", "decision"])
    assert na.audit(frame, **ROLES).lottery.mean_difference.interval_reason == "needs_everyone"
    additive = pd.DataFrame(
        [(i, j, float(i + j * j)) for i in range(6) for j in range(12)], columns=["case", "judge", "decision"]
    )
    noise = na.audit(additive, **ROLES).noise
    assert (noise.level.share, noise.level.share_interval) == (1.0, None)
    assert noise.level.interval_reason == "part_without_interval"
    data = na.simulate(judges=12, cases=20, seed=3).data
    reml = na.audit(data, **ROLES, estimator="reml").noise.level
    assert reml.variance_interval is not None
    assert reml.interval_reason == "not_available_for_estimator"  # of the share
    two = na.audit(data[data["judge"].isin(["J001", "J002"])], **ROLES, estimator="wcu")
    assert two.supplement.system_as_composed.interval_reason == "too_few_judges"


def test_occasion_noise_of_one_shared_case_has_a_share() -> None:
    found = estimated([("a", j, float(j + o)) for j in range(4) for o in range(2)])
    assert found.occasion.share == pytest.approx(found.occasion.variance / found.system.variance)


def test_interval_pieces() -> None:
    assert possible((0.1, 5.0), 0.3, most=0.5) == (0.1, 0.5)
    assert possible((0.1, 5.0), 0.7, most=0.5) is None
    assert few_judges(0.0, noise=0.0, df=4, kurtosis_floor=2.0, confidence=0.95) is None
    low, high = few_judges(-0.5, noise=0.2, df=4, kurtosis_floor=0.0, confidence=0.95)
    assert low == 0
    assert high == pytest.approx(4 * 0.2 / stats.chi2.ppf(0.025, 4) - 0.2)
    wild = np.array([1.0, 1e-9, 1.0])
    assert log_jackknife(1.0, wild, weights=2 / 3, add=0.0, floor=0.0, df=2, confidence=0.95) is None
    assert mover_sum(-3.0, (0.0, 1.0), 1.0, (0.5, 2.0)) == (0.0, pytest.approx(1 + np.sqrt(2)))
    assert mover_difference(1.0, (0.5, 2.0), 3.0, (2.0, 4.0)) == (0.0, pytest.approx(np.sqrt(2)))
