"""The paper that charts are drawn on, and its way into a page as accessible, repeatable SVG."""

from __future__ import annotations

import io
import math
import re
import warnings
from functools import wraps
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from noiseaudit.formatting import Numerals, printable
from noiseaudit.language import catalogue
from noiseaudit.log_tables import readers_unit
from noiseaudit.result import AuditResult
from noiseaudit.tables import decision_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Sheet

LEVEL, PATTERN, OCCASION, SECONDARY = "#154273", "#B45309", "#2E7D32", "#595959"
COLOURS = {"level": LEVEL, "pattern": PATTERN, "stable_pattern": PATTERN, "detectable_pattern": PATTERN,
           "occasion": OCCASION}  # fmt: skip
HATCHES = {"level": "", "pattern": "///", "stable_pattern": "///", "detectable_pattern": "///", "occasion": "..."}
_LONGEST_UNIT = 16
_STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a unit between dollar signs is no formula
    "svg.hashsalt": "noiseaudit",
    "font.family": "sans-serif",
    "font.size": 12.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.use_locale": False,
    "hatch.color": "white",
    "hatch.linewidth": 1.5,
}


def new_axes(ax: Axes | None, *, width: float = 8.0, height: float = 3.2) -> Axes:
    """The axes that were given, or those of a new figure outside pyplot's global state."""
    if ax is not None:
        return ax
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Sheet

    figure = Sheet(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure.add_subplot()


class Draw(Protocol):
    """A chart: from a result to axes."""

    def __call__(self, result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
        """Draw on the axes that are given, or on new ones."""
        ...


def styled(draw: Draw) -> Draw:
    """The chart drawn in the house style, whatever style the session has set."""

    @wraps(draw)
    def drawn(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
        from matplotlib import rc_context

        with rc_context(_STYLE):
            return draw(result, ax=ax, language=language)

    return drawn


def unit_of(result: AuditResult) -> str | None:
    """The unit of the decision's noise, on one line, without characters that no font has, and cut to what has room."""
    found = decision_unit(result)
    if found is None:
        return None
    unit = " ".join(printable(found).split())
    return unit if len(unit) <= _LONGEST_UNIT else unit[: _LONGEST_UNIT - 1].rstrip() + "…"


def readers_unit_of(result: AuditResult, *, language: str) -> str | None:
    """The unit of a log's noise as the reader knows it, with room for it: %, percentage points, or the decision's."""
    unit = readers_unit(result, points=catalogue(language)("phrase.percentage_points"))
    return {"fraction": "%"}.get(str(unit), unit_of(result) if unit == decision_unit(result) else unit)


def write_amounts(axis: Axis, numerals: Numerals) -> None:
    """Ticks in the words of the page, as many decimals as their distance needs, and no `1e9` in a corner."""

    def text(value: float, _: float) -> str:
        step = float(axis.get_majorticklocs()[1] - axis.get_majorticklocs()[0])
        decimals = max(0, -math.floor(math.log10(step)))
        uneven = abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6  # 0.25 and 2.5 take one more
        return numerals.plain(value, decimals + uneven)

    axis.set_major_formatter(text)


def unavailable(ax: Axes, sentence: str) -> Axes:
    """An empty chart that says why it is empty."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, sentence, ha="center", va="center", wrap=True, color=SECONDARY, transform=ax.transAxes)
    return ax


def svg_of(figure: Sheet, *, prefix: str, title: str, description: str) -> str:
    """An `<svg role="img">` with title and description: same figure, same bytes; ids carry the prefix."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # text stays text: the reader's fonts draw it
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{prefix}-\2"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    head, rest = svg.split(">", 1)
    names = f'role="img" aria-labelledby="{prefix}-title {prefix}-desc"'
    labels = f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(description)}</desc>'
    return f"{head} {names}>\n{labels}{rest}"
