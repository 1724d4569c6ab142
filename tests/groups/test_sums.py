"""Sums per professional, stratum and value: the merge law, and every value against the rest."""

from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from noiseaudit.groups.sums import GroupSums, sides_of


def labels(prefix, size):
    return pd.Index([f"{prefix}{k}" for k in range(size)])


def sums_of(judge, stratum, value, decision, *, sizes=(4, 3, 3), shift=Decimal(0)):
    codes = [np.asarray(part, dtype=np.intp) for part in (judge, stratum, value)]
    names = [labels(prefix, size) for prefix, size in zip("JSV", sizes, strict=True)]
    return GroupSums.from_codes(
        codes[0], codes[1], value=codes[2], decision=np.asarray(decision, dtype=float),
        judges=names[0], strata=names[1], values=names[2], shift=shift,
    )  # fmt: skip


def same(one, other):
    for name in ("judge", "stratum", "value", "n"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-9)
    np.testing.assert_allclose(one.m2, other.m2, atol=1e-7)


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2), st.floats(-100, 100)), min_size=1, max_size=60
)


@settings(max_examples=50, deadline=None)
@given(ROWS, ROWS, ROWS)
def test_merge_law(a, b, c) -> None:
    x, y, z = (sums_of(*zip(*rows, strict=True)) for rows in (a, b, c))
    whole = sums_of(*zip(*a, *b, *c, strict=True))
    same((x + y) + z, whole)
    same(x + (y + z), whole)
    same(z + y + x, whole)


def test_sources_with_other_labels_and_shift() -> None:
    first = sums_of([0, 1], [0, 0], [0, 1], [1.0, 2.0], shift=Decimal(10))
    second = GroupSums.from_codes(
        np.array([0, 1]), np.array([0, 0]), value=np.array([0, 0]), decision=np.array([5.0, 7.0]),
        judges=pd.Index(["new", "J1"]), strata=pd.Index(["S0"]), values=pd.Index(["V1"]), shift=Decimal(7),
    )  # fmt: skip
    both = first + second
    assert list(both.judges) == ["J0", "J1", "J2", "J3", "new"]
    at = (both.judge == 1) & (both.value == 1)
    assert both.n[at] == [2]
    assert both.mean[at] == [3.0]  # 12 and 14, less 10
    assert both.m2[at] == [2.0]
    assert both.mean[both.judge == 4] == [2.0]


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from([None, 2]))
def test_every_value_against_the_rest(rows, unknown) -> None:
    table = pd.DataFrame(rows, columns=["judge", "stratum", "value", "y"])
    sides = sides_of(sums_of(*zip(*rows, strict=True)), unknown=unknown)
    for value, side in enumerate(sides):
        rest = table[(table.value != value) & ((table.value != unknown) | (value == unknown))]
        for row, (judge, stratum) in enumerate(zip(side.judge, side.stratum, strict=True)):
            inside = table[(table.value == value) & (table.judge == judge) & (table.stratum == stratum)].y
            outside = rest[(rest.judge == judge) & (rest.stratum == stratum)].y
            assert side.inside.n[row] == len(inside)
            assert side.outside.n[row] == len(outside)
            for part, held in ((inside, side.inside), (outside, side.outside)):
                if len(part):
                    np.testing.assert_allclose(held.mean[row], part.mean(), atol=1e-8)
                    np.testing.assert_allclose(held.m2[row], part.var(ddof=0) * len(part), atol=1e-6)
        for judge in range(4):
            mine = rest[rest.judge == judge].groupby("stratum").y
            assert side.all_out[0][judge] == mine.size().sum()
            np.testing.assert_allclose(side.all_out[1][judge], (mine.var(ddof=0) * mine.size()).sum(), atol=1e-6)
            assert side.all_out[2][judge] == (mine.size() - 1).sum()
