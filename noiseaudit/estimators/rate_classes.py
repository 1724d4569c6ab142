"""Rates of comparable cases: level noise and detectable pattern noise from (professional, class) cells.

    E D_c = rho_g E_jg u_c,   u_c = theta_j + s_c,   Var s = P,     c = (j, g): professional j, class g

1. rho: Poisson maximum likelihood with a level for every professional, conditional on his or her events (so only
   contrasts within a professional count, and strict ones in risky classes do no harm), plus one fictitious colleague
   with one event who saw the classes as all did together, at the pooled rates: without it classes with few events
   would run to infinity (Ford, 1957). Comparable exposure E_c = rho_g E_jg, of the same total as the exposure.
2. phi from the rows within cells (rate_checks).
3. P from residuals e_c = D_c/E_c - t_j with weights a_c = 1/(P+ + phi r/e_c)^2, e_c = x_c times j's recorded exposure:
       P = sum a [e^2 - phi {(1 - 2 x) D_c/E_c^2 + D_j/E_j^2 - r q}] / sum a f,       x_c = E_c/E_j
       q = (d - x_j)' C+ (d - x_j),  C = diag(E_g) - sum_j E_j x_j x_j',   d the indicator of g
       f = 1 - 2x + sum_h x_jh^2 + (d - x_j)' B (d - x_j) - 2 (d - x_j)' C+ [E_c (d - x_j) - p_j]
       B = C+ R C+,  R = sum_c E_c^2 (d - x_j)(d - x_j)',  p_j = sum_h x_jh E_jh (d_h - x_j)
4. L as in rates, from t_j = D_j/E_j, less what the classes (phi r x~' C+ x~) and the pattern
   (P [h (1 - 2b) + sum b^2 h + x~' B x~ - 2 x~' C+ p~], h_j = sum_g x_jg^2, b = w/W) add; ~: minus the b-weighted mean.

2 to 4 are the moments of the two-way weighted fit t_j + class, exact for given weights. Classes without an event have
rate 0 and tell nothing; judges are compared within blocks that share classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import Flag
from noiseaudit.estimators.intervals import jackknife_variance
from noiseaudit.estimators.rate_checks import LEAST_EVENTS, dispersion_of, proportion_of
from noiseaudit.estimators.rates import ROUNDS, Compared, RateLevel, Shared, Variance, assembled, component_of

_STEPS, _LONGEST, _CLOSE = 200, 2.0, 1e-9


@dataclass(frozen=True)
class Cross:
    """Cells of K judges and G classes that have events, sorted as given.

    judge, cls: (N,) codes; events, exposure: (N,), exposure comparable; workload: (K,) as recorded, for weights.
    """

    judge: Codes
    cls: Codes
    events: Floats
    exposure: Floats
    workload: Floats
    block: Codes

    def over_judge(self, values: Floats) -> Floats:
        """(K,) sums over the cells of a judge."""
        return sum_by(self.judge, values, len(self.block))

    @property
    def mix(self) -> Floats:
        """(K, G) x: share of each class in the comparable exposure of a judge."""
        x = np.zeros((len(self.block), int(self.cls.max()) + 1))
        np.add.at(x, (self.judge, self.cls), self.exposure / self.over_judge(self.exposure)[self.judge])
        return x


def rate_level_in_classes(
    sums: RateSums, *, judge: Codes, cls: Codes, confidence: float = 0.95, kurtosis_floor: float = 2.0
) -> RateLevel:
    """Level and detectable pattern noise of rates from cells (N,): each pair of judge and class once, any order.

    judge, cls: (N,) codes from 0 on, all of which occur. Memory: a few tables of judges x classes. Adds flags:
    `classes_without_events` (their number and rows), `judges_not_compared` (nobody shares their classes, or all their
    classes are without events).
    """
    flags: list[Flag] = []
    everyone = int(judge.max(initial=-1)) + 1
    seen = sum_by(cls, sums.events, int(cls.max(initial=-1)) + 1)[cls] > 0
    if not seen.all():
        values = {"classes": len(np.unique(cls[~seen])), "rows": int(sums.rows[~seen].sum())}
        flags.append(Flag("classes_without_events", "info", values))
    keep, block = _linked(judge, cls, seen)
    judge_index, j = np.unique(judge[keep], return_inverse=True)
    _, g = np.unique(cls[keep], return_inverse=True)
    if len(judge_index) < everyone and len(judge_index):
        values = {"judges": everyone - len(judge_index), "all": everyone}
        flags.append(Flag("judges_not_compared", "warning", values))
    used = sums.where(keep)
    if len(judge_index) < 2:
        nobody = Compared(judge_index[:0], np.empty(0), np.empty(0), judge_index[:0], np.empty(0), None)
        reason = "no_events" if not seen.any() else "single_judge" if everyone == 1 else "no_shared_classes"
        return assembled(
            nobody, proportional=NotIdentified.of(reason), reason=reason, confidence=confidence,
            kurtosis_floor=kurtosis_floor, flags=tuple(flags),
        )  # fmt: skip
    rho = relative_rates(used.events, used.exposure, judge=j, cls=g)[g]
    rho *= used.exposure.sum() / (rho * used.exposure).sum()
    _, blocks = np.unique(block[judge_index], return_inverse=True)
    parts = (rho * used.exposure, used.exposure)
    comparable, recorded = (sum_by(blocks[j], part, int(blocks.max()) + 1) for part in parts)
    pace = comparable / recorded  # between blocks nobody knows who is strict, so risk may weigh there
    workload = pace[blocks] * sum_by(j, used.exposure, len(blocks))
    cross = Cross(j, g, used.events, rho * used.exposure, workload, blocks)
    phi, in_cells = dispersion_of(used, j), True
    if phi.below.sum() < LEAST_EVENTS:
        scaled = replace(used, exposure=cross.exposure, cross=rho * used.cross, exposure2=rho**2 * used.exposure2)
        phi, in_cells = dispersion_of(scaled.grouped(j, len(blocks)), np.arange(len(blocks))), False
    data = Compared(
        judge_index=judge_index,
        events=cross.over_judge(cross.events),
        exposure=cross.over_judge(cross.exposure),
        workload=workload,
        block=blocks,
        phi=phi if phi.below.sum() >= LEAST_EVENTS else None,
    )
    return assembled(
        replace(data, shared=shared_noise(cross, data, in_cells=in_cells, confidence=confidence)),
        proportional=proportion_of(used, j, dispersion=data.dispersion[0], confidence=confidence),
        confidence=confidence,
        kurtosis_floor=kurtosis_floor,
        flags=tuple(flags),
    )


def _linked(judge: Codes, cls: Codes, seen: np.ndarray) -> tuple[np.ndarray, Codes]:
    """Cells of blocks with two judges or more, and the block of every judge; cells that are not seen link nobody."""
    J, G = int(judge.max(initial=-1)) + 1, int(cls.max(initial=-1)) + 1
    ones = np.ones(int(seen.sum()))
    graph = sparse.coo_array((ones, (judge[seen], J + cls[seen])), shape=(J + G, J + G))
    _, component = csgraph.connected_components(graph, directed=False)
    present = np.zeros(J, dtype=bool)
    present[judge[seen]] = True
    size = np.bincount(component[:J], weights=present, minlength=J + G)
    return seen & (size[component[judge]] >= 2), component[:J]


def relative_rates(events: Floats, exposure: Floats, *, judge: Codes, cls: Codes) -> Floats:
    """(G,) rates of the classes up to one factor, from contrasts within judges (N cells); every class has events.

    maximise sum_c D_c log( rho_g E_c / sum_{h of j} rho_h E_jh ) + sum_g (D_g/D) log( rho_g E_g / sum rho E )
    """
    J, G = int(judge.max()) + 1, int(cls.max()) + 1
    D, E = sum_by(cls, events, G), sum_by(cls, exposure, G)
    table = np.zeros((J + 1, G))
    np.add.at(table, (judge, cls), exposure)
    table[J] = E
    own = np.append(sum_by(judge, events, J), 1.0)
    total = D * (1 + 1 / D.sum())
    eta = np.log(D / E)
    for _ in range(_STEPS):
        x = table * np.exp(eta - eta.max())
        x /= x.sum(axis=1, keepdims=True)
        expected = own @ x
        slope = total - expected
        curve = np.diag(expected) - (x.T * own) @ x
        step = np.linalg.solve(curve + np.full((G, G), expected.mean() / G), slope)
        eta += step * min(1.0, _LONGEST / max(float(np.abs(step).max()), _LONGEST * 1e-9))
        if float(np.abs(slope).max()) <= _CLOSE * float(total.max()):
            break
    rates: Floats = np.exp(eta - eta.max())
    return rates


def shared_noise(cross: Cross, data: Compared, *, in_cells: bool, confidence: float) -> Shared:
    """What classes and pattern add to the judges' rates.

    in_cells: phi is of rows within cells; otherwise pattern is part of it and cannot be told.
    """
    x, E_j, r = cross.mix, data.exposure, data.rate.value
    j, g, E_c = cross.judge, cross.cls, cross.exposure
    own = x[j, g]
    C = np.diag(sum_by(g, E_c, x.shape[1])) - (x.T * E_j) @ x
    inverse = np.asarray(np.linalg.pinv(C, rcond=1e-10, hermitian=True), dtype=np.float64)
    h = (x**2).sum(axis=1)
    p = x**2 * E_j[:, None] - x * (h * E_j)[:, None]
    weighted = x**2 * (E_j**2)[:, None]  # E_c^2 as a table
    R = np.diag(weighted.sum(axis=0)) - weighted.T @ x - x.T @ weighted + (x.T * (weighted.sum(axis=1))) @ x
    B = inverse @ R @ inverse

    def at_cells(A: Floats, left: Floats | None = None) -> Floats:
        """(N,) (d - x_j)' A (d - x_j), or (d - x_j)' A left_j."""
        if left is None:
            xA = x @ A
            return np.asarray(np.diag(A)[g] - 2 * xA[j, g] + (xA * x).sum(axis=1)[j])
        Al = left @ A
        return np.asarray(Al[j, g] - (Al * x).sum(axis=1)[j])

    size = int(data.block.max()) + 1
    q = at_cells(inverse)
    f = 1 - 2 * own + h[j] + at_cells(B) - 2 * (E_c * q - at_cells(inverse, p))

    def of(w: Floats) -> tuple[Floats, Floats]:
        share = w / sum_by(data.block, w, size)[data.block]
        blocks = sparse.csr_array((share, (data.block, np.arange(len(w)))))
        near, p_near = x - (blocks @ x)[data.block], p - (blocks @ p)[data.block]
        by_class = ((near @ inverse) * near).sum(axis=1)
        mean_h = sum_by(data.block, share**2 * h, size)[data.block]
        by_pattern = h * (1 - 2 * share) + mean_h + ((near @ B) * near).sum(axis=1)
        return w * by_class, w * (by_pattern - 2 * ((near @ inverse) * p_near).sum(axis=1))

    none = np.zeros(len(h))
    if not in_cells:
        return Shared(of, 0.0, none, NotIdentified.of("one_row_a_class"), 0.0, none)
    residual = cross.events / E_c - (data.events / E_j)[j]
    off = cross.events / E_c**2 * (1 - 2 * own) + (data.events / E_j**2)[j] - r * q
    found = _pattern(cross, data, residual**2, off, f)
    if found is None:
        return Shared(of, 0.0, none, NotIdentified.of("no_interaction_df"), 0.0, none)
    component, _ = component_of(found, rate=data.rate, confidence=confidence)
    K = len(h)
    error = max(found.floor, jackknife_variance(found.left_out, (K - 1) / K))
    return Shared(of, found.value, found.left_out, component, error, max(found.value, 0.0) * h)


def _pattern(cross: Cross, data: Compared, squares: Floats, off: Floats, f: Floats) -> Variance | None:
    """P and its values without each judge; None where no judge has two classes.

    squares, off, f: (N,) squared residual, noise in it per phi, and what P is multiplied with.
    """
    phi, phi_out = data.dispersion
    own = cross.exposure * (cross.workload / data.exposure)[cross.judge]  # of the judge's recorded exposure
    plain, pace = (max(phi, 1e-12) * data.rate.value / e for e in (cross.exposure, own))
    a, value = own / own.max(), 0.0
    for stage in range(ROUNDS + 1):
        above, noise, below = (cross.over_judge(a * part) for part in (squares, off, f))
        if below.sum() <= 1e-9 * a.sum():
            return None
        value = float((above.sum() - phi * noise.sum()) / below.sum())
        if stage < ROUNDS:
            v = max(value, 0.0) + pace
            a = (v.min() / v) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (above.sum() - above - phi_out * (noise.sum() - noise)) / (below.sum() - below)
    floor = 2 * float((a**2 * (max(value, 0.0) * f + plain * (f > 0)) ** 2).sum()) / below.sum() ** 2
    taken = phi * float(noise.sum() / below.sum())
    return Variance(
        value, np.where(np.isfinite(left_out), left_out, value), taken, floor,
        2 * (max(value, 0.0) + max(taken, 0.0)) ** 2 / floor if floor > 0 else 1.0,
    )  # fmt: skip
