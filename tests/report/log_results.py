"""Results of audits of logs, made by hand: numbers that hang together, one result for each kind of log."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

import noiseaudit as na
from noiseaudit.errors import NotIdentified
from noiseaudit.result import (
    Assignment,
    Balance,
    Bounded,
    ComparableClass,
    Comparison,
    Condition,
    DesignSummary,
    Estimate,
    Exclusion,
    Figure,
    Individuals,
    Input,
    Judge,
    LogAudit,
    Lottery,
    MomentEffect,
    Noise,
    Offices,
    OverTime,
    PatternSource,
    Period,
    SecondDecisions,
    Sensitivity,
    SetAside,
    Supplement,
)
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import CLASSES, PREDICTED

NOBODY_TWICE = NotIdentified("no_replicates", "nobody decided the same case twice")
NO_SHARED = NotIdentified.of("no_shared_cases")
NO_TIME = NotIdentified("no_time", "no column tells when")
NO_FEATURES = NotIdentified("no_features", "no features of the cases were given")
BOUNDS = "a log bounds it only"


def estimate(sd: float, low: float | None = None, high: float | None = None, *, sign: int = 1) -> Estimate:
    """An estimate from SDs, as a reader thinks of it; sign -1: below zero."""
    interval = None if low is None or high is None else (low**2, high**2)
    return Estimate(sign * sd**2, interval, interval_reason=None if interval else "too_few_judges")


def bounded(low: float, high: float) -> Bounded:
    return Bounded((low, high), BOUNDS)


def noise(level: Estimate, detectable: Estimate, unexplained: float) -> Noise:
    """Bounds as in the method: 0 or the detectable part below, all that is left above."""
    found = [max(0.0, part.variance) for part in (level, detectable)]
    pattern = bounded(found[1], found[1] + unexplained)
    return Noise(
        bounded(sum(found), sum(found) + unexplained), level, pattern, pattern, bounded(0.0, unexplained), NO_SHARED,
        detectable,
    )  # fmt: skip


def judges(n: int, decisions: int, level_sd: float, within_sd: float) -> tuple[Judge, ...]:
    """Levels that scatter as level noise and sampling say."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(n):
        own = int(decisions / n * (0.5 + number / max(1, n - 1)))
        se = within_sd / math.sqrt(own)
        level = float(rng.normal(0, math.hypot(level_sd, se)))
        trust = level_sd**2 / (level_sd**2 + se**2)
        spread = 1.96 * se * math.sqrt(trust)
        found.append(Judge(f"medewerker {number}", own, own, level, se, trust * level,
                           (trust * level - spread, trust * level + spread), trust, 1))  # fmt: skip
    return tuple(found)


def individuals(people: tuple[Judge, ...], level_sd: float) -> Individuals:
    z = [abs(judge.level / judge.se) for judge in people]
    wide = [abs(judge.level) / math.hypot(judge.se, level_sd) for judge in people]
    return Individuals(len(z), sum(x > 1.96 for x in z), sum(x > 3.09 for x in z), sum(x > 3.09 for x in wide),
                       0.05 * len(z), 0.002 * len(z), level_sd**2)  # fmt: skip


def balance(feature: str, eta: float, p: float, effect: float | None, *, n: int = 60) -> Balance:
    return Balance(
        feature, eta, max(0.02, eta) * 1.5, 1 + 8 * max(0.0, eta), (n - 1, 4940), p, min(1.0, 3 * p), "F", effect
    )


FEE = Condition("fee", "<", 500.0, (), missing=False)
LARGE_FEE = Condition("fee", ">=", 500.0, (), missing=True)
KIND = Condition("kind of permit", "in", None, ("extension", "renewal"), missing=False)
OTHER = Condition("kind of permit", "not in", None, ("extension", "renewal"), missing=False)


def classes(means: tuple[float, float, float] | None, n: int = 60) -> tuple[ComparableClass, ...]:
    mean = means or (None, None, None)
    return (
        ComparableClass((KIND, FEE), 1800, n, mean[0]),
        ComparableClass((KIND, LARGE_FEE), 2100, n, mean[1]),
        ComparableClass((OTHER,), 1093, n - 4, mean[2]),
        ComparableClass((Condition("kind of permit", "in", None, ("event",), missing=False),), 7, 1, mean[2]),
    )


def months(level_sd: float, mean: float, spread: float) -> tuple[Period, ...]:
    """Two years by month: two are missing, one lies outside, one has no interval, two have more level noise."""
    found = []
    for number in (*range(9), *range(11, 24)):
        year, month = 2024 + number // 12, number % 12 + 1
        value = mean + spread * math.sin(number) * (0.8 if number != 17 else 4.5)
        sd = level_sd * (0.85 + 0.02 * number)
        level = estimate(sd, sd * 0.6, sd * 1.5) if number != 6 else estimate(sd)
        limits = (mean - 2.2 * spread, mean + 2.2 * spread)
        found.append(Period(f"{year}-{month:02d}-01", f"{year}-{month:02d}-28", 210 + number, 50, value, limits,
                            not limits[0] <= value <= limits[1], level, number > 21))  # fmt: skip
    return tuple(found)


def amounts() -> na.AuditResult:
    """Everything is there: case-mix model, offices, dates, second decisions; colleagues specialise a little."""
    level, detectable = estimate(56.0, 42.0, 75.0), estimate(31.0, 18.0, 44.0)
    people = judges(60, 5000, 56.0, 380.0)
    over_time = OverTime(
        "month", months(56.0, 640.0, 12.0), Figure(0.71, None, (0.52, 0.9)), estimate(24.0, 11.0, 36.0),
        (MomentEffect("hour", estimate(8.0, 2.0, 15.0), 2.9, (8, 310), 0.004, 0.41),
         MomentEffect("weekday", estimate(0.0, 0.0, 9.0), 0.8, (4, 310), 0.53, 0.02),
         MomentEffect("position", estimate(5.0), 1.9, (9, 310), 0.052, None)),
        Figure(-0.048, None, (-0.081, -0.015)), Figure(-0.021, None, (-0.052, 0.01)), 60, 37,
    )  # fmt: skip
    log = LogAudit(
        Comparison(
            "case_mix", ("kind of permit", "fee", "area", "number of attachments"),
            (SetAside("office", "of_judge", 0.97), SetAside("currency", "one_value"),
             SetAside("remarks", "too_many_values"), SetAside("age class", "characteristic")),
            classes((210.0, 760.0, 1110.0)), 0.46, "HistGradientBoostingRegressor", None,
        ),
        Figure(402.0, "€", (388.0, 417.0)), NotIdentified.of("not_categorical"), Figure(0.74, None, (0.63, 0.83)),
        (PatternSource(PREDICTED, "class", detectable, counted=True),
         PatternSource("kind of permit", "class", estimate(26.0, 14.0, 39.0)),
         PatternSource("fee", "slope", estimate(19.0, 6.0, 31.0)),
         PatternSource("area", "slope", estimate(4.0, sign=-1))),
        Assignment(False, balance(PREDICTED, 0.31, 0.0002, 210.0),
                   (balance("fee", 0.24, 0.0004, 96.0), balance("kind of permit", 0.31, 0.0001, 64.0),
                    balance("area", 0.06, 0.21, 35.0), balance("number of attachments", -0.01, 0.6, 12.0))),
        Sensitivity("fee", 2.4, 1.8, 96.0, 0.24, tuple((x, 56.0 / x) for x in range(20, 241, 10))),
        over_time,
        SecondDecisions(212, 431, estimate(150.0, 118.0, 190.0), estimate(240.0, 200.0, 290.0)),
    )  # fmt: skip
    return result(
        "permits 2024–2025.csv", "continuous", noise(level, detectable, 350.0**2), people, log, level_sd=56.0,
        mean=Figure(642.0, "€", None, "descriptive"), period=("2024-01-02", "2025-12-30"),
        offices=Offices(6, 60, estimate(38.0, 12.0, 110.0), estimate(44.0, 35.0, 56.0)), unit="€", time="decided on",
    )  # fmt: skip


def yes_no() -> na.AuditResult:
    """Classes; no dates, no offices, nobody decided twice; assignment not declared; little evidence of pattern."""
    level, detectable = estimate(0.061, 0.045, 0.083), estimate(0.02, 0.0, 0.05)
    log = LogAudit(
        Comparison("classes", ("kind of permit", "fee"), (), classes((0.95, 0.93, 0.88), 40), 0.12, None, None),
        NotIdentified.of("not_numeric"), Figure(0.148, "probability", (0.135, 0.163)), Figure(0.58, None, (0.4, 0.72)),
        (PatternSource(CLASSES, "class", detectable, counted=True),),
        Assignment(False, balance(PREDICTED, 0.05, 0.03, 0.2), (balance("fee", 0.05, 0.03, 0.09),)),
        Sensitivity("fee", 13.6, 10.0, 0.09, 0.05, tuple((x / 100, 6.1 / x) for x in range(4, 41, 2))),
        NO_TIME, NOBODY_TWICE,
    )  # fmt: skip
    people = judges(40, 5000, 0.061, 0.265)
    return result("objections.csv", "binary", noise(level, detectable, 0.07), people, log, level_sd=0.061)


def bare() -> na.AuditResult:
    """No features, so nothing to compare with."""
    level = estimate(4.1, 2.9, 6.0)
    log = LogAudit(
        Comparison("none", (), (), (), None, None, None), Figure(15.2, "days", (14.1, 16.4)),
        NotIdentified.of("not_categorical"), Figure(0.6, None, None, "too_few_judges"), (),
        Assignment(False, NO_FEATURES, ()), NO_FEATURES, NO_TIME, NOBODY_TWICE,
    )  # fmt: skip
    nothing = replace(noise(level, estimate(0.0), 180.0), detectable_pattern=NO_FEATURES)
    return result("days.csv", "count", nothing, judges(14, 900, 4.1, 13.4), log, level_sd=4.1, unit="days",
                  mean=Figure(22.0, "days", None, "descriptive"))  # fmt: skip


def by_lot() -> na.AuditResult:
    """Dealt out by lot in pools, by strata; a relative scale; characteristics of persons used on request."""
    level, detectable = estimate(0.11, 0.08, 0.15), estimate(0.01, 0.0, 0.04, sign=-1)
    strata = tuple(
        ComparableClass((Condition("offence", "in", None, (name,), missing=False),), 400 - 9 * i, 22, 3.2 + 0.05 * i)
        for i, name in enumerate(f"article {number}" for number in range(1, 31))
    )
    log = LogAudit(
        Comparison("strata", ("offence", "age class"), (), strata, 0.03, None, 18, ("age class",)),
        Figure(0.62, "log", (0.58, 0.66)), NotIdentified.of("not_categorical"), Figure(0.66, None, (0.5, 0.8)),
        (PatternSource(CLASSES, "class", detectable, counted=True),),
        Assignment(True, balance(PREDICTED, -0.01, 0.44, 0.3), (balance("offence", -0.01, 0.44, 0.2),)),
        Sensitivity("offence", 5.0, 3.6, 0.2, 0.11, tuple((x / 100, 11.0 / x) for x in range(5, 60, 5))),
        OverTime("quarter", (), NotIdentified("too_few_periods", "there are fewer than three periods"),
                 NotIdentified("too_few_days", "too few days hold two decisions of one professional"), (),
                 Figure(0.02, None, (-0.03, 0.07)), Figure(0.01, None, (-0.04, 0.06)), 12), NOBODY_TWICE,
    )  # fmt: skip
    people, parts = judges(22, 8000, 0.11, 0.55), noise(level, detectable, 0.3)
    return result("sentences.csv", "log", parts, people, log, level_sd=0.11, unit="months", time="date")


def zero() -> na.AuditResult:
    """Level noise below zero; few professionals; nothing but the level."""
    base = bare()
    level = Estimate(-1.2, (0.0, 9.0))
    return replace(base, noise=replace(noise(level, estimate(0.0), 180.0), detectable_pattern=NO_FEATURES),
                   judges=base.judges[:6], design=replace(base.design, judges=6))  # fmt: skip


def doubtful_lot() -> na.AuditResult:
    """By lot, says the config; the cases say otherwise."""
    base = amounts()
    apart = NotIdentified("disconnected", "offices share no kind of case")
    log = replace(base.supplement.log, assignment=replace(base.supplement.log.assignment, declared=True))
    return replace(base, supplement=replace(base.supplement, log=log, offices=apart))


def twice() -> na.AuditResult:
    """Yes or no, with cases decided twice and offices."""
    base = yes_no()
    log = replace(base.supplement.log, second_decisions=SecondDecisions(34, 70, estimate(0.2, 0.1, 0.3), estimate(0.3)))
    offices = Offices(2, 40, estimate(0.0, sign=-1), estimate(0.061, 0.045, 0.083))
    return replace(base, supplement=replace(base.supplement, log=log, offices=offices))


def categories() -> na.AuditResult:
    """Outcomes without order."""
    base = yes_no()
    log = base.supplement.log
    log = replace(log, comparison=replace(log.comparison, classes=classes(None, 40)))
    design = replace(base.design, scale="nominal")
    parts = noise(estimate(0.061, 0.045, 0.083), estimate(0.02, 0.0, 0.05), 0.14)
    return replace(base, noise=parts, design=design, supplement=replace(base.supplement, log=log))


def grades() -> na.AuditResult:
    """Grades in order: a difference in steps, and the chance of another grade."""
    base = bare()
    log = replace(base.supplement.log, comparable_pairs_difference=Figure(0.9, "steps", (0.8, 1.0)),
                  comparable_pairs_disagreement=Figure(0.55, "probability", (0.5, 0.6)))  # fmt: skip
    small = replace(noise(estimate(0.3, 0.2, 0.4), estimate(0.0), 0.8), detectable_pattern=NO_FEATURES)
    design = replace(base.design, scale="ordinal")
    return replace(base, noise=small, design=design, supplement=replace(base.supplement, log=log))


def nothing() -> na.AuditResult:
    """One professional: no figure at all."""
    alone = NotIdentified.of("single_judge")
    base = bare()
    return replace(
        base, noise=Noise(alone, alone, alone, alone, alone, alone, alone), judges=(),
        design=replace(base.design, judges=1, estimator="none"),
        findings=(finding("E510", "error"),),
        supplement=replace(base.supplement, log=None, individuals=alone, mean_decision=alone),
    )  # fmt: skip


def result(
    name: str,
    scale: str,
    parts: Noise,
    people: tuple[Judge, ...],
    log: LogAudit,
    *,
    level_sd: float,
    mean: Figure | None = None,
    period: tuple[str, str] | None = None,
    offices: Offices | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> na.AuditResult:
    """An AuditResult as the pipeline makes it for a log."""
    decisions = sum(judge.decisions for judge in people)
    roles = {"case": "case", "judge": "handled by", "decision": "decision"}
    roles |= {"features": list(log.comparison.features)} if log.comparison.features else {}
    twice = log.second_decisions.cases if isinstance(log.second_decisions, SecondDecisions) else 0
    return na.AuditResult(
        input=Input(name, None, decisions + 14, decisions, (Exclusion("missing_decision", "no decision", 14),)),
        design=DesignSummary("log", scale, "fe", len(people), decisions - twice, decisions, 2 * twice, decisions, 0, 1,
                             roles | ({"time": time} if time else {})),
        noise=parts, book=NO_SHARED, lottery=Lottery(NO_SHARED, NO_SHARED, NO_SHARED),
        accuracy=NotIdentified.of("no_truth"), judges=people, groups=(),
        findings=(finding("roles_assumed", roles="case, handled by, decision"),),
        supplement=Supplement(
            mean or NotIdentified.of("not_numeric"), NO_SHARED, NO_SHARED, NO_SHARED, NO_SHARED,
            individuals(people, level_sd), NO_SHARED, 0, twice, NO_SHARED, period, offices, log,
        ),
        settings={"confidence": 0.95, "unit": unit, "roles": roles},
        tool_version="0.1.0",
    )  # fmt: skip


def renamed(log_result: na.AuditResult, name: Callable[[str], str]) -> na.AuditResult:
    """The same result with other names of features and values."""
    log = log_result.supplement.log

    def rule(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(replace(c, feature=name(c.feature), values=tuple(map(name, c.values))) for c in conditions)

    comparison = replace(
        log.comparison, features=tuple(map(name, log.comparison.features)),
        set_aside=tuple(replace(each, feature=name(each.feature)) for each in log.comparison.set_aside),
        classes=tuple(replace(each, rule=rule(each.rule)) for each in log.comparison.classes),
        learner=name(log.comparison.learner or ""), characteristics=(name("age"),),
    )  # fmt: skip
    own = (PREDICTED, CLASSES)
    sources = tuple(s if s.feature in own else replace(s, feature=name(s.feature)) for s in log.pattern_sources)
    features = tuple(replace(each, feature=name(each.feature)) for each in log.assignment.features)
    found = replace(
        log, comparison=comparison, pattern_sources=sources, assignment=replace(log.assignment, features=features),
        sensitivity=replace(log.sensitivity, strongest=name(log.sensitivity.strongest)),
    )  # fmt: skip
    return replace(log_result, supplement=replace(log_result.supplement, log=found))


LOGS: dict[str, Callable[[], na.AuditResult]] = {
    "log amounts": amounts, "log yes or no": yes_no, "log bare": bare, "log by lot": by_lot, "log zero": zero,
    "log doubtful lot": doubtful_lot, "log twice": twice, "log categories": categories, "log grades": grades,
    "log nothing": nothing,
}  # fmt: skip
