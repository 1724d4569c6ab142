"""Every rule x outcome x format, and what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import noiseaudit as na
from noiseaudit.checks.figures import COUNT, FIGURES, FRACTION, Reading, Selector
from noiseaudit.checks.outcome import Outcome, RuleOutcome, _side
from noiseaudit.checks.policy import DEFAULT_RULES
from noiseaudit.result import Bounded, Estimate, Figure, GroupGaps, GroupNote, GroupsAudit, JudgeGap

from ..conftest import ROLES, TOY, long

PANEL = na.audit(na.simulate(judges=14, cases=40, repeats=(1, 2), level=0.3, stable_pattern=0.5, seed=3).data,
                 **ROLES, occasion="occasion")  # fmt: skip
YES_NO = na.audit(na.simulate(judges=14, cases=40, scale="binary", seed=3).data, **ROLES)
TRUE = na.audit(na.simulate(judges=12, cases=30, with_answer=True, seed=3).data, **ROLES, truth="truth")
LOG = na.audit(na.simulate_log(judges=12, cases=600, seed=1).data, case="case", judge="judge", decision="decision",
               design="log", features=["x1", "x2"])  # fmt: skip


def with_group(*gaps: tuple[str, float, tuple[float, float] | None, int]) -> na.AuditResult:
    """A result with these values of `Age`: gap, interval and number of flags."""
    nothing = na.NotIdentified.of("too_few_judges")
    groups, notes = [], []
    for value, gap, interval, flags in gaps:
        figure = Figure(gap, None, interval, None if interval else "too_few_judges")
        spread = Estimate(0.04, (0.01, 0.09))
        groups.append(GroupGaps("Age", None, value, figure, figure, spread, 5, 1, ()))
        notes.append(GroupNote("difference", 30, 90, 0.1, flags, 0, 0.01, 0.2, nothing))
    audit = GroupsAudit(tuple(notes), 5 * len(groups), 0.05)
    return replace(PANEL, groups=tuple(groups), supplement=replace(PANEL.supplement, groups=audit))


GROUPS = with_group(("65+", -0.3, (-0.5, -0.1), 1), ("young", 0.05, (-0.1, 0.2), 0))
OF: dict[str, na.AuditResult] = {
    **dict.fromkeys(FIGURES, PANEL),
    "lottery.disagreement": YES_NO,
    "noise.detectable_pattern.sd": LOG,
    "noise.detectable_pattern.variance": LOG,
    "assignment.imbalance": LOG,
    **{name: TRUE for name in FIGURES if name.startswith("accuracy.")},
    **{name: GROUPS for name in FIGURES if name.startswith("groups.")},
}
NEVER_JUDGED = {
    "noise.case.sd",
    "noise.case.variance",
    "noise.stable_pattern.share",
    "noise.occasion.share",
    "lottery.noise_index",
}  # fmt: skip  descriptive, or without an interval


def reading(name: str) -> Reading:
    return FIGURES[name].read(OF[name], Selector())


def limits(name: str) -> dict[str, float]:
    """A limit for each outcome, worked out from the interval and the definition of the outcomes."""
    low, high = reading(name).interval or (0.0, 0.0)
    sense, step = FIGURES[name].sense, 1.0 if reading(name).unit == COUNT else 1e-6
    far = max(abs(low), abs(high))
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if sense == "upper":
        return {"pass": high + step, "fail": low - step, "unknown": (low + high) / 2}
    if sense == "lower":
        return {"pass": low - step, "fail": high + step, "unknown": (low + high) / 2}
    return {"pass": far + step, "fail": near - step, "unknown": (near + far) / 2}


def possible(name: str, wanted: str) -> bool:
    """A count is known for certain, and no share lies past 1."""
    found = reading(name)
    certain = found.interval is not None and found.interval[0] == found.interval[1]
    return not (wanted == "unknown" and certain) and not (found.unit == FRACTION and abs(limits(name)[wanted]) > 1)


JUDGED = [(name, wanted) for name in sorted(set(FIGURES) - NEVER_JUDGED) for wanted in ("pass", "fail", "unknown")
          if possible(name, wanted)]  # fmt: skip


@pytest.mark.parametrize(("name", "wanted"), JUDGED)
def test_every_figure_in_every_outcome_and_format(name: str, wanted: str) -> None:
    found, limit = reading(name), limits(name)[wanted]
    assert found.interval is not None, found.because
    if FIGURES[name].sense != "lower" and limit < 0:
        with pytest.raises(na.CallError, match="below 0"):
            na.Rule("r", name, fail=limit)
        return
    outcome = na.check(OF[name], na.Policy((na.Rule("r", name, fail=limit),)))
    assert outcome.status == wanted
    assert outcome.exit_code == {"pass": 0, "fail": 1, "unknown": 4}[wanted]
    data = json.loads(json.dumps(outcome.to_dict(), allow_nan=False))
    assert (data["status"], data["exit"]) == (wanted, outcome.exit_code)
    assert data["rules"][0]["measured"] == found.value
    assert outcome.text().startswith({"pass": "PASS", "fail": "FAIL", "unknown": "UNKNOWN"}[wanted])
    suite = ET.fromstring(outcome.to_junit())[0]
    kinds = [child.tag for child in suite[0] if child.tag != "system-out"]
    assert kinds == {"pass": [], "fail": ["failure"], "unknown": ["error"]}[wanted]
    if wanted == "pass":
        outcome.raise_for_status()
    else:
        with pytest.raises(na.CheckFailedError) as refused:
            outcome.raise_for_status()
        assert refused.value.exit_code == outcome.exit_code
        assert refused.value.outcome is outcome


@pytest.mark.parametrize("name", sorted(NEVER_JUDGED))
def test_a_figure_without_interval_is_unknown_whatever_the_limit(name: str) -> None:
    assert reading(name).interval is None
    for limit in (0.0, 0.5, 1.0):
        outcome = na.check(OF[name], na.Policy((na.Rule("r", name, fail=limit, warn=0.0),)))
        assert outcome.status == "unknown"
        assert not outcome.warnings
        assert outcome.rules[0].because


@pytest.mark.parametrize(
    ("sense", "interval", "limit", "status"),
    [
        ("upper", (1.0, 2.0), 2.0, "pass"), ("upper", (1.0, 2.0), 1.0, "unknown"), ("upper", (1.0, 2.0), 0.999, "fail"),
        ("lower", (1.0, 2.0), 1.0, "pass"), ("lower", (1.0, 2.0), 2.0, "unknown"), ("lower", (1.0, 2.0), 2.001, "fail"),
        ("absolute", (-2.0, 1.0), 2.0, "pass"), ("absolute", (-2.0, 1.0), 1.9, "unknown"),
        ("absolute", (-2.0, -1.0), 0.9, "fail"), ("absolute", (1.0, 2.0), 0.9, "fail"),
        ("absolute", (-3.0, -2.0), 2.5, "unknown"), ("upper", (1.0, math.inf), 5.0, "unknown"),
    ],
)  # fmt: skip
def test_the_ends_of_intervals(sense: Any, interval: tuple[float, float], limit: float, status: str) -> None:
    assert _side(interval, limit, sense) == status


def test_a_warning_is_a_pass_that_says_so() -> None:
    sd = PANEL.noise.level.sd
    high = PANEL.noise.level.sd_interval[1]
    rule = na.Rule("level", "noise.level.sd", warn=sd - 0.01, fail=high + 0.1)
    outcome = na.check(PANEL, na.Policy((rule,)))
    assert (outcome.status, outcome.warnings, outcome.exit_code) == ("pass", 1, 0)
    assert outcome.text().startswith("WARN")
    strict = na.check(PANEL, na.Policy((rule,), fail_on="warn"))
    assert (strict.status, strict.exit_code) == ("fail", 1)
    assert ET.fromstring(strict.to_junit()).get("failures") == "1"
    assert ET.fromstring(outcome.to_junit()).get("failures") == "0"
    calm = na.check(PANEL, na.Policy((replace(rule, warn=sd + 0.01),)))
    assert calm.warnings == 0


def test_fail_beats_unknown_beats_pass() -> None:
    level = limits("noise.level.sd")
    rules = {kind: na.Rule(kind, "noise.level.sd", fail=level[kind]) for kind in ("pass", "fail", "unknown")}
    for kinds, status in ((("pass", "unknown", "fail"), "fail"), (("unknown", "pass"), "unknown"), (("pass",), "pass")):
        assert na.check(PANEL, na.Policy(tuple(rules[kind] for kind in kinds))).status == status


@pytest.mark.parametrize("exit_code", [0, 1, 4, 99])
def test_the_exit_of_the_unknown_is_chosen(exit_code: int) -> None:
    rule = na.Rule("r", "noise.level.sd", fail=limits("noise.level.sd")["unknown"])
    outcome = na.check(PANEL, na.Policy((rule,), unknown_exit=exit_code))
    assert outcome.exit_code == exit_code
    if exit_code == 0:
        outcome.raise_for_status()
        assert ET.fromstring(outcome.to_junit()).get("skipped") == "1"
    else:
        with pytest.raises(na.CheckFailedError):
            outcome.raise_for_status()
    assert na.check(PANEL, na.Policy((rule,), unknown_exit=exit_code, exit_zero=True)).exit_code == 0


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"figure": "noise.level.sdd", "fail": 1}, "did you mean 'noise.level.sd'"),
        ({"figure": "drift.noise.levl.sd", "fail": 1}, "noise.level.sd"),
        ({"figure": "noise.level.sd"}, "needs a limit"),
        ({"figure": "noise.level.sd", "fail": math.nan}, "finite"),
        ({"figure": "noise.level.sd", "fail": math.inf}, "finite"),
        ({"figure": "noise.level.sd", "fail": "1"}, "a limit is a number"),
        ({"figure": "noise.level.sd", "fail": True}, "a limit is a number"),
        ({"figure": "noise.level.sd", "fail": -1}, "below 0"),
        ({"figure": "drift.design.judges", "fail": -2}, "below 0"),
        ({"figure": "drift.noise.level.sd", "fail": -1}, "below 0"),
        ({"figure": "noise.level.sd", "warn": 2, "fail": 1}, "would never warn"),
        ({"figure": "design.overlap", "warn": 0.1, "fail": 0.5}, "would never warn"),
        ({"figure": "noise.level.sd", "fail": 1, "group": "Age"}, "no figure of a group"),
        ({"figure": "groups.flags", "fail": 1, "group": "Age", "relation": "a == b"}, "not both"),
    ],
)
def test_a_rule_that_cannot_be_right_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(na.CallError, match=words) as refused:
        na.Rule("r", **rule)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("result", "rule", "words"),
    [
        (na.audit(long(TOY), **ROLES, unit="€"), {"figure": "noise.level.sd", "fail": 1, "unit": "$"}, "it is in '€'"),
        (na.audit(long(TOY), **ROLES), {"figure": "noise.level.sd", "fail": 1, "unit": "€"}, "it has no unit"),
        (YES_NO, {"figure": "lottery.disagreement", "fail": 20}, "write 0.2 for 20%"),
        (YES_NO, {"figure": "lottery.disagreement", "fail": 0.2, "unit": "%"}, "in '%'"),
        (PANEL, {"figure": "rows.excluded", "fail": 0.5}, "whole number"),
        (PANEL, {"figure": "rows.excluded_share", "fail": 5}, "write 0.05 for 5%"),
    ],
)
def test_a_limit_in_the_wrong_unit_is_refused(result: na.AuditResult, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(na.CallError, match=words):
        na.check(result, na.Policy((na.Rule("r", **rule),)))


@pytest.mark.parametrize(
    ("name", "result"),
    [("noise.occasion.sd", YES_NO), ("accuracy.mse", PANEL), ("groups.systemic_gap", PANEL), ("groups.flags", PANEL),
     ("lottery.disagreement", PANEL), ("assignment.imbalance", PANEL), ("noise.detectable_pattern.sd", PANEL),
     ("drift.noise.level.sd", PANEL)],
)  # fmt: skip
def test_what_the_data_cannot_give_is_unknown_with_its_reason(name: str, result: na.AuditResult) -> None:
    (rule,) = na.check(result, na.Policy((na.Rule("r", name, fail=0.9 if name != "groups.flags" else 0),))).rules
    assert rule.status == "unknown"
    assert len(rule.because.split()) > 3


def test_bounds_are_judged_as_the_interval_that_they_are() -> None:
    low, high = LOG.noise.system.sd_bounds
    assert isinstance(LOG.noise.system, Bounded)
    for limit, status in ((high * 1.01, "pass"), (low * 0.99, "fail"), ((low + high) / 2, "unknown")):
        assert na.check(LOG, na.Policy((na.Rule("r", "noise.system.sd", fail=limit),))).status == status


def test_gaps_are_chosen_by_group_and_value_and_the_worst_counts() -> None:
    def status(fail: float, **which: str) -> str:
        return na.check(GROUPS, na.Policy((na.Rule("r", "groups.systemic_gap", fail=fail, **which),))).status

    assert status(0.6) == "pass"
    assert status(0.3) == "unknown"
    assert status(0.09) == "fail"  # 65+ lies wholly past it
    assert status(0.25, value="young") == "pass"
    assert status(0.09, group="Age", value="65+") == "fail"
    assert status(0.6, group="Origin") == "unknown"
    assert status(0.6, relation="a == b") == "unknown"
    flags = na.Rule("r", "groups.flags", fail=0, group="Age")
    assert na.check(GROUPS, na.Policy((flags,))).status == "fail"
    assert na.check(GROUPS, na.Policy((replace(flags, value="young"),))).status == "pass"
    mixed = with_group(("65+", -0.3, (-0.5, -0.2), 0), ("young", 0.05, None, 0))
    (found,) = na.check(mixed, na.Policy((na.Rule("r", "groups.systemic_gap", fail=0.15),))).rules
    assert (found.status, found.rule.value) == ("fail", "65+")  # one that cannot be judged hides no other
    without = with_group(("65+", -0.3, (-0.5, -0.1), 0), ("young", 0.05, None, 0))
    assert na.check(without, na.Policy((na.Rule("r", "groups.systemic_gap", fail=9),))).status == "unknown"


def test_flags_of_two_values_are_those_of_one() -> None:
    def flags(result: na.AuditResult, **which: str) -> float | None:
        return FIGURES["groups.flags"].read(result, Selector(**which)).value

    two = with_group(("65+", -0.3, (-0.5, -0.1), 2), ("young", 0.3, (0.1, 0.5), 2))
    assert (flags(two), flags(two, value="young")) == (2, 2)
    three = with_group(("a", 0.1, None, 2), ("b", 0.1, None, 2), ("c", 0.1, None, 1))
    assert flags(three) == 5


def rates(gap: float, interval: tuple[float, float]) -> na.AuditResult:
    """A result whose systemic gap is a ratio of rates."""
    (one,) = with_group(("65+", 0.0, None, 0)).groups
    audit = with_group(("65+", 0.0, None, 0)).supplement.groups
    assert audit is not None
    note = replace(audit.notes[0], scale="log_rate")
    supplement = replace(PANEL.supplement, groups=replace(audit, notes=(note,)))
    return replace(PANEL, groups=(replace(one, systemic_gap=Figure(gap, "ratio", interval)),), supplement=supplement)


@pytest.mark.parametrize(
    ("gap", "interval", "status", "warning"),
    [
        (1.0, (0.85, 1.2), "pass", False), (1.2, (1.1, 1.24), "pass", True), (0.82, (0.801, 0.9), "pass", True),
        (1.2, (1.1, 1.3), "unknown", False), (0.9, (0.75, 1.1), "unknown", False), (1.5, (1.3, 1.8), "fail", False),
        (0.5, (0.3, 0.79), "fail", False), (0.0, (0.0, 0.5), "fail", False),
    ],
)  # fmt: skip
def test_a_ratio_is_as_far_from_1_either_way(
    gap: float, interval: tuple[float, float], status: str, warning: bool
) -> None:
    rule = na.Rule("r", "groups.systemic_gap", warn=1.15, fail=1.25, unit="ratio")
    (found,) = na.check(rates(gap, interval), na.Policy((rule,))).rules
    assert (found.status, found.warning) == (status, warning)
    assert found.interval == interval
    for limit in (1.0, 0.2):
        with pytest.raises(na.CallError, match="above 1"):
            na.check(rates(gap, interval), na.Policy((replace(rule, warn=None, fail=limit),)))


def test_the_change_of_a_ratio_is_a_ratio() -> None:
    rule = na.Rule("r", "drift.groups.systemic_gap", fail=1.5)
    before = rates(1.0, (0.9, 1.1))
    for after, status in ((1.0, "pass"), (2.0, "fail"), (0.5, "fail"), (1.4, "unknown")):
        (found,) = na.check(rates(after, (0.9 * after, 1.1 * after)), na.Policy((rule,)), baseline=before).rules
        assert (found.status, found.unit, found.value) == (status, "ratio", pytest.approx(after))


@pytest.mark.parametrize("name", ["design.judges", "design.cases", "design.decisions", "design.overlap"])
def test_what_has_not_changed_never_fails(name: str) -> None:
    limit = 0.1 if name == "design.overlap" else 2
    rule = na.Rule("r", f"drift.{name}", fail=limit)
    assert na.check(PANEL, na.Policy((rule,)), baseline=PANEL).status == "pass"
    for part, less in (("judges", 3), ("cases", 3), ("decisions", 3)):
        if name == f"design.{part}":
            for sign in (1, -1):
                design = replace(PANEL.design, **{part: getattr(PANEL.design, part) + sign * less})
                assert na.check(replace(PANEL, design=design), na.Policy((rule,)), baseline=PANEL).status == "fail"


def test_of_a_gap_that_is_not_there_no_unit_is_refused() -> None:
    rule = na.Rule("r", "groups.systemic_gap", fail=5, unit="€", group="Origin")
    assert na.check(GROUPS, na.Policy((rule,))).status == "unknown"


def test_a_policy_is_checked_as_a_whole() -> None:
    with pytest.raises(na.CallError, match="at least one rule"):
        na.Policy(())
    with pytest.raises(na.CallError, match="more than one rule named 'level"):
        na.Policy((DEFAULT_RULES[1], DEFAULT_RULES[1]))
    with pytest.raises(na.CallError, match="fail_on"):
        na.Policy(fail_on="never")  # type: ignore[arg-type]
    for wrong in (2, True, "4"):
        with pytest.raises(na.CallError, match="unknown_exit"):
            na.Policy(unknown_exit=wrong)  # type: ignore[arg-type]


def test_rules_that_come_one_by_one_are_all_judged() -> None:
    policy = na.Policy(na.Rule(name, "noise.level.sd", fail=0) for name in "ab")  # type: ignore[arg-type]
    assert len(policy.rules) == 2
    assert na.check(PANEL, policy).status == "fail"
    assert len(na.check(PANEL, policy).rules) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: na.Policy(({"figure": "noise.level.sd"},)),  # type: ignore[arg-type]
        lambda: na.Policy(exit_zero="false"),  # type: ignore[arg-type]
        lambda: na.Policy(unknown_exit=4.0),  # type: ignore[arg-type]
        lambda: na.Rule("r", None, fail=1),  # type: ignore[arg-type]
        lambda: na.Rule(None, "noise.level.sd", fail=1),  # type: ignore[arg-type]
        lambda: na.Rule("r", "noise.level.sd", fail=10**400),
        lambda: na.Rule("r", "noise.level.sd", fail=1, unit=3),  # type: ignore[arg-type]
        lambda: na.check(PANEL, baseline="x.json"),  # type: ignore[arg-type]
        lambda: na.check("x.json"),  # type: ignore[arg-type]
        lambda: na.Rule("r", "design.judges", fail=-5),
        lambda: na.Rule("r", "design.overlap", fail=0),
        lambda: na.check(PANEL, na.Policy((na.Rule("r", "noise.level.sd", fail=1, unit="fraction"),))),
    ],
)
def test_wrong_types_are_wrong_calls(wrong: Any) -> None:
    with pytest.raises(na.CallError):
        wrong()


def test_a_limit_may_be_a_number_of_numpy() -> None:
    assert na.check(PANEL, na.Policy((na.Rule("r", "noise.level.sd", fail=np.int64(9)),))).status == "pass"


def test_the_outcome_says_nothing_about_persons() -> None:
    marked = tuple(replace(judge, judge=f"Marker{n}") for n, judge in enumerate(GROUPS.judges))
    gap = JudgeGap("MarkerGap", 9, 9, 1.0, 1.0, (0.5, 1.5), 0.001, 0.001, True, 0.2, None)
    groups = tuple(replace(group, judges=(gap,)) for group in GROUPS.groups)
    result = replace(GROUPS, judges=marked, groups=groups)
    assert "MarkerGap" in repr(result.groups)
    limits_of = {"groups.flags": 0, "noise.level.sd": 0.01, "groups.systemic_gap": 0.09, "drift.noise.level.sd": 1.1}
    rules = tuple(na.Rule(name, name, fail=limit) for name, limit in limits_of.items())
    outcome = na.check(result, na.Policy(rules), baseline=result)
    assert "Marker" not in json.dumps(outcome.to_dict()) + outcome.text() + outcome.to_junit()


def test_junit_holds_hostile_names_as_text() -> None:
    rule = na.Rule('<b>&"\x07level', "noise.level.sd", fail=limits("noise.level.sd")["fail"])
    outcome = replace(na.check(PANEL, na.Policy((rule,))), input_name="<x>\x1b[31m.csv")
    suite = ET.fromstring(outcome.to_junit())[0]
    assert "<x>" in str(suite.get("name"))
    assert str(suite[0].get("name")).startswith('<b>&"')
    assert "\x1b" not in outcome.to_junit()


def test_one_rule_is_one_rule_whatever_else_is_checked() -> None:
    """No state is kept from one check to the next, and none is shared between threads."""
    from concurrent.futures import ThreadPoolExecutor

    policies = [
        na.Policy((na.Rule("r", name, fail=limits(name)["pass"]),)) for name in ("noise.level.sd", "noise.system.sd")
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: na.check(PANEL, policies[i % 2]).to_dict(), range(200)))
    assert all(found[i] == na.check(PANEL, policies[i % 2]).to_dict() for i in (0, 1, 100, 199))


def test_outcome_parts_are_plain_and_frozen() -> None:
    outcome = na.check(PANEL, na.Policy((na.Rule("r", "noise.level.sd", fail=9),)))
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.rules[0], RuleOutcome)
    with pytest.raises(AttributeError):
        outcome.rules = ()  # type: ignore[misc]


def test_heterogeneity_of_yes_no_gaps_is_no_share() -> None:
    """It is an SD of log odds: a limit above 1 is possible, and a per cent sign would be wrong."""
    audit = GROUPS.supplement.groups
    assert audit is not None
    odds = replace(audit, notes=tuple(replace(note, scale="log_odds") for note in audit.notes))
    result = replace(GROUPS, design=YES_NO.design, supplement=replace(GROUPS.supplement, groups=odds))
    outcome = na.check(result, na.Policy((na.Rule("r", "groups.heterogeneity.sd", fail=1.5),)))
    assert (outcome.status, outcome.rules[0].unit) == ("pass", "log odds")
    assert "%" not in outcome.text().splitlines()[0]
