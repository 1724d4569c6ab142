"""Sums of events and exposure per group of rows: all that the rate estimators see, and their merge law (addition).

Raw sums, unlike everywhere else, because a count and what it is out of have a true zero: no shift can be taken off.
A sum of squares around a rate loses log10(events per row) digits of 16, none where events are rare.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by


@dataclass(frozen=True)
class RateSums:
    """(N,) sums over the rows of N groups, y events of a row out of exposure e > 0; `+` merges elementwise.

    rows: count; events: sum y; exposure: sum e; events2: sum y^2; cross: sum y e; exposure2: sum e^2;
    events_log: sum y log e; exposure_log: sum e log e; exposure_log2: sum e (log e)^2.
    """

    rows: Floats
    events: Floats
    exposure: Floats
    events2: Floats
    cross: Floats
    exposure2: Floats
    events_log: Floats
    exposure_log: Floats
    exposure_log2: Floats

    def __post_init__(self) -> None:
        if len({getattr(self, field.name).shape for field in fields(self)}) > 1 or self.rows.ndim != 1:
            raise ValueError("the sums must be arrays (N,) of one length")
        if len(self) and not (self.events.min() >= 0 and self.exposure.min() > 0 and self.rows.min() >= 1):
            raise ValueError("events must be 0 or more, exposure more than 0, rows 1 or more")

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: RateSums) -> RateSums:
        return RateSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @classmethod
    def from_rows(cls, group: Codes, events: npt.ArrayLike, *, exposure: npt.ArrayLike) -> RateSums:
        """Sums of rows already in memory. group: (R,) codes 0, …, N - 1, all of which occur."""
        y, e = np.asarray(events, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
        log = np.log(e)
        size = int(group.max(initial=-1)) + 1
        columns = (np.ones_like(y), y, e, y * y, y * e, e * e, y * log, e * log, e * log * log)
        return cls(*(sum_by(group, column, size) for column in columns))

    def grouped(self, codes: Codes, size: int) -> RateSums:
        """Sums of groups that share a code: (size,); every code must occur."""
        return RateSums(*(sum_by(codes, getattr(self, field.name), size) for field in fields(self)))

    def where(self, keep: npt.NDArray[np.bool_]) -> RateSums:
        """The groups to keep."""
        return RateSums(*(getattr(self, field.name)[keep] for field in fields(self)))
