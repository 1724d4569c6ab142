"""InstEval: REML and the joint fit with intervals against lme4 with OpenBLAS, in one run.

    python -m benchmarks.insteval --data ../shared/data/insteval/insteval.csv.gz > benchmarks/insteval.md

Needs R with lme4 (Debian: r-cran-lme4, libopenblas0).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.measure import HEAD, cpu_times, rows
from noiseaudit.aggregates import Cells
from noiseaudit.estimators.panel import estimate_panel
from noiseaudit.estimators.reml import reml


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    data = pd.read_csv(options.data)
    cells = Cells.from_arrays(data["s"], data["d"], data["y"])
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "insteval.csv"
        data.to_csv(plain, index=False)
        script = Path(__file__).with_suffix("").with_name("insteval_lme4.R")
        times = {"lme4 REML": []}
        ours = cpu_times(
            {
                "reml": lambda: reml(cells, confidence=None),
                "fe with intervals": lambda: estimate_panel(cells),
                "wcu with intervals": lambda: estimate_panel(cells, estimator="wcu"),
            },
            runs=options.runs,
        )
        done = subprocess.run(
            ["Rscript", str(script), str(plain), str(options.runs)], check=True, capture_output=True, text=True
        ).stdout
    criteria = []
    for line in done.splitlines():
        if line.startswith("#"):
            versions = re.sub(r"\S*/(\w+)-pthread/\S*|\S*/", r"\1 ", line[2:]).strip()  # the BLAS by name, not by place
        else:
            seconds, criterion = map(float, line.split())
            times["lme4 REML"].append(seconds)
            criteria.append(criterion)
    fit = reml(cells, confidence=None)
    print("# InstEval against lme4\n")
    print(
        "Made by `python -m benchmarks.insteval --data …/insteval.csv.gz`. CPU seconds of the fit alone, 73,421 ratings"
    )
    print(f"of 2,972 students and 1,128 lecturers (judge = lecturer), {options.runs} runs each. {versions}.")
    print(f"Criterion: lme4 {criteria[0]:.4f}, ours {fit.criterion:.4f}, after {fit.evaluations} evaluations.\n")
    print(HEAD)
    print("\n".join(rows({**ours, **times}, base="reml")))


if __name__ == "__main__":
    main()
