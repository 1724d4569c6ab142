"""Level noise between and within offices against the reference, brute force, and what cannot be known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.office_of_judge import office_of_judge
from noiseaudit.estimators.offices import office_levels, offices_of, offices_of_panel
from noiseaudit.estimators.two_way import TwoWay, fit_two_way, pseudo_inverse
from noiseaudit.result import Component, Estimate, Offices
from noiseaudit.simulation import simulate

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


def fit_of(data: pd.DataFrame) -> tuple[TwoWay, Cells]:
    cells = Cells.from_arrays(data["case"], data["judge"], data["decision"])
    return fit_two_way(Linked.of(cells)), cells


def made(found: Offices | NotIdentified) -> Offices:
    assert isinstance(found, Offices), found
    return found


def estimate(component: Component) -> Estimate:
    assert isinstance(component, Estimate), component
    return component


def reason(component: object) -> str:
    assert isinstance(component, NotIdentified)
    return component.reason


def by_hand(effects: Array, V: Array, office: Codes, block: Codes) -> tuple[float, float]:
    """L_office, L_within by matrices: quadratic forms of lhat, and their expectations from V and the design."""
    J = len(effects)
    Z = np.zeros((J, J))
    for o in np.unique(office):
        for g in np.unique(block):
            rows = (office == o) & (block == g)
            if rows.any():
                Z[np.ix_(rows, rows)] = 1 / rows.sum()
    G = np.equal.outer(block, block) / np.bincount(block)[block][:, None]
    within, across = np.eye(J) - Z, Z - G
    L_within = (effects @ within @ effects - np.trace(within @ V)) / np.trace(within)
    same = np.equal.outer(office, office).astype(float)
    L_office = effects @ across @ effects - np.trace(across @ V) - L_within * np.trace(across)
    return L_office / np.trace(across @ same), L_within


def test_reference_n(panel_c: pd.DataFrame) -> None:
    fit, cells = fit_of(panel_c)
    office = np.array([int(label.strip("j")) // 4 for label in cells.judges])
    V = fit.tr / fit.T0 * pseudo_inverse(fit.linked)
    found = office_levels(fit.effects, V, office[fit.linked.judge_index])
    assert found.between == pytest.approx(-0.3118475764, rel=1e-9)
    assert found.within == pytest.approx(1.4034062603, rel=1e-9)
    assert found.noise == pytest.approx(0.3542913163, rel=1e-9)
    offices = made(offices_of_panel(fit, office))
    between = estimate(offices.between)
    assert between.variance == pytest.approx(-0.3118475764, rel=1e-9)
    # by (4.5) with nu = 2/(1 + 1) = 1 and a negative estimate that counts as 0
    assert between.variance_interval == pytest.approx((0, 0.3542913163 / stats.chi2.ppf(0.025, 1) - 0.3542913163))
    assert (offices.offices, offices.judges) == (3, 12)


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("diagonal", [True, False])
def test_brute_force_with_every_office_left_out(blocks: int, diagonal: bool) -> None:
    rng = np.random.default_rng(1)
    office = np.repeat(np.arange(7), [1, 5, 3, 2, 4, 6, 3])
    block = np.arange(len(office)) % blocks  # with two blocks, office 0 lies in one of them and the others in both
    effects, root = rng.standard_normal(len(office)) + office % 3, 0.3 * rng.standard_normal((len(office),) * 2)
    effects -= (np.bincount(block, effects) / np.bincount(block))[block]
    V = np.diag(rng.random(len(office))) if diagonal else root @ root.T * np.equal.outer(block, block)
    found = office_levels(effects, np.diag(V) if diagonal else V, office, block=block)
    assert (found.between, found.within) == pytest.approx(by_hand(effects, V, office, block), rel=1e-10)
    assert found.left_out is not None
    for left, value in enumerate(found.left_out):
        stay = office != left
        expected = by_hand(effects[stay], V[np.ix_(stay, stay)], office[stay], block[stay])
        assert value == pytest.approx(expected[0], rel=1e-9)


def test_a_judge_left_out_of_level_noise_within() -> None:
    """The interval of L_within by hand: log jackknife over judges, with a floor of normal theory."""
    rng = np.random.default_rng(2)
    office, J = np.repeat(np.arange(5), 6), 30
    effects, v = rng.standard_normal(J) + office, np.full(J, 0.05)
    block = np.zeros(J, dtype=np.intp)
    found = office_levels(effects, v, office, kurtosis_floor=1.0)
    theta = by_hand(effects, np.diag(v), office, block)[1]
    left = []
    for j in range(J):
        stay = np.arange(J) != j
        left.append(by_hand(effects[stay], np.diag(v[stay]), office[stay], block[stay])[1])
    logs, c = np.log(left), 5 / 6
    floor = 2 / 25 * (theta + c * 0.05) ** 2 + theta**2 / 25
    s = np.sqrt(max(c * ((logs - logs.mean()) ** 2).sum(), floor / theta**2))
    shift = max(0.0, c * (np.log(theta) - logs).sum())
    t = stats.t.ppf(0.975, 25)
    assert found.within_interval == pytest.approx((theta * np.exp(-t * s), theta * np.exp(shift + t * s)), rel=1e-9)


def test_many_offices_have_a_log_jackknife_over_offices() -> None:
    rng = np.random.default_rng(3)
    office = np.repeat(np.arange(12), 4)
    effects = 2 * rng.standard_normal(12)[office] + 0.3 * rng.standard_normal(48)
    found = office_levels(effects, np.full(48, 0.01), office)
    assert found.between is not None
    assert found.left_out is not None
    assert found.noise is not None
    theta, logs = found.between, np.log(found.left_out)
    floor = 2 / 11 * (theta + found.noise) ** 2 + 2 / 11 * theta**2
    s = np.sqrt(max(11 / 12 * ((logs - logs.mean()) ** 2).sum(), floor / theta**2))
    shift = max(0.0, 11 / 12 * (np.log(theta) - logs).sum())
    t = stats.t.ppf(0.975, 11)
    assert found.between_interval == pytest.approx((theta * np.exp(-t * s), theta * np.exp(shift + t * s)), rel=1e-9)


def test_columns_of_categories_add_up() -> None:
    rng = np.random.default_rng(4)
    effects, office = rng.standard_normal((20, 3)), np.repeat(np.arange(4), 5)
    parts = [office_levels(column, np.full(20, 0.1), office) for column in effects.T]
    whole = office_levels(effects, np.full(20, 0.3), office)
    assert whole.within == pytest.approx(sum(part.within or 0.0 for part in parts))
    assert whole.between == pytest.approx(sum(part.between or 0.0 for part in parts))


def test_order_and_labels_of_offices_make_no_difference() -> None:
    rng = np.random.default_rng(5)
    effects, v, office = rng.standard_normal(30), rng.random(30) / 10, rng.integers(6, size=30)
    order, names = rng.permutation(30), rng.permutation(6) * 7
    first, second = office_levels(effects, v, office), office_levels(effects[order], v[order], names[office][order])
    assert (first.between, first.within) == pytest.approx((second.between, second.within))
    assert first.within_interval == pytest.approx(second.within_interval)
    assert first.between_interval == pytest.approx(second.between_interval)


def test_what_cannot_be_known() -> None:
    rng = np.random.default_rng(6)
    effects, v = rng.standard_normal(12), np.full(12, 0.1)
    one = made(offices_of(effects, v, np.zeros(12, dtype=np.intp)))
    assert reason(one.between) == "one_office"
    assert estimate(one.within).variance == pytest.approx(effects.var(ddof=1) - 0.1)
    each = made(offices_of(effects, v, np.arange(12)))
    assert reason(each.between) == reason(each.within) == "one_judge_each_office"
    two = made(offices_of(effects, v, np.arange(12) % 2))
    assert estimate(two.between).interval_reason == "too_few_offices"
    assert estimate(two.within).variance_interval is not None
    apart = made(offices_of(effects, v, np.arange(12) // 4, block=np.arange(12) // 4))
    assert reason(apart.between) == "offices_not_linked"
    assert estimate(apart.within).variance_interval is not None
    assert reason(offices_of(effects, v, np.full(12, -1))) == "no_office"


def test_judges_without_an_office_are_left_out() -> None:
    rng = np.random.default_rng(7)
    effects, V = rng.standard_normal(14), np.eye(14) * 0.1 + 0.01
    office = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, -1, -1])
    assert offices_of(effects, V, office) == offices_of(effects[:12], V[:12, :12], office[:12])


def test_panels_that_share_no_case_are_compared_inside_blocks_only() -> None:
    data = simulate(judges=24, cases=200, per_case=3, blocks=2, seed=8).data
    fit, cells = fit_of(data)
    of_label = {label: at for at, label in enumerate(cells.judges)}
    block = np.full(len(cells.judges), -1)
    block[fit.linked.judge_index] = fit.linked.block
    assert fit.linked.blocks == 2
    assert reason(made(offices_of_panel(fit, block)).between) == "offices_not_linked"
    halves = np.array([of_label[label] for label in cells.judges]) % 2
    both = made(offices_of_panel(fit, halves))
    assert both.offices == 2
    assert estimate(both.between).interval_reason == "too_few_offices"


def test_chains_and_other_estimators_give_no_interval_or_no_answer() -> None:
    rng = np.random.default_rng(9)
    judge = np.repeat(np.stack([np.arange(29), np.arange(1, 30)], axis=1), 4, axis=0).ravel()
    case = np.repeat(np.arange(116), 2)
    data = pd.DataFrame({"case": case, "judge": judge, "decision": rng.standard_normal(232) + judge % 5})
    fit, _ = fit_of(data)
    assert fit.weak is not None
    offices = made(offices_of_panel(fit, np.arange(30) // 5))
    assert estimate(offices.within).interval_reason == estimate(offices.between).interval_reason == "weak_links"
    assert estimate(made(offices_of_panel(replace(fit, weak=None), np.arange(30) // 5)).within).variance_interval
    assert reason(offices_of_panel(None, np.arange(30))) == "not_available_for_estimator"


def test_the_office_of_a_judge_is_where_nearly_all_decisions_are() -> None:
    judge = np.array([0, 1, 1, 2, 2, 3, 3, 4, 4])
    office = np.array([2, 0, 1, 0, 1, -1, 1, -1, -1])
    n = np.array([5, 9, 1, 6, 4, 9, 1, 2, 3], dtype=np.float64)
    found = office_of_judge(judge, office, n=n, judges=5)
    assert found.office.tolist() == [2, 0, -1, 1, -1]
    assert (found.mostly, found.split, found.unknown) == (1, 1, 1)
    assert [(flag.code, flag.values["n"]) for flag in found.flags] == [
        ("office_split", 1), ("office_mostly", 1), ("office_unknown", 1),
    ]  # fmt: skip
    rows = office_of_judge(np.repeat(judge, n.astype(int)), np.repeat(office, n.astype(int)), judges=5)
    assert rows.office.tolist() == found.office.tolist()
    assert office_of_judge(judge[:1], office[:1], judges=1).flags == ()


def test_one_id_for_two_people_would_hide_differences_between_offices() -> None:
    """Ids that start again in each office: nobody is taken for one person, and it is said how many."""
    judge = np.tile(np.repeat(np.arange(10), 4), 3)
    office = np.repeat(np.arange(3), 40)
    found = office_of_judge(judge, office, judges=10)
    assert (found.split, found.mostly) == (10, 0)
    assert reason(offices_of(np.zeros(10), np.ones(10), found.office)) == "no_office"
