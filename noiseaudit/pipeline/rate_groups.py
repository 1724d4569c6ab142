"""Groups in rates: events per exposure in the group against those outside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from noiseaudit.aggregates.cells import Codes
from noiseaudit.design import AuditDesign
from noiseaudit.errors import NotIdentified
from noiseaudit.groups.flags import Examined
from noiseaudit.groups.rate_gaps import RateGroups, rate_log_gaps
from noiseaudit.groups.systemic_log import shared_rate_ratio
from noiseaudit.pipeline.groups import Grouped, asked_for_groups, audited, place_of, values_of
from noiseaudit.reading import Log
from noiseaudit.reading.case_columns import LogRows
from noiseaudit.result import Figure, Finding, Number
from noiseaudit.result.findings import finding

MATERIAL_RATE = 0.2  # of the rate: the smallest gap in rates that is worth a flag


def groups_of_rates(
    log: Log, rows: LogRows, within: Codes, design: AuditDesign, *, rate: float, findings: list[Finding]
) -> Grouped:
    """Gaps in rates. within: (R,) class of every row; rate: events per exposure of all."""
    if not asked_for_groups(log, design) or rows.exposure is None:
        return Grouped()
    if design.discover:
        findings.append(finding("rates_not_discovered"))
    events, examined = rows.decision + float(log.shift), []
    for characteristic in rows.characteristics:
        unknown = len(characteristic.labels)
        groups = RateGroups.from_rows(
            rows.judge,
            within,
            value=np.where(characteristic.code < 0, unknown, characteristic.code),
            events=events,
            exposure=rows.exposure,
            judges=pd.Index(rows.judges, dtype="str"),
            values=pd.Index([*characteristic.labels, "?"], dtype="str"),
        )
        own = list(values_of([characteristic]))
        places = [place_of(value, unknown) for value in own]
        apart = unknown if characteristic.kind == "relation" else None
        for value, place, gaps in zip(own, places, rate_log_gaps(groups, unknown=apart, values=places), strict=True):
            counts = groups.sides(place, unknown=apart)
            d1, e1, d0, e0 = (float(part.sum()) for part in (counts.d1, counts.e1, counts.d0, counts.e0))
            raw: Number = NotIdentified.of("empty_side")
            if e1 > 0 and e0 > 0:
                raw = Figure(d1 / e1 - d0 / e0, "per exposure", None, "descriptive")
            examined.append(
                Examined(
                    group=value.group,
                    relation=value.relation,
                    value=value.label,
                    gaps=gaps,
                    systemic=shared_rate_ratio(counts, confidence=design.confidence),
                    raw=raw,
                    cases=len(np.unique(rows.case[value.flag])),
                    decisions=int(value.flag.sum()),
                    materiality=design.materiality or MATERIAL_RATE * rate,
                )
            )
    return audited(log, examined, judges=rows.judges, design=design, characteristics=rows.characteristics)
