"""Detectable pattern noise by class: its part of the decision's variance, whatever the sizes of the classes."""

from __future__ import annotations

import numpy as np
import pytest

from noiseaudit.aggregates.cells import index_cells
from noiseaudit.estimators.detectable_pattern import class_pattern, pattern_by_class, share_within_judges
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.result import Estimate

SETTINGS = {"confidence": 0.95, "kurtosis_floor": 2.0}


@pytest.mark.parametrize("weight", [(0.5, 0.3, 0.2), (0.94, 0.04, 0.02), (0.1,) * 10])
def test_unbiased_for_what_it_brings_to_decisions(weight: tuple[float, ...]) -> None:
    """Truth by brute force: variance over cases, within a judge, of the judge's own effects of the classes."""
    p, judges, rows = np.array(weight), 60, 6000
    ratio, plain = [], []
    for run in range(60):
        rng = np.random.default_rng((len(p), run))
        own = rng.normal(size=(judges, len(p)))
        judge, cls = rng.integers(0, judges, rows), rng.choice(len(p), rows, p=p)
        cells = index_cells(cls, judge, own[judge, cls] + 0.5 * rng.normal(size=rows))
        truth = float(((own - (own @ p)[:, None]) ** 2 @ p).mean())
        found = pattern_by_class(cells, **SETTINGS)
        assert isinstance(found, Estimate)
        ratio.append(found.variance / truth)
        whole = class_pattern(fit_two_way(Linked.of(cells)), **SETTINGS)
        plain.append(whole.variance / truth)
    assert np.mean(ratio) == pytest.approx(1, abs=4 * np.std(ratio) / np.sqrt(len(ratio)))
    assert np.mean(plain) == pytest.approx(1 / (1 - p @ p), rel=0.08)  # without the share: 1.6, 9 and 1.1 times


def test_share_is_the_chance_of_two_classes() -> None:
    rng = np.random.default_rng(2)
    judge, cls = rng.integers(0, 5, 60), rng.choice(3, 60, p=[0.7, 0.2, 0.1])
    pairs, different = 0.0, 0.0
    for j in range(5):
        mine = cls[judge == j]
        unlike = sum(a != b for place, a in enumerate(mine) for b in mine[place + 1 :])
        different += 2 * unlike / len(mine)  # n_j (1 - sum p^2) = pairs that differ, both ways, over n_j
        pairs += len(mine) - 1
    cells = index_cells(cls, judge, rng.normal(size=60))
    assert share_within_judges(cells) == pytest.approx(different / pairs)
