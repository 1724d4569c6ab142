"""fairlearn's MetricFrame on counts instead of rows: the same figures from a table that is thousands of times smaller.

    metric of a group = sum of weights over the rows that it counts / sum of weights over the rows that it is told of

The only file that knows fairlearn. MetricFrame with sample weights gives its rates from collapsed rows as from single
ones, but its own `count` counts rows and its accuracy and error rates spend a millisecond a group in checks; so these
are defined here. A rate that nothing tells of is NaN here, where fairlearn says 0. Never use the bootstrap of such a
frame: it would draw rows of the collapsed table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.errors import CallError

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame as MetricFrame  # noqa: PLC0414  other modules take the type from here

ERRORS = ("accuracy", "false_positive_rate", "false_negative_rate")
_OF_FAIRLEARN = frozenset({"y_true", "y_pred"})


def count(y_true: Floats, y_pred: Floats, sample_weight: Floats) -> float:
    """Decisions, not rows of the table."""
    return float(np.sum(sample_weight))


def accuracy(y_true: Floats, y_pred: Floats, sample_weight: Floats) -> float:
    """Share of decisions that are as the truth; NaN where no truth is known."""
    return _share(y_true == y_pred, sample_weight)


def false_positive_rate(y_true: Floats, y_pred: Floats, sample_weight: Floats) -> float:
    """Share decided 1 where the truth is 0."""
    return _share(y_pred == 1, sample_weight * (y_true == 0))


def false_negative_rate(y_true: Floats, y_pred: Floats, sample_weight: Floats) -> float:
    """Share decided 0 where the truth is 1."""
    return _share(y_pred == 0, sample_weight * (y_true == 1))


def _share(which: Any, weight: Floats) -> float:
    total = float(np.sum(weight))
    return float(np.dot(which, weight)) / total if total > 0 else float("nan")


def collapsed_metric_frame(
    counts: pd.DataFrame, groups: Sequence[str], *, judge: str | None = None, binary: bool = True
) -> MetricFrame:
    """The MetricFrame of all rows that `counts` stands for.

    counts: one row for each combination that occurs, with columns `decision` (0 or 1; a mean where binary is False),
    `n` decisions, the group columns, the `judge` column for the control feature if asked for, and `truth` (0, 1, NaN
    where not known) if there is one. Metrics: count and selection_rate (mean_prediction where binary is False); with a
    truth accuracy, false_positive_rate and false_negative_rate, of decisions with a known truth.
    """
    from fairlearn.metrics import MetricFrame, mean_prediction, selection_rate

    features = [*groups, *([judge] if judge else [])]
    if clash := _OF_FAIRLEARN & set(features):
        raise CallError("wrong_setting", f"fairlearn cannot have a column called {min(clash)!r}; rename it")
    weight = counts["n"].to_numpy(np.float64)
    decision = counts["decision"].to_numpy(np.float64)
    metrics: dict[str, Any] = {"count": count}
    metrics["selection_rate" if binary else "mean_prediction"] = selection_rate if binary else mean_prediction
    truth, weights = decision, dict.fromkeys(metrics, weight)
    if binary and "truth" in counts:
        known = counts["truth"].notna().to_numpy()
        truth = np.where(known, counts["truth"].to_numpy(np.float64), decision)
        metrics |= {"accuracy": accuracy, "false_positive_rate": false_positive_rate,
                    "false_negative_rate": false_negative_rate}  # fmt: skip
        weights |= dict.fromkeys(ERRORS, weight * known)
    return MetricFrame(
        metrics=metrics,
        y_true=truth,
        y_pred=decision,
        sensitive_features=counts[list(groups)].reset_index(drop=True),
        control_features=counts[[judge]].reset_index(drop=True) if judge else None,
        sample_params={name: {"sample_weight": values} for name, values in weights.items()},
    )


@dataclass(frozen=True)
class ValueRates:
    """(k,) by value of a characteristic; NaN where no decision tells it."""

    selection: Floats
    false_positive: Floats
    false_negative: Floats


def value_rates(value: Codes, n: Floats, decision: Floats, truth: Floats | None, *, values: int) -> ValueRates:
    """Rates of yes/no decisions by value, through the MetricFrame of the counts.

    value: (R,) codes below `values`; n: (R,) decisions; decision: (R,) share of 1 among them; truth: (R,) 0, 1, NaN.
    """
    answer = np.full(len(value), 2) if truth is None else np.where(np.isnan(truth), 2, truth).astype(np.intp)
    key = value * 3 + answer
    ones = sum_by(key, n * decision, 3 * values)
    both = np.concatenate([sum_by(key, n, 3 * values) - ones, ones])
    at = np.arange(3 * values)
    counts = pd.DataFrame({
        "value": np.tile(at // 3, 2).astype(str), "truth": np.tile(np.array([0.0, 1.0, np.nan])[at % 3], 2),
        "decision": np.repeat([0.0, 1.0], 3 * values), "n": both,
    })  # fmt: skip
    found = collapsed_metric_frame(counts[counts["n"] > 0], ["value"]).by_group.reindex([*map(str, range(values))])
    return ValueRates(
        *(found[name].to_numpy(np.float64) for name in ("selection_rate", "false_positive_rate", "false_negative_rate"))
    )
