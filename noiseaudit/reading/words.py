"""Words that decisions and rows are written in, Dutch and English: yes and no, grades, totals."""

from __future__ import annotations

import re
from collections.abc import Iterable

# (yes, no) as they are written, folded to lower case
PAIRS = (
    ("ja", "nee"), ("yes", "no"), ("j", "n"), ("y", "n"), ("waar", "onwaar"), ("true", "false"), ("t", "f"), ("1", "0"),
    ("toegekend", "afgewezen"), ("toegewezen", "afgewezen"), ("toegekend", "geweigerd"), ("goedgekeurd", "afgekeurd"),
    ("goedgekeurd", "afgewezen"), ("verleend", "geweigerd"), ("akkoord", "niet akkoord"), ("gegrond", "ongegrond"),
    ("granted", "denied"), ("granted", "refused"), ("granted", "rejected"), ("approved", "denied"),
    ("approved", "rejected"), ("approved", "declined"), ("accepted", "rejected"), ("accept", "reject"),
    ("pass", "fail"), ("passed", "failed"), ("geslaagd", "gezakt"), ("guilty", "not guilty"),
    ("schuldig", "onschuldig"), ("schuldig", "niet schuldig"), ("wel", "niet"), ("aanwezig", "afwezig"),
    ("positief", "negatief"), ("positive", "negative"), ("voldaan", "niet voldaan"),
)  # fmt: skip

_GRADES = (
    "zeer slecht", "slecht", "zwaar onvoldoende", "onvoldoende", "zwak", "matig", "redelijk", "voldoende",
    "ruim voldoende", "goed", "zeer goed", "uitmuntend", "uitstekend", "laag", "midden", "middel", "gemiddeld", "hoog",
    "zeer laag", "zeer hoog", "licht", "ernstig", "zeer ernstig", "oneens", "helemaal oneens", "neutraal", "eens",
    "helemaal eens", "very poor", "poor", "fair", "moderate", "good", "very good", "excellent", "insufficient",
    "sufficient", "unsatisfactory", "satisfactory", "outstanding", "low", "medium", "high", "very low", "very high",
    "mild", "severe", "strongly disagree", "disagree", "neutral", "agree", "strongly agree",
)  # fmt: skip
_TOTAL = re.compile(
    r"(?:(?:sub|eind|algemeen |grand |sub-|sub |general )?(?:totaal|totalen|total|totals)"
    r"|som|sum|gemiddelde?|average|mean)"
    r"(?: generaal| general)?(?: [:=]|[:=])?"
)
_OF_TOTALS = ("tota", "som", "sum", "gemiddeld", "average", "mean")  # one of them is in each label that _TOTAL matches
_FIRST_OF_TOTAL = "TtSsEeAaGgMm"  # nearly every label is out by its first letter


def yes_no(levels: list[str]) -> tuple[str, str] | None:
    """(yes, no) when the values are a known pair, both or (for whole words) one of them seen."""
    folded = {value.casefold() for value in levels}
    if not folded:
        return None
    return next((pair for pair in PAIRS if folded == set(pair)), None) or next(
        (pair for pair in PAIRS if len(folded) == 1 and len(next(iter(folded))) > 1 and folded <= set(pair)), None
    )


def holds_yes_no(levels: list[str]) -> tuple[str, str] | None:
    """A known pair of whole words among more values than two."""
    folded = {value.casefold() for value in levels}
    return next((pair for pair in PAIRS if len(pair[0]) > 1 and set(pair) < folded), None)


def are_grades(levels: list[str]) -> bool:
    """Three values or more that are all words for grades, which have an order that nobody gave."""
    return len(levels) > 2 and all(value.casefold() in _GRADES for value in levels)


def may_hold_total(texts: Iterable[str]) -> bool:
    """False where none of them is the label of a row that sums up others, told by one look at all together."""
    together = "\n".join(texts).casefold()
    return any(word in together for word in _OF_TOTALS)


def is_total(text: str) -> bool:
    """The label of a row that sums up others."""
    if text.lstrip()[:1] not in _FIRST_OF_TOTAL:
        return False
    return _TOTAL.fullmatch(" ".join(text.casefold().split())) is not None
