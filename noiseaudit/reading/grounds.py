"""Which ground of equal treatment law, or which stand-in for one, the name of a column speaks of."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Words = tuple[str, ...]
_BETWEEN = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W\d_]+")


@dataclass(frozen=True)
class Ground:
    """A ground, or what stands in for some (`of`: their names). name, naam: English and Dutch.

    laws: that forbid a difference on it. gdpr: the article that asks for a legal basis of its own, if any.
    """

    id: str
    name: str
    naam: str
    laws: tuple[str, ...]
    gdpr: str | None
    of: tuple[str, ...]
    whole: frozenset[Words]
    words: tuple[Words, ...]
    stems: tuple[str, ...]
    unless: frozenset[str]


def recognised(name: str) -> tuple[Ground, ...]:
    """The grounds and proxies that a column name speaks of, those of special categories first; () for most names.

    Words of the name are compared without capitals and accents, in Dutch and English (`grounds.toml`).
    """
    words = _words(name)
    found = [ground for ground in every_ground() if _speaks_of(words, ground)]
    return tuple(sorted(found, key=lambda ground: ground.gdpr is None))


@cache
def every_ground() -> tuple[Ground, ...]:
    """Grounds, then proxies, as `grounds.toml` lists them."""
    tree = _tree()
    names = {entry["id"]: entry["name"] for kind in ("ground", "proxy") for entry in tree[kind]}
    return tuple(_ground(entry, names) for kind in ("ground", "proxy") for entry in tree[kind])


@cache
def _tree() -> dict[str, Any]:
    return tomllib.loads((resources.files("noiseaudit") / "reading" / "grounds.toml").read_text("utf-8"))


@cache
def _fillers() -> frozenset[str]:
    return frozenset(word for filler in _tree()["fillers"] for word in _words(filler))


def _ground(entry: Mapping[str, Any], names: Mapping[str, str]) -> Ground:
    return Ground(
        entry["id"], entry["name"], entry["naam"], tuple(entry.get("laws", ())), entry.get("gdpr"),
        tuple(names[of] for of in entry.get("of", ())), frozenset(map(_words, entry["whole"])),
        tuple(map(_words, entry["words"])), tuple(entry["stems"]), frozenset(entry.get("unless", ())),
    )  # fmt: skip


def _words(name: str) -> Words:
    """`PIGender_2` is `pi gender`; accents go."""
    plain = "".join(ch for ch in unicodedata.normalize("NFKD", name) if not unicodedata.combining(ch))
    return tuple(word.casefold() for word in _BETWEEN.split(plain) if word)


def _speaks_of(words: Words, ground: Ground) -> bool:
    if ground.unless & set(words):
        return False
    bare = tuple(word for word in words if word not in _fillers())
    if words in ground.whole or bare in ground.whole:
        return True
    if any(word.startswith(stem) or word.endswith(stem) for stem in ground.stems for word in words):
        return True
    return any(phrase == words[k : k + len(phrase)] for phrase in ground.words for k in range(len(words)))
