"""Every edge rule: the reason in place of a figure, never 0 and never NaN."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.panel import estimate_panel

from ..conftest import ROLES, long

PARTS = ("system", "level", "pattern", "stable_pattern", "occasion", "case")


def audit(rows: list[tuple[object, object, object]], **settings: object) -> na.AuditResult:
    return na.audit(pd.DataFrame(rows, columns=["case", "judge", "decision"]), **ROLES, **settings)


def reasons(result: na.AuditResult) -> dict[str, str]:
    return {p: getattr(result.noise, p).reason for p in PARTS if getattr(result.noise, p).status == "not_identified"}


def codes(result: na.AuditResult) -> set[str]:
    return {f.code for f in result.findings}


def test_one_judge() -> None:
    result = audit([(i, "x", i) for i in range(5)])
    assert reasons(result)["system"] == "single_judge"
    assert result.lottery.mean_difference.reason == "single_judge"


def test_one_judge_who_repeats_has_occasion_noise() -> None:
    result = audit([(1, "x", 1.0), (1, "x", 2.0), (2, "x", 5.0), (2, "x", 8.0)], duplicates="keep")
    assert result.noise.occasion.variance == pytest.approx((0.5 + 4.5) / 2)
    assert reasons(result)["system"] == "single_judge"


def test_no_shared_cases() -> None:
    result = audit([(i, f"j{i % 3}", i) for i in range(9)], design="panel")
    assert set(reasons(result).values()) == {"no_shared_cases", "no_replicates"}
    assert "W511" in codes(result)


def test_reading_what_is_not_known_raises_with_its_reason() -> None:
    noise = audit([(i, f"j{i % 3}", i) for i in range(9)], design="panel").noise
    for attribute in ("sd", "variance", "share", "sd_interval", "value", "interval"):
        with pytest.raises(na.NotIdentifiedError, match="no_shared_cases"):
            getattr(noise.level, attribute)
    assert not noise.level


def test_one_case() -> None:
    result = audit([(1, "x", 1.0), (1, "y", 2.0), (1, "z", 6.0)])
    assert result.noise.system.variance == pytest.approx(7.0)
    assert result.noise.system.variance_interval is not None
    assert reasons(result)["level"] == reasons(result)["pattern"] == "single_case"


def test_two_judges_have_an_estimate_and_no_interval() -> None:
    result = audit([(i, j, i + (j == "y") * (1 + i % 3)) for i in range(6) for j in "xy"])
    assert result.noise.level.variance_interval is None
    assert result.noise.level.interval_reason == "too_few_judges"
    assert "too_few_judges" in codes(result)


def test_few_judges_are_told() -> None:
    data = na.simulate(judges=5, cases=20, seed=1).data
    assert "very_few_judges" in codes(na.audit(data, **ROLES))


@pytest.mark.parametrize("scale", ["continuous", "binary", "nominal"])
def test_nobody_disagrees(scale: str) -> None:
    value = {"continuous": (3.5, 7.25), "binary": (0, 1), "nominal": ("a", "b")}[scale]
    result = audit([(i, j, value[i % 2]) for i in range(10) for j in "xyz"], scale=scale)
    system = result.noise.system
    assert system.variance == 0
    assert "no_disagreement_observed" in codes(result)
    if scale == "continuous":
        assert system.variance_interval is None
    else:
        limit = result.lottery.disagreement.interval[1]
        assert limit == pytest.approx(1 - 0.05 ** (1 / 10))


def test_constant_decision() -> None:
    result = audit([(i, j, 5) for i in range(4) for j in "xyz"], scale="continuous")
    assert result.noise.system.variance == 0
    assert result.noise.system.interval_reason == "no_disagreement_observed"


def test_pure_level_noise_has_no_pattern() -> None:
    result = audit([(i, j, i * 2.0 + "wxyz".index(j)) for i in range(8) for j in "wxyz"])
    assert result.noise.pattern.variance == 0
    assert result.noise.level.variance == pytest.approx(np.var(range(4), ddof=1))
    assert result.noise.pattern.interval_reason == "at_boundary"


def test_no_replicates_is_never_zero() -> None:
    result = na.audit(na.simulate(seed=1, judges=6, cases=10).data, **ROLES)
    assert reasons(result)["stable_pattern"] == reasons(result)["occasion"] == "no_replicates"


def test_negative_level_keeps_its_sign_and_shows_zero() -> None:
    table = [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2], [2, 1, 3], [3, 2, 1]]
    level = na.audit(long(table), **ROLES).noise.level
    assert level.variance < 0
    assert (level.sd, level.at_boundary) == (0.0, True)
    assert level.variance_interval[0] == 0


def test_blocks_are_never_compared() -> None:
    """A difference between blocks that share no case is not level noise: shifting one block changes nothing."""
    one, other = (na.simulate(judges=5, cases=12, seed=s).data for s in (1, 2))
    other = other.assign(case="B" + other["case"], judge="B" + other["judge"])
    both = pd.concat([one, other])
    moved = pd.concat([one, other.assign(decision=other["decision"] + 100)])
    first, second = (na.audit(data, **ROLES) for data in (both, moved))
    assert first.design.linked_blocks == 2
    assert "W512" in codes(first)
    assert second.noise.level.variance == pytest.approx(first.noise.level.variance)
    assert reasons(first)["case"] == "disconnected"
    assert {j.block for j in first.judges} == {1, 2}


def test_thin_overlap_switches_and_says_so() -> None:
    data = na.simulate(judges=30, cases=35, per_case=2, seed=3).data
    result = na.audit(data, **ROLES)
    assert result.design.estimator == "wcu"
    assert "thin_overlap" in codes(result)


def test_chain_without_a_loop_has_no_level() -> None:
    """Every pair of judges shares at most one case and no two cases share a pair: level and pattern are one."""
    result = audit([(i, f"j{i + k}", float(i * k + i % 4)) for i in range(6) for k in (0, 1)])
    assert result.noise.system.status == "estimated"
    assert reasons(result).get("level") in (None, "no_interaction_df")


def test_deviating_panels_are_reported() -> None:
    rng = np.random.default_rng(5)
    level = rng.normal(size=40)
    seats = [(case, judge) for case, first in enumerate(rng.integers(0, 38, 300)) for judge in (first, first + 1)]
    seats += [(case, int(judge)) for case, judge in enumerate(rng.integers(0, 40, 300))]
    frame = pd.DataFrame(seats, columns=["case", "judge"]).drop_duplicates()
    frame["decision"] = frame["case"] % 7 + np.sort(level)[frame["judge"]] + 0.3 * rng.normal(size=len(frame))
    result = na.audit(frame, **ROLES)
    assert result.supplement.system_as_composed.variance < result.noise.system.variance
    assert "assortative_panels" in codes(result)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("scale", ["continuous", "binary", "nominal", "ordinal", "count", "log"])
def test_json_holds_no_nan_whatever_the_panel(scale: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = na.simulate(
        judges=int(rng.integers(2, 9)), cases=int(rng.integers(2, 12)), per_case=(1, 3) if seed % 2 else None,
        repeats=(1, 2), scale=scale, seed=seed,
    ).data  # fmt: skip
    result = na.audit(data, **ROLES, occasion="occasion", scale=scale)
    for audience in ("public", "team"):
        plain = result.to_dict(audience)
        text = json.dumps(plain, allow_nan=False)
        assert na.AuditResult.from_dict(json.loads(text)).to_dict(audience) == plain
    for part in PARTS:
        component = getattr(result.noise, part)
        if component.status == "estimated" and component.variance_interval is not None:
            low, high = component.variance_interval
            assert 0 <= low <= high


def test_interval_holds_its_estimate() -> None:
    for seed in range(30):
        data = na.simulate(judges=6 + seed, cases=15, per_case=4, seed=seed).data
        noise = na.audit(data, **ROLES).noise
        for component in (noise.system, noise.level, noise.pattern):
            low, high = component.variance_interval
            assert low <= max(0.0, component.variance) <= high


def test_wider_confidence_wider_interval(toy: pd.DataFrame) -> None:
    narrow, wide = (na.audit(toy, **ROLES, confidence=c).noise.level.variance_interval for c in (0.8, 0.99))
    assert wide[0] < narrow[0]
    assert wide[1] > narrow[1]


def test_reml_refuses_categories() -> None:
    data = na.simulate(judges=6, cases=10, scale="nominal").data
    with pytest.raises(na.CallError, match="reml"):
        na.audit(data, **ROLES, estimator="reml")


def test_cells_alone_decide() -> None:
    """Cases seen by one judge add nothing to level, pattern and system."""
    data = na.simulate(judges=8, cases=20, seed=4).data
    lonely = pd.DataFrame({"case": [f"L{i}" for i in range(50)], "judge": "J001", "decision": np.arange(50.0)})
    plain = estimate_panel(na.Cells.from_arrays(data["case"], data["judge"], data["decision"]))
    more = pd.concat([data, lonely])
    cells = na.Cells.from_arrays(more["case"], more["judge"], more["decision"])
    assert estimate_panel(cells).level.variance == pytest.approx(plain.level.variance)
    assert Linked.of(cells).C == 20
