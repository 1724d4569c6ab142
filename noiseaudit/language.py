"""The words: for every language `xx.toml` and files such as `codes.xx.toml`, read as one; one key a sentence.

Numbers are decided elsewhere; this module only finds a sentence and fills its placeholders. It stands at
the bottom of the house because every room above may have something to say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("en",)


class Counted(int):
    """A whole number that finds its word: `{n} {n:case|cases}` gives `1 case` and `2 cases`. `text`: as it is shown."""

    text: str

    def __new__(cls, number: int, text: str | None = None) -> Counted:
        """The number; shown as `text`, or as its digits."""
        counted = super().__new__(cls, number)
        counted.text = str(number) if text is None else text
        return counted

    def __format__(self, spec: str) -> str:
        words = spec.split("|")
        return self.text if len(words) == 1 else words[0 if self == 1 else 1]


@dataclass(frozen=True)
class Catalogue:
    """Sentences of one language under dotted keys such as `finding.no_replicates.what`."""

    language: str
    sentences: Mapping[str, str]

    def __contains__(self, key: str) -> bool:
        return key in self.sentences

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence under `key` with its `{placeholders}` filled; KeyError names an unknown key."""
        filled = {name: Counted(value) if type(value) is int else value for name, value in values.items()}
        return self.sentences[key].format(**filled)


def _flatten(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value).strip()
    return flat


@cache
def catalogue(language: str = "en") -> Catalogue:
    """The catalogue of a language; ValueError for a language that has none."""
    if language not in LANGUAGES:
        raise ValueError(f"no catalogue for language {language!r}; there is {', '.join(LANGUAGES)}")
    sentences: dict[str, str] = {}
    for source in sorted((resources.files("noiseaudit") / "report" / "language").iterdir(), key=lambda file: file.name):
        if f".{source.name}".endswith(f".{language}.toml"):
            found = _flatten(tomllib.loads(source.read_text("utf-8")))
            if twice := sentences.keys() & found.keys():
                raise ValueError(f"{source.name} holds keys of another file again: {', '.join(sorted(twice))}")
            sentences |= found
    return Catalogue(language, sentences)
