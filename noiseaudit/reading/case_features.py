"""Features of the cases of a panel: one row a case, as it is told on the first row of the case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.moments import Floats
from noiseaudit.reading.case_columns import CaseColumn
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.log import Log


def fetch_case_features(
    log: Log, columns: Sequence[CaseColumn], cells: Cells
) -> tuple[tuple[tuple[str, ...], ...], Floats]:
    """(labels of categories by feature, () for numbers; (C, p) values in the order of `cells.cases`, NaN missing)."""
    wanted = {"row": "row", "c": log.columns["case_id"]} | {f"f{k}": column.sql for k, column in enumerate(columns)}
    firsts = ", ".join(f"first(f{k} ORDER BY row) FILTER (f{k} IS NOT NULL) AS f{k}" for k in range(len(columns)))
    found: pd.DataFrame = log.table.connection.sql(
        f"SELECT c, min(row) AS row, {firsts} FROM ({log.select(wanted)}) WHERE c IS NOT NULL GROUP BY c ORDER BY row"
    ).df()
    place = cells.cases.get_indexer(pd.Index([label_of(case) for case in found["c"]], dtype=object))
    values = np.full((len(cells.cases), len(columns)), np.nan)
    labels = []
    for k, column in enumerate(columns):
        raw = found[f"f{k}"]
        if column.is_category:
            codes, seen = pd.factorize(raw)
            labels.append(tuple(map(str, seen)))
            own = np.where(codes < 0, np.nan, codes.astype(np.float64))
        else:
            labels.append(())
            own = raw.to_numpy(np.float64, na_value=np.nan)
        values[place[place >= 0], k] = own[place >= 0]
    return tuple(labels), values
