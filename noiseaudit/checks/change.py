"""What changed between two audits, with an interval for the difference.

Two independent figures (MOVER; Zou & Donner, 2008):
    b - a:  lower = b - a - sqrt((b - l_b)^2 + (u_a - a)^2),  upper = b - a + sqrt((u_b - b)^2 + (a - l_a)^2)
    b / a:  the same on logarithms, for SDs above 0
Level noise where the same J professionals serve in both (paired; l = raw level, v = its noise variance):
    L = sum_g ( n/(n - 1) sum (l - mean_g)^2 - sum v )/J ,  log(SD_b/SD_a) = (log L_b - log L_a)/2
with the jackknife over professionals, who are left out of both audits at once (of a set of two both), and t with
(J - G)/(1 + kap/2) degrees of freedom, kap = 2. Levels are known within blocks of professionals who share cases: g are
the G sets of n >= 2 who are in one block in both audits, and unpaired level noise is not compared where the audits have
other numbers of blocks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.checks.figures import COUNT, FIGURES, RATIO, Reading, Selector, nothing
from noiseaudit.distributions import t_quantile
from noiseaudit.errors import CallError
from noiseaudit.estimators.jackknife import spread
from noiseaudit.groups.heterogeneity import KURTOSIS_FLOOR
from noiseaudit.language import catalogue
from noiseaudit.result import AuditResult, Interval

FEWEST_PAIRED = 10  # professionals in both audits; fewer are compared as strangers
Open = tuple[float, float | None]  # None: without end


@dataclass(frozen=True)
class Moved:
    """One figure in both audits. difference in its unit, ratio of noise SDs and ratios; None where it cannot be told.

    paired: the interval rests on the professionals who serve in both. ratio_interval may be without end (None), where
    the first SD may be 0. clear: the interval of the difference (paired, or of ratios: of the ratio) leaves no change
    out.
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
    because = None if interval is not None or unit == COUNT else first.because or second.because
    ratio = ratio_interval = None
    if known.times or unit == RATIO:
        ratio, ratio_interval = _ratio(first, second)
    blocks = before.design.linked_blocks, after.design.linked_blocks
    if known.within_blocks and blocks[0] != blocks[1]:
        interval = ratio_interval = None
        because = catalogue("en")("checks.other_blocks", before=blocks[0], after=blocks[1])
    paired = name == "noise.level.sd" and pairs is not None and pairs.ratio is not None
    if paired and pairs is not None:
        ratio, ratio_interval, because = pairs.ratio, pairs.interval, None
    clear = interval is not None and not interval[0] <= 0 <= interval[1]
    if (paired or unit == RATIO) and ratio_interval is not None:
        clear = not (ratio_interval[0] <= 1 and (ratio_interval[1] is None or ratio_interval[1] >= 1))
    return Moved(
        name, which, unit, first, second, difference, interval, ratio, ratio_interval, paired, clear, because
    )  # fmt: skip


def drift(name: str, which: Selector, before: AuditResult, after: AuditResult) -> Reading:
    """A figure against the baseline: the ratio of noise SDs and of ratios, the difference of all others."""
    change = moved(name, which, before, after, pairs=paired_levels(before, after))
    if change.unit == RATIO or FIGURES[name].times:
        if change.ratio_interval is None:
            return nothing(change.because or catalogue("en")("checks.no_ratio"), RATIO)
        low, high = change.ratio_interval
        return Reading(change.ratio, (low, math.inf if high is None else high), RATIO)
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
    """The ratio of level SDs among the professionals of both audits; None where fewer than 10 are known in both, beside
    somebody of their block.

    Codes in order of first appearance (P01 …) are other people in another file: only names in memory, or codes of one
    key, tell who is who.
    """
    first, second = (_levels(result) for result in (before, after))
    blocks = {name: (first[name][2], second[name][2]) for name in sorted(first.keys() & second.keys())}
    sizes = Counter(blocks.values())
    both = [name for name, block in blocks.items() if sizes[block] > 1]
    J = len(both)
    if J < FEWEST_PAIRED:
        return None
    numbered = {block: place for place, block in enumerate(block for block, n in sizes.items() if n > 1)}
    member = np.array([numbered[blocks[name]] for name in both])
    tables = (np.array([levels[name][:2] for name in both]) for levels in (first, second))
    a, b = (LevelVariance.of(table[:, 0], table[:, 1], member) for table in tables)
    if min(a.surely, b.surely, *a.left_out, *b.left_out) <= 0:  # no logarithm of what may be 0
        return PairedLevels(J, None, None)
    logs = (np.log(b.left_out) - np.log(a.left_out)) / 2
    df = max(1.0, (J - len(numbered)) / (1 + KURTOSIS_FLOOR / 2))
    confidence = float(after.settings.get("confidence", 0.95))
    reach = float(t_quantile(0.5 + confidence / 2, df)) * math.sqrt(spread(logs))
    ratio = math.sqrt(b.value / a.value)
    return PairedLevels(J, ratio, (ratio * math.exp(-reach), ratio * math.exp(reach)))


@dataclass(frozen=True)
class LevelVariance:
    """L of J professionals, L less two standard errors, and (U,) L without each, or without a pair that is a set."""

    value: float
    surely: float
    left_out: Floats

    @classmethod
    def of(cls, level: Floats, se: Floats, member: Codes) -> LevelVariance:
        """member: (J,) the set of each, of two or more. Two alone go together: each is told by the other only."""
        J, n = len(level), np.bincount(member)[member]
        own = level - (sum_by(member, level, J) / np.maximum(np.bincount(member, minlength=J), 1))[member]
        part = own**2 * n / (n - 1) - se**2
        squares, noise, whole = (sum_by(member, each, J)[member] for each in (own**2, se**2, part))
        rest = (squares - own**2 * n / (n - 1)) * (n - 1) / np.maximum(n - 2, 1) - (noise - se**2)
        left_out = (part.sum() - whole + np.where(n > 2, rest, 0.0)) / np.where(n > 2, J - 1, max(J - 2, 1))
        unit = np.unique(np.where(n > 2, np.arange(J) + J, member), return_index=True)[1]
        size, U = np.where(n > 2, 1, 2)[unit], len(unit)
        value = float(part.mean())
        brought = np.where(n > 2, part, whole)[unit] - size * value
        error = math.sqrt(U / max(U - 1, 1) * float((brought**2).sum())) / J
        return cls(value, value - 2 * error, left_out[unit])


def _levels(result: AuditResult) -> Mapping[str, tuple[float, float, int | None]]:
    if result.settings.get("audience") == "team" and not all(judge.judge.startswith("P-") for judge in result.judges):
        return {}
    return {judge.judge: (judge.level, judge.se, judge.block) for judge in result.judges
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
    if first.interval is None or second.interval is None or first.interval[1] <= 0 or second.interval[1] <= 0:
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
