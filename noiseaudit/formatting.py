"""Numbers become text here and nowhere else: as many decimals as the uncertainty justifies."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from noiseaudit.language import Counted, catalogue

MOST_DECIMALS = 6
_SMALL, _LARGE = 1e-4, 1e16
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BEFORE = ("€", "$", "£")
ONE_IN_UP_TO = 0.3  # above, `1 in 3` would stand for a third as well as for two fifths


@dataclass(frozen=True)
class Numerals:
    """How a language writes numbers."""

    language: str = "en"

    def plain(self, value: float, decimals: int = 0) -> str:
        """A number with thousands separators and a fixed number of decimals; minus is a real minus sign.

        As a power of ten, `3.20×10⁻⁹`, below a ten thousandth that takes more than six decimals, and from 10¹⁶ on.
        """
        rounded, size = round(value, decimals), abs(round(value, decimals))
        if size >= _LARGE or (0 < size < _SMALL and decimals > MOST_DECIMALS):
            power = math.floor(math.log10(size))
            digits = min(max(decimals + power, 0), 2)
            text = f"{size / 10.0**power:.{digits}f}×10" + str(power).translate(_RAISED)
        else:
            places = min(max(decimals, 0), MOST_DECIMALS)
            text = f"{size:,.{places if size > 0 or decimals <= MOST_DECIMALS else 0}f}"
        return ("−" if rounded < 0 else "") + text

    def count(self, number: int) -> Counted:
        """A whole number with separators that also finds its word in a sentence: `{n} {n:case|cases}`."""
        return Counted(number, self.plain(number))

    def amount(self, value: float, unit: str | None, decimals: int) -> str:
        """A number with its unit: `€310`, `3.7 points`, `12%` for fractions and probabilities."""
        if unit in ("fraction", "probability"):
            places = max(0, decimals - 2)
            if 0 < value < 0.5 * 10.0 ** -(places + 2):
                least = self.plain(10.0**-places, places) + "%"
                return catalogue(self.language)("phrase.less_than", value=least)
            return ("0" if value == 0 else self.plain(100 * value, places)) + "%"
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

    def day(self, iso: str) -> str:
        """`1 March 2026` for 2026-03-01."""
        year, month, day = iso.split("-")
        say = catalogue(self.language)
        return say("phrase.day", day=int(day), month=say("phrase.months").split()[int(month) - 1], year=int(year))

    def period(self, iso: str, unit: str) -> str:
        """The week, month, quarter or year that begins on a day: `March 2026`, `Q1 2026`; a week by its first day."""
        year, month, _ = (int(part) for part in iso.split("-"))
        say = catalogue(self.language)
        if unit == "week":
            return self.day(iso)
        if unit == "month":
            return say("phrase.month", month=say("phrase.months").split()[month - 1], year=year)
        return say("phrase.quarter", quarter=(month + 2) // 3, year=year) if unit == "quarter" else str(year)

    def exact(self, value: float) -> str:
        """A number with all its decimals, up to six: a bound of a rule is what it is."""
        decimals = next((d for d in range(MOST_DECIMALS) if math.isclose(round(value, d), value, rel_tol=1e-12)), None)
        return self.plain(value, MOST_DECIMALS if decimals is None else decimals)

    def p_value(self, p: float) -> str:
        """`p = 0.03`, `p = 0.004`, `p < 0.001`."""
        if p < 0.001:
            return f"p\u00a0<\u00a0{self.plain(0.001, 3)}"
        return f"p\u00a0=\u00a0{self.plain(p, 2 if p >= 0.0095 else 3)}"

    def one_in(self, probability: float) -> str:
        """`1 in 7`; rare ones with two digits, `1 in 1,500`."""
        n = 1 / probability
        return catalogue(self.language)("phrase.one_in", n=self.plain(round(n, min(0, 1 - math.floor(math.log10(n))))))


def decimals_for(value: float, interval: tuple[float, float] | None) -> int:
    """Decimals that show two digits of the interval's half-width; three digits of the value without interval.

    Of the lower half, where there is one: upper limits of variances run far out and would round the estimate away.
    """
    size = abs(value)
    if interval is not None and interval[1] > interval[0]:
        below = value - interval[0]
        size = min((interval[1] - interval[0]) / 2, below if below > 0 else math.inf)
    if size == 0 or not math.isfinite(size):
        return 0
    digits = 1 if interval is not None and interval[1] > interval[0] else 2
    return max(digits - math.floor(math.log10(size)), 0)


def printable(text: str) -> str:
    """Text without control characters, which could steer a terminal or break a picture; line ends and tabs stay."""
    return "".join(ch for ch in text if ch in "\n\t" or _is_plain(ch))


def json_text(data: object, *, indent: int | None = 2) -> str:
    """JSON with every character that could steer a terminal as an escape, so that nothing of it is lost."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)
    return "".join(ch if ch == "\n" or _is_plain(ch) else json.dumps(ch)[1:-1] for ch in text)


def _is_plain(character: str) -> bool:
    return character.isprintable() or character == "\u00a0"
