"""Charts: axes as analysts expect, SVG that is accessible and repeats to the byte."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import noiseaudit as na
from noiseaudit import charts
from noiseaudit.charts.canvas import svg_of
from noiseaudit.result import Figure as Estimated

from ..report.group_results import GROUPS
from ..report.log_results import LOGS

NAMES = ("decomposition", "drift", "funnel", "group_professionals", "groups", "lottery", "planning", "sensitivity")


def svg(name: str, result: na.AuditResult, prefix: str | None = None) -> str:
    axes = getattr(charts, name)(result)
    return svg_of(axes.figure, prefix=prefix or name, title="<a> & b", description='"quoted"')


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_svg(name: str, numeric_result: na.AuditResult, yes_no_result: na.AuditResult) -> None:
    for result in (numeric_result, yes_no_result, LOGS["log amounts"](), LOGS["log categories"](),
                   GROUPS["groups amounts"](), GROUPS["groups yes or no"]()):  # fmt: skip
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


def words(axes: Axes) -> str:
    return "".join(ET.fromstring(svg_of(axes.figure, prefix="x", title="", description="")).itertext())


def test_the_bar_of_a_log_is_as_long_as_noise_can_be() -> None:
    log = LOGS["log amounts"]()
    axes = na.charts.decomposition(log)
    upper = log.noise.system.variance_bounds[1]
    known = [log.noise.level.variance / upper, log.noise.detectable_pattern.variance / upper]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([*known, 1 - sum(known)])
    assert len({bar.get_hatch() or "" for bar in axes.patches}) == 3  # told apart without colour
    assert "Level noise: SD €56" in words(axes)
    assert "Cannot be told apart in a log: at most SD €350" in words(axes)


def test_a_negative_part_of_a_log_has_no_width_and_says_so() -> None:
    axes = na.charts.decomposition(LOGS["log by lot"]())
    assert axes.patches[1].get_width() == 0
    assert "Detectable pattern noise: none could be shown" in words(axes)


def test_gaps_in_time_break_the_lines() -> None:
    log = LOGS["log amounts"]()
    above, below = na.charts.drift(log).child_axes
    periods = log.supplement.log.over_time.periods
    means = [line for line in above.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in means] == [9, 13]
    assert [y for line in means for y in line.get_ydata()] == pytest.approx([p.mean for p in periods])
    assert means[1].get_xdata()[0] - means[0].get_xdata()[-1] == 3  # two months are missing
    (crosses,) = (line for line in above.lines if line.get_marker() == "X")
    assert len(crosses.get_xdata()) == sum(period.outside for period in periods) == 1
    assert len(below.collections) == 3  # the band stops at the month without an interval as well
    levels = [y for line in below.lines if line.get_marker() == "s" for y in line.get_ydata()]
    assert levels == pytest.approx([p.level.sd for p in periods])
    (crosses,) = (line for line in below.lines if line.get_marker() == "X")
    assert [*crosses.get_ydata()] == pytest.approx([p.level.sd for p in periods if p.level_outside])


def test_what_would_explain_level_noise_lies_on_one_curve() -> None:
    log = LOGS["log amounts"]()
    found = log.supplement.log.sensitivity
    axes = na.charts.sensitivity(log)
    curve, low = axes.lines
    assert curve.get_xdata() * curve.get_ydata() == pytest.approx(56.0)
    assert low.get_xdata() * low.get_ydata() == pytest.approx(56.0 * found.ratio_low / found.ratio)
    points = axes.collections[-1].get_offsets()
    assert sorted(map(tuple, points)) == [(12.0, 0.0), (35.0, 0.06), (64.0, 0.31), (96.0, 0.24)]
    assert "fee" in words(axes)


def test_a_chart_that_cannot_be_drawn_says_so() -> None:
    bare = LOGS["log bare"]()
    assert "Nothing can be shown by period" in words(na.charts.drift(bare))
    assert "cannot be told from these data" in words(na.charts.sensitivity(bare))
    assert "cannot be told from these data" in words(na.charts.decomposition(LOGS["log nothing"]()))


def test_the_funnel_of_a_log_counts_decisions() -> None:
    log = LOGS["log amounts"]()
    axes = na.charts.funnel(log)
    dots, counts = axes.collections[0].get_offsets(), log.supplement.individuals
    assert len(dots) == counts.judged
    assert sorted(dots[:, 0]) == pytest.approx(sorted(judge.decisions for judge in log.judges), rel=1e-9)
    one = log.judges[0].se ** 2 * log.judges[0].decisions
    assert int((abs(dots[:, 1]) > 3.090232 * (one / dots[:, 0]) ** 0.5).sum()) == counts.outside_998
    assert "percentage points" in na.charts.funnel(LOGS["log yes or no"]()).get_ylabel()


def words_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]


def marks(axes: Axes, marker: str) -> list[tuple[float, float]]:
    return [
        (float(line.get_ydata()[0]), float(line.get_xdata()[0])) for line in axes.lines if line.get_marker() == marker
    ]


def test_the_forest_has_a_line_for_every_value_and_says_what_is_hidden() -> None:
    result = GROUPS["groups amounts"]()
    axes = na.charts.groups(result)
    shown = words_of(axes)
    assert [text for text in shown if text in ("18–30", "unknown", "Antilles", "Morocco")] != []
    assert shown.count("not shown: too few cases") == 1
    known = [group.systemic_gap.value for group in result.groups if isinstance(group.systemic_gap, Estimated)]
    assert [x for _, x in sorted(marks(axes, "s"))] == pytest.approx(known)
    full = [line.get_markerfacecolor() != "white" for line in axes.lines if line.get_marker() == "s"]
    assert full == [True, False, False, False, False, False]


def test_gaps_of_yes_no_are_percentage_points_and_relative_ones_per_cents() -> None:
    points = [x for _, x in sorted(marks(na.charts.groups(GROUPS["groups yes or no"]()), "s"))]
    assert points == pytest.approx([0.4, -0.4])
    axes = na.charts.groups(GROUPS["groups many"]())
    axes.figure.canvas.draw()
    assert {"−10", "0", "10"} <= {label.get_text() for label in axes.get_xticklabels()}


def test_without_a_gap_that_all_share_the_spread_of_own_gaps_is_drawn() -> None:
    result = GROUPS["groups panel"]()
    spreads = [line.get_xdata() for line in na.charts.groups(result).lines if line.get_marker() == "|"]
    assert [list(ends) for ends in spreads] == [pytest.approx([-1.959964 * 0.2, 1.959964 * 0.2])] * 2


def test_only_reliable_gaps_of_professionals_are_drawn_in_the_order_given() -> None:
    result = GROUPS["groups amounts"]()
    axes = na.charts.group_professionals(result)
    reliable = [each.judge for each in result.groups[0].judges if each.gap and each.shrunk / each.gap >= 0.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == reliable
    assert len(reliable) < sum(each.gap is not None for each in result.groups[0].judges)
