"""Many tests at once: Benjamini-Hochberg q-values over one family.

q_(i) = min_{k >= i} ( m p_(k)/k ),  m tests that were done
promising: smallest p that the margins allow <= at/K,  K = the smallest k for which at most k tests have it <= at/k
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.moments import Floats


def q_values(p: Floats) -> Floats:
    """(m,) q-values of (m,) p-values; NaN (not tested) stays NaN and does not count. Benjamini & Hochberg (1995)."""
    from statsmodels.stats.multitest import multipletests

    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = multipletests(p[tested], method="fdr_bh")[1]
    return q


def promising(attainable: Floats, *, at: float) -> npt.NDArray[np.bool_]:
    """(m,) tests that could come out significant: the others leave the family before anybody looks at their p.

    attainable: (m,) smallest p that each test can give, 0 for continuous ones, NaN where not tested. Tarone (1990);
    Gilbert (2005).
    """
    known = np.sort(attainable[np.isfinite(attainable)])
    k = np.arange(1, len(known) + 1)
    enough = np.flatnonzero(np.searchsorted(known, at / k, side="right") <= k)
    if not len(enough):
        return np.isfinite(attainable)
    return np.asarray(np.nan_to_num(attainable, nan=np.inf) <= at / k[enough[0]])
