"""Over time: the mean of comparable decisions with its limits, and level noise with its band, period by period."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import (
    LEVEL,
    PATTERN,
    SECONDARY,
    new_axes,
    readers_unit_of,
    styled,
    unavailable,
    unit_of,
    write_amounts,
)
from noiseaudit.formatting import Numerals
from noiseaudit.language import Catalogue, catalogue
from noiseaudit.log_tables import place_in_time, readers_mean, readers_mean_unit, readers_size, runs
from noiseaudit.result import AuditResult, Estimate, Interval, OverTime, Period

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAND = "#C9D3E0"
_MOST_TICKS = 5


@styled
def drift(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Two panels on one axis of time; a period without decisions, or without a figure, breaks the line."""
    say = catalogue(language)
    ax = new_axes(ax, height=5.2)
    log = result.supplement.log
    time = log.over_time if log is not None else None
    lines = runs(time) if isinstance(time, OverTime) else []
    if not isinstance(time, OverTime) or not lines:
        return unavailable(ax, say("chart.drift.empty"))
    ax.set_axis_off()
    above, below = ax.inset_axes((0, 0.56, 1, 0.44)), ax.inset_axes((0, 0, 1, 0.44))
    _means(above, result, lines, time.unit, say)
    _levels(below, result, lines, time.unit, say)
    above.set_ylabel(say("chart.drift.mean", unit=_in(_mean_unit(result))))
    below.set_ylabel(say("chart.drift.level", unit=_in(readers_unit_of(result, language=language))))
    shown = [period for line in lines for period in line]
    first, last = place_in_time(shown[0], time.unit), place_in_time(shown[-1], time.unit)
    ticks = _ticks(shown, time.unit)
    for panel in (above, below):
        panel.set_xlim(first - 0.6, last + 0.6)
        panel.set_xticks([at for at, _ in ticks])
        write_amounts(panel.yaxis, Numerals(language))
        panel.tick_params(colors=SECONDARY)
        panel.margins(y=0.12)
        panel.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, borderaxespad=0.0)
    above.set_xticklabels([])
    below.set_xticklabels([Numerals(language).period(start, time.unit) for _, start in ticks])
    return ax


def _ticks(shown: Sequence[Period], unit: str) -> list[tuple[int, str]]:
    """At most five periods with their first days, evenly spread."""
    step = -(-len(shown) // _MOST_TICKS)
    return [(place_in_time(period, unit), period.start) for period in shown[::step]]


def _in(unit: str | None) -> str:
    return f" ({unit})" if unit else ""


def _mean_unit(result: AuditResult) -> str | None:
    unit = readers_mean_unit(result)
    return "%" if unit == "fraction" else unit if result.design.scale == "log" else unit_of(result)


def _pieces(
    lines: Sequence[Sequence[Period]], unit: str, value: Callable[[Period], Interval | None]
) -> Iterator[tuple[list[int], list[Interval]]]:
    """Places and values of periods in a row that have one."""
    for line in lines:
        piece: tuple[list[int], list[Interval]] = ([], [])
        for period in line:
            found = value(period)
            if found is not None:
                piece[0].append(place_in_time(period, unit))
                piece[1].append(found)
            if piece[0] and (found is None or period is line[-1]):
                yield piece
                piece = ([], [])


def _steps(panel: Axes, places: Sequence[int], bounds: Sequence[Interval], label: str | None) -> None:
    """A band that runs through the whole of each period, so that one period alone shows too."""
    x = [place + half for place in places for half in (-0.5, 0.5)]
    low, high = ([bound[end] for bound in bounds for _ in range(2)] for end in (0, 1))
    panel.fill_between(x, low, high, color=_BAND, linewidth=0)
    panel.plot(x, low, color=SECONDARY, linewidth=1.0, label=label)
    panel.plot(x, high, color=SECONDARY, linewidth=1.0)


def _means(panel: Axes, result: AuditResult, lines: Sequence[Sequence[Period]], unit: str, say: Catalogue) -> None:
    scale = 100.0 if readers_mean_unit(result) == "fraction" else 1.0

    def shown(value: float) -> float:
        return scale * readers_mean(result, value)

    def limits(period: Period) -> Interval | None:
        if period.limits is None:
            return None
        low, high = period.limits
        if result.design.scale == "binary":  # no share lies outside 0 to 100 %
            low, high = max(0.0, low), min(1.0, high)
        return shown(low), shown(high)

    def mean(period: Period) -> Interval | None:
        return None if period.mean is None else (shown(period.mean),) * 2

    label: str | None = say("chart.drift.limits")
    for places, bounds in _pieces(lines, unit, limits):
        _steps(panel, places, bounds, label)
        label = None
    label = say("chart.drift.average")
    for places, means in _pieces(lines, unit, mean):
        panel.plot(places, [value for value, _ in means], color=LEVEL, marker="o", markersize=4, label=label)
        label = None
    far = [(place_in_time(p, unit), shown(p.mean)) for line in lines for p in line if p.outside and p.mean is not None]
    _crosses(panel, far, say)


def _crosses(panel: Axes, far: Sequence[tuple[int, float]], say: Catalogue) -> None:
    if far:
        panel.plot([at for at, _ in far], [value for _, value in far], color=PATTERN, marker="X", markersize=10,
                   linestyle="", label=say("chart.drift.outside"))  # fmt: skip


def _levels(panel: Axes, result: AuditResult, lines: Sequence[Sequence[Period]], unit: str, say: Catalogue) -> None:
    scale = 100.0 if result.design.scale == "log" else 1.0

    def size(variance: float) -> float:
        return scale * readers_size(result, variance)

    def band(period: Period) -> Interval | None:
        found = period.level.variance_interval if isinstance(period.level, Estimate) else None
        return None if found is None else (size(found[0]), size(found[1]))

    def level(period: Period) -> Interval | None:
        return (size(period.level.variance),) * 2 if isinstance(period.level, Estimate) else None

    label: str | None = say("chart.drift.band")
    for places, bounds in _pieces(lines, unit, band):
        _steps(panel, places, bounds, label)
        label = None
    label = say("chart.drift.noise")
    for places, levels in _pieces(lines, unit, level):
        panel.plot(places, [value for value, _ in levels], color=LEVEL, marker="s", markersize=4, linestyle="--",
                   label=label)  # fmt: skip
        label = None
    far = [
        (place_in_time(p, unit), size(p.level.variance))
        for line in lines for p in line if p.level_outside and isinstance(p.level, Estimate)
    ]  # fmt: skip
    _crosses(panel, far, say)
    panel.set_ylim(bottom=0.0)
