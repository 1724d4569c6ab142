"""AuditResult -> pandas frames for the analyst, and its one-line summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from noiseaudit.errors import CallError
from noiseaudit.result.group_parts import JudgeGap
from noiseaudit.result.parts import Bounded, Estimate, Finding, Judge

if TYPE_CHECKING:
    import pandas as pd

    from noiseaudit.result.audit_result import AuditResult


def frame(result: AuditResult, table: str = "noise") -> pd.DataFrame:
    """One table of the result; CallError names the tables that exist."""
    if table not in _TABLES:
        raise CallError("wrong_setting", f"no table {table!r}; there is {', '.join(_TABLES)}")
    return _TABLES[table](result)


def _noise(result: AuditResult) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for part in fields(result.noise):
        component = getattr(result.noise, part.name)
        row: dict[str, Any] = {"component": part.name, "status": component.status}
        if isinstance(component, Estimate):
            low, high = component.sd_interval or (None, None)
            share_low, share_high = component.share_interval or (None, None)
            row |= {
                "variance": component.variance,
                "sd": component.sd,
                "sd_low": low,
                "sd_high": high,
                "share": component.share,
                "share_low": share_low,
                "share_high": share_high,
            }
        elif isinstance(component, Bounded):
            row |= {
                "sd_low": component.sd_bounds[0],
                "sd_high": component.sd_bounds[1],
                "because": component.because,
            }
        else:
            row |= {"reason": component.reason, "because": component.because}
        rows.append(row)
    columns = [
        "component",
        "status",
        "variance",
        "sd",
        "sd_low",
        "sd_high",
        "share",
        "share_low",
        "share_high",
        "reason",
        "because",
    ]
    return pd.DataFrame(rows, columns=columns)


def _judges(result: AuditResult) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame([asdict(judge) for judge in result.judges], columns=[f.name for f in fields(Judge)])
    bounds = [judge.interval or (None, None) for judge in result.judges]
    table = table.drop(columns="interval")
    table["low"] = pd.Series([low for low, _ in bounds], dtype="float64")
    table["high"] = pd.Series([high for _, high in bounds], dtype="float64")
    return table


def _groups(result: AuditResult) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for group in result.groups:
        name = {"kind": "relation" if group.group is None else "group", "name": group.group or group.relation}
        rows += [{**name, "value": group.value, **asdict(judge)} for judge in group.judges]
    limits = {"interval": ("low", "high"), "difference_interval": ("difference_low", "difference_high")}
    columns = ["kind", "name", "value", *(f.name for f in fields(JudgeGap) if f.name not in limits)]
    table = pd.DataFrame(rows)
    for interval, ends in limits.items():
        columns += ends
        for place, end in enumerate(ends if rows else ()):
            table[end] = pd.Series([(row[interval] or (None, None))[place] for row in rows], dtype="float64")
    return table.reindex(columns=columns)


def _findings(result: AuditResult) -> pd.DataFrame:
    import pandas as pd

    names = [f.name for f in fields(Finding) if f.name != "values"]
    return pd.DataFrame([{name: getattr(f, name) for name in names} for f in result.findings], columns=names)


def _cases(result: AuditResult) -> pd.DataFrame:
    import pandas as pd

    if result.cases is None:
        raise CallError("no_case_table", "the case table is kept in memory only; run audit() on the data again")
    return pd.DataFrame({f.name: getattr(result.cases, f.name) for f in fields(result.cases)})


_TABLES: dict[str, Callable[[AuditResult], pd.DataFrame]] = {
    "noise": _noise,
    "judges": _judges,
    "groups": _groups,
    "findings": _findings,
    "cases": _cases,
}


def one_line(result: AuditResult) -> str:
    """What `print(result)` shows: the design and the noise, or why there is none."""
    shape = f"{result.design.judges} judges, {result.design.cases} cases, {result.design.decisions} decisions"
    parts = []
    for name in ("system", "level", "pattern"):
        component = getattr(result.noise, name)
        if isinstance(component, Estimate):
            bounds = component.sd_interval
            interval = "" if bounds is None else f" [{bounds[0]:.4g}, {bounds[1]:.4g}]"
            parts.append(f"{name} {component.sd:.4g}{interval}")
        else:
            parts.append(f"{name} {component.status}")
    return f"<AuditResult {result.design.kind} ({shape}): {'; '.join(parts)}>"
