"""Aggregates: the small table that every estimator reads, and its merge law."""

from noiseaudit.aggregates.cells import Cells, merge
from noiseaudit.aggregates.moments import Moments

__all__ = ["Cells", "Moments", "merge"]
