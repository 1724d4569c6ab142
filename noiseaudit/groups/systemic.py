"""The gap that all professionals share, in a panel: for own groups only, and the raw figure beside it.

    x_ij = case_i + judge_j + Delta f_ij + error ;  Delta = f~'x/f~'f~ ,  f~ the flag's own residuals in that fit
    u_j  = sum_{i on j} f~_ij rho_ij/S/(1 - h_j) ,  h_j = sum_{i on j} f~_ij^2/S ,  S = f~'f~ ,  rho = e/(1 - lev)
    V    = (J - 1)/J sum_j u_j^2 + max(0, sum_i u_i^2 - sum_ij u_ij^2)        u_i, u_ij: the same by case, by cell
    Delta +- t sqrt(V) ,  t with (m - 1)/(1 + kap/2) degrees of freedom,  m = (sum h)^2/sum h^2 professionals that count

The first part of V is what leaving out one professional at a time gives (within 3 % in simulations), no refit: people
differ in the gap. The second is added because cases of the group may differ in it. kap = 2 is the kurtosis that a few
professionals do not show; Bell & McCaffrey (2002), Cameron, Gelbach & Miller (2011). A flag that is the same for all
professionals of a case says nothing of Delta: the case effects hold it.
"""

from __future__ import annotations

import math

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import t_quantile
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.panel import MOST_JUDGES_DENSE
from noiseaudit.estimators.two_way import IllConditionedError, TwoWay, fit_two_way
from noiseaudit.groups.gaps import SharedFigure, nothing_varies
from noiseaudit.groups.heterogeneity import KURTOSIS_FLOOR
from noiseaudit.groups.panel_gaps import Flags, shared_by_all
from noiseaudit.result.parts import Figure, Number

_FEWEST = 4  # professionals with decisions that tell of the flag
_LEAST_NOISE = 0.05  # of 1 - leverage: a cell that the fit nearly follows would else decide the width


def joint_fit(linked: Linked) -> TwoWay | NotIdentified:
    """The fit that gaps in a panel rest on, for thin overlap and chains too; the audit may take another route."""
    if linked.H0 <= 0 or linked.J > MOST_JUDGES_DENSE:
        return NotIdentified.of("no_joint_fit")
    try:
        return fit_two_way(linked)
    except IllConditionedError:
        return NotIdentified.of("no_joint_fit")


def panel_systemic_gap(
    fit: TwoWay, flag: Flags, *, by_cell: bool, known: Flags | None = None, confidence: float = 0.95
) -> Number:
    """Delta of (N,) flagged cells of the fit (K = 1; yes/no: a difference of shares), or why it is not identified."""
    if not by_cell:
        return NotIdentified.of("same_cases")
    regressors = shared_by_all(fit, flag[:, None], known=known)
    if regressors is None:
        return NotIdentified.of("flag_of_case")
    linked, residual = fit.linked, regressors.residual
    own = residual[:, 0]
    if residual.shape[1] > 1:  # the flag beside the unknown
        own = own - residual[:, 1:] @ np.linalg.lstsq(residual[:, 1:], own, rcond=None)[0]
    S = float(own @ own)
    coefficients = regressors.coefficients(fit.residual[:, 0])
    delta = float(coefficients[0])
    share = linked.over_judge(own**2) / S
    m = float(share.sum() ** 2 / (share**2).sum())
    if m < _FEWEST or share.max() > 1 - 1e-6:
        return Figure(delta, interval_reason="too_few_judges_in_group")
    rho = (fit.residual[:, 0] - residual @ coefficients) / np.maximum(1 - fit.leverage, _LEAST_NOISE)
    u = own * rho / S / (1 - share)[linked.judge]
    variance = (linked.J - 1) / linked.J * float((linked.over_judge(u) ** 2).sum())
    variance += max(0.0, float((linked.over_case(u) ** 2).sum() - (u**2).sum()))
    df = max(1.0, (min(m, linked.J) - 1) / (1 + KURTOSIS_FLOOR / 2))
    return _figure(delta, variance, df, confidence, size=_size(linked.x[:, 0]))


def raw_gap(
    cells: Cells, flag: Flags, *, by_cell: bool, known: Flags | None = None, confidence: float = 0.95
) -> Number:
    """Means as they are (K = 1), of (N,) flagged cells, flagged minus not.

    A characteristic of the case: means over cases of the case's mean, interval over cases (Welch). A relation: each
    decision minus the mean of the others on its case, means over cells; interval over professionals and cases.
    """
    known = np.ones(len(cells), dtype=bool) if known is None else known
    if by_cell:
        return _against_the_others(cells, flag, known, confidence)
    size = np.bincount(cells.case, minlength=len(cells.cases))
    total = sum_by(cells.case, cells.mean[:, 0], len(size))
    inside = np.bincount(cells.case, weights=flag & known, minlength=len(size)) > 0
    outside = np.bincount(cells.case, weights=~flag & known, minlength=len(size)) > 0
    mean = total / np.maximum(size, 1)
    a, b = mean[inside & (size > 0)], mean[outside & (size > 0)]
    if not len(a) or not len(b):
        return NotIdentified.of("empty_side")
    value = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return Figure(value, interval_reason="too_few_cases_in_group")
    return _welch(a, b, confidence)


def _welch(a: Floats, b: Floats, confidence: float) -> SharedFigure:
    """Mean a - mean b: variances of their own, Satterthwaite's degrees of freedom (Welch, 1947).

    Two values, or several that are all the same, tell nothing of their spread: no narrower than with one variance.
    """
    parts = [float(side.var(ddof=1)) / len(side) for side in (a, b)]
    value, variance = float(a.mean() - b.mean()), sum(parts)
    size = max(map(_size, (a, b)))
    if variance <= 0:
        return SharedFigure(value, interval_reason="no_variation")
    df = variance**2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, (a, b), strict=True))
    own = _figure(value, variance, df, confidence, size=size)
    if min(parts) > 0 and min(len(a), len(b)) > 2:
        return own
    rest = len(a) + len(b) - 2
    spread = sum(part * len(side) * (len(side) - 1) for part, side in zip(parts, (a, b), strict=True)) / rest
    pooled = _figure(value, spread * (1 / len(a) + 1 / len(b)), rest, confidence, size=size)
    return max((own, pooled), key=lambda one: one.interval[1] if one.interval else value)


def _size(values: Floats) -> float:
    return float(np.abs(values).max(initial=0.0))


def _figure(value: float, variance: float, df: float, confidence: float, *, size: float) -> SharedFigure:
    """A gap with its interval by Student's t; none where nothing varies. size: of the decisions."""
    reach = float(t_quantile(0.5 + confidence / 2, df)) * math.sqrt(variance)
    if nothing_varies(reach, size):
        return SharedFigure(value, interval_reason="no_variation")
    return SharedFigure(value, interval=(value - reach, value + reach), df=df)


def _against_the_others(cells: Cells, flag: Flags, known: Flags, confidence: float) -> Number:
    size = np.bincount(cells.case, minlength=len(cells.cases))[cells.case]
    used = (size >= 2) & known
    x = cells.mean[:, 0]
    others = (sum_by(cells.case, x, len(cells.cases))[cells.case] - x) / np.maximum(size - 1, 1)
    y, inside = (x - others)[used], flag[used]
    if not inside.any() or inside.all():
        return NotIdentified.of("empty_side")
    above, below = float(y[inside].mean()), float(y[~inside].mean())
    u = np.where(inside, (y - above) / inside.sum(), (below - y) / (~inside).sum())
    variance = max(float((u**2).sum()), _cluster(cells.judge[used], u) + _cluster(cells.case[used], u) - float(u @ u))
    judges = len(np.unique(cells.judge[used][inside]))
    if judges < _FEWEST:
        return Figure(above - below, interval_reason="too_few_judges_in_group")
    return _figure(above - below, variance, judges - 1, confidence, size=_size(x))


def _cluster(codes: Codes, u: Floats) -> float:
    clusters = len(np.unique(codes))
    sums = sum_by(codes, u, int(codes.max()) + 1)
    return clusters / max(1, clusters - 1) * float((sums**2).sum())
