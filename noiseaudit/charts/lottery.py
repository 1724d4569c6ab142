"""How much two colleagues differ on one case: bars of the difference, or a hundred dots for categories."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import LEVEL, PATTERN, SECONDARY, new_axes, styled, unavailable, unit_of, write_amounts
from noiseaudit.formatting import Numerals, decimals_for
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult, DifferenceDistribution, Figure
from noiseaudit.tables import CATEGORICAL, chance_to_differ, whole_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def lottery(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Distribution of |difference| over pairs of colleagues on one case; for yes/no and categories, 100 dots."""
    if result.design.scale in CATEGORICAL:
        return _dots(result, ax, language)
    return _bars(result, ax, language)


def _bars(result: AuditResult, ax: Axes | None, language: str) -> Axes:
    say, numerals = catalogue(language), Numerals(language)
    ax = new_axes(ax)
    spread, mean = result.supplement.differences, result.lottery.mean_difference
    if not isinstance(spread, DifferenceDistribution) or not isinstance(mean, Figure):
        return unavailable(ax, say("chart.lottery.empty"))
    edges, unit = spread.edges, unit_of(result)
    widths = [high - low for low, high in pairwise(edges)]
    ax.bar(
        edges[:-1],
        [100 * share for share in spread.share],
        width=widths,
        align="edge",
        color=LEVEL,
        edgecolor="white",
    )
    decimals = decimals_for(mean.value, mean.interval)
    for value, key, style in ((mean.value, "mean", "-"), (spread.median, "median", "--")):
        places = 0 if key == "median" and whole_steps(spread) else decimals
        text = say(f"chart.lottery.{key}", value=numerals.amount(value, unit, places))
        ax.axvline(value, color=PATTERN, linestyle=style, linewidth=2, label=text)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.0)
    if whole_steps(spread):
        steps = range(0, round(edges[-1] + 0.5), max(1, round(edges[-1] / 12)))
        ax.set_xticks(steps, [numerals.plain(step) for step in steps])
    else:
        write_amounts(ax.xaxis, numerals)
    ax.set_xlabel(say("chart.lottery.x", unit=f" ({unit})" if unit else ""))
    ax.set_ylabel(say("chart.lottery.y"))
    ax.set_xlim(left=min(0.0, edges[0]))
    ax.tick_params(colors=SECONDARY)
    return ax


def _dots(result: AuditResult, ax: Axes | None, language: str) -> Axes:
    say = catalogue(language)
    ax = new_axes(ax, height=3.6)
    chance = chance_to_differ(result)
    if not isinstance(chance, Figure):
        return unavailable(ax, say("chart.lottery.empty"))
    other = round(100 * chance.value)
    columns = 20
    for marked, marker, colour, key in ((True, "X", PATTERN, "other"), (False, "o", LEVEL, "same")):
        places = [i for i in range(100) if (i < other) == marked]
        count = other if marked else 100 - other
        ax.scatter(
            [i % columns for i in places],
            [-(i // columns) for i in places],
            s=130,
            marker=marker,
            color=colour,
            label=say(f"chart.lottery.{key}", n=count),
        )
    ax.set_xlim(-0.8, columns - 0.2)
    ax.set_ylim(-4.8, 0.8)
    ax.set_axis_off()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False)
    return ax
