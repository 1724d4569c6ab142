"""AuditResult of a log -> typed tables that charts, report and files share: numbers and units, no text yet."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from noiseaudit.errors import NotIdentified
from noiseaudit.result import (
    AuditResult,
    Balance,
    Bounded,
    Component,
    Condition,
    Estimate,
    Interval,
    LogAudit,
    Number,
    Offices,
    OverTime,
    Period,
    Rates,
    SecondDecisions,
    Sensitivity,
)
from noiseaudit.result.log_parts import PREDICTED
from noiseaudit.tables import decision_unit

Cell = str | float | int | bool | None


@dataclass(frozen=True)
class Table:
    """A table for a file: its name, the codes of its columns, and rows of numbers and text. At most 12 columns."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def readers_size(result: AuditResult, variance: float) -> float:
    """A part of a log's noise in the reader's unit: its SD.

    For yes/no in percentage points, for a logarithmic scale as a fraction, exp(SD) - 1; for categories the variance,
    which is a chance, in percentage points.
    """
    sd = math.sqrt(max(0.0, variance))
    scale = result.design.scale
    if scale == "nominal":
        return 100 * max(0.0, variance)
    return 100 * sd if scale == "binary" else math.expm1(sd) if scale == "log" else sd


def readers_unit(result: AuditResult, *, points: str) -> str | None:
    """The unit of `readers_size`; points: the word for percentage points."""
    scale = result.design.scale
    return points if scale in ("binary", "nominal") else "fraction" if scale == "log" else decision_unit(result)


def readers_mean(result: AuditResult, mean: float) -> float:
    """A mean decision as the reader knows it: a share for yes/no, the geometric mean for a logarithmic scale."""
    return math.exp(min(mean, 700.0)) if result.design.scale == "log" else mean


def readers_mean_unit(result: AuditResult) -> str | None:
    """The unit of `readers_mean`."""
    scale = result.design.scale
    given = result.settings.get("unit")
    if scale == "log":
        return None if given is None else str(given)
    return "fraction" if scale in ("binary", "nominal") else decision_unit(result)


@dataclass(frozen=True)
class LogBar:
    """The bar of a log: what is known of squared noise, and the rest up to the upper bound that nothing tells apart."""

    level: Estimate
    detectable: Estimate | None
    hidden: float
    system: Bounded

    @property
    def upper(self) -> float:
        """The length of the whole bar."""
        return self.hidden + sum(max(0.0, part.variance) for part in (self.level, self.detectable) if part)


def log_bar(result: AuditResult) -> LogBar | None:
    """None where level noise or the bounds of system noise are not known, or nothing is left to draw."""
    level, detectable, system = result.noise.level, result.noise.detectable_pattern, result.noise.system
    if not isinstance(level, Estimate) or not isinstance(system, Bounded):
        return None
    found = detectable if isinstance(detectable, Estimate) else None
    known = max(0.0, level.variance) + (max(0.0, found.variance) if found else 0.0)
    bar = LogBar(level, found, max(0.0, system.variance_bounds[1] - known), system)
    return bar if bar.upper > 0 else None


def level_share(result: AuditResult) -> Interval | None:
    """Least and largest share of level noise in squared system noise: L/Sys_hi and L/Sys_lo."""
    bar = log_bar(result)
    if bar is None or bar.level.at_boundary:
        return None
    low, high = bar.system.variance_bounds
    return min(1.0, bar.level.variance / high), min(1.0, bar.level.variance / low) if low > 0 else 1.0


def place_in_time(period: Period, unit: str) -> int:
    """Whole number of weeks, months, quarters or years, so that neighbours differ by 1."""
    start = dt.date.fromisoformat(period.start)
    if unit == "week":
        return (start.toordinal() - 1) // 7
    months = 12 * start.year + start.month - 1
    return months // {"month": 1, "quarter": 3, "year": 12}[unit]


def runs(time: OverTime) -> list[tuple[Period, ...]]:
    """Periods that follow each other without a gap, and whose mean is shown."""
    found: list[list[Period]] = []
    for period in time.periods:
        if period.mean is None:
            continue
        follows = found and place_in_time(period, time.unit) == place_in_time(found[-1][-1], time.unit) + 1
        if follows:
            found[-1].append(period)
        else:
            found.append([period])
    return [tuple(run) for run in found]


def added_to_level(balance: Balance) -> float | None:
    """What an uneven feature would add to the level SD: |effect| eta."""
    return None if balance.effect is None else abs(balance.effect) * max(0.0, balance.eta)


def log_tables(result: AuditResult) -> list[Table]:
    """Every table that a log adds, and offices for panels too; empty ones are left out."""
    tables: list[Table] = []
    log = result.supplement.log
    if log is not None:
        tables += [_pairs(log), _classes(log), _set_aside(log), _sources(log), _balance(log)]
        tables += [_rates(log.rates)] if log.rates is not None else []
        tables += [_sensitivity(log.sensitivity)] if isinstance(log.sensitivity, Sensitivity) else []
    if isinstance(result.supplement.offices, Offices):
        tables.append(_offices(result.supplement.offices))
    if log is not None and isinstance(log.over_time, OverTime):
        tables += [_periods(log.over_time), _time_figures(log.over_time), _moments(log.over_time)]
    if log is not None and isinstance(log.second_decisions, SecondDecisions):
        tables.append(_second(log.second_decisions))
    return [table for table in tables if table.rows]


FIGURE = ("status", "value", "low", "high", "because")
PART = ("status", "variance", "sd", "sd_low", "sd_high", "because")


def figure_cells(number: Number) -> tuple[Cell, ...]:
    """A number in the columns of `FIGURE`."""
    if isinstance(number, NotIdentified):
        return number.status, None, None, None, number.because
    low, high = number.interval or (None, None)
    return number.status, number.value, low, high, number.interval_reason


def _rates(rates: Rates) -> Table:
    """The mean rate, the coefficient of variation squared, and the checks of the model."""
    rows = [
        ("rate", *figure_cells(rates.rate)),
        ("relative", *_squared(rates.relative)),
        ("dispersion", *figure_cells(rates.dispersion)),
        ("proportional", *figure_cells(rates.proportional)),
        ("without_events", "estimated", rates.without_events, None, None, None),
        ("expected_without", "estimated", rates.expected_without, None, None, None),
    ]
    return Table("rates", ("figure", *FIGURE), tuple(row for row in rows if row[2] is not None or row[5] is not None))


def _squared(component: Component) -> tuple[Cell, ...]:
    if not isinstance(component, Estimate):
        return component.status, None, None, None, component.because
    low, high = component.variance_interval or (None, None)
    return component.status, component.variance, low, high, component.interval_reason


def part_cells(component: Component) -> tuple[Cell, ...]:
    """A variance in the columns of `PART`."""
    if isinstance(component, NotIdentified):
        return component.status, None, None, None, None, component.because
    if isinstance(component, Bounded):
        return (component.status, None, None, *component.sd_bounds, component.because)
    low, high = component.sd_interval or (None, None)
    return component.status, component.variance, component.sd, low, high, component.interval_reason


def _pairs(log: LogAudit) -> Table:
    rows = {
        "difference": log.comparable_pairs_difference,
        "disagreement": log.comparable_pairs_disagreement,
        "split_half": log.split_half,
    }
    return Table(
        "comparable_pairs", ("figure", *FIGURE), tuple((name, *figure_cells(row)) for name, row in rows.items())
    )


def rule_code(rule: Sequence[Condition]) -> str:
    """`kind in (a, b) and (fee < 500 or fee missing)`: a rule as a program would write it."""
    return " and ".join(map(_condition_code, rule))


def _condition_code(condition: Condition) -> str:
    if condition.sign == "in" and not condition.values:
        return f"{condition.feature} missing"
    right = f"{condition.bound:.17g}" if condition.bound is not None else f"({', '.join(condition.values)})"
    test = f"{condition.feature} {condition.sign} {right}"
    return f"({test} or {condition.feature} missing)" if condition.missing else test


def _classes(log: LogAudit) -> Table:
    rows = tuple(
        (number, rule_code(each.rule), each.decisions, each.judges, each.mean)
        for number, each in enumerate(log.comparison.classes, 1)
    )
    return Table("classes", ("class", "rule", "decisions", "professionals", "mean"), rows)


def _set_aside(log: LogAudit) -> Table:
    used: list[tuple[Cell, ...]] = [(feature, "used", None) for feature in log.comparison.features]
    aside: list[tuple[Cell, ...]] = [(each.feature, each.reason, each.share) for each in log.comparison.set_aside]
    return Table("features", ("feature", "use", "share_between_professionals"), (*used, *aside))


def _sources(log: LogAudit) -> Table:
    rows = tuple((each.feature, each.by, each.counted, *part_cells(each.component)) for each in log.pattern_sources)
    return Table("pattern_sources", ("feature", "by", "counted", *PART), rows)


def _balance(log: LogAudit) -> Table:
    predicted = log.assignment.predicted
    first = [replace(predicted, feature=PREDICTED)] if isinstance(predicted, Balance) else []
    every = (*first, *log.assignment.features)
    rows = tuple(
        (b.feature, b.eta, b.eta_high, b.effect, b.f, b.df[0], b.df[1], b.p, b.p_adjusted, b.method) for b in every
    )
    columns = ("feature", "eta", "eta_high", "effect", "F", "df1", "df2", "p", "p_adjusted", "method")
    return Table("assignment", columns, rows)


def _sensitivity(found: Sensitivity) -> Table:
    head: tuple[Cell, ...] = (found.strongest, found.its_effect, found.its_eta, found.ratio, found.ratio_low)
    curve: Iterator[tuple[Cell, ...]] = (("would suffice", effect, eta, None, None) for effect, eta in found.curve)
    return Table("sensitivity", ("feature", "effect", "eta", "ratio", "ratio_low"), (head, *curve))


def _offices(offices: Offices) -> Table:
    rows = (("between", *part_cells(offices.between)), ("within", *part_cells(offices.within)))
    return Table("offices", ("level", *PART), rows)


def _periods(time: OverTime) -> Table:
    rows = []
    for each in time.periods:
        low, high = each.limits or (None, None)
        counts, level = (each.decisions, each.judges), part_cells(each.level)[2:5]
        rows.append((each.start, each.end, *counts, each.mean, low, high, each.outside, *level, each.level_outside))
    columns = ("start", "end", "decisions", "professionals", "mean", "limit_low", "limit_high", "outside",
               "level_sd", "level_sd_low", "level_sd_high", "level_outside")  # fmt: skip
    return Table("periods", columns, tuple(rows))


def _time_figures(time: OverTime) -> Table:
    found = {
        "persistence": time.persistence,
        "sequence": time.sequence,
        "sequence_beyond_day": time.sequence_beyond_day,
    }
    rows: list[tuple[Cell, ...]] = [(name, *figure_cells(row)) for name, row in found.items()]
    rows.append(("undated", "estimated", time.undated, None, None, None))
    return Table("over_time", ("figure", *FIGURE), tuple(rows))


def _moments(time: OverTime) -> Table:
    """What a day, an hour, a weekday and a place in the row do; days are no covariate, so they have no test."""
    days: tuple[Cell, ...] = ("day", *part_cells(time.judge_days), None, None, None, None)
    rows = tuple((m.covariate, *part_cells(m.component), m.f, *(m.df or (None, None)), m.p) for m in time.moments)
    columns = ("moment", *PART, "F", "df1", "df2", "p")
    return Table("moments", columns, (days, *rows))


def _second(second: SecondDecisions) -> Table:
    counts = (second.cases, second.decisions)
    rows = (("occasion", *counts, *part_cells(second.occasion)), ("system", *counts, *part_cells(second.system)))
    return Table("second_decisions", ("part", "cases", "decisions", *PART), rows)
