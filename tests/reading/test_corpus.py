"""Every generated export is read right, cell by cell and row by row, or refused with the code that it should be."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError, DataError
from noiseaudit.reading import Log, Tabulated, read, tabulate

from .corpus import LONG, WIDE, Export, Truth, make, make_wide
from .corpus_special import special


def exports() -> list[Export]:
    """All of them."""
    return [*map(make, range(LONG)), *map(make_wide, range(WIDE)), *special()]


EXPORTS = exports()


def outcome(export: Export, folder: Path) -> str:
    """`right`, or the code of a refusal, or what was read wrong."""
    path = folder / export.name.split(" ", 1)[1]
    path.write_bytes(export.data)
    try:
        with read(path, AuditDesign(**export.settings)) as log:
            table = tabulate(log)
            return "wrong: read at all" if isinstance(export.truth, frozenset) else differs(export.truth, log, table)
    except (CallError, DataError) as refusal:
        return refusal.code


def differs(truth: Truth, log: Log, table: Tabulated) -> str:
    """What differs from the truth, or `right`."""
    account = table.input
    excluded = {part.code: part.n for part in account.rows_excluded}
    found: dict[str, tuple[object, object]] = {
        "scale": (log.scale, truth.scale),
        "unit": (log.unit, truth.unit),
        "excluded": (excluded, truth.excluded),
        "rows used": (account.rows_used, truth.rows_used),
        "rows read": (account.rows_read, truth.rows_used + sum(truth.excluded.values())),
        "roles": ({role: log.roles.get(role) for role in truth.roles}, truth.roles),
        "reading": ({key: log.reading.get(key) for key in truth.reading}, truth.reading),
        "said": (truth.said - {finding.code for finding in table.findings}, frozenset()),
    }
    wrong = [f"{name} {is_} instead of {should}" for name, (is_, should) in found.items() if is_ != should]
    return "wrong: " + "; ".join(wrong) if wrong else cells_differ(truth, log, table)


def cells_differ(truth: Truth, log: Log, table: Tabulated) -> str:
    cells = table.indicators if log.scale == "ordinal" and table.indicators is not None else table.main
    keys = list(zip(cells.cases[cells.case].tolist(), cells.judges[cells.judge].tolist(), strict=True))
    if sorted(keys) != sorted(truth.cells):
        return f"wrong: {len(keys)} cells instead of {len(truth.cells)}, {sorted(set(keys) ^ set(truth.cells))[:4]}"
    shift = Fraction(cells.shift)
    for i, key in enumerate(keys):
        values = truth.cells[key]
        if cells.n[i] != len(values):
            return f"wrong: {cells.n[i]} decisions in {key} instead of {len(values)}"
        for k in range(cells.mean.shape[1]):
            exact = [Fraction(value == log.categories[k] if log.categories else value) - shift for value in values]
            mean = sum(exact, Fraction(0)) / len(exact)
            m2 = sum(((value - mean) ** 2 for value in exact), Fraction(0))
            for what, is_, should in (("mean", cells.mean[i, k], mean), ("M2", cells.m2[i, k], m2)):
                if not math.isclose(is_, should, rel_tol=1e-12, abs_tol=1e-12 * max(1.0, float(mean) ** 2)):
                    return f"wrong: {what} {is_!r} in {key} instead of {float(should)!r}"
    return "right"


def test_every_export_is_read_right_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = refused = 0
    failures: list[str] = []
    for export in EXPORTS:
        found = outcome(export, tmp_path)
        right += found == "right"
        if isinstance(export.truth, frozenset) and found in export.truth:
            refused += 1
        elif found != "right":
            failures.append(f"{export.name} {export.settings} {export.axes}\n    {found}")
    with capsys.disabled():
        print(
            f"\n{len(EXPORTS)} exports: {right} read right, {refused} refused as they should be, {len(failures)} wrong"
        )
    assert not failures, "\n".join(failures)
    assert len(EXPORTS) >= 300


def test_every_way_of_writing_occurs() -> None:
    drawn = Counter(axis for export in EXPORTS for axis in export.axes)
    assert min(drawn.values()) >= 3, drawn


def test_the_corpus_is_always_the_same() -> None:
    assert [(e.name, e.data) for e in exports()[::40]] == [(e.name, e.data) for e in EXPORTS[::40]]
