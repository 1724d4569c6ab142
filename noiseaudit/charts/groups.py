"""Groups: the gap that all share, or how far own gaps spread, value by value; and own gaps of professionals by code."""

from __future__ import annotations

from collections.abc import Sequence
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
from noiseaudit.group_tables import (
    GroupLine,
    group_lines,
    readers_gap,
    readers_gaps,
    shared_gap_drawn,
    shown_alone,
    usual_spread,
)
from noiseaudit.language import Catalogue, catalogue
from noiseaudit.result import AuditResult, Interval, JudgeGap
from noiseaudit.result.group_parts import HOLDS, UNKNOWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAND = "#E3E8EF"
_LONGEST_NAME = 30
_ROW, _MARGIN = 0.34, 1.75  # inches


@styled
def groups(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """A line for every value: square, the gap that all share; without one, the spread of own gaps.

    A full square remains after correction for all such gaps. Grey: own gaps of one professional that can be missed.
    """
    say, lines = catalogue(language), group_lines(result)
    rows = _with_heads(lines, say)
    ax = new_axes(ax, height=_MARGIN + _ROW * max(3, len(rows)))
    if not lines:
        return unavailable(ax, say("chart.groups.empty"))
    for at, line in enumerate(rows):
        if isinstance(line, GroupLine):
            _draw(ax, result, line, at, say)
            counted = line.countable and line.note.hidden is None and line.gaps.tests
            flags = say("chart.groups.flags", flags=line.note.flags, tests=line.gaps.tests) if counted else "–"
            ax.text(1.02, at, flags, transform=ax.get_yaxis_transform(), va="center", color=SECONDARY)
    ax.text(1.02, 0, say("chart.groups.column"), transform=ax.get_yaxis_transform(), va="center", color=SECONDARY)
    ax.set_yticks(range(len(rows)), [row if isinstance(row, str) else _label(row, say) for row in rows])
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if isinstance(row, str) else "normal")
    return _finish(ax, result, len(rows), language)


@styled
def group_professionals(result: AuditResult, *, ax: Axes | None = None, language: str = "en") -> Axes:
    """Own gaps of professionals for the first group of the result: shrunken, with interval, in the order given.

    Only those whose gap is more signal than chance have a figure.
    """
    say, lines = catalogue(language), group_lines(result)
    people = [each for each in lines[0].gaps.judges if shown_alone(each)] if lines else []
    ax = new_axes(ax, height=_MARGIN + _ROW * max(3, len(people)))
    if not people:
        return unavailable(ax, say("chart.groups.nobody"))
    for at, each in enumerate(people):
        _person(ax, result, each, at, say)
    ax.set_yticks(range(len(people)), [_short(each.judge) for each in people])
    return _finish(ax, result, len(people), language)


def _with_heads(lines: Sequence[GroupLine], say: Catalogue) -> list[GroupLine | str]:
    """A head above the values of one characteristic, and one above relations."""
    rows: list[GroupLine | str] = []
    for number, line in enumerate(lines):
        if number == 0 or lines[number - 1].gaps.group != line.gaps.group:
            rows.append(_short(line.gaps.group or say("chart.groups.relations")))
        rows.append(line)
    return rows


def _draw(ax: Axes, result: AuditResult, line: GroupLine, at: int, say: Catalogue) -> None:
    if line.note.hidden is not None:
        _instead(ax, at, say("chart.groups.hidden"))
        return
    missed, spread = line.note.smallest_detectable, usual_spread(result, line)
    if missed:
        low, high = readers_gap(result, -missed), readers_gap(result, missed)
        ax.barh(at, high - low, left=low, height=0.62, color=_BAND, edgecolor=SECONDARY, linewidth=0.6,
                label=say("chart.groups.missed"), zorder=1)  # fmt: skip
    gap = shared_gap_drawn(result, line)
    if gap is not None:
        kind = "clear" if line.clear else "unclear"
        _point(ax, at, readers_gap(result, gap[0]), None if gap[1] is None else
               readers_gaps(result, gap[1]), full=line.clear, label=say(f"chart.groups.{kind}"))  # fmt: skip
    elif spread is not None:
        ends = readers_gaps(result, spread)
        ax.plot(ends, (at, at), color=LEVEL, linewidth=2, linestyle=(0, (4, 2)), marker="|", markersize=11,
                markeredgewidth=2, label=say("chart.groups.spread"), zorder=3)  # fmt: skip
    elif not missed:
        _instead(ax, at, say("chart.groups.too_few"))


def _person(ax: Axes, result: AuditResult, gap: JudgeGap, at: int, say: Catalogue) -> None:
    if gap.smallest_detectable:
        low, high = (readers_gap(result, sign * gap.smallest_detectable) for sign in (-1, 1))
        ax.barh(at, high - low, left=low, height=0.62, color=_BAND, edgecolor=SECONDARY, linewidth=0.6,
                label=say("chart.groups.missed_one"), zorder=1)  # fmt: skip
    ends = None if gap.interval is None else readers_gaps(result, gap.interval)
    label = say("chart.groups.flag" if gap.flag else "chart.groups.no_flag")
    _point(ax, at, readers_gap(result, gap.shrunk or 0.0), ends, full=bool(gap.flag), label=label)


def _point(ax: Axes, at: int, value: float, ends: Interval | None, *, full: bool, label: str) -> None:
    """A square with its interval: full and orange, or open and blue."""
    colour = PATTERN if full else LEVEL
    if ends is not None:
        ax.plot(ends, (at, at), color=colour, linewidth=2, zorder=3)
    ax.plot([value], [at], marker="s", markersize=9, color=colour, markerfacecolor=colour if full else "white",
            markeredgewidth=1.8, linestyle="none", label=label, zorder=4)  # fmt: skip


def _instead(ax: Axes, at: int, sentence: str) -> None:
    """Words on the line of a value that has no mark."""
    ax.text(0.01, at, sentence, transform=ax.get_yaxis_transform(), va="center", color=SECONDARY, style="italic",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0}, zorder=5)  # fmt: skip


def _finish(ax: Axes, result: AuditResult, rows: int, language: str) -> Axes:
    """The line of no gap, the axes, and each kind of mark once in the legend."""
    say = catalogue(language)
    ax.axvline(0, color=SECONDARY, linewidth=1, zorder=2)
    ax.set_ylim(max(rows, 3) - 0.4, -0.6 if rows else 0)
    ax.use_sticky_edges = False  # a band does not end at the frame
    ax.margins(x=0.04)
    write_amounts(ax.xaxis, Numerals(language))
    if result.design.scale == "log":
        ax.xaxis.set_major_formatter(lambda value, _: Numerals(language).plain(100 * value))
    unit = readers_unit_of(result, language=language)
    ax.set_xlabel(say("chart.groups.x", unit=f" ({unit})" if unit else ""))
    ax.tick_params(colors=SECONDARY)
    ax.tick_params(axis="y", length=0, labelcolor="#1a1a1a")
    ax.spines["left"].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    marks = dict(zip(labels, handles, strict=True))
    if marks:
        ax.legend(list(marks.values()), list(marks), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=1,
                  frameon=False, borderaxespad=0.2, alignment="left")  # fmt: skip
    return ax


def _label(line: GroupLine, say: Catalogue) -> str:
    if line.gaps.value == UNKNOWN:
        return say("groups.unknown")
    return _short(line.name if line.gaps.relation and line.gaps.value == HOLDS else line.gaps.value)


def _short(name: str) -> str:
    plain = " ".join(printable(name).split())
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1].rstrip() + "…"
