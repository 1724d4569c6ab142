"""Gaps in a log, every value of a characteristic against the rest, from sums per professional, stratum and value.

    yes/no: the exact conditional test (exact.py)
    numbers, of one professional, over strata h with n1 decisions in the group and n0 outside it:
      g_j    = sum w_h (m1 - m0) / sum w_h ,   w_h = n1 n0/(n1 + n0)
      own_j^2 = sum w_h^2 (a_j/n1 + b_j/n0) / (sum w_h)^2 ,   df by Satterthwaite
    a_j, b_j: variances of the professional in and out of the group, within strata, each moderated over professionals
    then against the median of the peers: variance of the median 1.57 (J - 1)/(sum 1/own_k)^2

Contrasts stay within professional and stratum, for numbers as for yes/no decisions. With one stratum g_j is the mean
in the group minus the mean outside it. Two variances, because groups may differ in theirs, and because a skewed mean
that is far off comes with a large variance of its own side, which a common one would dilute. Smyth (2004) for moderated
variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.groups.exact import conditional_gaps
from noiseaudit.groups.gaps import FEWEST_COUNTS, FEWEST_PANEL, Gaps
from noiseaudit.groups.margins import Tables
from noiseaudit.groups.moderated import moderate
from noiseaudit.groups.peer_centre import against_peers
from noiseaudit.groups.sums import GroupSums, Sides, sides_of


def binary_log_gaps(
    sums: GroupSums, *, unknown: int | None = None, values: Sequence[int] | None = None, fewest: int = FEWEST_COUNTS
) -> tuple[Gaps, ...]:
    """Gaps of yes/no decisions (means are shares of 1), log odds, for each value asked for (None: all, in order).

    unknown: code of decisions whose value is not known. Entries are all of `sums.judges`.
    """
    size = len(sums.judges)
    sides = sides_of(sums, unknown=unknown)
    gaps = []
    for value in range(len(sides)) if values is None else values:
        side = sides[value]
        ones = (np.rint(part.n * part.mean) for part in (side.inside, side.outside))
        s1, s0 = (np.clip(s, 0.0, part.n) for s, part in zip(ones, (side.inside, side.outside), strict=True))
        tables = Tables(side.judge, side.inside.n, s1, side.outside.n, s0)
        gaps.append(replace(conditional_gaps(tables, size, fewest=fewest), n_out=side.all_out[0]))
    return tuple(gaps)


def numeric_log_gaps(
    sums: GroupSums, *, unknown: int | None = None, values: Sequence[int] | None = None, fewest: int = FEWEST_PANEL
) -> tuple[Gaps, ...]:
    """Gaps of numbers (decisions, or what is left of them after a case-mix model), as `binary_log_gaps`.

    fewest: as in panels, because a mean of five skewed numbers has no t distribution (docs/decisions/0013).
    """
    sides = sides_of(sums, unknown=unknown)
    chosen = range(len(sides)) if values is None else values
    return tuple(_numeric(sides[value], len(sums.judges), fewest) for value in chosen)


def _numeric(side: Sides, size: int, fewest: int) -> Gaps:
    def over(part: Floats) -> Floats:
        return sum_by(side.judge, part, size)

    n1, n0 = side.inside.n, side.outside.n
    both = n0 > 0
    w = np.where(both, n1 * n0 / (n1 + n0), 0.0)
    n_out, ss_out, df_out = side.all_out
    ss_in, df_in = over(side.inside.m2), over(n1 - 1)
    df = df_in + df_out
    weight, compared = over(w), [over(np.where(both, n, 0.0)) for n in (n1, n0)]
    tested = (compared[0] >= fewest) & (compared[1] >= fewest) & (df > 0) & (ss_in + ss_out > 0)
    measured = weight > 0
    safe = np.where(measured, weight, 1.0)
    own = np.where(measured, over(w * (side.inside.mean - side.outside.mean)) / safe, np.nan)
    if not (df_in.any() and df_out.any()):
        ss_in = ss_out = ss_in + ss_out
        df_in = df_out = df
    (a, free_in), (b, free_out) = _moderated(ss_in, df_in, measured), _moderated(ss_out, df_out, measured)
    part_in = a * over(w**2 / n1) / safe**2
    part_out = b * over(w**2 / np.maximum(n0, 1.0)) / safe**2
    variance = part_in + part_out
    own_se = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        free = variance**2 / (part_in**2 / free_in + part_out**2 / free_out)
    tested &= (own_se > 0) & (free > 0)
    gap, se, p = (np.full(size, np.nan) for _ in range(3))
    found = against_peers(own[tested], own_se[tested], df=free[tested], peers_in="means")
    gap[tested], se[tested], p[tested] = found.gap, found.se, found.p
    return Gaps(
        scale="difference",
        judge=np.arange(size, dtype=np.intp),
        n_in=over(n1),
        n_out=n_out,
        own=own,
        own_se=np.where(measured, own_se, np.nan),
        gap=gap,
        se=se,
        p=p,
        df=free,
        tested=tested & np.isfinite(p),
        base=np.full(size, np.nan),
    )


def _moderated(squares: Floats, df: Floats, measured: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(J,) variances of one side and their degrees of freedom; who has none of their own gets what all have."""
    seen = measured & (df > 0)
    variance, free = np.full((2, len(df)), np.nan)
    if seen.any():
        found = moderate(squares[seen] / df[seen], df[seen])
        variance[measured], free[measured] = found.s02, found.d0
        variance[seen], free[seen] = found.variance, found.df
    return variance, free
