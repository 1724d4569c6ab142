"""What a log holds of its cases: features as numbers or categories, with the rows of the log in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.aggregates.moments import Floats
from noiseaudit.design import AuditDesign
from noiseaudit.errors import DataError
from noiseaudit.reading.dates import date_column, looks_dated
from noiseaudit.reading.group_columns import GroupColumn
from noiseaudit.reading.group_values import differs, of_case, value_codes
from noiseaudit.reading.keyed import has_case, sums_up_others
from noiseaudit.reading.labels import clean_labels
from noiseaudit.reading.log import Log
from noiseaudit.reading.numbers import looks_numeric, number_column
from noiseaudit.reading.shapes import shapes_of, trimmed
from noiseaudit.reading.table import VIEW, Table
from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

MOST_VALUES = 250  # of a category; more are ids or free text


@dataclass(frozen=True)
class CaseColumn:
    """A feature: SQL that gives a DOUBLE (number) or a text (category), NULL where missing.

    values: of a category. findings: what has to be said about its reading.
    """

    name: str
    sql: str
    is_category: bool
    values: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        """Not an id, nor free text."""
        return self.values <= MOST_VALUES


def case_columns(table: Table, design: AuditDesign) -> tuple[CaseColumn, ...]:
    """The features of a design, each read as what it holds; DataError lists every value that does not fit.

    Text is a number where at least half of it is, a date (in days) where at least half is, else a category.
    """
    found, problems = [], []
    for name in design.features:
        try:
            found.append(_column(table, name, design))
        except DataError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise DataError(problems)
    return tuple(found)


def _column(table: Table, name: str, design: AuditDesign) -> CaseColumn:
    if name not in design.as_category:
        if table.is_number(name):
            return CaseColumn(name, f"CAST({number_column(table, name, design).sql} AS DOUBLE)", False)
        if table.type_of(name).startswith(("DATE", "TIMESTAMP")):
            return _days(table, name, design)
        if table.is_text(name):
            shapes = shapes_of(table, name, design)
            if looks_numeric(shapes):
                sql = number_column(table, name, design, shapes=shapes).sql
                return CaseColumn(name, f"CAST({sql} AS DOUBLE)", False)
            if looks_dated(shapes):
                return _days(table, name, design)
    text = trimmed(table, name, design)
    values = int(table.fetch(f"SELECT count(DISTINCT {text}) FROM {VIEW}")[0][0])
    return CaseColumn(name, text, True, values)


def _days(table: Table, name: str, design: AuditDesign) -> CaseColumn:
    read = date_column(table, name, design)
    return CaseColumn(name, f"CAST(({read.sql}) - DATE '2000-01-01' AS DOUBLE)", False, findings=read.findings)


@dataclass(frozen=True)
class LogRows:
    """Decisions in memory, one a row (R,), in the order of the file: those that the account of rows counts as used.

    judge, case: codes; judges: labels of the judges. decision: without the shift; a category's code 1..K.
    features: (R, p) numbers, NaN where missing; a category's codes go with its labels. moment: NaT where unknown.
    pool: codes, those without one in a pool of their own, the last, that bears no name. office: codes, -1 where
    missing. Both None where no column names them, or where it is empty. characteristics: with a code a row.
    """

    judge: Codes
    judges: tuple[str, ...]
    case: Codes
    decision: Floats
    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    features: Floats
    moment: npt.NDArray[np.datetime64] | None
    pool: Codes | None
    pools: tuple[str, ...]
    office: Codes | None
    offices: tuple[str, ...]
    exposure: Floats | None = None
    characteristics: tuple[Characteristic, ...] = ()


def fetch_rows(
    log: Log,
    columns: tuple[CaseColumn, ...],
    *,
    findings: list[Finding],
    sample: int | None = None,
    of: Literal["case_id", "judge_id"] = "case_id",
    characteristics: tuple[GroupColumn, ...] = (),
) -> LogRows:
    """The rows of a log with these features and characteristics (`log.analysed`).

    sample: about so many, whole cases or judges, by a hash of their id.
    """
    wanted: dict[str, str] = {"row": "row", "judge_id": log.columns["judge_id"], "decision": log.columns["decision"]}
    wanted["case_id"] = f"hash({log.columns['case_id']})"
    wanted |= {
        role: log.columns[role] for role in ("weight", "moment", "pool", "office", "exposure") if role in log.columns
    }
    wanted |= {f"f{k}": column.sql for k, column in enumerate(columns)}
    wanted |= {f"g{k}": column.sql for k, column in enumerate(characteristics)}
    wanted["keyed"] = f"{has_case(log)} AND NOT ({sums_up_others(log)})"
    known = "decision IS NOT NULL AND judge_id IS NOT NULL AND keyed"
    query = f"SELECT * EXCLUDE (keyed) FROM ({log.select(wanted)}) WHERE {known}"
    if sample is not None:
        total = max(1, log.table.rows())
        share = min(1.0, sample / total)
        query += f" AND hash({of}) % 1000003 < {int(share * 1000003)}"
    engine = log.table.connection
    engine.execute(f"CREATE OR REPLACE TEMP TABLE log_rows AS {query}")
    if "weight" in wanted:
        engine.execute("CREATE OR REPLACE TEMP TABLE log_rows AS SELECT l.* EXCLUDE (weight) FROM log_rows l, "
                       "range(l.weight) AS again")  # fmt: skip
    texts = ["judge_id", *(role for role in ("pool", "office") if role in wanted)]
    texts += [f"f{k}" for k, column in enumerate(columns) if column.is_category]
    texts += [f"g{k}" for k in range(len(characteristics))]
    labels = {name: _coded(log, name) for name in texts}
    table: pd.DataFrame = engine.sql("SELECT * FROM log_rows ORDER BY row").df()
    engine.execute("DROP TABLE log_rows")
    judge, judges = _clean(table["judge_id"], labels["judge_id"], role="judge", findings=findings)
    left_out = [k for k, label in enumerate(judges) if label in log.excluded_judges]
    kept = (judge >= 0) & ~np.isin(judge, left_out)
    if not kept.all():
        table, (codes, judge) = table[kept], np.unique(judge[kept], return_inverse=True)
        judges, judge = tuple(judges[code] for code in codes), judge.astype(np.intp)
    pool = _pools(table["pool"], labels["pool"], findings=findings) if "pool" in wanted else None
    office = _clean(table["office"], labels["office"], role="office", findings=findings) if "office" in wanted else None
    for column in columns:
        findings += column.findings
    values = np.empty((len(table), len(columns)))
    named: list[tuple[str, ...]] = []
    for k, column in enumerate(columns):
        raw = table[f"f{k}"].to_numpy(np.float64, na_value=np.nan)
        values[:, k] = np.where(raw < 0, np.nan, raw) if column.is_category else raw
        named.append(tuple(map(str, labels[f"f{k}"])) if column.is_category else ())
    case = np.unique(table["case_id"].to_numpy(), return_inverse=True)[1].astype(np.intp)
    return LogRows(
        judge=judge,
        judges=judges,
        case=case,
        decision=table["decision"].to_numpy(np.float64),
        names=tuple(column.name for column in columns),
        labels=tuple(named),
        features=values,
        moment=table["moment"].to_numpy("datetime64[us]") if "moment" in wanted else None,
        pool=None if pool is None else pool[0],
        pools=() if pool is None else pool[1],
        office=None if office is None else office[0],
        offices=() if office is None else office[1],
        exposure=table["exposure"].to_numpy(np.float64) if "exposure" in wanted else None,
        characteristics=tuple(
            _characteristic(column, table[f"g{k}"].to_numpy(np.intp), labels[f"g{k}"], case)
            for k, column in enumerate(characteristics)
        ),
    )


def _characteristic(column: GroupColumn, code: Codes, labels: list[object], case: Codes) -> Characteristic:
    """Rows without a value have that of another row of the case; of a relation they are unknown."""
    lookup, named = value_codes(pd.Series(labels, dtype=object), column)
    own = np.append(lookup, -1)[code].astype(np.intp)
    if column.kind == "group":
        return Characteristic(column.kind, column.name, named, of_case(case, own), by_cell=False)
    return Characteristic(column.kind, column.name, named, own, by_cell=differs(case, own))


def _coded(log: Log, name: str) -> list[object]:
    """Replaces a column of the rows by codes, -1 where missing; the labels in order of first appearance."""
    engine = log.table.connection
    found = engine.sql(
        f"SELECT {name} FROM log_rows WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY min(row)"
    ).fetchall()
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE log_labels AS SELECT {name}, CAST(row_number() OVER (ORDER BY min(row)) - 1 AS "
        f"INTEGER) AS code FROM log_rows WHERE {name} IS NOT NULL GROUP BY {name}"
    )
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE log_rows AS SELECT l.* REPLACE (coalesce(k.code, -1) AS {name}) "
        f"FROM log_rows l LEFT JOIN log_labels k USING ({name})"
    )
    engine.execute("DROP TABLE log_labels")
    return [value for (value,) in found]


def _clean(
    codes: pd.Series, labels: list[object], *, role: str, findings: list[Finding]
) -> tuple[Codes, tuple[str, ...]]:
    """Codes and clean labels: ids that turn out the same are one."""
    listed = pd.Series(pd.Categorical.from_codes(codes.to_numpy(), categories=pd.Index(labels, dtype=object)))
    said: list[Finding] = []
    clean = clean_labels(listed, role=role, findings=said)
    findings += [found for found in said if found.code not in {known.code for known in findings}]
    return clean.cat.codes.to_numpy().astype(np.intp), tuple(map(str, clean.cat.categories))


def _pools(codes: pd.Series, labels: list[object], *, findings: list[Finding]) -> tuple[Codes, tuple[str, ...]] | None:
    """Cases without a pool are compared with one another; None where no case has one."""
    pool, pools = _clean(codes, labels, role="pool", findings=findings)
    missing = pool < 0
    if missing.any():
        findings.append(finding("pool_missing", "warning", n=int(missing.sum())))
        pool, pools = np.where(missing, len(pools), pool).astype(np.intp), (*pools, "")
    return None if missing.all() else (pool, pools)
