"""Two colleagues on two comparable cases: how far their decisions lie apart. Not the same case, so not noise alone.

    D = [sum_{i,k} |r_i - r_k| - sum_j sum_{i,k of j} |r_i - r_k|] / [N^2 - sum_j n_j^2]

from sorted values, with its closed-form jackknife over judges; for yes/no and categories P(differ) = 2 (L + spread),
or L + spread of the summed indicators.
"""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import log_jackknife, mover_sum
from noiseaudit.result import Component, Estimate, Figure, Number


def pairs_difference(judge: Codes, adjusted: Floats, *, unit: str | None, confidence: float = 0.95) -> Number:
    """Mean difference between comparable decisions (R,) of two different judges (R,), in the decision's unit."""
    J = int(judge.max(initial=-1)) + 1
    n = sum_by(judge, np.ones(len(judge)), J)
    pairs = float(len(judge)) ** 2 - float((n**2).sum())
    if pairs <= 0:
        return NotIdentified.of("single_judge")
    everybody = sum_by(judge, _distances(adjusted, np.zeros(len(judge), dtype=np.intp)), J)
    own = sum_by(judge, _distances(adjusted, judge), J)
    total, alone = float(everybody.sum()), float(own.sum())
    value = (total - alone) / pairs
    left_pairs = (len(judge) - n) ** 2 - ((n**2).sum() - n**2)
    some = (n > 0) & (left_pairs > 0)
    left = ((total - 2 * everybody + own) - (alone - own))[some] / left_pairs[some]
    J_seen = int(some.sum())
    if J_seen < 3 or value <= 0:
        return Figure(value, unit, None, "too_few_judges" if J_seen < 3 else "at_boundary")
    interval = log_jackknife(
        value, left, weights=(J_seen - 1) / J_seen, add=0.0, floor=0.0, df=J_seen - 1, confidence=confidence
    )
    return Figure(value, unit, interval, None if interval is not None else "beyond_range")


def _distances(values: Floats, group: Codes) -> Floats:
    """(R,) sum over the other rows of the same group of |r_i - r_k|: from ranks and running sums."""
    order = np.lexsort((values, group))
    x, g = values[order], group[order]
    n = np.bincount(g)
    start = np.concatenate([[0], np.cumsum(n)[:-1]])[g]
    running = np.concatenate([[0.0], np.cumsum(x)])
    place = np.arange(len(x))
    below, above = place - start, start + n[g] - place - 1
    sum_below = running[place] - running[start]
    sum_above = running[start + n[g]] - running[place + 1]
    found = np.empty(len(x))
    found[order] = x * below - sum_below + sum_above - x * above
    return found


def pairs_disagreement(level: Component, spread: Component, *, factor: float) -> Number:
    """P(two colleagues decide two comparable cases differently). factor: 2 for one 0/1 column, 1 for indicators."""
    if not isinstance(level, Estimate) or not isinstance(spread, Estimate):
        nothing = level if isinstance(level, NotIdentified) else spread
        return nothing if isinstance(nothing, NotIdentified) else NotIdentified.of("too_few_decisions")
    value = min(1.0, factor * max(0.0, level.variance + spread.variance))
    if level.variance_interval is None or spread.variance_interval is None:
        return Figure(value, None, None, level.interval_reason or spread.interval_reason or "too_few_judges")
    low, high = mover_sum(level.variance, level.variance_interval, spread.variance, spread.variance_interval)
    return Figure(value, None, (min(1.0, factor * low), min(1.0, factor * high)))
