"""What would help: noise of the average of several independent professionals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import LEVEL, OCCASION, PATTERN, SECONDARY, new_axes, styled, unavailable
from noiseaudit.formatting import Numerals
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult
from noiseaudit.tables import CATEGORICAL, averaging, second_looks

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def planning(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Noise SD of the mean of 1 … 10 professionals as a share of today's; and of one who looks more than once."""
    say, numerals = catalogue(language), Numerals(language)
    ax = new_axes(ax)
    rows = averaging(result)
    if not rows:
        return unavailable(ax, say(f"chart.planning.{'categories' if result.design.scale in CATEGORICAL else 'empty'}"))
    left = [100 * (1 - row.saved) for row in rows]
    ax.plot([row.professionals for row in rows], left, color=LEVEL, marker="o", label=say("chart.planning.several"))
    looks = second_looks(result)
    if looks:
        ax.plot(
            [look.times for look in looks],
            [100 * (1 - look.saved) for look in looks],
            color=OCCASION,
            marker="s",
            linestyle="--",
            label=say("chart.planning.same"),
        )
    ax.scatter([1], [100], s=140, facecolors="none", edgecolors=PATTERN, linewidths=2.5, zorder=4)
    ax.annotate(say("chart.planning.today"), (1, 100), xytext=(-4, 10), textcoords="offset points", color=PATTERN)
    for k in (2, 4):
        ax.annotate(
            f"−{numerals.percent(rows[k - 1].saved)}",
            (k, left[k - 1]),
            xytext=(6, 8),
            textcoords="offset points",
            color=LEVEL,
        )
    ax.set_ylim(0, 122)
    ax.set_yticks(range(0, 101, 20))
    ax.set_xticks([row.professionals for row in rows])
    ax.set_xlabel(say("chart.planning.x"))
    ax.set_ylabel(say("chart.planning.y"))
    ax.tick_params(colors=SECONDARY)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.0)
    return ax
