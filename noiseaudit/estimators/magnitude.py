"""Decisions whose squares a double cannot hold: refused by name instead of running to infinity or to 0.

Floors of intervals take squares of variances, so fourth powers of differences must stay between 1e-308 and 1e308.
"""

from __future__ import annotations

import numpy as np

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.moments import Floats
from noiseaudit.errors import NoAnswerError

_LEAST, _MOST = 1e-70, 1e70


def check_magnitude(differences: Floats, *, values: Floats) -> None:
    """NoAnswerError where values pass 1e70 in size, or their differences lie between 0 and 1e-70."""
    reach, apart = (float(np.abs(each).max(initial=0.0)) for each in (values, differences))
    if max(reach, apart) > _MOST or 0 < apart < _LEAST:
        raise NoAnswerError(
            "values_out_of_range",
            f"the decisions are of size {max(reach, apart):.0e} and differ by {apart:.0e}; both must lie between "
            f"{_LEAST:.0e} and {_MOST:.0e}. Give the decisions in another unit.",
        )


def check_cells(cells: Cells) -> None:
    """The same for cells of a log, around the mean of all."""
    check_magnitude(np.hypot(cells.mean - cells.mean.mean(axis=0), np.sqrt(cells.m2)), values=cells.mean)
