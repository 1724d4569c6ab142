"""The office of every judge, from how often each decided where.

A judge belongs to the office with at least 90 % of the decisions whose office is known; who has no such office is left
out of the split. It may be somebody who serves in two offices, or one id that stands for two people: the data cannot
tell, and either would count differences between offices as differences within one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.estimators.components import Flag

MOSTLY = 0.9  # share of a judge's decisions in one office from which the judge belongs to it


@dataclass(frozen=True)
class OfficeOfJudge:
    """office: (J,) code, -1 where left out. Judges with two offices or more: in one `mostly`, or `split`.

    unknown: judges of whom no decision has an office.
    """

    office: Codes
    mostly: int
    split: int
    unknown: int

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What a reader must know about these judges."""
        found = []
        if self.split:
            found.append(Flag("office_split", "warning", {"n": self.split}))
        if self.mostly:
            found.append(Flag("office_mostly", "info", {"n": self.mostly}))
        if self.unknown:
            found.append(Flag("office_unknown", "warning", {"n": self.unknown}))
        return tuple(found)


def office_of_judge(judge: Codes, office: Codes, *, n: Floats | None = None, judges: int) -> OfficeOfJudge:
    """From rows, or counts of them, by judge and office.

    judge: (R,) codes 0..judges-1; office: (R,) codes, below 0 where unknown; n: (R,) decisions, 1 by default.
    """
    known = office >= 0
    weight = np.ones(len(judge)) if n is None else n.astype(np.float64)
    offices = int(office.max(initial=0)) + 1
    key, pair = np.unique(judge[known].astype(np.int64) * offices + office[known], return_inverse=True)
    count = sum_by(pair, weight[known], len(key))
    key, count = key[count > 0], count[count > 0]
    of, where = (key // offices).astype(np.intp), (key % offices).astype(np.intp)
    share = count / sum_by(of, count, judges)[of]
    several = np.bincount(of, minlength=judges)
    chosen = np.full(judges, -1, dtype=np.intp)
    chosen[of[share >= MOSTLY]] = where[share >= MOSTLY]
    return OfficeOfJudge(
        office=chosen,
        mostly=int(((several > 1) & (chosen >= 0)).sum()),
        split=int(((several > 1) & (chosen < 0)).sum()),
        unknown=int((several == 0).sum()),
    )
