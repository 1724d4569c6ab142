"""A demo export as an office would send it: semicolons, decimal commas, cp1252, Dutch headers. Nobody in it exists."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from noiseaudit.errors import CallError
from noiseaudit.simulation.panels import Design, Rows, draw

_KINDS = ("Huishoudelijke hulp", "Woningaanpassing", "Vervoersvoorziening", "Begeleiding")


@dataclass(frozen=True)
class _Demo:
    """A demo: its design, its decision column, how a decision is written, and the config's analysis lines."""

    design: Design
    column: str
    write: Callable[[float], str]
    analysis: str
    seed: int


def _amount(value: float) -> str:
    whole, cents = f"{value:,.2f}".split(".")
    return f"€ {whole.replace(',', '.')},{cents}"


DEMOS = {
    "panel": _Demo(
        Design(
            judges=24, cases=60, level=180.0, stable_pattern=260.0, occasion=140.0, case_sd=700.0, mean=3200.0,
            per_case=(6, 10), repeats=1, distribution="normal",
        ),
        "Toegekend bedrag", _amount, 'scale = "continuous"\nunit = "€"\n', 11,
    ),
    "yes-no": _Demo(
        Design(judges=20, cases=80, level=1.5, stable_pattern=1.5, occasion=0.0, case_sd=4.0, scale="binary",
               per_case=(6, 10)),
        "Besluit", lambda value: "Toegekend" if value else "Afgewezen", 'scale = "binary"\n', 12,
    ),
}  # fmt: skip


def write_demo(directory: str | Path, *, name: str = "panel", force: bool = False) -> list[Path]:
    """Write export, config, truth and a note into a folder; the same bytes every time. Paths, export first.

    CallError for an unknown demo, or files that exist without `force`.
    """
    if name not in DEMOS:
        raise CallError("no_such_demo", f"there is no demo {name!r}; there is {', '.join(DEMOS)}")
    demo, folder = DEMOS[name], Path(directory)
    rows = _repeated(demo.design, np.random.default_rng(demo.seed))
    truth = demo.design.truth()
    parts = ("system", "level", "pattern", "stable_pattern", "occasion")
    files = {
        f"{name}.csv": _export(demo, rows).encode("cp1252"),
        "noiseaudit.toml": _config(demo).encode("utf-8"),
        "truth.json": (
            json.dumps({part: {"sd": getattr(truth, part) ** 0.5} for part in parts}, indent=2) + "\n"
        ).encode(),
        "README.txt": (
            b"A made-up export for noiseaudit. Nobody in it exists. truth.json holds the noise that was built in.\n"
        ),
    }
    existing = [file for file in files if (folder / file).exists()]
    if existing and not force:
        raise CallError("output_exists", f"{str(folder / existing[0])!r} exists already; add --force to replace it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            temporary = folder / f".{file}.part"
            temporary.write_bytes(content)
            os.replace(temporary, folder / file)
    except OSError as error:
        raise CallError("cannot_write", f"cannot write into {str(folder)!r}: {error.strerror}") from None
    return [folder / file for file in files]


def _repeated(design: Design, generator: np.random.Generator) -> Rows:
    """A panel in which about one cell in six is judged a second time."""
    rows = draw(Design(**{**design.__dict__, "repeats": 2}), generator)
    first = rows.occasion == 0
    again = np.repeat(generator.random(int(first.sum())) < 1 / 6, 2)
    keep = first | again
    return Rows(rows.case[keep], rows.judge[keep], rows.occasion[keep], rows.decision[keep], rows.answer, rows.level)


def _export(demo: _Demo, rows: Rows) -> str:
    lines = [f"Zaaknummer;Soort aanvraag;Behandelaar;Datum beoordeling;Ronde;{demo.column}"]
    start = date(2026, 3, 2)
    order = np.lexsort((rows.judge, rows.case, rows.occasion))
    for i in order:
        case, judge, again = int(rows.case[i]), int(rows.judge[i]), int(rows.occasion[i])
        day = start + timedelta(days=(case * 2 + judge * 5) % 40 + 42 * again)
        kind = _KINDS[case % len(_KINDS)]
        decided = demo.write(float(rows.decision[i]))
        lines.append(f"2026-{case + 101:04d};{kind};B-{judge + 1:02d};{day:%d-%m-%Y};{again + 1};{decided}")
    return "\r\n".join(lines) + "\r\n"


def _config(demo: _Demo) -> str:
    return (
        "version = 1\n\n[roles]\n"
        'case = "Zaaknummer"\njudge = "Behandelaar"\n'
        f'decision = "{demo.column}"\noccasion = "Ronde"\n'
        'time = "Datum beoordeling"\n\n'
        '[reading]\nencoding = "cp1252"\ndelimiter = ";"\ndates = "dmy"\n\n'
        f"[analysis]\n{demo.analysis}"
    )
