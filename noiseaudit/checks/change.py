"""What changed between two audits, with an interval for the difference.

Two independent figures (MOVER; Zou & Donner, 2008):
    b - a:  lower = b - a - sqrt((b - l_b)^2 + (u_a - a)^2),  upper = b - a + sqrt((u_b - b)^2 + (a - l_a)^2)
    b / a:  the same on logarithms, for SDs above 0
Level noise where the same J professionals serve in both (paired, l = raw level, v = its noise variance):
    d_j = (l_bj^2 - v_bj)/L_b - (l_aj^2 - v_aj)/L_a,  log(SD_b/SD_a) = (log L_b - log L_a)/2,  se = sd(d)/(2 sqrt(J))
    with L = sum (l^2 - v)/J of these J, t with J - 1 df
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from noiseaudit.checks.figures import COUNT, FIGURES, Reading, Selector, nothing
from noiseaudit.errors import CallError
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult, Interval

FEWEST_PAIRED = 10  # professionals in both audits; fewer are compared as strangers
Open = tuple[float, float | None]  # None: without end


@dataclass(frozen=True)
class Moved:
    """One figure in both audits. difference in the figure's unit, ratio for noise SDs; None where it cannot be told.

    paired: the interval rests on the professionals who serve in both. ratio_interval may be without end (None), where
    the first SD may be 0. clear: the interval of the difference (paired: of the ratio) leaves no change out.
    """

    figure: str
    which: Selector
    unit: str | None
    before: Reading
    after: Reading
    difference: float | None
    interval: Interval | None
    ratio: float | None
    ratio_interval: Open | None
    paired: bool
    clear: bool
    because: str | None = None


@dataclass(frozen=True)
class Change:
    """What changed from one audit to the next. notes: of the data, in words: rows, professionals, settings."""

    before: str
    after: str
    figures: tuple[Moved, ...]
    judges_in_both: int | None
    notes: tuple[str, ...]


def compare(before: AuditResult, after: AuditResult) -> Change:
    """What changed between two audits; CallError where they measure different things.

    The two are taken to rest on different decisions. Level noise is compared within the professionals of both, where
    both results name them (in memory, or in files for the team made with one key).
    """
    check_comparable(before, after)
    pairs = paired_levels(before, after)
    figures = [
        moved(name, which, before, after, pairs=pairs)
        for name, known in FIGURES.items()
        for which in (_groups(before, after) if known.of_group else [Selector()])
    ]
    shown = tuple(one for one in figures if one.before.value is not None or one.after.value is not None)
    return Change(
        before.input.name, after.input.name, shown, None if pairs is None else pairs.judges, _notes(before, after)
    )


def check_comparable(before: AuditResult, after: AuditResult) -> None:
    """CallError where two audits measure on another scale, in another unit or by another design."""
    for name in ("kind", "scale"):
        first, second = getattr(before.design, name), getattr(after.design, name)
        if first != second:
            raise CallError("not_comparable", f"these audits cannot be compared: {name} {first!r} against {second!r}")
    units = [result.settings.get("unit") for result in (before, after)]
    if units[0] != units[1] and None not in units:
        raise CallError("not_comparable", f"these audits cannot be compared: unit {units[0]!r} against {units[1]!r}")


def moved(
    name: str, which: Selector, before: AuditResult, after: AuditResult, *, pairs: PairedLevels | None = None
) -> Moved:
    """How one figure moved."""
    known = FIGURES[name]
    first, second = known.read(before, which), known.read(after, which)
    unit = second.unit or first.unit
    if first.value is None or second.value is None:
        because = first.because if first.value is None else second.because
        return Moved(name, which, unit, first, second, None, None, None, None, False, False, because)
    difference, interval = second.value - first.value, _difference(first, second)
    if unit == COUNT:  # counts describe the data: they are as they are
        interval = None
    ratio = ratio_interval = None
    paired = False
    if name.startswith("noise.") and name.endswith(".sd"):
        ratio, ratio_interval = _ratio(first, second)
        if name == "noise.level.sd" and pairs is not None and pairs.ratio is not None:
            ratio, ratio_interval, paired = pairs.ratio, pairs.interval, True
    clear = interval is not None and not interval[0] <= 0 <= interval[1]
    if paired and ratio_interval is not None:
        clear = not (ratio_interval[0] <= 1 and (ratio_interval[1] is None or ratio_interval[1] >= 1))
    because = None if interval is not None or unit == COUNT else first.because or second.because
    return Moved(
        name, which, unit, first, second, difference, interval, ratio, ratio_interval, paired, clear, because
    )  # fmt: skip


def drift(name: str, which: Selector, before: AuditResult, after: AuditResult) -> Reading:
    """A figure against the baseline: the ratio of noise SDs, the difference of all others."""
    change = moved(name, which, before, after, pairs=paired_levels(before, after))
    if change.ratio is not None or (name.startswith("noise.") and name.endswith(".sd")):
        if change.ratio_interval is None:
            return nothing(change.because or catalogue("en")("checks.no_ratio"), "ratio")
        low, high = change.ratio_interval
        return Reading(change.ratio, (low, math.inf if high is None else high), "ratio")
    if change.unit == COUNT and change.difference is not None:
        return Reading(change.difference, (change.difference, change.difference), COUNT)
    if change.interval is None:
        return nothing(change.because or catalogue("en")("checks.no_interval"), change.unit)
    return Reading(change.difference, change.interval, change.unit)


@dataclass(frozen=True)
class PairedLevels:
    """Level noise of the J professionals of both audits: the ratio of SDs, or None where one of them may be 0."""

    judges: int
    ratio: float | None
    interval: Open | None


def paired_levels(before: AuditResult, after: AuditResult) -> PairedLevels | None:
    """The ratio of level SDs among the professionals of both audits; None where fewer than 10 are known in both.

    Codes in order of first appearance (P01 …) are other people in another file: only names in memory, or codes of one
    key, tell who is who.
    """
    first, second = (_levels(result) for result in (before, after))
    both = sorted(first.keys() & second.keys())
    if len(both) < FEWEST_PAIRED:
        return None
    a, b = (np.array([levels[name] for name in both]) for levels in (first, second))
    J = len(both)
    parts = [(levels[:, 0] - levels[:, 0].mean()) ** 2 * J / (J - 1) - levels[:, 1] ** 2 for levels in (a, b)]
    L_a, L_b = (float(part.mean()) for part in parts)
    floors = [2 * float(part.std(ddof=1)) / math.sqrt(J) for part in parts]
    if L_a <= floors[0] or L_b <= floors[1]:  # no logarithm of what may be 0
        return PairedLevels(J, None, None)
    d = parts[1] / L_b - parts[0] / L_a
    confidence = float(after.settings.get("confidence", 0.95))
    reach = float(stats.t.ppf(0.5 + confidence / 2, J - 1)) * float(d.std(ddof=1)) / (2 * math.sqrt(J))
    ratio = math.sqrt(L_b / L_a)
    return PairedLevels(J, ratio, (ratio * math.exp(-reach), ratio * math.exp(reach)))


def _levels(result: AuditResult) -> Mapping[str, tuple[float, float]]:
    if result.settings.get("audience") == "team" and not all(judge.judge.startswith("P-") for judge in result.judges):
        return {}
    return {judge.judge: (judge.level, judge.se) for judge in result.judges
            if judge.level is not None and judge.se is not None}  # fmt: skip


def _difference(first: Reading, second: Reading) -> Interval | None:
    if first.interval is None or second.interval is None or first.value is None or second.value is None:
        return None
    centre = second.value - first.value
    down = math.hypot(second.value - second.interval[0], first.interval[1] - first.value)
    up = math.hypot(second.interval[1] - second.value, first.value - first.interval[0])
    return centre - down, centre + up


def _ratio(first: Reading, second: Reading) -> tuple[float | None, Open | None]:
    """SD_b/SD_a with its interval on the log scale; no end where the first may be 0."""
    if not first.value or second.value is None:
        return None, None
    ratio = second.value / first.value
    if first.interval is None or second.interval is None:
        return ratio, None
    low, high = 0.0, None
    if second.interval[0] > 0 and second.value > 0:
        down = math.hypot(math.log(second.value / second.interval[0]), math.log(first.interval[1] / first.value))
        low = ratio * math.exp(-down)
    if first.interval[0] > 0 and second.value > 0:
        up = math.hypot(math.log(second.interval[1] / second.value), math.log(first.value / first.interval[0]))
        high = ratio * math.exp(up)
    return ratio, (low, high)


def _groups(before: AuditResult, after: AuditResult) -> list[Selector]:
    known = [Selector(g.group, g.relation, g.value) for g in (*before.groups, *after.groups)]
    return list(dict.fromkeys(known))


def _notes(before: AuditResult, after: AuditResult) -> tuple[str, ...]:
    """Differences of the data and of the settings that a reader must know before the figures."""
    say, notes = catalogue("en"), []
    same = before.input.sha256 is not None and before.input.sha256 == after.input.sha256
    if same:
        notes.append(say("checks.same_file"))
    settings = [
        key for key in sorted(before.settings.keys() | after.settings.keys())
        if key not in ("audience", "reading") and before.settings.get(key) != after.settings.get(key)
    ]  # fmt: skip
    if settings:
        notes.append(say("checks.other_settings", names=", ".join(settings)))
    old = {part.code for part in before.findings if part.severity != "info"}
    new = sorted({part.code for part in after.findings if part.severity != "info"} - old)
    if new:
        notes.append(say("checks.new_findings", codes=", ".join(new)))
    if before.tool_version != after.tool_version:
        notes.append(say("checks.other_version", before=before.tool_version, after=after.tool_version))
    return tuple(notes)
