"""Gaps in rates of events per exposure, every value of a characteristic against the rest.

The exact test of `exact.py` in its binomial form: given a professional's events in a stratum, those in the group are a
share of them, e1 exp(theta)/(e1 exp(theta) + e0) by chance. That supposes events that come singly (Poisson).

    phi = variance over mean of the events of a row, within professional, stratum and value (rate_checks.py)

Above 1 events come in clusters, of which the binomial law knows nothing: z is divided by sqrt(phi) and variances are
multiplied with it (McCullagh & Nelder 1989, ch. 4.5). Where rows tell no dispersion 1 is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.aggregates.rate_sums import RateSums
from noiseaudit.estimators.rate_checks import LEAST_EVENTS, dispersion_of
from noiseaudit.groups.exact import conditional_gaps
from noiseaudit.groups.gaps import FEWEST_COUNTS, Gaps
from noiseaudit.groups.margins import Counts


@dataclass(frozen=True)
class RateGroups:
    """(N,) sums of events and exposure, one a professional, stratum and value of one characteristic."""

    judge: Codes
    stratum: Codes
    value: Codes
    sums: RateSums
    judges: pd.Index[str]
    values: pd.Index[str]

    @classmethod
    def from_rows(
        cls,
        judge: Codes,
        stratum: Codes,
        *,
        value: Codes,
        events: Floats,
        exposure: Floats,
        judges: pd.Index[str],
        values: pd.Index[str],
    ) -> RateGroups:
        """From rows in memory (R,)."""
        strata = int(stratum.max(initial=0)) + 1
        key, group = np.unique((judge.astype(np.int64) * strata + stratum) * len(values) + value, return_inverse=True)
        rest, last = np.divmod(key, max(len(values), 1))
        first, middle = np.divmod(rest, strata)
        sums = RateSums.from_rows(group.astype(np.intp), events, exposure=exposure)
        return cls(first.astype(np.intp), middle.astype(np.intp), last.astype(np.intp), sums, judges, values)

    @property
    def dispersion(self) -> float:
        """phi, at least 1; 1 where rows tell hardly any."""
        phi = dispersion_of(self.sums, self.judge)
        return max(1.0, phi.value) if float(phi.below.sum()) >= LEAST_EVENTS else 1.0

    def sides(self, value: int, *, unknown: int | None = None) -> Counts:
        """One value against the rest, of every professional and stratum that has any exposure."""
        inside = self.value == value
        outside = ~inside if unknown is None or unknown == value else ~inside & (self.value != unknown)
        width = int(self.stratum.max(initial=0)) + 1
        cells, cell = np.unique(self.judge * width + self.stratum, return_inverse=True)

        def over(part: Floats, side: npt.NDArray[np.bool_]) -> Floats:
            return sum_by(cell.astype(np.intp), np.where(side, part, 0.0), len(cells))

        held = self.sums
        return Counts(
            test=(cells // width).astype(np.intp),
            d1=over(held.events, inside),
            e1=over(held.exposure, inside),
            d0=over(held.events, outside),
            e0=over(held.exposure, outside),
            n1=over(held.rows, inside),
            n0=over(held.rows, outside),
        )


def rate_log_gaps(
    groups: RateGroups, *, unknown: int | None = None, values: Sequence[int] | None = None, fewest: int = FEWEST_COUNTS
) -> tuple[Gaps, ...]:
    """Gaps of log rates, for each value asked for (None: all, in order); entries are all of `groups.judges`.

    unknown: code of rows whose value is not known: on neither side of other values. fewest: rows on each side.
    """
    phi, size = groups.dispersion, len(groups.judges)
    chosen = range(len(groups.values)) if values is None else values
    return tuple(
        conditional_gaps(groups.sides(value, unknown=unknown), size, fewest=fewest, dispersion=phi) for value in chosen
    )
