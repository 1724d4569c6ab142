"""Profile likelihood intervals for absolute variances and their sums.

    psi = s2 (c_0 + c't);   D(psi) = min criterion given psi - min criterion
    interval = { psi : D(psi) <= chi2_{confidence, 1} }

The end points are roots of sqrt(D) in log psi, nearly a straight line; its slope dD/dlog psi = n - rss/s2 comes
free with the optimum (envelope theorem). A single component whose absence stays inside the region starts at 0.
Venzon & Moolgavkar (1988); Bates et al., lme4 (2015), section 5.1.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.reml_descent import Condition, Optimum, derivatives, descend
from noiseaudit.estimators.reml_equations import SingularError
from noiseaudit.result import Interval

_ROOT_TOLERANCE = 1e-6
_INNER_TOLERANCE = 1e-8
_MOST_ROUNDS = 40


def profile_interval(
    best: Optimum, *, constant: float, weights: Floats, free: list[int], confidence: float
) -> Interval | None:
    """Interval of s2 (constant + weights't); (0, upper) where 0 is not excluded, None where no end is found.

    best: the unconditional optimum; free: components in the model.
    """
    cut = float(stats.chi2.ppf(confidence, 1))
    single = int(np.flatnonzero(weights)[0]) if constant == 0 else None
    psi = best.s2 * (constant + float(weights @ best.t))
    try:
        lower = 0.0
        if single is None or (psi > 0 and _deviance_without(best, single, free) > cut):
            lower = _end(best, constant, weights, free, cut, psi, side=-1)
        if psi <= 0 and single is not None:
            psi = best.s2 * _first_guess(best, single, cut)
            return lower, _end(best, constant, weights, free, cut, psi, side=1, reached=True)
        return lower, _end(best, constant, weights, free, cut, psi, side=1)
    except SingularError:
        return None


def _deviance_without(best: Optimum, single: int, free: list[int]) -> float:
    """D(0) of one component: the fit without it."""
    start = best.t.copy()
    start[single] = 0.0
    others = [u for u in free if u != single]
    without = descend(best.solution.crossed, start, free=others, tolerance=_INNER_TOLERANCE)
    return without.criterion - best.criterion


def _first_guess(best: Optimum, single: int, cut: float) -> float:
    """t_u where the quadratic from t_u = 0 reaches the cut: slope t + product t^2 / (2 s2) = cut."""
    slope = max(float(best.score.trace[single] - best.score.square[single] / best.s2), 0.0)
    bend = float(best.score.product[single, single]) / (2 * best.s2)
    if bend <= 0:
        return cut / max(slope, 1e-300)
    return (-slope + math.sqrt(slope**2 + 4 * bend * cut)) / (2 * bend)


def _direction(best: Optimum, constant: float, weights: Floats, free: list[int]) -> tuple[Floats, float]:
    """How log t moves (3,) with log psi along the profile near the optimum, and d2 criterion / dlog psi^2."""
    moving = [u for u in free if best.t[u] > 0]
    _, inner = derivatives(best.solution, best.score, best.s2)
    h = (best.t * best.score.square / best.s2)[moving]
    n = best.solution.crossed.n
    full = np.empty((len(moving) + 1,) * 2)  # in (log t, log s2)
    full[:-1, :-1] = inner[np.ix_(moving, moving)] + np.outer(h, h) / n
    full[-1, :-1] = full[:-1, -1] = h
    full[-1, -1] = n
    a = np.append((best.t * weights)[moving] / (constant + float(weights @ best.t)), 1.0)
    reach = np.linalg.lstsq(full, a, rcond=None)[0]
    curve = 1.0 / float(a @ reach)
    move = np.zeros(3)
    move[moving] = reach[:-1] * curve
    return move, curve


def _end(
    best: Optimum,
    constant: float,
    weights: Floats,
    free: list[int],
    cut: float,
    psi: float,
    *,
    side: int,
    reached: bool = False,
) -> float:
    """psi where D crosses the cut, on one side of the optimum; `reached`: psi is itself the first trial."""
    goal = math.sqrt(cut)
    inside, outside = -math.inf, math.inf  # distances from the start, outwards
    if reached:
        move, distance, reach = np.zeros(3), 0.0, 1.0
        t = np.where(weights > 0, psi / best.s2, best.t)
    else:
        move, curve = _direction(best, constant, weights, free)
        reach = distance = goal / math.sqrt(curve / 2)
        inside, t = 0.0, best.t * np.exp(side * distance * move)
    for _ in range(_MOST_ROUNDS):
        target = math.log(psi) + side * distance
        condition = Condition(constant, weights, math.exp(target))
        at = descend(best.solution.crossed, t, free=free, condition=condition, tolerance=_INNER_TOLERANCE)
        zeta = math.sqrt(max(at.criterion - best.criterion, 0.0))
        if abs(zeta - goal) < _ROOT_TOLERANCE * goal:
            return math.exp(target)
        if zeta < goal:
            inside = max(inside, distance)
        else:
            outside = min(outside, distance)
        rate = side * at.slope / (2 * zeta) if zeta > 0 else 0.0
        ahead = distance + (goal - zeta) / rate if rate > 0 else math.inf if zeta < goal else -math.inf
        ahead = min(max(ahead, distance - 2 * reach), distance + 2 * reach)
        if not inside < ahead < outside:
            ahead = (inside + outside) / 2 if math.isfinite(inside + outside) else distance
            if ahead == distance:
                ahead = distance + (reach if zeta < goal else -reach)
        if abs(ahead - distance) < 1e-12:
            return math.exp(target)
        t = at.t * np.exp(side * (ahead - distance) * move)
        distance = ahead
    raise SingularError
