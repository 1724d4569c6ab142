"""Exports on which the check of noiseaudit.toml passes, warns, fails, cannot be judged, and cannot run.

    python sample_nights.py FOLDER

20 professionals; three of them decided each of 60 cases. The SD of their levels is known: see NIGHTS.
"""

import sys
from pathlib import Path

import numpy as np

NIGHTS = {
    "passes": 0.3,
    "warns": 0.7,
    "fails": 4.0,
    "unknown": 1.5,
}  # SD of levels; the check warns at 0.6, fails at 1.5


def write_nights(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, level) in enumerate(NIGHTS.items()):
        rng = np.random.default_rng(number)
        draws = np.random.default_rng(7).normal(0, 1, 20)
        levels = level * (draws - draws.mean()) / draws.std(ddof=1)
        lines = ["case,judge,decision"]
        for case in range(60):
            difficulty = rng.normal(10, 1)
            decided = [(j, difficulty + levels[j] + rng.normal(0, 0.4)) for j in rng.choice(20, 3, replace=False)]
            lines += [f"{name} {case},J{judge:02d},{value:.4f}" for judge, value in decided]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "unusable.csv").write_text("case,judge,decision\n1,J00,much\n1,J01,2\n", "utf-8")


if __name__ == "__main__":
    write_nights(Path(sys.argv[1]))
