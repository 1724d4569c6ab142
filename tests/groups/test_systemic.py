"""The gap that all share, and the raw gap, against refits, other programs and published decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from noiseaudit.aggregates import Cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import TwoWay
from noiseaudit.groups.panel_gaps import shared_gap
from noiseaudit.groups.systemic import joint_fit, panel_systemic_gap, raw_gap
from noiseaudit.result import Figure


def table(seed: int, *, judges: int = 12, cases: int = 60, share: float = 0.6, gap: float = 1.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"case": np.repeat(np.arange(cases), judges), "judge": np.tile(np.arange(judges), cases)})
    data = data[rng.random(len(data)) < share].reset_index(drop=True)
    data["own"] = data["case"] % 3 == data["judge"] % 3
    own_gap = gap + 0.4 * rng.normal(size=judges)
    data["x"] = rng.normal(size=cases)[data["case"]] + rng.normal(size=judges)[data["judge"]]
    data["x"] += own_gap[data["judge"]] * data["own"] + 0.7 * rng.normal(size=len(data))
    return data


def fit_of(data: pd.DataFrame) -> tuple[TwoWay, np.ndarray, Cells, np.ndarray]:
    """Fit, flag of its cells, cells, flag of these."""
    cells = Cells.from_arrays(data["case"], data["judge"], data["x"])
    own = dict(zip(zip(data["case"].astype(str), data["judge"].astype(str), strict=True), data["own"], strict=True))

    def flag(case: np.ndarray, judge: np.ndarray) -> np.ndarray:
        return np.array([own[key] for key in zip(cases[case], judges[judge], strict=True)])

    cases, judges = np.asarray(cells.cases, dtype=str), np.asarray(cells.judges, dtype=str)
    linked = Linked.of(cells)
    fit = joint_fit(linked)
    assert isinstance(fit, TwoWay)
    inside = flag(linked.case_index[linked.case], linked.judge_index[linked.judge])
    return fit, inside, cells, flag(cells.case, cells.judge)


def test_interval_is_close_to_leaving_out_one_professional_at_a_time() -> None:
    data = table(1)
    fit, flag, _, _ = fit_of(data)
    found = panel_systemic_gap(fit, flag, by_cell=True)
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(shared_gap(fit, flag))
    left = np.array([shared_gap(*fit_of(data[data["judge"] != j])[:2]) for j in range(12)])
    jackknife = np.sqrt(11 / 12 * ((left - left.mean()) ** 2).sum())
    assert found.interval is not None
    half = (found.interval[1] - found.interval[0]) / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 5.4) * jackknife, rel=0.12)  # df: about (12 - 1)/2


def test_interval_covers_the_shared_gap_of_professionals_who_differ() -> None:
    """Few professionals with different gaps: an interval over cells would hold the truth 6 times in 10."""
    hits = 0
    for seed in range(60):
        fit, flag, _, _ = fit_of(table(seed, judges=9, cases=45))
        found = panel_systemic_gap(fit, flag, by_cell=True)
        assert isinstance(found, Figure)
        assert found.interval is not None
        hits += found.interval[0] <= 1.5 <= found.interval[1]
    assert hits >= 53  # 1 in 1,000 below, where the coverage is .95


def test_case_level_gaps_are_not_identified_in_a_panel() -> None:
    fit, flag, _, _ = fit_of(table(2))
    assert panel_systemic_gap(fit, flag, by_cell=False) == NotIdentified.of("same_cases")
    of_case = fit.linked.case % 2 == 0
    assert panel_systemic_gap(fit, of_case, by_cell=True) == NotIdentified.of("flag_of_case")
    two = (fit.linked.judge < 2) & of_case
    few = panel_systemic_gap(fit, two, by_cell=True)
    assert isinstance(few, Figure)
    assert (few.interval, few.interval_reason) == (None, "too_few_judges_in_group")


def test_raw_gap_of_cases_is_that_of_case_means() -> None:
    data = table(3)
    data["own"] = data["case"] % 3 == 0
    _, _, cells, flag = fit_of(data)
    found = raw_gap(cells, flag, by_cell=False)
    means = data.groupby("case")["x"].mean()
    inside = means.index % 3 == 0
    expected = stats.ttest_ind(means[inside], means[~inside], equal_var=False)
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(means[inside].mean() - means[~inside].mean())
    assert found.interval == pytest.approx(expected.confidence_interval(0.95))
    assert raw_gap(cells, np.zeros(len(cells), dtype=bool), by_cell=False) == NotIdentified.of("empty_side")
    assert raw_gap(cells, np.zeros(len(cells), dtype=bool), by_cell=True) == NotIdentified.of("empty_side")


def test_unknown_cells_count_on_neither_side() -> None:
    data = table(4)
    _, _, cells, flag = fit_of(data)
    known = np.asarray(cells.judge != 0)
    found = raw_gap(cells, flag, by_cell=True, known=known)
    others = (data.groupby("case")["x"].transform("sum") - data["x"]) / (
        data.groupby("case")["x"].transform("size") - 1
    )
    y, seen = data["x"] - others, data["judge"] != int(cells.judges[0])
    assert isinstance(found, Figure)
    assert found.value == pytest.approx(y[seen & data["own"]].mean() - y[seen & ~data["own"]].mean())


def test_home_preference_of_figure_skating(shared_data: Path) -> None:
    """Published: 3.4 points (27 of 214 judges named); points against the others of the performance."""
    data = pd.read_csv(shared_data / "figure_skating" / "performance_scores.csv.gz")
    data = data.rename(columns={"performance_id": "case", "judge_name": "judge", "final_score": "x"})
    data["own"] = data["judge_country"] == data["skater_nation"]
    fit, flag, cells, cell_flag = fit_of(data)
    raw = raw_gap(cells, cell_flag, by_cell=True)
    home = data["own"]
    assert isinstance(raw, Figure)
    assert raw.value == pytest.approx(data["points_vs_others"][home].mean() - data["points_vs_others"][~home].mean())
    assert round(raw.value, 1) == 3.4
    shared = panel_systemic_gap(fit, flag, by_cell=True)
    assert isinstance(shared, Figure)
    assert shared.interval is not None
    assert 2.5 < shared.interval[0] < shared.value < shared.interval[1] < 4


def of_cases(inside: list[float], outside: list[float]) -> Figure:
    """The raw gap of cases with these decisions, each by two professionals who agree."""
    values = np.array([*inside, *outside])
    cells = Cells.from_arrays(np.repeat(np.arange(len(values)), 2), np.tile([0, 1], len(values)), np.repeat(values, 2))
    found = raw_gap(cells, np.repeat(np.arange(len(values)) < len(inside), 2), by_cell=False)
    assert isinstance(found, Figure)
    return found


def test_a_side_without_spread_is_taken_to_vary_as_the_other_does() -> None:
    rest = [0.0, 1, 0, 1, 1, 0, 0, 1, 1, 1]
    for inside in ([0.0, 0, 0], [0.0, 0], [0.0, 1]):
        found = of_cases(inside, rest)
        with np.errstate(all="ignore"):
            welch = stats.ttest_ind(inside, rest, equal_var=False).confidence_interval()
        pooled = stats.ttest_ind(inside, rest).confidence_interval()
        assert found.interval == pytest.approx((min(welch.low, pooled.low), max(welch.high, pooled.high)))
    several = of_cases([0.0, 1, 0.5], rest)
    welch = stats.ttest_ind([0.0, 1, 0.5], rest, equal_var=False).confidence_interval()
    assert several.interval == pytest.approx((welch.low, welch.high))


def test_where_nothing_varies_there_is_no_interval() -> None:
    found = of_cases([1.0, 1, 1], [0.0, 0, 0])
    assert (found.value, found.interval, found.interval_reason) == (1, None, "no_variation")


def test_what_rounding_leaves_is_no_variation() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        data = table(seed)
        data["x"] = 5000 + rng.normal(size=60)[data["case"]] * 300 + rng.normal(size=12)[data["judge"]] * 70
        found = panel_systemic_gap(*fit_of(data)[:2], by_cell=True)
        assert found.value == pytest.approx(0, abs=1e-8)
        assert (found.interval, found.interval_reason) == (None, "no_variation")
