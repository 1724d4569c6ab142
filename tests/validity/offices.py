"""Bias and coverage of level noise between and within offices, by simulation.

python -m tests.validity.offices --runs 500 --out docs/validity_offices.md
"""

from __future__ import annotations

import argparse
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates import Cells
from noiseaudit.estimators.linked import Linked
from noiseaudit.estimators.offices import OfficeLevels, office_levels
from noiseaudit.estimators.two_way import fit_two_way, pseudo_inverse

Array = npt.NDArray[np.float64]
Generator = np.random.Generator


@dataclass(frozen=True)
class Design:
    """sizes: judges of every office. per_case: judges on one of `cases` cases of a panel (0: a log)."""

    name: str
    sizes: tuple[int, ...]
    between: float = 0.16
    within: float = 0.25
    residual: float = 0.49
    per_case: int = 0
    cases: int = 0
    blocks: int = 1
    effects: str = "normal"


UNEVEN = (30, 15, 10, 7, 6, 5, 4, 3, 3, 2, 1, 1)
DESIGNS = [
    Design("log, 5 offices x 6 judges", (6,) * 5),
    Design("log, 15 x 5", (5,) * 15),
    Design("log, 3 x 20", (20,) * 3),
    Design("log, 40 x 4", (4,) * 40),
    Design("log, 12 of 1 to 30 judges", UNEVEN),
    Design("log, 15 x 5, no differences between offices", (5,) * 15, between=0.0),
    Design("log, 15 x 5, much chance", (5,) * 15, residual=10.0),
    Design("panel, 5 x 6, 30 cases of all", (6,) * 5, per_case=30, cases=30),
    Design("panel, 5 x 6, 120 cases of 3", (6,) * 5, per_case=3, cases=120),
    Design("panel, 15 x 5, 300 cases of 3", (5,) * 15, per_case=3, cases=300),
    Design("panel, 12 of 1 to 30, 300 cases of 3", UNEVEN, per_case=3, cases=300),
    Design("panel, 5 blocks of 3 x 4, 400 cases of 3", (4,) * 15, per_case=3, cases=400, blocks=5),
    Design("panel, 15 x 5, 230 cases of 2", (5,) * 15, per_case=2, cases=230),
    Design("panel, 15 x 5, 110 cases of 2 (thin overlap)", (5,) * 15, per_case=2, cases=110),
]


def drawn(rng: Generator, size: int, kind: str) -> Array:
    return rng.standard_normal(size) if kind == "normal" else rng.exponential(size=size) - 1


def one(design: Design, run: int) -> OfficeLevels:
    rng = np.random.default_rng((zlib.crc32(f"{design.name} {design.effects}".encode()), run))
    office = np.repeat(np.arange(len(design.sizes)), design.sizes)
    J, K = len(office), len(design.sizes)
    level = np.sqrt(design.between) * drawn(rng, K, design.effects)[office]
    level += np.sqrt(design.within) * drawn(rng, J, design.effects)
    if not design.per_case:
        n = rng.integers(20, 61, size=J)
        noise = [drawn(rng, int(many), design.effects) for many in n]
        s2 = sum(((part - part.mean()) ** 2).sum() for part in noise) / (n.sum() - J) * design.residual
        level += np.sqrt(design.residual) * np.array([part.mean() for part in noise])
        return office_levels(level - level.mean(), s2 / n, office)
    members = np.split(np.arange(J), design.blocks) if design.blocks > 1 else [np.arange(J)]
    judge = np.concatenate(
        [rng.choice(members[case % design.blocks], design.per_case, replace=False) for case in range(design.cases)]
    )
    case = np.repeat(np.arange(design.cases), design.per_case)
    y = level[judge] + 2 * rng.standard_normal(design.cases)[case]
    y += np.sqrt(design.residual) * drawn(rng, len(case), design.effects)
    linked = Linked.of(Cells.from_arrays(case, judge, y))
    fit = fit_two_way(linked)
    names = np.array([int(name) for name in Cells.from_arrays(case, judge, y).judges])[linked.judge_index]
    return office_levels(fit.effects, fit.tr / fit.T0 * pseudo_inverse(linked), office[names], block=linked.block)


def table(runs: int) -> list[str]:
    lines = [
        "| data | effects | mean L_office (true) | coverage (width) | mean L_within (true) | coverage (width) |",
        "|---|---|---|---|---|---|",
    ]
    for base in DESIGNS:
        for effects in ("normal", "exp"):
            design = replace(base, effects=effects)
            found = [one(design, run) for run in range(runs)]
            cells = []
            for true, values, bounds in (
                (design.between, [f.between for f in found], [f.between_interval for f in found]),
                (design.within, [f.within for f in found], [f.within_interval for f in found]),
            ):
                limits = np.array(bounds, dtype=np.float64)
                inside = ((limits[:, 0] <= true) & (true <= limits[:, 1])).mean()
                width = np.median(np.diff(np.sqrt(limits), axis=1)) / np.sqrt(true or design.within)
                mean = np.array(values, dtype=np.float64)
                cells += [
                    f"{mean.mean():.3f} ± {mean.std(ddof=1) / np.sqrt(runs):.3f} ({true})",
                    f"{inside:.3f} ({width:.1f})",
                ]
            lines.append(f"| {design.name} | {effects} | " + " | ".join(cells) + " |")
            print(lines[-1], file=sys.stderr)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    text = "\n".join(
        [
            f"{options.runs} data sets a row, nominal coverage .95; width: median width of the interval of the SD over",
            "the true SD (where L_office is 0, over that of L_within). Logs: 20 to 60 decisions of each professional.",
            "Thin overlap (H0 < 2 dJ): not the default route, which leaves the joint fit there.",
            "",
            *table(options.runs),
        ]
    )
    if options.out:
        command = f"python -m tests.validity.offices --runs {options.runs} --out {options.out}"
        options.out.write_text(f"# Level noise between and within offices\n\nMade by `{command}`.\n\n{text}\n", "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
