"""Named designs of the validity study: every shape of panel that the intervals are checked on."""

from __future__ import annotations

from dataclasses import replace

from noiseaudit.simulation.panels import Design

_PLAIN = Design(level=0.5, stable_pattern=0.7, occasion=0.0, case_sd=1.0)
_YES_NO = replace(_PLAIN, scale="binary", case_sd=1.5, level=0.7, stable_pattern=0.5)
_REPEATED = replace(_PLAIN, stable_pattern=0.6, occasion=0.4)


def _full(judges: int, cases: int, base: Design = _PLAIN) -> Design:
    return replace(base, judges=judges, cases=cases)


DESIGNS: dict[str, Design] = {
    **{
        f"F{judges}x{cases} {name}": replace(_full(judges, cases), distribution=name)  # type: ignore[arg-type]
        for judges, cases, names in (
            (5, 30, ("normal",)),
            (9, 30, ("normal", "exp")),
            (10, 20, ("normal",)),
            (20, 30, ("normal", "exp", "gam4", "logn", "t5")),
            (40, 30, ("normal", "exp")),
        )
        for name in names
    },
    "F20x30 lowL": replace(_full(20, 30), level=0.1),
    "F9x30 binary": _full(9, 30, _YES_NO),
    "F20x30 binary": _full(20, 30, _YES_NO),
    "F20x30 rarebin": replace(_full(20, 30, _YES_NO), mean=-2.2),
    "S40x200x3 binary": replace(_full(40, 200, _YES_NO), per_case=3),
    "S40 bigcase": replace(_full(40, 200), per_case=3, case_sd=3.0),
    "S200 2perCase": replace(_full(200, 1000), per_case=2),
    "Z30 unbalanced exp": replace(_full(30, 150), per_case=(2, 8), assignment="zipf", distribution="exp", case_sd=2.0),
    "S40 offices": replace(_full(40, 200), per_case=3, assignment="offices"),
    "S40 non-random": replace(_full(40, 200), per_case=3, assignment="sorted", case_sd=2.0),
    "S40 chain": replace(_full(40, 200), per_case=3, assignment="sorted", sorting=0.02, case_sd=2.0),
    "S40 chain exp": replace(
        _full(40, 200), per_case=3, assignment="sorted", sorting=0.02, case_sd=2.0, distribution="exp"
    ),
    "R20x30 1-2 normal": replace(_full(20, 30, _REPEATED), repeats=(1, 2)),
    "R20x40 half normal": replace(_full(20, 40, _REPEATED), density=0.5, repeats=(1, 2)),
    "R20x30 1-2 exp": replace(_full(20, 30, _REPEATED), repeats=(1, 2), distribution="exp"),
    "R12x30 1-3 exp": replace(_full(12, 30, _REPEATED), repeats=(1, 3), distribution="exp"),
    "G10x2x20 exp": replace(_full(20, 200), blocks=10, distribution="exp"),
    "G10x3x20 normal": replace(_full(30, 200), blocks=10),
    "G4x8x30 exp": replace(_full(32, 120), blocks=4, distribution="exp"),
    "T40x60x2 normal": replace(_full(40, 60), per_case=2),
    "T40x60x2 exp": replace(_full(40, 60), per_case=2, distribution="exp"),
    "F20x6 exp": replace(_full(20, 6), distribution="exp"),
    "F60x10 binary": _full(60, 10, _YES_NO),
    "N20x30 nominal 3": replace(_full(20, 30), scale="nominal", case_sd=1.0, level=0.5, stable_pattern=0.5),
    "N20x30 nominal 5": replace(
        _full(20, 30), scale="nominal", categories=5, case_sd=1.0, level=0.5, stable_pattern=0.5
    ),
    "O20x30 ordinal 4": replace(_full(20, 30), scale="ordinal", categories=4, case_sd=1.5),
    "P20x30 count": replace(_full(20, 30), scale="count", mean=1.0, case_sd=0.6, level=0.3, stable_pattern=0.3),
    "L20x30 log": replace(_full(20, 30), scale="log", mean=6.0),
    "L20x30 log exp": replace(_full(20, 30), scale="log", mean=6.0, distribution="exp"),
    "M10x20 mean 10": replace(_full(10, 20), mean=10.0),
    "M15x20 mean 10000": replace(_full(15, 20), mean=10_000.0),
    "E12x20 no level": replace(_full(12, 20), level=0.0),
    "E20x30 no level": replace(_full(20, 30), level=0.0),
    "E20x30 no level exp": replace(_full(20, 30), level=0.0, distribution="exp"),
    "E40x30 no level": replace(_full(40, 30), level=0.0),
    "E40x60x2 no level": replace(_full(40, 60), per_case=2, level=0.0),
}
