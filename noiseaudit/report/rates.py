"""What the report says of rates: events that are counted out of an exposure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for
from noiseaudit.report.figures import Block, Grid
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Estimate, Figure, Interval, Number, Rates
from noiseaudit.tables import Part, noise_parts


@dataclass(frozen=True)
class RateSpeaker(LogSpeaker):
    """A log of rates: level noise as a share of the mean rate, which is comparable between rare and frequent events."""

    @property
    def rates(self) -> Rates:
        """The rates of a result that has them."""
        if self.log is None or self.log.rates is None:
            raise ValueError("this result holds no rates")
        return self.log.rates

    @property
    def exposure(self) -> str:
        """The column that events are counted out of."""
        return str(self.result.design.roles.get("exposure"))

    @property
    def per(self) -> int:
        """Units of exposure that rates are told for: 1, or 100, 1,000, ... so that the mean rate is at least 1."""
        rate = self.rates.rate
        if not isinstance(rate, Figure) or not 0 < rate.value < 1:
            return 1
        return int(10 ** max(2, math.ceil(-math.log10(rate.value))))

    @property
    def _many(self) -> str:
        return "_many" if self.per > 1 else ""

    @property
    def _per_words(self) -> dict[str, str]:
        return {"per": self.say("rates.per", n=self.numerals.plain(self.per))} if self.per > 1 else {}

    @property
    def mean_word(self) -> str:
        """Head of the column of means of classes."""
        return self.say(f"rates.column_mean{self._many}", **self._per_words)

    def size(self, variance: float, interval: Interval | None = None) -> tuple[str, str]:
        """A part in events per `per` units of exposure, and its interval, empty where there is none."""
        factor = self.per**2
        bounds = None if interval is None else (factor * interval[0], factor * interval[1])
        return super().size(factor * variance, bounds)

    def mean_text(self, mean: float) -> str:
        """The rate of a class."""
        return super().mean_text(self.per * mean)

    def unit_sentence(self) -> str:
        """What sizes are told in."""
        return self.say(f"rates.unit{self._many}", column=self.exposure, **self._per_words)

    def headline(self) -> list[str]:
        """How far rates lie apart, as a share of the mean, and what that mean is."""
        relative = self.rates.relative
        if not isinstance(relative, Estimate):
            return super().headline()
        mean = [self._mean(self.rates.rate)] if isinstance(self.rates.rate, Figure) else []
        if not relative.at_boundary:
            said = self.say(f"rates.level{self.bare}", **self._of_rate(relative.sd, relative.sd_interval, relative))
            return [*self.formed, said, *mean]
        high = relative.sd_interval[1] if relative.sd_interval else 0.0
        missed = [self.say("rates.up_to", high=self.numerals.percent(high))] if high > 0 else []
        return [*self.formed, self.say("rates.level_zero"), *missed, *mean]

    def parts(self) -> list[str]:
        """Whether cases can explain it, and what colleagues treat in their own ways."""
        if not isinstance(self.result.noise.level, Estimate) or self.log is None:
            return []
        said = [self.about_lot()]
        if self.log.comparison.route == "none":
            said.append(self.say("log.short.no_features"))
        found, rate = self.result.noise.detectable_pattern, self.rates.rate
        if isinstance(found, Estimate) and isinstance(rate, Figure) and not found.at_boundary:
            ends = found.sd_interval
            shares = None if ends is None else (ends[0] / rate.value, ends[1] / rate.value)
            key = "detectable" if ends is not None and ends[0] > 0 else "detectable_unsure"
            said.append(self.say(f"rates.{key}", **self._of_rate(found.sd / rate.value, shares, found)))
        return said

    def not_said(self) -> list[str]:
        """What rates do not say."""
        return [self.say("rates.not_said"), *Speaker.not_said(self)]

    def _mean(self, rate: Figure) -> str:
        ends = None if rate.interval is None else (self.per * rate.interval[0], self.per * rate.interval[1])
        value, bracket = self.figure(Figure(self.per * rate.value, rate.unit, ends, rate.interval_reason))
        words = {"value": value, "column": self.exposure, "interval": bracket}
        return self.say(f"rates.mean{self._many}", **words, **self._per_words)

    def part_line(self, part: Part) -> str:
        """A part as a line of the summary, with what its size is told for."""
        line = super().part_line(part)
        if part.estimate is None or self.per == 1:
            return line
        return self.say("rates.line_many", line=line, column=self.exposure, **self._per_words)

    def wide(self, level: Estimate) -> str:
        """That level noise is known only roughly, as a share of the rate."""
        relative = self.rates.relative
        if not isinstance(relative, Estimate) or relative.sd_interval is None:
            return super().wide(level)
        low, high = map(self.numerals.percent, relative.sd_interval)
        return self.say("rates.wide", low=low, high=high)

    def _of_rate(self, value: float, ends: Interval | None, estimate: Estimate) -> dict[str, str]:
        decimals = min(decimals_for(value, ends), 3)
        bracket = self.bracket(ends, "fraction", decimals, estimate.interval_reason)
        return {"value": self.numerals.amount(value, "fraction", decimals), "interval": bracket}


def rate_parts(speaker: RateSpeaker) -> list[Block]:
    """Level noise and detectable pattern in events per exposure; the other parts belong to single decisions."""
    say = speaker.say
    head = [say("parts.column_part"), speaker.size_word, say("log.column.interval", confidence=speaker.confidence)]
    rows = [
        [row["name"], row["value"], row["interval"]]
        for part in noise_parts(speaker.result)
        if not (isinstance(part.component, NotIdentified) and part.component.reason == "rates")
        for row in [speaker.part_row(part)]
    ]
    return [speaker.unit_sentence(), Grid(say("log.parts.table"), head, rows), say("rates.rest")]


def rate_checks(speaker: RateSpeaker) -> list[Block]:
    """The model's own checks: dispersion, proportion, professionals without events."""
    say, rates, plain = speaker.say, speaker.rates, speaker.numerals.plain
    rows = [
        [say(f"rates.check.{name}"), _found(speaker, number), say(f"rates.check.{name}_fits")]
        for name, number in (("dispersion", rates.dispersion), ("proportional", rates.proportional))
    ]
    if rates.without_events is not None and rates.expected_without is not None:
        expected = plain(rates.expected_without, 0 if rates.expected_without >= 10 else 1)
        fits = say("rates.check.without_fits", expected=expected)
        rows.append([say("rates.check.without"), plain(rates.without_events), fits])
    head = [say("rates.check.column_what"), say("rates.check.column_found"), say("rates.check.column_fits")]
    return [say("rates.check.intro"), Grid(say("rates.check.table"), head, rows)]


def _found(speaker: RateSpeaker, number: Number) -> str:
    if isinstance(number, NotIdentified):
        return speaker.say("phrase.not_known", because=number.because)
    if number.interval is None or not all(map(math.isfinite, number.interval)):
        return speaker.numerals.plain(number.value, 2)
    return f"{speaker.numerals.plain(number.value, 2)} {speaker.bracket(number.interval, None, 2, None)}"


def rate_method(speaker: RateSpeaker) -> list[str]:
    """How rates, level noise, intervals and limits come about."""
    say = speaker.say
    names = ("model", "level", "interval", "funnel")
    said = [say(f"rates.method.{name}", **({"confidence": speaker.confidence} if name == "interval" else {}))
            for name in names]  # fmt: skip
    return [*said, say("log.method.assignment")]
