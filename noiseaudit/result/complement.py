"""Which counts must stay hidden so that none of the small ones can be worked out from what is shown.

    shown total = sum of all parts, so hidden parts have a known sum S
    a hidden part of a whole can be 1 up to S - (m - 1), m: hidden parts        so S - m >= fewest, and m >= 2
    a hidden cell of whole hidden rows, margins r and c, sum N, can be
        max(0, r + c - N)  up to  min(r, c)                                      Frechet (1940), Hoeffding (1940)

Both are all that the totals tell: within them every value is possible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.float64]


def hidden_parts(parts: Counts, small: Flags, *, fewest: int, rest: float = 0.0, sums: Counts | None = None) -> Flags:
    """(V,) which parts of a total to hide: the small ones, and the smallest others until none can be worked out.

    parts: (V,) or, where each part has several counts that add up alike, (V, K). rest: what is never shown and can be
    worked out as the total minus the parts; it is small where it is below `fewest`. sums: (V, L) further counts whose
    sum over what is hidden is known too.
    """
    sizes = parts.reshape(len(parts), -1)
    every = sizes if sums is None else np.column_stack([sizes, sums])
    hidden = small.copy()
    while hidden.any() or 0 < rest < fewest:
        members = int(hidden.sum()) + (rest > 0)
        known = every[hidden].sum(axis=0) + rest
        if hidden.all() or (members >= 2 and (known - members >= fewest).all()):
            break
        shown = np.flatnonzero(~hidden)
        hidden[shown[np.argmin(sizes[shown, 0])]] = True
    return hidden


def hidden_rows(table: Counts, *, fewest: int) -> Flags:
    """(R,) which rows of a table with known margins to hide: those with a cell below `fewest`, and the smallest others.

    The range that is left of a hidden cell is at least `fewest` wide, or as wide as its row is large.
    """
    hidden = np.asarray((table < fewest).any(axis=1))
    total = table.sum(axis=1)
    while hidden.any() and not hidden.all():
        inside, row = table[hidden], total[hidden, None]
        column, whole = inside.sum(axis=0), inside.sum()
        width = np.minimum(row, column) - np.maximum(0.0, row + column - whole)
        if (width >= np.minimum(fewest, row)).all():
            break
        shown = np.flatnonzero(~hidden)
        hidden[shown[np.argmin(total[shown])]] = True
    return hidden
