"""What a section is made of besides sentences: a drawn chart with its numbers, and a table."""

from __future__ import annotations

from dataclasses import dataclass

from noiseaudit import charts
from noiseaudit.charts.canvas import svg_of
from noiseaudit.report.sentences import Speaker

_SECTION = {"decomposition": "parts", "funnel": "individuals", "planning": "helps", "lottery": "lottery"}


@dataclass(frozen=True)
class Chart:
    """A drawn chart with its finding, subtitle, and the same numbers as a table."""

    name: str
    svg: str
    title: str
    subtitle: str
    head: list[str]
    rows: list[list[str]]
    kind: str = "chart"


@dataclass(frozen=True)
class Grid:
    """A table with its caption; folded: long ones open on request. more: a line under it about rows left out."""

    title: str
    head: list[str]
    rows: list[list[str]]
    folded: bool = False
    more: str = ""
    kind: str = "grid"


Block = str | Chart | Grid


def drawn(
    speaker: Speaker,
    name: str,
    title: str,
    *,
    subtitle: str = "",
    head: list[str] | None = None,
    rows: list[list[str]] | None = None,
    description: str | None = None,
    prefix: str | None = None,
) -> Chart:
    """The chart of this name as SVG; description, prefix of ids: where they are not those of its section and name."""
    axes = getattr(charts, name)(speaker.result, language=speaker.language)
    told = description or speaker.say(f"{_SECTION[name]}.description")
    svg = svg_of(axes.figure, prefix=prefix or name, title=title, description=told)
    return Chart(name, svg, title, subtitle, head or [], rows or [])
