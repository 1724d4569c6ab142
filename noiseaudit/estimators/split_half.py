"""Split-half reliability of professionals' levels: would another half of their decisions say the same?

    r = correlation over judges of the means of two random halves;  reliability = 2 r/(1 + r)    (Spearman-Brown)

averaged over splits; interval by Fisher's z of r with J - 3 degrees of freedom. Spearman (1910); Brown (1910).
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import normal_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.result import Figure, Number

SPLITS = 20
_FEWEST = 4  # decisions of a judge who can be halved
_FEWEST_JUDGES = 5


def split_half(judge: Codes, adjusted: Floats, *, confidence: float = 0.95, seed: int = 0) -> Number:
    """Reliability of the levels, between -1 and 1, from comparable decisions (R,) or (R, K) of judges (R,)."""
    values = adjusted.reshape(len(adjusted), -1)
    J = int(judge.max(initial=-1)) + 1
    n = np.bincount(judge, minlength=J)
    kept = n >= _FEWEST
    if int(kept.sum()) < _FEWEST_JUDGES:
        return NotIdentified.of("too_few_judges")
    generator = np.random.default_rng(seed)
    order = np.argsort(judge, kind="stable")
    start = np.concatenate([[0], np.cumsum(n)[:-1]])
    found = []
    for _ in range(SPLITS):
        shuffled = order[np.lexsort((generator.random(len(order)), judge[order]))]
        first = np.empty(len(order), dtype=bool)
        first[shuffled] = (np.arange(len(order)) - start[judge[shuffled]]) % 2 == 0
        halves = []
        for half in (first, ~first):
            count = np.bincount(judge[half], minlength=J)[kept]
            sums = [sum_by(judge[half], column[half], J)[kept] / count for column in values.T]
            halves.append(np.stack(sums, axis=1) - np.mean(sums, axis=1))
        spread = math.sqrt(float((halves[0] ** 2).sum()) * float((halves[1] ** 2).sum()))
        if spread == 0:
            return NotIdentified.of("no_residual")
        found.append(float((halves[0] * halves[1]).sum()) / spread)
    r = float(np.clip(np.mean(found), -0.999999, 0.999999))
    reach = float(normal_quantile(0.5 + confidence / 2)) / math.sqrt(int(kept.sum()) - 3)
    low, high = (max(0.0, math.tanh(math.atanh(r) + sign * reach)) for sign in (-1, 1))
    return Figure(_stepped_up(max(r, 0.0)), None, (_stepped_up(low), _stepped_up(high)))


def _stepped_up(r: float) -> float:
    return 2 * r / (1 + r)
