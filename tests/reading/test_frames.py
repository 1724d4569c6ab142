"""Frames of every kind of column: read right, or refused by name; never an error of the engine underneath."""

from __future__ import annotations

import decimal
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import noiseaudit as na

from ..conftest import ROLES

BASE = pd.DataFrame({"case": list("aabbcc"), "judge": list("xyxyxy"), "decision": [1, 2, 3, 5, 4, 4.5]})
DECIMALS = [decimal.Decimal(text) for text in ("1.10", "2.20", "1.10", "3.30", "2.20", "2.20")]

READ = {
    "categories": (BASE.astype({"case": "category", "judge": "category"}), 6),
    "numbers as ids": (BASE.assign(case=[1, 1, 2, 2, 3, 3], judge=[1.0, 2.0] * 3), 6),
    "ids of several types": (BASE.assign(case=pd.Series([1, 1, "b", "b", 2.5, 2.5], dtype=object)), 6),
    "decisions of several types": (BASE.assign(decision=pd.Series([1, "2,5", 3, 5, 4, None], dtype=object)), 5),
    "exact decimals": (BASE.assign(decision=DECIMALS), 6),
    "whole numbers with gaps": (BASE.assign(decision=pd.array([1, 2, None, 4, 5, 6], dtype="Int64")), 5),
    "truth values with gaps": (BASE.assign(decision=pd.array([True, False, None, True, True, False], "boolean")), 5),
    "a case that is missing": (BASE.assign(case=[1, 1, np.nan, 2, 2, 2]), 5),
    "bytes": (BASE.assign(case=[b"1", b"1", b"2", b"2", b"3", b"3"]), 6),
    "lists as ids": (BASE.assign(case=[[1], [1], [2], [2], [3], [3]]), 6),
    "uuids": (BASE.assign(case=[uuid.UUID(int=i // 2) for i in range(6)]), 6),
    "large whole numbers": (BASE.assign(decision=[10**17, 1, 2, 3, 4, 5]), 6),
    "single precision": (BASE.astype({"decision": "float32"}), 6),
    "polars": (pl.from_pandas(BASE), 6),
    "lazy polars": (pl.from_pandas(BASE).lazy(), 6),
    "arrow": (pa.Table.from_pandas(BASE), 6),
    "arrow dictionaries": (pa.Table.from_pandas(BASE.astype({"case": "category"})), 6),
}

REFUSED = {
    "dates as decisions": (BASE.assign(decision=pd.date_range("2024-01-01", periods=6)), "E410"),
    "durations as decisions": (BASE.assign(decision=pd.to_timedelta([1, 2, 3, 4, 5, 6], unit="h")), "E410"),
    "a name twice": (pd.concat([BASE, BASE[["decision"]]], axis=1), "E304"),
    "a name twice in arrow": (pa.table([[1, 2]] * 4, names=["case", "judge", "decision", "decision"]), "E304"),
    "names of several levels": (BASE.set_axis(pd.MultiIndex.from_product([["a"], BASE.columns]), axis=1), "E307"),
    "no rows": (BASE.iloc[:0], "E102"),
    "no columns": (pd.DataFrame(), "E101"),
    "infinity": (BASE.assign(decision=[1, 2, np.inf, 4, 5, 6]), "E408"),
    "complex numbers": (BASE.assign(decision=[1j] * 6), "unknown_source"),
    "one column": (BASE["case"], "unknown_source"),
    "a dict": ({"case": [1]}, "unknown_source"),
}


@pytest.mark.parametrize("name", READ)
def test_read(name: str) -> None:
    frame, used = READ[name]
    account = na.audit(frame, **ROLES).input
    assert (account.rows_read, account.rows_used) == (6, used)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    frame, code = REFUSED[name]
    with pytest.raises((na.CallError, na.DataError)) as caught:
        na.audit(frame, **ROLES)
    assert caught.value.code == code


def test_time_zones_of_a_typed_column() -> None:
    times = pd.date_range("2024-01-01", periods=6, tz="Europe/Amsterdam")
    assert na.audit(BASE.assign(time=times), **ROLES, time="time").input.rows_used == 6
