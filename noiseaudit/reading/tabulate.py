"""From a Log to cells, with every row accounted for.

Labels are cleaned after the group-by, on thousands of groups instead of millions of rows; groups whose labels
turn out the same merge by the law of the cells.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd

from noiseaudit.aggregates import Cells
from noiseaudit.backends import group_categories, group_rows
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.log import Log
from noiseaudit.result import Exclusion, Finding, Input
from noiseaudit.result.findings import finding

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Tabulated:
    """Cells of a log. `indicators`: K-column cells of a categorical decision; `scores`: its ordinal scores.

    `main` is what noise is measured on: scores of an ordinal decision, indicators of a nominal one.
    """

    main: Cells
    indicators: Cells | None
    input: Input
    findings: tuple[Finding, ...]


def tabulate(log: Log) -> Tabulated:
    """Group, clean the labels, account for the rows; DataError where nothing is left or truths contradict."""
    categorical = bool(log.categories) or log.scale in ("nominal", "ordinal")
    rows = nw.from_native(log.table.connection.sql(log.sql))
    try:
        groups = group_categories(rows) if categorical else group_rows(rows, truth="truth" in log.roles)
    except duckdb.InvalidInputException:
        raise log.table.refusal() from None
    if categorical:
        groups["n"] = np.where(groups["decision"].isna(), 0, groups["rows"])
    findings = list(log.findings)
    groups["case_id"], groups["judge_id"] = (_clean(groups[key], key, findings) for key in ("case_id", "judge_id"))
    groups, account = _account(log, groups)
    indicators = _categorical_cells(log, groups) if categorical else None
    if indicators is None:
        main = _numeric_cells(log, groups)
    else:
        main = _scores(indicators) if log.scale == "ordinal" else indicators
    if "truth" in log.roles and log.scale != "nominal":
        main = replace(main, truth=_truths(log, groups, main))
    return Tabulated(main, indicators, account, tuple(findings))


def _clean(labels: pd.Series, key: str, findings: list[Finding]) -> pd.Series:
    """Text labels without stray spaces and invisible characters; None where nothing is left."""
    codes, unique = pd.factorize(labels, use_na_sentinel=True)
    seen = pd.Index(unique).to_numpy(dtype=object).tolist()
    texts = [_label(value) for value in seen]
    changed = sum(1 for value, text in zip(seen, texts, strict=True) if isinstance(value, str) and value != text)
    kept = {text for text in texts if text}
    role = key.removesuffix("_id")
    if changed:
        merged = len(texts) - len(set(texts))
        findings.append(finding("labels_cleaned", role=role, n=changed, merged=merged))
    if len({text.casefold() for text in kept}) < len(kept):
        findings.append(finding("labels_differ_in_case", "warning", role=role))
    table = np.array([text or None for text in texts] + [None], dtype=object)  # code -1, missing, takes the last
    return pd.Series(table[codes], index=labels.index, dtype=object)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _label(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value:
        return value  # nothing to clean: nearly every label
    text = unicodedata.normalize("NFC", str(value))
    return _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


def _account(log: Log, groups: pd.DataFrame) -> tuple[pd.DataFrame, Input]:
    """Used groups, and the input with rows_read = rows_used + excluded."""
    no_case, no_judge = groups["case_id"].isna(), groups["judge_id"].isna()
    keyed = ~(no_case | no_judge)
    counts = {
        "missing_case": int(groups.loc[no_case, "rows"].sum()),
        "missing_judge": int(groups.loc[no_judge & ~no_case, "rows"].sum()),
        "missing_decision": int((groups["rows"] - groups["n"])[keyed].sum()),
        "identical_row": log.duplicates,
        "blank_row": log.table.text.blank if log.table.text else 0,
    }
    used = groups[keyed & (groups["n"] > 0)].reset_index(drop=True)
    rows_used = int(used["n"].sum())
    excluded = tuple(Exclusion(code, finding(f"excluded_{code}").what, n) for code, n in counts.items() if n)
    total = rows_used + sum(part.n for part in excluded)
    if total == 0:
        raise DataError([Problem("E102", "there is a header and not one row.", "Export again, with the rows.")])
    if rows_used == 0:
        raise DataError(
            [
                Problem(
                    "E411",
                    "not one row has a case, a professional and a decision.",
                    "Check that the roles name the right columns.",
                    column=str(log.roles.get("decision")),
                    total=total,
                )
            ]
        )
    return used, Input(log.table.name, log.table.sha256, total, rows_used, excluded)


def _numeric_cells(log: Log, groups: pd.DataFrame) -> Cells:
    return Cells.from_arrays(
        groups["case_id"],
        groups["judge_id"],
        groups["mean"].to_numpy(np.float64),
        n=groups["n"].to_numpy(np.float64),
        m2=groups["m2"].to_numpy(np.float64),
        shift=log.shift,
    )


def _categorical_cells(log: Log, groups: pd.DataFrame) -> Cells:
    """Indicator cells from counts: share p = count/n, M2 = n p (1 - p), both exact from whole numbers."""
    K = len(log.categories)
    code = groups["decision"].to_numpy(np.float64).astype(np.intp) - 1
    count = groups["n"].to_numpy(np.float64)
    ones = np.zeros((len(groups), K))
    ones[np.arange(len(groups)), code] = 1.0
    return Cells.from_arrays(
        groups["case_id"], groups["judge_id"], ones, n=count, shift=log.shift, categories=log.categories
    )


def _scores(indicators: Cells) -> Cells:
    """Ordinal scores 1..K: mean = sum k p_k, M2 = n (sum k^2 p_k - mean^2), on scores centred for accuracy."""
    score = np.arange(1.0, indicators.mean.shape[1] + 1)
    mean = indicators.mean @ score
    centred = (score[None, :] - mean[:, None]) ** 2
    m2 = indicators.n * (indicators.mean * centred).sum(axis=1)
    return replace(indicators, mean=mean[:, None], m2=m2[:, None], categories=())


def _truths(log: Log, groups: pd.DataFrame, cells: Cells) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(C,) right answer per case, minus the shift; contradictions are refused."""
    if "truth_low" not in groups:
        return _categorical_truths(log, cells)
    spread = groups.groupby("case_id").agg(low=("truth_low", "min"), high=("truth_high", "max"))
    contradictory = spread.index[(spread["high"] - spread["low"]) > 0]
    if len(contradictory):
        raise DataError(
            [
                Problem(
                    "E516",
                    f"{len(contradictory)} cases have more than one right answer.",
                    "Give every case one right answer.",
                    column=str(log.roles["truth"]),
                    total=len(contradictory),
                )
            ]
        )
    return spread["low"].reindex(cells.cases).to_numpy(np.float64)


def _categorical_truths(log: Log, cells: Cells) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows = log.table.fetch(f"SELECT case_id, min(truth), max(truth) FROM ({log.sql}) GROUP BY case_id")
    known: dict[str, tuple[float, float]] = {}
    for case, low, high in rows:
        if not _is_missing(case) and low is not None:
            earlier = known.get(_label(case), (low, high))
            known[_label(case)] = (min(low, earlier[0]), max(high, earlier[1]))
    contradictory = sum(low != high for low, high in known.values())
    if contradictory:
        raise DataError(
            [
                Problem(
                    "E516",
                    f"{contradictory} cases have more than one right answer.",
                    "Give every case one right answer.",
                    column=str(log.roles["truth"]),
                    total=contradictory,
                )
            ]
        )
    return np.array([known.get(case, (np.nan,))[0] for case in cells.cases], dtype=np.float64)
