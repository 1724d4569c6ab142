"""What may not change a result: row order, labels, shift, scale, how a file is split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import noiseaudit as na
from noiseaudit.aggregates import Cells, merge
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.result import Estimate

PARTS = ("system", "level", "pattern", "stable_pattern", "occasion")
seeds = st.integers(0, 10_000)
designs = st.fixed_dictionaries(
    {
        "judges": st.integers(4, 14),
        "cases": st.integers(5, 25),
        "per_case": st.sampled_from([None, 2, 3, (2, 4)]),
        "repeats": st.sampled_from([1, (1, 2)]),
        "distribution": st.sampled_from(["normal", "exp"]),
    }
)


def panel(design: dict, seed: int) -> pd.DataFrame:
    return na.simulate(**design, seed=seed).data


def cells(data: pd.DataFrame) -> Cells:
    return Cells.from_arrays(data["case"], data["judge"], data["decision"])


def figures(table: Cells, scale: float = 1.0) -> list[float]:
    """Every figure and interval end, as variances in the unit of the first panel."""
    estimate = estimate_panel(table)
    found: list[float] = []
    for part in PARTS:
        component = getattr(estimate, part)
        if isinstance(component, Estimate):
            found.append(component.variance / scale**2)
            found += [end / scale**2 for end in component.variance_interval or ()]
    return found


@settings(max_examples=25, deadline=None)
@given(designs, seeds)
def test_row_order_and_labels(design: dict, seed: int) -> None:
    data = panel(design, seed)
    mixed = data.sample(frac=1, random_state=seed)
    renamed = mixed.assign(case="x" + mixed["case"].str[::-1], judge="Ω" + mixed["judge"])
    assert figures(cells(renamed)) == pytest.approx(figures(cells(data)), rel=1e-9, abs=1e-11)


@settings(max_examples=25, deadline=None)
@given(designs, seeds, st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_shift_and_positive_scale(design: dict, seed: int, shift: float, scale: float) -> None:
    data = panel(design, seed)
    moved = data.assign(decision=data["decision"] * scale + shift)
    tolerance = 1e-7 * max(1.0, abs(shift) / scale * 1e-6)
    assert figures(cells(moved), scale) == pytest.approx(figures(cells(data)), rel=tolerance, abs=tolerance)


@settings(max_examples=25, deadline=None)
@given(designs, seeds, st.integers(1, 5))
def test_splitting_a_file_and_merging_its_cells(design: dict, seed: int, pieces: int) -> None:
    data = panel(design, seed)
    part = np.random.default_rng(seed).integers(0, pieces, len(data))
    parts = [cells(data[part == k]) for k in range(pieces) if (part == k).any()]
    assert figures(merge(parts)) == pytest.approx(figures(cells(data)), rel=1e-9, abs=1e-11)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(-1e9, 1e9)), min_size=2, max_size=40),
    st.data(),
)
def test_merging_is_associative_and_symmetric(rows: list[tuple[str, str, float]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    left, right = rows[:cut], rows[cut:]

    def table(part: list[tuple[str, str, float]]) -> Cells:
        case, judge, value = zip(*part, strict=True)
        return Cells.from_arrays(case, judge, value)

    def as_frame(found: Cells) -> pd.DataFrame:
        frame = pd.DataFrame({
            "case": found.cases[found.case], "judge": found.judges[found.judge], "n": found.n,
            "mean": found.mean[:, 0] + float(found.shift), "m2": found.m2[:, 0],
        })  # fmt: skip
        return frame.sort_values(["case", "judge"], ignore_index=True)

    whole, one, other = (as_frame(t) for t in (table(rows), table(left) + table(right), table(right) + table(left)))
    for merged in (one, other):
        assert (merged[["case", "judge", "n"]] == whole[["case", "judge", "n"]]).all(axis=None)
        assert np.allclose(merged["mean"], whole["mean"], rtol=1e-9, atol=1e-6)
        assert np.allclose(merged["m2"], whole["m2"], rtol=1e-6, atol=1e-3)


def test_relabelling_categories_changes_nothing() -> None:
    data = na.simulate(judges=8, cases=20, scale="nominal", seed=2).data
    roles = {"case": "case", "judge": "judge", "decision": "decision"}
    first = na.audit(data, **roles).noise
    turned = na.audit(data.assign(decision=data["decision"].map({"a": "z", "b": "q", "c": "m"})), **roles).noise
    assert turned.level.variance == pytest.approx(first.level.variance, rel=1e-12)
    assert turned.system.variance_interval == pytest.approx(first.system.variance_interval, rel=1e-12)
