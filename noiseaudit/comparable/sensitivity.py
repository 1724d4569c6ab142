"""How strong a difference between cases that is not in the log would have to be to explain level noise away.

A case variable u with SD 1, effect delta on the decision and SD eta between professionals' means adds (delta eta)^2
to L. It explains all of it where delta eta >= sqrt(L):

    curve  eta = sqrt(L)/delta ;   RR = sqrt(L)/max_z |delta_z eta_z|  over the features z of the log

so an unmeasured difference would have to be RR times as strong as the strongest measured one. After Cinelli &
Hazlett (2020).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from noiseaudit.errors import NotIdentified
from noiseaudit.result import Balance, Estimate, Sensitivity

ETAS = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05)  # of the curve; 1: nothing varies at one professional


def sensitivity_of(level: Estimate | NotIdentified, balances: Sequence[Balance]) -> Sensitivity | NotIdentified:
    """RR for the estimate of L and for its lower limit, and the curve.

    level: level noise in squared decision units. balances: features with `eta` and `effect` (decision units for one
    SD); those without an effect are passed over. Not identified: L as such, L at or below 0 (`no_level_noise`), no
    feature with an effect (`no_features`), or none that is uneven (`no_uneven_feature`).
    """
    if isinstance(level, NotIdentified):
        return level
    if level.variance <= 0:
        return NotIdentified.of("no_level_noise")
    known = [(abs(one.effect) * max(one.eta, 0.0), one.effect, one) for one in balances if one.effect is not None]
    if not known:
        return NotIdentified.of("no_features")
    product, effect, strongest = max(known, key=lambda each: each[0])
    if product <= 0:
        return NotIdentified.of("no_uneven_feature")
    limits = level.variance_interval
    return Sensitivity(
        strongest=strongest.feature,
        ratio=level.sd / product,
        ratio_low=None if limits is None else math.sqrt(max(limits[0], 0.0)) / product,
        its_effect=effect,
        its_eta=strongest.eta,
        curve=tuple((level.sd / eta, eta) for eta in ETAS),
    )
