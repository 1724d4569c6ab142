"""Nobody who knows every published table can pin a hidden count: a linear programme tries, on many data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import noiseaudit as na
from noiseaudit.result import (
    DiscoveredKind,
    Discovery,
    Intersection,
    JudgeGap,
)
from noiseaudit.result.complement import hidden_parts, hidden_rows
from noiseaudit.result.findings import finding
from noiseaudit.result.schema import result_schema
from noiseaudit.result.suppression import as_shown
from noiseaudit.result.thresholds import Limits

from .group_tables import Decided, drawn, figure, result_of

VALIDATOR = jsonschema.Draft202012Validator(result_schema())

HARD: dict[str, list[list[float]]] = {
    "two values, one tiny": [[395, 5]],
    "two values and unknown, one tiny": [[200, 4, 196]],
    "all but one tiny": [[391, 3, 2, 4]],
    "all but one tiny, more of them": [[350, 9, 9, 9, 9, 9, 5]],
    "one of one": [[399, 1]],
    "two tiny of equal size": [[370, 9, 9, 12]],
    "just below and just above": [[380, 9, 11]],
    "three characteristics": [[390, 10], [200, 190, 6, 4], [130, 130, 131, 9]],
    "tiny unknown": [[199, 199, 2]],
    "large unknown": [[3, 5, 392]],
    "twenty values": [[20] * 19 + [20]],
    "many small": [[8] * 49 + [8]],
    "nothing small": [[200, 200], [150, 150, 100]],
}


class Attack:
    """Unknown counts as variables; what a file tells of them as equations."""

    def __init__(self) -> None:
        self.place: dict[Any, int] = {}
        self.rows: list[tuple[dict[Any, float], float]] = []
        self.above: list[tuple[dict[Any, float], float]] = []  # sums that are at most a number
        self.least: dict[Any, float] = {}

    def var(self, key: Any, least: float = 0.0) -> Any:
        self.place.setdefault(key, len(self.place))
        self.least[key] = max(least, self.least.get(key, 0.0))
        return key

    def equal(self, terms: dict[Any, float], value: float) -> None:
        self.rows.append(({self.var(key): factor for key, factor in terms.items()}, value))

    def at_most(self, terms: dict[Any, float], value: float) -> None:
        self.above.append(({self.var(key): factor for key, factor in terms.items()}, value))

    def _matrix(self, rows: list[tuple[dict[Any, float], float]]) -> tuple[Any, Any]:
        if not rows:
            return None, None
        A = np.zeros((len(rows), len(self.place)))
        for at, (terms, _) in enumerate(rows):
            for key, factor in terms.items():
                A[at, self.place[key]] += factor
        return A, np.array([value for _, value in rows])

    def width(self, key: Any) -> float:
        """How far apart the least and the largest value are that fit everything."""
        A, b = self._matrix(self.rows)
        above, most = self._matrix(self.above)
        bounds = [(self.least.get(name, 0.0), None) for name in self.place]
        ends = []
        for sign in (1.0, -1.0):
            c = np.zeros(len(self.place))
            c[self.place[key]] = sign
            found = linprog(c, A_ub=above, b_ub=most, A_eq=A, b_eq=b, bounds=bounds, method="highs")
            if found.status == 3:
                return float("inf")
            assert found.status == 0, found.message
            ends.append(sign * found.fun)
        return ends[1] - ends[0]


def estimated(figure: dict[str, Any]) -> float | None:
    return figure["value"] if figure["status"] == "estimated" else None


def public_attack(file: dict[str, Any]) -> Attack:
    """Every equation that a public file of a log of yes/no decisions gives."""
    attack = Attack()
    N = file["design"]["cases"]
    told = file["supplement"]["groups"]
    mean = estimated(file["supplement"]["mean_decision"])
    error, bias = (estimated(file["accuracy"].get(name, {"status": "none"})) for name in ("mse", "bias"))
    assert mean is not None
    by_name: dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]] = {}
    for group, note in zip(file["groups"], told["notes"], strict=True):
        by_name.setdefault(group["group"], []).append((group["value"], group, note))
    for name, own in by_name.items():
        cells = [(name, value) for value, _, _ in own]
        for kind, total in (("n", N), ("yes", mean * N)):
            attack.equal({(kind, *cell): 1.0 for cell in cells}, total)
        rates = {rate["value"]: rate for rate in told["rates"] if rate["group"] == name}
        if error is not None and bias is not None:
            attack.equal({("fp", *c): 1.0 for c in cells} | {("fn", *c): 1.0 for c in cells}, error * N)
            attack.equal({("fp", *c): 1.0 for c in cells} | {("fn", *c): -1.0 for c in cells}, bias * N)
        for value, group, note in own:
            cell, rate = (name, value), rates[value]
            n, yes, no_truth, truth, fp, fn = ((kind, *cell) for kind in ("n", "yes", "t0", "t1", "fp", "fn"))
            attack.var(n, least=1.0)
            attack.equal({no_truth: 1.0, truth: 1.0, n: -1.0}, 0.0)
            attack.equal({yes: 1.0, fp: -1.0, truth: -1.0, fn: 1.0}, 0.0)  # yes = false positives + true positives
            attack.at_most({fp: 1.0, no_truth: -1.0}, 0.0)
            attack.at_most({fn: 1.0, truth: -1.0}, 0.0)
            for key, number in ((n, note["cases"]), (n, note["decisions"]), (n, rate["cases"]), (n, rate["decisions"]),
                                (no_truth, rate["truth_0"]), (truth, rate["truth_1"])):  # fmt: skip
                if number is not None:
                    attack.equal({key: 1.0}, number)
            for part, whole, share in ((yes, n, rate["selection"]), (fp, no_truth, rate["false_positive"]),
                                       (fn, truth, rate["false_negative"])):  # fmt: skip
                if estimated(share) is not None:
                    attack.equal({part: 1.0, whole: -float(estimated(share) or 0.0)}, 0.0)
            raw = estimated(group["raw_gap"])
            if raw is not None and note["cases"] is not None:  # yes/n - (mean N - yes)/(N - n) = raw
                size = note["cases"]
                if size < N:
                    attack.equal({yes: 1 / size + 1 / (N - size)}, raw + mean * N / (N - size))
    return attack


def hidden_counts(file: dict[str, Any]) -> list[tuple[str, str, str]]:
    told = file["supplement"]["groups"]
    found = [("n", group["group"], group["value"]) for group, note in zip(file["groups"], told["notes"], strict=True)
             if note["cases"] is None]  # fmt: skip
    for rate in told["rates"]:
        found += [(kind, rate["group"], rate["value"]) for kind, key in (("t0", "truth_0"), ("t1", "truth_1"))
                  if rate[key] is None]  # fmt: skip
    return found


def written(data: Decided, audience: str, **settings: Any) -> dict[str, Any]:
    return json.loads(json.dumps(result_of(data, **settings).to_dict(audience), allow_nan=False))  # type: ignore[arg-type]


def sets(seed: int) -> Decided:
    """Many shapes: from 1 to 3 characteristics with 2 to 8 values, most of them skewed."""
    rng = np.random.default_rng(seed)
    shares = [rng.dirichlet(np.full(rng.integers(2, 9), rng.choice([0.15, 0.4, 1.0]))).tolist()
              for _ in range(rng.integers(1, 4))]  # fmt: skip
    return drawn(seed, shares=shares, cases=int(rng.choice([60, 150, 400, 2000])), judges=int(rng.choice([6, 12, 40])))


CASES: list[tuple[str, Callable[[], Decided]]] = [
    *((f"{name}, {seed}", lambda shares=shares, seed=seed: drawn(seed, shares=shares)) for name, shares in HARD.items()
      for seed in (1, 2)),
    *((f"drawn {seed}", lambda seed=seed: sets(seed)) for seed in range(60)),
]  # fmt: skip


@pytest.mark.parametrize("make", [make for _, make in CASES], ids=[name for name, _ in CASES])
def test_a_hidden_count_cannot_be_pinned_to_within_ten(make: Callable[[], Decided]) -> None:
    data = make()
    file = written(data, "public")
    VALIDATOR.validate(file)
    attack = public_attack(file)
    shown = {(g["group"], g["value"]): n["cases"]
             for g, n in zip(file["groups"], file["supplement"]["groups"]["notes"], strict=True)}  # fmt: skip
    for cell, n in data.counts.items():
        assert shown.get(cell) in (None, n)
        assert n == 0 or n >= 10 or shown[cell] is None
    for key in hidden_counts(file):
        whole = all(shown[cell] is None for cell in shown if cell[0] == key[1])
        rare = key[0] != "n" and min(int((data.truth == 0).sum()), int((data.truth == 1).sum())) < 30
        width = attack.width(key)
        assert width >= 10 - 1e-6 or rare or (whole and file["design"]["cases"] < 30), (key, width)
    if min(n for n in data.counts.values() if n) >= 40:
        assert not [key for key in hidden_counts(file) if key[0] == "n"]


def test_the_attack_finds_what_is_not_protected() -> None:
    """The same file with only the small group hidden gives it away to the case."""
    data = drawn(3, shares=[[200, 195, 5]])
    file = written(data, "public")
    for group, note in zip(file["groups"], file["supplement"]["groups"]["notes"], strict=True):
        n = data.counts[group["group"], group["value"]]
        note["cases"] = n if n >= 10 else None
    assert public_attack(file).width(("n", "c0", "(unknown)")) == pytest.approx(0.0, abs=1e-6)


def test_rates_of_one_value_alone_would_give_it_away() -> None:
    """With only one value's error rates hidden the overall error and bias give both counts of its truths."""
    data = drawn(4, shares=[[150, 150, 100]])
    truth = data.truth.copy()
    own = np.flatnonzero(data.value["c0"] == 0)
    truth[own] = 1
    truth[own[:4]] = 0
    data = replace(data, truth=truth)
    file = written(data, "public")
    hidden = {key[2] for key in hidden_counts(file)}
    assert len(hidden) >= 2
    rates = file["supplement"]["groups"]["rates"]
    assert [rate["selection"]["status"] for rate in rates] == ["estimated"] * 3
    assert file["supplement"]["groups"]["fairness"][0]["equalized_odds_difference"]["reason"] == "too_small_to_show"
    assert file["supplement"]["groups"]["fairness"][0]["demographic_parity_difference"]["status"] == "estimated"
    full = result_of(data).supplement.groups
    assert full is not None
    kept = {rate.value: rate for rate in full.rates}
    for rate in rates:
        if rate["value"] != "v0":
            rate["truth_0"], rate["truth_1"] = kept[rate["value"]].truth_0, kept[rate["value"]].truth_1
            rate["false_positive"] = {"status": "estimated", "value": kept[rate["value"]].false_positive.value}
            rate["false_negative"] = {"status": "estimated", "value": kept[rate["value"]].false_negative.value}
    assert public_attack(file).width(("t0", "c0", "v0")) == pytest.approx(0.0, abs=1e-6)


def team_attack(file: dict[str, Any]) -> tuple[Attack, list[tuple[str, str, str]]]:
    """Cells of professional and value: totals of the professionals, of the groups, and what is shown."""
    attack, hidden = Attack(), []
    total = {judge["judge"]: judge["decisions"] for judge in file["judges"]}
    notes = file["supplement"]["groups"]["notes"]
    for name in dict.fromkeys(group["group"] for group in file["groups"]):
        own = [(g, n) for g, n in zip(file["groups"], notes, strict=True) if g["group"] == name]
        for judge, n in total.items():
            attack.equal({(name, group["value"], judge): 1.0 for group, _ in own}, n)
        for group, note in own:
            cells = {(name, group["value"], judge): 1.0 for judge in total}
            if note["decisions"] is not None:
                attack.equal(cells, note["decisions"])
            listed = {judge["judge"]: judge for judge in group["judges"]}
            for judge, n in total.items():
                one = listed.get(judge)
                if one is None or one["n_in"] is None:
                    hidden.append((name, group["value"], judge))
                else:
                    assert one["n_in"] >= 5
                    assert one["n_in"] + one["n_out"] == n
                    attack.equal({(name, group["value"], judge): 1.0}, one["n_in"])
    return attack, hidden


@pytest.mark.parametrize("seed", range(25))
def test_a_team_cannot_pin_a_small_count_of_a_professional(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = [rng.dirichlet(np.full(rng.integers(2, 5), rng.choice([0.5, 2.0, 20.0]))).tolist()]
    data = drawn(seed, shares=shares, cases=int(rng.choice([80, 200, 600])), judges=int(rng.integers(4, 9)))
    file = written(data, "team")
    VALIDATOR.validate(file)
    attack, hidden = team_attack(file)
    total = {judge["judge"]: judge["decisions"] for judge in file["judges"]}
    for key in hidden:
        assert attack.width(key) >= min(5, total[key[2]]) - 1e-6, key


def plain(judge: Any, value: Any, labels: tuple[str, ...]) -> Decided:
    """Decisions and truths that have nothing to do with the groups, and differ often."""
    place = np.arange(len(judge))
    return Decided(judge, place // 2 % 2, place % 2, {"c0": value}, {"c0": labels})


def test_a_single_hidden_professional_takes_a_second_along() -> None:
    """Two values, three professionals, one of whom has two cases of a value: its total would give that away."""
    judge = np.repeat([0, 1, 2], [40, 30, 50])
    value = np.concatenate([np.repeat([0, 1], [38, 2]), np.repeat([0, 1], [15, 15]), np.repeat([0, 1], [25, 25])])
    data = plain(judge, value, ("a", "b"))
    groups = as_shown(result_of(data), "team").groups
    assert [[one.n_in for one in group.judges] for group in groups] == [[None, None, 25], [None, None, 25]]
    assert [one.gap for one in groups[0].judges][1:] == [0.1, 0.1]  # gaps rest on enough cases
    assert [group.judges for group in as_shown(result_of(data), "public").groups] == [(), ()]


@pytest.mark.parametrize("audience", ["public", "team"])
@pytest.mark.parametrize("seed", range(12))
def test_what_is_shown_stays_as_it_is(audience: str, seed: int) -> None:
    """Written, read and written again: the same file."""
    once = as_shown(result_of(sets(seed)), audience)  # type: ignore[arg-type]
    assert as_shown(once, audience) == once  # type: ignore[arg-type]
    file = written(sets(seed), audience)
    parts = {**file, "groups": [{"relation": None} | group for group in file["groups"]]}
    again = json.loads(json.dumps(na.AuditResult.from_dict(parts).to_dict(audience)))  # type: ignore[arg-type]
    for key in ("groups", "supplement", "findings"):
        assert again[key] == file[key], key


def test_a_group_is_hidden_with_every_figure() -> None:
    shown = as_shown(result_of(drawn(5, shares=[[392, 8]])), "public")
    for group, note in zip(shown.groups, shown.supplement.groups.notes, strict=True):  # type: ignore[union-attr]
        assert note.hidden == "too_small_to_show"  # the same word for the small one and for its complement
        assert {group.systemic_gap.status, group.raw_gap.status, group.heterogeneity.status} == {"not_identified"}
        assert (group.tests, group.too_few, note.cases, note.decisions, note.flags, note.review) == (None,) * 6
        assert (note.heterogeneity_p, note.smallest_detectable, note.sensitivity.status) == (
            None,
            None,
            "not_identified",
        )
    for rate in shown.supplement.groups.rates:  # type: ignore[union-attr]
        assert (rate.cases, rate.decisions, rate.truth_0, rate.truth_1, rate.truth_known) == (None,) * 5
        assert not any((rate.selection, rate.false_positive, rate.false_negative))
    assert not shown.supplement.groups.fairness[0].demographic_parity_difference  # type: ignore[union-attr]
    assert not shown.supplement.groups.fairness[0].equalized_odds_difference  # type: ignore[union-attr]


def test_few_professionals_or_one_with_most() -> None:
    rng = np.random.default_rng(0)
    value = np.repeat([0, 1, 2], [100, 100, 100])
    few = np.concatenate([rng.integers(0, 4, 100), rng.integers(0, 12, 200)])
    data = plain(few, value, ("a", "b", "c"))
    hidden = [note.hidden is not None for note in as_shown(result_of(data), "public").supplement.groups.notes]  # type: ignore[union-attr]
    assert hidden == [True, True, False]
    assert not any(note.hidden for note in as_shown(result_of(data), "team").supplement.groups.notes)  # type: ignore[union-attr]
    most = np.concatenate([np.where(np.arange(100) < 51, 0, rng.integers(1, 12, 100)), rng.integers(0, 12, 200)])
    data = replace(data, judge=most)
    assert as_shown(result_of(data), "public").supplement.groups.notes[0].hidden  # type: ignore[union-attr]
    assert not as_shown(result_of(data), "team").supplement.groups.notes[0].hidden  # type: ignore[union-attr]
    data = replace(data, judge=np.where(np.arange(300) < 51, np.arange(300) % 2 * 3, most))
    assert not as_shown(result_of(data), "public").supplement.groups.notes[0].hidden  # type: ignore[union-attr]


def test_limits_of_the_config_go_both_ways_and_lower_ones_are_said() -> None:
    data = plain(np.arange(400) % 12, np.repeat([0, 1, 2], [200, 193, 7]), ("a", "b", "c"))
    count = lambda audience, **limits: sum(  # noqa: E731  a count by settings reads best on one line
        note.hidden is not None
        for note in as_shown(result_of(data, **limits), audience).supplement.groups.notes  # type: ignore[union-attr]
    )
    assert (count("public"), count("team")) == (2, 0)
    assert (count("public", min_cell=5), count("team", min_cell=8)) == (0, 2)
    assert count("public", min_cell=5, min_professionals=13) == 3
    for limits, said in (
        ({"min_cell": 5}, True),
        ({"min_professionals": 4}, True),
        ({"min_cell": 20}, False),
        ({}, False),
    ):
        file = written(data, "public", **limits)
        assert ("threshold_lowered" in {one["code"] for one in file["findings"]}) == said
        page = na.report.render(result_of(data, **limits), ".html") if hasattr(na, "report") else ""
        assert ("sets a lower limit" in page) == said or not page
    assert Limits.of("team", {"min_cell": 4}).lowered("team")
    assert not Limits.of("team", {"min_cell": 8}).lowered("team")


def test_findings_do_not_count_what_is_hidden() -> None:
    found = result_of(drawn(7, shares=[[392, 8], [200, 200]]))
    said = (
        finding("P601", "warning", column="c0", fewest=10),
        finding("group_missing", "warning", column="c0", share="60%"),
        finding("group_missing", "warning", column="c1", share="61%"), finding("W502", n=3),
    )  # fmt: skip
    shown = as_shown(replace(found, findings=said), "public").findings
    assert [(one.code, one.values.get("column")) for one in shown] == [
        ("P601", "c0"), ("group_missing", "c1"), ("W502", None)
    ]  # fmt: skip
    assert "8" not in json.dumps([one.what for one in shown if one.code == "P601"])


def relation_of(n_true: int, n_false: int, judges: int = 10) -> na.AuditResult:
    found = result_of(drawn(8, shares=[[200, 200]]))
    split = lambda n: [n // judges + (k < n % judges) for k in range(judges)]  # noqa: E731  shares of a number
    people = tuple(
        JudgeGap(f"p{j}", a, b, None, None, None, None, None, None, None, "too_few")
        for j, (a, b) in enumerate(zip(split(n_true), split(n_false), strict=True))
    )
    group = replace(found.groups[0], group=None, relation="a == b", value="true", judges=people)
    note = replace(found.supplement.groups.notes[0], cases=n_true, decisions=n_true)  # type: ignore[union-attr]
    audit = replace(found.supplement.groups, notes=(note,), rates=(), fairness=())  # type: ignore[type-var]
    return replace(found, groups=(group,), supplement=replace(found.supplement, groups=audit))


@pytest.mark.parametrize(
    ("holds", "fails", "hidden"), [(200, 200, False), (9, 391, True), (395, 5, True), (390, 10, False)]
)
def test_a_relation_that_nearly_always_or_never_holds(holds: int, fails: int, hidden: bool) -> None:
    shown = as_shown(relation_of(holds, fails), "public")
    assert (shown.supplement.groups.notes[0].hidden is not None) == hidden  # type: ignore[union-attr]


def test_intersections_need_both_groups_and_enough_professionals() -> None:
    found = result_of(drawn(9, shares=[[200, 192, 8], [200, 200]]))
    one = Intersection(("c0", "v0"), ("c1", "v0"), figure(1.0), 6, 6, 1, found.groups[0].judges)
    few, small = replace(one, tests=4), replace(one, first=("c0", "(unknown)"))
    none = replace(one, tests=0)
    audit = replace(found.supplement.groups, intersections=(one, few, small, none))  # type: ignore[type-var]
    shown = as_shown(replace(found, supplement=replace(found.supplement, groups=audit)), "public")
    assert [pair.tests for pair in shown.supplement.groups.intersections] == [6, None, None, 0]  # type: ignore[union-attr]
    assert [bool(pair.contrast.status == "estimated") for pair in shown.supplement.groups.intersections] == [  # type: ignore[union-attr]
        True, False, False, True
    ]  # fmt: skip
    assert not any(pair.judges for pair in shown.supplement.groups.intersections)  # type: ignore[union-attr]


def test_kinds_that_were_discovered() -> None:
    found = result_of(drawn(10, shares=[[200, 200]]))
    kind = DiscoveredKind("professionals", (), 100, 100, 8, 4, 1, figure(1.0), 0.1, found.groups[0].judges)
    kinds = tuple(replace(kind, cases=n) for n in (100, 60, 33, 7))
    audit = replace(found.supplement.groups, discovery=Discovery(0, ("f",), 200, 200, kinds))  # type: ignore[type-var]
    found = replace(found, supplement=replace(found.supplement, groups=audit))
    shown = as_shown(found, "public").supplement.groups.discovery  # type: ignore[union-attr]
    assert [each.cases for each in shown.kinds] == [100, 60, None, None]
    assert [each.tests for each in shown.kinds] == [8, 8, None, None]
    assert not any(each.judges for each in shown.kinds)
    assert as_shown(as_shown(found, "public"), "public") == as_shown(found, "public")


def test_parts_and_rows_by_themselves() -> None:
    def parts(*sizes: float, rest: float = 0.0) -> list[bool]:
        values = np.array(sizes)
        return hidden_parts(values, values < 10, fewest=10, rest=rest).tolist()

    assert parts(50, 60) == [False, False]
    assert parts(50, 60, 9) == [True, False, True]
    assert parts(50, 60, 5, 6) == [True, False, True, True]  # 5 + 6 alone would leave each within 9
    assert parts(50, 60, 8, 8) == [False, False, True, True]
    assert parts(50, rest=3) == [True]
    assert parts(50, rest=30) == [False]
    assert hidden_rows(np.array([[20.0, 2.0], [30, 30], [40, 40]]), fewest=5).tolist() == [True, True, False]
    assert hidden_rows(np.array([[20.0, 8.0], [30, 30]]), fewest=5).tolist() == [False, False]
    assert hidden_rows(np.array([[20.0, 2.0]]), fewest=5).tolist() == [True]


@pytest.mark.parametrize("shares", [[395, 5], [200, 180, 6, 14], [150, 150, 100]])
def test_an_audit_from_its_rows(shares: list[float]) -> None:
    """The same with nothing made up: a log that is read, audited and written."""
    data = drawn(12, shares=[shares], cases=400)
    values = [None if label == "(unknown)" else label for label in np.array(data.labels["c0"])[data.value["c0"]]]
    frame = pd.DataFrame({"case": [f"k{i}" for i in range(400)], "judge": [f"p{j}" for j in data.judge],
                          "y": data.decision, "t": data.truth, "c0": values})  # fmt: skip
    result = na.audit(frame, design="log", case="case", judge="judge", decision="y", truth="t", groups=["c0"])
    full = {group.value: note.cases for group, note in
            zip(result.groups, result.supplement.groups.notes, strict=True)}  # type: ignore[union-attr]  # fmt: skip
    assert full == {label: n for (_, label), n in data.counts.items()}
    file = json.loads(json.dumps(result.to_dict("public"), allow_nan=False))
    VALIDATOR.validate(file)
    notes = file["supplement"]["groups"]["notes"]
    assert {g["value"] for g, n in zip(file["groups"], notes, strict=True) if n["cases"] is None} >= {
        label for label, n in full.items() if n is not None and n < 10
    }
    attack = public_attack(file)
    for key in hidden_counts(file):
        assert attack.width(key) >= 10 - 1e-6, key
