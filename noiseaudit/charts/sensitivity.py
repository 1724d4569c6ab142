"""How strong a difference that is not in the log would have to be to explain level noise away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noiseaudit.charts.canvas import (
    LEVEL,
    PATTERN,
    SECONDARY,
    new_axes,
    readers_unit_of,
    styled,
    unavailable,
    write_amounts,
)
from noiseaudit.formatting import Numerals, printable
from noiseaudit.language import catalogue
from noiseaudit.log_tables import readers_size
from noiseaudit.result import AuditResult, Sensitivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_NAME = 28
_REACH = 2.0  # times the strongest feature's effect, and the height of the curve above it


@styled
def sensitivity(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Curve effect x eta = sqrt(L): what lies on it or above would explain level noise away.

    Dots: the features of the log. Dashed: the same for the lower limit of level noise.
    """
    say, numerals = catalogue(language), Numerals(language)
    ax = new_axes(ax, height=4.0)
    log = result.supplement.log
    found = log.sensitivity if log is not None else None
    if log is None or not isinstance(found, Sensitivity) or not found.curve or not found.its_effect:
        return unavailable(ax, say("chart.sensitivity.empty"))
    scale = 100.0 if result.design.scale == "log" else 1.0

    def shown(effect: float) -> float:
        return scale * readers_size(result, effect**2) if result.design.scale != "nominal" else 100 * abs(effect)

    points = [(abs(b.effect), max(0.0, b.eta)) for b in log.assignment.features if b.effect is not None]
    at, eta = abs(found.its_effect), max(0.0, found.its_eta)
    last = _REACH * max([at, *(effect for effect, _ in points)])
    effects = [last * (step / 200) for step in range(1, 201)]
    product = found.curve[0][0] * found.curve[0][1]
    x, y = [shown(effect) for effect in effects], [product / effect for effect in effects]
    top = max(1.25 * max([eta, *(height for _, height in points)]), _REACH * found.ratio * eta, 0.01)
    ax.plot(x, y, color=PATTERN, linewidth=2.2, label=say("chart.sensitivity.curve"))
    ax.fill_between(x, y, [max(top, value) for value in y], color=PATTERN, alpha=0.12, linewidth=0)
    if found.ratio_low is not None and found.ratio > 0:
        low = found.ratio_low / found.ratio
        ax.plot(x, [low * value for value in y], color=PATTERN, linestyle="--", linewidth=1.6,
                label=say("chart.sensitivity.low"))  # fmt: skip
    ax.scatter([shown(p[0]) for p in points], [p[1] for p in points], s=46, color=LEVEL, zorder=3, clip_on=False,
               label=say("chart.sensitivity.features"))  # fmt: skip
    leans, under = shown(at) > 0.55 * x[-1], eta > 0.2 * top  # beside the dot, within the chart, off the axis
    ax.annotate(_short(found.strongest), (shown(at), eta), textcoords="offset points",
                xytext=(-9 if leans else 9, -4 if under else 4), ha="right" if leans else "left",
                va="top" if under else "bottom", color=LEVEL, zorder=4,
                bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0})  # fmt: skip
    ax.set_xlim(0, x[-1])
    ax.set_ylim(0, top)
    write_amounts(ax.xaxis, numerals)
    write_amounts(ax.yaxis, numerals)
    unit = readers_unit_of(result, language=language)
    ax.set_xlabel(say("chart.sensitivity.x", unit=f" ({unit})" if unit else ""))
    ax.set_ylabel(say("chart.sensitivity.y"))
    ax.tick_params(colors=SECONDARY)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, borderaxespad=0.0)
    return ax


def _short(name: str) -> str:
    plain = " ".join(printable(name).split())
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1].rstrip() + "…"
