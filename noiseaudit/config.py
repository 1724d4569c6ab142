"""noiseaudit.toml: the roles and choices of a run, kept beside the data. Unknown keys are errors."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from noiseaudit.design import LIST_ROLES, READING, SINGLE_ROLES, AuditDesign
from noiseaudit.errors import CallError

FILE_NAME = "noiseaudit.toml"
ANALYSIS = (
    "scale", "design", "estimator", "positive", "order", "confidence", "kurtosis_floor", "ddof", "unit", "duplicates",
)  # fmt: skip


class Privacy(BaseModel):
    """What may be shown to whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audience: Literal["public", "team"] = "public"
    min_cell: int = Field(default=10, ge=1)
    min_professionals: int = Field(default=5, ge=1)
    key_file: str | None = None
    legal_basis: dict[str, str] = Field(default_factory=dict)

    def key_path(self, config: Path | None) -> Path | None:
        """The key file, seen from the folder of the config that names it."""
        if self.key_file is None:
            return None
        return (config.parent if config is not None else Path()) / Path(self.key_file).expanduser()


@dataclass(frozen=True)
class Config:
    """Settings for an AuditDesign, privacy, and the checks as they stand (their rules belong to `check`)."""

    settings: dict[str, Any] = field(default_factory=dict)
    privacy: Privacy = field(default_factory=Privacy)
    check: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None


def load_config(path: Path) -> Config:
    """Read and check a config; CallError names file, line and what was meant."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CallError("no_such_config", f"cannot read the config {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CallError("bad_config", f"{str(path)!r} is not UTF-8; save it as UTF-8") from None
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CallError("bad_config", f"{str(path)!r} is no valid TOML: {error}") from None
    if tree.pop("version", None) != 1:
        raise CallError("bad_config", f"{str(path)!r} must say `version = 1` on its first line")
    known = {
        "roles": (*SINGLE_ROLES, *LIST_ROLES),
        "reading": READING,
        "analysis": ANALYSIS,
        "privacy": tuple(Privacy.model_fields),
        "check": (),
    }
    settings: dict[str, Any] = {}
    for table, content in tree.items():
        if table not in known:
            raise _unknown(path, text, table, tuple(known))
        if not isinstance(content, dict):
            raise CallError(
                "bad_config", f"{path.name}, line {_line(text, table)}: {table!r} must be a table: [{table}]"
            )
        for key in content:
            if table != "check" and key not in known[table]:
                raise _unknown(path, text, key, known[table])
        if table in ("roles", "reading", "analysis"):
            settings |= content
    try:
        AuditDesign(**settings)
        privacy = Privacy(**tree.get("privacy", {}))
    except CallError as error:
        raise CallError("bad_config", f"{path.name}: {error.message}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise CallError("bad_config", f"{path.name}, line {_line(text, key)}: privacy.{key}: {first['msg']}") from None
    return Config(settings, privacy, dict(tree.get("check", {})), path)


def config_beside(source: str, given: Path | None) -> Config:
    """The config that was named, else `noiseaudit.toml` in the folder of the data, else an empty one."""
    if given is not None:
        return load_config(given)
    beside = Path(source).parent / FILE_NAME
    return load_config(beside) if source != "-" and beside.is_file() else Config()


def _unknown(path: Path, text: str, key: str, known: tuple[str, ...]) -> CallError:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(known)}"
    return CallError("bad_config", f"{path.name}, line {_line(text, key)}: unknown key {key!r}{hint}")


def _line(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().lstrip("[").lstrip().lstrip('"').startswith(key):
            return number
    return 1
