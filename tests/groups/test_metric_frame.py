"""The MetricFrame of counts is the MetricFrame of rows."""

from __future__ import annotations

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

from noiseaudit.errors import CallError
from noiseaudit.groups.metric_frame import collapsed_metric_frame

METRICS = {
    "count": count, "selection_rate": selection_rate, "accuracy": accuracy_score,
    "false_positive_rate": false_positive_rate, "false_negative_rate": false_negative_rate,
}  # fmt: skip


def _rows() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = pd.DataFrame({
        "judge": rng.choice(list("PQRS"), 4000), "sex": rng.choice(["f", "m"], 4000),
        "origin": rng.choice(["here", "there", "(unknown)"], 4000), "truth": (rng.random(4000) < 0.4).astype(float),
    })  # fmt: skip
    chance = 0.2 + 0.4 * rows["truth"] + 0.1 * (rows["sex"] == "f") * (rows["judge"] == "P")
    return rows.assign(decision=(rng.random(4000) < chance).astype(float))


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(list(rows.columns), dropna=False).size().reset_index(name="n")


@pytest.mark.parametrize("judge", [None, "judge"])
@pytest.mark.parametrize("groups", [["sex"], ["sex", "origin"]])
def test_every_figure_is_that_of_single_rows(groups: list[str], judge: str | None) -> None:
    rows = _rows()
    raw = MetricFrame(
        metrics=METRICS, y_true=rows["truth"], y_pred=rows["decision"], sensitive_features=rows[groups],
        control_features=rows[[judge]] if judge else None,
    )  # fmt: skip
    ours = collapsed_metric_frame(_counts(rows), groups, judge=judge)
    for theirs, found in ((raw.by_group, ours.by_group), (raw.overall, ours.overall),
                          (raw.difference(), ours.difference()), (raw.ratio(), ours.ratio())):  # fmt: skip
        assert found.index.equals(theirs.index)
        np.testing.assert_allclose(found.astype(float), theirs.astype(float), rtol=0, atol=1e-12)


def test_numbers_have_their_mean_prediction() -> None:
    rows = _rows()
    rows["decision"] = np.random.default_rng(1).normal(1000, 50, len(rows))
    sums = rows.groupby(["judge", "sex"])["decision"].agg(["mean", "size"]).reset_index()
    counts = sums.rename(columns={"mean": "decision", "size": "n"})
    raw = MetricFrame(
        metrics=mean_prediction, y_true=rows["decision"], y_pred=rows["decision"], sensitive_features=rows["sex"]
    )
    ours = collapsed_metric_frame(counts, ["sex"], binary=False)
    np.testing.assert_allclose(ours.by_group["mean_prediction"], raw.by_group, rtol=1e-12)
    assert list(ours.by_group) == ["count", "mean_prediction"]


def test_decisions_without_a_known_truth_count_as_decisions_only() -> None:
    rows = _rows()
    rows.loc[::3, "truth"] = np.nan
    known = rows.dropna()
    ours = collapsed_metric_frame(_counts(rows), ["sex"]).by_group
    raw = MetricFrame(
        metrics=METRICS, y_true=known["truth"], y_pred=known["decision"], sensitive_features=known["sex"]
    ).by_group
    assert ours["count"].tolist() == rows.groupby("sex").size().tolist()
    np.testing.assert_allclose(ours["selection_rate"], rows.groupby("sex")["decision"].mean(), atol=1e-12)
    for name in ("accuracy", "false_positive_rate", "false_negative_rate"):
        np.testing.assert_allclose(ours[name], raw[name], atol=1e-12)


def test_a_rate_that_nothing_tells_of_is_no_zero() -> None:
    rows = _rows()
    rows.loc[rows["sex"] == "f", "truth"] = 1.0
    ours = collapsed_metric_frame(_counts(rows), ["sex"]).by_group
    raw = MetricFrame(
        metrics=METRICS, y_true=rows["truth"], y_pred=rows["decision"], sensitive_features=rows["sex"]
    ).by_group
    assert np.isnan(ours.loc["f", "false_positive_rate"])
    assert raw.loc["f", "false_positive_rate"] == 0
    assert ours.loc["f", "false_negative_rate"] == pytest.approx(raw.loc["f", "false_negative_rate"], abs=1e-12)


def test_a_column_with_a_name_of_fairlearn_is_refused() -> None:
    with pytest.raises(CallError, match="y_pred"):
        collapsed_metric_frame(_counts(_rows()).rename(columns={"sex": "y_pred"}), ["y_pred"])
