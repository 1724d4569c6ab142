"""The demos `panel` and `yes-no`: the same cases judged by several professionals, some of them twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from noiseaudit.simulation.demo_export import Demo, amount
from noiseaudit.simulation.panels import Design, Rows, draw

_KINDS = ("Huishoudelijke hulp", "Woningaanpassing", "Vervoersvoorziening", "Begeleiding")


@dataclass(frozen=True)
class _Panel:
    """A panel: its design, its decision column, how a decision is written, and the config's analysis lines."""

    design: Design
    column: str
    write: Callable[[float], str]
    analysis: str
    seed: int


_AMOUNTS = _Panel(
    Design(
        judges=24, cases=60, level=180.0, stable_pattern=260.0, occasion=140.0, case_sd=700.0, mean=3200.0,
        per_case=(6, 10), repeats=1, distribution="normal",
    ),
    "Toegekend bedrag", lambda value: f"€ {amount(value)}", 'scale = "continuous"\nunit = "€"\n', 11,
)  # fmt: skip
_YES_NO = _Panel(
    Design(judges=20, cases=80, level=1.5, stable_pattern=1.5, occasion=0.0, case_sd=4.0, scale="binary",
           per_case=(6, 10)),
    "Besluit", lambda value: "Toegekend" if value else "Afgewezen", 'scale = "binary"\n', 12,
)  # fmt: skip


def panel_demo() -> Demo:
    """Amounts."""
    return _demo(_AMOUNTS)


def yes_no_demo() -> Demo:
    """Granted or refused."""
    return _demo(_YES_NO)


def _demo(panel: _Panel) -> Demo:
    truth = panel.design.truth()
    parts = ("system", "level", "pattern", "stable_pattern", "occasion")
    return Demo(
        _export(panel, _repeated(panel.design, np.random.default_rng(panel.seed))),
        _config(panel),
        {part: {"sd": getattr(truth, part) ** 0.5} for part in parts},
    )


def _repeated(design: Design, generator: np.random.Generator) -> Rows:
    """A panel in which about one cell in six is judged a second time."""
    rows = draw(Design(**{**design.__dict__, "repeats": 2}), generator)
    first = rows.occasion == 0
    again = np.repeat(generator.random(int(first.sum())) < 1 / 6, 2)
    keep = first | again
    kept = {name: getattr(rows, name)[keep] for name in ("case", "judge", "occasion", "decision")}
    return replace(rows, **kept)


def _export(panel: _Panel, rows: Rows) -> str:
    lines = [f"Zaaknummer;Soort aanvraag;Behandelaar;Datum beoordeling;Ronde;{panel.column}"]
    start = date(2026, 3, 2)
    order = np.lexsort((rows.judge, rows.case, rows.occasion))
    for i in order:
        case, judge, again = int(rows.case[i]), int(rows.judge[i]), int(rows.occasion[i])
        day = start + timedelta(days=(case * 2 + judge * 5) % 40 + 42 * again)
        kind = _KINDS[case % len(_KINDS)]
        decided = panel.write(float(rows.decision[i]))
        lines.append(f"2026-{case + 101:04d};{kind};B-{judge + 1:02d};{day:%d-%m-%Y};{again + 1};{decided}")
    return "\r\n".join(lines) + "\r\n"


def _config(panel: _Panel) -> str:
    return (
        "version = 1\n\n[roles]\n"
        'case = "Zaaknummer"\njudge = "Behandelaar"\n'
        f'decision = "{panel.column}"\noccasion = "Ronde"\n'
        'time = "Datum beoordeling"\n\n'
        '[reading]\nencoding = "cp1252"\ndelimiter = ";"\ndates = "dmy"\n\n'
        f"[analysis]\n{panel.analysis}"
    )
