"""Sums of a log that is too large for memory: by judge, class of cases and value of a characteristic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.characteristics import CharacteristicSums
from noiseaudit.aggregates.moments import Floats, grouped
from noiseaudit.backends import group_sums
from noiseaudit.reading.group_columns import GroupColumn
from noiseaudit.reading.group_values import value_codes
from noiseaudit.reading.keyed import counted_rows
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.log import Log
from noiseaudit.reading.tabulate import CaseClasses, classed_rows


def fetch_group_sums(
    log: Log, classes: CaseClasses, *, cells: Cells, columns: tuple[GroupColumn, ...]
) -> tuple[CharacteristicSums, ...]:
    """One group-by a characteristic over all rows. cells: of the classes (`tabulate(log, classes=...)`): rows that they
    do not count (totals, excluded accounts) count here neither.

    For numbers and yes/no decisions: codes of categories without an order have no mean.
    """
    return tuple(_sums(log, classes, cells, column) for column in columns)


def _sums(log: Log, classes: CaseClasses, cells: Cells, column: GroupColumn) -> CharacteristicSums:
    rows = classed_rows(log, classes, value=column.sql)
    table = group_sums(rows, log.table.connection, weight="weight" in log.columns)
    stratum, judge = (
        _recoded(table[key], labels) for key, labels in (("case_id", cells.cases), ("judge_id", cells.judges))
    )
    codes, labels = value_codes(pd.Series(table["value"].cat.categories, dtype=object), column)
    value = np.append(codes, -1)[table["value"].cat.codes].astype(np.intp)
    kept = (stratum >= 0) & (judge >= 0) & (table["n"].to_numpy() > 0)
    shape = (len(cells.judges), len(cells.cases), len(labels) + 1)
    key = np.ravel_multi_index((judge[kept], stratum[kept], value[kept] + 1), shape)
    found, code = np.unique(key, return_inverse=True)
    n, mean, m2 = (table[name].to_numpy(np.float64)[kept] for name in ("n", "mean", "m2"))
    sums = grouped(code, len(found), n, mean[:, None], m2[:, None])
    own = [part.astype(np.intp) for part in np.unravel_index(found, shape)]
    return CharacteristicSums(
        column.kind,
        column.name,
        labels,
        own[0],
        own[1],
        own[2] - 1,
        sums.n,
        sums.mean[:, 0],
        sums.m2[:, 0],
        _cases(log, column, labels),
    )


def _cases(log: Log, column: GroupColumn, labels: tuple[str, ...]) -> Floats:
    """(V + 1,) different cases of every value, and of the unknown."""
    rows = counted_rows(log, {"c": f"hash({log.columns['case_id']})", "v": column.sql})
    found = dict.fromkeys((*labels, None), 0)
    for value, n in log.table.fetch(f"SELECT v, count(DISTINCT c) FROM {rows} GROUP BY v"):
        label = None if value is None else label_of(value)
        found[label if label in found else None] += int(n)
    return np.array(list(found.values()), dtype=np.float64)


def _recoded(keys: pd.Series, labels: pd.Index[str]) -> Codes:
    place = labels.get_indexer(pd.Index([label_of(value) for value in keys.cat.categories], dtype=object))
    return np.append(place, -1)[keys.cat.codes].astype(np.intp)
