"""Restricted maximum likelihood with random cases and judges, after choice only (`reml`).

    y_ijk = mu + c_i + l_j (+ s_ij) + o_ijk,   all terms normal with variances V_C, L, S, O
    criterion = n log(2 pi s2) + rss/s2 + ldet      (reml_equations), least over V_C, L, S, O >= 0 (reml_descent)
    level L;  pattern P = S + O (without interaction the residual alone);  system = L + P
    judge modes:  E(l_j | y) at the estimates;  judge variances:  Var(mode_j - l_j), intercept estimated

Fits without replicates, or with `interaction=False`, have no S: their residual is P. The same as lme4's
lmer(y ~ 1 + (1 | case) + (1 | judge) (+ (1 | case:judge))), criterion included; nested levels work too. On
balanced data with positive estimates it is ANOVA. It takes cases to reach judges at random: where difficult
cases go to certain judges it is biased (use `fe`). Bates, Mächler, Bolker & Walker, J. Stat. Software 67 (2015) 1.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import CallError, NoAnswerError, NotIdentified
from noiseaudit.estimators.gao_owen import gao_owen
from noiseaudit.estimators.reml_descent import Optimum, descend
from noiseaudit.estimators.reml_equations import Crossed, SingularError
from noiseaudit.estimators.reml_profile import Profile, Target
from noiseaudit.result import Interval

MOST_LEVELS_DENSE = 10_000
_ONE_THREAD = 3000
_LEAST_START = 0.02
_USUAL_EVALUATIONS = 8
_AFAR = 30.0


@dataclass(frozen=True)
class Reml:
    """The fit. Variances in squared decision units, at least 0; `interaction` is None where it is not in the model.

    intercept: mean decision (unit of the decision) and its standard error; criterion: -2 restricted
    log-likelihood; evaluations: of the criterion, for the estimates alone.
    judge_modes, judge_variances: (J,) by the cells' judges; case_modes, case_variances: (C,). A label without
    cells has mode 0 and the variance of its kind.
    Intervals are by profile likelihood; None where not asked for, not in the model, or without an end.
    """

    case: float
    judge: float
    interaction: float | None
    residual: float
    intercept: float
    intercept_se: float
    criterion: float
    evaluations: int
    judge_modes: Floats
    judge_variances: Floats
    case_modes: Floats
    case_variances: Floats
    case_interval: Interval | None = None
    level_interval: Interval | None = None
    pattern_interval: Interval | None = None
    system_interval: Interval | None = None
    stable_interval: Interval | None = None
    occasion_interval: Interval | None = None

    @property
    def level(self) -> float:
        """Level noise L: the judges' variance."""
        return self.judge

    @property
    def stable(self) -> float | None:
        """Stable pattern S; None where it is not in the model."""
        return self.interaction

    @property
    def occasion(self) -> float | None:
        """Occasion noise O; None where S is not in the model, for then the residual holds both."""
        return None if self.interaction is None else self.residual

    @property
    def pattern(self) -> float:
        """Pattern noise P = S + O."""
        return self.residual + (self.interaction or 0.0)

    @property
    def system(self) -> float:
        """Level plus pattern."""
        return self.level + self.pattern


def reml(cells: Cells, *, interaction: bool | None = None, confidence: float | None = 0.95) -> Reml:
    """Fit all cells, also those of cases with one judge.

    cells: K = 1 column. interaction: whether S is in the model; None: where some cell has two decisions.
    confidence: of the profile likelihood intervals, which cost about ten fits; None leaves them out.
    Raises CallError for indicator columns or tables too large to hold, NoAnswerError where the components cannot
    be told apart or nothing is left to the residual.
    """
    from threadpoolctl import threadpool_limits

    replicated = bool((cells.n > 1).any())
    interaction = replicated if interaction is None else interaction
    _check(cells, interaction=interaction, replicated=replicated)
    crossed = Crossed.of(cells)
    free = [0, 1, 2] if interaction else [0, 1]
    with threadpool_limits(limits=1 if crossed.B < _ONE_THREAD else None, user_api="blas"):
        try:
            best = _fit(crossed, _start(cells, crossed, interaction=interaction), free)
        except SingularError:
            raise NoAnswerError(
                "no_residual_variance",
                "the model explains the decisions without a remainder, so REML has no maximum; use estimator fe",
            ) from None
        intervals = {} if confidence is None else _intervals(best, free, confidence)
    return _report(cells, crossed, best, intervals, interaction=interaction)


def _fit(crossed: Crossed, start: Floats, free: list[int]) -> Optimum:
    """The optimum from the moments. A zero component or a long way warns of a second hollow: look from afar too.

    Other starts: all ratios large, and each remaining component at 0.
    """
    best = descend(crossed, start, free=free)
    evaluations = best.evaluations
    long, zero = evaluations > _USUAL_EVALUATIONS, any(best.t[u] == 0 for u in free)
    others = [np.where(start > 0, _AFAR, 0.0)] if long or zero else []
    others += [np.where(np.arange(3) == u, 0.0, best.t) for u in free if long and best.t[u] > 0]
    for other in others:
        with contextlib.suppress(SingularError):
            fit = descend(crossed, other, free=free)
            evaluations += fit.evaluations
            best = min(best, fit, key=lambda each: each.criterion)
    return replace(best, evaluations=evaluations)


def _check(cells: Cells, *, interaction: bool, replicated: bool) -> None:
    C, J = len(np.unique(cells.case)), len(np.unique(cells.judge))
    if cells.mean.shape[1] != 1:
        raise CallError(
            "estimator_not_possible",
            f"estimator 'reml' needs one number per decision; these cells have {cells.mean.shape[1]} columns. "
            "Use estimator fe, wcu or auto.",
        )
    if min(len(cells.cases), len(cells.judges)) > MOST_LEVELS_DENSE:
        raise CallError(
            "estimator_not_possible",
            f"estimator 'reml' holds a dense table of the smaller of {len(cells.cases)} cases and "
            f"{len(cells.judges)} judges; it goes to {MOST_LEVELS_DENSE}. Use estimator wcu or auto.",
        )
    # What must repeat for a component to differ from the next: cells under S, decisions without S.
    count = len(cells) if interaction else int(cells.n.sum())
    nested = len(cells) == C == J
    for reason, missing in (
        ("single_judge", J < 2),
        ("single_case", C < 2),
        ("no_replicates", interaction and not replicated),
        ("no_shared_cases", count == C or nested),
        ("no_interaction_df", count == J),
    ):
        if missing:
            raise NoAnswerError(reason, NotIdentified.of(reason).because)


def _start(cells: Cells, crossed: Crossed, *, interaction: bool) -> Floats:
    """(3,) ratios max(.02, moment estimate / residual), in the order a, b, s; s = 0 where not in the model."""
    t = np.array([1.0, 1.0, 1.0 if interaction else 0.0])
    try:
        moments = gao_owen(cells)
    except NoAnswerError:
        return t
    within = moments.occasion if interaction else moments.residual / moments.mean_inverse
    if within is None or within <= 0:
        return t
    found = [moments.judge, moments.case] if crossed.swapped else [moments.case, moments.judge]
    t[:2] = [max(_LEAST_START, value / within) for value in found]
    if interaction:
        t[2] = max(_LEAST_START, (moments.stable or 0.0) / within)
    return t


def _intervals(best: Optimum, free: list[int], confidence: float) -> dict[str, Interval | None]:
    case, judge = np.eye(3)[[1, 0] if best.solution.crossed.swapped else [0, 1]]
    stable = np.array([0.0, 0.0, 1.0 if 2 in free else 0.0])
    targets = {"case_interval": Target(0.0, case), "level_interval": Target(0.0, judge)}
    if 2 in free:
        targets |= {"stable_interval": Target(0.0, stable), "occasion_interval": Target(1.0, np.zeros(3))}
    targets |= {"pattern_interval": Target(1.0, stable), "system_interval": Target(1.0, stable + judge)}
    profile = Profile(best, free=free, confidence=confidence)
    return {name: profile.interval(target) for name, target in targets.items()}


def _report(
    cells: Cells, crossed: Crossed, best: Optimum, intervals: dict[str, Interval | None], *, interaction: bool
) -> Reml:
    solution, first, s2 = best.solution, best.score, best.s2
    sides = [
        (float(s2 * best.t[0]), best.t[0] * solution.fa, s2 * first.error_a),
        (float(s2 * best.t[1]), best.t[1] * solution.fb, s2 * first.error_b),
    ]
    (judge, judge_modes, judge_variances), (case, case_modes, case_variances) = (
        sides if crossed.swapped else sides[::-1]
    )
    return Reml(
        case=case,
        judge=judge,
        interaction=float(s2 * best.t[2]) if interaction else None,
        residual=s2,
        intercept=solution.mu + crossed.centre + float(cells.shift),
        intercept_se=float(np.sqrt(s2 * first.error_mu)),
        criterion=best.criterion,
        evaluations=best.evaluations,
        judge_modes=judge_modes,
        judge_variances=judge_variances,
        case_modes=case_modes,
        case_variances=case_variances,
        **intervals,
    )
