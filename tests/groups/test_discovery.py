"""Kinds of cases are looked for in one half and tested in the other, and neither sees the other's decisions."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from noiseaudit.aggregates.cells import Cells, index_cells
from noiseaudit.comparable.features import Feature, FeatureTable
from noiseaudit.comparable.rules import Leaf, Rules, Split, class_codes, leaves
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.discovery import Asked, LogDecisions, discover_in_log, discover_in_panel, halved
from noiseaudit.groups.kinds_tree import Sought, grow_kinds, split_gains
from noiseaudit.groups.shared_by_kind import SharedGap, gap_between_cases, gap_within_judges
from noiseaudit.result.group_parts import DiscoveredKind, Discovery

ASKED = Asked(0.1, seed=3)
NAMES = (Feature("age"), Feature("urgency"), Feature("kind", ("new", "change", "end")))


def features(rng: np.random.Generator, cases: int) -> FeatureTable:
    columns = [rng.random(cases), rng.random(cases), rng.integers(0, 3, cases)]
    return FeatureTable(NAMES, np.column_stack(columns).astype(np.float64))


def panel(
    table: FeatureTable, rng: np.random.Generator, *, gap: float = 2.0, judges: int = 12, yes_no: bool = False
) -> Cells:
    """Judges 0 and 1 deviate where age >= .6, up and down."""
    C = len(table)
    case, judge = np.repeat(np.arange(C), judges), np.tile(np.arange(judges), C)
    y = rng.normal(size=C)[case] + 0.5 * rng.normal(size=judges)[judge] + 0.7 * rng.normal(size=len(case))
    y += gap * (table.values[case, 0] >= 0.6) * ((judge == 0) - 1.0 * (judge == 1))
    return index_cells(case, judge, (y > 0).astype(np.float64) if yes_no else y)


def log(
    table: FeatureTable, rng: np.random.Generator, *, gap: float, all_share: float = 0.0, judges: int = 20
) -> LogDecisions:
    R = len(table)
    judge = rng.permutation(np.arange(R) % judges)
    y = 0.5 * rng.normal(size=judges)[judge] + rng.normal(size=R)
    y += gap * (table.values[:, 0] >= 0.6) * ((judge == 0) - 1.0 * (judge == 1))
    y += all_share * (table.values[:, 2] == 1)
    names = [f"J{k}" for k in range(judges)]
    return LogDecisions(y, y, judge, np.arange(R), np.zeros(R, dtype=np.intp), names, yes_no=False)


def found(result: Discovery | NotIdentified) -> tuple[DiscoveredKind, ...]:
    assert isinstance(result, Discovery), result
    return result.kinds


def flagged(kinds: tuple[DiscoveredKind, ...]) -> set[str]:
    return {line.judge for kind in kinds for line in kind.judges if line.flag}


# ------------------------------------------------------------------------------------------------------ the criterion


@pytest.mark.parametrize("together", [False, True])
def test_gain_is_that_of_the_formula(together: bool) -> None:
    rng = np.random.default_rng(1)
    judge, bins, r = rng.integers(0, 5, 60), rng.integers(0, 4, 60), rng.normal(size=60)
    judge[bins == 3] = 0  # nobody else on that side
    n, total = np.zeros((5, 4)), np.zeros((5, 4))
    np.add.at(n, (judge, bins), 1)
    np.add.at(total, (judge, bins), r)
    ways = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]], dtype=bool)
    gains, both = split_gains(n, total, ways, together=together)
    for way, gain, many in zip(ways, gains, both, strict=True):
        parts = []
        for j in range(5):
            left, right = r[(judge == j) & way[bins]], r[(judge == j) & ~way[bins]]
            if len(left) and len(right):
                parts.append((len(left) * len(right) / (len(left) + len(right)), left.mean() - right.mean()))
        w, d = np.array(parts).T
        centre = 0.0 if together else np.average(d, weights=w)
        assert gain == pytest.approx((w * (d - centre) ** 2).sum())
        assert many == len(parts)


def test_first_split_is_the_best_of_all() -> None:
    rng = np.random.default_rng(2)
    table = features(rng, 120)
    judge, case = np.tile(np.arange(6), 120), np.repeat(np.arange(120), 6)
    r = rng.normal(size=720) + 0.8 * (table.values[case, 1] < 0.3) * (judge == 2)
    r -= (np.bincount(case, r) / 6)[case]
    rules = grow_kinds(Sought(r, judge, case), table, depth=1, fewest_cases=10, chance=np.inf)
    assert isinstance(rules, Split)

    def gain(left: np.ndarray) -> float:
        d = np.array([r[left[case] & (judge == j)].mean() - r[~left[case] & (judge == j)].mean() for j in range(6)])
        return float((left.sum() * (~left).sum() / 120 * (d - d.mean()) ** 2).sum())

    ways = [table.values[:, k] < cut for k in (0, 1) for cut in np.quantile(table.values[:, k], np.arange(1, 10) / 10,
            method="higher")]  # fmt: skip
    ways += [table.values[:, 2] == k for k in range(3)]
    ways = [way for way in ways if min(way.sum(), (~way).sum()) >= 10]
    best = max(gain(way) for way in ways)
    code = class_codes(rules, table.features, table.values)
    assert gain(code == 0) == pytest.approx(best)


def test_an_ordinary_tree_would_be_blind_and_this_one_is_not() -> None:
    rng = np.random.default_rng(3)
    table = features(rng, 200)
    judge, case = np.tile(np.arange(4), 200), np.repeat(np.arange(200), 4)
    r = 0.1 * rng.normal(size=800) + (table.values[case, 0] < 0.5) * np.array([1.0, -1.0, 0.0, 0.0])[judge]
    r -= (np.bincount(case, r) / 4)[case]
    assert np.abs(np.bincount(case, r)).max() < 1e-9  # a split of cases changes no mean
    rules = grow_kinds(Sought(r, judge, case), table)
    assert isinstance(rules, Split)
    assert rules.feature == "age"
    assert rules.bound == pytest.approx(0.5, abs=0.1)


# ------------------------------------------------------------------------------------------------------------- leaves


def depth(rules: Rules) -> int:
    return 0 if isinstance(rules, Leaf) else 1 + max(depth(rules.yes), depth(rules.no))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_leaves_are_few_and_large(most: int) -> None:
    rng = np.random.default_rng(4)
    table = features(rng, 400)
    judge, case = np.tile(np.arange(8), 400), np.repeat(np.arange(400), 8)
    rules = grow_kinds(Sought(rng.normal(size=3200), judge, case), table, depth=most, chance=np.inf)
    assert depth(rules) == most
    assert np.bincount(class_codes(rules, table.features, table.values)).min() >= 25


def test_where_nothing_is_no_kind_is_found() -> None:
    grown = []
    for seed in range(20):
        rng = np.random.default_rng((5, seed))
        table = features(rng, 200)
        judge, case = np.tile(np.arange(8), 200), np.repeat(np.arange(200), 8)
        grown.append(leaves(grow_kinds(Sought(rng.normal(size=1600), judge, case), table)) > 1)
    assert sum(grown) <= 6


def test_a_leaf_needs_professionals_who_can_be_tested_there() -> None:
    rng = np.random.default_rng(6)
    table = features(rng, 200)
    case = np.repeat(np.arange(200), 2)
    judge = rng.integers(0, 40, 400)  # ten decisions each
    sought = Sought(rng.normal(size=400), judge, case, fewest=10, testable=4)
    assert isinstance(grow_kinds(sought, table, chance=np.inf), Leaf)
    assert not isinstance(grow_kinds(replace(sought, fewest=2), table, chance=np.inf), Leaf)


def test_what_belongs_to_professionals_is_no_kind_of_case() -> None:
    rng = np.random.default_rng(7)
    judge = np.arange(600) % 12
    table = FeatureTable((Feature("office", ("A", "B")),), (judge % 2)[:, None].astype(np.float64))
    sought = Sought(rng.normal(size=600) + judge % 2, judge, np.arange(600), fewest=5, testable=4)
    assert isinstance(grow_kinds(sought, table, chance=np.inf), Leaf)


@pytest.mark.parametrize("where", ["high", "low", "alone"])
def test_missing_goes_where_it_belongs(where: str) -> None:
    rng = np.random.default_rng(8)
    age = rng.random(300)
    missing = rng.random(300) < 0.3
    deviates = {"high": (age > 0.5) | missing, "low": (age > 0.5) & ~missing, "alone": missing}[where]
    table = FeatureTable((Feature("age"),), np.where(missing, np.nan, age)[:, None])
    judge, case = np.tile(np.arange(6), 300), np.repeat(np.arange(300), 6)
    r = 0.1 * rng.normal(size=1800) + deviates[case] * np.array([1.0, -1, 0, 0, 0, 0])[judge]
    rules = grow_kinds(Sought(r, judge, case), table, depth=1)
    assert isinstance(rules, Split)
    code = class_codes(rules, table.features, table.values)
    agree = (code == code[np.flatnonzero(deviates)[0]]) == deviates
    assert agree[missing].all()
    assert agree.mean() > 0.9


def test_values_that_belong_together_are_found_together() -> None:
    rng = np.random.default_rng(9)
    labels = tuple("abcdefgh")
    code = rng.integers(0, 8, 400)
    table = FeatureTable((Feature("place", labels),), code[:, None].astype(np.float64))
    judge, case = np.tile(np.arange(6), 400), np.repeat(np.arange(400), 6)
    r = 0.3 * rng.normal(size=2400) + np.isin(code, [1, 4, 6])[case] * np.array([1.0, -1, 0, 0, 0, 0])[judge]
    rules = grow_kinds(Sought(r, judge, case), table, depth=1)
    assert isinstance(rules, Split)
    assert rules.values == ("b", "e", "g")


def test_useless_features_find_nothing() -> None:
    rng = np.random.default_rng(10)
    names = (Feature("one"), Feature("none"), Feature("id", tuple(map(str, range(300)))))
    table = FeatureTable(names, np.column_stack([np.ones(300), np.full(300, np.nan), np.arange(300)]))
    judge, case = np.tile(np.arange(6), 300), np.repeat(np.arange(300), 6)
    assert isinstance(grow_kinds(Sought(rng.normal(size=1800), judge, case), table, chance=np.inf), Leaf)
    assert found(discover_in_panel(panel(features(rng, 300), rng), table, asked=ASKED)) == ()


# ------------------------------------------------------------------------------------------------------------- panels


@pytest.mark.parametrize("yes_no", [False, True])
def test_a_planted_kind_is_found_with_who_deviates(yes_no: bool) -> None:
    rng = np.random.default_rng(11)
    table = features(rng, 600 if yes_no else 240)
    kinds = found(discover_in_panel(panel(table, rng, yes_no=yes_no), table, asked=ASKED, yes_no=yes_no))
    assert {"0", "1"} <= flagged(kinds)
    assert sum(kind.flags for kind in kinds) <= 2 * len(kinds) + 1
    for kind in kinds:
        assert kind.sought == "professionals"
        first = kind.rule[0]
        assert first.feature == "age"
        assert first.bound == pytest.approx(0.6, abs=0.05)
        assert not first.missing
        assert kind.tests + kind.too_few == 12
        gaps = {line.judge: line.gap for line in kind.judges}
        assert (gaps["0"] > 0.2) == (gaps["1"] < -0.2) == (first.sign == ">=")
    if not yes_no:
        assert abs(gaps["0"]) == pytest.approx(2.0, abs=0.5)
        assert isinstance(kind.organisation, NotIdentified)
        assert kind.organisation.reason == "same_cases"
        assert kind.organisation_q is None


def _changed(cells: Cells, which: np.ndarray, rng: np.random.Generator) -> Cells:
    noise = np.where(which[cells.case][:, None], rng.normal(size=cells.mean.shape), 0.0)
    return replace(cells, mean=cells.mean + noise)


def _panel_half(cells: Cells) -> np.ndarray:
    return halved(np.asarray(cells.cases.astype(str)), np.arange(len(cells.cases)), seed=ASKED.seed)


def test_decisions_of_the_tested_half_cannot_change_the_kinds() -> None:
    rng = np.random.default_rng(12)
    table = features(rng, 300)
    cells = panel(table, rng)
    first = found(discover_in_panel(cells, table, asked=ASKED))
    other = found(discover_in_panel(_changed(cells, ~_panel_half(cells), rng), table, asked=ASKED))
    assert [kind.rule for kind in first] == [kind.rule for kind in other] != []
    for one, two in zip(first, other, strict=True):
        assert all(a.p != b.p for a, b in zip(one.judges, two.judges, strict=True) if a.p is not None)


def test_decisions_of_the_searched_half_cannot_change_a_test() -> None:
    rng = np.random.default_rng(13)
    table = features(rng, 300)
    cells = panel(table, rng)
    first = found(discover_in_panel(cells, table, asked=ASKED))
    louder = replace(cells, mean=np.where(_panel_half(cells)[cells.case][:, None], 3 * cells.mean, cells.mean))
    other = found(discover_in_panel(louder, table, asked=ASKED))
    assert [kind.rule for kind in first] == [kind.rule for kind in other] != []
    assert first == other
    searched = _changed(cells, _panel_half(cells), np.random.default_rng(1))
    assert not np.allclose(searched.mean, cells.mean)


def test_a_seed_gives_the_same_and_another_seed_another_half() -> None:
    rng = np.random.default_rng(14)
    table = features(rng, 240)
    cells = panel(table, rng)
    assert discover_in_panel(cells, table, asked=ASKED) == discover_in_panel(cells, table, asked=ASKED)
    labels = np.arange(100).astype(str)
    halves = [halved(labels, np.arange(100), seed=seed) for seed in range(3)]
    assert all(half.sum() == 50 for half in halves)
    assert all((one != two).any() for one, two in pairwise(halves))
    order = rng.permutation(100)  # the same cases in another order
    assert np.array_equal(halved(labels[order], np.arange(100), seed=0), halves[0][order])


def test_cases_of_one_professional_are_in_no_half() -> None:
    rng = np.random.default_rng(15)
    table = features(rng, 240)
    cells = panel(table, rng)
    alone = cells.where((cells.case < 200) | (cells.judge == 0))
    result = discover_in_panel(alone, table, asked=ASKED)
    assert isinstance(result, Discovery)
    assert (result.cases_searched, result.cases_tested) == (100, 100)
    assert result.features == ("age", "urgency", "kind")
    assert result.seed == 3


def test_what_cannot_be_looked_for_says_why() -> None:
    rng = np.random.default_rng(16)
    table = features(rng, 99)
    few = discover_in_panel(panel(table, rng), table, asked=ASKED)
    assert isinstance(few, NotIdentified)
    assert few.reason == "too_few_to_halve"
    blank = FeatureTable((), np.zeros((240, 0)))
    none = discover_in_panel(panel(features(rng, 240), rng), blank, asked=ASKED)
    assert isinstance(none, NotIdentified)
    assert none.reason == "no_case_features"
    categories = index_cells(np.repeat(np.arange(99), 3), np.tile(np.arange(3), 99), np.eye(3)[rng.integers(0, 3, 297)])
    nominal = discover_in_panel(categories, table, asked=ASKED)
    assert isinstance(nominal, NotIdentified)
    assert nominal.reason == "not_numeric"
    pairs = index_cells(np.repeat(np.arange(120), 2), np.arange(240), rng.normal(size=240))
    loose = discover_in_panel(pairs, features(rng, 120), asked=ASKED)
    assert isinstance(loose, NotIdentified)
    assert loose.reason == "no_joint_fit"


def test_right_answers_show_where_all_err_together() -> None:
    rng = np.random.default_rng(17)
    table = features(rng, 300)
    cells = panel(table, rng, gap=0.0)
    truth = np.bincount(cells.case, cells.mean[:, 0]) / 12 + 0.3 * rng.normal(size=300)
    truth -= 0.8 * (table.values[:, 2] == 2)  # all decide .8 too high
    truth[:20] = np.nan
    kinds = found(discover_in_panel(replace(cells, truth=truth), table, asked=ASKED))
    (kind,) = (kind for kind in kinds if kind.sought == "organisation")
    assert kind.rule[0].values == ("end",)
    assert kind.organisation.value == pytest.approx(0.8, abs=0.25)
    low, high = kind.organisation.interval
    assert low < 0.8 < high
    assert kind.organisation_q < 1e-6
    assert kind.judges == ()


# --------------------------------------------------------------------------------------------------------------- logs


def test_in_a_log_professionals_and_the_organisation_each_have_their_kinds() -> None:
    rng = np.random.default_rng(18)
    table = features(rng, 4000)
    kinds = found(discover_in_log(log(table, rng, gap=1.5, all_share=0.5), table, asked=ASKED))
    people = [kind for kind in kinds if kind.sought == "professionals"]
    assert {"J0", "J1"} <= flagged(tuple(people))
    assert sum(kind.flags for kind in people) <= 3
    assert {condition.feature for kind in people for condition in kind.rule} == {"age"}
    (kind,) = (kind for kind in kinds if kind.sought == "organisation")
    assert kind.rule[0].values == ("change",)
    assert kind.organisation.value == pytest.approx(0.5, abs=0.15)
    assert kind.organisation_q < 0.001


def test_in_a_log_of_yes_no_decisions_too() -> None:
    rng = np.random.default_rng(19)
    table = features(rng, 6000)
    plain = log(table, rng, gap=2.5)
    ones = (plain.decision > 0).astype(np.float64)
    kinds = found(
        discover_in_log(replace(plain, decision=ones, adjusted=ones - ones.mean(), yes_no=True), table, asked=ASKED)
    )
    assert {"J0", "J1"} <= flagged(kinds)
    assert sum(kind.flags for kind in kinds) <= 3


def test_halves_of_a_log_do_not_see_each_other() -> None:
    rng = np.random.default_rng(20)
    table = features(rng, 4000)
    rows = log(table, rng, gap=1.5)
    seen = halved(np.arange(4000), np.arange(4000), seed=ASKED.seed)
    first = found(discover_in_log(rows, table, asked=ASKED))

    def again(y: np.ndarray) -> tuple[DiscoveredKind, ...]:
        return found(discover_in_log(replace(rows, decision=y, adjusted=y), table, asked=ASKED))

    noisy = again(np.where(seen, rows.decision, rows.decision + rng.normal(size=4000)))
    assert [kind.rule for kind in first] == [kind.rule for kind in noisy] != []
    assert again(np.where(seen, 3 * rows.decision, rows.decision)) == first


def test_rows_of_one_case_stay_in_one_half() -> None:
    rng = np.random.default_rng(21)
    table = features(rng, 1000)
    rows = replace(log(table, rng, gap=0.0), case=np.arange(1000) // 2)
    result = discover_in_log(rows, table, asked=ASKED)
    assert isinstance(result, Discovery)
    assert (result.cases_searched, result.cases_tested) == (250, 250)


# ----------------------------------------------------------------------------------------------- the organisation's gap


def test_gap_between_cases_is_that_of_welch() -> None:
    from scipy import stats

    rng = np.random.default_rng(22)
    error, inside = rng.normal(size=50), rng.random(50) < 0.3
    gap = gap_between_cases(error, inside, confidence=0.9)
    assert isinstance(gap, SharedGap)
    expected = stats.ttest_ind(error[inside], error[~inside], equal_var=False)
    assert gap.p == pytest.approx(expected.pvalue)
    assert gap.interval == pytest.approx(tuple(expected.confidence_interval(0.9)))
    few = gap_between_cases(error, np.arange(50) < 3, confidence=0.9)
    assert isinstance(few, NotIdentified)
    assert few.reason == "too_few_truths"


def test_gap_within_judges_of_equal_workloads_is_a_paired_test() -> None:
    from scipy import stats

    rng = np.random.default_rng(23)
    judge, inside = np.repeat(np.arange(15), 10), np.tile(np.arange(10) < 4, 15)
    y = rng.normal(size=150)
    gap = gap_within_judges(y, judge, inside, confidence=0.95)
    assert isinstance(gap, SharedGap)
    d = [y[(judge == j) & inside].mean() - y[(judge == j) & ~inside].mean() for j in range(15)]
    expected = stats.ttest_1samp(d, 0)
    assert gap.p == pytest.approx(expected.pvalue)
    assert gap.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))
    few = gap_within_judges(y, judge, judge > 11, confidence=0.95)
    assert isinstance(few, NotIdentified)
    assert few.reason == "too_few_tested"
