"""Rates by group with our intervals, against fairlearn, statsmodels, sums by hand and a known truth."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equalized_odds_difference,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
)
from statsmodels.stats.proportion import proportion_confint

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.clustered_means import clustered_means
from noiseaudit.groups.rates_by_group import (
    GroupDecisions,
    fairness,
    largest_difference,
    rates_by_group,
    wilson_limits,
)
from noiseaudit.result.parts import Figure
from tests.validity.group_rates_study import DESIGNS, SOME, coverage, coverage_of_errors, decided

VALUES = ("A", "B", "C")


def _rows(seed: int = 1, *, judges: int = 12, cases: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    case = np.repeat(np.arange(cases), 3)
    group = rng.choice(3, cases, p=[0.6, 0.3, 0.1])
    truth = (rng.random(cases) < 0.4).astype(float)
    judge = rng.integers(0, judges, len(case))
    chance = 0.15 + 0.5 * truth[case] + 0.1 * group[case] + 0.1 * (judge % 3 - 1)
    rows = pd.DataFrame({"judge": judge, "case": case, "value": group[case], "truth": truth[case]})
    return rows.assign(decision=(rng.random(len(case)) < chance).astype(float)).drop_duplicates(["judge", "case"])


def _panel(rows: pd.DataFrame, values: tuple[str, ...] = VALUES) -> GroupDecisions:
    ones = np.ones(len(rows))
    judge, value, decision, truth, case = (
        rows[name].to_numpy() for name in ("judge", "value", "decision", "truth", "case")
    )
    return GroupDecisions(judge, value, ones, decision, 0 * ones, values, truth, case)


def _counts(rows: pd.DataFrame) -> GroupDecisions:
    """The table (judge, value, decision, truth) -> count."""
    counts = rows.groupby(["judge", "value", "decision", "truth"]).size().reset_index(name="n")
    judge, value, n, decision, truth = (
        counts[name].to_numpy() for name in ("judge", "value", "n", "decision", "truth")
    )
    return GroupDecisions(judge, value, n.astype(float), decision, np.zeros(len(n)), VALUES, truth)


@pytest.mark.parametrize("collapse", [_panel, _counts])
def test_rates_and_fairness_are_those_of_fairlearn_on_single_rows(collapse) -> None:
    rows = _rows()
    truth, decision, value = rows["truth"], rows["decision"], rows["value"]
    raw = MetricFrame(
        metrics={"s": selection_rate, "p": false_positive_rate, "n": false_negative_rate},
        y_true=truth, y_pred=decision, sensitive_features=value,
    ).by_group  # fmt: skip
    found = rates_by_group(collapse(rows), "origin", binary=True)
    for a, rates in enumerate(found):
        ours = [rates.selection.value, rates.false_positive.value, rates.false_negative.value]
        np.testing.assert_allclose(ours, raw.loc[a], rtol=0, atol=1e-12)
        assert rates.decisions == (value == a).sum()
        assert all(figure.interval[0] < figure.value < figure.interval[1]
                   for figure in (rates.selection, rates.false_positive, rates.false_negative))  # fmt: skip
        assert rates.error.reason == "of_numbers"
    metrics = fairness(collapse(rows), "origin")
    for ours, theirs in (
        (metrics.demographic_parity_difference, demographic_parity_difference),
        (metrics.equalized_odds_difference, equalized_odds_difference),
    ):
        assert ours.value == pytest.approx(theirs(truth, decision, sensitive_features=value), rel=0, abs=1e-12)
        assert ours.interval[0] <= ours.value <= ours.interval[1]


def test_collapsing_changes_no_interval_of_a_log() -> None:
    rows = _rows()
    single = _panel(rows.assign(case=np.arange(len(rows))))
    for ours, theirs in zip(
        rates_by_group(_counts(rows), "g", binary=True), rates_by_group(single, "g", binary=True), strict=True
    ):
        for name in ("selection", "false_positive", "false_negative"):
            assert getattr(ours, name).interval == pytest.approx(getattr(theirs, name).interval, abs=1e-12)


def test_cells_with_repeats_and_unknown_values() -> None:
    rows = _rows()
    twice = pd.concat([rows, rows[rows["case"] % 4 == 0].assign(decision=1.0)])  # second decisions of the same judge
    cells = Cells.from_arrays(twice["case"], twice["judge"], twice["decision"].to_numpy(), shift=Decimal(0))
    case = cells.cases.astype(int)
    cells = replace(cells, truth=rows.groupby("case")["truth"].first().loc[case].to_numpy())
    code = rows.groupby("case")["value"].first().loc[case].to_numpy()[cells.case]
    table = GroupDecisions.of_cells(cells, np.where(code == 2, -1, code), VALUES[:2])
    found = rates_by_group(table, "g", binary=True)
    raw = MetricFrame(
        metrics=false_positive_rate, y_true=twice["truth"], y_pred=twice["decision"], sensitive_features=twice["value"]
    ).by_group
    assert [rates.value for rates in found] == ["A", "B", "(unknown)"]
    np.testing.assert_allclose([rates.false_positive.value for rates in found], raw, atol=1e-12)
    assert [rates.decisions for rates in found] == twice.groupby("value").size().tolist()


def test_two_way_variance_by_hand() -> None:
    rows = _rows(7)
    means = clustered_means(_panel(rows).clusters, rows["decision"].to_numpy())
    for a in range(3):
        own = rows[rows["value"] == a]
        z = own["decision"] - own["decision"].mean()
        parts = []
        for key in ("judge", "case"):
            size = own.groupby(key).size()
            clusters = size.sum() ** 2 / (size**2).sum()
            parts.append((z.groupby(own[key]).sum() ** 2).sum() * clusters / (clusters - 1) / len(own) ** 2)
        cell = (z**2).sum() / len(own) ** 2
        least = max(*parts, sum(parts) - cell, cell)
        assert means.variance[a] >= least * (1 - 1e-12)
        assert means.variance[a] <= 1.6 * least  # what all groups tell of the clusters adds little here
        assert means.cases[a] == own["case"].nunique()
        assert means.judges[a] == own["judge"].nunique()


@pytest.mark.parametrize("ones", [300, 600, 2, 1498])
def test_independent_decisions_give_the_limits_of_statsmodels(ones: int) -> None:
    N = 1500
    decision = (np.arange(N) < ones).astype(float)
    table = GroupDecisions(np.arange(N), np.zeros(N, int), np.ones(N), decision, np.zeros(N), ("A",))
    low, high = wilson_limits(clustered_means(table.clusters, decision), tail=0.025)
    wilson, exact = (proportion_confint(ones, N, method=method) for method in ("wilson", "beta"))
    assert low[0] == pytest.approx(min(wilson[0], exact[0]) if ones < 5 else wilson[0], rel=0.02)
    assert 1 - high[0] == pytest.approx(1 - (max(wilson[1], exact[1]) if N - ones < 5 else wilson[1]), rel=0.02)


def test_a_rate_of_zero_has_an_upper_limit_that_knows_of_clusters() -> None:
    """Nobody in C got a yes: 60 decisions of 20 cases tell less than 60 cases would."""
    rows = _rows(3)
    rows.loc[rows["value"] == 2, "decision"] = 0.0
    same = rows.assign(decision=rows.groupby("case")["decision"].transform("first"))  # judges of a case agree
    figures = [rates_by_group(_panel(table), "g", binary=True)[2].selection for table in (rows, same)]
    assert [figure.value for figure in figures] == [0.0, 0.0]
    assert figures[0].interval[0] == figures[1].interval[0] == 0.0
    assert figures[1].interval[1] > 1.3 * figures[0].interval[1]


def test_what_no_case_tells_is_no_zero() -> None:
    rows = _rows()
    rows.loc[rows["value"] == 2, "truth"] = 0.0
    rates = rates_by_group(_panel(rows), "g", binary=True)[2]
    assert isinstance(rates.false_negative, NotIdentified)
    assert rates.false_negative.reason == "no_truth_1"
    metrics = fairness(_panel(rows), "g")
    two = rows[rows["value"] < 2]
    tpr = 1 - two[two["truth"] == 1].groupby("value")["decision"].mean()
    fpr = rows[rows["truth"] == 0].groupby("value")["decision"].mean()
    assert metrics.equalized_odds_difference.value == pytest.approx(max(np.ptp(tpr), np.ptp(fpr)), abs=1e-12)
    their = equalized_odds_difference(rows["truth"], rows["decision"], sensitive_features=rows["value"])
    assert their > 0.5  # fairlearn takes the rate that is not there for 0

    without = _panel(rows)
    without = GroupDecisions(*(getattr(without, name) for name in ("judge", "value", "n", "decision", "m2", "values")))
    assert rates_by_group(without, "g", binary=True)[0].false_positive.reason == "no_truth"
    assert fairness(without, "g").equalized_odds_difference.reason == "no_truth"
    assert fairness(_panel(rows[rows["value"] == 1]), "g").demographic_parity_difference.reason == "one_group_value"


def test_few_professionals_or_cases_give_no_interval() -> None:
    rows = _rows()
    few = rows[rows["judge"] < 2]
    assert rates_by_group(_panel(few), "g", binary=True)[0].selection.interval_reason == "too_few_judges"
    assert fairness(_panel(few), "g").demographic_parity_difference.interval_reason == "too_few_judges"
    two_cases = rows[(rows["value"] < 2) | rows["case"].isin(rows.loc[rows["value"] == 2, "case"].unique()[:2])]
    small = rates_by_group(_panel(two_cases), "g", binary=True)[2]
    assert small.selection.interval_reason == "too_few_cases"
    assert small.cases == 2
    metrics = fairness(_panel(two_cases), "g").demographic_parity_difference
    others = fairness(_panel(rows[rows["value"] < 2]), "g").demographic_parity_difference
    assert metrics.interval[1] > 0.6 > 2 * others.interval[1]  # a group with two cases could be anywhere


def test_mean_error_of_numbers() -> None:
    rng = np.random.default_rng(2)
    rows = _rows()
    rows["truth"] = np.where(rows["case"] % 5 == 0, np.nan, 100.0 + rows["case"])
    rows["decision"] = rows["truth"].fillna(0) + rows["value"] + rng.normal(size=len(rows))
    known = rows.dropna()
    for a, rates in enumerate(rates_by_group(_panel(rows), "g", binary=False, unit="€", confidence=0.999)):
        own = known[known["value"] == a]
        assert rates.error.value == pytest.approx((own["decision"] - own["truth"]).mean(), abs=1e-10)
        assert rates.error.interval[0] < a < rates.error.interval[1]
        assert rates.error.unit == "€"
        assert rates.selection.reason == "of_yes_no"
    rows.loc[rows["value"] == 1, "truth"] = np.nan
    assert rates_by_group(_panel(rows), "g", binary=False)[1].error.reason == "no_truth_in_group"


@pytest.mark.parametrize("rates", [(0.3,) * 4, (0.02,) * 4, (0.5, 0.4, 0.6, 0.5)])
@pytest.mark.parametrize("design", [DESIGNS[1], DESIGNS[4]], ids=lambda design: design.name)
def test_coverage(design, rates) -> None:
    found = coverage(design, rates, runs=300, seed=4)
    assert (found.rates >= 0.9).all()  # .93 and above in the long study; Monte Carlo error .013
    assert found.difference >= 0.93
    assert found.above <= 0.06


def test_coverage_of_mean_errors() -> None:
    assert (coverage_of_errors(DESIGNS[1], runs=300, seed=4) >= 0.87).all()


def test_groups_that_do_not_differ_leave_zero_in_where_a_bootstrap_would_not() -> None:
    rng = np.random.default_rng(6)
    reached, naive = 0, 0
    for _ in range(60):
        table = decided(DESIGNS[3], (0.3,) * 4, rng, sds=SOME)
        means = clustered_means(table.clusters, table.decision)
        figure = largest_difference([(means, means.mean)], 0.95)
        assert isinstance(figure, Figure)
        assert figure.interval is not None
        reached += figure.interval[0] == 0
        assert figure.value > 0
        drawn = rng.integers(0, len(table.n), (200, len(table.n)))
        key = table.value[drawn] + 4 * np.arange(200)[:, None]
        share = np.bincount(key.ravel(), table.decision[drawn].ravel()) / np.bincount(key.ravel())
        naive += np.quantile(np.ptp(share.reshape(200, 4), axis=1), 0.025) <= 0.005
    assert reached >= 55
    assert naive <= 6
