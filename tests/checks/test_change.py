"""What changed between two audits: differences with intervals that hold, paired where the same people serve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import noiseaudit as na
from noiseaudit.checks.change import LevelVariance, PairedLevels, drift, moved, paired_levels
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
    rng, held, told, runs = np.random.default_rng(11), 0, 0, 400
    for _ in range(runs):
        true = rng.exponential(0.5, 40) - 0.5 if skewed else rng.normal(0, 0.5, 40)
        se = np.full(40, 0.15)
        before = with_levels(true + se * rng.normal(size=40), se)
        after = with_levels(times * true + se * rng.normal(size=40), se)
        found = paired_levels(before, after)
        assert found is not None
        if found.interval is None:  # says that it cannot tell
            continue
        low, high = found.interval
        told += 1
        held += low <= times <= (math.inf if high is None else high)
    assert told >= (0.8 if skewed else 0.99) * runs
    assert held / told >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / told)


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
    widths = [math.log(one.ratio_interval[1] / one.ratio_interval[0]) for one in (paired, alone)]
    assert widths[0] < widths[1]


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


@pytest.mark.parametrize("times", [1.0, 2.0])
def test_levels_are_paired_within_blocks(times: float) -> None:
    """Levels of a block have their own zero, which moves from audit to audit and is no noise of professionals."""
    rng, held, told, runs = np.random.default_rng(12), 0, 0, 400
    block = np.repeat([1, 2, 3, 4], 15)
    for _ in range(runs):
        true, se = rng.normal(0, 0.5, 60), np.full(60, 0.15)
        shift = rng.normal(0, 2, (2, 5))
        audits = [
            replace(one, judges=tuple(replace(j, block=int(b)) for j, b in zip(one.judges, block, strict=True)))
            for one in (
                with_levels(true + se * rng.normal(size=60) + shift[0, block], se),
                with_levels(times * true + se * rng.normal(size=60) + shift[1, block], se),
            )
        ]
        found = paired_levels(*audits)
        assert found is not None
        assert found.judges == 60
        if found.interval is not None and found.interval[1] is not None:
            told += 1
            held += found.interval[0] <= times <= found.interval[1]
    assert told == runs
    assert held / runs >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / runs)


def test_the_variance_of_levels_without_each_is_that_of_the_others() -> None:
    rng = np.random.default_rng(3)
    member, level, se = np.repeat([0, 1, 2], [5, 3, 2]), rng.normal(size=10), rng.uniform(0.1, 0.3, 10)

    def of(keep: np.ndarray) -> float:
        keep = keep & (np.bincount(member[keep], minlength=3)[member] > 1)
        sets = [keep & (member == g) for g in range(3) if (keep & (member == g)).any()]
        return sum(s.sum() * level[s].var(ddof=1) - (se[s] ** 2).sum() for s in sets) / keep.sum()

    everybody = np.arange(10)
    found = LevelVariance.of(level, se, member)
    assert found.value == pytest.approx(of(everybody >= 0))
    alone = [of(everybody != j) for j in range(8)]
    assert sorted(found.left_out) == pytest.approx(sorted([*alone, of(everybody < 8)]))  # the two of a set go together
    single = LevelVariance.of(level, se, np.zeros(10, dtype=int))
    part = (level - level.mean()) ** 2 * 10 / 9 - se**2
    assert single.surely == pytest.approx(part.mean() - 2 * part.std(ddof=1) / math.sqrt(10))


def test_pairs_alone_are_compared_as_sharply_as_their_number_allows() -> None:
    """20 sets of two have 20 differences, not 40: intervals hold the truth, and are no wider than that."""
    rng, held, widths, runs = np.random.default_rng(13), 0, [], 300
    block, se = np.repeat(np.arange(20), 2), np.full(40, 0.1)
    for _ in range(runs):
        true, zero = rng.normal(0, 0.5, 40), rng.normal(0, 1, (2, 20))
        one, two = (true + se * rng.normal(size=40) + zero[k, block] for k in (0, 1))
        before, after = (with_levels(levels, se) for levels in (one, two))
        parts = [
            replace(each, judges=tuple(replace(j, block=int(b)) for j, b in zip(each.judges, block, strict=True)))
            for each in (before, after)
        ]
        found = paired_levels(*parts)
        assert found is not None
        if found.interval is None or found.interval[1] is None:
            continue
        held += found.interval[0] <= 1 <= found.interval[1]
        widths.append(math.log(found.interval[1] / found.interval[0]))
    assert held / len(widths) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / len(widths))
    assert held < len(widths)


def test_those_who_share_a_block_with_nobody_are_not_paired() -> None:
    alone = replace(WIDE, judges=tuple(replace(judge, block=n) for n, judge in enumerate(WIDE.judges)))
    assert paired_levels(CALM, alone) is None


def test_level_noise_of_other_blocks_is_not_compared() -> None:
    apart = replace(STRANGERS, design=replace(STRANGERS.design, linked_blocks=3))
    for name in ("noise.level.sd", "noise.level.variance", "noise.pattern.share"):
        found = moved(name, Selector(), CALM, apart)
        assert (found.interval, found.ratio_interval, found.clear) == (None, None, False)
        assert "1 and 3" in found.because
        assert drift(name, Selector(), CALM, apart).interval is None
    assert moved("noise.system.sd", Selector(), CALM, apart).interval is not None
    paired = moved(
        "noise.level.sd", Selector(), CALM, replace(WIDE, design=apart.design), pairs=paired_levels(CALM, WIDE)
    )
    assert paired.paired
    assert paired.ratio_interval is not None
