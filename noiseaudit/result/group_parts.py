"""What an audit found of groups: gaps that all share, how professionals differ in them, and who deviates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from noiseaudit.errors import NotIdentified
from noiseaudit.result.log_parts import Condition
from noiseaudit.result.parts import Component, Interval, Number

GapScale = Literal["difference", "log_odds", "log_rate"]
UNKNOWN = "(unknown)"  # the value of cases whose characteristic is not in the data: a group like any other
HOLDS = "true"  # the value under which a relation is told


@dataclass(frozen=True)
class JudgeGap:
    """How one professional treats a group compared with the colleagues: gap = own gap minus that of the peers.

    n_in, n_out: cells (panels) or decisions (logs) in the group and outside it, None where a file hides them. gap,
    shrunk, interval (of shrunk) and smallest_detectable: in the unit of the decision; for yes/no decisions a difference
    of shares. p and q: None where not tested. flag: None where not tested; because: the code of the reason why there is
    no test, or no flag in spite of a small q (`small` gap, `for_review`).
    difference: of a relation in a panel of numbers, decisions where it holds minus those where it does not, on what the
    cases are worth to colleagues for whom it does not hold, with interval and q against 0; None where it is not known.
    """

    judge: str
    n_in: int | None
    n_out: int | None
    gap: float | None
    shrunk: float | None
    interval: Interval | None
    p: float | None
    q: float | None
    flag: bool | None
    smallest_detectable: float | None
    because: str | None
    difference: float | None = None
    difference_interval: Interval | None = None
    difference_q: float | None = None


@dataclass(frozen=True)
class GroupGaps:
    """One value of a characteristic (group), or one relation; of the two names the other is None.

    systemic_gap: shared by all professionals, value minus rest. raw_gap: means as they are, with all differences
    between cases in it. heterogeneity: variance over professionals of their gaps, on the scale that the note of the
    group names. tests, too_few: professionals that were tested, and those with too few cases; None where hidden.
    """

    group: str | None
    relation: str | None
    value: str
    systemic_gap: Number
    raw_gap: Number
    heterogeneity: Component
    tests: int | None
    too_few: int | None
    judges: tuple[JudgeGap, ...]


def mirrors(names: Sequence[str | None]) -> list[bool]:
    """(G,) which entry is the second of exactly two of one characteristic: what it tells is the first turned round.

    names: the characteristic of each entry, None for a relation. The unknown are a value like any other.
    """
    twice = {name for name, n in Counter(names).items() if n == 2 and name is not None}
    return [name in twice and name in names[:place] for place, name in enumerate(names)]


def counted_once(groups: Sequence[GroupGaps], notes: Sequence[GroupNote]) -> list[bool]:
    """(G,) which entries are left when of exactly two values of a characteristic one is counted: that with more flags.

    Their tests are the same, but of a rare outcome the same odds are a smaller difference of shares, or of rates: it
    can be too small to matter for one value only.
    """
    again, kept = mirrors([group.group for group in groups]), [True] * len(groups)
    first = {group.group: place for place, group in reversed(list(enumerate(groups)))}
    for place, mirror in enumerate(again):
        if mirror:
            before = first[groups[place].group]
            more = (notes[place].flags or 0) > (notes[before].flags or 0)
            kept[before if more else place] = False
    return kept


@dataclass(frozen=True)
class GapSensitivity:
    """How strong a difference that is not in the data would have to be to explain the clearest flag away.

    shift: the change of the decision (its unit) that it would have to cause between that professional's cases in the
    group and outside it, beyond what it does at the colleagues: the limit of the interval nearest to 0. ratio: times
    the strongest feature in the data. e_value: of yes/no decisions, the risk ratio with both the group and the decision
    (VanderWeele & Ding, 2017). strongest: name of the feature; each None where it does not apply.
    """

    shift: float
    ratio: float | None
    strongest: str | None
    e_value: float | None


@dataclass(frozen=True)
class GroupNote:
    """What the report tells of one entry of `groups`, in the same order.

    scale: of the heterogeneity. cases, decisions: in the group. hidden: the code of the reason why a file does not show
    the group, all of its counts then None; the same code for a small group and for one from which a small one could be
    worked out, since telling them apart would tell how small.
    materiality: the smallest shrunken gap that is worth a flag. flags: judges with a flag; higher: of these, who decide
    higher for the group than colleagues do; review: tests with a small q that heterogeneity does not support.
    heterogeneity_p: chance of such spread if all gaps were one. smallest_detectable: median over the professionals that
    were tested and not flagged.
    differences: professionals whose own difference was tested; clear_differences: of these q <= fdr and worth telling,
    where the shared gap or the heterogeneity is not chance; both None where not known, or hidden.
    systemic_df: degrees of freedom of the interval of the gap that all share.
    """

    scale: GapScale
    cases: int | None
    decisions: int | None
    materiality: float
    flags: int | None
    review: int | None
    heterogeneity_p: float | None
    smallest_detectable: float | None
    sensitivity: GapSensitivity | NotIdentified
    hidden: str | None = None
    differences: int | None = None
    clear_differences: int | None = None
    higher: int | None = None
    systemic_df: float | None = None


@dataclass(frozen=True)
class Intersection:
    """Whether two characteristics together do more than each alone: contrast of the four cells.

    contrast = m(both) - m(only first) - m(only second) + m(neither), median over the professionals tested.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    contrast: Number
    tests: int | None
    too_few: int | None
    flags: int | None
    judges: tuple[JudgeGap, ...]


@dataclass(frozen=True)
class DiscoveredKind:
    """A kind of cases, found in one half of the cases and tested in the other, in which somebody deviates.

    sought: who was looked at in the search. Kinds that were looked for in the organisation name no professionals.
    flags: professionals who deviate there from what they do in other cases, of `tests`; organisation: the gap that all
    share there, where the data identify it. judges: as in GroupGaps.
    """

    sought: Literal["professionals", "organisation"]
    rule: tuple[Condition, ...]
    cases: int | None
    decisions: int | None
    tests: int | None
    too_few: int | None
    flags: int | None
    organisation: Number
    organisation_q: float | None
    judges: tuple[JudgeGap, ...]


@dataclass(frozen=True)
class Discovery:
    """Honest discovery: kinds looked for in one half of the cases, judged in the other half. seed: of the split."""

    seed: int
    features: tuple[str, ...]
    cases_searched: int
    cases_tested: int
    kinds: tuple[DiscoveredKind, ...]


@dataclass(frozen=True)
class GroupRates:
    """Of one value of a characteristic: shares that fairness tools know, with intervals.

    selection: decided 1. false_positive: decided 1 where the truth is 0; false_negative: decided 0 where it is 1.
    error: mean of decision minus truth, for numbers. truth_0, truth_1, truth_known: cases that these three rest on.
    Counts are None where hidden, and those of a truth where there is none.
    """

    group: str
    value: str
    cases: int | None
    decisions: int | None
    selection: Number
    false_positive: Number
    false_negative: Number
    error: Number
    truth_0: int | None = None
    truth_1: int | None = None
    truth_known: int | None = None


@dataclass(frozen=True)
class Fairness:
    """Scalar metrics of one characteristic, as fairlearn defines them: largest difference over its values."""

    group: str
    demographic_parity_difference: Number
    equalized_odds_difference: Number


@dataclass(frozen=True)
class GroupsAudit:
    """Beside `groups`: notes on each, intersections, discovery, rates against a truth.

    family: tests in the one Benjamini-Hochberg family of the report; fdr: its false discovery rate.
    not_analysed: characteristics that were asked for, with the code of the reason. legal_basis: as the config names it.
    """

    notes: tuple[GroupNote, ...]
    family: int
    fdr: float
    intersections: tuple[Intersection, ...] = ()
    discovery: Discovery | NotIdentified | None = None
    rates: tuple[GroupRates, ...] = ()
    fairness: tuple[Fairness, ...] = ()
    not_analysed: Mapping[str, str] = field(default_factory=dict)
    legal_basis: Mapping[str, str] = field(default_factory=dict)
