"""Values of characteristics and relations in memory: one code a cell of a panel, or a row of a log."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.errors import DataError
from noiseaudit.reading.group_columns import GroupColumn
from noiseaudit.reading.labels import label_of
from noiseaudit.reading.log import Log
from noiseaudit.reading.table import MOST_PLACES
from noiseaudit.result.group_parts import UNKNOWN

Flags = npt.NDArray[np.bool_]


def fetch_characteristics(
    log: Log, cells: Cells, *, columns: tuple[GroupColumn, ...] | None = None
) -> tuple[Characteristic, ...]:
    """The characteristics and relations of a log for the cells of a panel, in the order of the cells.

    columns: which of them; None: those that the rows can tell of.

    A case has the one value that its rows name; a relation one for each (case, judge). DataError where cells whose ids
    turn out to be one contradict each other.
    """
    chosen = log.analysed if columns is None else columns
    return tuple(_of_cells(log, column, cells) for column in chosen)


def _of_cells(log: Log, column: GroupColumn, cells: Cells) -> Characteristic:
    relation = column.kind == "relation"
    wanted = {"row": "row", "c": log.columns["case_id"], "v": column.sql}
    wanted |= {"j": log.columns["judge_id"], "y": log.columns["decision"]} if relation else {}
    keys = "c, j, v" if relation else "c, v"
    known = "v IS NOT NULL" + (" AND y IS NOT NULL" if relation else "")
    rows: pd.DataFrame = log.table.connection.sql(
        f"SELECT {keys}, min(row) AS row FROM ({log.select(wanted)}) WHERE {known} GROUP BY {keys} ORDER BY row"
    ).df()
    value, labels = value_codes(rows["v"], column)
    size = len(cells.judges) if relation else 1
    key = _positions(rows["c"], cells.cases)
    if relation:
        judge = _positions(rows["j"], cells.judges)
        key = np.where((key < 0) | (judge < 0), -1, key * size + judge)
    used = (key >= 0) & (value >= 0)
    code = _one_each(log, column, key[used], value[used], rows["row"].to_numpy()[used], len(cells.cases) * size)
    own = code[cells.case * size + cells.judge] if relation else code[cells.case]
    return Characteristic(column.kind, column.name, labels, own, relation and differs(cells.case, own))


def value_codes(values: pd.Series, column: GroupColumn) -> tuple[Codes, tuple[str, ...]]:
    """Codes of texts, -1 where nothing is left, and clean labels in their order."""
    raw, seen = pd.factorize(values)
    clean = [label_of(text) for text in seen]
    labels = column.labels if column.kind == "relation" else _ordered(clean, column)
    place = {label: k for k, label in enumerate(labels)}
    lookup = np.array([*(place.get(label, -1) for label in clean), -1], dtype=np.intp)
    return lookup[raw], labels


def _ordered(clean: Sequence[str], column: GroupColumn) -> tuple[str, ...]:
    found = set(clean) - {"", UNKNOWN}
    if column.labels:
        return tuple(label for label in column.labels if label in found)
    return tuple(sorted(found, key=lambda label: (label.casefold(), label)))


def differs(case: Codes, code: Codes) -> bool:
    """Whether known codes differ within some case."""
    known = code >= 0
    low = np.full(int(case.max(initial=-1)) + 1, np.iinfo(np.intp).max)
    high = np.full(len(low), -1)
    np.minimum.at(low, case[known], code[known])
    np.maximum.at(high, case[known], code[known])
    return bool((low < high).any())


def of_case(case: Codes, code: Codes) -> Codes:
    """(R,) the code that some row of the case names, where a row itself names none."""
    best = np.full(int(case.max(initial=-1)) + 1, -1, dtype=np.intp)
    np.maximum.at(best, case, code)
    return np.where(code >= 0, code, best[case])


def _positions(ids: pd.Series, labels: pd.Index[str]) -> Codes:
    raw, seen = pd.factorize(ids)
    place = labels.get_indexer(pd.Index([label_of(value) for value in seen], dtype=object))
    return np.append(place, -1)[raw].astype(np.intp)


def _one_each(log: Log, column: GroupColumn, key: Codes, value: Codes, row: npt.NDArray[np.int64], size: int) -> Codes:
    """(size,) the value of every key; rows are in the order of the file."""
    code = np.full(size, -1, dtype=np.intp)
    code[key[::-1]] = value[::-1]  # the first row wins
    wrong = row[code[key] != value]
    if len(wrong):
        places = [(int(at), None) for at in wrong[:MOST_PLACES]]
        name = column.name if column.kind == "group" else column.columns[0]
        raise DataError(
            [log.table.problem_at(name, places, len(wrong), code="E516",
                                  what="ids that are the same once cleaned have more than one value here; these rows "
                                  "differ from an earlier one.", do="Write the ids alike, or give each one value.")]
        )  # fmt: skip
    return code
