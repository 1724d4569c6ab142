"""Bias and coverage of every default interval, by simulation with known truth.

The long run is by hand; its table is committed:

    python -m tests.validity.study --runs 500 --out docs/validity.md
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates import Cells
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.result import Estimate
from noiseaudit.simulation import DESIGNS
from noiseaudit.simulation.panels import Design, draw

PARTS = ("level", "pattern", "system", "stable_pattern", "occasion")


@dataclass(frozen=True)
class Score:
    """One part in one design: relative bias, coverage and width, each over the runs that gave a figure."""

    part: str
    truth: float
    runs: int
    bias: float
    bias_se: float
    covered: float
    width: float
    without_interval: int

    @property
    def covered_se(self) -> float:
        return math.sqrt(max(self.covered * (1 - self.covered), 1e-12) / max(self.runs, 1))


def cells_of(design: Design, seed: Sequence[int]) -> Cells:
    """Cells of one simulated panel."""
    rows = draw(design, np.random.default_rng(seed))
    decision: npt.NDArray[np.float64] = rows.decision
    if design.scale == "nominal":
        indicators = (decision[:, None] == np.arange(design.categories)).astype(np.float64)
        labels = [str(k) for k in range(design.categories)]
        return Cells.from_arrays(rows.case, rows.judge, indicators, shift=_ZERO, categories=labels)
    if design.scale == "binary":
        return Cells.from_arrays(rows.case, rows.judge, decision, shift=_ZERO)
    return Cells.from_arrays(rows.case, rows.judge, np.log(decision) if design.scale == "log" else decision)


_ZERO = Decimal(0)


def one_run(name: str, run: int) -> list[tuple[float, float, float] | None]:
    """(variance, lower, upper) of each part, (variance, nan, nan) without interval, None where not identified."""
    estimate = estimate_panel(cells_of(DESIGNS[name], (7, list(DESIGNS).index(name), run)))
    return [_triple(estimate, part) for part in PARTS] + [_share(estimate)]


def _triple(estimate: PanelEstimate, part: str) -> tuple[float, float, float] | None:
    found = getattr(estimate, part)
    if not isinstance(found, Estimate):
        return None
    low, high = found.variance_interval or (math.nan, math.nan)
    return found.variance, low, high


def _share(estimate: PanelEstimate) -> tuple[float, float, float] | None:
    if not isinstance(estimate.level, Estimate) or estimate.level.share is None:
        return None
    low, high = estimate.level.share_interval or (math.nan, math.nan)
    return estimate.level.share, low, high


def score(name: str, results: Sequence[list[tuple[float, float, float] | None]]) -> list[Score]:
    """Bias and coverage of every part that the design identifies."""
    truth = DESIGNS[name].truth()
    scores = []
    for index, part in enumerate((*PARTS, "share")):
        found = [run[index] for run in results]
        values = np.array([triple for triple in found if triple is not None])
        if len(values) < len(results) / 2:
            continue
        true = truth.level / truth.system if part == "share" else float(getattr(truth, part))
        with_interval = values[np.isfinite(values[:, 1])]
        inside = (with_interval[:, 1] <= true) & (true <= with_interval[:, 2])
        roots = with_interval[:, 1:] if part == "share" else np.sqrt(np.maximum(with_interval[:, 1:], 0))
        scale = true if part == "share" else math.sqrt(true)
        scores.append(
            Score(
                part,
                true,
                len(with_interval),
                float(values[:, 0].mean() / true - 1),
                float(values[:, 0].std(ddof=1) / true / math.sqrt(len(values))),
                float(inside.mean()),
                float(np.median(roots[:, 1] - roots[:, 0]) / scale),
                len(values) - len(with_interval),
            )
        )
    return scores


def study(name: str, runs: int, *, pool: ProcessPoolExecutor | None = None) -> list[Score]:
    """Score one design over `runs` simulated panels."""
    work = partial(one_run, name)
    return score(name, list(pool.map(work, range(runs), chunksize=25) if pool else map(work, range(runs))))


def table(scores: dict[str, list[Score]], runs: int) -> str:
    """Markdown: one row a design; bias +- Monte Carlo SE, and coverage (width of the SD interval / true SD)."""
    head = [
        "design",
        *(f"bias {p}" for p in ("L", "P", "Sys", "S", "O")),
        *(f"{p}" for p in ("L", "P", "Sys", "S", "O", "share")),
    ]
    lines = [
        f"{runs} runs a design, nominal coverage .95. Bias: relative, ± Monte Carlo SE. Then coverage, with the",
        "median width of the SD interval over the true SD in brackets (share: of the share).",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for name, parts in scores.items():
        by = {s.part: s for s in parts}
        row = [name]
        row += [f"{by[p].bias:+.3f} ± {by[p].bias_se:.3f}" if p in by else "" for p in PARTS]
        row += [f"{by[p].covered:.3f} ({by[p].width:.2f})" if p in by else "" for p in (*PARTS, "share")]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--designs", nargs="*", default=list(DESIGNS))
    options = parser.parse_args()
    scores = {}
    with ProcessPoolExecutor(options.workers) as pool:
        for name in options.designs:
            scores[name] = study(name, options.runs, pool=pool)
            print(name, [(s.part, round(s.bias / s.bias_se, 1), s.covered) for s in scores[name]], file=sys.stderr)
    text = table(scores, options.runs)
    if options.out:
        command = f"python -m tests.validity.study --runs {options.runs} --out {options.out}"
        options.out.write_text(
            f"# Bias and coverage of the default intervals\n\nMade by `{command}`.\n\n{text}\n", "utf-8"
        )
    else:
        print(text)


if __name__ == "__main__":
    main()
