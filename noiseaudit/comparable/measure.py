"""From comparable decisions to what a log shows: level noise, detectable pattern, and bounds of the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from noiseaudit.aggregates.cells import Cells, Codes, index_cells
from noiseaudit.aggregates.moments import Floats, Moments, grouped, sum_by
from noiseaudit.comparable.case_mix import CaseMix
from noiseaudit.comparable.features import FeatureTable
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import estimate_of
from noiseaudit.estimators.detectable_pattern import class_pattern, pattern_by_class, pattern_by_slope
from noiseaudit.estimators.intervals import mover_sum
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.log_bounds import LogBounds, bound_noise, lost_spread, spread_within
from noiseaudit.estimators.log_level import LogLevel, level_in_pools, level_of_judges, of_judges_with_two
from noiseaudit.estimators.two_way import IllConditionedError, fit_two_way
from noiseaudit.estimators.two_way_intervals import leave_one_judge_out, two_way_components
from noiseaudit.result import Component, Estimate, PatternSource
from noiseaudit.result.log_parts import PREDICTED

_TENTHS = 10
YES_NO = 0.5  # the largest variance between two decisions of which each is 0 or 1
_FEW_VALUES = 10  # of a number that is taken value by value
_UNRELATED = 0.1  # association (Cramér's V, net of chance) up to which two features are taken to be unrelated


@dataclass(frozen=True)
class Measured:
    """What a log shows. level is as it was estimated; spread: variance of one professional's comparable decisions.

    lost: what the spread of yes/no decisions lacks where levels go with cases (`lost_spread`).
    """

    level: LogLevel | NotIdentified
    spread: Component
    detectable: Component
    sources: tuple[PatternSource, ...]
    bounds: LogBounds
    lost: float = 0.0

    @property
    def level_component(self) -> Component:
        """Level noise as the result shows it."""
        return self.level.component if isinstance(self.level, LogLevel) else self.level


@dataclass(frozen=True)
class ClassFit:
    """Level noise, judge x class variance and spread from cells of judge and class; class_effect: (classes, K)."""

    level: LogLevel | NotIdentified
    pattern: Component
    spread: Component
    class_effect: Floats


def fit_classes(cells: Cells, *, confidence: float, kurtosis_floor: float) -> ClassFit:
    """The two-way fit of judges and classes (`case` is the class, or class within pool), case effects fixed.

    Where classes are too few to see judge x class effects (H0 < 2 dJ), these stay in level noise.
    """
    linked = Linked.of(of_judges_with_two(cells))
    settings = {"confidence": confidence, "kurtosis_floor": kurtosis_floor}
    found = None
    if linked.J >= 2 and linked.df > 0 and 2 * linked.dJ <= linked.H0:
        try:
            found = fit_two_way(linked)
        except IllConditionedError:
            found = None
    if found is None:
        level = level_in_pools(cells, **settings)
        if isinstance(level, NotIdentified) and level.reason == "no_shared_pool":
            level = NotIdentified.of("no_shared_classes")
        spread = spread_within(_cell_moments(cells), confidence=confidence)
        return ClassFit(level, pattern_by_class(cells, **settings), spread, _class_effects(cells, level))
    parts = two_way_components(found, **settings)
    level = LogLevel(
        found.level,
        parts.level_interval,
        parts.reason,
        found.effects,
        found.effect_variance,
        linked.judge_index,
        linked.block,
        leave_one_judge_out(found).level,
    )
    pattern = class_pattern(found, **settings)
    spread = estimate_of(found.pattern, parts.pattern_interval, reason=parts.reason)
    return ClassFit(level, pattern, spread, _class_effects(cells, level))


def _cell_moments(cells: Cells) -> Moments:
    """Within-cell moments by judge: the mean plays no part in the spread within cells."""
    J = len(cells.judges)
    df = sum_by(cells.judge, cells.n - 1, J)
    m2 = sum_by(cells.judge, cells.m2.sum(axis=1), J)
    return Moments(np.where(df > 0, df + 1.0, 0.0), np.zeros(J), m2)


def _class_effects(cells: Cells, level: LogLevel | NotIdentified) -> Floats:
    """(classes, K) mean of every class after the judges' levels were taken off, weighted by decisions."""
    own = np.zeros((len(cells.judges), cells.mean.shape[1]))
    if isinstance(level, LogLevel):
        own[level.judge_index] = level.effects
    levelled = cells.mean - own[cells.judge]
    return grouped(cells.case, len(cells.cases), cells.n, levelled, np.zeros_like(levelled)).mean


def measure_classes(
    cells: Cells,
    *,
    sources: Sequence[PatternSource] = (),
    name: str = "",
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
    lowest_occasion: float = 0.0,
    most: float = math.inf,
) -> tuple[Measured, ClassFit]:
    """Everything from cells of judge and class. sources: further ones, from rows; name: of the classes as a source."""
    fit = fit_classes(cells, confidence=confidence, kurtosis_floor=kurtosis_floor)
    listed = [PatternSource(name, "class", fit.pattern), *sources] if name else list(sources)
    level = fit.level.component if isinstance(fit.level, LogLevel) else fit.level
    bounds = bound_noise(level, fit.pattern, fit.spread, lowest_occasion=lowest_occasion, most=most)
    counted = tuple(replace(source, counted=bool(name) and place == 0) for place, source in enumerate(listed))
    return Measured(fit.level, fit.spread, fit.pattern, counted, bounds), fit


def measure_case_mix(
    mix: CaseMix,
    table: FeatureTable,
    judge: Codes,
    *,
    pool: Codes | None = None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
    lowest_occasion: float = 0.0,
    most: float = math.inf,
) -> Measured:
    """Everything from adjusted decisions (R,) and the features that may drive disagreement."""
    judges = int(judge.max()) + 1
    moments = mix.judge_moments(judge, judges)
    settings = {"confidence": confidence, "kurtosis_floor": kurtosis_floor}
    level: LogLevel | NotIdentified
    if pool is None:
        level = level_of_judges(
            moments, spread=mix.spread, columns=mix.rank, confidence=confidence, kurtosis_floor=kurtosis_floor
        )
        spread: Component = spread_within(moments, columns=mix.rank, confidence=confidence)
    else:
        cells = index_cells(pool, judge, mix.adjusted)
        level = level_in_pools(cells, **settings)
        spread = spread_within(_cell_moments(cells), columns=mix.rank, confidence=confidence)
    sources, detectable = detect_pattern(
        mix.adjusted, table, judge, predicted=mix.predicted, confidence=confidence, kurtosis_floor=kurtosis_floor
    )
    own = level.component if isinstance(level, LogLevel) else level
    lost = lost_spread(_levels_of(level, judge), mix.predicted) if most <= YES_NO else 0.0
    bounds = bound_noise(own, detectable, spread, lowest_occasion=lowest_occasion, lost=lost, most=most)
    return Measured(level, spread, detectable, sources, bounds, lost)


def _levels_of(level: LogLevel | NotIdentified, judge: Codes) -> Floats:
    """(R,) level of the judge of every row, 0 where it is not known."""
    own = np.zeros(int(judge.max()) + 1)
    if isinstance(level, LogLevel):
        own[level.judge_index] = level.effects[:, 0]
    return own[judge]


def measure_unadjusted(
    decision: Floats,
    judge: Codes,
    *,
    pool: Codes | None = None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
    lowest_occasion: float = 0.0,
    most: float = math.inf,
) -> Measured:
    """Without features: every decision is comparable, or every one within a pool. decision: (R,) or (R, K)."""
    settings = {"confidence": confidence, "kurtosis_floor": kurtosis_floor}
    judges = int(judge.max()) + 1
    level: LogLevel | NotIdentified
    if pool is None:
        values = decision.reshape(len(decision), -1)
        moments = grouped(judge, judges, np.ones(len(judge)), values, np.zeros_like(values))
        level = level_of_judges(moments, confidence=confidence, kurtosis_floor=kurtosis_floor)
        spread = spread_within(moments, confidence=confidence)
    else:
        cells = index_cells(pool, judge, decision)
        level, spread = level_in_pools(cells, **settings), spread_within(_cell_moments(cells), confidence=confidence)
    nothing = NotIdentified.of("no_features")
    own = level.component if isinstance(level, LogLevel) else level
    bounds = bound_noise(own, nothing, spread, lowest_occasion=lowest_occasion, most=most)
    return Measured(level, spread, nothing, (), bounds)


def detect_pattern(
    adjusted: Floats,
    table: FeatureTable,
    judge: Codes,
    *,
    predicted: Floats | None,
    confidence: float = 0.95,
    kurtosis_floor: float = 2.0,
) -> tuple[tuple[PatternSource, ...], Component]:
    """Which features professionals weigh differently, and the detectable pattern noise.

    The one with the highest lower limit counts, at a confidence that allows for the choice among all of them
    (Bonferroni). Other features are added only where their own lower limit is above 0 and they go with none of those
    counted (association of at most .1), because parts of features that go together would be counted twice.
    """
    measures: list[tuple[str, Literal["class", "slope"], Callable[[float], Component]]] = []

    def by_class(name: str, code: Codes) -> None:
        cells = index_cells(code, judge, adjusted)
        measures.append((name, "class", lambda c: pattern_by_class(cells, confidence=c, kurtosis_floor=kurtosis_floor)))

    def by_slope(name: str, column: Floats) -> None:
        measures.append(
            (
                name,
                "slope",
                lambda c: pattern_by_slope(judge, column, adjusted, confidence=c, kurtosis_floor=kurtosis_floor),
            )
        )

    if predicted is not None and np.ptp(predicted) > 0:
        by_class(PREDICTED, _tenths(predicted))
    for place, feature in enumerate(table.features):
        column = table.values[:, place]
        if feature.is_category or len(np.unique(column[~np.isnan(column)][:2000])) <= _FEW_VALUES:
            _, code = np.unique(np.where(np.isnan(column), np.inf, column), return_inverse=True)
            by_class(feature.name, code.astype(np.intp))
        else:
            by_slope(feature.name, column)
    careful = 1 - (1 - confidence) / max(1, len(measures))
    found = [PatternSource(name, by, measure(confidence)) for name, by, measure in measures]
    limits = [measure(careful) for _, _, measure in measures]
    known = [k for k, part in enumerate(limits) if isinstance(part, Estimate) and part.variance_interval is not None]
    if not known:
        reasons = [part for part in limits if isinstance(part, NotIdentified)]
        return tuple(found), reasons[0] if reasons else NotIdentified.of("no_features")
    order = sorted(known, key=lambda k: _height(limits[k]), reverse=True)
    chosen = [order[0]]
    total = limits[order[0]]
    places = {feature.name: place for place, feature in enumerate(table.features)}
    for k in order[1:]:
        names = [found[one].feature for one in (*chosen, k)]
        if _height(limits[k])[0] <= 0 or PREDICTED in names:
            continue
        own, others = places[names[-1]], [places[name] for name in names[:-1]]
        if all(_association(table, own, other) <= _UNRELATED for other in others):
            chosen.append(k)
            total = _sum(total, limits[k])
    return tuple(replace(part, counted=k in chosen) for k, part in enumerate(found)), total


def _height(part: Component) -> tuple[float, float]:
    """Lower limit and estimate."""
    if isinstance(part, Estimate) and part.variance_interval is not None:
        return part.variance_interval[0], part.variance
    return -math.inf, -math.inf


def _sum(one: Component, other: Component) -> Component:
    """Two parts that do not overlap, with the interval of their sum (MOVER)."""
    if not (isinstance(one, Estimate) and isinstance(other, Estimate)):
        return one
    if one.variance_interval is None or other.variance_interval is None:
        return one
    interval = mover_sum(one.variance, one.variance_interval, other.variance, other.variance_interval)
    return estimate_of(one.variance + other.variance, interval)


def _association(table: FeatureTable, one: int, other: int) -> float:
    """Root of the largest share of one feature's variance that the other explains (in tenths, or value by value)."""
    codes = [_coarse(table.values[:, place], category=table.features[place].is_category) for place in (one, other)]
    counts = np.zeros((int(codes[0].max()) + 1, int(codes[1].max()) + 1))
    np.add.at(counts, (codes[0], codes[1]), 1.0)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    smallest = max(1, min(counts.shape) - 1)
    return math.sqrt(max(0.0, chi2 - df) / (float(counts.sum()) * smallest))


def _coarse(values: Floats, *, category: bool) -> Codes:
    """Values of a category, tenths of a number; a missing value is one of its own."""
    missing = np.isnan(values)
    code = values if category else _tenths(np.where(missing, 0.0, values)).astype(np.float64)
    return np.where(missing, 0.0, code + 1).astype(np.intp)


def _tenths(predicted: Floats) -> Codes:
    edges = np.unique(np.quantile(predicted, np.arange(1, _TENTHS) / _TENTHS))
    return np.searchsorted(edges, predicted, side="right").astype(np.intp)
