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
from noiseaudit.tables import noise_parts


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
    def mean_word(self) -> str:
        """Head of the column of means of classes."""
        return self.say("rates.column_mean")

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
        value, bracket = self.figure(rate)
        return self.say("rates.mean", value=value, column=self.exposure, interval=bracket)

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
    return [say("rates.unit", column=speaker.exposure), Grid(say("log.parts.table"), head, rows), say("rates.rest")]


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
