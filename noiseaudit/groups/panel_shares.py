"""Gaps in a panel of yes/no decisions: the exact test within cases that the others find equally hard.

Strata of professional j: the share of 1 among the OTHER judges of a case, cut at 20, 40, 60 and 80 % of j's cases.
Cases with one share stay together: a cut that falls among them moves to the nearer end of them, or goes where that is
the end of all (so fewer strata where shares are few; the same strata when 0 and 1 change names).

Who deviates makes cases of the group look easier or harder to all others. So those who deviate clearly are left out of
the shares, and strata and tests are made again until they stay the same, at most three times more.

A share is not on the scale of a residual: strict and lenient professionals differ in it mechanically where the group's
base rate differs from the rest, so residuals of 0/1 would name people without any gap.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.linked import Linked
from noiseaudit.groups.exact import conditional_gaps, deviate_clearly
from noiseaudit.groups.gaps import FEWEST_COUNTS, Gaps, joined
from noiseaudit.groups.margins import Tables

Flags = npt.NDArray[np.bool_]
FIFTHS = 5
_PASSES = 4
_DIGITS = 9  # shares that agree to these are one: some are sums in another order


def panel_share_gaps(
    linked: Linked,
    flag: Flags,
    *,
    known: Flags | None = None,
    shift: float = 0.0,
    fewest: int = FEWEST_COUNTS,
    midp: bool | None = None,
) -> Gaps:
    """Gaps of log odds for (N,) flags of cells: of the case, or of professional and case (own group) alike.

    linked: cells whose mean is a share of 1, minus shift. known: cells whose flag is known (None: all); the others are
    on neither side. Professionals are compared within linked blocks.
    """
    share = linked.x[:, 0] + shift
    keep = np.ones(len(linked), dtype=bool) if known is None else known
    clear = np.zeros(linked.J, dtype=bool)
    for _ in range(_PASSES):
        stratum = difficulty(linked, share, without=clear)
        found = _within(linked, stratum, np.rint(linked.m * share), (keep & flag, keep & ~flag), fewest, midp)
        before, clear = clear, np.zeros(linked.J, dtype=bool)
        for block in range(linked.blocks):
            tested = np.flatnonzero(found.tested & (linked.block == block))
            clear[tested] = deviate_clearly(found.p[tested])
        if np.array_equal(clear, before):
            break
    return found


def _within(
    linked: Linked, stratum: Codes, ones: Floats, sides: tuple[Flags, Flags], fewest: int, midp: bool | None
) -> Gaps:
    """Gaps within strata (N,); sides: cells in the group and outside it."""
    inside, outside = sides
    parts = []
    for block in range(linked.blocks):
        who = np.flatnonzero(linked.block == block)
        place = np.zeros(linked.J, dtype=np.intp)
        place[who] = np.arange(len(who))
        cells = linked.block[linked.judge] == block
        key = place[linked.judge[cells]] * FIFTHS + stratum[cells]

        def over(side: Flags, values: Floats, cells: Flags = cells, key: Codes = key, size: int = len(who)) -> Floats:
            return sum_by(key, np.where(side, values, 0.0)[cells], size * FIFTHS)

        tables = Tables(
            np.repeat(np.arange(len(who)), FIFTHS),
            over(inside, linked.m),
            over(inside, ones),
            over(outside, linked.m),
            over(outside, ones),
        )
        gaps = conditional_gaps(tables, len(who), fewest=fewest, midp=midp)
        if linked.blocks > 1 and gaps.tested.any():  # other cases, another common gap: own contrasts lose it
            gaps = replace(gaps, own=gaps.own - gaps.own[gaps.tested].mean())
        parts.append((who, gaps))
    return joined(parts, judge=linked.judge_index)


def difficulty(linked: Linked, share: Floats, *, without: Flags | None = None) -> Codes:
    """(N,) stratum 0, ..., 4 of every cell among those of its judge, from the shares (N,) of the others on its case.

    without: (J,) judges who are none of the others; where nobody else is on the case, they are.
    """
    others = (linked.over_case(share)[linked.case] - share) / (linked.per_case[linked.case] - 1)
    if without is not None and without.any():
        counts = np.where(without[linked.judge], 0.0, 1.0)
        heard = linked.over_case(counts)[linked.case] - counts
        total = linked.over_case(counts * share)[linked.case] - counts * share
        others = np.where(heard > 0, total / np.maximum(heard, 1), others)
    others = np.round(others, _DIGITS)
    order = np.lexsort((others, linked.judge))
    values, judge = others[order], linked.judge[order]
    begin = np.concatenate([[0], np.cumsum(linked.per_judge)])
    new = np.ones(len(values), dtype=bool)
    new[1:] = (values[1:] != values[:-1]) | (judge[1:] != judge[:-1])
    first = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    ends = np.append(first[1:], len(values))
    n = linked.per_judge
    rank = np.arange(len(values)) - begin[judge]
    found = np.zeros(len(values), dtype=np.intp)
    for k in range(1, FIFTHS):
        at = run[begin[:-1] + -(-k * n // FIFTHS) - 1]  # of every judge: the equal shares that hold this quantile
        low, high = first[at] - begin[:-1], ends[at] - begin[:-1]
        # in fifths of a case, so that the comparison is one of whole numbers
        to_low, to_high = k * n - FIFTHS * low, FIFTHS * high - k * n
        upper = (to_high < to_low) | ((to_high == to_low) & (2 * k < FIFTHS))
        found += rank >= np.where(upper, high, low)[judge]
    stratum = np.empty_like(found)
    stratum[order] = found
    # a cut below the first case cuts nothing, but counts: begin with 0
    lowest = np.full(linked.J, FIFTHS)
    np.minimum.at(lowest, linked.judge, stratum)
    return np.asarray(stratum - lowest[linked.judge])
