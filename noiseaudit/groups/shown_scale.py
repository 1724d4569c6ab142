"""From the scale on which gaps are measured to the unit in which they are told.

difference: as it is ;  log odds: expit(logit(base) + gamma) - base ;  log rate: base (exp(gamma) - 1)
"""

from __future__ import annotations

import numpy as np
from scipy import special

from noiseaudit.aggregates.moments import Floats
from noiseaudit.result.group_parts import GapScale

_EDGE = 1e-6  # a share of 0 or 1 has no odds


def told(gamma: Floats, base: Floats, scale: GapScale) -> Floats:
    """(J,) gaps gamma as told, for yes/no a difference of shares; base: the peers' share or rate."""
    if scale == "difference":
        return gamma
    if scale == "log_rate":
        return np.asarray(base * np.expm1(gamma), dtype=np.float64)
    share = np.clip(base, _EDGE, 1 - _EDGE)
    return np.asarray(special.expit(special.logit(share) + gamma) - share, dtype=np.float64)
