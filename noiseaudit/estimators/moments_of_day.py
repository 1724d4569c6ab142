"""What the moment does: hour, weekday and place in the day's row, within professionals.

    r = l_j + x'beta + e ;   A = X'X - sum_j n_j xbar_j xbar_j' ,  beta = A+ X'(r - rbar_j)
    V = k A+ (sum_d u_d u_d') A+ ,   u_d = sum_{i in d} (x_i - xbar_j) e_i ,   k = D/(D - 1) (N - 1)/(N - J - q)
    F = beta'V+ beta/q  on q and D - 1 degrees of freedom
    explained = (beta'A beta - tr AV)/N

x: indicators of the hour or weekday, or the place in the row (1, 2, …) as a number; d: the D days of a judge, whose
decisions hang together; q: rank of A. beta'A beta/N is the variance that the moment explains within judges; tr AV/N is
what chance alone makes of it. It is a lower bound of occasion noise, as long as cases come in an order that has nothing
to do with what they are: `balanced_p` tests that, with the predicted decision in the place of r.

A weekday is the same all day, so days are what is compared, and the judge's own mean takes a part out of each of them:

    weekday: u_d / sqrt(1 - 2 w_d + sum_d' w_d'^2) ,  w_d = n_d/n_j ;   k = D/(D - 1 - q) ;  F on q and D - 1 - q

Without that, weekdays seem to differ too often as soon as judges have few days.

Interval: beta'A beta is taken as c times a non-central chi-square with nu degrees of freedom,
c = tr (AV)^2/tr AV, nu = (tr AV)^2/tr (AV)^2, and solved for the non-centrality. Cameron & Miller (2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse, special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.distributions import f_tail
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.timeline import Timeline
from noiseaudit.result import Interval, MomentEffect

Covariate = Literal["hour", "weekday", "position"]
ENOUGH_DAYS = 30  # on which an hour or weekday was worked: the errors of fewer clusters are too small
_RANK = 1e-9
_ROUNDING = 1e-20  # of sums of squares: what computing alone leaves


def moment_effects(timeline: Timeline, *, confidence: float) -> tuple[MomentEffect, ...]:
    """Effects of hour, weekday and place in the row; `component` says why where one is not identified.

    Variances in squared decision units. Hours and weekdays that were worked on fewer than 30 days are left out.
    """
    seconds = (timeline.moment - timeline.moment.astype("datetime64[D]")).astype(np.int64)
    weekday = (timeline.date.astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
    first = np.searchsorted(timeline.day, np.arange(timeline.days))
    place = np.arange(len(timeline.day)) - first[timeline.day] + 1
    return (
        _effect("hour", timeline, seconds // 3600, confidence),
        _effect("weekday", timeline, weekday[timeline.day], confidence),
        _effect("position", timeline, place, confidence),
    )


def _effect(covariate: Covariate, timeline: Timeline, x: Codes, confidence: float) -> MomentEffect:
    reason = "constant_decisions" if timeline.constant else None
    if covariate == "hour" and not timeline.timed:
        reason = "no_time_of_day"
    if covariate == "position":
        reason = timeline.order_unknown or reason
    rows, X = _columns(timeline, x, classes=covariate != "position")
    by_day = covariate == "weekday"
    fit = _regress(timeline, rows, X, timeline.value[rows], by_day=by_day) if reason is None else reason
    if not isinstance(fit, _Fit):
        return MomentEffect(covariate, NotIdentified.of(fit), None, None, None, None)
    balanced = None
    if timeline.predicted is not None:
        cases = _regress(timeline, rows, X, timeline.predicted[rows], by_day=by_day)
        balanced = cases.p if isinstance(cases, _Fit) else None
    component = estimate_of(fit.explained, fit.interval(confidence))
    return MomentEffect(covariate, component, fit.F, (float(fit.q), float(fit.df)), fit.p, balanced)


def _columns(timeline: Timeline, x: Codes, *, classes: bool) -> tuple[Codes, sparse.csr_array]:
    """The rows that count and their design (R, p): an indicator a class, or x as a number."""
    R = len(x)
    if not classes:
        return np.arange(R), sparse.csr_array((x.astype(np.float64), (np.arange(R), np.zeros(R, dtype=np.intp))))
    most = int(x.max()) + 1
    worked = np.zeros((timeline.days, most), dtype=bool)
    worked[timeline.day, x] = True
    enough = worked.sum(axis=0) >= ENOUGH_DAYS
    rows, kept = np.flatnonzero(enough[x]), np.flatnonzero(enough)
    code = np.searchsorted(kept, x[rows])
    return rows, sparse.csr_array((np.ones(len(rows)), (np.arange(len(rows)), code)), shape=(len(rows), len(kept)))


@dataclass(frozen=True)
class _Fit:
    """A regression: beta'A beta, tr AV, tr (AV)^2, N decisions, and F on q and df degrees of freedom."""

    squares: float
    noise: float
    noise_squares: float
    N: int
    F: float
    q: int
    df: int

    @property
    def p(self) -> float:
        return float(f_tail(self.F, self.q, self.df))

    @property
    def explained(self) -> float:
        return (self.squares - self.noise) / self.N

    def interval(self, confidence: float) -> Interval:
        """From the non-central chi-square; an estimate below 0 counts as 0 in the upper limit."""
        c, nu, tail = self.noise_squares / self.noise, self.noise**2 / self.noise_squares, (1 - confidence) / 2
        found = self.squares / c
        low = _noncentrality(found, nu, 1 - tail)
        return c * low / self.N, c * _noncentrality(max(found, nu), nu, tail) / self.N


def _noncentrality(x: float, df: float, probability: float) -> float:
    """The lambda >= 0 for which a non-central chi-square lies below x with this probability; 0 where none does."""
    if special.chdtr(df, x) <= probability:
        return 0.0
    from scipy import optimize

    most = (np.sqrt(x) + 6 + np.sqrt(df)) ** 2
    return float(optimize.brentq(lambda nc: special.chndtr(x, df, nc) - probability, 0.0, most))


def _regress(timeline: Timeline, rows: Codes, X: sparse.csr_array, y: Floats, *, by_day: bool) -> _Fit | str:
    """Least squares within judges with errors that hang together by day, or the reason why there is none.

    by_day: X does not vary within days.
    """
    N, J, D = len(rows), timeline.judges, timeline.days
    judge, day = timeline.judge[rows], timeline.day[rows]
    n, n_d = (np.bincount(codes, minlength=size) for codes, size in ((judge, J), (day, D)))
    by_judge = sparse.csr_array((1 / n[judge], (judge, np.arange(N))), shape=(J, N))
    centre = (by_judge @ X).toarray()  # (J, p) xbar_j
    size = float(y @ y)
    y = y - (by_judge @ y)[judge]
    squares = (X.T @ X).toarray()
    eigen, basis = np.linalg.eigh(squares - centre.T @ (n[:, None] * centre))
    kept = eigen > _RANK * float(np.diag(squares).max(initial=0.0))
    q, lam, Q = int(kept.sum()), eigen[kept], basis[:, kept]
    clusters = int((n_d > 0).sum())
    free = clusters - 1 - q if by_day else N - int((n > 0).sum()) - q
    if q == 0 or free < 1 or clusters <= q + 1:
        return "one_moment"
    beta = (Q.T @ (X.T @ y)) / lam
    e = y - (X @ (Q @ beta)) + (centre @ (Q @ beta))[judge]
    if by_day:
        w = n_d / np.maximum(n, 1)[timeline.day_judge]
        left = 1 - 2 * w + sum_by(timeline.day_judge, w**2, J)[timeline.day_judge]
        e = e / np.sqrt(np.where(left > _RANK, left, 1.0))[day]  # a judge's only day says nothing anyway
    k = clusters / free if by_day else clusters / (clusters - 1) * (N - 1) / free
    V = k * (Q.T @ _meat(timeline, rows, X, e, centre) @ Q) / np.outer(lam, lam)
    AV = np.sqrt(np.outer(lam, lam)) * V
    noise = float(np.trace(AV))
    if noise <= _ROUNDING * size or np.linalg.matrix_rank(AV, hermitian=True) < q:
        return "constant_decisions"
    F = float(beta @ np.linalg.solve(V, beta)) / q
    return _Fit(float((lam * beta**2).sum()), noise, float((AV**2).sum()), N, F, q, min(clusters - 1, free))


def _meat(timeline: Timeline, rows: Codes, X: sparse.csr_array, e: Floats, centre: Floats) -> Floats:
    """(p, p) sum over days of u_d u_d', from sums by day and by judge: no (D, p) table is filled."""
    D, of, day = timeline.days, timeline.day_judge, timeline.day[rows]
    total = sum_by(day, e, D)
    scores = sparse.csr_array((e, (day, np.arange(len(rows)))), shape=(D, len(rows))) @ X  # sums of e x by day
    by_judge = sparse.csr_array((total, (of, np.arange(D))), shape=(len(centre), D))
    cross = (by_judge @ scores).toarray().T @ centre
    square = centre.T @ (sum_by(of, total**2, len(centre))[:, None] * centre)
    return np.asarray((scores.T @ scores).toarray() - cross - cross.T + square, dtype=np.float64)
