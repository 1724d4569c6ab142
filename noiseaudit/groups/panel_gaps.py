"""Gaps in a panel of numbers: each professional's residuals in the group against those outside it.

    rho_ij = e_ij/(1 - lev_ij)                                    deletion residual of the joint fit
    g_j    = mean(rho | group) - mean(rho | rest) ,  s_j^2 pooled within the two, df_j = n1 + n0 - 2
    se_j^2 = s~_j^2 (1/n1 + 1/n0) ,  s~^2 moderated;  then against the median of the peers of the same block

A flag that differs between the professionals of a case (own group) first loses what all share, Delta flag_ij. Who
deviates also shifts the case effects of the group, and by that the others' residuals, unless all see the same cases.
So the gaps of those who deviate clearly (B: Benjamini-Hochberg at 10 %, at most half) are taken off, and the fit is
repeated until B stays as it is, at most five times:

    dev_j = g_j - median_{k not in B} g_k for j in B, else 0
    x'    = x - dev_j flag_ij ;  rho' from x', plus dev_j flag_ij
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import TwoWay, solve
from noiseaudit.groups.gaps import FEWEST_PANEL, Gaps
from noiseaudit.groups.moderated import moderate
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.peer_centre import FEWEST_PEERS, against_peers

Flags = npt.NDArray[np.bool_]
_PASSES = 5
_CLEAR = 0.10
_ALONE = 1e-9  # 1 - leverage below this: the fit follows that cell, whatever was decided


def panel_gaps(
    fit: TwoWay, flag: Flags, *, by_cell: bool, known: Flags | None = None, fewest: int = FEWEST_PANEL
) -> Gaps:
    """Gaps of (N,) flagged cells of a joint fit of numbers (K = 1), one entry a professional of the fit.

    by_cell: the flag differs between professionals of a case (own group), so Delta is taken off. known: cells whose
    flag is known (None: all); the others count on neither side. Raises ValueError for indicators (K > 1).
    Source: Smyth (2004) for the variances; passes and factors by simulation (docs/decisions/0012-groups.md).
    """
    if fit.residual.shape[1] != 1:
        raise ValueError("gaps of residuals need one number a decision; yes/no and categories have tests of their own")
    linked = fit.linked
    measured = 1 - fit.leverage > _ALONE
    inside = flag & measured if known is None else flag & known & measured
    outside = ~flag & measured if known is None else ~flag & known & measured
    shared = _shared(fit, flag, known) if by_cell else None
    taken = np.zeros(linked.J)
    clear = np.zeros(linked.J, dtype=bool)
    for _ in range(_PASSES + 1):
        rho = _residuals(fit, flag, taken, shared)
        found = _measure(linked, rho, inside, outside, fewest)
        before, clear = clear, _clear(found, linked.block)
        if np.array_equal(clear, before):
            break
        taken = _deviations(found.own, clear, found.tested, linked.block)
    return found


def shared_gap(fit: TwoWay, flag: Flags, *, known: Flags | None = None) -> float | None:
    """Delta: coefficient of the (N,) flag in the two-way fit of the first column; None where no case tells it.

    Delta = f~'x/f~'f~, f~ = the residuals of the flag itself. What is unknown gets a coefficient of its own.
    """
    regressors = _shared(fit, flag, known)
    return None if regressors is None else float(regressors.coefficients(fit.residual[:, 0])[0])


@dataclass(frozen=True)
class _Shared:
    """(N, R) residuals of the flag, and of the unknown where there are any, in the two-way fit."""

    residual: Floats

    def coefficients(self, x: Floats) -> Floats:
        return np.asarray(np.linalg.lstsq(self.residual, x, rcond=None)[0], dtype=np.float64)


def _shared(fit: TwoWay, flag: Flags, known: Flags | None) -> _Shared | None:
    columns = [flag] if known is None or known.all() else [flag & known, ~known]
    values = np.stack(columns, axis=1).astype(np.float64)
    residual = solve(fit.linked, fit.inverse, fit.linked.centred(values))[1]
    seen = (residual**2).sum(axis=0) > _ALONE * len(flag)
    return _Shared(residual[:, seen]) if seen[0] else None


def _residuals(fit: TwoWay, flag: Flags, taken: Floats, shared: _Shared | None) -> Floats:
    """(N,) rho of x minus the deviations taken off (J,), with these added back, and minus Delta flag."""
    deviation = np.where(flag, taken[fit.linked.judge], 0.0)
    e = fit.residual[:, 0]
    if deviation.any():
        e = e - solve(fit.linked, fit.inverse, fit.linked.centred(deviation[:, None]))[1][:, 0]
    if shared is not None:
        e = e - shared.residual @ shared.coefficients(e)
    return np.asarray(e / np.maximum(1 - fit.leverage, _ALONE) + deviation, dtype=np.float64)


def _measure(linked: Linked, rho: Floats, inside: Flags, outside: Flags, fewest: int) -> Gaps:
    n1, mean1, squares1 = _side(linked, rho, inside)
    n0, mean0, squares0 = _side(linked, rho, outside)
    tested = (n1 >= fewest) & (n0 >= fewest) & (n1 + n0 > 2)
    tested &= np.bincount(linked.block, weights=tested, minlength=linked.blocks)[linked.block] > FEWEST_PEERS
    own, own_se, gap, se, p, df = np.full((6, linked.J), np.nan)
    if tested.any():
        n1t, n0t = n1[tested], n0[tested]
        moderated = moderate((squares1 + squares0)[tested] / (n1t + n0t - 2), n1t + n0t - 2)
        own[tested] = (mean1 - mean0)[tested]
        own_se[tested] = np.sqrt(moderated.variance * (1 / n1t + 1 / n0t))
        df[tested] = moderated.df
        result = against_peers(
            own[tested], own_se[tested], df=moderated.df, peers_in="residuals", block=linked.block[tested]
        )
        gap[tested], se[tested], p[tested] = result.gap, result.se, result.p
    return Gaps(
        scale="difference",
        judge=linked.judge_index,
        n_in=n1,
        n_out=n0,
        own=own,
        own_se=own_se,
        gap=gap,
        se=se,
        p=p,
        df=df,
        tested=tested,
        base=np.full(linked.J, np.nan),
    )


def _side(linked: Linked, rho: Floats, cells: Flags) -> tuple[Floats, Floats, Floats]:
    """(J,) number, mean and sum of squares about the mean of the chosen cells."""
    judge, values = linked.judge[cells], rho[cells]
    n = sum_by(judge, np.ones(len(judge)), linked.J)
    mean = sum_by(judge, values, linked.J) / np.maximum(n, 1)
    return n, mean, sum_by(judge, (values - mean[judge]) ** 2, linked.J)


def _clear(found: Gaps, block: Codes) -> Flags:
    """(J,) who deviates clearly: q <= .10, the smallest p first, at most half of the tested of each block."""
    chosen = np.asarray(q_values(found.p) <= _CLEAR)
    for one in np.unique(block[chosen]):
        members = np.flatnonzero(chosen & (block == one))
        most = int((found.tested & (block == one)).sum()) // 2
        chosen[members[np.argsort(found.p[members], kind="stable")[most:]]] = False
    return chosen


def _deviations(own: Floats, clear: Flags, tested: Flags, block: Codes) -> Floats:
    """(J,) g_j minus the median of those who do not deviate clearly, for those who do; else 0."""
    deviation = np.zeros(len(own))
    for one in np.unique(block[clear]):
        members = block == one
        deviation[members & clear] = own[members & clear] - np.median(own[members & tested & ~clear])
    return deviation
