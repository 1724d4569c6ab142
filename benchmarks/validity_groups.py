"""Validity of flags of professionals who treat a group differently, beside what is done today, on the same data.

python -m benchmarks.validity_groups --runs 500 --keep groups.jsonl --out docs/validity_groups.md
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.group_designs import ROWS, Flags, Row
from benchmarks.peers_today import flagged_by_difference, flagged_by_test
from noiseaudit.aggregates.cells import index_cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.groups.contrasts import KindMoments
from noiseaudit.groups.flags import MATERIAL_NOISE, MATERIAL_SHARE, Examined, flag_gaps
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.intersections import Crossing, intersections_of, log_crossing, panel_crossing, share_crossing
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.panel_gaps import panel_gaps
from noiseaudit.groups.panel_shares import panel_share_gaps
from noiseaudit.groups.sums import GroupSums
from noiseaudit.groups.systemic import panel_systemic_gap
from noiseaudit.groups.systemic_log import shared_log_gap
from noiseaudit.result import Estimate, Figure
from noiseaudit.result.parts import Component, Number
from noiseaudit.simulation.panels import Rows

Record = dict[str, object]
TODAY = {
    "fairlearn": "fairlearn: difference above a threshold",
    "test": "own test, p < .05",
    "test, BH": "own test, BH",
    "test against all, BH": "test against all, BH",
}


@dataclass(frozen=True)
class Measured:
    """Gaps of every value (own groups: of the relation), and what all share where it is asked for."""

    gaps: list[Gaps]
    shared: list[Number]


def measured(row: Row, rows: Rows) -> Measured:
    """By the functions of the library."""
    assert rows.groups is not None
    if row.kind == "log":
        sums = _sums(row, rows)
        shared = (
            [shared_log_gap(sums, value) for value in range(len(sums.values))] if row.systemic() is not None else []
        )
        return Measured(list(numeric_log_gaps(sums) if row.numbers else binary_log_gaps(sums)), shared)
    if row.kind == "together" and row.design.per_case == 1:
        return Measured([_together_in_log(row, rows)], [])
    shift = float(rows.decision.mean()) if row.numbers else 0.0
    linked = Linked.of(index_cells(rows.case, rows.judge, rows.decision - shift))
    case, judge = linked.case_index[linked.case], linked.judge_index[linked.judge]
    flag, own = rows.groups.flag(case, judge), row.groups.own
    if row.kind == "together":
        value = rows.groups.value[case]
        first, second = np.isin(value, (1, 3)), np.isin(value, (2, 3))
        return Measured([panel_crossing(fit_two_way(linked), first, second, by_cell=False)], [])
    fit = fit_two_way(linked) if row.numbers or own else None
    shared = [panel_systemic_gap(fit, flag, by_cell=True)] if own and fit is not None else []
    if fit is not None and row.numbers:
        return Measured([panel_gaps(fit, flag, by_cell=own)], shared)
    return Measured([panel_share_gaps(linked, flag)], shared)


def _together_in_log(row: Row, rows: Rows) -> Gaps:
    """Kinds both, only first, only second, neither, of the values neither, first, second, both."""
    assert rows.groups is not None
    judges = np.arange(row.design.judges)
    kind = 3 - rows.groups.value[rows.case]
    kind = np.where(kind == 1, 2, np.where(kind == 2, 1, kind))
    moments = KindMoments.of(rows.judge, kind, rows.decision, judges=len(judges), kinds=4)
    if row.numbers:
        return log_crossing(moments, judge=judges)
    return share_crossing(moments.n, np.rint(moments.n * moments.mean), judge=judges)


def _sums(row: Row, rows: Rows) -> GroupSums:
    assert rows.groups is not None
    rank = np.argsort(np.argsort(rows.worth))
    stratum = (rank * row.strata // len(rank)).astype(np.intp)
    return GroupSums.from_codes(
        rows.judge,
        stratum[rows.case],
        value=rows.groups.value[rows.case],
        decision=rows.decision,
        judges=pd.RangeIndex(row.design.judges).astype("str"),
        strata=pd.RangeIndex(row.strata).astype("str"),
        values=pd.Index(row.groups.values),
    )


def one(name: str, seed: int) -> Record:
    """One data set of one row: who is flagged, rightly or not, by the library and by what is done today."""
    row = ROWS[name]
    rows = row.draw(np.random.default_rng([20261126, zlib.crc32(name.encode()), seed]))
    assert rows.groups is not None
    begin = time.perf_counter()
    found = measured(row, rows)
    gaps = found.gaps
    material = MATERIAL_NOISE * row.noise if row.numbers else MATERIAL_SHARE
    flagged, components = _flagged(row, gaps, material)
    spent = time.perf_counter() - begin
    truth = rows.groups.truth
    true = row.contrasts(rows)
    if row.kind == "together":
        columns, aimed_at = [3], truth.deviates[:, [3]] if row.numbers else np.abs(true) > 1e-9
    elif row.groups.own:
        columns, aimed_at = [0], truth.deviates[:, [1]]
    else:
        columns = list(range(true.shape[1]))[-len(gaps) :]
        true, aimed_at = true[:, columns], truth.deviates[:, columns]
    built_in = np.abs(true) > 1e-9
    flags, tested, small = (np.zeros(true.shape, dtype=bool) for _ in range(3))
    q = np.split(q_values(np.concatenate([each.p for each in gaps])), np.cumsum([len(each) for each in gaps])[:-1])
    for k, each in enumerate(gaps):
        flags[each.judge, k] = flagged[k]
        tested[each.judge, k] = each.tested
        small[each.judge, k] = q[k] <= 0.05
    record: Record = {
        "row": name,
        "seed": seed,
        "ms": round(1000 * spent),
        "aimed": int(aimed_at.sum()),
        "too_few": int((aimed_at & ~tested).sum()),
        "tests": int(tested.sum()),
    }
    by = {"noiseaudit": flags, "q": small, **_today(row, rows, columns, material)}
    record |= {who: _count(theirs, built_in, aimed_at) for who, theirs in by.items()}
    tau2, delta = row.tau2(), row.systemic()
    if tau2 is not None and components:
        record["tau"] = [
            (*component.variance_interval, float(tau2[column]))
            for column, component in zip(columns, components, strict=True)
            if isinstance(component, Estimate) and component.variance_interval is not None
        ]
    if delta is not None:
        record["shared"] = [
            (*number.interval, float(delta[column]))
            for column, number in zip(columns, found.shared, strict=True)
            if isinstance(number, Figure) and number.interval is not None
        ]
    return record


def _flagged(row: Row, gaps: list[Gaps], material: float) -> tuple[list[Flags], list[Component]]:
    """(J,) flags of every value, and the heterogeneity of each (none of intersections)."""
    names, nothing = tuple(map(str, range(row.design.judges))), NotIdentified.of("too_few_tested")
    if row.kind == "together":
        crossings = [Crossing(("first", "yes"), ("second", "yes"), each, material) for each in gaps]
        found = intersections_of(crossings, names)
        return [np.array([judge.flag is True for judge in each.judges]) for each in found], []
    examined = [
        Examined("group", None, str(k), each, nothing, nothing, 0, 0, material, own_group=row.groups.own)
        for k, each in enumerate(gaps)
    ]
    groups = flag_gaps(examined, names).groups
    flags = [np.array([judge.flag is True for judge in each.judges]) for each in groups]
    return flags, [each.heterogeneity for each in groups]


def _count(flags: Flags, built_in: Flags, aimed_at: Flags) -> tuple[int, int, int]:
    """Flags, those of professionals whose gap is exactly that of all, and those who were built to deviate."""
    return int(flags.sum()), int((flags & ~built_in).sum()), int((flags & aimed_at).sum())


def _today(row: Row, rows: Rows, columns: Sequence[int], material: float) -> dict[str, Flags]:
    assert rows.groups is not None
    binary = not row.numbers
    found: dict[str, list[Flags]] = {name: [] for name in TODAY}
    for column in columns:
        flag = rows.groups.flag(rows.case, rows.judge, column)
        arrays = (rows.judge, flag, rows.decision)
        found["fairlearn"].append(flagged_by_difference(*arrays, threshold=0.1 if binary else material))
        found["test"].append(flagged_by_test(*arrays, binary=binary, bh=False))
        found["test, BH"].append(flagged_by_test(*arrays, binary=binary, bh=True))
        found["test against all, BH"].append(flagged_by_test(*arrays, binary=binary, bh=True, against_all=True))
    return {name: np.stack(each, axis=1) for name, each in found.items()}


def false_discoveries(records: Sequence[Record], key: str) -> tuple[float, float]:
    """False discovery rate and its Monte Carlo standard error: mean of false/flags, 0 without flags."""
    counts = np.array([record[key] for record in records], dtype=np.float64)
    share = counts[:, 1] / np.maximum(counts[:, 0], 1)
    return float(share.mean()), float(share.std() / len(share) ** 0.5)


def _held(intervals: Sequence[Sequence[float]]) -> str:
    """Share of intervals (low, high, truth) that hold it."""
    return f"{np.mean([low <= true <= high for low, high, true in intervals]):.3f}" if intervals else "–"


def _comparable(row: Row) -> bool:
    """Today's tools look for the same gaps: not where two characteristics meet, nor where everybody differs."""
    return row.kind != "together" and row.groups.spread == 0


def table(records: Sequence[Record]) -> Iterator[str]:
    """The lines of the table."""
    yield (
        "| data | FDR (MC SE) | power | too few | q alone: FDR / power | tau held | shared gap held | "
        + " | ".join(TODAY.values())
        + " |"
    )
    yield "|---|---|---|---|---|---|---|" + "---|" * len(TODAY)
    by_row: dict[str, list[Record]] = {}
    for record in records:
        by_row.setdefault(str(record["row"]), []).append(record)
    for name in ROWS:
        mine = by_row.get(name, [])
        if not mine:
            continue
        aimed = sum(int(r["aimed"]) for r in mine)
        too_few = sum(int(r["too_few"]) for r in mine)

        def told(key: str, mine: list[Record] = mine, aimed: int = aimed) -> tuple[str, str, str]:
            fdr, se = false_discoveries(mine, key)
            found = sum(r[key][2] for r in mine)
            return f"{fdr:.3f}", f"{se:.3f}", f"{found / aimed:.2f}" if aimed else "–"

        fdr, se, power = told("noiseaudit")
        tau, shared = (_held([interval for r in mine for interval in r.get(key, ())]) for key in ("tau", "shared"))
        q = told("q")
        today = [" / ".join(told(key)[::2]) if _comparable(ROWS[name]) else "–" for key in TODAY]
        flags, alone = (f"{fdr} ({se})", f"{q[0]} / {q[2]}") if ROWS[name].groups.spread == 0 else ("–", "–")
        yield (
            f"| {name} ({len(mine)}) | {flags} | {power} | {f'{too_few / aimed:.2f}' if aimed else '–'} | "
            f"{alone} | {tau} | {shared} | {' | '.join(today)} |"
        )


def summary(records: Sequence[Record]) -> str:
    """The range of the rates over the rows, of noiseaudit and of today's tools."""
    by_row: dict[str, list[Record]] = {}
    for record in records:
        by_row.setdefault(str(record["row"]), []).append(record)
    lines = [
        "| false discovery rate, smallest to largest of the rows | some deviate | nobody deviates |",
        "|---|---|---|",
    ]
    for key, label in {"noiseaudit": "noiseaudit", **TODAY}.items():
        told = []
        for null in (False, True):
            rows = [name for name in by_row if ROWS[name].null is null and ROWS[name].groups.spread == 0]
            rates = [
                false_discoveries(by_row[name], key)[0] for name in rows if key not in TODAY or _comparable(ROWS[name])
            ]
            told.append(f"{min(rates):.3f} to {max(rates):.3f}" if rates else "–")
        lines.append(f"| {label} | {told[0]} | {told[1]} |")
    return "\n".join(lines)


HEAD = """# Validity of flags: who treats a group differently?

Made by `python -m benchmarks.validity_groups --runs {runs} --out docs/validity_groups.md`.

In brackets: the number of data sets. FDR: the mean share of flags that are false (q <= .05, a shrunken gap that is
worth it, and gaps that differ more than chance), with its Monte Carlo standard error; a flag is false where the true
gap is exactly that of everybody. Where nobody deviates it is the chance of any flag at all. Power: share of those
built to deviate who are flagged, those with too few cases among them; too few: the share of these. q alone: the same
without the other two conditions. Held: how often intervals of 95 % hold the true heterogeneity and the true gap that
all share.

Beside it, on the same data, FDR / power of what is done today: fairlearn's difference of each professional
(MetricFrame with the professional as control feature) above .1, for numbers above a fifth of the noise; a test of each
professional alone (two-proportion z, Welch's t), at .05 or by Benjamini-Hochberg; and the same test against the gap of
all decisions.

Numbers: noise SD .86, own gaps .8 (1.0 where two characteristics meet), up or down by chance; 15 % of the
professionals deviate in panels, 10 % at each of three values in logs (shares of the values .50, .30, .15, .05; all
four are tested). Yes/no: own gaps 1.3 log odds. n: decisions of a professional. exp: all effects are centred
exponential. In logs of yes/no decisions with strata and of numbers with unequal variances the group goes with the
worth of cases, so that raw gaps mislead. Mixed: some deviate.

"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="keep finished data sets here, to go on from")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    done = []
    if chosen.keep and chosen.keep.exists():
        done = [json.loads(line) for line in chosen.keep.read_text().splitlines()]
    known = {(record["row"], record["seed"]) for record in done}
    names = [name for name in ROWS if chosen.only in name]
    for begin in range(0, chosen.runs, 50):
        for name in names:
            fresh = [
                one(name, seed) for seed in range(begin, min(begin + 50, chosen.runs)) if (name, seed) not in known
            ]
            done += fresh
            if chosen.keep and fresh:
                with chosen.keep.open("a") as kept:
                    kept.writelines(json.dumps(record) + "\n" for record in fresh)
            sys.stderr.write(f"\r{len(done)}")
    text = HEAD.format(runs=chosen.runs) + summary(done) + "\n\n" + "\n".join(table(done)) + "\n"
    if chosen.out:
        chosen.out.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
