"""Calendar periods: which unit is chosen, where they begin, and what each judge decided in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from noiseaudit.estimators.periods import UNITS, JudgePeriods, Unit, choose_unit
from noiseaudit.estimators.timeline import Timeline


def timeline(first: str, days: int, *, judges: int = 2, each: int = 1) -> Timeline:
    """Every judge decides `each` times on each of `days` days running."""
    day, judge = np.divmod(np.arange(days * judges * each), judges * each)
    return Timeline.of(judge // each, np.arange(len(day), dtype=float), np.datetime64(first) + day)


@pytest.mark.parametrize(
    ("days", "each", "unit"),
    [
        (70, 3, "week"),  # 21 decisions a judge and week
        (70, 2, "month"),  # 14 a week
        (300, 3, "month"),  # 43 weeks are too many
        (1200, 3, "quarter"),
        (3000, 1, "year"),
        (12_000, 1, "year"),  # 33 years are too many for any unit
        (60, 0.3, "month"),  # nothing holds 20: the longest that makes two periods
        (1, 50, "week"),
    ],
)
def test_unit(days: int, each: float, unit: str) -> None:
    found = timeline("2024-01-01", days, each=max(1, int(each)))
    if each < 1:
        kept = np.flatnonzero(np.arange(len(found.judge)) % 3 == 0)
        found = Timeline.of(found.judge[kept], found.value[kept], found.moment[kept])
    assert choose_unit(found) == unit


@pytest.mark.parametrize("unit", UNITS)
def test_cells_and_bounds_against_pandas(unit: Unit) -> None:
    rng = np.random.default_rng(4)
    judge, value = rng.integers(0, 4, 3000), 1e6 + rng.normal(size=3000)
    moment = np.datetime64("2019-12-25T08:00:00") + rng.integers(0, 800 * 86_400, 3000).astype("timedelta64[s]")
    found = JudgePeriods.of(Timeline.of(judge, value, moment), unit=unit)
    period = pd.Series(moment).dt.to_period({"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}[unit])
    table = pd.DataFrame({"judge": judge, "period": period, "value": value})
    cells = table.pivot_table(index="period", columns="judge", values="value", aggfunc=["count", "mean", "var"])
    assert np.array_equal(found.n, cells["count"].fillna(0).T)
    assert np.allclose(found.mean, cells["mean"].T, rtol=1e-13)
    assert np.allclose(found.m2, (cells["var"] * (cells["count"] - 1)).fillna(0).T, rtol=1e-8)
    starts = cells.index.to_timestamp(how="start").values.astype("datetime64[D]")
    assert np.array_equal(found.start[1:], starts[1:])
    assert np.array_equal(found.end[:-1], cells.index.to_timestamp(how="end").values.astype("datetime64[D]")[:-1])
    assert found.start[0] == moment.min().astype("datetime64[D]")
    assert found.end[-1] == moment.max().astype("datetime64[D]")


def test_neighbours_in_the_calendar() -> None:
    moment = np.array(["2024-01-05", "2024-02-01", "2024-04-01", "2024-12-31", "2025-01-01"], dtype="datetime64[D]")
    found = JudgePeriods.of(Timeline.of(np.zeros(5, dtype=int), np.zeros(5), moment), unit="month")
    assert np.diff(found.number).tolist() == [1, 2, 8, 1]


def test_rows_without_a_moment_are_counted_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    judge, value = rng.integers(0, 3, 200), rng.normal(size=200)
    moment = np.datetime64("2024-01-01") + rng.permutation(200).astype("timedelta64[D]")
    moment[:7] = np.datetime64("NaT")
    found = Timeline.of(judge, value, moment)
    assert (found.undated, len(found.judge)) == (7, 193)
    order = rng.permutation(200)
    again = Timeline.of(judge[order], value[order], moment[order])
    assert np.array_equal(found.value, again.value)
