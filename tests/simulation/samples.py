"""Drawing a log, and picking rows of it."""

from __future__ import annotations

import numpy as np

from noiseaudit.simulation import LogDesign, LogRows, draw_log


def draw(seed: int = 1, **settings: object) -> tuple[LogDesign, LogRows]:
    design = LogDesign(**settings)  # type: ignore[arg-type]
    return design, draw_log(design, np.random.default_rng(seed))


def first_decisions(rows: LogRows) -> np.ndarray:
    return np.unique(rows.case, return_index=True)[1]


def twice(rows: LogRows) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the two decisions of each case that was decided twice."""
    order = np.argsort(rows.case, kind="stable")
    pair = np.flatnonzero(rows.case[order][1:] == rows.case[order][:-1])
    return order[pair], order[pair + 1]
