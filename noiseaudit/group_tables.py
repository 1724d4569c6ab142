"""AuditResult with groups -> typed tables that charts, report and files share: numbers and units, no text yet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from noiseaudit.errors import NotIdentified
from noiseaudit.log_tables import FIGURE, Cell, Table, figure_cells, part_cells, rule_code
from noiseaudit.result import (
    AuditResult,
    Discovery,
    Estimate,
    Figure,
    GroupGaps,
    GroupNote,
    GroupsAudit,
    Intersection,
    Interval,
    JudgeGap,
)
from noiseaudit.result.group_parts import GapScale, counted_once
from noiseaudit.tables import FEWEST_FOR_POINTS

RELIABLE = 0.5  # share of a gap that is left after shrinking, from which a figure about one person is shown
_POWER = 0.841621  # z of 80 %
_ONE = 1.959964


@dataclass(frozen=True)
class GroupLine:
    """One value of a characteristic, or a relation: what the report tells of it.

    mirrors: one of exactly two values, which tells what the other tells, turned round: that with fewer flags.
    q: p of the gap that all share after Holm's correction over all such gaps.
    missed: the smallest gap that all share which would have been found with 80 % power; of a ratio its logarithm.
    """

    gaps: GroupGaps
    note: GroupNote
    mirrors: bool = False
    q: float | None = None
    missed: float | None = None

    @property
    def name(self) -> str:
        """The characteristic, or the relation as it was written."""
        return self.gaps.group or self.gaps.relation or ""

    @property
    def systemic(self) -> Figure | None:
        """The gap that all share, where the data identify it and it may be shown."""
        gap = self.gaps.systemic_gap
        return gap if isinstance(gap, Figure) and self.note.hidden is None else None

    @property
    def clear(self) -> bool:
        """Whether the gap that all share remains after correction."""
        return self.q is not None and self.q < 0.05

    @property
    def is_ratio(self) -> bool:
        """Of rates the gap that all share is a ratio: 1 is no gap."""
        return self.note.scale == "log_rate"

    @property
    def from_no_gap(self) -> tuple[float, Interval] | None:
        """That gap and its limits on a scale on which 0 is no gap: a ratio on its logarithm; None without limits."""
        gap = self.systemic
        if gap is None or gap.interval is None:
            return None
        value, low, high = (_log(x) if self.is_ratio else x for x in (gap.value, *gap.interval))
        return value, (low, high)

    @property
    def touches_zero(self) -> bool:
        """Whether its interval holds no gap; true without an interval."""
        found = self.from_no_gap
        return found is None or found[1][0] <= 0 <= found[1][1]

    @property
    def differs(self) -> bool:
        """Whether professionals are shown to differ in how they treat the group; then gaps can be flags."""
        found, p = self.gaps.heterogeneity, self.note.heterogeneity_p
        return isinstance(found, Estimate) and not found.at_boundary and (p is None or p < 0.05)

    @property
    def countable(self) -> bool:
        """Whether flags may be counted: for a team, or among enough professionals that it points at nobody."""
        return bool(self.gaps.judges) or (self.gaps.tests or 0) >= FEWEST_FOR_POINTS


def group_lines(result: AuditResult) -> list[GroupLine]:
    """Groups and their notes, with the gaps that all share tested together; empty where no group was asked for."""
    told = result.supplement.groups
    if told is None:
        return []
    once = counted_once(result.groups, told.notes)
    lines = [GroupLine(gaps, note, not kept) for gaps, note, kept in zip(result.groups, told.notes, once, strict=True)]
    level = float(result.settings.get("confidence", 0.95))
    known = {number: _tested(line, level, result.design.judges) for number, line in enumerate(lines) if _measured(line)}
    first = {lines[number].gaps.group: number for number in reversed(known)}
    stands_for = {number: first[lines[number].gaps.group] if lines[number].mirrors else number for number in known}
    family = sorted(set(stands_for.values()))
    corrected = {}
    if family:
        from statsmodels.stats.multitest import multipletests

        q = multipletests([known[number][0] for number in family], method="holm")[1]
        corrected = dict(zip(family, q.tolist(), strict=True))
    for number, (_, missed) in known.items():
        lines[number] = replace(lines[number], q=corrected[stands_for[number]], missed=missed)
    return lines


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else -math.inf


def _measured(line: GroupLine) -> bool:
    found = line.from_no_gap
    return found is not None and found[1][1] > found[1][0]


def _tested(line: GroupLine, level: float, judges: int) -> tuple[float, float]:
    """p of no gap and the smallest detectable gap, from an interval v ± t se; of a ratio both on its logarithm.

    se from the half of the interval that lies towards no gap. t: with the degrees of freedom that the note names, else
    J - 1 of J professionals.
    """
    from noiseaudit.distributions import t_quantile, t_tail

    found = line.from_no_gap
    if found is None:
        raise ValueError("a gap without an interval is not tested")
    if line.gaps.tests is not None and line.gaps.too_few is not None:
        judges = line.gaps.tests + line.gaps.too_few
    df = line.note.systemic_df or max(1, judges - 1)
    t = float(t_quantile((1 + level) / 2, df))
    value, (low, high) = found
    se = (value - low if value > 0 else high - value) / t
    if not math.isfinite(value) or not math.isfinite(se):
        return 1.0, 0.0
    if se <= 0:
        return (0.0 if value else 1.0), 0.0
    return float(2 * t_tail(abs(value) / se, df)), (t + _POWER) * se


def of_chance(told: GroupsAudit, flags: int) -> float:
    """How many of so many flags chance may account for: false discovery rate x flags."""
    return told.fdr * flags


def readers_gap(result: AuditResult, gap: float) -> float:
    """A gap in the reader's unit: percentage points for yes/no, a fraction for a logarithmic scale, else as it is."""
    if result.design.scale in ("binary", "nominal"):
        return 100 * gap
    return math.expm1(min(gap, 700.0)) if result.design.scale == "log" else gap


def readers_gaps(result: AuditResult, ends: Interval) -> Interval:
    """Both ends of an interval in the reader's unit."""
    return readers_gap(result, ends[0]), readers_gap(result, ends[1])


def usual_spread(result: AuditResult, line: GroupLine) -> Interval | None:
    """Between which gaps 95 of 100 professionals lie, around what is usual: ± 1.96 tau, in the unit of the decision.

    From odds or rates through the mean decision; None where the spread is not known.
    """
    found = line.gaps.heterogeneity
    if not isinstance(found, Estimate) or line.note.hidden is not None:
        return None
    reach, scale = _ONE * found.sd, line.note.scale
    if scale == "difference":
        return -reach, reach
    mean = result.supplement.mean_decision
    if not isinstance(mean, Figure) or mean.value <= 0:
        return None
    return _from(scale, mean.value, -reach), _from(scale, mean.value, reach)


def shared_gap_drawn(result: AuditResult, line: GroupLine) -> tuple[float, Interval | None] | None:
    """The gap that all share and its limits in the unit of own gaps: of a ratio the rate of all times what it adds."""
    gap, mean = line.systemic, result.supplement.mean_decision
    if gap is None or not line.is_ratio:
        return None if gap is None else (gap.value, gap.interval)
    if not isinstance(mean, Figure):
        return None
    value, *ends = (mean.value * (x - 1) for x in (gap.value, *(gap.interval or ())))
    return value, (ends[0], ends[1]) if ends else None


def _from(scale: GapScale, mean: float, shift: float) -> float:
    if scale == "log_rate" or mean >= 1:
        return mean * math.expm1(shift)
    odds = mean / (1 - mean) * math.exp(shift)
    return odds / (1 + odds) - mean


def reliability(gap: JudgeGap) -> float | None:
    """How much of a gap is not chance: shrunk / gap, between 0 and 1; None where there is no figure."""
    if gap.gap is None or gap.shrunk is None:
        return None
    return max(0.0, min(1.0, gap.shrunk / gap.gap)) if gap.gap else 0.0


def shown_alone(gap: JudgeGap) -> bool:
    """Whether a team sees the figure of one professional."""
    return (reliability(gap) or 0.0) >= RELIABLE


def standing(gap: JudgeGap) -> str:
    """`flag`, `no_flag`, or the code of the reason why there is neither."""
    if gap.flag:
        return "flag"
    return gap.because or ("no_flag" if gap.flag is not None else "too_few")


def group_tables(result: AuditResult) -> list[Table]:
    """Every table about groups; empty ones are left out. Professionals are as the result names them."""
    told, lines = result.supplement.groups, group_lines(result)
    if told is None:
        return []
    tables = [_gaps(lines), _tests(lines), _limits(told, lines), _people(lines), _pairs(told.intersections)]
    tables += [_kinds(told.discovery)] if isinstance(told.discovery, Discovery) else []
    tables += [_rates(told), _fairness(told)]
    asked = [*((name, "not analysed", why) for name, why in told.not_analysed.items()),
             *((name, "legal basis", basis) for name, basis in told.legal_basis.items())]  # fmt: skip
    tables.append(Table("group_settings", ("name", "what", "text"), tuple(asked)))
    return [table for table in tables if table.rows]


def _named(line: GroupLine) -> tuple[Cell, Cell]:
    return line.name, line.gaps.value


def _gaps(lines: Sequence[GroupLine]) -> Table:
    columns = ("name", "value", "cases", "decisions", "gap", *FIGURE, "q")
    return Table("group_gaps", columns, tuple(row for line in lines for row in _both(line)))


def _both(line: GroupLine) -> Iterator[tuple[Cell, ...]]:
    counts = (line.note.cases, line.note.decisions)
    for kind, number in (("all", line.gaps.systemic_gap), ("raw", line.gaps.raw_gap)):
        shown = number if line.note.hidden is None else NotIdentified.of("too_small_to_show")
        yield *_named(line), *counts, kind, *figure_cells(shown), line.q if kind == "all" else None


def _tests(lines: Sequence[GroupLine]) -> Table:
    columns = ("name", "value", "scale", "status", "sd", "sd_low", "sd_high", "p", "tests", "too_few")
    rows = []
    for line in lines:
        if line.note.hidden is not None:
            continue
        status, _, *sds, _ = part_cells(line.gaps.heterogeneity)
        counts = (line.gaps.tests, line.gaps.too_few)
        rows.append((*_named(line), line.note.scale, status, *sds, line.note.heterogeneity_p, *counts))
    return Table("group_heterogeneity", columns, tuple(rows))


def _limits(told: GroupsAudit, lines: Sequence[GroupLine]) -> Table:
    columns = ("name", "value", "flags", "higher", "of_chance", "for_review", "smallest_detectable", "materiality",
               "family", "fdr", "hidden")  # fmt: skip
    rows = []
    for line in lines:
        shown = line.countable and line.note.hidden is None
        flags, review = (line.note.flags, line.note.review) if shown else (None, None)
        counts = (flags, line.note.higher if shown else None, None if flags is None else of_chance(told, flags), review)
        sizes = (line.note.smallest_detectable, line.note.materiality, told.family, told.fdr, line.note.hidden)
        rows.append((*_named(line), *counts, *sizes))
    return Table("group_flags", columns, tuple(rows))


def _people(lines: Sequence[GroupLine]) -> Table:
    columns = ("name", "value", "professional", "n_in", "n_out", "shrunk", "low", "high", "q", "outcome",
               "smallest_detectable")  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        for each in line.gaps.judges if line.note.hidden is None else ():
            figures: tuple[Cell, ...] = (None, None, None)
            if shown_alone(each):
                figures = (each.shrunk, *(each.interval or (None, None)))
            last = (each.q, standing(each), each.smallest_detectable)
            rows.append((*_named(line), each.judge, each.n_in, each.n_out, *figures, *last))
    return Table("group_professionals", columns, tuple(rows))


def _pairs(pairs: Sequence[Intersection]) -> Table:
    columns = ("first", "first_value", "second", "second_value", "contrast", "low", "high", "tests", "too_few", "flags")
    rows = []
    for pair in pairs:
        number = figure_cells(pair.contrast)[1:4]
        flags = pair.flags if pair.judges or (pair.tests or 0) >= FEWEST_FOR_POINTS else None
        rows.append((*pair.first, *pair.second, *number, pair.tests, pair.too_few, flags))
    return Table("intersections", columns, tuple(rows))


def _kinds(found: Discovery) -> Table:
    columns = ("rule", "cases", "decisions", "tests", "too_few", "flags", "gap", "low", "high", "q", "seed")
    rows = []
    for kind in found.kinds:
        flags = kind.flags if kind.judges or (kind.tests or 0) >= FEWEST_FOR_POINTS else None
        counts = (kind.cases, kind.decisions, kind.tests, kind.too_few, flags)
        gap = figure_cells(kind.organisation)[1:4]
        rows.append((rule_code(kind.rule), *counts, *gap, kind.organisation_q, found.seed))
    return Table("discovery", columns, tuple(rows))


def _rates(told: GroupsAudit) -> Table:
    names = ("selection", "false_positive", "false_negative", "error")
    rows = tuple(
        (each.group, each.value, each.cases, each.decisions, name, *figure_cells(getattr(each, name)))
        for each in told.rates
        for name in names
    )
    return Table("group_rates", ("name", "value", "cases", "decisions", "rate", *FIGURE), rows)


def _fairness(told: GroupsAudit) -> Table:
    names = ("demographic_parity_difference", "equalized_odds_difference")
    rows = tuple((each.group, name, *figure_cells(getattr(each, name))) for each in told.fairness for name in names)
    return Table("fairness", ("name", "metric", *FIGURE), rows)
