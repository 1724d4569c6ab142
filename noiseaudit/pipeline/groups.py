"""Groups in an audit: what is examined of every characteristic and relation, as one family of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates.cells import Cells
from noiseaudit.aggregates.characteristics import Characteristic
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.flags import MATERIAL_NOISE, MATERIAL_SHARE, Examined, flag_gaps
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.intersections import Crossing, intersections_of
from noiseaudit.groups.rates_by_group import GroupDecisions, fairness, rates_by_group
from noiseaudit.reading import Log
from noiseaudit.result import (
    Bounded,
    Component,
    Discovery,
    Estimate,
    Fairness,
    Figure,
    Finding,
    GroupGaps,
    GroupRates,
    GroupsAudit,
    Intersection,
    Number,
)
from noiseaudit.result.findings import finding
from noiseaudit.result.group_parts import UNKNOWN

Flags = npt.NDArray[np.bool_]
FRACTION = "fraction"
MOST_PAIRS = 100  # of values of two characteristics: more are too many to read


@dataclass(frozen=True)
class Grouped:
    """What an audit found of groups: nothing where nothing was asked."""

    groups: tuple[GroupGaps, ...] = ()
    audit: GroupsAudit | None = None


@dataclass(frozen=True)
class Value:
    """One value of a characteristic: its flag (N,), and which entries are known (None: all)."""

    characteristic: Characteristic
    label: str
    flag: Flags
    known: Flags | None

    @property
    def group(self) -> str | None:
        """The name of the characteristic, None for a relation."""
        return self.characteristic.name if self.characteristic.kind == "group" else None

    @property
    def relation(self) -> str | None:
        """The relation, None for a characteristic."""
        return self.characteristic.name if self.characteristic.kind == "relation" else None


def values_of(characteristics: Sequence[Characteristic]) -> Iterator[Value]:
    """Every value of every characteristic, in order."""
    for characteristic in characteristics:
        for label, flag, known in characteristic.flags():
            yield Value(characteristic, label, flag, known)


def material(design: AuditDesign, scale: str, system: Component) -> float:
    """The smallest gap that is worth a flag: as asked, 5 % of yes/no decisions, or a fifth of the noise SD.

    Where system noise has bounds only, a fifth of the most that it can be.
    """
    if design.materiality is not None:
        return design.materiality
    if scale == "binary":
        return MATERIAL_SHARE
    if isinstance(system, Estimate):
        return MATERIAL_NOISE * system.sd
    return MATERIAL_NOISE * system.sd_bounds[1] if isinstance(system, Bounded) else 0.0


def in_unit(number: Number, unit: str | None) -> Number:
    """The same figure in the unit of the decision; a difference of shares lies between -1 and 1."""
    if not isinstance(number, Figure):
        return number
    limits = number.interval
    if unit == FRACTION and limits is not None:
        limits = max(-1.0, limits[0]), min(1.0, limits[1])
    return replace(number, unit=unit, interval=limits)


def unit_of_gaps(scale: str, unit: str | None) -> str | None:
    """Differences of shares for yes/no decisions."""
    return FRACTION if scale == "binary" else unit


def audited(
    log: Log,
    examined: Sequence[Examined],
    *,
    judges: Sequence[str],
    design: AuditDesign,
    crossings: Sequence[Crossing] = (),
    discovery: Discovery | NotIdentified | None = None,
    decisions: Callable[[Characteristic], GroupDecisions] | None = None,
    characteristics: Sequence[Characteristic] = (),
) -> Grouped:
    """The parts of a result, from what was examined. decisions: of a characteristic, for its rates."""
    found = flag_gaps(examined, judges, fdr=design.fdr, confidence=design.confidence)
    crossed: tuple[Intersection, ...] = ()
    if crossings:
        crossed = intersections_of(crossings, judges, fdr=design.fdr, confidence=design.confidence)
    rates: list[GroupRates] = []
    fair: list[Fairness] = []
    if decisions is not None:
        unit, binary = unit_of_gaps(log.scale, log.unit), log.scale == "binary"
        for characteristic in characteristics:
            if characteristic.kind == "group":
                table = decisions(characteristic)
                rates += rates_by_group(
                    table, characteristic.name, binary=binary, unit=unit, confidence=design.confidence
                )
                if binary:
                    fair.append(fairness(table, characteristic.name, confidence=design.confidence))
    basis = {name: why for name, why in design.legal_basis.items() if name in {c.name for c in characteristics}}
    audit = GroupsAudit(
        notes=found.notes,
        family=found.family,
        fdr=design.fdr,
        intersections=crossed,
        discovery=discovery,
        rates=tuple(rates),
        fairness=tuple(fair),
        not_analysed=dict(log.not_analysed),
        legal_basis=basis,
    )
    return Grouped(found.groups, audit)


def asked_for_groups(log: Log, design: AuditDesign) -> bool:
    """Some characteristic, relation or discovery was asked for."""
    return bool(log.characteristics or log.not_analysed or design.discover)


def pairs_of(values: Sequence[Value], design: AuditDesign, findings: list[Finding]) -> list[tuple[Value, Value]]:
    """Values of two characteristics each, that are told together; of two values one says it for both."""
    if not design.intersections:
        return []
    by_name: dict[str, list[Value]] = {}
    for value in values:
        if value.label != UNKNOWN:
            by_name.setdefault(value.characteristic.name, []).append(value)
    chosen = [group[:1] if len(group) == 2 and group[0].known is None else group for group in by_name.values()]
    pairs = [pair for one, other in combinations(chosen, 2) for pair in ((a, b) for a in one for b in other)]
    if len(pairs) > MOST_PAIRS:
        findings.append(finding("intersections_too_many", n=len(pairs), most=MOST_PAIRS))
        return []
    return pairs


def known_together(one: Value, other: Value) -> Flags | None:
    """Where both values are known; None: everywhere."""
    known = [value.known for value in (one, other) if value.known is not None]
    return known[0] if len(known) == 1 else known[0] & known[1] if known else None


def untested(judge: npt.NDArray[np.intp], n_in: npt.NDArray[np.float64], n_out: npt.NDArray[np.float64]) -> Gaps:
    """Gaps of which none can be told."""
    J = len(judge)
    nothing = np.full(J, np.nan)
    return Gaps(
        scale="difference", judge=judge, n_in=n_in, n_out=n_out, own=nothing, own_se=nothing, gap=nothing, se=nothing,
        p=nothing, df=nothing, tested=np.zeros(J, dtype=bool), base=nothing,
    )  # fmt: skip


def decisions_of_cells(cells: Cells, characteristic: Characteristic, *, shift: float, once: bool) -> GroupDecisions:
    """Decisions of cells with the group of their case; the unknown are a group of their own. once: each case once."""
    unknown = characteristic.code < 0
    labels = (*characteristic.labels, UNKNOWN) if unknown.any() else characteristic.labels
    return GroupDecisions(
        judge=cells.judge,
        value=np.where(unknown, len(characteristic.labels), characteristic.code),
        n=cells.n,
        decision=cells.mean[:, 0] + shift,
        m2=cells.m2[:, 0],
        values=labels,
        truth=None if cells.truth is None else cells.truth[cells.case] + shift,
        case=None if once else cells.case,
    )


def place_of(value: Value, unknown: int) -> int:
    """Where a value stands among the labels; what is not known comes last."""
    labels = value.characteristic.labels
    return labels.index(value.label) if value.label in labels else unknown
