"""The parts of an audit of an ordinary log: how cases were compared, and what a log can and cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from noiseaudit.errors import NotIdentified
from noiseaudit.result.parts import Component, Number

Route = Literal["none", "strata", "classes", "case_mix"]
PREDICTED = "(predicted)"  # as a feature: the decision that the model predicts, in tenths
CLASSES = "(classes)"  # as a feature: the comparable class


@dataclass(frozen=True)
class Condition:
    """One test of a rule: below or from `bound` up, or among `values` or not; `missing`: cases without it pass."""

    feature: str
    sign: Literal["<", ">=", "in", "not in"]
    bound: float | None
    values: tuple[str, ...]
    missing: bool


@dataclass(frozen=True)
class ComparableClass:
    """Cases that are taken to be alike: every condition of the rule holds.

    mean: of the decision on the scale of the analysis (of its logarithm on a logarithmic one), events per exposure
    where decisions are rates; None for categories, and in a file where the class is too small to show.
    """

    rule: tuple[Condition, ...]
    decisions: int
    judges: int
    mean: float | None


@dataclass(frozen=True)
class SetAside:
    """A feature that was not used to compare cases, and the code of the reason.

    reason: `one_value`; `of_judge` (its values belong to the professional more than to the case; share: of its
    variance that lies between professionals); `too_many_values`; `characteristic` (of persons).
    """

    feature: str
    reason: str
    share: float | None = None


@dataclass(frozen=True)
class Comparison:
    """How cases were made comparable.

    explained: share of the variance within professionals that the features predict in rows that the model did not
    see. pools: assignment pools, where a column names them. characteristics: of persons, used as features on request.
    """

    route: Route
    features: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    classes: tuple[ComparableClass, ...]
    explained: float | None
    learner: str | None
    pools: int | None
    characteristics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Balance:
    """How unevenly a case feature (or the predicted decision) is spread over professionals.

    eta: SD between professionals of its mean, net of sampling, in SDs of the feature; eta_high: upper 95 % limit.
    f, df: the test of chance; p from F or permutations; p_adjusted: Holm over the features. effect: change of the
    decision (its unit) with one SD of the feature, within professionals.
    """

    feature: str
    eta: float
    eta_high: float | None
    f: float
    df: tuple[float, float]
    p: float
    p_adjusted: float
    method: Literal["F", "permutation"]
    effect: float | None = None


@dataclass(frozen=True)
class Assignment:
    """Did professionals get the same kind of cases? declared: the config says that cases are dealt out by lot."""

    declared: bool
    predicted: Balance | NotIdentified
    features: tuple[Balance, ...]


@dataclass(frozen=True)
class Sensitivity:
    """How strong a difference that is not in the log would have to be to explain level noise away.

    ratio: times as strong as the strongest feature in the log; ratio_low: the same for the lower limit of level noise.
    strongest: that feature; its_effect and its_eta multiply to what it would add to the level SD.
    curve: pairs (effect on the decision of one SD, SD between professionals that would suffice).
    """

    strongest: str
    ratio: float
    ratio_low: float | None
    its_effect: float
    its_eta: float
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PatternSource:
    """Professionals weigh this differently: variance of the decision that comes from it.

    by `class`: professional x class (or value, or tenth of the predicted decision); by `slope`: professionals'
    slopes on a number. counted: this one is the detectable pattern noise.
    """

    feature: str
    by: Literal["class", "slope"]
    component: Component
    counted: bool = False


@dataclass(frozen=True)
class Offices:
    """Level noise between offices, and between professionals of one office.

    offices, judges: those with a known office. between: not identified where offices cannot be compared.
    """

    offices: int
    judges: int
    between: Component
    within: Component


@dataclass(frozen=True)
class Period:
    """One period: decisions, professionals, the mean of comparable decisions with its limits, and level noise.

    start, end: first and last day, ISO 8601. outside: the mean lies outside the 99.8 % control limits. limits: None
    where too few professionals link the period to others. level_outside: the moving average of level noise up to
    this period lies outside its 99.8 % limits.
    mean: on the scale of the analysis; None for categories, and in a file where the period is too small to show.
    """

    start: str
    end: str
    decisions: int
    judges: int
    mean: float | None
    limits: tuple[float, float] | None
    outside: bool
    level: Component
    level_outside: bool = False


@dataclass(frozen=True)
class MomentEffect:
    """What an hour, a weekday or a place in the row does: variance that it explains within professionals.

    f, df, p: cluster-robust test (professional-days); None where the component is not identified. balanced_p: were
    the cases alike at all moments?
    """

    covariate: Literal["hour", "weekday", "position"]
    component: Component
    f: float | None
    df: tuple[float, float] | None
    p: float | None
    balanced_p: float | None


@dataclass(frozen=True)
class OverTime:
    """Level and noise by period, and the occasion noise that a log can show (a lower bound of it).

    persistence: correlation of levels of one period and the next; judge_days: variance of professionals' days;
    sequence: change after one unit more in the previous decision of the day, half-panel jackknife; beyond_day: the
    part that no common mood of the day explains. judges: professionals whose decisions were followed in time (a sample
    of whole professionals in huge logs). undated: decisions without a moment, left out.
    """

    unit: Literal["week", "month", "quarter", "year"]
    periods: tuple[Period, ...]
    persistence: Number
    judge_days: Component
    moments: tuple[MomentEffect, ...]
    sequence: Number
    sequence_beyond_day: Number
    judges: int
    undated: int = 0


@dataclass(frozen=True)
class SecondDecisions:
    """Cases of a log that were decided more than once: the only ones that show occasion and system noise."""

    cases: int
    decisions: int
    occasion: Component
    system: Component


@dataclass(frozen=True)
class Rates:
    """Events per unit of exposure, and the checks of the model. relative: level noise over the squared rate (its SD is
    the coefficient of variation).

    dispersion: 1 for Poisson chance. proportional: 1 where twice the exposure brings twice the events. without_events:
    professionals without one event, expected_without: how many the model expects.
    """

    rate: Number
    relative: Component
    dispersion: Number
    proportional: Number
    without_events: int | None
    expected_without: float | None


@dataclass(frozen=True)
class LogAudit:
    """What an audit of a log adds. comparable_pairs_*: two colleagues on two cases of one class (not one case).

    split_half: reliability of the levels, from random halves of each professional's decisions. rates: where decisions
    are events out of an exposure.
    """

    comparison: Comparison
    comparable_pairs_difference: Number
    comparable_pairs_disagreement: Number
    split_half: Number
    pattern_sources: tuple[PatternSource, ...]
    assignment: Assignment
    sensitivity: Sensitivity | NotIdentified
    over_time: OverTime | NotIdentified
    second_decisions: SecondDecisions | NotIdentified
    rates: Rates | None = None
