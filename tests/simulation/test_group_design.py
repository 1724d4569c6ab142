"""Groups in simulated data: who deviates by how much is as the truth says, and all else is as without groups."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from noiseaudit.errors import CallError
from noiseaudit.simulation import GroupDesign, LogDesign, draw_log, simulate, simulate_log
from noiseaudit.simulation.group_design import added_variance, draw_groups
from noiseaudit.simulation.panels import Design, draw

_THREE = GroupDesign(prevalence=(0.5, 0.3, 0.2), systemic=(0.0, 0.3, 0.5), gap=0.8, deviating=0.25)
_OWN = GroupDesign(prevalence=(0.5, 0.3, 0.2), systemic=0.4, gap=0.8, deviating=0.25, own=True)


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (simulate(judges=12, cases=30, seed=5).data, "c2ddb3ce25bfcd66"),
        (simulate(judges=12, cases=30, scale="binary", per_case=3, repeats=(1, 2), assignment="sorted", seed=5).data,
         "310b3f2dbde1143a"),
        (simulate_log(judges=10, cases=200, seed=5).data, "8d525f3ed6042bec"),
        (simulate_log(judges=10, cases=200, scale="binary", assignment="confounded", periods=2, seed=5).data,
         "65c302f3ebb137b2"),
    ],
)  # fmt: skip
def test_without_groups_seeds_give_what_they_gave_before(data: pd.DataFrame, digest: str) -> None:
    text = data.to_csv(index=False, float_format="%.12g")
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize("kind", ["panel", "log"])
def test_every_decision_moves_by_what_the_truth_tells(kind: str) -> None:
    def of(groups: GroupDesign | None) -> object:
        if kind == "panel":
            return draw(Design(judges=12, cases=40, per_case=6, groups=groups), np.random.default_rng(5))
        return draw_log(LogDesign(judges=12, cases=400, groups=groups), np.random.default_rng(5))

    plain, with_values, with_own = of(None), of(_THREE), of(_OWN)
    truth = with_values.groups.truth
    assert truth.deviates.sum(axis=0).tolist() == [0, 3, 3]  # a quarter of 12 at each value but the first
    value = with_values.groups.value[plain.case]
    moved = with_values.decision - plain.decision
    assert moved == pytest.approx(np.array(_THREE.systemic)[value] + truth.gaps[plain.judge, value])
    own = with_own.groups
    same = own.value[plain.case] == np.arange(12)[plain.judge] % 3
    expected = np.where(same, 0.4 + own.truth.gaps[plain.judge, 1], 0.0)
    assert with_own.decision - plain.decision == pytest.approx(expected)
    assert np.array_equal(own.flag(plain.case, plain.judge), same)
    assert set(np.abs(own.truth.gaps[:, 1])) == {0.0, 0.8}


def test_columns_and_truth_of_the_public_functions() -> None:
    panel = simulate(judges=12, cases=60, groups=_OWN, seed=3)
    assert {"group", "judge_group"} <= set(panel.data)
    assert panel.data.groupby("judge")["judge_group"].nunique().max() == 1
    assert panel.groups is not None
    assert panel.groups.deviates.sum() == 3
    log = simulate_log(judges=12, cases=300, scale="binary", groups=_THREE, seed=3)
    assert set(log.data["group"]) == {"a", "b", "c"}
    assert "judge_group" not in log.data
    assert simulate(judges=5, cases=5).groups is None


def test_values_occur_as_often_as_told_and_follow_the_worth_of_the_case() -> None:
    worth = np.random.default_rng(1).exponential(size=20_000)
    groups = draw_groups(GroupDesign(prevalence=(0.6, 0.3, 0.1), association=0.5), 5, worth, np.random.default_rng(2))
    assert np.bincount(groups.value) / 20_000 == pytest.approx([0.6, 0.3, 0.1], abs=0.012)
    means = [worth[groups.value == v].mean() for v in range(3)]
    assert means[0] < means[1] - 0.2 < means[2] - 0.4


@pytest.mark.parametrize("design", [_THREE, _OWN])
def test_added_variance_is_that_of_the_effects(design: GroupDesign) -> None:
    """Brute force over 200 draws of 240 judges and 500 cases."""
    generator = np.random.default_rng(7)
    parts = []
    for _ in range(200):
        groups = draw_groups(design, 240, np.zeros(500), generator)
        effect = groups.effect(np.tile(np.arange(500), 240), np.repeat(np.arange(240), 500)).reshape(240, 500)
        level, case = effect.mean(axis=1).var(), effect.mean(axis=0).var()
        parts.append((level, effect.var() - level - case, case))
    added = added_variance(design, 240)
    assert np.mean(parts, axis=0) == pytest.approx((added.level, added.pattern, added.case), rel=0.03, abs=4e-4)
    plain, grouped = Design(judges=240).truth(), Design(judges=240, groups=design).truth()
    assert grouped.system - plain.system == pytest.approx(added.level + added.pattern)


@pytest.mark.parametrize(
    "settings",
    [{"prevalence": 1.0}, {"prevalence": (0.5, 0.4)}, {"deviating": 1.5}, {"association": 2.0}, {"gap": -1.0},
     {"systemic": (0.1, 0.2), "own": True}, {"systemic": (0.1, 0.2, 0.3)}],
)  # fmt: skip
def test_impossible_groups_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(CallError):
        GroupDesign(**settings)  # type: ignore[arg-type]


def test_nominal_decisions_have_no_gaps() -> None:
    with pytest.raises(CallError, match="nominal"):
        simulate(scale="nominal", groups=_THREE)
