"""Nights of a check with a store: how often it fails where nothing changed, and how soon where level noise doubles.

    python -m benchmarks.nights --nights 400 --series 20 > docs/validity_check.md

Every night brings cases that three of the professionals decided each, with the same professionals, levels and stable
patterns of weighing; the default policy holds the newest rows against the store. After the calm nights the levels of
all are doubled (the SD of level noise is twice what it was), and the nights until the first fail are counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import noiseaudit as na
from noiseaudit.pipeline.increment import audit_increment

ROLES = {"case": "case", "judge": "judge", "decision": "decision", "design": "panel"}
KINDS = {  # professionals, cases a night, level SD, errors
    "30 professionals, 100 cases a night, normal": (30, 100, 0.5, "normal"),
    "30 professionals, 100 cases a night, exponential": (30, 100, 0.5, "exp"),
    "60 professionals, 60 cases a night, normal": (60, 60, 0.5, "normal"),
    "15 professionals, 100 cases a night, low level noise": (15, 100, 0.2, "normal"),
}
CALM = 20  # nights before a change


def night(rng: np.random.Generator, number: int, levels: np.ndarray, cases: int, errors: str) -> pd.DataFrame:
    rows = []
    for case in range(cases):
        chosen = rng.choice(len(levels), 3, replace=False)
        noise = rng.exponential(0.7, 3) - 0.7 if errors == "exp" else rng.normal(0, 0.7, 3)
        values = 10 + rng.normal() + levels[chosen] + noise
        rows += [(f"{number} {case}", f"J{j}", value) for j, value in zip(chosen, values, strict=True)]
    return pd.DataFrame(rows, columns=["case", "judge", "decision"])


def series(seed: int, kind: str, nights: int, *, change: int | None, most: int = 10) -> tuple[Counter[str], int | None]:
    """Outcomes of the calm nights after the first, and how many nights of doubled levels until a fail."""
    J, cases, level, errors = KINDS[kind]
    rng = np.random.default_rng(seed)
    draws = rng.exponential(level, J) - level if errors == "exp" else rng.normal(0, level, J)
    design, policy, found = na.AuditDesign(**ROLES), na.Policy(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "cells"
        for number in range(nights + (0 if change is None else most)):
            wide = change is not None and number >= change
            data = night(rng, number, draws * (2 if wide else 1), cases, errors)
            step = audit_increment(data, design, store, change=number > 0)
            if number == 0:
                continue
            status = na.check(step.result, policy, baseline=step.before, latest=step.part).status
            if wide and status == "fail":
                return found, number - change + 1
            if not wide:
                found[status] += 1
    return found, None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--nights", type=int, default=400)
    parser.add_argument("--series", type=int, default=20)
    options = parser.parse_args()
    print("# Nights of a check\n")
    print(f"`python -m benchmarks.nights --nights {options.nights} --series {options.series}`\n")
    print("Default policy, store of all nights before. Calm: nothing changed. Doubled: after ", end="")
    print(f"{CALM} calm nights the SD of level noise is twice what it was.\n")
    print("| data | calm nights | fail | unknown | pass | doubled: fails in night 1 | 2 | 3 | later | not in 10 |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for place, kind in enumerate(KINDS):
        calm, seed = Counter[str](), 10_000 * place
        while calm.total() < options.nights:
            seed += 1
            calm += series(seed, kind, 51, change=None)[0]
        when = Counter(series(10_000 * place + 5_000 + k, kind, CALM, change=CALM)[1] for k in range(options.series))
        later = sum(n for night_, n in when.items() if night_ is not None and night_ > 3)
        row = [
            kind,
            calm.total(),
            calm["fail"],
            calm["unknown"],
            calm["pass"],
            when[1],
            when[2],
            when[3],
            later,
            when[None],
        ]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
        print(kind, file=sys.stderr)


if __name__ == "__main__":
    main()
