"""Minimise the REML criterion: average-information Newton on log t, with components that may be exactly 0.

    g_u = t_u [ tr(P V_u) - |f_u|^2/s2 - (n - rss/s2) r_u ]                 u = a, b, s; V_u = dV/dt_u
    H   = t_u t_v f_u'P f_v/s2 - h_u (t r)_v - (t r)_u h_v + (t r)_u (t r)_v rss/s2,   h_u = t_u |f_u|^2/s2

Free residual variance: s2 = rss/n and H_uv = t_u t_v f_u'P f_v/s2 - h_u h_v/n. Under a condition on absolute
variances, s2 (c_0 + c't) = psi: s2 = psi/(c_0 + c't) and r = c/(c_0 + c't). Steps -H^-1 g are kept within +-3 and
halved until the criterion falls. A component that runs off to 0 is tried at 0; it returns when its derivative in
t there is negative. log t >= -20. Gilmour, Thompson & Cullis (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.estimators.reml_equations import Crossed, Score, SingularError, Solution, score, solve

_LEAST = -20.0
_LONGEST = 3.0
_MOST_STEPS = 100
_HALVINGS = 12
_SWEEPS = 60
_SHORT = 0.5
_TINY = 1e-7  # as good as 0: Newton on the log scale sees no slope there
_FLAT = 1e-9  # a fall below this part of the criterion may be rounding


@dataclass(frozen=True)
class Condition:
    """s2 (constant + weights't) = psi: the target of a profile, held while the rest is optimised."""

    constant: float
    weights: Floats
    psi: float

    def s2(self, t: Floats) -> float:
        """The residual variance that this condition leaves at t."""
        return self.psi / (self.constant + float(self.weights @ t))

    def ratio(self, t: Floats) -> Floats:
        """(3,) r = d log(constant + weights't) / dt."""
        return self.weights / (self.constant + float(self.weights @ t))


@dataclass(frozen=True)
class Optimum:
    """Where the criterion is least. `slope` = n - rss/s2, its derivative in log psi (0 without a condition)."""

    solution: Solution
    score: Score
    s2: float
    criterion: float
    evaluations: int

    @property
    def t(self) -> Floats:
        """(3,) variance ratios."""
        return self.solution.t

    @property
    def slope(self) -> float:
        """Envelope derivative of the profiled criterion in log psi."""
        return self.solution.crossed.n - self.solution.rss / self.s2


def descend(
    crossed: Crossed,
    start: Floats,
    *,
    free: Sequence[int],
    condition: Condition | None = None,
    tolerance: float = 1e-9,
) -> Optimum:
    """Least criterion over the ratios t of the components in `free`; the others stay as in `start`.

    tolerance: predicted fall of the criterion, below which the last point stands. Raises SingularError where
    the equations or the residual variance vanish.
    """
    here = solve(crossed, start)
    evaluations, returned = 1, set[int]()
    before: tuple[Floats, Floats] | None = None  # log t and gradient one step ago
    for _ in range(_MOST_STEPS):
        s2 = _scale(here, condition)
        now = score(here)
        gradient, hessian = derivatives(here, now, s2, condition)
        if before is not None:
            hessian = _secant(hessian, _logs(here.t) - before[0], gradient - before[1])
        before = _logs(here.t), gradient
        moving = [u for u in free if here.t[u] > 0 and not (here.t[u] <= np.exp(_LEAST) and gradient[u] >= 0)]
        step = np.zeros(3)
        step[moving] = _newton(gradient[moving], hessian[np.ix_(moving, moving)])
        value = here.criterion(s2)
        fall = -float(gradient @ step) / 2
        if fall < tolerance:
            gone = [u for u in free if here.t[u] <= _TINY and u not in returned]
            back = _returning(here, now, s2, condition, gone)
            if back is None:
                return Optimum(here, now, s2, value, evaluations)
            returned.update(np.flatnonzero(back != here.t).tolist())
            here = solve(crossed, back)
            evaluations += 1
            continue
        fleeing = [u for u in moving if step[u] <= -_LONGEST and u not in returned]
        there, tried = _line_search(here, value, step, fleeing, condition)
        evaluations += tried
        if there is None:
            if fall > _FLAT * abs(value):
                raise SingularError
            return Optimum(here, now, s2, value, evaluations)
        here = there
    raise SingularError


def _line_search(
    here: Solution, value: float, step: Floats, fleeing: list[int], condition: Condition | None
) -> tuple[Solution | None, int]:
    """First point below `value` along the step, and the number of evaluations; `fleeing` components try 0 first."""
    tries: list[Floats] = []
    moved = here.t * np.exp(step)
    if fleeing and not (condition is not None and condition.constant == 0 and condition.weights[fleeing].any()):
        zeroed = moved.copy()
        zeroed[fleeing] = 0.0
        tries.append(zeroed)
    tries += [here.t * np.exp(step / 2**k) for k in range(_HALVINGS)]
    for count, t in enumerate(tries, start=1):
        try:
            there = solve(here.crossed, np.where(t > 0, np.maximum(t, np.exp(_LEAST)), 0.0))
            lower = there.criterion(_scale(there, condition)) < value
        except SingularError:
            lower = False
        if lower:
            return there, count
    return None, len(tries)


def _scale(solution: Solution, condition: Condition | None) -> float:
    if condition is not None:
        return condition.s2(solution.t)
    s2 = solution.rss / solution.crossed.n
    if not s2 > 0:
        raise SingularError
    return s2


def slopes(solution: Solution, first: Score, s2: float, condition: Condition | None) -> Floats:
    """(3,) derivative of the criterion in t (not in log t): it says at t = 0 whether 0 is an optimum."""
    plain = first.trace - first.square / s2
    if condition is None:
        return plain
    excess = solution.crossed.n - solution.rss / s2
    return np.asarray(plain - excess * condition.ratio(solution.t), dtype=np.float64)


def derivatives(
    solution: Solution, first: Score, s2: float, condition: Condition | None = None
) -> tuple[Floats, Floats]:
    """Gradient (3,) and average information (3, 3) of the criterion in log t."""
    t = solution.t
    product = np.outer(t, t) * first.product / s2
    h = t * first.square / s2
    if condition is None:
        hessian = product - np.outer(h, h) / solution.crossed.n
    else:
        r = t * condition.ratio(t)
        hessian = product - np.outer(h, r) - np.outer(r, h) + np.outer(r, r) * solution.rss / s2
    return t * slopes(solution, first, s2, condition), hessian


def _newton(gradient: Floats, hessian: Floats) -> Floats:
    """-H^-1 g, or where that leaves the box |step| <= 3 the least of the quadratic within the box.

    Clipping alone may point uphill; the least within the box never does. Scaled to a unit diagonal; directions
    without information are floored.
    """
    if not len(gradient):
        return gradient
    size = np.sqrt(np.maximum(np.diag(hessian), 1e-40))
    scaled, pull = hessian / np.outer(size, size), gradient / size
    value, vector = np.linalg.eigh(scaled)
    value = np.maximum(value, 1e-8)
    step = -(vector @ ((vector.T @ pull) / value))
    edge = _LONGEST * size
    if np.any(np.abs(step) > edge):
        scaled = (vector * value) @ vector.T
        step = np.zeros_like(pull)
        for _ in range(_SWEEPS):
            for u in range(len(step)):
                rest = pull[u] + scaled[u] @ step - scaled[u, u] * step[u]
                step[u] = min(max(-rest / scaled[u, u], -edge[u]), edge[u])
    return np.asarray(step / size, dtype=np.float64)


def _logs(t: Floats) -> Floats:
    return np.log(np.where(t > 0, t, 1.0))


def _secant(hessian: Floats, step: Floats, change: Floats) -> Floats:
    """BFGS: the average information, mended along the last short step where it missed the gradient's change."""
    moved, along = float(step @ change), float(step @ hessian @ step)
    if np.abs(step).max() > _SHORT or along <= 0 or moved <= 0.01 * along or abs(moved / along - 1) < 0.2:
        return hessian
    ahead = hessian @ step
    return np.asarray(hessian - np.outer(ahead, ahead) / along + np.outer(change, change) / moved)


def _returning(
    solution: Solution, first: Score, s2: float, condition: Condition | None, zero: list[int]
) -> Floats | None:
    """The ratios with one component of `zero` moved off 0, if the criterion falls that way; else None."""
    slope = slopes(solution, first, s2, condition)
    falling = [u for u in zero if slope[u] < -1e-9 * max(1.0, first.trace[u])]
    if not falling:
        return None
    scale = np.sqrt(np.maximum(np.diag(first.product), 1e-300))
    u = min(falling, key=lambda each: float(slope[each] / scale[each]))
    t = solution.t.copy()
    t[u] = -slope[u] * s2 / max(first.product[u, u], 1e-300)
    return t
