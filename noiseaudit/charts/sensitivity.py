"""How strong a difference that is not in the log would have to be to explain level noise away."""

from __future__ import annotations

import math
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
_HIGHEST = 1.6  # times the height at which the curve passes the strongest feature


@styled
def sensitivity(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Curve effect x eta = sqrt(L): what lies on it or above would explain level noise away.

    Dots: the features of the log. Dashed: the same for the lower limit of level noise.
    """
    say, numerals = catalogue(language), Numerals(language)
    ax = new_axes(ax, height=4.0)
    log = result.supplement.log
    found = log.sensitivity if log is not None else None
    if log is None or not isinstance(found, Sensitivity) or not found.curve:
        return unavailable(ax, say("chart.sensitivity.empty"))
    scale = 100.0 if result.design.scale == "log" else 1.0

    def shown(effect: float) -> float:
        return scale * readers_size(result, effect**2) if result.design.scale != "nominal" else 100 * abs(effect)

    points = [(shown(b.effect), max(0.0, b.eta), b.feature) for b in log.assignment.features if b.effect is not None]
    first, last = found.curve[0][0], found.curve[-1][0]
    effects = [first * (last / first) ** (step / 100) for step in range(101)]
    product = found.curve[0][0] * found.curve[0][1]
    x, y = [shown(effect) for effect in effects], [product / effect for effect in effects]
    right = max(x[-1], *(point[0] for point in points), shown(found.its_effect)) * 1.06
    at_strongest = found.ratio * found.its_eta  # where the curve passes the strongest feature
    top = max(1.25 * max(found.its_eta, *(point[1] for point in points)), min(max(y), _HIGHEST * at_strongest))
    ax.plot(x, y, color=PATTERN, linewidth=2.2, label=say("chart.sensitivity.curve"))
    ax.fill_between(x, y, [max(top, value) for value in y], color=PATTERN, alpha=0.12, linewidth=0)
    if found.ratio_low is not None and found.ratio > 0:
        low = found.ratio_low / found.ratio
        ax.plot(x, [low * value for value in y], color=PATTERN, linestyle="--", linewidth=1.6,
                label=say("chart.sensitivity.low"))  # fmt: skip
    ax.scatter([p[0] for p in points], [p[1] for p in points], s=46, color=LEVEL, zorder=3, clip_on=False,
               label=say("chart.sensitivity.features"))  # fmt: skip
    at, eta = shown(found.its_effect), max(0.0, found.its_eta)
    leans = at > 0.55 * right
    ax.annotate(_short(found.strongest), (at, eta), xytext=(-9 if leans else 9, 5), textcoords="offset points",
                ha="right" if leans else "left", color=LEVEL)  # fmt: skip
    ax.set_xlim(0, right)
    ax.set_ylim(0, top if math.isfinite(top) and top > 0 else 1)
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
