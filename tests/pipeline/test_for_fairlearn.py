"""na.to_metric_frame: the data of an audit, read again and collapsed, against fairlearn on the single rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    count,
    false_negative_rate,
    false_positive_rate,
    mean_prediction,
    selection_rate,
)
from sklearn.metrics import accuracy_score

import noiseaudit as na

METRICS = {
    "count": count, "selection_rate": selection_rate, "accuracy": accuracy_score,
    "false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate,
}  # fmt: skip
ROLES = {
    "case": "case", "judge": "clerk", "decision": "granted", "groups": ["sex", "origin"],
    "legal_basis": {"origin": "Article 9(2)(j)"},
}  # fmt: skip


def _panel() -> pd.DataFrame:
    """Every case by three of ten clerks; some without an origin."""
    rng = np.random.default_rng(4)
    case = np.repeat(np.arange(300), 3)
    clerk = np.concatenate([rng.choice(10, 3, replace=False) for _ in range(300)])
    truth = rng.integers(0, 2, 300)
    sex = rng.choice(["f", "m"], 300)
    origin = rng.choice(np.array(["here", "there", None], dtype=object), 300, p=[0.6, 0.3, 0.1])
    chance = 0.2 + 0.5 * truth[case] + 0.1 * (sex[case] == "f")
    granted = (rng.random(len(case)) < chance).astype(int)
    return pd.DataFrame({
        "case": case, "clerk": [f"clerk {k}" for k in clerk], "granted": granted, "right": truth[case],
        "sex": sex[case], "origin": origin[case],
    })  # fmt: skip


def _raw(rows: pd.DataFrame, metrics=METRICS, truth="right", *, groups=("sex", "origin"), control=None) -> MetricFrame:
    return MetricFrame(
        metrics=metrics, y_true=rows[truth], y_pred=rows["granted"],
        sensitive_features=rows[list(groups)].fillna("(unknown)"), control_features=rows[control] if control else None,
    )  # fmt: skip


def _same(ours: pd.DataFrame, theirs: pd.DataFrame, *, atol: float = 1e-12) -> None:
    assert list(ours.index) == list(theirs.index)
    np.testing.assert_allclose(ours.to_numpy(float), theirs.to_numpy(float), rtol=0, atol=atol)


def test_a_panel_is_the_metric_frame_of_its_rows() -> None:
    rows = _panel()
    result = na.audit(rows, **ROLES, truth="right")
    _same(na.to_metric_frame(result, rows).by_group, _raw(rows).by_group)
    _same(na.to_metric_frame(result, rows).overall.to_frame(), _raw(rows).overall.to_frame())


def test_by_judge_the_professional_is_a_control_feature() -> None:
    rows = _panel()
    result = na.audit(rows, **{**ROLES, "groups": ["sex"], "legal_basis": {}}, truth="right")
    frame = na.to_metric_frame(result, rows, by_judge=True)
    _same(frame.difference(), _raw(rows, groups=["sex"], control="clerk").difference())
    assert frame.control_levels == ["clerk"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "relation"])
def test_a_log_from_a_file_with_words_and_rows_that_do_not_count(tmp_path: Path, kind: str) -> None:
    rows = _panel().drop_duplicates("case").reset_index(drop=True)
    held = rows.assign(granted=rows["granted"].map({1: "yes", 0: "no"}), right=rows["right"].map({1: "yes", 0: "no"}))
    held.loc[::17, "granted"] = None
    path = tmp_path / f"log.{kind}"
    held.to_csv(path, index=False) if kind == "csv" else held.to_parquet(path)
    source: object = path if kind != "relation" else duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    result = na.audit(source, **ROLES, truth="right", design="log", exclude_judges=["clerk 3"])
    kept = rows[(np.arange(len(rows)) % 17 != 0) & (rows["clerk"] != "clerk 3")]
    _same(na.to_metric_frame(result, source).by_group, _raw(kept).by_group)


def test_numbers_have_their_mean() -> None:
    rows = _panel().assign(granted=lambda t: 1e6 + t["granted"] * 250.5 + t["case"])
    result = na.audit(rows, **ROLES)
    frame = na.to_metric_frame(result, rows)
    raw = _raw(rows, {"count": count, "mean_prediction": mean_prediction}, "granted")
    _same(frame.by_group, raw.by_group, atol=1e-8)


def test_a_case_is_in_the_group_that_one_of_its_rows_names() -> None:
    rows = _panel()
    partly = rows.assign(sex=rows["sex"].where(rows.groupby("case").cumcount() == 1))
    result = na.audit(partly, **ROLES, truth="right")
    _same(na.to_metric_frame(result, partly).by_group, _raw(rows).by_group)


def test_numbers_in_classes_and_values_that_are_one_once_cleaned() -> None:
    rows = _panel()
    age = 20 + rows["case"] % 50
    stray = rows["sex"].where(rows["case"] % 2 == 0, " " + rows["sex"] + "\u200b")
    roles = {**ROLES, "groups": ["age", "sex"], "legal_basis": {}}
    roles |= {"bins": {"age": [30, 50]}, "features": ["origin"]}
    result = na.audit(rows.assign(age=age, sex=stray), **roles, truth="right")
    frame = na.to_metric_frame(result, rows.assign(age=age, sex=stray))
    classes = np.array(["<30", "30–<50", "≥50"])[np.digitize(age, [30, 50])]
    _same(frame.by_group, _raw(rows.assign(age=classes), groups=["age", "sex"]).by_group)


@pytest.mark.parametrize("asked", [{}, {"case": "case"}, {"judge_columns": ["J[1-4]"], "case": "case"}])
def test_wide_tables(asked: dict[str, object]) -> None:
    rng = np.random.default_rng(2)
    judges = [f"J{j}" for j in range(5)]
    table = pd.DataFrame({"case": np.arange(40), "sex": ["f", "m"] * 20} | {j: rng.normal(size=40) for j in judges})
    result = na.audit(table, groups=["sex"], **asked)
    used = judges[1:] if "judge_columns" in asked else judges
    assert result.design.judges == len(used)  # where the case was named, the first of them got lost
    means = table.groupby("sex")[used].mean().mean(axis=1)
    frame = na.to_metric_frame(result, table)
    np.testing.assert_allclose(frame.by_group["mean_prediction"], means, atol=1e-12)


def test_other_data_are_refused(tmp_path: Path) -> None:
    rows, path, other = _panel(), tmp_path / "panel.csv", tmp_path / "other.csv"
    rows.to_csv(path, index=False)
    result = na.audit(path, **ROLES)
    rows.assign(granted=1 - rows["granted"]).to_csv(other, index=False)
    for source in (other, rows):
        with pytest.raises(na.CallError) as refused:
            na.to_metric_frame(result, source)
        assert refused.value.code == "other_source"
    in_memory = na.audit(rows, **ROLES)
    with pytest.raises(na.CallError, match="rows can be used"):
        na.to_metric_frame(in_memory, rows.head(800))


def test_a_special_category_without_a_legal_basis_stays_out() -> None:
    rows = _panel()
    result = na.audit(rows, **{**ROLES, "legal_basis": {}}, truth="right")
    _same(na.to_metric_frame(result, rows).by_group, _raw(rows, groups=["sex"]).by_group)


def test_without_groups_names_or_order_there_is_no_frame() -> None:
    rows = _panel()

    def code(result: na.AuditResult, source: pd.DataFrame) -> str:
        with pytest.raises(na.CallError) as refused:
            na.to_metric_frame(result, source)
        return refused.value.code

    assert code(na.audit(rows, **{**ROLES, "groups": [], "legal_basis": {}}), rows) == "no_groups"
    same = rows.assign(sex="f")
    assert code(na.audit(same, **{**ROLES, "groups": ["sex"], "legal_basis": {}}), same) == "no_groups"
    words = rows.assign(granted=rows["case"].mod(3).map({0: "a", 1: "b", 2: "c"}))
    assert code(na.audit(words, **ROLES), words) == "no_mean"
    told = na.audit(rows, **ROLES, exclude_judges=["clerk 3"])
    assert code(na.AuditResult.from_dict(told.to_dict()), rows) == "names_withheld"
    plain = na.audit(rows, **ROLES, truth="right")
    back = na.AuditResult.from_dict(plain.to_dict())
    _same(na.to_metric_frame(back, rows).by_group, _raw(rows).by_group)
