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
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.group_designs import ROWS, Flags, Floats, Row
from benchmarks.peers_today import flagged_by_difference, flagged_by_test
from noiseaudit.aggregates.cells import index_cells
from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.two_way import fit_two_way
from noiseaudit.groups.flags import MATERIAL_NOISE, MATERIAL_SHARE, Examined, flag_gaps
from noiseaudit.groups.gaps import Gaps
from noiseaudit.groups.log_gaps import binary_log_gaps, numeric_log_gaps
from noiseaudit.groups.multiplicity import q_values
from noiseaudit.groups.panel_gaps import panel_gaps
from noiseaudit.groups.panel_shares import panel_share_gaps
from noiseaudit.groups.sums import GroupSums
from noiseaudit.result import Estimate
from noiseaudit.simulation.panels import Rows

Record = dict[str, object]
TODAY = {
    "fairlearn": "differences by professional above a threshold",
    "test": "each professional's own test, p < .05",
    "test, BH": "the same, Benjamini-Hochberg",
    "test against all, BH": "own gap minus that of all decisions, Benjamini-Hochberg",
}


def measured(row: Row, rows: Rows) -> list[Gaps]:
    """Gaps of every value (own groups: of the relation) by the functions of the library."""
    groups, binary = rows.groups, row.design.scale == "binary"
    assert groups is not None
    if row.kind == "log":
        sums = _sums(row, rows)
        return list(binary_log_gaps(sums) if binary else numeric_log_gaps(sums))
    shift = 0.0 if binary else float(rows.decision.mean())
    linked = Linked.of(index_cells(rows.case, rows.judge, rows.decision - shift))
    flag = groups.flag(linked.case_index[linked.case], linked.judge_index[linked.judge])
    if binary:
        return [panel_share_gaps(linked, flag)]
    return [panel_gaps(fit_two_way(linked), flag, by_cell=row.groups.own)]


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
    gaps = measured(row, rows)
    columns = [0] if row.groups.own else list(range(len(row.groups.shares)))[-len(gaps) :]
    binary = row.design.scale == "binary"
    material = MATERIAL_SHARE if binary else MATERIAL_NOISE * row.noise
    nothing = NotIdentified.of("too_few_tested")
    found = flag_gaps(
        [
            Examined("group", None, str(column), each, nothing, nothing, 0, 0, material, own_group=row.groups.own)
            for column, each in zip(columns, gaps, strict=True)
        ],
        rows_names(row.design.judges),
    )
    spent = time.perf_counter() - begin
    J = row.design.judges
    true = row.contrasts(rows)[:, columns]
    built_in = np.abs(true) > 1e-9
    aimed_at = rows.groups.truth.deviates[:, [1]] if row.groups.own else rows.groups.truth.deviates[:, columns]
    flags, tested, small = (np.zeros((J, len(gaps)), dtype=bool) for _ in range(3))
    q = np.split(q_values(np.concatenate([each.p for each in gaps])), np.cumsum([len(each) for each in gaps])[:-1])
    for k, (each, group) in enumerate(zip(gaps, found.groups, strict=True)):
        flags[each.judge, k] = [judge.flag is True for judge in group.judges]
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
    truth = row.tau2()
    if truth is not None:
        record["tau"] = [
            (group.heterogeneity.variance, *group.heterogeneity.variance_interval, float(truth[column]))
            for column, group in zip(columns, found.groups, strict=True)
            if isinstance(group.heterogeneity, Estimate) and group.heterogeneity.variance_interval is not None
        ]
    return record


def rows_names(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def _count(flags: Flags, built_in: Flags, aimed_at: Flags) -> tuple[int, int, int]:
    """Flags, those of professionals whose gap is exactly that of all, and those who were built to deviate."""
    return int(flags.sum()), int((flags & ~built_in).sum()), int((flags & aimed_at).sum())


def _today(row: Row, rows: Rows, columns: Sequence[int], material: float) -> dict[str, Flags]:
    assert rows.groups is not None
    binary = row.design.scale == "binary"
    found: dict[str, list[Flags]] = {name: [] for name in TODAY}
    for column in columns:
        flag = rows.groups.flag(rows.case, rows.judge, column)
        arrays = (rows.judge, flag, rows.decision)
        found["fairlearn"].append(flagged_by_difference(*arrays, threshold=0.1 if binary else material))
        found["test"].append(flagged_by_test(*arrays, binary=binary, bh=False))
        found["test, BH"].append(flagged_by_test(*arrays, binary=binary, bh=True))
        found["test against all, BH"].append(flagged_by_test(*arrays, binary=binary, bh=True, against_all=True))
    return {name: np.stack(each, axis=1) for name, each in found.items()}


def _rate(counts: Floats) -> tuple[float, float]:
    """False discovery rate and its Monte Carlo standard error: mean of false/flags, 0 without flags."""
    share = counts[:, 1] / np.maximum(counts[:, 0], 1)
    return float(share.mean()), float(share.std() / len(share) ** 0.5)


def table(records: Sequence[Record]) -> Iterator[str]:
    """The lines of the table."""
    yield "| data | FDR (MC SE) | power | too few | q alone: FDR / power | tau held | " + " | ".join(TODAY) + " |"
    yield "|---|---|---|---|---|---|" + "---|" * len(TODAY)
    by_row: dict[str, list[Record]] = {}
    for record in records:
        by_row.setdefault(str(record["row"]), []).append(record)
    for name in ROWS:
        mine = by_row.get(name, [])
        if not mine:
            continue
        aimed = sum(int(r["aimed"]) for r in mine)  # type: ignore[call-overload]
        too_few = sum(int(r["too_few"]) for r in mine)  # type: ignore[call-overload]

        def told(key: str, mine: list[Record] = mine, aimed: int = aimed) -> tuple[str, str, str]:
            counts = np.array([r[key] for r in mine], dtype=np.float64)
            fdr, se = _rate(counts)
            return f"{fdr:.3f}", f"{se:.3f}", f"{counts[:, 2].sum() / aimed:.2f}" if aimed else "–"

        fdr, se, power = told("noiseaudit")
        tau = [held for r in mine for held in r.get("tau", ())]  # type: ignore[attr-defined]
        held = f"{np.mean([low <= true <= high for _, low, high, true in tau]):.3f}" if tau else "–"
        q = told("q")
        today = " | ".join("{0} / {2}".format(*told(key)) for key in TODAY)
        yield (
            f"| {name} ({len(mine)}) | {fdr} ({se}) | {power} | {f'{too_few / aimed:.2f}' if aimed else '–'} | "
            f"{q[0]} / {q[2]} | {held} | {today} |"
        )


HEAD = """# Validity of flags: who treats a group differently?

Made by `python -m benchmarks.validity_groups --runs {runs} --out docs/validity_groups.md`.

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
    text = HEAD.format(runs=chosen.runs) + "\n".join(table(done)) + "\n"
    if chosen.out:
        chosen.out.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
