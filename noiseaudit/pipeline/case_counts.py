"""How the cases of a log were decided: how many once, how many more often and by whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noiseaudit.aggregates.cells import Cells, index_cells
from noiseaudit.estimators.linked import Linked
from noiseaudit.reading import Log
from noiseaudit.reading.keyed import counted_rows


@dataclass(frozen=True)
class CaseCounts:
    """cells: pairs of case and judge; informative: those on cases with two judges; replicated: with two decisions."""

    cases: int
    cells: int
    informative: int
    replicated: int
    judges_informative: int
    cases_informative: int

    @classmethod
    def of(cls, cells: Cells) -> CaseCounts:
        """Counts of the cells of cases and judges."""
        linked = Linked.of(cells)
        return cls(
            cases=len(np.unique(cells.case)),
            cells=len(cells),
            informative=len(linked),
            replicated=int((cells.n > 1).sum()),
            judges_informative=linked.J,
            cases_informative=linked.C,
        )


@dataclass(frozen=True)
class DecidedTwice:
    """Counts of a whole log, and the cells of the cases that were decided more than once."""

    counts: CaseCounts
    cells: Cells


def cells_decided_twice(log: Log) -> DecidedTwice:
    """Counted in the engine; only the cases with more than one decision leave it."""
    rows = counted_rows(log, {"case_id": log.columns["case_id"]})
    cases = int(log.table.fetch(f"SELECT count(DISTINCT hash(case_id)) FROM {rows}")[0][0])
    again = f"SELECT case_id FROM {rows} GROUP BY case_id HAVING count(*) > 1"
    found = log.table.connection.sql(
        f"SELECT hash(case_id) AS c, CAST(judge_id AS VARCHAR) AS j, decision FROM {rows} WHERE case_id IN ({again})"
    ).df()
    _, case = np.unique(found["c"].to_numpy(), return_inverse=True)
    _, judge = np.unique(found["j"].to_numpy(dtype=object).astype(str), return_inverse=True)
    value = found["decision"].to_numpy(np.float64)
    if log.scale == "nominal" and len(value):
        value = np.eye(len(log.categories))[value.astype(np.intp) - 1]
    twice = index_cells(case.astype(np.intp), judge.astype(np.intp), value)
    own = CaseCounts.of(twice)
    counts = CaseCounts(
        cases, cases - own.cases + own.cells, own.informative, own.replicated, own.judges_informative,
        own.cases_informative,
    )  # fmt: skip
    return DecidedTwice(counts, twice)
