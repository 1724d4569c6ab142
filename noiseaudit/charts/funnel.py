"""Do individuals stand out? Levels against precision, with the limits that chance alone gives. No names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import LEVEL, PATTERN, SECONDARY, new_axes, styled, unavailable, unit_of, write_amounts
from noiseaudit.formatting import Numerals
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult, Individuals
from noiseaudit.tables import funnel_points, is_log, variance_of_one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RASTER_FROM = 500


@styled
def funnel(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Unlabelled points with 95 % and 99.8 % limits, and dashed ones that allow for professionals who differ.

    Points only with ten professionals or more; thousands of them become one raster image.
    """
    from matplotlib.ticker import MaxNLocator

    say = catalogue(language)
    ax = new_axes(ax, height=4.2)
    points = funnel_points(result)
    if not points:
        return unavailable(ax, say("chart.funnel.empty"))
    counts = result.supplement.individuals
    level = counts.wide_level if isinstance(counts, Individuals) else 0.0
    one = variance_of_one(result) or 0.0
    low, high = points[0].precision, points[-1].precision
    grid = [low * 0.85 + (high * 1.1 - low * 0.85) * i / 200 for i in range(201)]
    for z, width, key in ((1.959964, 1.2, "inner"), (3.090232, 2.0, "outer")):
        limit = [z * math.sqrt(one / x) for x in grid]
        ax.plot(grid, limit, color=SECONDARY, linewidth=width, label=say(f"chart.funnel.{key}"))
        ax.plot(grid, [-y for y in limit], color=SECONDARY, linewidth=width)
    if level > 0:
        wide = [3.090232 * math.sqrt(one / x + level) for x in grid]
        ax.plot(grid, wide, color=PATTERN, linestyle="--", linewidth=1.8, label=say("chart.funnel.overdispersed"))
        ax.plot(grid, [-y for y in wide], color=PATTERN, linestyle="--", linewidth=1.8)
    ax.scatter(
        [p.precision for p in points],
        [p.level for p in points],
        s=22 if len(points) < _RASTER_FROM else 6,
        color=LEVEL,
        alpha=0.8,
        zorder=3,
        rasterized=len(points) >= _RASTER_FROM,
    )
    ax.axhline(0, color=SECONDARY, linewidth=0.8)
    if is_log(result) and result.design.scale == "binary":
        unit: str | None = say("phrase.percentage_points")
        ax.yaxis.set_major_formatter(lambda value, _: Numerals(language).plain(100 * value, 1))
    else:
        unit = unit_of(result)
        write_amounts(ax.yaxis, Numerals(language))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(say("chart.funnel.x_log" if is_log(result) else "chart.funnel.x"))
    ax.set_ylabel(say("chart.funnel.y", unit=f" ({unit})" if unit else ""))
    ax.tick_params(colors=SECONDARY)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.22), ncols=2, frameon=False, fontsize=12)
    return ax
