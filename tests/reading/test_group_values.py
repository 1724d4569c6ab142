"""Values of characteristics and relations: what is in the data, checked by plain Python over the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.comparable.features import Feature, FeatureTable
from noiseaudit.comparable.strata import stratify
from noiseaudit.design import AuditDesign, Relation
from noiseaudit.pipeline.large_log import case_classes
from noiseaudit.reading import read, tabulate
from noiseaudit.reading.case_columns import LogRows, case_columns, fetch_rows
from noiseaudit.reading.group_columns import bin_labels
from noiseaudit.reading.group_sums import fetch_group_sums
from noiseaudit.reading.group_values import fetch_characteristics
from noiseaudit.reading.table import Table
from noiseaudit.result.group_parts import UNKNOWN

ROLES = {"case": "case", "judge": "judge", "decision": "y"}


def panel(**columns: list[Any]) -> pd.DataFrame:
    """Four cases, three judges each; `columns` give one value a case, or one a row."""
    rows = pd.DataFrame({"case": np.repeat(list("abcd"), 3), "judge": list("xyz") * 4, "y": np.arange(12.0) % 5})
    for name, values in columns.items():
        rows[name] = values if len(values) == 12 else np.repeat(np.array(values, dtype=object), 3)
    return rows


def values(frame: pd.DataFrame, **settings: Any) -> tuple[dict[str, Characteristic], Any, Any]:
    with read(frame, AuditDesign(**ROLES | settings)) as log:
        cells = tabulate(log).main
        return {one.name: one for one in fetch_characteristics(log, cells)}, cells, log


def told(one: Characteristic, cells: Any) -> dict[tuple[str, str], str | None]:
    labels = (*one.labels, None)  # code -1 takes the last
    pairs = zip(cells.cases[cells.case], cells.judges[cells.judge], strict=True)
    return {pair: labels[code] for pair, code in zip(pairs, one.code, strict=True)}


def codes_said(frame: pd.DataFrame, **settings: Any) -> dict[str, str]:
    with read(frame, AuditDesign(**ROLES | settings)) as log:
        return {one.code: one.what for one in log.findings}


def test_groups_in_any_order_of_rows_and_cleaned() -> None:
    frame = panel(kind=["Jong ", "oud", None, "jo\u200bng".replace("j", "J")]).sample(frac=1, random_state=3)
    found, cells, log = values(frame, groups=["kind"])
    one = found["kind"]
    assert (one.kind, one.labels, one.by_cell) == ("group", ("Jong", "oud"), False)
    expected = {"a": "Jong", "b": "oud", "c": None, "d": "Jong"}
    assert told(one, cells) == {(case, judge): expected[case] for case in "abcd" for judge in "xyz"}
    assert [(value, int(flag.sum()), known) for value, flag, known in one.flags()] == [
        ("Jong", 6, None), ("oud", 3, None), (UNKNOWN, 3, None)
    ]  # fmt: skip
    assert log.not_analysed == {}


def test_a_value_that_stands_on_some_rows_of_a_case_counts_for_all() -> None:
    frame = panel(kind=["a", None, None, *["b"] * 3, *[None] * 6])
    found, cells, _ = values(frame, groups=["kind"])
    assert {case: label for (case, _), label in told(found["kind"], cells).items()} == {
        "a": "a", "b": "b", "c": None, "d": None
    }  # fmt: skip


def test_numbers_that_became_floats_read_as_they_were() -> None:
    found, _, _ = values(panel(code=[1.0, 2.0, np.nan, 2.5]), groups=["code"])
    assert found["code"].labels == ("1", "2", "2.5")


def test_relations_compare_clean_text_of_any_type() -> None:
    frame = panel(country=["NLD", "e\u0301", None, "nld"])
    frame["own"] = np.tile(["NLD ", "\u00e9", "nld"], 4)
    found, cells, log = values(frame, relations=["own == country", "country != own"])
    same, other = found["own == country"], found["country != own"]
    expected: dict[tuple[str, str], str | None] = {}
    for case, judge, left, right in zip(frame["case"], frame["judge"], frame["own"], frame["country"], strict=True):
        alike = left.strip() == {"e\u0301": "\u00e9"}.get(right, right)
        expected[case, judge] = None if pd.isna(right) else str(alike).lower()
    assert told(same, cells) == expected
    assert same.by_cell
    assert [value for value, _, _ in same.flags()] == ["true"]
    ((_, holds, known),) = same.flags()
    assert known is not None
    assert (holds.sum(), known.sum()) == (3, 9)
    np.testing.assert_array_equal(other.code, np.where(same.code < 0, -1, 1 - same.code))
    said = {one.code: one.values for one in log.findings}
    assert said["relation_unknown"]["n"] == 3
    assert said["relation_capitals"]["n"] == 2  # NLD with nld, and nld with NLD


def test_whole_numbers_and_floats_are_equal() -> None:
    frame = panel(left=[1.0, 2.0, np.nan, 4.0])
    frame["right"] = np.tile([1, 2, 4], 4)
    found, cells, _ = values(frame, relations=["left == right"])
    assert [k for k, v in told(found["left == right"], cells).items() if v == "true"] == [
        ("a", "x"), ("b", "y"), ("d", "z")
    ]  # fmt: skip


def test_a_relation_of_the_case_alone_is_no_difference_between_judges() -> None:
    found, _, _ = values(panel(a=list("pqrs"), b=list("pqxx")), relations=["a == b"])
    assert not found["a == b"].by_cell


HOSTILE = ['x"; DROP TABLE source; --', "it's", "naam van de cliënt", "c0", "source", "{0} %s", "[row]"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("sign", ["==", "!="])
def test_names_of_columns_are_never_run(name: str, sign: str) -> None:
    frame = panel(**{name: list("pqrs"), "other": list("pqxx")})
    found, cells, _ = values(frame, relations=[f"{name} {sign} other"], groups=[name])
    same = {case: label for (case, _), label in told(found[f"{name} {sign} other"], cells).items()}
    assert same == dict(zip("abcd", ["true", "true", "false", "false"] if sign == "==" else
                            ["false", "false", "true", "true"], strict=True))  # fmt: skip
    assert found[name].labels == tuple("pqrs")


@pytest.mark.parametrize("text", ["a == b == c", "a === b", "a = b", "a < b", "== b", "a !=", "a ~ b", "a == a", "a"])
def test_a_relation_is_two_names_and_a_sign(text: str) -> None:
    with pytest.raises(na.CallError, match="a relation is") as refused:
        AuditDesign(relations=[text])
    assert refused.value.code == "wrong_setting"


def test_signs_inside_names() -> None:
    assert Relation.parse("a! == b") == Relation("a!", "==", "b")
    assert Relation.parse("a != b!") == Relation("a", "!=", "b!")
    with pytest.raises(na.CallError, match="between two different columns"):
        values(panel(Kind=list("pqrs")), relations=["Kind == kind"])  # one column under two spellings


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(na.DataError, match="Did you mean 'country'") as refused:
        values(panel(country=list("pqrs"), own=list("pqrs")), relations=["own == contry"])
    assert refused.value.code == "E307"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"groups": ["judge"]}, "both judge and group"), ({"groups": ["y"]}, "both decision and group"),
        ({"groups": ["case"]}, "both case and group"), ({"relations": ["y == kind"]}, "both decision and part"),
        ({"groups": ["Judge "]}, "both judge and group"),  # as the file spells it
    ],
)  # fmt: skip
def test_what_is_no_characteristic(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(na.CallError, match=words):
        values(panel(kind=list("pqrs")), **settings)


def test_a_relation_that_changes_within_a_professional_and_a_case() -> None:
    frame = panel(left=["p"] * 4, right=["p"] * 4)
    frame.loc[4, "right"] = "q"
    frame = pd.concat([frame, frame.iloc[[4]].assign(right="p", y=9.0), frame.iloc[[4]].assign(right="z", y=8.0)])
    with pytest.raises(na.DataError, match="not in another of the same") as refused:
        values(frame, relations=["left == right"])
    (problem,) = refused.value.problems
    assert (problem.code, problem.rows, problem.total) == ("E516", (13 + 1 - 1,), 1)


def test_a_characteristic_of_the_decision_is_asked_for_as_a_relation() -> None:
    frame = panel(kind=list("pqpqpqpqpqpq"))
    with pytest.raises(na.DataError, match='--relation "column == other column"') as refused:
        values(frame, groups=["kind"])
    assert refused.value.code == "E516"


def test_cases_that_are_one_once_cleaned_may_not_contradict() -> None:
    frame = panel(kind=list("pqrs"))
    frame.loc[:2, "case"] = "b\u200b"
    with pytest.raises(na.DataError, match="once cleaned") as refused:
        values(frame, groups=["kind"])
    assert refused.value.problems[0].rows == (4,)


@pytest.mark.parametrize(
    ("columns", "settings", "code"),
    [
        ({"k": [None] * 4}, {"groups": ["k"]}, "group_empty"), ({"k": ["p"] * 4}, {"groups": ["k"]}, "group_one_value"),
        ({"k": [None] * 4, "m": list("pqrs")}, {"relations": ["k == m"]}, "relation_empty"),
        ({"k": list("abcd"), "m": list("pqrs")}, {"relations": ["k == m"]}, "relation_one_value"),
    ],
)  # fmt: skip
def test_nothing_to_compare_is_said_and_left_out(columns: dict, settings: dict, code: str) -> None:
    frame = panel(**columns)
    found, _, log = values(frame, **settings)
    name = next(iter(settings.values()))[0]
    assert found == {}
    assert log.not_analysed == {name: code}
    assert code in {one.code for one in log.findings}


def test_one_value_and_unknown_can_be_compared() -> None:
    found, _, log = values(panel(k=["p", "p", "p", None]), groups=["k"])
    assert [value for value, _, _ in found["k"].flags()] == ["p", UNKNOWN]
    assert log.not_analysed == {}


def test_much_missing_is_said() -> None:
    frame = panel(k=[*["p"] * 3, *["q"] * 2, *[None] * 7])
    frame["case"] = [f"c{i // 2}" for i in range(12)]
    frame["k"] = ["p", "p", "q", "q", *[None] * 8]
    assert "67%" in codes_said(frame, groups=["k"])["group_missing"]
    frame["k"] = ["p", "p", "q", "q", "q", "q", "p", "p", None, None, None, None]
    assert "group_missing" not in codes_said(frame, groups=["k"])


def ages(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"case": np.repeat(np.arange(n), 2), "judge": ["x", "y"] * n, "y": 1.0 * (np.arange(2 * n) % 7),
         "Age of client": np.repeat(np.arange(n) + 0.5, 2)}
    )  # fmt: skip


def test_numbers_get_classes_and_are_told_how() -> None:
    assert '"Age of client" = [30, 45, 65]' in next(
        one.do for one in values(ages(40), groups=["Age of client"])[2].findings if one.code == "group_of_numbers"
    )
    with pytest.raises(na.DataError, match=r"\[analysis.bins\]") as refused:
        values(ages(300), groups=["Age of client"])
    assert refused.value.code == "E517"
    found, cells, log = values(ages(300), groups=["Age of client"], bins={"age of client": [18, 65.5, 400]})
    one = found["Age of client"]
    assert one.labels == ("<18", "18–<65.5", "65.5–<400")  # nobody is as old as 400
    number = cells.cases[cells.case].astype(float).to_numpy() + 0.5
    np.testing.assert_array_equal(one.code, np.digitize(number, [18, 65.5, 400]))
    assert not {one.code for one in log.findings} & {"group_of_numbers", "E517"}
    assert not codes_said(ages(20), groups=["Age of client"]).keys() & {"group_of_numbers"}


def test_bins_as_they_are_shown() -> None:
    assert bin_labels([18, 65]) == ("<18", "18–<65", "≥65")
    assert bin_labels([0.1 + 0.2]) == ("<0.30000000000000004", "≥0.30000000000000004")
    assert bin_labels([]) == ("all",)
    with pytest.raises(na.CallError, match="no feature or group; did you mean 'kind'"):
        values(panel(kind=list("pqrs")), groups=["kind"], bins={"kin": [1]})


def log_frame(rows: int = 600, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "case": [f"k{i}" for i in range(rows)],
            "judge": rng.choice(list("abcdef"), rows),
            "y": rng.normal(1e6, 1, rows).round(3),
            "sort": rng.choice(list("pqr"), rows),
            "group": rng.choice(["m", "f", None], rows),
            "home": rng.choice(["n", "s"], rows),
            "away": rng.choice(["n", "s", None], rows),
            "w": rng.integers(0, 4, rows),
        }
    )


SETTINGS = {**ROLES, "features": ("sort",), "groups": ("group",), "relations": ("home == away",), "design": "log"}


def test_rows_of_a_log() -> None:
    frame = log_frame()
    frame.loc[frame.index[-1], ["case", "sort", "group"]] = [
        frame["case"][0],
        frame["sort"][0],
        None,
    ]  # its case has a value elsewhere
    frame.loc[0, "group"] = "f"
    with read(frame, AuditDesign(**SETTINGS)) as log:
        rows = fetch_rows(log, (), findings=[], characteristics=log.characteristics)
    group, relation = rows.characteristics
    shown = [(*group.labels, None)[code] for code in group.code]
    expected = [None if value is None or value != value else value for value in frame["group"]]
    assert shown == [*expected[:-1], "f"]
    np.testing.assert_array_equal(
        relation.code, np.where(frame["away"].isna(), -1, (frame["home"] == frame["away"]).astype(int))
    )
    assert isinstance(rows, LogRows)
    assert not group.by_cell


@pytest.mark.parametrize("weight", [False, True])
def test_sums_of_a_large_log_are_those_of_its_rows(weight: bool) -> None:
    frame = log_frame()
    settings = SETTINGS | ({"weight": "w"} if weight else {}) | {"exclude_judges": ("f",)}
    with read(frame, AuditDesign(**settings)) as log:
        columns = case_columns(log.table, log.design)
        labels = ("p", "q", "r")
        sort = frame["sort"].map({label: float(k) for k, label in enumerate(labels)}).to_numpy()
        table = FeatureTable((Feature("sort", labels),), sort[:, None])
        classes = case_classes(stratify(table), columns, log)
        cells = tabulate(log, classes=classes).main
        found = fetch_group_sums(log, classes, cells=cells, columns=log.characteristics)
    same = np.where(frame["away"].isna(), None, (frame["home"] == frame["away"]).astype(object))
    frame = frame.assign(w=frame["w"] if weight else 1, same=same)
    frame = frame[frame["judge"] != "f"]
    frame = frame.loc[frame.index.repeat(frame["w"])]
    shift = float(cells.shift)
    for sums, column, name in ((found[0], "group", str), (found[1], "same", lambda v: str(v).lower())):
        keys = frame[column].map(lambda value, name=name: None if pd.isna(value) else name(value))
        expected = frame.assign(y=frame["y"] - shift).groupby(["judge", "sort", keys.fillna("?")])["y"]
        assert len(sums.n) == expected.ngroups
        for judge, stratum, value, n, mean, m2 in zip(
            cells.judges[sums.judge], sums.stratum, sums.value, sums.n, sums.mean, sums.m2, strict=True
        ):
            own = expected.get_group((judge, labels[int(cells.cases[stratum])], (*sums.labels, "?")[value]))
            assert n == len(own)
            assert mean == pytest.approx(own.mean(), rel=1e-9, abs=1e-9)
            assert m2 == pytest.approx(((own - own.mean()) ** 2).sum(), rel=1e-9, abs=1e-9)


def test_the_table_needs_no_more_than_names_and_types() -> None:
    """Column names of the user never enter SQL."""
    seen: list[str] = []
    real = Table.fetch

    def spy(self: Table, sql: str) -> list[tuple[Any, ...]]:
        seen.append(sql)
        return real(self, sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "fetch", spy)
        values(panel(**{"sleutel van Piet": list("pqrs"), "b": list("pqxx")}),
               relations=["sleutel van Piet == b"], groups=["sleutel van Piet"])  # fmt: skip
    assert seen
    assert not [sql for sql in seen if "sleutel" in sql]
