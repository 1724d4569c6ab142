"""Groups in a log that is too large for memory, from sums that the engine makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Cells, Codes
from noiseaudit.aggregates.characteristics import CharacteristicSums
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.flags import Examined
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.sums import GroupSums
from noiseaudit.groups.systemic_log import raw_log_gap, shared_log_gap
from noiseaudit.pipeline.groups import Grouped, asked_for_groups, audited, material, unit_of_gaps
from noiseaudit.pipeline.parts import unit_of
from noiseaudit.reading import CaseClasses, Log
from noiseaudit.reading.group_sums import fetch_group_sums
from noiseaudit.result import Finding, Noise, Number
from noiseaudit.result.findings import finding
from noiseaudit.result.group_parts import HOLDS, UNKNOWN


def groups_of_sums(
    log: Log,
    cells: Cells,
    classes: CaseClasses,
    design: AuditDesign,
    *,
    noise: Noise,
    route: str,
    findings: list[Finding],
) -> Grouped:
    """Gaps in a log that is too large for memory, from sums by judge, class and value: one group-by a characteristic.

    Intersections, discovery and rates need single decisions.
    """
    if not asked_for_groups(log, design) or cells.mean.shape[1] > 1:
        return groups_of_kept_sums(log, cells, (), design, noise=noise, route=route, findings=findings)
    sums = fetch_group_sums(log, classes, cells=cells, columns=log.analysed)
    return groups_of_kept_sums(log, cells, sums, design, noise=noise, route=route, findings=findings)


def groups_of_kept_sums(
    log: Log,
    cells: Cells,
    sums: Sequence[CharacteristicSums],
    design: AuditDesign,
    *,
    noise: Noise,
    route: str,
    findings: list[Finding],
) -> Grouped:
    """The same from sums that were made before. cells: of judge and class."""
    if not asked_for_groups(log, design):
        return Grouped()
    if cells.mean.shape[1] > 1:
        findings.append(finding("groups_of_categories", "warning"))
        return audited(log, (), judges=(), design=design)
    if design.discover or len(log.analysed) > 1:
        findings.append(finding("groups_of_sums_only"))
    examined: list[Examined] = []
    for each in sums:
        examined += _examined_sums(each, cells, log, design, noise=noise, route=route)
    return audited(log, examined, judges=list(cells.judges), design=design)


def _examined_sums(
    found: CharacteristicSums, cells: Cells, log: Log, design: AuditDesign, *, noise: Noise, route: str
) -> list[Examined]:
    unknown, relation = len(found.labels), found.kind == "relation"
    apart, unit = unknown if relation else None, unit_of_gaps(log.scale, unit_of(log))
    binary = log.scale == "binary"
    told: dict[str, Any] = {"unknown": apart, "unit": unit, "yes_no": binary, "confidence": design.confidence}
    shift = float(log.shift) if binary else 0.0

    def summed(stratum: Codes, strata: pd.Index[str]) -> GroupSums:
        return GroupSums.from_codes(
            found.judge,
            stratum,
            value=np.where(found.value < 0, unknown, found.value),
            decision=found.mean + shift,
            judges=cells.judges,
            strata=strata,
            values=pd.Index([*found.labels, "?"], dtype="str"),
            n=found.n,
            m2=found.m2,
        )

    within = summed(found.stratum, cells.cases)
    as_decided = summed(np.zeros_like(found.stratum), pd.Index(["0"], dtype="str"))
    places = [found.labels.index(HOLDS)] if relation else list(range(unknown))
    if not relation and (found.value < 0).any():
        places.append(unknown)
    test = binary_log_gaps if binary else numeric_log_gaps
    gaps = test(within, unknown=apart, values=places)
    examined = []
    for place, each in zip(places, gaps, strict=True):
        systemic: Number = NotIdentified.of("cases_not_compared")
        if route != "none":
            systemic = shared_log_gap(within, place, **told)
        n = int(found.n[np.where(found.value < 0, unknown, found.value) == place].sum())
        examined.append(
            Examined(
                group=None if relation else found.name,
                relation=found.name if relation else None,
                value=UNKNOWN if place == unknown else found.labels[place],
                gaps=each,
                systemic=systemic,
                raw=raw_log_gap(as_decided, place, **told),
                cases=int(found.cases[place]),
                decisions=n,
                materiality=material(design, log.scale, noise.system),
            )
        )
    return examined
