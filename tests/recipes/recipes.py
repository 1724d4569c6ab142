"""Where the recipes are, and how a shell that runs them finds noiseaudit."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

PIPELINES = Path(__file__).resolve().parents[2] / "examples" / "pipelines"
ROOT = PIPELINES.parents[1]


def recipe(name: str) -> ModuleType:
    """A recipe of Python, as a module."""
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", PIPELINES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment(folder: Path) -> dict[str, str]:
    """The environment of a shell in which `noiseaudit` is the one under test."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    command = commands / "noiseaudit"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m noiseaudit "$@"\n', "utf-8")
    command.chmod(0o755)
    path = os.pathsep.join([str(commands), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
