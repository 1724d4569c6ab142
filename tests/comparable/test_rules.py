"""Rules say the same in memory, in every engine and in words."""

from __future__ import annotations

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from noiseaudit.comparable.classes import grow_classes, shortest_between
from noiseaudit.comparable.features import Feature, FeatureTable, useful
from noiseaudit.comparable.rules import Rules, class_codes, class_expression, conditions, leaves
from noiseaudit.comparable.strata import stratify
from noiseaudit.errors import CallError

KINDS = ("a", "b", "c", "d", "e")


def log(seed: int = 1, rows: int = 4000) -> tuple[FeatureTable, np.ndarray, np.ndarray]:
    """Features with holes, decisions that depend on them, judges."""
    rng = np.random.default_rng(seed)
    x, fee = rng.random(rows), rng.lognormal(6, 1, rows).round(2)
    kind = rng.choice(5, rows, p=[0.4, 0.3, 0.15, 0.1, 0.05]).astype(float)
    judge = rng.integers(0, 20, rows)
    y = np.sin(4 * x) + (fee > 500) + np.array([0, 1, 2, 0, 1.0])[kind.astype(int)] + 0.5 * judge / 20
    for column in (x, kind):
        column[rng.random(rows) < 0.08] = np.nan
    table = FeatureTable((Feature("x"), Feature("fee"), Feature("kind", KINDS)), np.stack([x, fee, kind], axis=1))
    return table, y + 0.3 * rng.standard_normal(rows), judge


def made(how: str) -> tuple[Rules, FeatureTable]:
    table, y, judge = log()
    return (grow_classes(y, table, judge).rules if how == "classes" else stratify(table)), table


def frame(table: FeatureTable) -> pd.DataFrame:
    kind = [None if np.isnan(code) else KINDS[int(code)] for code in table.values[:, 2]]
    return pd.DataFrame({"x": table.values[:, 0], "fee": table.values[:, 1], "kind": kind})


@pytest.mark.parametrize("how", ["classes", "strata"])
def test_engines_class_as_memory_does(how: str) -> None:
    rules, table = made(how)
    code = class_codes(rules, table.features, table.values)
    expression = class_expression(rules, {name: name for name in table.names}).alias("c")
    data = frame(table)
    relation = duckdb.connect().from_df(data).select("CASE WHEN isnan(x) THEN NULL ELSE x END AS x, fee, kind")
    engines = {
        "pandas": nw.from_native(data).select(expression).to_native()["c"].to_numpy(),
        "polars": nw.from_native(pl.from_pandas(data)).select(expression).to_native()["c"].to_numpy(),
        "duckdb": nw.from_native(relation).select(expression).to_native().df()["c"].to_numpy(),
    }
    for engine, found in engines.items():
        assert (found == code).all(), engine
    assert set(code) == set(range(leaves(rules)))


@pytest.mark.parametrize("how", ["classes", "strata"])
def test_conditions_select_exactly_the_rows_of_their_class(how: str) -> None:
    rules, table = made(how)
    code = class_codes(rules, table.features, table.values)
    for number, rule in enumerate(conditions(rules)):
        inside = np.ones(len(table), dtype=bool)
        for one in rule:
            column = table.values[:, table.names.index(one.feature)]
            listed = np.isin(column, [KINDS.index(value) for value in one.values])
            holds = {"<": column < (one.bound or 0), ">=": column >= (one.bound or 0), "in": listed, "not in": ~listed}
            inside &= np.where(np.isnan(column), one.missing, holds[one.sign])
        assert (inside == (code == number)).all(), rule


def test_labels_that_the_sample_did_not_hold_go_somewhere_and_to_one_class() -> None:
    rules, table = made("classes")
    features = (*table.features[:2], Feature("kind", (*KINDS, "new")))
    values = np.array([[0.5, 100.0, 5.0]] * 3)
    assert len(set(class_codes(rules, features, values))) == 1


def test_classes_do_not_separate_professionals() -> None:
    """Judges who see all cases alike: a tree on decisions as they are would follow the judges through x."""
    rng = np.random.default_rng(3)
    judge = rng.integers(0, 10, 6000)
    x = judge + rng.normal(0, 1.5, 6000)  # goes with the judge, and with nothing else
    y = 3.0 * judge + rng.standard_normal(6000)
    rules = grow_classes(y, FeatureTable((Feature("x"),), x[:, None]), judge).rules
    code = class_codes(rules, (Feature("x"),), x[:, None])
    means = np.array([(y - 3.0 * judge)[code == k].mean() for k in range(leaves(rules))])
    predicted = grow_classes(y, FeatureTable((Feature("x"),), x[:, None]), judge).predicted[:, 0]
    assert np.ptp(predicted) < 1.0 < np.ptp([y[code == k].mean() for k in range(leaves(rules))])
    assert np.abs(means).max() < 0.5


@pytest.mark.parametrize(
    ("low", "high", "shortest"),
    [(487.2, 512.3, 500.0), (0.2, 0.3, 0.3), (-5.0, -3.0, -3.0), (0.0, 1.0, 1.0), (1234.5, 1234.6, 1234.6),
     (-1.0, 0.0, 0.0), (999.0, 1000.0, 1000.0), (0.1499, 0.1501, 0.15), (1e-9, 2e-9, 2e-9)],
)  # fmt: skip
def test_bounds_are_as_short_as_they_can_be(low: float, high: float, shortest: float) -> None:
    assert shortest_between(low, high) == shortest


def test_features_of_the_judge_are_set_aside_and_named() -> None:
    rng = np.random.default_rng(4)
    judge = rng.integers(0, 30, 3000)
    office, region = (judge // 6).astype(float), (judge // 3).astype(float)
    schedule = judge + rng.normal(0, 0.1, 3000)
    values = np.stack([office, region, schedule, rng.random(3000), np.ones(3000), rng.integers(0, 300, 3000)], axis=1)
    names = [Feature("office", tuple("abcde")), Feature("region"), Feature("schedule"), Feature("x"), Feature("one"),
             Feature("id", tuple(map(str, range(300))))]  # fmt: skip
    kept, aside = useful(FeatureTable(tuple(names), values), judge)
    assert kept.names == ("x",)
    assert {one.feature: one.reason for one in aside} == {
        "office": "of_judge", "region": "of_judge", "schedule": "of_judge", "one": "one_value", "id": "too_many_values"
    }  # fmt: skip


def test_too_many_strata_are_refused_with_what_to_do() -> None:
    rng = np.random.default_rng(5)
    table = FeatureTable(tuple(Feature(f"x{k}") for k in range(6)), rng.random((20_000, 6)))
    with pytest.raises(CallError, match="2000 strata"):
        stratify(table)


def test_bins_are_those_that_were_given() -> None:
    table, _, _ = log()
    rules = stratify(table.only([1]), {"fee": [100.0, 500.0]})
    code = class_codes(rules, table.features[1:2], table.values[:, 1:2])
    assert (code == np.digitize(table.values[:, 1], [100.0, 500.0])).all()
