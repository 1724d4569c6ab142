"""Where the noise comes from: one stacked bar of squared noise, standard deviations beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import COLOURS, HATCHES, SECONDARY, new_axes, styled, unavailable, unit_of
from noiseaudit.formatting import Numerals, decimals_for
from noiseaudit.language import catalogue
from noiseaudit.log_tables import log_bar, readers_size, readers_unit
from noiseaudit.result import AuditResult, Estimate
from noiseaudit.tables import CATEGORICAL, bar_parts, is_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_HIDDEN = "#8A8A8A"  # lighter than what is known, and 3:1 against the page
_PER_LETTER = 0.0125  # of the bar's length, at 12 points on 8 inches


@styled
def decomposition(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Stacked bar of the parts' variances, negative ones as 0; parts that cannot be split are drawn as one."""
    if is_log(result):
        return _bar_of_log(result, ax, language)
    say, numerals = catalogue(language), Numerals(language)
    split = len(bar_parts(result)) > 2
    ax = new_axes(ax, height=2.8 if result.design.scale not in CATEGORICAL or split else 2.2)
    parts = bar_parts(result)
    total = sum(max(0.0, part.estimate.variance) for part in parts if part.estimate)
    if not parts or total <= 0:
        return unavailable(ax, say("chart.decomposition.empty"))
    left = taken = 0.0
    unit = unit_of(result)
    for place, part in enumerate(parts):
        estimate = part.estimate
        if estimate is None:
            continue
        width = max(0.0, estimate.variance) / total
        ax.barh(
            0,
            width,
            left=left,
            height=0.55,
            color=COLOURS[part.name],
            hatch=HATCHES[part.name],
            edgecolor="white",
            linewidth=2,
        )
        name = say(f"part.{part.name}")
        label = f"{name} {numerals.percent(width)}"
        if result.design.scale not in CATEGORICAL:
            sd = numerals.amount(estimate.sd, unit, decimals_for(estimate.sd, estimate.sd_interval))
            label += "\n" + say("chart.decomposition.sd", sd=sd)
        if estimate.at_boundary:
            label += "\n" + say("chart.decomposition.zero")
        last = 0 < place == len(parts) - 1
        leans = last or left > 0.6  # towards the left, so that it ends within the chart
        at = 1.0 if last else left + width if leans else left
        long = _PER_LETTER * max(map(len, label.split("\n")))
        start, end = (at - long, at) if leans else (at, at + long)
        drops = start < taken  # to a row of its own where it would run into the label before it
        taken = taken if drops else end
        ax.annotate(
            label,
            (at, -0.33),
            xytext=(0, -40 if drops else -4),
            textcoords="offset points",
            ha="right" if leans else "left",
            va="top",
            color=COLOURS[part.name],
        )
        left += width
    ax.set_ylim(-1.25, 0.4)
    kind = "_categories" if result.design.scale in CATEGORICAL else ""
    _in_percent(ax, say(f"chart.decomposition.x{kind}"))
    return ax


def _in_percent(ax: Axes, label: str) -> None:
    ax.set_xlim(0, 1)
    ax.set_yticks([])
    ax.xaxis.set_ticks_position("top")
    ax.xaxis.set_label_position("top")
    ax.set_xlabel(label, color=SECONDARY)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0%", "25%", "50%", "75%", "100%"], color=SECONDARY)
    ax.spines[["left", "bottom"]].set_visible(False)


def _bar_of_log(result: AuditResult, ax: Axes | None, language: str) -> Axes:
    """Level and detectable pattern, then all that a log cannot tell apart, up to the upper bound of system noise."""
    say, numerals = catalogue(language), Numerals(language)
    ax, bar = new_axes(ax, height=2.6), log_bar(result)
    if bar is None:
        return unavailable(ax, say("chart.decomposition.empty"))
    unit = readers_unit(result, points=say("phrase.percentage_points"))
    kind = "plain" if result.design.scale in ("nominal", "log") else "sd"

    def sized(variance: float, bounds: tuple[float, float] | None) -> str:
        size = readers_size(result, variance)
        ends = None if bounds is None else (readers_size(result, bounds[0]), readers_size(result, bounds[1]))
        return numerals.amount(size, unit, decimals_for(size, ends))

    known: list[tuple[str, Estimate | None]] = [("level", bar.level), ("detectable_pattern", bar.detectable)]
    left = 0.0
    for name, part in known:
        if part is None:
            continue
        key = "zero" if part.at_boundary else kind
        text = say(f"chart.decomposition.log_{key}", part=say(f"part.{name}"),
                   size=sized(part.variance, part.variance_interval))  # fmt: skip
        width = max(0.0, part.variance) / bar.upper
        ax.barh(0, width, left=left, height=0.55, color=COLOURS[name], hatch=HATCHES[name], edgecolor="white",
                linewidth=2, label=text)  # fmt: skip
        left += width
    hidden = say(f"chart.decomposition.log_hidden_{kind}", size=sized(bar.hidden, None))
    ax.barh(0, 1 - left, left=left, height=0.55, color=_HIDDEN, hatch="xx", edgecolor="white", linewidth=2,
            label=hidden)  # fmt: skip
    ax.set_ylim(-0.4, 0.4)
    _in_percent(ax, say(f"chart.decomposition.x_log{'_categories' if result.design.scale in CATEGORICAL else ''}"))
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.02), frameon=False, borderaxespad=0.0, handlelength=2.6,
              handleheight=1.1)  # fmt: skip
    return ax
