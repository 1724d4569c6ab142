"""The book's decomposition: descriptive, of THESE cases, complete panels only.

    Sys_b = mean_i s_i^2,  s_i^2 = sum_j (x_ij - xbar_i)^2/(J-1)
    L_b   = sum_j (xbar_.j - xbar)^2/(J-1)
    P_b   = Sys_b - L_b = SS_interaction/(C (J-1))        (exact)

Expectations: E L_b = L + P/C, E P_b = P (C-1)/C: the book's level noise contains P/C. Kahneman, Sibony &
Sunstein (2021), ch. 6. For the 208-judge sentencing study: 2.4^2 + 2.4^2 = 3.39^2.
"""

from __future__ import annotations

import numpy as np

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.result import Book, Estimate


def decompose_book(linked: Linked, *, ddof: int = 1) -> Book | NotIdentified:
    """Book noise of a complete panel; `ddof=0` where these judges are the whole population."""
    if linked.J < 2 or linked.C < 1:
        return NotIdentified.of("no_shared_cases")
    if not linked.complete:
        return NotIdentified.of("incomplete")
    over = linked.J - ddof
    system = float((linked.d**2).sum()) / (linked.C * over)
    levels = linked.over_judge(linked.d) / linked.C
    level = float((levels**2).sum()) / over

    def part(variance: float) -> Estimate:
        share = variance / system if system > 0 else None
        return Estimate(variance, None, share if variance != system else None, interval_reason="descriptive")

    return Book(part(system), part(level), part(float(np.maximum(system - level, 0.0))))
