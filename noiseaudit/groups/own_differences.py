"""Whether a professional decides otherwise where a relation holds at all, whatever colleagues do where theirs holds.

    fit of the cells without the relation:  x_ij = case_i + judge_j + e_ij
    rho_ij = x_ij - judge_j - case_i  in the relation ;  e_ij/(1 - leverage)  outside it
    D_j    = mean(rho | relation) - mean(rho | rest) ,  se_j^2 = s~_j^2 (1/n1 + 1/n0) ,  s~^2 moderated

So a case is worth what colleagues without the relation say it is. A gap (panel_gaps.py) says whether somebody does this
more than colleagues do; D_j says whether it is done. Where no colleague outside the relation saw the case, or those
share too few cases with the professional (two countries only), D_j cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import t_tail
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.groups.contrasts import GROUP_AND_REST, KindMoments, contrast_gaps
from noiseaudit.groups.gaps import FEWEST_PANEL
from noiseaudit.groups.systemic import joint_fit

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OwnDifferences:
    """(J,) entries by code of the professional, NaN where not tested: D_j, its standard error, df and p against 0."""

    value: Floats
    se: Floats
    df: Floats
    p: Floats


def own_differences(
    cells: Cells, flag: Flags, *, known: Flags | None = None, fewest: int = FEWEST_PANEL
) -> OwnDifferences | NotIdentified:
    """Of (N,) flagged cells of numbers (K = 1). known: cells whose flag is known (None: all); the others are left out.

    fewest: cells in the relation and outside it. Smyth (2004) for the variances.
    """
    known = np.ones(len(flag), dtype=bool) if known is None else known
    outside = cells.where(known & ~flag)
    linked = Linked.of(outside)
    fit = joint_fit(linked) if len(linked) else NotIdentified.of("no_joint_fit")
    if isinstance(fit, NotIdentified):
        return fit
    J, effect, block = len(cells.judges), np.full(len(cells.judges), np.nan), np.full(len(cells.judges), -1)
    effect[linked.judge_index], block[linked.judge_index] = fit.effects[:, 0], linked.block
    worth, where = np.full(len(cells.cases), np.nan), np.full(len(cells.cases), -2)
    seen = np.isfinite(effect[outside.judge])  # a case that one colleague saw tells what it is worth, too
    total = sum_by(outside.case[seen], outside.mean[seen, 0] - effect[outside.judge[seen]], len(worth))
    n = np.bincount(outside.case[seen], minlength=len(worth))
    worth[n > 0] = total[n > 0] / n[n > 0]
    where[outside.case[seen]] = block[outside.judge[seen]]

    inside = np.flatnonzero(known & flag & (block[cells.judge] == where[cells.case]))
    rest = 1 - fit.leverage > 1e-9
    rho = np.concatenate([
        cells.mean[inside, 0] - effect[cells.judge[inside]] - worth[cells.case[inside]],
        fit.residual[rest, 0] / (1 - fit.leverage[rest]),
    ])  # fmt: skip
    judge = np.concatenate([cells.judge[inside], linked.judge_index[linked.judge[rest]]])
    kind = np.repeat([0, 1], [len(inside), int(rest.sum())])
    moments = KindMoments.of(judge, kind, rho, judges=J, kinds=2)
    found = contrast_gaps(moments, GROUP_AND_REST, judge=np.arange(J), fewest=fewest, peers_in="residuals")
    told = found.tested & (found.own_se > 0)
    size = np.abs(np.divide(found.own, found.own_se, out=np.full(J, np.nan), where=told))
    return OwnDifferences(found.own, found.own_se, found.df, 2 * t_tail(size, found.df))
