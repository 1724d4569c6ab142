"""Groups in a log: professionals are compared on comparable cases.

yes/no    exact test within classes, or within tenths of the predicted decision
numbers   contrasts within classes, or of decisions without what the case-mix model predicts, within its tenths
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.aggregates.moments import Floats, sum_by
from noiseaudit.comparable.case_mix import Regressor, adjust, expected_share
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.contrasts import KindMoments
from noiseaudit.groups.discovery import Asked, LogDecisions, discover_in_log
from noiseaudit.groups.flags import Examined
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.intersections import Crossing, kinds_of, log_crossing, share_crossing
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.sums import GroupSums
from noiseaudit.groups.systemic_log import raw_log_gap, shared_adjusted_gap, shared_log_gap
from noiseaudit.pipeline.compared import Compared, within_pools
from noiseaudit.pipeline.groups import (
    Grouped,
    Value,
    asked_for_groups,
    audited,
    decisions_of_cells,
    known_together,
    material,
    pairs_of,
    place_of,
    unit_of_gaps,
    values_of,
)
from noiseaudit.pipeline.parts import unit_of
from noiseaudit.reading import Log
from noiseaudit.reading.case_columns import LogRows
from noiseaudit.reading.group_values import fetch_characteristics
from noiseaudit.result import Discovery, Figure, Finding, Noise, Number
from noiseaudit.result.findings import finding
from noiseaudit.result.log_parts import Assignment

TENTHS = 10
_MOST_MODELLED = 400_000  # rows times values of which the whole model says what features tell of a group


def groups_of_log(
    log: Log,
    rows: LogRows,
    cells: Cells,
    compared: Compared,
    noise: Noise,
    assignment: Assignment,
    design: AuditDesign,
    *,
    learner: Regressor | None,
    findings: list[Finding],
) -> Grouped:
    """Gaps of every characteristic and relation of the rows, intersections, discovered kinds, and rates."""
    if not asked_for_groups(log, design):
        return Grouped()
    if compared.decision.shape[1] > 1:
        findings.append(finding("groups_of_categories", "warning"))
        return audited(log, (), judges=(), design=design)
    found = _Log(log, rows, compared, noise, assignment, design, learner)
    values = list(values_of(rows.characteristics))
    binary = log.scale == "binary"
    characteristics: Sequence[Characteristic] = rows.characteristics
    if binary or cells.truth is not None:
        characteristics = fetch_characteristics(log, cells)
    once = len(np.unique(cells.case)) == len(cells)
    return audited(
        log,
        found.examined(rows.characteristics),
        judges=rows.judges,
        design=design,
        crossings=[found.crossing(one, other) for one, other in pairs_of(values, design, findings)],
        discovery=found.discovered() if design.discover else None,
        decisions=(lambda one: decisions_of_cells(cells, one, shift=float(log.shift), once=once))
        if binary or cells.truth is not None
        else None,
        characteristics=characteristics,
    )


@dataclass(frozen=True)
class _Strata:
    """What decisions are compared within: (R,) codes and their labels."""

    code: Codes
    labels: pd.Index[str]

    @classmethod
    def of(cls, code: Codes) -> _Strata:
        return cls(code, pd.RangeIndex(int(code.max(initial=0)) + 1).astype("str"))


class _Log:
    """A log that is looked at value by value."""

    def __init__(
        self,
        log: Log,
        rows: LogRows,
        compared: Compared,
        noise: Noise,
        assignment: Assignment,
        design: AuditDesign,
        learner: Regressor | None,
    ) -> None:
        self.log, self.rows, self.compared, self.design, self.learner = log, rows, compared, design, learner
        self.binary = log.scale == "binary"
        self.unit = unit_of_gaps(log.scale, unit_of(log))
        self.material = material(design, log.scale, noise.system)
        self.modelled = compared.comparison.route == "case_mix"
        self.strata = self._strata()
        self.judges = pd.Index(rows.judges, dtype="str")
        # yes/no decisions stay 0 and 1 within strata; numbers lose what the model predicts of them
        numbers = compared.adjusted if self.modelled else compared.decision
        self.decision = rows.decision + float(log.shift) if self.binary else numbers[:, 0]
        effects = [each for each in assignment.features if each.effect is not None]
        best = max(effects, key=lambda each: abs(each.effect or 0.0), default=None)
        self.told: dict[str, Any] = {"unit": self.unit, "yes_no": self.binary, "confidence": design.confidence}
        self.strongest = None if best is None or self.binary else (best.feature, abs(best.effect or 0.0))

    def examined(self, characteristics: Sequence[Characteristic]) -> list[Examined]:
        """All values of the characteristics, measured."""
        found = []
        for characteristic in characteristics:
            unknown = len(characteristic.labels)
            sums, as_decided = self._sums(characteristic), self._sums(characteristic, as_decided=True)
            own = list(values_of([characteristic]))
            places = [place_of(value, unknown) for value in own]
            apart = unknown if characteristic.kind == "relation" else None
            test = binary_log_gaps if self.binary else numeric_log_gaps
            every = test(sums, unknown=apart, values=places)
            shared: list[Number] = []
            for value, place, gaps in zip(own, places, every, strict=True):
                mirrored = len(own) == 2 and len(shared) == 1 and value.known is None
                shared.append(_turned(shared[0]) if mirrored else self._systemic(value, sums, place, apart))
                raw = raw_log_gap(as_decided, place, unknown=apart, **self.told)
                found.append(
                    Examined(
                        group=value.group,
                        relation=value.relation,
                        value=value.label,
                        gaps=gaps,
                        systemic=shared[-1],
                        raw=raw,
                        cases=len(np.unique(self.rows.case[value.flag])),
                        decisions=int(value.flag.sum()),
                        materiality=self.material,
                        own_group=False,
                        strongest=self.strongest,
                    )
                )
        return found

    def crossing(self, first: Value, second: Value) -> Crossing:
        """Two values together."""
        known = known_together(first, second)
        keep = np.ones(len(self.rows.judge), dtype=bool) if known is None else known
        kind = kinds_of(first.flag, second.flag)[keep]
        judge, J = self.rows.judge[keep], len(self.rows.judges)
        names = ((first.characteristic.name, first.label), (second.characteristic.name, second.label))
        codes = np.arange(J, dtype=np.intp)
        gaps: Gaps
        if self.binary:
            n, positive = (
                sum_by(judge * 4 + kind, part, 4 * J).reshape(-1, 4)
                for part in (np.ones(len(judge)), self.decision[keep])
            )
            gaps = share_crossing(n, positive, judge=codes)
        else:
            moments = KindMoments.of(judge, kind, self.compared.adjusted[keep, 0], judges=J, kinds=4)
            gaps = log_crossing(moments, judge=codes)
        return Crossing(*names, gaps=gaps, materiality=self.material)

    def discovered(self) -> Discovery | NotIdentified:
        """Kinds of cases in which somebody deviates."""
        rows, adjusted = self.rows, self.compared.adjusted[:, 0]
        # not within classes: they are made of the same features, and a kind of cases may be one of them
        decisions = LogDecisions(
            decision=self.decision if self.binary else adjusted,
            adjusted=adjusted,
            judge=rows.judge,
            case=rows.case,
            stratum=within_pools(np.zeros(len(rows.judge), dtype=np.intp), rows.pool),
            judges=rows.judges,
            yes_no=self.binary,
        )
        asked = Asked(
            materiality=self.material, seed=self.design.seed, fdr=self.design.fdr, confidence=self.design.confidence,
            unit=self.unit,
        )  # fmt: skip
        return discover_in_log(decisions, self.compared.table, asked=asked)

    def _strata(self) -> _Strata:
        """Classes, or tenths of what the model predicts: it errs alike within them; within pools."""
        rows, predicted = self.rows, self.compared.predicted
        code = np.zeros(len(rows.judge), dtype=np.intp)
        if predicted is not None and not self.modelled:  # one prediction a class
            code = np.unique(predicted, return_inverse=True)[1].astype(np.intp)
        elif predicted is not None:
            edges = np.unique(np.quantile(predicted, np.arange(1, TENTHS) / TENTHS))
            code = np.searchsorted(edges, predicted, side="right").astype(np.intp)
        return _Strata.of(within_pools(code, rows.pool))

    def _sums(self, characteristic: Characteristic, *, as_decided: bool = False) -> GroupSums:
        """Within strata; as decided: without any."""
        strata = _Strata.of(np.zeros_like(self.strata.code)) if as_decided else self.strata
        return GroupSums.from_codes(
            self.rows.judge,
            strata.code,
            value=np.where(characteristic.code < 0, len(characteristic.labels), characteristic.code),
            decision=self.compared.decision[:, 0] if as_decided else self.decision,
            judges=self.judges,
            strata=strata.labels,
            values=pd.Index([*characteristic.labels, "?"], dtype="str"),
        )

    def _systemic(self, value: Value, sums: GroupSums, place: int, apart: int | None) -> Number:
        """The gap that all share; not where nothing makes cases comparable."""
        if self.compared.comparison.route == "none":
            return NotIdentified.of("cases_not_compared")
        if not self.modelled:
            return shared_log_gap(sums, place, unknown=apart, **self.told)
        keep = np.flatnonzero(np.ones(len(value.flag), dtype=bool) if value.known is None else value.known)
        group = value.flag[keep].astype(np.float64)
        if group.min(initial=1.0) == group.max(initial=0.0):
            return NotIdentified.of("empty_side")
        rows, pool = self.rows, self.rows.pool
        expected = self._expected(group, keep)
        return shared_adjusted_gap(
            _without_pools(self.compared.adjusted[keep, 0], pool, keep),
            group,
            judge=rows.judge[keep],
            expected=expected,
            **self.told,
        )

    def _expected(self, group: Floats, keep: Codes) -> Floats:
        """What the features predict of a group: by the whole model of case mix, or cheaper where that is much work."""
        rows, table = self.rows, self.compared.table.rows(keep)
        values = sum(len(each.labels) for each in rows.characteristics)
        if len(keep) * values <= _MOST_MODELLED:
            pool = None if rows.pool is None else rows.pool[keep]
            return adjust(
                group, table, rows.judge[keep], pool=pool, unit=rows.case[keep], learner=self.learner
            ).predicted
        return expected_share(group, table, unit=rows.case[keep], learner=self.learner)


def _without_pools(adjusted: Floats, pool: Codes | None, keep: Codes) -> Floats:
    if pool is None:
        return adjusted
    own = pool[keep] + 1
    n = np.maximum(np.bincount(own), 1)
    return np.asarray(adjusted - (sum_by(own, adjusted, len(n)) / n)[own])


def _turned(gap: Number) -> Number:
    """The gap of the other of two values."""
    if not isinstance(gap, Figure):
        return gap
    interval = None if gap.interval is None else (-gap.interval[1], -gap.interval[0])
    return replace(gap, value=-gap.value, interval=interval)
