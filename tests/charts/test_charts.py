"""Charts: axes as analysts expect, SVG that is accessible and repeats to the byte."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import noiseaudit as na
from noiseaudit import charts
from noiseaudit.charts.canvas import svg_of

NAMES = ("decomposition", "funnel", "lottery", "planning")


def svg(name: str, result: na.AuditResult, prefix: str | None = None) -> str:
    axes = getattr(charts, name)(result)
    return svg_of(axes.figure, prefix=prefix or name, title="<a> & b", description='"quoted"')


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_svg(name: str, numeric_result: na.AuditResult, yes_no_result: na.AuditResult) -> None:
    for result in (numeric_result, yes_no_result):
        assert isinstance(getattr(na.charts, name)(result), Axes)
        text = svg(name, result)
        assert text == svg(name, result)
        root = ET.fromstring(text)
        assert root.attrib["role"] == "img"
        assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]
        assert root[0].text == "<a> & b"
        assert "<!DOCTYPE" not in text
        assert "<metadata" not in text


def test_ids_of_two_charts_never_meet(numeric_result: na.AuditResult) -> None:
    ids = [
        {e.attrib["id"] for e in ET.fromstring(svg("lottery", numeric_result, prefix)).iter() if "id" in e.attrib}
        for prefix in ("one", "two")
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_text_stays_text(numeric_result: na.AuditResult) -> None:
    words = "".join(ET.fromstring(svg("decomposition", numeric_result)).itertext())
    assert "Level noise" in words


def test_charts_draw_on_given_axes(numeric_result: na.AuditResult) -> None:
    ax = Figure().add_subplot()
    for name in NAMES:
        assert getattr(na.charts, name)(numeric_result, ax=ax) is ax


def test_bars_show_the_distribution(numeric_result: na.AuditResult) -> None:
    ax = na.charts.lottery(numeric_result)
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(100)


def test_dots_show_the_chance(yes_no_result: na.AuditResult) -> None:
    ax = na.charts.lottery(yes_no_result)
    other, same = (len(dots.get_offsets()) for dots in ax.collections)
    assert other == round(100 * yes_no_result.lottery.disagreement.value)
    assert other + same == 100


def test_decomposition_widths_are_squared_noise(numeric_result: na.AuditResult) -> None:
    noise = numeric_result.noise
    widths = [bar.get_width() for bar in na.charts.decomposition(numeric_result).patches]
    parts = [max(0.0, p.variance) for p in (noise.level, noise.stable_pattern, noise.occasion)]
    assert widths == pytest.approx([p / sum(parts) for p in parts])


def test_the_wide_limits_are_those_that_were_counted_with(numeric_result: na.AuditResult) -> None:
    counts = numeric_result.supplement.individuals
    ax = na.charts.funnel(numeric_result)
    dots, dashed = ax.collections[0].get_offsets(), [line for line in ax.lines if line.get_linestyle() == "--"]
    assert len(dashed) == (2 if counts.wide_level > 0 else 0)
    pattern = numeric_result.noise.pattern.variance
    limit = 3.090232 * (pattern / dots[:, 0] + counts.wide_level) ** 0.5
    assert int((abs(dots[:, 1]) > limit).sum()) == counts.outside_998_overdispersed
