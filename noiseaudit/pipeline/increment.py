"""A night's rows join a store: only they are read, and the audit rests on the cells of all parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.characteristics import Characteristic, CharacteristicSums
from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError
from noiseaudit.pipeline.kept_log import class_rows, kept_log_result, rules_as_data, rules_of
from noiseaudit.pipeline.log import is_log
from noiseaudit.pipeline.panel import panel_result
from noiseaudit.reading import Log, Tabulated, read, tabulate
from noiseaudit.reading.account import row_marks
from noiseaudit.reading.group_values import fetch_characteristics
from noiseaudit.reading.judge_offices import JudgeOffices, judge_offices
from noiseaudit.reading.tabulate import said_of_repeats
from noiseaudit.reading.wide import CASE
from noiseaudit.result import AuditResult, Finding, Input
from noiseaudit.store.container import locked, store_path
from noiseaudit.store.kept_groups import KeptGroup, tells
from noiseaudit.store.state import OfficeCounts, Part, State, content_of, identity_of, load, save

# Settings that may change from night to night: how a file is written, and what is made of the cells. All others decide
# which rows and cells there are.
_FREE = {
    "encoding", "delimiter", "header_row", "sheet", "max_bytes", "show_values", "scale", "design", "unit", "estimator",
    "confidence", "kurtosis_floor", "ddof", "assigned_by_lot", "judges_formed_from_decisions", "materiality", "fdr",
    "intersections", "discover", "seed", "legal_basis", "min_cell", "min_professionals",
}  # fmt: skip
_OF_ONE_PART = (  # findings that count the cases of one export
    "P601", "group_empty", "group_one_value", "group_missing", "group_of_numbers", "relation_empty",
    "relation_one_value", "relation_unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Increment:
    """What a night brought. result: of everything in the store; part: of the new rows alone; before: of the store
    without them (both None where that was not asked for, or where there is nothing to audit).
    """

    result: AuditResult
    part: AuditResult | None
    before: AuditResult | None


def audit_increment(
    source: object,
    design: AuditDesign,
    store: str | Path,
    *,
    name: str | None = None,
    change: bool = False,
    wait: float = 60.0,
    accept: Callable[[Increment], object] | None = None,
) -> Increment:
    """Merge the decisions of `source` into a store (made where there is none), and audit all of them.

    change: also audit the new rows and the older ones by themselves, for rules on change. wait: seconds for another
    update to end. accept: is shown what was found before anything is kept; where it raises, nothing is. CallError where
    the store is damaged, busy, of another version or other settings, or holds this part already; then it is left as it
    was. Equal to an audit of all rows at once.
    """
    path = store_path(store)
    with locked(path, wait=wait):
        old = load(path) if path.exists() else None
        shift = None if old is None else old.cells.shift  # equal decisions of two parts are then equal numbers
        with read(source, design, name=name, propose=False, shift=shift) as log:
            new, findings = _state_of(log, old)
            merged = new if old is None else old + new
            result = _result(log, merged, findings, name=f"{path.name} ({_parts(merged)})")
            part = before = None
            if change and old is not None:
                part = _result(log, new, findings, name=new.parts[0].name)
                before = _result(log, old, (), name=f"{path.name} ({_parts(old)})")
        found = Increment(result, part, before)
        if accept is not None:
            accept(found)
        save(merged, path)
    return found


def _parts(state: State) -> str:
    return f"{len(state.parts)} part{'s' if len(state.parts) > 1 else ''}"


def _state_of(log: Log, like: State | None) -> tuple[State, tuple[Finding, ...]]:
    """The state of one export alone, with the classes of the store where there is one."""
    design = log.design
    if "exposure" in log.columns:
        raise CallError("store_needs_decisions", "a store keeps decisions, and no events out of an exposure")
    if log.table.kind == "wide" and log.roles["case"] == CASE:
        raise CallError(
            "store_needs_cases", "a store needs an id of cases; rows of a table are numbered anew every night"
        )
    kind = None if like is None else str(like.identity["kind"])
    if kind is not None and design.design not in ("auto", kind):
        raise CallError("other_store", f"the store was made of a {kind}, and the config says {design.design}")
    rules, counts = None, {}
    groups: tuple[KeptGroup, ...] = ()
    if kind == "log" or (kind is None and design.design == "log"):
        known = None if like is None else rules_of(like.rules)
        found = class_rows(log, design, known)
        table, rules, counts = found.table, rules_as_data(found.rules), found.counts
        groups = found.groups
    else:
        table = tabulate(log)
        if kind is None and is_log(table, design):
            raise CallError("store_needs_design", 'say design = "log" in [analysis]: this is an ordinary log')
        if log.scale != "nominal":
            groups = fetch_characteristics(log, table.main, columns=log.characteristics)
    cells = table.main
    part = Part(
        table.input.name, table.input.sha256, content_of(cells), table.input.rows_read, table.input.rows_used,
        int(cells.n.sum()),
    )  # fmt: skip
    offices = _office_counts(judge_offices(log, cells.judges), cells) if "office" in log.columns else None
    state = State(
        identity=identity_of(
            kind="panel" if rules is None else "log", scale=log.scale, categories=log.categories, unit=log.unit,
            roles=dict(log.roles), **log.design.model_dump(mode="json", exclude=_FREE | set(log.design.roles())),
        ),
        parts=(part,),
        cells=cells,
        indicators=None if table.indicators is cells else table.indicators,
        excluded=table.input.rows_excluded,
        period=log.period,
        offices=offices,
        rules=rules,
        counts=counts,
        groups=groups,
        rows=row_marks(log) if log.duplicates != "keep" else np.zeros(0, dtype=np.uint64),
    )  # fmt: skip
    return state, table.findings


def _result(log: Log, state: State, findings: tuple[Finding, ...], *, name: str) -> AuditResult:
    """The audit of a state, with the settings of the log that came last."""
    whole = len(state.parts) > 1
    if whole:
        findings = tuple(said for said in findings if said.code not in _OF_ONE_PART)
    source = Input(name, None if whole else state.parts[0].sha256, state.rows_read, state.rows_used, state.excluded)
    indicators = state.indicators
    if indicators is None and state.cells.categories:
        indicators = state.cells
    table = Tabulated(state.cells, indicators, source, findings)
    with _as_if(log, state):
        counted = None if state.offices is None else _judge_offices(state.offices, state.cells)
        if state.rules is not None:
            sums = [each for each in state.groups if isinstance(each, CharacteristicSums) and tells(each)]
            return kept_log_result(log, table, rules_of(state.rules), state.counts, offices=counted, groups=sums)
        if whole:
            others = tuple(said for said in findings if said.code != "W502")
            table = Tabulated(state.cells, indicators, source, (*others, *said_of_repeats(log, state.cells)))
        codes = tuple(each for each in state.groups if isinstance(each, Characteristic) and tells(each))
        return panel_result(log, table, log.design, offices=counted, characteristics=codes)


@contextmanager
def _as_if(log: Log, state: State) -> Iterator[None]:
    """The log with the period, the shift, and what characteristics can tell, of the whole store."""
    own = log.period, log.shift, log.not_analysed
    named = {each.name for each in state.groups}
    barred = {name: why for name, why in log.not_analysed.items() if name not in named}
    mute = {each.name: f"{each.kind}_one_value" for each in state.groups if not tells(each)}
    log.period, log.shift, log.not_analysed = state.period, state.cells.shift, barred | mute
    try:
        yield
    finally:
        log.period, log.shift, log.not_analysed = own


def _office_counts(found: JudgeOffices, cells: Cells) -> OfficeCounts:
    return OfficeCounts(
        tuple(map(str, cells.judges)),
        ("", *found.offices),
        found.judge,
        found.office + 1,
        found.n,
    )  # fmt: skip  office 0: not known


def _judge_offices(counts: OfficeCounts, cells: Cells) -> JudgeOffices:
    judge = cells.judges.get_indexer(pd.Index(counts.judges))[counts.judge]
    return JudgeOffices(np.asarray(judge, dtype=np.intp), counts.office - 1, counts.n, counts.offices[1:])
