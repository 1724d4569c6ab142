"""What changed between two audits: differences with intervals that hold, paired where the same people serve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import noiseaudit as na
from noiseaudit.checks.change import PairedLevels, drift, moved, paired_levels
from noiseaudit.checks.figures import Selector
from noiseaudit.checks.words import change_text
from noiseaudit.result import Estimate, Judge

from ..conftest import ROLES

CALM = na.audit(na.simulate(judges=30, cases=60, level=0.3, stable_pattern=0.5, seed=1).data, **ROLES)
WIDE = na.audit(na.simulate(judges=30, cases=60, level=0.9, stable_pattern=0.5, seed=2).data, **ROLES)
STRANGERS = replace(WIDE, judges=tuple(replace(judge, judge=f"other {judge.judge}") for judge in WIDE.judges))


def figure(change: object, name: str) -> object:
    (found,) = (one for one in change.figures if one.figure == name)  # type: ignore[attr-defined]
    return found


def with_levels(levels: np.ndarray, se: np.ndarray, *, base: na.AuditResult = CALM) -> na.AuditResult:
    judges = tuple(
        Judge(f"J{j}", 10, 10, float(level), float(s), None, None, None, 1)
        for j, (level, s) in enumerate(zip(levels, se, strict=True))
    )
    return replace(base, judges=judges)


def test_what_grew_is_named_and_what_did_not_is_not() -> None:
    change = na.compare(CALM, WIDE)
    assert figure(change, "noise.level.sd").clear
    assert figure(change, "noise.system.sd").clear
    assert not figure(change, "noise.pattern.sd").clear
    assert change.judges_in_both == 30
    text = change_text(change)
    assert (
        text.index("noise.level.sd") < text.index("No change that chance could not explain") < text.index("pattern.sd")
    )


def test_an_audit_has_not_changed_against_itself() -> None:
    change = na.compare(CALM, CALM)
    assert not any(one.clear for one in change.figures)
    assert all(one.difference in (0, None) for one in change.figures)
    assert figure(change, "noise.level.sd").ratio == 1


def test_to_and_fro_are_opposite() -> None:
    there, back = na.compare(CALM, WIDE), na.compare(WIDE, CALM)
    for one in there.figures:
        other = figure(back, one.figure)
        if one.difference is not None:
            assert other.difference == pytest.approx(-one.difference)
        if one.interval is not None:
            assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))
        if one.ratio:
            assert other.ratio == pytest.approx(1 / one.ratio)


def test_independent_figures_differ_by_mover() -> None:
    """lower = b - a - sqrt((b - l_b)^2 + (u_a - a)^2), with numbers by hand: 3-4-5 triangles."""
    a = replace(CALM, noise=replace(CALM.noise, pattern=Estimate(100.0, (49.0, 196.0))))  # SD 10 (7 to 14)
    b = replace(CALM, noise=replace(CALM.noise, pattern=Estimate(400.0, (289.0, 576.0))))  # SD 20 (17 to 24)
    found = moved("noise.pattern.sd", Selector(), a, b)
    assert found.difference == 10
    assert found.interval == pytest.approx((10 - 5.0, 10 + 5.0))
    up, down = math.hypot(math.log(24 / 20), math.log(10 / 7)), math.hypot(math.log(20 / 17), math.log(14 / 10))
    assert found.ratio_interval == pytest.approx((2 * math.exp(-down), 2 * math.exp(up)))
    assert found.clear


def test_a_ratio_to_what_may_be_0_has_no_end() -> None:
    a = replace(CALM, noise=replace(CALM.noise, level=Estimate(0.04, (0.0, 0.25))), judges=())
    found = moved("noise.level.sd", Selector(), a, replace(CALM, judges=()))
    assert found.ratio_interval is not None
    assert found.ratio_interval[1] is None
    low, high = drift("noise.level.sd", Selector(), a, replace(CALM, judges=())).interval
    assert (low > 0, high) == (True, math.inf)
    none = replace(CALM, noise=replace(CALM.noise, level=Estimate(-0.01, (0.0, 0.25))), judges=())
    assert drift("noise.level.sd", Selector(), none, CALM).interval is None


@pytest.mark.parametrize(("times", "skewed"), [(1.0, False), (2.0, False), (1.0, True), (2.0, True)])
def test_paired_intervals_hold_the_truth(times: float, skewed: bool) -> None:
    rng, held, runs = np.random.default_rng(11), 0, 400
    for _ in range(runs):
        true = rng.exponential(0.5, 40) - 0.5 if skewed else rng.normal(0, 0.5, 40)
        se = np.full(40, 0.15)
        before = with_levels(true + se * rng.normal(size=40), se)
        after = with_levels(times * true + se * rng.normal(size=40), se)
        found = paired_levels(before, after)
        assert found is not None
        if found.interval is None:
            held += 1  # says that it cannot tell
            continue
        low, high = found.interval
        held += low <= times <= (math.inf if high is None else high)
    assert held / runs >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / runs)


def test_paired_is_sharper_than_strangers() -> None:
    ours, theirs = paired_levels(CALM, WIDE), paired_levels(CALM, STRANGERS)
    assert theirs is None
    assert isinstance(ours, PairedLevels)
    paired, alone = (
        figure(na.compare(CALM, WIDE), "noise.level.sd"),
        figure(na.compare(CALM, STRANGERS), "noise.level.sd"),
    )
    assert paired.paired
    assert not alone.paired
    assert paired.difference == alone.difference


def test_few_people_in_both_are_compared_as_strangers() -> None:
    few = replace(WIDE, judges=WIDE.judges[:9])
    assert paired_levels(CALM, few) is None


@pytest.mark.parametrize("change", [{"kind": "log"}, {"scale": "binary"}])
def test_other_measures_are_refused(change: dict[str, str]) -> None:
    other = replace(WIDE, design=replace(WIDE.design, **change))
    with pytest.raises(na.CallError) as refused:
        na.compare(CALM, other)
    assert refused.value.code == "not_comparable"
    euros, months = (replace(CALM, settings={**CALM.settings, "unit": unit}) for unit in ("€", "months"))
    with pytest.raises(na.CallError, match="months"):
        na.compare(euros, months)


def test_notes_say_what_else_is_different() -> None:
    other = replace(WIDE, settings={**WIDE.settings, "confidence": 0.9}, tool_version="9.9")
    notes = " ".join(na.compare(CALM, other).notes)
    assert "confidence" in notes
    assert "9.9" in notes
