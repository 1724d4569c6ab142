"""The figures that a rule can be about, by name, each read from a result with its uncertainty.

A figure without uncertainty (a count) has the interval [value, value]; one that the data cannot give has none, and the
reason. Nothing is ever read as 0.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from noiseaudit.distributions import f_quantile
from noiseaudit.errors import CallError, NotIdentified
from noiseaudit.language import catalogue
from noiseaudit.result import (
    AuditResult,
    Balance,
    Bounded,
    Component,
    Figure,
    GroupGaps,
    Interval,
    Number,
)
from noiseaudit.result.group_parts import GapScale, counted_once

Sense = Literal["upper", "lower", "absolute"]
FRACTION = "fraction"
COUNT = "count"
RATIO = "ratio"
DRIFT = "drift."
_PARTS = ("system", "level", "pattern", "stable_pattern", "occasion", "case", "detectable_pattern")


@dataclass(frozen=True)
class Selector:
    """Which gap is meant, where there are several: a characteristic or a relation, and its value."""

    group: str | None = None
    relation: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Reading:
    """A figure of a result. interval None: it cannot be judged, and `because` says why. value None: there is none."""

    value: float | None
    interval: Interval | None
    unit: str | None
    because: str | None = None


@dataclass(frozen=True)
class Known:
    """A figure that exists: how it is read, and which side of a limit is bad. each: every value has one of its own.

    times: its change is told as a ratio. within_blocks: professionals who share no cases are not compared in it.
    """

    read: Callable[[AuditResult, Selector], Reading]
    sense: Sense
    of_group: bool = False
    each: bool = False
    times: bool = False
    within_blocks: bool = False


def known_figure(name: str) -> Known:
    """The figure of that name; CallError with the nearest names where there is none."""
    if name in FIGURES:
        return FIGURES[name]
    near = difflib.get_close_matches(name, FIGURES, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there is {', '.join(FIGURES)}"
    raise CallError("unknown_figure", f"there is no figure {name!r}; {hint}")


def unit_of_decisions(result: AuditResult) -> str | None:
    """The unit of an amount: as found in the data, else as configured; a fraction where decisions are categories."""
    if result.design.scale in ("binary", "nominal"):
        return FRACTION
    mean = result.supplement.mean_decision
    if isinstance(mean, Figure) and mean.unit is not None:
        return mean.unit
    unit = result.settings.get("unit")
    return None if unit is None else str(unit)


def nothing(because: str, unit: str | None = None) -> Reading:
    """A figure that the data cannot give."""
    return Reading(None, None, unit, because)


def _certain(value: float, unit: str) -> Reading:
    return Reading(value, (value, value), unit)


def _why(reason: str | None) -> str:
    """The words of the reason for which an interval is missing."""
    say, code = catalogue("en"), reason or "no_interval"
    for root in ("interval_reason", "reason"):
        if f"{root}.{code}" in say and "{" not in say(f"{root}.{code}"):
            return say(f"{root}.{code}")
    return say("checks.no_interval")


def _component(part: Component, measure: str, unit: str | None) -> Reading:
    if isinstance(part, NotIdentified):
        return nothing(part.because, unit)
    if isinstance(part, Bounded):
        bounds = {"sd": part.sd_bounds, "variance": part.variance_bounds}.get(measure)
        return Reading(None, bounds, unit, part.because if bounds is None else None)
    value, interval = {
        "sd": (part.sd, part.sd_interval),
        "variance": (part.variance, part.variance_interval),
        "share": (part.share, part.share_interval),
    }[measure]
    if interval is None:
        missing = "part_without_interval" if measure == "share" else part.interval_reason
        return Reading(value, None, unit, _why(missing))
    return Reading(value, interval, unit)


def _number(number: Number, unit: str | None) -> Reading:
    if isinstance(number, NotIdentified):
        return nothing(number.because, unit)
    own = FRACTION if number.unit == "probability" else number.unit or unit
    return Reading(number.value, number.interval, own, None if number.interval else _why(number.interval_reason))


def _noise(part: str, measure: str) -> Callable[[AuditResult, Selector], Reading]:
    def read(result: AuditResult, _: Selector) -> Reading:
        unit = unit_of_decisions(result)
        if measure == "variance" and unit not in (None, FRACTION):
            unit = f"{unit}²"
        return _component(getattr(result.noise, part), measure, FRACTION if measure == "share" else unit)

    return read


def _lottery(name: str) -> Callable[[AuditResult, Selector], Reading]:
    def read(result: AuditResult, _: Selector) -> Reading:
        unit = unit_of_decisions(result) if name == "mean_difference" else FRACTION
        return _number(getattr(result.lottery, name), unit)

    return read


def _accuracy(name: str) -> Callable[[AuditResult, Selector], Reading]:
    def read(result: AuditResult, _: Selector) -> Reading:
        if isinstance(result.accuracy, NotIdentified):
            return nothing(result.accuracy.because)
        part, unit = getattr(result.accuracy, name), unit_of_decisions(result)
        return _number(part, unit) if name in ("mse", "bias") else _component(part, "sd", unit)

    return read


def _chosen(result: AuditResult, which: Selector) -> list[GroupGaps] | str:
    """The entries of `groups` that are meant, or why there is none."""
    found = [
        group
        for group in result.groups
        if (which.group is None or group.group == which.group)
        and (which.relation is None or group.relation == which.relation)
        and (which.value is None or group.value == which.value)
    ]
    if found:
        return found
    return "no_such_group" if result.groups else "no_groups"


def each_gap(result: AuditResult, which: Selector) -> list[Selector]:
    """Every value that a rule about gaps is about: it is judged on each, and its worst outcome counts."""
    found = _chosen(result, which)
    return [which] if isinstance(found, str) else [Selector(g.group, g.relation, g.value) for g in found]


def _gap(name: str) -> Callable[[AuditResult, Selector], Reading]:
    """The gap of one value."""

    def read(result: AuditResult, which: Selector) -> Reading:
        found = _chosen(result, which)
        if isinstance(found, str):
            return nothing(catalogue("en")(f"checks.{found}"))
        if name == "heterogeneity":
            return _component(found[0].heterogeneity, "sd", _unit_of_spread(result, found[0]))
        rates = {"systemic_gap": RATIO, "raw_gap": "per exposure"}
        unit = rates[name] if _scale_of(result, found[0]) == "log_rate" else unit_of_decisions(result)
        return _number(getattr(found[0], name), unit)

    return read


def _scale_of(result: AuditResult, group: GroupGaps) -> GapScale:
    audit = result.supplement.groups
    notes = {} if audit is None else dict(zip(map(id, result.groups), audit.notes, strict=True))
    return notes[id(group)].scale if id(group) in notes else "difference"


def _unit_of_spread(result: AuditResult, group: GroupGaps) -> str | None:
    """Heterogeneity is on the scale of the gaps: log odds for yes/no decisions, log rates for events."""
    scale = _scale_of(result, group)
    return unit_of_decisions(result) if scale == "difference" else scale.replace("_", " ")


def _flags(result: AuditResult, which: Selector) -> Reading:
    found = _chosen(result, which)
    if isinstance(found, str):
        return nothing(catalogue("en")(f"checks.{found}"), COUNT)
    audit = result.supplement.groups
    if audit is None or len(audit.notes) != len(result.groups):
        return nothing(catalogue("en")("checks.no_groups"), COUNT)
    notes = dict(zip(map(id, result.groups), audit.notes, strict=True))
    once = [g for g, kept in zip(found, counted_once(found, [notes[id(g)] for g in found]), strict=True) if kept]
    if all(group.tests == 0 for group in found):
        return nothing(catalogue("en")("checks.no_tests"), COUNT)
    flags = [notes[id(group)].flags for group in once]
    if None in flags:
        return nothing(catalogue("en")("reason.too_small_to_show"), COUNT)
    return _certain(float(sum(n for n in flags if n)), COUNT)


def _rows(share: bool) -> Callable[[AuditResult, Selector], Reading]:
    def read(result: AuditResult, _: Selector) -> Reading:
        out = result.input.rows_read - result.input.rows_used
        if not share:
            return _certain(float(out), COUNT)
        if not result.input.rows_read:
            return nothing(catalogue("en")("checks.no_rows"), FRACTION)
        return _certain(out / result.input.rows_read, FRACTION)

    return read


def _overlap(result: AuditResult, _: Selector) -> Reading:
    """Share of the cases that two or more professionals decided."""
    if not result.design.cases:
        return nothing(catalogue("en")("checks.no_rows"), FRACTION)
    return _certain(result.supplement.cases_informative / result.design.cases, FRACTION)


def _size(name: str) -> Callable[[AuditResult, Selector], Reading]:
    def read(result: AuditResult, _: Selector) -> Reading:
        return _certain(float(getattr(result.design, name)), COUNT)

    return read


def _imbalance(result: AuditResult, _: Selector) -> Reading:
    """eta of the predicted decision: SD between professionals of what their cases let expect, in SDs.

    eta^2 = c (F - 1), so the limits follow from F over its quantiles.
    """
    log = result.supplement.log
    if log is None:
        return nothing(NotIdentified.of("panel").because, "SD")
    lead = log.assignment.predicted
    if not isinstance(lead, Balance):
        return nothing(lead.because, "SD")
    low = 0.0
    if lead.f > 1:
        confidence = float(result.settings.get("confidence", 0.95))
        reached = lead.f / float(f_quantile(0.5 + confidence / 2, *lead.df)) - 1
        low = lead.eta * math.sqrt(max(0.0, reached) / (lead.f - 1))
    if lead.eta_high is None:
        return Reading(lead.eta, None, "SD", _why("no_interval"))
    return Reading(lead.eta, (low, lead.eta_high), "SD")


FIGURES: Mapping[str, Known] = {
    **{
        f"noise.{part}.{measure}": Known(
            _noise(part, measure),
            "upper",
            times=measure == "sd",
            within_blocks=part == "level" or measure == "share",
        )
        for part in _PARTS
        for measure in ("sd", "variance", "share")
        if not (measure == "share" and part in ("system", "case", "detectable_pattern"))
    },
    **{
        f"lottery.{name}": Known(_lottery(name), "upper") for name in ("mean_difference", "noise_index", "disagreement")
    },
    "accuracy.mse": Known(_accuracy("mse"), "upper"),
    "accuracy.bias": Known(_accuracy("bias"), "absolute"),
    "accuracy.shared_case_bias.sd": Known(_accuracy("shared_case_bias"), "upper"),
    "accuracy.noise.sd": Known(_accuracy("noise"), "upper"),
    "groups.systemic_gap": Known(_gap("systemic_gap"), "absolute", of_group=True, each=True),
    "groups.raw_gap": Known(_gap("raw_gap"), "absolute", of_group=True, each=True),
    "groups.heterogeneity.sd": Known(_gap("heterogeneity"), "upper", of_group=True, each=True),
    "groups.flags": Known(_flags, "upper", of_group=True),
    "rows.excluded": Known(_rows(share=False), "upper"),
    "rows.excluded_share": Known(_rows(share=True), "upper"),
    "design.overlap": Known(_overlap, "lower"),
    "design.judges": Known(_size("judges"), "lower"),
    "design.cases": Known(_size("cases"), "lower"),
    "design.decisions": Known(_size("decisions"), "lower"),
    "assignment.imbalance": Known(_imbalance, "upper"),
}
