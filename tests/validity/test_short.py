"""A short version of the validity study; the long one is run by hand (see study.py)."""

from __future__ import annotations

import pytest

from .study import PARTS, study

RUNS = 200


@pytest.mark.parametrize(
    "name",
    [
        "F20x30 normal",
        "F20x30 binary",
        "R12x30 1-3 exp",
        "N20x30 nominal 3",
        "T40x60x2 exp",
        "M15x20 mean 10000",
        "E20x30 no level",
    ],
)
def test_unbiased_and_covering(name: str) -> None:
    for part in study(name, RUNS):
        if part.part in PARTS:  # ratios and medians of unbiased estimates are not unbiased
            assert abs(part.bias) <= 4 * part.bias_se, part
        assert part.covered >= 0.93 - 3 * max(part.covered_se, 0.015), part
