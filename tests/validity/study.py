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
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from noiseaudit.aggregates import Cells
from noiseaudit.estimators.components import PanelEstimate
from noiseaudit.estimators.judge_levels import shrink_levels
from noiseaudit.estimators.lottery import disagreement, mean_difference, noise_index
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.estimators.two_way_intervals import level_error
from noiseaudit.result import Estimate, Figure, Number
from noiseaudit.simulation import DESIGNS
from noiseaudit.simulation.panels import Design, Rows, draw

PARTS = ("level", "pattern", "system", "stable_pattern", "occasion")
LOTTERY = ("mean_difference", "noise_index", "disagreement")
SCORED = (*PARTS, "share", *LOTTERY, "judges")
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Score:
    """One part in one design: relative bias, coverage and width, each over the runs that gave a figure.

    Where the truth is 0, bias and width are relative to system noise. Of `judges`: the share of judges whose interval
    holds their true level against the linked judges of their block.
    """

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


def cells_of(design: Design, rows: Rows, *, indicators: bool = False) -> Cells:
    """Cells of one simulated panel; with `indicators`, ordinal grades as categories."""
    decision: npt.NDArray[np.float64] = rows.decision
    if design.scale == "nominal" or indicators:
        first = 0 if design.scale == "nominal" else 1
        marks = (decision[:, None] == np.arange(first, first + design.categories)).astype(np.float64)
        labels = [str(k) for k in range(design.categories)]
        return Cells.from_arrays(rows.case, rows.judge, marks, shift=_ZERO, categories=labels)
    if design.scale == "binary":
        return Cells.from_arrays(rows.case, rows.judge, decision, shift=_ZERO)
    return Cells.from_arrays(rows.case, rows.judge, np.log(decision) if design.scale == "log" else decision)


_ZERO = Decimal(0)
_PAIRS = 400_000


@cache
def lottery_truth(design: Design) -> dict[str, float]:
    """Mean and median relative difference and chance to differ of two random judges on one case, from many pairs."""
    pairs = replace(
        design,
        judges=2 * _PAIRS,
        cases=_PAIRS,
        blocks=_PAIRS,
        per_case=None,
        repeats=1,
        density=1.0,
        assignment="random",
    )
    y = draw(pairs, np.random.default_rng(99)).decision.reshape(_PAIRS, 2)
    truth = {"disagreement": float((y[:, 0] != y[:, 1]).mean())}
    if design.scale in ("binary", "nominal"):
        return truth
    if y.min() > 0:
        truth["noise_index"] = float(np.median(np.abs(y[:, 0] - y[:, 1]) / y.mean(axis=1)))
    of = np.log(y) if design.scale == "log" else y
    return truth | {"mean_difference": float(np.abs(of[:, 0] - of[:, 1]).mean())}


def one_run(name: str, run: int) -> list[Triple | None]:
    """(value, lower, upper) of each scored figure, (value, nan, nan) without interval, None where not identified."""
    design = DESIGNS[name]
    rows = draw(design, np.random.default_rng((7, list(DESIGNS).index(name), run)))
    cells = cells_of(design, rows)
    estimate = estimate_panel(cells)
    parts = [_part(estimate, part) for part in PARTS]
    return [*parts, _share(estimate), *_lottery(design, rows, cells, estimate), _judges(design, rows, cells, estimate)]


def _part(estimate: PanelEstimate, part: str) -> Triple | None:
    found = getattr(estimate, part)
    if not isinstance(found, Estimate):
        return None
    low, high = found.variance_interval or (math.nan, math.nan)
    return found.variance, low, high


def _share(estimate: PanelEstimate) -> Triple | None:
    if not isinstance(estimate.level, Estimate) or estimate.level.share is None:
        return None
    low, high = estimate.level.share_interval or (math.nan, math.nan)
    return estimate.level.share, low, high


def _figure(found: Number) -> Triple | None:
    return (found.value, *(found.interval or (math.nan, math.nan))) if isinstance(found, Figure) else None


def _lottery(design: Design, rows: Rows, cells: Cells, estimate: PanelEstimate) -> list[Triple | None]:
    """The three figures of the lottery, as the pipeline makes them."""
    if design.scale in ("binary", "nominal"):
        factor, categories = (2.0, 2) if design.scale == "binary" else (1.0, design.categories)
        return [
            None,
            None,
            _figure(disagreement(estimate.system, factor=factor, categories=categories, judges=estimate.linked.J)),
        ]
    mean = mean_difference(estimate, unit=None, confidence=0.95, kurtosis_floor=2.0)
    if design.scale == "ordinal":
        grades = estimate_panel(cells_of(design, rows, indicators=True))
        return [
            _figure(mean),
            None,
            _figure(disagreement(grades.system, factor=1.0, categories=design.categories, judges=grades.linked.J)),
        ]
    logs = design.scale == "log"
    index = noise_index(estimate.linked, logs=logs, shift=float(cells.shift), confidence=0.95)
    return [_figure(mean), _figure(index), None]


def _judges(design: Design, rows: Rows, cells: Cells, estimate: PanelEstimate) -> Triple | None:
    """(share of linked judges whose interval holds their true level, 1, 1), on scales where the truth is the effect."""
    level, linked = estimate.level, estimate.linked
    if design.scale not in ("continuous", "log") or estimate.effects is None or estimate.effect_variance is None:
        return None
    if not isinstance(level, Estimate):
        return None
    levels = shrink_levels(
        estimate.effects[:, 0], estimate.effect_variance, level.variance, level_error=level_error(estimate.fit)
    )
    low, high = levels.interval(0.95)
    true = rows.level[[int(cells.judges[index]) for index in linked.judge_index]]
    size = np.bincount(linked.block)
    true = true - (np.bincount(linked.block, true) / size)[linked.block]
    return float(((low <= true) & (true <= high)).mean()), 1.0, 1.0


def score(name: str, results: Sequence[list[Triple | None]]) -> list[Score]:
    """Bias and coverage of every figure that the design identifies."""
    truth, lottery = DESIGNS[name].truth(), lottery_truth(DESIGNS[name])
    true_of = {part: float(getattr(truth, part)) for part in PARTS}
    true_of |= {"share": truth.level / truth.system, "judges": 1.0} | lottery
    scores = []
    for index, part in enumerate(SCORED):
        values = np.array([run[index] for run in results if run[index] is not None])
        if len(values) < len(results) / 2 or part not in true_of:
            continue
        true, bounded = true_of[part], values[np.isfinite(values[:, 1])]
        inside = (bounded[:, 1] <= true + 1e-9) & (true <= bounded[:, 2] + 1e-9)
        scale = true or (1.0 if part == "share" else truth.system)
        root = part in PARTS
        width = np.sqrt(np.maximum(bounded[:, 1:], 0)) if root else bounded[:, 1:]
        scores.append(
            Score(
                part,
                true,
                len(bounded),
                float((values[:, 0].mean() - true) / scale),
                float(values[:, 0].std(ddof=1) / scale / math.sqrt(len(values))),
                float(values[:, 0].mean() if part == "judges" else inside.mean()),
                float(np.median(width[:, 1] - width[:, 0]) / (math.sqrt(scale) if root else scale)),
                len(values) - len(bounded),
            )
        )
    return scores


def study(name: str, runs: int, *, pool: ProcessPoolExecutor | None = None) -> list[Score]:
    """Score one design over `runs` simulated panels."""
    work = partial(one_run, name)
    return score(name, list(pool.map(work, range(runs), chunksize=25) if pool else map(work, range(runs))))


def table(scores: dict[str, list[Score]], runs: int) -> str:
    """Markdown: one row a design; bias +- Monte Carlo SE, and coverage (width of the SD interval / true SD)."""
    covered = ("L", "P", "Sys", "S", "O", "share", "difference", "index", "chance", "judges")
    head = ["design", *(f"bias {p}" for p in ("L", "P", "Sys", "S", "O")), *covered]
    lines = [
        f"{runs} runs a design, nominal coverage .95. Bias: relative, ± Monte Carlo SE. Then coverage, with the",
        "median width of the interval over the truth in brackets (of the SD for the parts). Where level noise is 0,",
        "both are relative to system noise. Difference: the mean difference of two colleagues; index: the noise index;",
        "chance: P(disagree); judges: the share of professionals whose interval holds their true level.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for name, parts in scores.items():
        by = {s.part: s for s in parts}
        row = [name]
        row += [f"{by[p].bias:+.3f} ± {by[p].bias_se:.3f}" if p in by else "" for p in PARTS]
        row += [f"{by[p].covered:.3f} ({by[p].width:.2f})" if p in by else "" for p in SCORED[:-1]]
        row += [f"{by['judges'].covered:.3f}" if "judges" in by else ""]
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
            print(
                name, [(s.part, round(s.bias / (s.bias_se or 1), 1), s.covered) for s in scores[name]], file=sys.stderr
            )
    text = table(scores, options.runs)
    if options.out:
        command = f"python -m tests.validity.study --runs {options.runs} --out {options.out}"
        before = options.out.read_text("utf-8") if options.out.exists() else ""
        notes = "".join(before.partition("\n## ")[1:])  # what is written by hand beneath the table stays
        page = f"# Bias and coverage of the default intervals\n\nMade by `{command}`.\n\n{text}\n{notes}"
        options.out.write_text(page, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
