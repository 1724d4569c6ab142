"""Decisions in the order in which each professional took them, cut into days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats

Moments = npt.NDArray[np.datetime64]
MOST_TIED = 0.1
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """Dated decisions sorted by judge, then moment, then row: R rows, J judges, D days of a judge.

    judge: (R,) codes 0..J-1; value, predicted: (R,) in decision units; moment: (R,) to the second; day: (R,) codes of
    judge-days in order; day_judge: (D,) whose day; date: (D,) which day. timed: some moment has a time of day.
    undated: rows without a moment, which are left out.
    """

    judge: Codes
    value: Floats
    moment: Moments
    day: Codes
    day_judge: Codes
    date: Moments
    timed: bool
    undated: int
    predicted: Floats | None = None

    @property
    def judges(self) -> int:
        """Number of judges."""
        return int(self.judge[-1]) + 1 if len(self.judge) else 0

    @property
    def days(self) -> int:
        """Number of days of a judge."""
        return len(self.day_judge)

    @property
    def constant(self) -> bool:
        """Every judge decided everything alike."""
        first = np.searchsorted(self.judge, np.arange(self.judges))
        return bool(np.all(self.value == self.value[first][self.judge]))

    @property
    def order_unknown(self) -> str | None:
        """Why the order of the decisions within a day is not known, or None where it is.

        `no_time_of_day`; `order_unknown`: more than a tenth of the decisions have the moment of the one before. What
        order the rows have then is anybody's guess: a file that was sorted by outcome would show a sequence effect.
        """
        if not self.timed:
            return "no_time_of_day"
        follows = self.day[1:] == self.day[:-1]
        tied = follows & (self.moment[1:] == self.moment[:-1])
        return "order_unknown" if tied.sum() > MOST_TIED * follows.sum() else None

    @classmethod
    def of(cls, judge: Codes, adjusted: Floats, moment: Moments, *, predicted: Floats | None = None) -> Timeline:
        """Sort (R,) arrays; decisions of a judge with the same moment keep the order of the rows."""
        dated = ~np.isnat(moment)
        rows = np.flatnonzero(dated)
        when = moment[rows].astype("datetime64[s]")
        order = np.lexsort((when, judge[rows]))
        rows, when = rows[order], when[order]
        who, date = judge[rows], when.astype("datetime64[D]")
        new_judge, new_day = _changes(who), _changes(who) | _changes(date)
        code = np.cumsum(new_judge) - 1
        return cls(
            judge=code.astype(np.intp),
            value=adjusted[rows],
            moment=when,
            day=(np.cumsum(new_day) - 1).astype(np.intp),
            day_judge=code[new_day].astype(np.intp),
            date=date[new_day],
            timed=bool(np.any(when != date)),
            undated=len(moment) - len(rows),
            predicted=None if predicted is None else predicted[rows],
        )


def _changes(sorted_values: npt.NDArray[np.generic]) -> Mask:
    """(R,) where a value differs from the one before; the first does."""
    changed = np.ones(len(sorted_values), dtype=bool)
    changed[1:] = sorted_values[1:] != sorted_values[:-1]
    return changed
