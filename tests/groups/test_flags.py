"""One family of tests, shrunken gaps and flags, against their definitions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import log_jackknife
from noiseaudit.groups.flags import Examined, flag_gaps
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.heterogeneity import Heterogeneity, heterogeneity_of, shrink_gaps
from noiseaudit.groups.peer_centre import against_peers
from noiseaudit.groups.sensitivity import e_value
from noiseaudit.groups.shown_scale import told
from noiseaudit.result import Estimate, Figure, GapSensitivity
from noiseaudit.result.group_parts import counted_once

NO = NotIdentified.of("same_cases")


def gaps(own: list[float], se: float | np.ndarray = 0.1, *, few: int = 0, scale: str = "difference") -> Gaps:
    """Gaps of means from own contrasts; the last `few` professionals have too few cases."""
    J = len(own)
    tested = np.arange(J) < J - few
    value, own_se = np.where(tested, own, np.nan), np.where(tested, se, np.nan)
    gap, total, p = np.full((3, J), np.nan)
    df = np.full(J, 40.0)
    result = against_peers(value[tested], own_se[tested], df=df[tested], peers_in="means")
    gap[tested], total[tested], p[tested] = result.gap, result.se, result.p
    return Gaps(
        scale=scale,  # type: ignore[arg-type]
        judge=np.arange(J),
        n_in=np.where(tested, 30.0, 2.0),
        n_out=np.full(J, 50.0),
        own=value,
        own_se=own_se,
        gap=gap,
        se=total,
        p=p,
        df=df,
        tested=tested,
        base=np.full(J, np.nan if scale == "difference" else 0.3),
    )


def examined(measured: Gaps, *, group: str = "sex", value: str = "a", materiality: float = 0.1) -> Examined:
    return Examined(group, None, value, measured, NO, Figure(1.0), 100, 900, materiality)


OWN = [0.0, 0.05, -0.05, 0.02, -0.1, 0.08, -0.03, 0.01, 0.9, 0.3]
NAMES = [f"j{i}" for i in range(12)]


def test_one_family_over_all_values() -> None:
    first, second = gaps(OWN), gaps([-2 * g for g in OWN], 0.2, few=1)
    found = flag_gaps([examined(first), examined(second, value="b")], NAMES)
    p = np.concatenate([first.p, second.p])
    q = multipletests(p[np.isfinite(p)], method="fdr_bh")[1]
    assert found.family == len(q) == 19
    told_q = [person.q for group in found.groups for person in group.judges if person.q is not None]
    assert told_q == pytest.approx(q)
    assert [person.judge for person in found.groups[0].judges] == NAMES[:10]
    assert [person.flag for person in found.groups[0].judges] == [False] * 8 + [True, found.groups[0].judges[9].flag]
    assert (found.groups[1].tests, found.groups[1].too_few) == (9, 1)
    untested = found.groups[1].judges[9]
    assert (untested.gap, untested.q, untested.flag, untested.because) == (None, None, None, "too_few")
    assert (untested.n_in, untested.n_out) == (2, 50)


def test_the_second_of_two_values_is_the_first_turned_round() -> None:
    """With every p twice the q are the same; whoever counts flags counts them once."""
    first, turned = gaps(OWN), gaps([-own for own in OWN])
    found, alone = flag_gaps([examined(first), examined(turned, value="b")], NAMES), flag_gaps([examined(first)], NAMES)
    assert (found.family, alone.family) == (20, 10)
    for one, mirror, single in zip(*(group.judges for group in (*found.groups, *alone.groups)), strict=True):
        assert mirror.q == pytest.approx(one.q)
        assert single.q == pytest.approx(one.q)
        assert mirror.flag == one.flag
        assert mirror.shrunk == pytest.approx(-one.shrunk)
    assert found.notes[1].flags == found.notes[0].flags == 1
    assert counted_once(found.groups, found.notes) == [True, False]
    rare = (replace(found.notes[0], flags=0), found.notes[1])
    assert counted_once(found.groups, rare) == [False, True]
    third = flag_gaps([examined(gaps(OWN), value=value) for value in "abc"], NAMES)
    assert counted_once(third.groups, third.notes) == [True, True, True]
    other = flag_gaps([examined(first), examined(turned, group="age")], NAMES)
    assert counted_once(other.groups, other.notes) == [True, True]


def test_heterogeneity_is_that_of_a_meta_analysis() -> None:
    rng = np.random.default_rng(2)
    se = rng.uniform(0.1, 0.5, 12)
    own = rng.normal(0, 0.4, 12)
    found = heterogeneity_of(gaps(own.tolist(), se))
    assert isinstance(found, Heterogeneity)
    outside = combine_effects(own, se**2, method_re="dl")
    assert found.tau2 == pytest.approx(outside.tau2)
    assert found.p == pytest.approx(outside.test_homogeneity().pvalue)
    assert found.interval is not None
    assert found.interval[0] < found.tau2 < found.interval[1]


@pytest.mark.parametrize("few", [False, True])
def test_interval_of_heterogeneity_covers_gaps_that_a_few_have(few: bool) -> None:
    """Gaps of 15 % of twenty, or exponential: a chi-square interval alone covers .90 and .92."""
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        drawn = (
            rng.choice([-1, 1], 20) * (rng.random(20) < 0.15) / np.sqrt(0.15) if few else rng.exponential(size=20) - 1
        )
        se = np.sqrt(rng.uniform(0.006, 0.06, 20))
        found = heterogeneity_of(gaps((0.3 * drawn + se * rng.normal(size=20)).tolist(), se))
        assert isinstance(found, Heterogeneity)
        assert found.interval is not None
        hits += found.interval[0] <= 0.09 <= found.interval[1]
    assert hits >= 178  # 1 in 200 below, where the coverage is .93


def test_interval_of_heterogeneity_leaves_out_one_professional_at_a_time() -> None:
    own, se = np.random.default_rng(7).exponential(0.5, 15), np.random.default_rng(8).uniform(0.05, 0.2, 15)
    found = heterogeneity_of(gaps(own.tolist(), se))
    assert isinstance(found, Heterogeneity)
    left = []
    for j in range(15):
        kept = np.arange(15) != j
        left.append(combine_effects(own[kept], se[kept] ** 2, method_re="dl").tau2)
    floor = 2 / 14 * ((found.tau2 + se**2) ** 2).mean() + 2 / 14 * found.tau2**2
    tail = log_jackknife(found.tau2, np.array(left), weights=14 / 15, add=0, floor=floor, df=14, confidence=0.95)
    assert tail is not None
    assert found.interval is not None
    assert found.interval[1] >= tail[1] * (1 - 1e-9)
    assert found.interval[0] <= tail[0] * (1 + 1e-9)
    assert found.interval[1] == pytest.approx(tail[1]) or found.interval[0] == pytest.approx(tail[0])


def test_shrunken_gaps_and_their_uncertainty() -> None:
    measured = gaps(OWN)
    tau2, v = 0.08, 0.01
    shrunk, sd = shrink_gaps(measured, tau2)
    B = tau2 / (tau2 + v)
    assert shrunk == pytest.approx(B * measured.gap)
    VL = 2 / 9 * (tau2 + v) ** 2
    posterior = tau2 * (1 - B) + (1 - B) ** 2 * (tau2 + v) / 10 + 2 * v**2 / (tau2 + v) ** 3 * VL
    assert sd**2 == pytest.approx(np.full(10, posterior))


def test_small_gaps_and_gaps_without_heterogeneity_are_no_flags() -> None:
    clear = examined(gaps(OWN))
    (person,) = [j for j in flag_gaps([clear], NAMES).groups[0].judges if j.judge == "j8"]
    assert person.flag is True and person.because is None  # noqa: PT018  one person
    (person,) = [j for j in flag_gaps([replace(clear, materiality=2.0)], NAMES).groups[0].judges if j.judge == "j8"]
    assert person.flag is False and person.because == "small"  # noqa: PT018  one person
    lonely = examined(gaps([0.0] * 59 + [0.5], np.full(60, 0.1)))  # one of sixty: as a whole they do not differ
    found = flag_gaps([lonely], [f"j{i}" for i in range(60)])
    assert found.notes[0].heterogeneity_p is not None
    assert found.notes[0].heterogeneity_p > 0.05
    assert (found.notes[0].review, found.notes[0].flags) == (1, 0)
    assert [j.because for j in found.groups[0].judges if j.because] == ["for_review"]


def test_own_group_flags_of_fewer_than_eight_are_for_review() -> None:
    seven, eight = (examined(gaps(OWN[-n:])) for n in (7, 8))
    for each, flags in ((seven, 0), (eight, 1)):
        assert flag_gaps([each], NAMES).notes[0].flags >= 1
        own_group = flag_gaps([replace(each, own_group=True)], NAMES).notes[0]
        assert min(own_group.flags, 1) == flags


def test_the_smallest_detectable_gap_has_eighty_per_cent_power() -> None:
    measured = gaps(OWN)
    found = flag_gaps([examined(measured, materiality=0.01)], NAMES)
    small = sum(j.q <= 0.05 for j in found.groups[0].judges if j.q is not None)
    level = 0.05 / 10 * max(1, small)
    power = stats.nct.sf(
        stats.t.ppf(1 - level / 2, 40), 40, found.groups[0].judges[0].smallest_detectable / measured.se[0]
    )
    assert power == pytest.approx(0.8, abs=0.01)
    unflagged = [j.smallest_detectable for j in found.groups[0].judges if not j.flag]
    assert found.notes[0].smallest_detectable == pytest.approx(np.median(unflagged))
    assert flag_gaps([examined(measured, materiality=5.0)], NAMES).groups[0].judges[0].smallest_detectable == 5


def test_log_odds_are_told_as_differences_of_shares() -> None:
    gamma, base = np.array([0.0, 1.0, -1.0]), np.array([0.3, 0.3, 0.5])
    odds = base / (1 - base) * np.exp(gamma)
    assert told(gamma, base, "log_odds") == pytest.approx(odds / (1 + odds) - base)
    assert told(gamma, base, "log_rate") == pytest.approx(base * np.exp(gamma) - base)
    assert np.isfinite(told(gamma, np.array([0.0, 1.0, 0.0]), "log_odds")).all()
    people = flag_gaps([examined(gaps(OWN, scale="log_odds"))], NAMES).groups[0].judges
    assert people[8].gap == pytest.approx(told(gaps(OWN).gap[[8]], np.array([0.3]), "log_odds")[0])


def test_sensitivity_of_the_clearest_flag() -> None:
    measured = gaps(OWN)
    each = replace(examined(measured), strongest=("weight", -0.5))
    note = flag_gaps([each], NAMES).notes[0]
    assert isinstance(note.sensitivity, GapSensitivity)
    limit = measured.gap[8] - stats.t.ppf(0.975, 40) * measured.se[8]
    assert note.sensitivity.shift == pytest.approx(limit)
    assert note.sensitivity.ratio == pytest.approx(limit / 0.5)
    assert (note.sensitivity.strongest, note.sensitivity.e_value) == ("weight", None)
    assert flag_gaps([replace(each, same_cases=True)], NAMES).notes[0].sensitivity == NotIdentified.of(
        "same_cases_for_all"
    )
    nobody = flag_gaps([examined(gaps([0.01 * g for g in OWN]))], NAMES).notes[0]
    assert nobody.sensitivity == NotIdentified.of("no_flag")


def test_e_values() -> None:
    assert e_value(math.log(3.9), common=False) == pytest.approx(7.26, abs=0.005)  # VanderWeele & Ding (2017), RR 3.9
    assert e_value(math.log(1.8), common=False) == pytest.approx(3.0, abs=0.005)  # its lower limit 1.8
    assert e_value(-math.log(3.9), common=False) == pytest.approx(e_value(math.log(3.9), common=False))
    assert e_value(0.0, common=True) == 1
    assert e_value(math.log(9), common=True) == pytest.approx(e_value(math.log(3), common=False))


def test_nothing_to_test() -> None:
    assert flag_gaps([], NAMES).family == 0
    three = replace(gaps(OWN), tested=np.zeros(10, dtype=bool))
    nothing = {name: np.full(10, np.nan) for name in ("own", "own_se", "gap", "se", "p")}
    found = flag_gaps([examined(replace(three, **nothing))], NAMES)
    assert (found.family, found.groups[0].tests, found.groups[0].too_few) == (0, 0, 10)
    assert found.groups[0].heterogeneity == NotIdentified.of("too_few_tested")
    assert found.notes[0].smallest_detectable is None
    exact = flag_gaps([examined(gaps(OWN, 0.0))], NAMES)
    assert exact.groups[0].heterogeneity == NotIdentified.of("no_gap_noise")
    assert isinstance(flag_gaps([examined(gaps(OWN))], NAMES).groups[0].heterogeneity, Estimate)
