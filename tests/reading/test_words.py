"""Labels that sum up others, one by one and in one look at all together."""

from __future__ import annotations

import itertools

import pytest

from noiseaudit.reading.words import is_total, may_hold_total

TOTALS = [
    f"{before}{word}{after}"
    for before, word, after in itertools.product(
        ("", "sub", "Eind", "algemeen ", "Grand ", "SUB-", "general "),
        ("totaal", "Totalen", "TOTAL", "totals"),
        ("", ":", " =", " generaal", "  General :"),
    )
] + ["som", "Som:", "SUM", " sum =", "Gemiddeld", "gemiddelde:", "AVERAGE", "mean"]


@pytest.mark.parametrize("label", TOTALS)
def test_what_is_a_total_is_seen_among_others(label: str) -> None:
    assert is_total(label)
    assert may_hold_total(["c1", label, "p\u0130"])


def test_ids_need_no_second_look() -> None:
    assert not may_hold_total([f"{kind}{i}" for kind in ("c", "zaak-", "T") for i in range(1000)])
    assert not may_hold_total([])
    assert not any(map(is_total, ("Sumatra", "De Somer", "Meaney", "totaalfonds")))  # the second look decides
