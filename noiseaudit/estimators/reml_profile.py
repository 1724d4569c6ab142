"""Profile likelihood intervals for absolute variances and their sums.

    psi = s2 (c_0 + c't);   D(psi) = min criterion given psi - min criterion
    interval = { psi : D(psi) <= chi2_{confidence, 1} }

The end points are roots of sqrt(D) in log psi, nearly a straight line; its slope dD/dlog psi = n - rss/s2 comes
free with the optimum (envelope theorem). A single component whose absence stays inside the region starts at 0.
Venzon & Moolgavkar (1988); Bates et al., lme4 (2015), section 5.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.moments import Floats
from noiseaudit.distributions import chi2_quantile
from noiseaudit.estimators.reml_descent import Condition, Optimum, derivatives, descend
from noiseaudit.estimators.reml_equations import SingularError
from noiseaudit.result import Interval

_ROOT_TOLERANCE = 1e-6
_INNER_TOLERANCE = 1e-8
_MOST_ROUNDS = 40
_FARTHEST = 3.0  # log units: the longest first step, and the longest predicted move of another component
_LEAST = math.exp(-20.0)


@dataclass(frozen=True)
class Target:
    """psi = s2 (constant + weights't), a variance or a sum of variances; weights in the order of t."""

    constant: float
    weights: Floats

    def at(self, optimum: Optimum) -> float:
        """psi at a fit."""
        return optimum.s2 * (self.constant + float(self.weights @ optimum.t))


class Profile:
    """Intervals around one fit. Every end point found is a start for the next: the region may have two arms."""

    def __init__(self, best: Optimum, *, free: list[int], confidence: float) -> None:
        self._best = best
        self._free = free
        self._cut = float(chi2_quantile(confidence, 1))
        self._ends: list[Optimum] = []

    def interval(self, target: Target) -> Interval | None:
        """Both end points; (0, upper) where 0 is not excluded, None where no end is found."""
        single = int(np.flatnonzero(target.weights)[0]) if target.constant == 0 else None
        try:
            lower = 0.0
            if single is None or (target.at(self._best) > 0 and self._deviance_without(single) > self._cut):
                lower = self._outermost(target, side=-1)
            return lower, self._outermost(target, side=1)
        except SingularError:
            return None

    def _deviance_without(self, single: int) -> float:
        """D(0) of one component: the fit without it."""
        start = self._best.t.copy()
        start[single] = 0.0
        others = [u for u in self._free if u != single]
        without = descend(self._best.solution.crossed, start, free=others, tolerance=_INNER_TOLERANCE)
        return without.criterion - self._best.criterion

    def _outermost(self, target: Target, *, side: int) -> float:
        """The end on one side, searched again from any known point of the region that lies beyond it."""
        if target.at(self._best) <= 0:
            t = self._best.t + target.weights * self._first_guess(int(np.flatnonzero(target.weights)[0]))
            end = self._end(target, t, start=math.log(self._best.s2 * float(target.weights @ t)), side=side)
        else:
            move, reach = self._predict(target)
            start = math.log(target.at(self._best))
            end = self._end(target, self._best.t, start=start, side=side, move=move, reach=reach)
        for other in self._ends:
            if target.at(other) > 0 and side * math.log(target.at(other) / target.at(end)) > _ROOT_TOLERANCE:
                end = self._end(target, other.t, start=math.log(target.at(other)), side=side)
        self._ends.append(end)
        return target.at(end)

    def _first_guess(self, single: int) -> float:
        """t_u where the quadratic from t_u = 0 reaches the cut: slope t + product t^2/(2 s2) = cut."""
        first, s2 = self._best.score, self._best.s2
        slope = max(float(first.trace[single] - first.square[single] / s2), 0.0)
        bend = float(first.product[single, single]) / (2 * s2)
        return 2 * self._cut / (slope + math.sqrt(slope**2 + 4 * bend * self._cut) + 1e-300)

    def _predict(self, target: Target) -> tuple[Floats, float]:
        """How log t moves (3,) with log psi near the optimum, and the distance in log psi to the cut."""
        best = self._best
        moving = [u for u in self._free if best.t[u] > 0]
        _, inner = derivatives(best.solution, best.score, best.s2)
        h = (best.t * best.score.square / best.s2)[moving]
        n = best.solution.crossed.n
        full = np.empty((len(moving) + 1,) * 2)  # in (log t, log s2)
        full[:-1, :-1] = inner[np.ix_(moving, moving)] + np.outer(h, h) / n
        full[-1, :-1] = full[:-1, -1] = h
        full[-1, -1] = n
        a = np.append((best.t * target.weights)[moving] * best.s2 / target.at(best), 1.0)
        ahead = np.linalg.lstsq(full, a, rcond=None)[0]
        if not float(a @ ahead) > 0:
            return np.zeros(3), _FARTHEST
        curve = 1.0 / float(a @ ahead)
        move = np.zeros(3)
        move[moving] = ahead[:-1] * curve
        return move, min(math.sqrt(2 * self._cut / curve), _FARTHEST)

    def _end(
        self,
        target: Target,
        t: Floats,
        *,
        start: float,
        side: int,
        move: Floats | None = None,
        reach: float = 0.0,
    ) -> Optimum:
        """The constrained optimum where D crosses the cut, outwards from log psi = `start`.

        reach: distance of the first trial in log psi; move: how log t goes with it, (3,).
        """
        goal = math.sqrt(self._cut)
        move = np.zeros(3) if move is None else move
        inside, outside, distance = -math.inf, math.inf, reach
        t = _moved(t, side * distance * move)
        longest = 2 * (reach or 1.0)
        for _ in range(_MOST_ROUNDS):
            condition = Condition(target.constant, target.weights, math.exp(start + side * distance))
            at = descend(
                self._best.solution.crossed, t, free=self._free, condition=condition, tolerance=_INNER_TOLERANCE
            )
            zeta = math.sqrt(max(at.criterion - self._best.criterion, 0.0))
            if abs(zeta - goal) < _ROOT_TOLERANCE * goal:
                return at
            inside, outside = (max(inside, distance), outside) if zeta < goal else (inside, min(outside, distance))
            rate = side * at.slope / (2 * zeta) if zeta > 0 else 0.0
            away = 1.0 if zeta < goal else -1.0
            step = min(max((goal - zeta) / rate, -longest), longest) if rate > 0 else away * longest
            if not inside < distance + step < outside:
                step = (inside + outside) / 2 - distance if math.isfinite(outside - inside) else away * longest
            if abs(step) < 1e-12:
                return at
            t, distance = _moved(at.t, side * step * move), distance + step
        raise SingularError


def _moved(t: Floats, step: Floats) -> Floats:
    return np.where(t > 0, np.maximum(t * np.exp(np.clip(step, -_FARTHEST, _FARTHEST)), _LEAST), 0.0)
