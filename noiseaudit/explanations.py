"""Every code and every term in plain words: what it means, why it matters, what to do.

The words are the catalogue's; this module finds them and sets them out as text.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from noiseaudit.errors import CallError
from noiseaudit.language import LANGUAGES, Catalogue, catalogue

_EXIT = re.compile(r"(?:exit )?(?:code |status )?(\d+)")
_INPUT_CODE = re.compile(r"(E\d|[PWS])\d+")
_NEAR = 0.5  # of difflib: a code of four signs may have two wrong
_WIDTH = 100
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Explanation:
    """One code or term. section: under which head of the list it stands; also: other names for it."""

    name: str
    section: str
    what: str
    why: str
    do: str
    also: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The first sentence of what it means."""
        return re.split(r"(?<=\.) ", self.what, maxsplit=1)[0]


def explained(asked: str, *, language: str = "en") -> tuple[Explanation, ...]:
    """What a code or term means; CallError with the closest names for one that does not exist.

    Capitals, hyphens, underscores and brackets make no difference. A word can be a code and a term: then both.
    """
    plain = _plain(asked)
    if number := _EXIT.fullmatch(plain):
        plain = f"exit {number[1]}"
    names: dict[str, list[Explanation]] = {}
    for entry in every_explanation(language=language):
        for name in (entry.name, *entry.also):
            names.setdefault(_plain(name), []).append(entry)
    if plain in names:
        return tuple(names[plain])
    say = catalogue(language)
    begun = [name for name in names if plain and name.startswith(plain)]
    near = [names[name][0].name for name in (begun or difflib.get_close_matches(plain, names, n=5, cutoff=_NEAR))[:5]]
    hint = say("explain.near", names=", ".join(dict.fromkeys(near))) if near else say("explain.list")
    raise CallError("unknown_code", f"{say('explain.unknown', asked=repr(asked))}; {hint}")


def full_text(asked: str, *, language: str = "en") -> str:
    """What `noiseaudit explain` prints for a code or term."""
    found = explained(asked, language=language)
    return "\n\n".join(_entry(catalogue(language), entry) for entry in found)


def all_lines(*, language: str = "en") -> str:
    """Every code and term with one line each, by section."""
    blocks = []
    for section, entries in groupby(every_explanation(language=language), key=lambda entry: entry.section):
        listed = list(entries)
        width = max(len(entry.name) for entry in listed)
        lines = (f"  {entry.name:<{width}}  {entry.line}" for entry in listed)
        blocks.append("\n".join((catalogue(language)(f"explain.section.{section}"), *lines)))
    return "\n\n".join(blocks)


@cache
def every_explanation(*, language: str = "en") -> tuple[Explanation, ...]:
    """All codes in the order of the list, then all terms; CallError for a language that has none."""
    if language not in LANGUAGES:
        raise CallError("no_such_language", f"no explanations in {language!r} yet; there is {', '.join(LANGUAGES)}")
    say = catalogue(language)
    found = [*_written(say, "code"), *_findings(say), *_written(say, "term")]
    sections = [key.removeprefix("explain.section.") for key in say.sentences if key.startswith("explain.section.")]
    return tuple(sorted(found, key=lambda entry: sections.index(entry.section)))


def _entry(say: Catalogue, entry: Explanation) -> str:
    also = f" ({say('explain.also', names=', '.join(entry.also))})" if entry.also else ""
    lines = [f"{entry.name}{also} — {say(f'explain.section.{entry.section}')}"]
    labels = [say(f"explain.{label}") for label in ("means", "matters", "do")]
    width = max(map(len, labels)) + 2
    for label, text in zip(labels, (entry.what, entry.why, entry.do), strict=True):
        lines.append(
            textwrap.fill(
                text, _WIDTH, initial_indent=f"  {label:<{width}}", subsequent_indent=" " * (width + 2),
                break_on_hyphens=False, break_long_words=False,
            )
        )  # fmt: skip
    return "\n".join(lines)


def _names(say: Catalogue, root: str) -> list[str]:
    """The names in one part of the catalogue, in its order."""
    return list(dict.fromkeys(key.split(".")[1] for key in say.sentences if key.startswith(f"{root}.")))


def _written(say: Catalogue, root: str) -> Iterator[Explanation]:
    for name in _names(say, root):
        what, why, do = (say(f"{root}.{name}.{part}") for part in ("what", "why", "do"))
        if root == "term":
            yield Explanation(name, "term", what, why, do, tuple(say(f"term.{name}.also").split(", ")))
        else:
            yield Explanation(name, _section(say, name), what, why, do)


def _findings(say: Catalogue) -> Iterator[Explanation]:
    """Findings that have no explanation of their own explain themselves; … stands for what a result fills in."""
    for name in _names(say, "finding"):
        if f"code.{name}.what" not in say:
            parts = (say.sentences[f"finding.{name}.{part}"] for part in ("what", "why", "do"))
            what, why, do = (_PLACEHOLDER.sub(_stand_in, part) for part in parts)
            yield Explanation(name, _section(say, name), what, why, do)


def _stand_in(placeholder: re.Match[str]) -> str:
    """What is read for `{n}`, or for `{n:case|cases}`."""
    return placeholder[0].strip("{}").rpartition("|")[2] if "|" in placeholder[0] else "…"


def _section(say: Catalogue, name: str) -> str:
    if code := _INPUT_CODE.fullmatch(name):
        return code[1]
    for section in ("exit ", "excluded_"):
        if name.startswith(section):
            return section.strip(" _")
    if f"code.{name}.section" in say:
        return say(f"code.{name}.section")
    kinds = {"finding": f"finding.{name}.what", "reason": f"reason.{name}", "interval": f"interval_reason.{name}"}
    return next((kind for kind, key in kinds.items() if key in say), "call")


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))
