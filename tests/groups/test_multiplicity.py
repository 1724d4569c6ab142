"""Tests that leave the family because their margins allow no small p."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from noiseaudit.groups.multiplicity import promising


def test_by_hand() -> None:
    # at most k tests with a smallest p of at most .05/k: k = 1: 3; k = 2: 3; k = 3: 2 of them
    least = np.array([0.01, 0.0001, 0.02, 0.2, 0.5, np.nan])
    np.testing.assert_array_equal(promising(least, at=0.05), [True, True, False, False, False, False])


def test_continuous_tests_stay() -> None:
    np.testing.assert_array_equal(promising(np.array([0.0, 0.0, np.nan]), at=0.05), [True, True, False])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_as_by_loop(least) -> None:
    k = next(k for k in range(1, len(least) + 1) if sum(p <= 0.05 / k for p in least) <= k)
    np.testing.assert_array_equal(promising(np.array(least), at=0.05), [p <= 0.05 / k for p in least])
