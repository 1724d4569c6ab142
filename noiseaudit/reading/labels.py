"""Ids are text, always: trimmed, normalised, without invisible characters; what became equal is said."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from noiseaudit.result import Finding
from noiseaudit.result.findings import finding

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_SPACE = re.compile(r"\s+")
_AS_POWER = re.compile(r"[0-9](?:[.,][0-9]+)?E[+-]?[0-9]{1,2}")


def clean_labels(labels: pd.Series, *, role: str, findings: list[Finding]) -> pd.Series:
    """Categories as clean text, missing where nothing is left; those that became equal are one.

    Adds what was changed, and what looks damaged, to the findings.
    """
    seen = labels.cat.categories.tolist()
    clean = _is_clean(seen)
    kept: list[str] = seen
    if not clean:
        texts = [label_of(value) for value in seen]
        codes, unique = pd.factorize(np.array([text or None for text in texts], dtype=object))
        kept = unique.tolist()
        table = np.append(codes, -1)  # missing stays missing
        found = pd.Categorical.from_codes(table[labels.cat.codes], categories=pd.Index(kept, dtype=object))
        labels = pd.Series(found, index=labels.index)
        changed = sum(1 for value, text in zip(seen, texts, strict=True) if isinstance(value, str) and value != text)
        if changed:
            findings.append(finding("W402", role=role, n=changed, merged=len(texts) - len(set(texts))))
    alike = len(kept) - len({text.casefold() for text in kept})
    if alike:
        findings.append(finding("W403", "warning", role=role, n=alike))
    powers = sum(1 for text in kept if "E" in text and _AS_POWER.fullmatch(text))
    if powers:
        findings.append(finding("W401", "warning", role=role, n=powers))
    return labels


def _is_clean(values: list[object]) -> bool:
    """No label needs anything, which one look at all of them together tells of most columns of ids."""
    if not all(type(value) is str and value for value in values):
        return False
    together = "".join(values)  # type: ignore[arg-type]
    return together.isascii() and together.isprintable() and " " not in together


def label_of(value: object) -> str:
    """One id as text: whole floats as integers, text in one Unicode form, with plain single spaces."""
    if value != value:  # noqa: PLR0124  NaN is no id
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value:
        return value  # nothing to clean: nearly every label
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", str(value)))  # what was parted by them may now join
    return _SPACE.sub(" ", text).strip()
