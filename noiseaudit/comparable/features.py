"""Case features in memory: numbers as they are, categories as codes, missing values as NaN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.result import SetAside

MOST_VALUES = 250  # of a category; more are ids or free text, which class nothing
OF_JUDGE = 0.9  # share of a feature's variance between judges from which it is the judge's more than the case's


@dataclass(frozen=True)
class Feature:
    """One feature. labels: of a category, whose values are their positions; () for a number."""

    name: str
    labels: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """Its values are labels, not amounts."""
        return bool(self.labels)


@dataclass(frozen=True)
class FeatureTable:
    """Features of R decisions: values (R, p) float, NaN where missing."""

    features: tuple[Feature, ...]
    values: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            raise ValueError("values must be an (R, p) array with one column a feature")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(feature.name for feature in self.features)

    @property
    def categories(self) -> npt.NDArray[np.bool_]:
        """(p,) which features are categories."""
        return np.array([feature.is_category for feature in self.features], dtype=bool)

    def only(self, kept: Sequence[int]) -> FeatureTable:
        """The features at these positions."""
        return FeatureTable(tuple(self.features[k] for k in kept), self.values[:, list(kept)])

    def rows(self, kept: npt.NDArray[np.generic]) -> FeatureTable:
        """The rows that `kept` selects."""
        return replace(self, values=self.values[kept])


def useful(table: FeatureTable, judge: Codes) -> tuple[FeatureTable, tuple[SetAside, ...]]:
    """The features that can tell cases of one judge apart, and the others with the reason.

    A feature nearly all of whose variance lies between judges (an office, a region, a judge's own schedule) says who
    decides more than what is decided: adjusting for it would hide level noise.
    """
    kept: list[int] = []
    aside: list[SetAside] = []
    for place, feature in enumerate(table.features):
        values = table.values[:, place]
        if len(feature.labels) > MOST_VALUES:
            aside.append(SetAside(feature.name, "too_many_values"))
            continue
        share = share_between(values, judge, category=feature.is_category)
        if share is None:
            aside.append(SetAside(feature.name, "one_value"))
        elif share >= OF_JUDGE:
            aside.append(SetAside(feature.name, "of_judge", share))
        else:
            kept.append(place)
    return table.only(kept), tuple(aside)


def share_between(values: Floats, judge: Codes, *, category: bool) -> float | None:
    """Share of a feature's variance that lies between judges, net of chance; None where it does not vary.

        1 - [SSW/(N - J)] / [SST/(N - 1)]        0 where every judge has one decision (N = J)

    summed over the indicators of a category; a missing value is a value of its own.
    """
    missing = np.isnan(values)
    within, total = 0.0, 0.0
    J = int(judge.max(initial=-1)) + 1
    n = np.maximum(np.bincount(judge, minlength=J), 1).astype(np.float64)
    if category:
        code = np.where(missing, -1, values).astype(np.intp) + 1
        levels, code = np.unique(code, return_inverse=True)
        table = np.bincount(judge * len(levels) + code, minlength=J * len(levels)).reshape(J, -1).astype(np.float64)
        total = float((table.sum(axis=0) * (1 - table.sum(axis=0) / len(values))).sum())
        within = float((n - (table**2).sum(axis=1) / n).sum())
    else:
        columns = [np.where(missing, np.nanmean(values) if not missing.all() else 0.0, values)]
        columns += [missing.astype(np.float64)] if missing.any() else []
        for column in columns:
            spread = column.std()
            if spread > 0:
                scaled = (column - column.mean()) / spread
                total += float((scaled**2).sum())
                within += float((scaled**2).sum() - (sum_by(judge, scaled, J) ** 2 / n).sum())
    judges = int((np.bincount(judge, minlength=J) > 0).sum())
    if total <= 1e-12 * len(values):
        return None
    if len(values) <= judges:
        return 0.0
    return 1.0 - (within / (len(values) - judges)) / (total / (len(values) - 1))
