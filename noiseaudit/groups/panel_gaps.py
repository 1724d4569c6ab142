"""Gaps in a panel of numbers: each professional's residuals in the group against those outside it.

    rho_ij = e_ij/(1 - lev_ij)                                    deletion residual of the joint fit
    g_j    = mean(rho | group) - mean(rho | rest) ,  s_j^2 pooled within the two, df_j = n1 + n0 - 2
    se_j^2 = s~_j^2 (1/n1 + 1/n0) ,  s~^2 moderated;  then against the median of the peers of the same block

A flag that differs between the professionals of a case (own group) first loses what all share, Delta flag_ij. Who
deviates also shifts the case effects of the group, and by that the others' residuals, unless all see the same cases.
So the gaps of those who deviate clearly (B) are taken off, and the fit is repeated until B stays as it is:

    dev_j = g_j - median_{k not in B} g_k for j in B, else 0
    x'    = x - dev_j flag_ij ;  rho' from x', plus dev_j flag_ij

Clear is Benjamini-Hochberg at 10 %, at most half of the tested. B grows by the clearest tenth a pass and loses who is
no longer clear: one who deviates makes his colleagues look opposite, and all at once they would hide who it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.two_way import TwoWay, solve
from noiseaudit.groups.contrasts import GROUP_AND_REST, KindMoments, contrast_gaps
from noiseaudit.groups.gaps import FEWEST_PANEL, Gaps
from noiseaudit.groups.multiplicity import q_values

Flags = npt.NDArray[np.bool_]
_PASSES = 12
_GROWTH = 0.1
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
    known = np.ones(len(flag), dtype=bool) if known is None else known
    shared = shared_by_all(fit, flag[:, None], known=known) if by_cell else None
    kind = np.where(known, np.where(flag, 0, 1), -1)
    return panel_contrasts(fit, kind, GROUP_AND_REST, shared=shared, fewest=fewest)


def panel_contrasts(
    fit: TwoWay, kind: Codes, weights: tuple[float, ...], *, shared: Shared | None, fewest: int
) -> Gaps:
    """Gaps in contrasts of (N,) kinds of cells (0: the group, or both characteristics; -1: left out), all passes."""
    linked = fit.linked
    used = (kind >= 0) & (1 - fit.leverage > _ALONE)
    taken = np.zeros(linked.J)
    deviant = np.zeros(linked.J, dtype=bool)
    for _ in range(_PASSES + 1):
        rho = _residuals(fit, kind == 0, taken, shared)
        moments = KindMoments.of(linked.judge[used], kind[used], rho[used], judges=linked.J, kinds=len(weights))
        found = contrast_gaps(
            moments, weights, judge=linked.judge_index, fewest=fewest, peers_in="residuals", block=linked.block
        )
        before, deviant = deviant, _next(deviant, found, linked.block)
        if np.array_equal(deviant, before):
            break
        taken = _deviations(found, deviant, linked.block)
    return found


def shared_gap(fit: TwoWay, flag: Flags, *, known: Flags | None = None) -> float | None:
    """Delta: coefficient of the (N,) flag in the two-way fit of the first column; None where no case tells it.

    Delta = f~'x/f~'f~, f~ = the residuals of the flag itself. What is unknown gets a coefficient of its own.
    """
    regressors = shared_by_all(fit, flag[:, None], known=known)
    return None if regressors is None else float(regressors.coefficients(fit.residual[:, 0])[0])


@dataclass(frozen=True)
class Shared:
    """(N, R) residuals of the flag, and of the unknown where there are any, in the two-way fit."""

    residual: Floats

    def coefficients(self, x: Floats) -> Floats:
        """(R,) coefficients of (N,) values in the two-way fit."""
        return np.asarray(np.linalg.lstsq(self.residual, x, rcond=None)[0], dtype=np.float64)


def shared_by_all(fit: TwoWay, flags: Flags, *, known: Flags | None = None) -> Shared | None:
    """What (N, R) flags that differ between the professionals of a case add; None where none of them does."""
    if known is not None and not known.all():
        flags = np.column_stack([flags & known[:, None], ~known])
    values = flags.astype(np.float64)
    residual = solve(fit.linked, fit.inverse, fit.linked.centred(values))[1]
    seen = (residual**2).sum(axis=0) > _ALONE * len(flags)
    return Shared(residual[:, seen]) if seen[0] else None


def _residuals(fit: TwoWay, flag: Flags, taken: Floats, shared: Shared | None) -> Floats:
    """(N,) rho of x minus the deviations taken off (J,), with these added back, and minus Delta flag."""
    deviation = np.where(flag, taken[fit.linked.judge], 0.0)
    e = fit.residual[:, 0]
    if deviation.any():
        e = e - solve(fit.linked, fit.inverse, fit.linked.centred(deviation[:, None]))[1][:, 0]
    if shared is not None:
        e = e - shared.residual @ shared.coefficients(e)
    return np.asarray(e / np.maximum(1 - fit.leverage, _ALONE) + deviation, dtype=np.float64)


def _next(deviant: Flags, found: Gaps, block: Codes) -> Flags:
    """B of the next pass: who is in it and still clear, and the clearest tenth of the tested among the rest."""
    clear = _clear(found, block)
    new = np.flatnonzero(clear & ~deviant)
    most = math.ceil(_GROWTH * int(found.tested.sum()))
    kept = clear & deviant
    kept[new[np.argsort(found.p[new], kind="stable")[:most]]] = True
    return kept


def _clear(found: Gaps, block: Codes) -> Flags:
    """(J,) who deviates clearly: q <= .10, the smallest p first, at most half of the tested of each block."""
    chosen = np.asarray(q_values(found.p) <= _CLEAR)
    for one in np.unique(block[chosen]):
        members = np.flatnonzero(chosen & (block == one))
        most = int((found.tested & (block == one)).sum()) // 2
        chosen[members[np.argsort(found.p[members], kind="stable")[most:]]] = False
    return chosen


def _deviations(found: Gaps, deviant: Flags, block: Codes) -> Floats:
    """(J,) g_j minus the median of those outside B, for those in it; else 0."""
    deviation = np.zeros(len(found))
    for one in np.unique(block[deviant]):
        members = block == one
        centre = np.median(found.own[members & found.tested & ~deviant])
        deviation[members & deviant] = found.own[members & deviant] - centre
    return deviation
