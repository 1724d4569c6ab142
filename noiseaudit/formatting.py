"""Numbers become text here and nowhere else: as many decimals as the uncertainty justifies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from noiseaudit.language import catalogue

_BEFORE = ("€", "$", "£")
ONE_IN_UP_TO = 0.3  # above, `1 in 3` would stand for a third as well as for two fifths


@dataclass(frozen=True)
class Numerals:
    """How a language writes numbers."""

    language: str = "en"

    def plain(self, value: float, decimals: int = 0) -> str:
        """A number with thousands separators and a fixed number of decimals; minus is a real minus sign."""
        rounded = round(value, decimals)
        text = f"{abs(rounded):,.{max(decimals, 0)}f}"
        return ("−" if rounded < 0 else "") + text

    def amount(self, value: float, unit: str | None, decimals: int) -> str:
        """A number with its unit: `€310`, `3.7 points`, `12%` for fractions and probabilities."""
        if unit in ("fraction", "probability"):
            return self.plain(100 * value, max(0, decimals - 2)) + "%"
        text = self.plain(value, decimals)
        if unit in _BEFORE:
            return text.replace("−", "−" + str(unit), 1) if text.startswith("−") else f"{unit}{text}"
        if unit == "%":
            return f"{text}%"
        return text if unit in (None, "log", "") else f"{text}\u00a0{unit}"

    def interval(self, bounds: tuple[float, float], unit: str | None, decimals: int) -> str:
        """`€260 to €370`."""
        joined = catalogue(self.language)("phrase.to")
        bare = unit not in (*_BEFORE, "%", "fraction", "probability")  # `3.5 to 3.9 points` names the unit once
        low = self.amount(bounds[0], None if bare else unit, decimals)
        return f"{low} {joined} {self.amount(bounds[1], unit, decimals)}"

    def percent(self, share: float) -> str:
        """A share as whole per cents; `less than 1%` is never written as 0%."""
        if 0 < share < 0.005:
            return catalogue(self.language)("phrase.under_one_percent")
        return self.plain(100 * share) + "%"

    def one_in(self, probability: float) -> str:
        """`about 1 in 7`."""
        return catalogue(self.language)("phrase.one_in", n=self.plain(1 / probability))


def decimals_for(value: float, interval: tuple[float, float] | None) -> int:
    """Decimals that show two digits of the interval's half-width; three digits of the value without interval."""
    if interval is not None and interval[1] > interval[0]:
        # the lower half: upper limits of variances run far out and would round the estimate away
        reach = min((interval[1] - interval[0]) / 2, max(value - interval[0], 1e-12))
        return _clip(1 - math.floor(math.log10(max(reach, 1e-12))))
    if value == 0 or not math.isfinite(value):
        return 0
    return _clip(2 - math.floor(math.log10(abs(value))))


def _clip(decimals: int) -> int:
    return min(max(decimals, 0), 6)


def printable(text: str) -> str:
    """Text without control characters, which could steer a terminal or break a picture; line ends and tabs stay."""
    return "".join(ch for ch in text if ch in "\n\t" or (ch.isprintable() or ch == "\u00a0"))
