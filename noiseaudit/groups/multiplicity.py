"""Many tests at once: Benjamini-Hochberg q-values over one family.

q_(i) = min_{k >= i} ( m p_(k)/k ),  m tests that were done
"""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.moments import Floats


def q_values(p: Floats) -> Floats:
    """(m,) q-values of (m,) p-values; NaN (not tested) stays NaN and does not count. Benjamini & Hochberg (1995)."""
    from statsmodels.stats.multitest import multipletests

    q = np.full(len(p), np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = multipletests(p[tested], method="fdr_bh")[1]
    return q
