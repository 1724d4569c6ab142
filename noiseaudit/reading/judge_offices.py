"""How often every judge decided in every office."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.log import Log


@dataclass(frozen=True)
class JudgeOffices:
    """(N,) judge (position in the judges asked for), office (code, -1 where unknown) and number of decisions."""

    judge: Codes
    office: Codes
    n: Floats
    offices: tuple[str, ...] = ()


def judge_offices(log: Log, judges: pd.Index[str]) -> JudgeOffices:
    """Decisions by judge and office, for these judges; labels are cleaned as all ids are."""
    wanted = {name: log.columns[name] for name in ("judge_id", "office", "decision")}
    rows = log.table.fetch(
        f"SELECT judge_id, office, count(*) FROM ({log.select(wanted)}) WHERE decision IS NOT NULL AND judge_id IS NOT "
        "NULL GROUP BY judge_id, office ORDER BY 3 DESC, 1, 2"
    )
    judge = judges.get_indexer(pd.Index([label_of(label) for label, _, _ in rows]))
    labels = [None if label is None else label_of(label) or None for _, label, _ in rows]
    office, offices = pd.factorize(np.array(labels, dtype=object))
    kept = judge >= 0
    n = np.array([count for _, _, count in rows], dtype=np.float64)
    return JudgeOffices(judge[kept].astype(np.intp), office[kept].astype(np.intp), n[kept], tuple(map(str, offices)))
