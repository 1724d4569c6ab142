"""Groups from rows to a result: what is asked, by which road, and what is said where there is no answer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
import noiseaudit.pipeline as pipeline
from noiseaudit.result import Estimate, Figure, GroupGaps
from noiseaudit.result.readers import for_readers
from noiseaudit.simulation.group_design import GroupDesign

ROLES = {"case": "case", "judge": "judge", "decision": "decision"}
FEATURES = ["x1", "x2", "x3", "channel"]
DEVIATES = GroupDesign(prevalence=0.4, gap=1.2, deviating=0.1, systemic=0.3)
PANEL = na.simulate(judges=20, cases=200, stable_pattern=0.5, groups=DEVIATES, seed=5)
LOG = na.simulate_log(judges=20, cases=5000, groups=DEVIATES, seed=5)


def flagged(group: GroupGaps) -> set[str]:
    return {judge.judge for judge in group.judges if judge.flag}


def only(result: na.AuditResult, value: str) -> GroupGaps:
    (found,) = (group for group in result.groups if group.value == value)
    return found


def without(result: na.AuditResult, *names: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(result.to_dict("team")))
    return {key: value for key, value in data.items() if key not in names}


@pytest.fixture(scope="module")
def panel() -> na.AuditResult:
    return na.audit(PANEL.data, **ROLES, groups=["group"])


def test_an_audit_without_groups_has_none() -> None:
    result = na.audit(PANEL.data, **ROLES)
    assert result.groups == ()
    assert result.supplement.groups is None


def test_groups_leave_the_noise_as_it_is(panel: na.AuditResult) -> None:
    plain = na.audit(PANEL.data, **ROLES)
    assert plain.noise == panel.noise
    assert plain.lottery == panel.lottery


def test_a_panel_names_who_deviates_and_no_shared_gap(panel: na.AuditResult) -> None:
    group = only(panel, "b")
    assert flagged(group)
    assert len(flagged(group)) <= 4
    assert group.systemic_gap == na.NotIdentified.of("same_cases")
    assert isinstance(group.raw_gap, Figure)
    assert isinstance(group.heterogeneity, Estimate)
    assert group.tests + group.too_few == 20
    gaps = {judge.judge: judge.gap for judge in group.judges}
    assert all(abs(gaps[name]) > 0.6 for name in flagged(group))
    assert min(abs(gap) for gap in gaps.values() if gap is not None) < 0.2


def test_two_values_are_one_question(panel: na.AuditResult) -> None:
    a, b = only(panel, "a"), only(panel, "b")
    assert flagged(a) == flagged(b)
    for one, other in zip(a.judges, b.judges, strict=True):
        assert one.gap == pytest.approx(-(other.gap or 0.0), abs=1e-9)
        assert (one.n_in, one.n_out) == (other.n_out, other.n_in)


def test_a_yes_no_panel_tells_gaps_as_shares() -> None:
    simulated = na.simulate(judges=20, cases=300, scale="binary", groups=GroupDesign(gap=2.0, deviating=0.1), seed=2)
    result = na.audit(simulated.data, **ROLES, groups=["group"])
    audit = result.supplement.groups
    assert audit is not None
    assert {note.scale for note in audit.notes} == {"log_odds"}
    assert all(abs(judge.gap) < 1 for group in result.groups for judge in group.judges if judge.gap is not None)
    assert [rate.value for rate in audit.rates] == ["a", "b"]
    own = simulated.data.groupby("group")["decision"].mean()
    assert [rate.selection.value for rate in audit.rates] == pytest.approx([own["a"], own["b"]])
    (metrics,) = audit.fairness
    assert metrics.demographic_parity_difference.value == pytest.approx(abs(own["a"] - own["b"]))


def test_own_groups_have_a_shared_gap() -> None:
    design = GroupDesign(prevalence=(0.34, 0.33, 0.33), systemic=0.5, own=True, deviating=0.0)
    data = na.simulate(judges=18, cases=200, groups=design, seed=4).data
    result = na.audit(data, **ROLES, relations=["judge_group == group"])
    (group,) = result.groups
    assert (group.group, group.relation, group.value) == (None, "judge_group == group", "true")
    low, high = group.systemic_gap.interval
    assert low < 0.5 < high
    assert group.systemic_gap.value == pytest.approx(0.5, abs=0.1)
    turned = na.audit(data, **ROLES, relations=["judge_group != group"]).groups[0]
    assert turned.systemic_gap.value == pytest.approx(-group.systemic_gap.value)


@pytest.mark.parametrize("route", ["case_mix", "classes", "strata", "none"])
def test_every_road_of_a_log_finds_the_same_people(route: Any) -> None:
    features = ["channel"] if route == "strata" else FEATURES
    result = na.audit(LOG.data, **ROLES, groups=["group"], features=features, design="log", comparable=route)
    group = only(result, "b")
    assert flagged(group)
    assert len(flagged(group)) <= 3
    if route == "none":
        assert group.systemic_gap == na.NotIdentified.of("cases_not_compared")
    else:
        low, high = group.systemic_gap.interval
        assert low < 0.3 + 0.15
        assert high > 0.3 - 0.15
    assert isinstance(group.raw_gap, Figure)


def test_a_log_too_large_for_memory_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    again = LOG.data.iloc[::5].assign(decision=lambda d: d["decision"] + rng.normal(0, 0.5, len(d)))
    data = pd.concat([LOG.data, again])
    age = {case: rng.choice(["old", "young"]) for case in data["case"].unique()[::2]}
    data = data.assign(age=data["case"].map(age))
    asked: dict[str, Any] = {**ROLES, "groups": ["group", "age"], "features": FEATURES, "design": "log",
                             "comparable": "classes", "intersections": False}  # fmt: skip
    small = na.audit(data, **asked)
    monkeypatch.setattr(pipeline, "MOST_ROWS", 100)
    large = na.audit(data, **asked)
    assert [(g.group, g.value) for g in small.groups] == [(g.group, g.value) for g in large.groups]
    for one, other in zip(small.groups, large.groups, strict=True):
        assert flagged(one) == flagged(other)
        assert one.systemic_gap.value == pytest.approx(other.systemic_gap.value, rel=1e-9)
        assert one.raw_gap.value == pytest.approx(other.raw_gap.value, rel=1e-9)
        theirs = {judge.judge: judge for judge in other.judges}
        for judge in one.judges:
            for part in ("n_in", "n_out", "gap", "p", "q"):
                assert getattr(judge, part) == pytest.approx(getattr(theirs[judge.judge], part), rel=1e-6), part
    assert small.supplement.groups is not None
    assert large.supplement.groups is not None
    for note, its in zip(small.supplement.groups.notes, large.supplement.groups.notes, strict=True):
        assert (note.cases, note.decisions, note.flags) == (its.cases, its.decisions, its.flags)
        assert (note.cases or 0) < (note.decisions or 0)


def test_rates_compare_events_per_exposure() -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"judge": rng.integers(0, 15, 6000), "case": range(6000), "hours": rng.integers(5, 20, 6000)})
    rows["group"] = np.where(rng.random(6000) < 0.4, "b", "a")
    treble = np.where((rows["judge"] == 3) & (rows["group"] == "b"), 3, 1)
    rate = 0.05 * np.where(rows["group"] == "b", 1.5, 1.0) * treble
    rows["decision"] = rng.poisson(rate * rows["hours"])
    result = na.audit(rows, **ROLES, exposure="hours", groups=["group"])
    group = only(result, "b")
    assert "3" in flagged(group)
    assert len(flagged(group)) <= 2
    assert group.systemic_gap.unit == "ratio"
    low, high = group.systemic_gap.interval
    assert low < 1.5 * (1 + 2 / 15) < high  # one of fifteen has three times the rate
    audit = result.supplement.groups
    assert audit is not None
    assert {note.scale for note in audit.notes} == {"log_rate"}


def test_with_a_truth_errors_are_told_by_group() -> None:
    data = na.simulate(judges=12, cases=150, with_answer=True, groups=DEVIATES, seed=1).data
    result = na.audit(data, **ROLES, truth="truth", groups=["group"])
    audit = result.supplement.groups
    assert audit is not None
    error = (data["decision"] - data["truth"]).groupby(data["group"]).mean()
    assert [rate.error.value for rate in audit.rates] == pytest.approx([error["a"], error["b"]])


def test_intersections_are_a_family_of_their_own() -> None:
    rng = np.random.default_rng(7)
    cases = pd.DataFrame({"case": PANEL.data["case"].unique()})
    cases["first"] = rng.choice(["p", "q"], len(cases))
    cases["second"] = rng.choice(["u", "v"], len(cases))
    data = PANEL.data.drop(columns="group").merge(cases, on="case")
    bad = data["judge"] == data["judge"].iloc[0]
    data.loc[bad & (data["first"] == "p") & (data["second"] == "u"), "decision"] += 2.0
    result = na.audit(data, **ROLES, groups=["first", "second"])
    audit = result.supplement.groups
    assert audit is not None
    (pair,) = audit.intersections
    assert (pair.first, pair.second) == (("first", "p"), ("second", "u"))
    assert {judge.judge for judge in pair.judges if judge.flag} == {data["judge"].iloc[0]}
    alone = na.audit(data, **ROLES, groups=["first", "second"], intersections=False).supplement.groups
    assert alone is not None
    assert alone.intersections == ()


@pytest.mark.parametrize("kind", ["panel", "log"])
def test_kinds_are_discovered_without_naming_a_characteristic(kind: str) -> None:
    rng = np.random.default_rng(8)
    simulate: Any = na.simulate if kind == "panel" else na.simulate_log
    base = simulate(judges=12, cases=400 if kind == "panel" else 6000, seed=9)
    cases = pd.DataFrame({"case": base.data["case"].unique()})
    cases["sort"] = rng.choice(["new", "again", "appeal"], len(cases))
    data = base.data.merge(cases, on="case")
    bad = data["judge"] == data["judge"].iloc[0]
    data.loc[bad & (data["sort"] == "appeal"), "decision"] += 1.5
    result = na.audit(data, **ROLES, features=["sort"], design=kind, discover=True, seed=3)
    audit = result.supplement.groups
    assert audit is not None
    assert audit.discovery
    named = {judge.judge for part in audit.discovery.kinds for judge in part.judges if judge.flag}
    assert named == {data["judge"].iloc[0]}
    assert audit.discovery.seed == 3
    again = na.audit(data, **ROLES, features=["sort"], design=kind, discover=True, seed=3)
    assert again.supplement.groups == audit
    nothing = na.audit(data, **ROLES, design=kind, discover=True).supplement.groups
    assert nothing is not None
    assert nothing.discovery == na.NotIdentified.of("no_case_features")


def test_unknown_is_a_group() -> None:
    data = PANEL.data.copy()
    data.loc[data["case"].isin(data["case"].unique()[:40]), "group"] = None
    result = na.audit(data, **ROLES, groups=["group"])
    assert [group.value for group in result.groups] == ["a", "b", "(unknown)"]
    assert only(result, "(unknown)").tests > 0


def test_a_special_category_needs_a_legal_basis() -> None:
    data = PANEL.data.rename(columns={"group": "Etniciteit"})
    refused = na.audit(data, **ROLES, groups=["Etniciteit"])
    assert refused.groups == ()
    assert "P602" in {said.code for said in refused.findings}
    audit = refused.supplement.groups
    assert audit is not None
    assert list(audit.not_analysed) == ["Etniciteit"]
    allowed = na.audit(data, **ROLES, groups=["Etniciteit"], legal_basis={"Etniciteit": "Article 9(2)(j)"})
    assert len(allowed.groups) == 2
    assert allowed.supplement.groups is not None
    assert allowed.supplement.groups.legal_basis == {"Etniciteit": "Article 9(2)(j)"}


def test_categories_without_an_order_have_no_gaps() -> None:
    data = na.simulate(judges=8, cases=60, scale="nominal", seed=1).data
    data = data.assign(group=np.where(pd.factorize(data["case"])[0] % 2, "a", "b"))
    result = na.audit(data, **ROLES, groups=["group"], scale="nominal")
    assert result.groups == ()
    assert "groups_of_categories" in {said.code for said in result.findings}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PANEL.data[PANEL.data["judge"].isin(PANEL.data["judge"].unique()[:2])], "too_few_judges"),
        (PANEL.data[PANEL.data["judge"].isin(PANEL.data["judge"].unique()[:3])], "very_few_judges"),
        (PANEL.data[PANEL.data["case"].isin(PANEL.data["case"].unique()[:6])], "P601"),
        (PANEL.data.groupby("case").head(1), "groups_not_compared"),
        (PANEL.data.assign(decision=5.0), "W513"),
        (PANEL.data.assign(group="b"), "group_one_value"),
        (PANEL.data.assign(group=None), "group_empty"),
    ],
    ids=["two judges", "three judges", "six cases", "no shared cases", "constant", "one value", "all missing"],
)
def test_too_little_is_said_and_nobody_is_flagged(data: pd.DataFrame, said: str) -> None:
    result = na.audit(data, **ROLES, groups=["group"], design="panel")
    assert said in {finding.code for finding in result.findings}
    for group in result.groups:
        assert not flagged(group)
        assert isinstance(group.heterogeneity, na.NotIdentified)
        assert {judge.because for judge in group.judges} <= ({None} if said == "W513" else {"too_few"})
    shown = json.loads(json.dumps(result.to_dict("team"), allow_nan=False))
    assert na.AuditResult.from_dict(shown).groups == for_readers(result, "team").groups


@pytest.mark.parametrize("audience", ["public", "team"])
def test_results_come_back_from_their_file(panel: na.AuditResult, audience: Any) -> None:
    data = json.loads(json.dumps(panel.to_dict(audience), allow_nan=False))
    back = na.AuditResult.from_dict(data)
    assert json.loads(json.dumps(back.to_dict(audience)))["supplement"]["groups"] == data["supplement"]["groups"]
    assert [(g.group, g.value) for g in back.groups] == [(g.group, g.value) for g in panel.groups]
    if audience == "public":
        names = {judge.judge for judge in panel.judges}
        assert not names & set(json.dumps(data["groups"]).split('"'))


def test_order_of_rows_and_names_of_people_do_not_matter(panel: na.AuditResult) -> None:
    names = {name: f"x{place}" for place, name in enumerate(reversed(PANEL.data["judge"].unique()))}
    data = PANEL.data.assign(judge=PANEL.data["judge"].map(names)).sample(frac=1, random_state=1)
    other = na.audit(data, **ROLES, groups=["group"])
    for one, two in zip(panel.groups, other.groups, strict=True):
        assert {names[name] for name in flagged(one)} == flagged(two)
        theirs = {judge.judge: judge for judge in two.judges}
        for judge in one.judges:
            assert judge.gap == pytest.approx(theirs[names[judge.judge]].gap, abs=1e-9)
            assert judge.q == pytest.approx(theirs[names[judge.judge]].q, abs=1e-9)


def test_the_frame_of_groups_has_a_row_a_professional_and_value(panel: na.AuditResult) -> None:
    table = panel.to_frame("groups")
    assert len(table) == sum(len(group.judges) for group in panel.groups)
    assert {"kind", "name", "value", "judge", "gap", "q", "flag", "low", "high"} <= set(table.columns)
