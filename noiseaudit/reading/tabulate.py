"""From a Log to cells, with every row accounted for.

Labels are cleaned after the group-by, on thousands of groups instead of millions of rows; groups whose labels
turn out the same merge by the law of the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates import Cells
from noiseaudit.backends import group_rows, group_values
from noiseaudit.errors import DataError, Problem
from noiseaudit.reading.account import account_for, drop_or_refuse_identical
from noiseaudit.reading.keyed import has_case, sums_up_others
from noiseaudit.reading.labels import clean_labels
from noiseaudit.reading.log import Log
from noiseaudit.reading.wide import TOTAL
from noiseaudit.result import Finding, Input
from noiseaudit.result.findings import finding


@dataclass(frozen=True)
class Tabulated:
    """Cells of a log. `indicators`: K-column cells of a categorical decision.

    `main` is what noise is measured on: scores of an ordinal decision, indicators of a nominal one.
    """

    main: Cells
    indicators: Cells | None
    input: Input
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class CaseClasses:
    """Classes in place of cases: an expression over further columns (their SQL by name) of the rows of a log."""

    expression: nw.Expr
    columns: Mapping[str, str]


def tabulate(log: Log, *, classes: CaseClasses | None = None) -> Tabulated:
    """Group, clean the labels, account for the rows; DataError where nothing is left or truths contradict.

    classes: the cells are of judge and class, however many cases there are.
    """
    groups = _grouped(log, classes)
    if log.table.kind == "text" and log.table.records not in (None, groups["rows"].sum()):
        raise log.table.refusal()  # the engine found other rows than the scan did
    identical = 0
    if log.duplicates != "keep" and (groups["rows"] > 1).any():
        identical = drop_or_refuse_identical(log)
        groups = _grouped(log, classes) if identical else groups
    findings = list(log.findings)
    for key in ("case_id", "judge_id"):
        groups[key] = clean_labels(groups[key], role=key.removesuffix("_id"), findings=findings)
    groups, account = account_for(log, groups, identical=identical, findings=findings)
    groups = groups.drop(columns=["rows", "first", "decided", "weightless"])  # accounted for, and of some size
    log.table.unchanged()
    indicators = _categorical_cells(log, groups) if _categorical(log) else None
    if indicators is None:
        main = _numeric_cells(log, groups)
    else:
        main = _scores(indicators) if log.scale == "ordinal" else indicators
    if classes is not None:
        return Tabulated(main, indicators, account, tuple(findings))
    findings += said_of_repeats(log, main)
    if "truth" in log.roles and log.scale != "nominal":
        main = replace(main, truth=_truths(log, groups, main))
    return Tabulated(main, indicators, account, tuple(findings))


def _categorical(log: Log) -> bool:
    return log.scale in ("nominal", "ordinal")


def said_of_repeats(log: Log, cells: Cells) -> list[Finding]:
    """That somebody decided a case again, where no column tells when."""
    repeated = int((cells.n > 1).sum())
    told = log.timed or "weight" in log.roles
    return [finding("W502", n=repeated)] if repeated and not told else []


def _grouped(log: Log, classes: CaseClasses | None = None) -> pd.DataFrame:
    """One row per (case, judge[, value]) with rows, decided (with a decision), weightless, n (decisions), mean and m2.

    With weights n counts them: mean and M2 of equal values are exact, and cells merge by their law.
    """
    engine = log.table.connection
    rows = nw.from_native(engine.sql(log.sql)) if classes is None else classed_rows(log, classes)
    truth, weight = "truth" in log.roles, "weight" in log.roles
    try:
        if not (_categorical(log) or weight):
            groups = group_rows(rows, engine, truth=truth)
            return groups.assign(decided=groups["n"], weightless=0)
        groups = group_values(rows, engine, truth=truth, weight=weight)
    except duckdb.InvalidInputException:
        raise log.table.refusal() from None
    known = groups["decision"].notna()
    groups["weightless"] = np.where(known, groups["weightless"], 0).astype(np.int64) if weight else 0
    groups["decided"] = np.where(known, groups["rows"], 0)
    groups["n"] = np.where(known, groups.pop("weight") if weight else groups["rows"], 0)
    groups["mean"], groups["m2"] = groups["decision"], 0.0
    return groups


def classed_rows(log: Log, classes: CaseClasses, **more: str) -> nw.LazyFrame[duckdb.DuckDBPyRelation]:
    """The rows of a log with their class as the case. more: SQL of further columns."""
    rows = nw.from_native(log.table.connection.sql(log.select(_columns(log, classes) | more)))
    own = nw.when(nw.col("sums")).then(nw.lit(TOTAL)).otherwise(classes.expression.cast(nw.String))
    return rows.with_columns(nw.when(nw.col("keyed")).then(own).alias("case_id"))


def _columns(log: Log, classes: CaseClasses) -> dict[str, str]:
    """keyed: the row has a case; sums: it sums up others, whose label takes the place of a class."""
    wanted = ("row", "judge_id", "decision", "weight", "pool", "truth")
    keys = {"keyed": has_case(log), "sums": sums_up_others(log)}
    return {name: log.columns[name] for name in wanted if name in log.columns} | keys | dict(classes.columns)


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


def _truths(log: Log, groups: pd.DataFrame, cells: Cells) -> npt.NDArray[np.float64]:
    """(C,) right answer per case, minus the shift; contradictions are refused."""
    spread = groups.groupby("case_id").agg(low=("truth_low", "min"), high=("truth_high", "max"))
    contradictory = int((spread["high"] > spread["low"]).sum())
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
    return spread["low"].reindex(cells.cases).to_numpy(np.float64)
