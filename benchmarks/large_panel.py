"""1,000,000 decisions, 500 judges, 333,000 cases: our estimates with intervals against GeneralizIT, in one run.

    python -m benchmarks.large_panel > benchmarks/large_panel.md

Needs `pip install generalizit`. Its users run the ANOVA for components and then the coefficients; the ANOVA alone is
the second figure.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd

import noiseaudit as na
from benchmarks.measure import HEAD, cpu_times, rows
from noiseaudit.estimators.panel import estimate_panel

CASES, JUDGES = 333_334, 500


def panel() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    case = np.repeat(np.arange(CASES), 3)[:1_000_000]
    first = rng.integers(0, JUDGES, CASES)
    judge = (first[:, None] + np.cumsum(rng.integers(1, JUDGES // 3, (CASES, 3)), axis=1)) % JUDGES
    level, cases = 0.5 * rng.standard_normal(JUDGES), rng.standard_normal(CASES)
    judges = judge.ravel()[:1_000_000]
    return pd.DataFrame(
        {"case": case, "judge": judges, "decision": level[judges] + cases[case] + 0.7 * rng.standard_normal(1_000_000)}
    )


def theirs(data: pd.DataFrame, *, coefficients: bool) -> object:
    from generalizit import GeneralizIT

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = GeneralizIT(data=data, design_str="case x judge", response="decision")
        study.calculate_anova()
        if coefficients:
            study.calculate_g_coefficients()
    return study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    data = panel()
    roles = {"case": "case", "judge": "judge", "decision": "decision"}
    times = cpu_times(
        {
            "noiseaudit, whole audit": lambda: na.audit(data, **roles),
            "noiseaudit, components and intervals": lambda: estimate_panel(
                na.Cells.from_arrays(data["case"], data["judge"], data["decision"])
            ),
            "GeneralizIT, ANOVA alone": lambda: theirs(data, coefficients=False),
            "GeneralizIT, ANOVA and coefficients": lambda: theirs(data, coefficients=True),
        },
        runs=runs,
    )
    noise = na.audit(data, **roles).noise
    print("# A million decisions\n")
    print(f"Made by `python -m benchmarks.large_panel --runs {runs}`.")
    print(f"1,000,000 decisions, {JUDGES} judges, {CASES:,} cases; CPU seconds from the data frame. The whole audit")
    print("reads, accounts for rows, counts, fits, and gives every interval, the levels and the lottery.")
    found = f"level {noise.level.sd:.4f} (true .5), pattern {noise.pattern.sd:.4f} (true .7)"
    print(f"GeneralizIT {version('generalizit')}. We find {found}.\n")
    print(HEAD)
    print("\n".join(rows(times, base="noiseaudit, whole audit")))


if __name__ == "__main__":
    main()
