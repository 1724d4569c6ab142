"""Demo exports as an office would send them: semicolons, decimal commas, cp1252, Dutch headers. All made up."""

from __future__ import annotations

import json
import os
from pathlib import Path

from noiseaudit.errors import CallError
from noiseaudit.simulation.demo_groups import groups_demo
from noiseaudit.simulation.demo_groups_log import groups_log_demo
from noiseaudit.simulation.demo_log import log_demo
from noiseaudit.simulation.demo_panel import panel_demo, yes_no_demo

DEMOS = {"panel": panel_demo, "yes-no": yes_no_demo, "log": log_demo, "groups": groups_demo,
         "groups-log": groups_log_demo}  # fmt: skip


def write_demo(directory: str | Path, *, name: str = "panel", force: bool = False) -> list[Path]:
    """Write export, config, truth and a note into a folder; the same bytes every time. Paths, export first.

    CallError for an unknown demo, or files that exist without `force`.
    """
    if name not in DEMOS:
        raise CallError("no_such_demo", f"there is no demo {name!r}; there is {', '.join(DEMOS)}")
    demo, folder = DEMOS[name](), Path(directory)
    files = {
        f"{name}.csv": demo.export.encode("cp1252"),
        "noiseaudit.toml": demo.config.encode("utf-8"),
        "truth.json": (json.dumps(demo.truth, indent=2) + "\n").encode(),
        "README.txt": demo.note.encode("utf-8"),
    }
    existing = [file for file in files if (folder / file).exists()]
    if existing and not force:
        raise CallError("output_exists", f"{str(folder / existing[0])!r} exists already; add --force to replace it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            temporary = folder / f".{file}.part"
            temporary.write_bytes(content)
            os.replace(temporary, folder / file)
    except OSError as error:
        raise CallError("cannot_write", f"cannot write into {str(folder)!r}: {error.strerror}") from None
    return [folder / file for file in files]
