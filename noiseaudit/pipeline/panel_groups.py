"""Groups in a panel: everybody decided the same cases, so professionals are compared on the same people."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.aggregates.moments import sum_by
from noiseaudit.comparable.features import Feature, FeatureTable
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import TwoWay
from noiseaudit.groups.discovery import Asked, discover_in_panel
from noiseaudit.groups.flags import Examined
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.intersections import Crossing, kinds_of, panel_crossing, share_crossing
from noiseaudit.groups.own_differences import OwnDifferences, own_differences
from noiseaudit.groups.panel_gaps import panel_gaps
from noiseaudit.groups.panel_shares import panel_share_gaps
from noiseaudit.groups.systemic import joint_fit, panel_systemic_gap, raw_gap
from noiseaudit.pipeline.groups import (
    Flags,
    Grouped,
    Value,
    asked_for_groups,
    audited,
    decisions_of_cells,
    in_unit,
    known_together,
    material,
    pairs_of,
    unit_of_gaps,
    untested,
    values_of,
)
from noiseaudit.pipeline.parts import unit_of
from noiseaudit.reading import Log
from noiseaudit.reading.case_columns import case_columns
from noiseaudit.reading.case_features import fetch_case_features
from noiseaudit.reading.group_values import fetch_characteristics
from noiseaudit.result import Discovery, Finding, Number
from noiseaudit.result.findings import finding


def groups_of_panel(
    log: Log,
    cells: Cells,
    estimate: PanelEstimate,
    design: AuditDesign,
    *,
    findings: list[Finding],
    characteristics: tuple[Characteristic, ...] | None = None,
) -> Grouped:
    """Gaps of every characteristic and relation, intersections, discovered kinds, and rates.

    characteristics: of the cells, where the rows of the log are not all that were read; kinds are then not looked for.
    """
    if not asked_for_groups(log, design):
        return Grouped()
    if log.scale == "nominal":
        findings.append(finding("groups_of_categories", "warning"))
        return audited(log, (), judges=(), design=design)
    kept = characteristics is not None
    if characteristics is None:
        characteristics = fetch_characteristics(log, cells)
    panel = _Panel(log, cells, estimate, design)
    values = list(values_of(characteristics))
    if values and not panel.measurable:
        findings.append(finding("groups_not_compared", "warning"))
    crossings = [panel.crossing(one, other) for one, other in pairs_of(values, design, findings) if panel.measurable]
    binary = log.scale == "binary"
    return audited(
        log,
        [panel.examined(value) for value in values],
        judges=list(cells.judges),
        design=design,
        crossings=crossings,
        discovery=(NotIdentified.of("kept_as_cells") if kept else panel.discovered()) if design.discover else None,
        decisions=(lambda one: decisions_of_cells(cells, one, shift=float(log.shift), once=False))
        if binary or cells.truth is not None
        else None,
        characteristics=characteristics,
    )


class _Panel:
    """A panel that is looked at value by value; its fit is made once, and only where it is needed."""

    def __init__(self, log: Log, cells: Cells, estimate: PanelEstimate, design: AuditDesign) -> None:
        self.log, self.cells, self.estimate, self.design = log, cells, estimate, design
        self.linked: Linked = estimate.linked
        self.binary = log.scale == "binary"
        self.unit = unit_of_gaps(log.scale, unit_of(log))
        self.material = material(design, log.scale, estimate.system)
        self.shared = np.asarray((cells.judges_per_case >= 2)[cells.case])

    @cached_property
    def fit(self) -> TwoWay | NotIdentified:
        """The fit that gaps rest on."""
        if isinstance(self.estimate.fit, TwoWay):
            return self.estimate.fit
        return joint_fit(self.linked) if len(self.linked) else NotIdentified.of("no_joint_fit")

    @property
    def measurable(self) -> bool:
        """Gaps can be compared at all."""
        return len(self.linked) > 0 and (self.binary or isinstance(self.fit, TwoWay))

    def examined(self, value: Value) -> Examined:
        """One value, measured."""
        by_cell, cells = value.characteristic.by_cell, self.cells
        flag, known = self._linked(value.flag), self._linked(value.known)
        systemic: Number = NotIdentified.of("same_cases" if not by_cell else "no_joint_fit")
        if by_cell and isinstance(self.fit, TwoWay):
            systemic = panel_systemic_gap(self.fit, flag, by_cell=True, known=known, confidence=self.design.confidence)
        raw = raw_gap(cells, value.flag, by_cell=by_cell, known=value.known, confidence=self.design.confidence)
        return Examined(
            group=value.group,
            relation=value.relation,
            value=value.label,
            gaps=self._gaps(flag, known, by_cell=by_cell),
            systemic=in_unit(systemic, self.unit),
            raw=in_unit(raw, self.unit),
            cases=len(np.unique(cells.case[value.flag])),
            decisions=int(cells.n[value.flag].sum()),
            materiality=self.material,
            own_group=by_cell,
            same_cases=not by_cell and self.linked.complete,
            differences=self._differences(value) if by_cell else None,
        )

    def crossing(self, first: Value, second: Value) -> Crossing:
        """Two values together."""
        known = self._linked(known_together(first, second))
        one, other = self._linked(first.flag), self._linked(second.flag)
        by_cell = first.characteristic.by_cell or second.characteristic.by_cell
        names = ((first.characteristic.name, first.label), (second.characteristic.name, second.label))
        if self.binary or not isinstance(self.fit, TwoWay):
            gaps = self._share_crossing(one, other, known)
        else:
            gaps = panel_crossing(self.fit, one, other, by_cell=by_cell, known=known)
        contrast = None if by_cell else NotIdentified.of("same_cases")
        return Crossing(*names, gaps=gaps, materiality=self.material, contrast=contrast)

    def discovered(self) -> Discovery | NotIdentified:
        """Kinds of cases in which somebody deviates."""
        columns = [column for column in case_columns(self.log.table, self.design) if column.usable]
        if not columns or not len(self.linked):
            return NotIdentified.of("no_case_features")
        labels, values = fetch_case_features(self.log, columns, self.cells)
        features = tuple(Feature(column.name, known) for column, known in zip(columns, labels, strict=True))
        asked = Asked(
            materiality=self.material, seed=self.design.seed, fdr=self.design.fdr, confidence=self.design.confidence,
            unit=self.unit,
        )  # fmt: skip
        return discover_in_panel(self.cells, FeatureTable(features, values), asked=asked, yes_no=self.binary)

    def _differences(self, value: Value) -> OwnDifferences | None:
        if self.binary or not self.measurable:
            return None
        found = own_differences(self.cells, value.flag, known=value.known)
        return found if isinstance(found, OwnDifferences) else None

    def _linked(self, flag: Flags | None) -> Flags:
        """A flag of all cells for those that are linked; None: all of them."""
        return np.ones(len(self.linked), dtype=bool) if flag is None else flag[self.shared]

    def _gaps(self, flag: Flags, known: Flags, *, by_cell: bool) -> Gaps:
        if self.binary and len(self.linked):
            return panel_share_gaps(self.linked, flag, known=known, shift=float(self.log.shift))
        if isinstance(self.fit, TwoWay):
            return panel_gaps(self.fit, flag, by_cell=by_cell, known=known)
        inside, outside = (
            sum_by(self.linked.judge, (side & known).astype(np.float64), self.linked.J) for side in (flag, ~flag)
        )
        return untested(self.linked.judge_index, inside, outside)

    def _share_crossing(self, one: Flags, other: Flags, known: Flags) -> Gaps:
        linked = self.linked
        kind = kinds_of(one, other)
        place = (linked.judge * 4 + kind)[known]
        ones = np.rint(linked.m * (linked.x[:, 0] + float(self.log.shift)))
        n, positive = (sum_by(place, part[known], 4 * linked.J).reshape(-1, 4) for part in (linked.m, ones))
        return share_crossing(n, positive, judge=linked.judge_index)
