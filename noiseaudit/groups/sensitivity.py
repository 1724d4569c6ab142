"""How strong a difference that is not in the data would have to be to explain a flag away.

    shift  = limit nearest to 0 of the interval of the (not shrunken) gap
    ratio  = |shift|/|effect of the strongest feature in the data|
    RR     = the limit as a risk ratio: odds ratio, or its root where the decision is common (share above .15)
    E      = RR + sqrt(RR (RR - 1)),  RR >= 1 (else 1/RR)

E: the risk ratio that something unseen would need with both the group and the decision. VanderWeele & Ding (2017).
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.distributions import t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.shown_scale import told
from noiseaudit.result.group_parts import GapSensitivity

_COMMON = 0.15


def gap_sensitivity(
    gaps: Gaps, flagged: int | None, *, confidence: float, same_cases: bool, strongest: tuple[str, float] | None
) -> GapSensitivity | NotIdentified:
    """Of the clearest flag, at position `flagged` of the gaps; None: nobody has one.

    same_cases: everybody decided the same cases and the group is of the case, so that no difference between cases can
    tell professionals apart. strongest: name and effect (decision unit) of the strongest feature in the data.
    """
    if flagged is None:
        return NotIdentified.of("no_flag")
    if same_cases:
        return NotIdentified.of("same_cases_for_all")
    gap, se = float(gaps.gap[flagged]), float(gaps.se[flagged])
    reach = float(t_quantile(0.5 + confidence / 2, gaps.df[flagged])) * se
    limit = math.copysign(max(0.0, abs(gap) - reach), gap)
    shift = float(told(np.array([limit]), gaps.base[[flagged]], gaps.scale)[0])
    feature, effect = strongest if strongest is not None and strongest[1] else (None, None)
    return GapSensitivity(
        shift=shift,
        ratio=None if effect is None else abs(shift / effect),
        strongest=feature,
        e_value=None if gaps.scale == "difference" else e_value(limit, common=_is_common(gaps, flagged)),
    )


def _is_common(gaps: Gaps, flagged: int) -> bool:
    return gaps.scale == "log_odds" and _COMMON < float(gaps.base[flagged]) < 1 - _COMMON


def e_value(log_ratio: float, *, common: bool) -> float:
    """E-value of a log odds (or rate) ratio; common: the outcome is common, so the risk ratio is the root."""
    ratio = math.exp(abs(log_ratio) / (2 if common else 1))
    return ratio + math.sqrt(ratio * (ratio - 1))
