"""Gaps in words: less and more in sentences, signed numbers in tables, and groups by their names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for
from noiseaudit.group_tables import GroupLine, readers_gap, readers_gaps
from noiseaudit.log_tables import readers_unit
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Estimate, Figure, Interval, Number
from noiseaudit.result.group_parts import HOLDS, UNKNOWN

_MOST_NAMES = 5


@dataclass(frozen=True)
class GapWords:
    """How a speaker says gaps."""

    speaker: Speaker

    @property
    def unit(self) -> str | None:
        """Unit of gaps as the reader knows them."""
        return readers_unit(self.speaker.result, points=self.speaker.say("phrase.percentage_points"))

    @property
    def yes_no(self) -> str:
        """The end of the key of a sentence about yes/no decisions."""
        return "_yes_no" if self.speaker.result.design.scale == "binary" else ""

    def group(self, line: GroupLine) -> str:
        """`“18–30” (age class)`; a relation is its own name."""
        return self.named(line.name, line.gaps.value)

    def named(self, name: str, value: str) -> str:
        """A value of a characteristic; a relation that holds by the relation alone."""
        if value == HOLDS:
            return f"“{name}”"
        return f"“{self.value(value)}” ({name})"

    def value(self, value: str) -> str:
        """A value as a cell of a table."""
        return self.speaker.say("groups.unknown") if value == UNKNOWN else value

    def groups(self, lines: Sequence[GroupLine]) -> str:
        """Names of several groups, and how many more there are."""
        shown = ", ".join(map(self.group, lines[:_MOST_NAMES]))
        left = len(lines) - _MOST_NAMES
        more = self.speaker.say("log.compared.more", n=self.speaker.numerals.count(max(0, left)))
        return shown if left <= 0 else f"{shown} {more}"

    def size(self, gap: float, decimals: int | None = None) -> str:
        """How large a gap is, whatever its sign."""
        value = abs(readers_gap(self.speaker.result, gap))
        return self.speaker.numerals.amount(
            value, self.unit, self._places(value, None) if decimals is None else decimals
        )

    def sentence(self, figure: Figure, *, same: bool = False) -> dict[str, str]:
        """`size`, such as `€72 less`, and the bracketed `interval`; same: of decisions on the same cases."""
        kind = "_same" if same else ""
        value, ends = readers_gap(self.speaker.result, figure.value), self._ends(figure.interval)
        places = self._places(value, ends)
        bracket = self.speaker.bracket(None, None, 0, figure.interval_reason)
        if ends is not None:
            bare = self.unit in (None, "fraction", *"€$£%")
            both = [self._less_or_more(end, places, self.unit if bare else None, kind) for end in ends]
            joined = f" {self.speaker.say('phrase.to')} ".join(both)
            bracket = self.speaker.say("phrase.interval", confidence=self.speaker.confidence, interval=joined)
        return {"size": self._less_or_more(value, places, self.unit, self.yes_no or kind), "interval": bracket}

    def shared_sentence(self, line: GroupLine, gap: Figure, *, same: bool = False) -> dict[str, str]:
        """`size` and `interval` of a gap that all share: of rates `1.19 times`, else as any gap."""
        if not line.is_ratio:
            return self.sentence(gap, same=same)
        value, ends = self._factor(gap.value, gap.interval)
        bracket = self.speaker.bracket(None, None, 0, gap.interval_reason)
        if ends:
            bracket = self.speaker.say("phrase.interval", confidence=self.speaker.confidence, interval=ends)
        return {"size": value, "interval": bracket}

    def shared_cells(self, line: GroupLine) -> tuple[str, str]:
        """A gap that all share and its interval in a table: of rates as a factor."""
        gap = line.gaps.systemic_gap
        if line.is_ratio and isinstance(gap, Figure):
            return self._factor(gap.value, gap.interval)
        return self.cells(gap)

    def factor(self, size: float) -> str:
        """A size on the scale of log rates."""
        return self.speaker.say("groups.factor_log_rate", factor=self.speaker.numerals.plain(math.exp(size), 2))

    def _factor(self, value: float, ends: Interval | None) -> tuple[str, str]:
        places = max(2, min(3, decimals_for(value, ends)))
        factor = self.speaker.say("groups.times", factor=self.speaker.numerals.plain(value, places))
        return factor, "" if ends is None else self.speaker.numerals.interval(ends, None, places)

    def cells(self, number: Number) -> tuple[str, str]:
        """A gap and its interval as signed numbers; that it is not known in place of the number."""
        if isinstance(number, NotIdentified):
            return self.speaker.say("groups.not_known"), ""
        return self.signed(number.value, number.interval)

    def signed(self, gap: float, interval: Interval | None) -> tuple[str, str]:
        """A gap and its interval as signed numbers."""
        value, ends = readers_gap(self.speaker.result, gap), self._ends(interval)
        places = self._places(value, ends)
        shown = "" if ends is None else self.speaker.numerals.interval(ends, self.unit, places)
        return self.speaker.numerals.amount(value, self.unit, places), shown

    def spread(self, line: GroupLine) -> tuple[str, str]:
        """SD of own gaps and its interval: in the reader's unit, or as a factor of the odds or of the rate."""
        found, scale = line.gaps.heterogeneity, line.note.scale
        if not isinstance(found, Estimate):
            return self.speaker.say("groups.not_known"), ""
        if scale == "difference":
            value, interval = self.signed(found.sd, found.sd_interval)
        else:
            ends = found.sd_interval
            bounds = None if ends is None else (math.exp(ends[0]), math.exp(ends[1]))
            places = max(1, min(2, decimals_for(math.exp(found.sd), bounds)))
            factor = self.speaker.numerals.plain(math.exp(found.sd), places)
            value = self.speaker.say(f"groups.factor_{scale}", factor=factor)
            interval = "" if bounds is None else self.speaker.numerals.interval(bounds, None, places)
        return self.speaker.say("groups.spread_zero") if found.at_boundary else value, interval

    def because(self, code: str) -> str:
        """The words for the code of a reason."""
        say = self.speaker.say
        for key in (f"groups.because.{code}", f"reason.{code}"):
            if key in say and "{" not in say.sentences[key]:
                return say(key)
        return code.replace("_", " ")

    def _ends(self, interval: Interval | None) -> Interval | None:
        return None if interval is None else readers_gaps(self.speaker.result, interval)

    def _places(self, value: float, ends: Interval | None) -> int:
        places = min(decimals_for(value, ends), 6)
        return max(0, places - 1) if ends is None and places else places  # two digits are enough without interval

    def _less_or_more(self, value: float, places: int, unit: str | None, kind: str) -> str:
        shown = self.speaker.numerals.amount(abs(value), unit, places)
        return self.speaker.say(f"groups.{'less' if value < 0 else 'more'}{kind}", size=shown)
