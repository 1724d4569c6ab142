"""Figures as sentences: what the report, the Markdown and the terminal say in the same words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import ONE_IN_UP_TO, Numerals, decimals_for
from noiseaudit.language import Catalogue, catalogue
from noiseaudit.result import AuditResult, Estimate, Figure, Finding, Interval
from noiseaudit.tables import CATEGORICAL, Part, averaging, bar_parts, chance_range, noise_factor, second_looks

_RARE = 0.01


def nobody_differed(result: AuditResult) -> bool:
    """Whether no two colleagues were seen to differ on a shared case, whatever the estimates say."""
    mean, composed = result.lottery.mean_difference, result.supplement.system_as_composed
    if isinstance(mean, Figure):
        return mean.value <= 0
    return isinstance(composed, Estimate) and composed.variance <= 0


def told(found: Finding, *, reason: bool = True) -> str:
    """A finding in one line: what, why where a reason is wanted, and what to do where there is anything to do."""
    return " ".join(text for text in (found.what, found.why if reason else "", found.do) if text)


@dataclass(frozen=True)
class Speaker:
    """A result, a language, and its ways of saying numbers."""

    result: AuditResult
    language: str = "en"

    @property
    def say(self) -> Catalogue:
        """Sentences by key."""
        return catalogue(self.language)

    @property
    def numerals(self) -> Numerals:
        """Numbers as text."""
        return Numerals(self.language)

    @property
    def unit(self) -> str | None:
        """Unit of the decision's noise."""
        mean = self.result.lottery.mean_difference
        return mean.unit if isinstance(mean, Figure) else None

    @property
    def categorical(self) -> bool:
        """Yes/no or categories: noise is a chance to differ."""
        return self.result.design.scale in CATEGORICAL

    @property
    def confidence(self) -> str:
        """`95%`."""
        level = 100 * float(self.result.settings.get("confidence", 0.95))
        return self.numerals.plain(level, 0 if level == round(level) else 1) + "%"

    def bracket(self, bounds: Interval | None, unit: str | None, decimals: int, reason: str | None) -> str:
        """`(95% interval: €260 to €370)`, or the reason why there is none."""
        if bounds is None:
            return self.say("phrase.no_interval", because=self.say(f"interval_reason.{reason or 'at_boundary'}"))
        if bounds[1] >= 10 ** (6 - decimals) * 1e4:  # wider than print has room for
            decimals = 0
        return self.say(
            "phrase.interval", confidence=self.confidence, interval=self.numerals.interval(bounds, unit, decimals)
        )

    def figure(self, figure: Figure) -> tuple[str, str]:
        """(value, bracketed interval)."""
        decimals = decimals_for(figure.value, figure.interval)
        if figure.unit in ("fraction", "probability"):
            decimals = min(decimals, 8)
        return (
            self.numerals.amount(figure.value, figure.unit, decimals),
            self.bracket(figure.interval, figure.unit, decimals, figure.interval_reason),
        )

    def headline(self) -> list[str]:
        """The lottery in one or two sentences."""
        lottery, scale = self.result.lottery, self.result.design.scale
        chance, mean, index = lottery.disagreement, lottery.mean_difference, lottery.noise_index
        if nobody_differed(self.result):
            return [self.say("short.no_difference")]
        if isinstance(chance, Figure) and (self.categorical or chance.value > 0):
            return [self._chance(chance, "short.grade" if scale == "ordinal" else "short.outcome")]
        if scale == "log" and isinstance(index, Figure):
            value, bracket = self.figure(index)
            return [self.say("short.relative", value=value, interval=bracket)]
        if isinstance(mean, Figure):
            value, bracket = self.figure(mean)
            sentences = [self.say("short.difference", value=value, interval=bracket)]
            average = self.result.supplement.mean_decision
            if isinstance(index, Figure) and isinstance(average, Figure) and average.value > 0:
                share = self.numerals.percent(mean.value / average.value)
                sentences.append(self.say("short.difference_share", share=share))
            return sentences
        reason = next((f for f in (chance, mean) if isinstance(f, NotIdentified)), None)
        system = self.result.noise.system
        because = system.because if isinstance(system, NotIdentified) else reason.because if reason else ""
        return [self.say("short.none", because=because)]

    def _chance(self, chance: Figure, key: str) -> str:
        """The chance of another outcome or grade; where its estimate is not above 0, what was observed.

        Point and interval in one unit: `1 in n` where both lie within its reach, else `n of 100`.
        """
        composed = self.result.supplement.system_as_composed
        if chance.value <= 0:
            seen = composed.variance if isinstance(composed, Estimate) else 0.0
            bracket = self.bracket(chance.interval, "probability", 3, chance.interval_reason)
            observed = self.numerals.percent(noise_factor(self.result) * seen)
            return self.say("short.observed", chance=observed, interval=bracket)
        bracket, bounds = self.bracket(None, None, 0, chance.interval_reason), chance.interval
        words = self._one_in if max(chance.value, bounds[1] if bounds else 0.0) <= ONE_IN_UP_TO else self._hundredths
        if bounds is not None:
            ends = f"{words(bounds[0])} {self.say('phrase.to')} {words(bounds[1])}"
            bracket = self.say("phrase.interval", confidence=self.confidence, interval=ends)
        value = words(chance.value)
        return self.say(
            key,
            chance=self.say("phrase.of_hundred", n=value) if words == self._hundredths else value,
            interval=bracket,
        )

    def _one_in(self, chance: float) -> str:
        """`1 in 7`, and 0 for no chance at all."""
        return self.numerals.one_in(chance) if chance > 0 else "0"

    def _hundredths(self, chance: float) -> str:
        """`26`, of a hundred; rare ones with one digit."""
        decimals = 0 if chance <= 0 or chance >= _RARE / 2 else min(6, -2 - math.floor(math.log10(chance)))
        return self.numerals.plain(100 * chance, decimals)

    @property
    def whole(self) -> str:
        """What shares are shares of: the squared noise, or the noise of categories, which is a chance."""
        return self.say(f"phrase.whole{'_categories' if self.categorical else ''}")

    def parts(self) -> list[str]:
        """One sentence a noise part; nothing that is not known is given a number."""
        noise, leading = self.result.noise, self.leading()
        sentences: list[str] = []
        two = self.result.supplement.judges_informative == 2
        if isinstance(noise.level, Estimate) and noise.level.share is not None:
            if noise.level.at_boundary:
                sentences.append(self.say("short.level_zero"))
            else:
                bounds = noise.level.share_interval
                bracket = self.bracket(bounds, "fraction", 2, noise.level.interval_reason)
                said = self.say(
                    "short.level_two" if two else "short.level", **self._share(noise.level), interval=bracket
                )
                unsure = leading and leading.name == "level" and not self.largest()
                sentences.append(f"{said} {self.say('short.level_unsure')}" if unsure else said)
        pattern = noise.stable_pattern if isinstance(noise.stable_pattern, Estimate) else noise.pattern
        if isinstance(pattern, Estimate) and pattern.share is not None and pattern.variance > 0:
            split = pattern is noise.stable_pattern
            key = f"short.{'pattern' if split else 'whole_pattern'}"
            key += self._rank("stable_pattern" if split else "pattern")
            sentences.append(self.say(key, **self._share(pattern)))
        if isinstance(noise.occasion, Estimate) and noise.occasion.share is not None:
            key = f"short.occasion{self._rank('occasion')}" if noise.occasion.variance > 0 else "short.occasion_zero"
            sentences.append(self.say(key, **self._share(noise.occasion)))
        elif isinstance(noise.pattern, Estimate) and isinstance(noise.occasion, NotIdentified):
            sentences.append(self.say("short.not_separable"))
        return [*sentences, self.say("short.only_two")] if two and sentences else sentences

    def _share(self, estimate: Estimate) -> dict[str, str]:
        return {"share": self.numerals.percent(min(1.0, max(0.0, estimate.share or 0.0))), "whole": self.whole}

    def _rank(self, name: str) -> str:
        """The end of a sentence's key: whether this part is the largest, perhaps the largest, or not."""
        leading = self.leading()
        if leading is None or leading.name != name:
            return ""
        return "_largest" if self.largest() else "_unsure"

    def leading(self) -> Part | None:
        """The part with the largest estimate, where all parts are known and there is noise."""
        parts = [part for part in bar_parts(self.result) if part.estimate and part.estimate.variance > 0]
        return max(parts, key=lambda part: part.estimate.variance if part.estimate else 0.0, default=None)

    def largest(self) -> Part | None:
        """The leading part where the interval of level's share leaves no doubt whether it or level is the largest.

        Which of two parts of pattern noise is larger has no interval: there the estimates decide.
        """
        leading, level = self.leading(), self.result.noise.level
        if leading is None or not isinstance(level, Estimate) or level.share_interval is None:
            return None
        low, high = level.share_interval
        if leading.name == "level":
            return leading if low > 0.5 else None
        rest = [part.estimate for part in bar_parts(self.result) if part.name != "level" and part.estimate]
        largest = max(estimate.variance for estimate in rest)
        of_rest = largest / sum(max(0.0, estimate.variance) for estimate in rest)
        return leading if high < of_rest * (1 - high) else None

    def advice(self) -> str:
        """One thing that a reader can do."""
        noise = self.result.noise
        if not isinstance(noise.level, Estimate) or not isinstance(noise.system, Estimate) or noise.system.at_boundary:
            return self.say("short.do_more")
        largest = self.largest()
        if largest and largest.name == "level":
            return self.say("short.do_level", whole=self.whole)
        if largest and largest.name == "occasion":
            return self.say("short.do_occasion")
        rows = averaging(self.result, most=4)
        if not rows:
            return self.say("short.do_second")
        return self.say(
            "short.do_average", two=self.numerals.percent(rows[1].saved), four=self.numerals.percent(rows[3].saved)
        )

    def not_said(self) -> list[str]:
        """What the figures do not say."""
        return [self.say("short.not_right")]

    def by_chance(self, expected: float) -> str:
        """`none`, `0 or 1`, `2 to 9`: what chance alone gives where this number is expected."""
        low, high = chance_range(expected)
        if high == 0:
            return self.say("phrase.none")
        plain = self.numerals.plain
        return self.say("phrase.either" if high == low + 1 else "phrase.up_to", low=plain(low), high=plain(high))

    def part_row(self, part: Part) -> dict[str, str]:
        """A part as text: value, interval, share, share's interval, or the reason in place of the value."""
        name = self.say(f"part.{part.name}")
        estimate = part.estimate
        if estimate is None:
            because = getattr(part.component, "because", "")
            return {
                "name": name,
                "value": self.say("phrase.not_known", because=because),
                "interval": "",
                "share": "",
                "share_interval": "",
                "known": "",
            }
        if self.categorical:
            value, interval = self._chance_row(part.name, estimate)
        else:
            decimals = decimals_for(estimate.sd, estimate.sd_interval)
            value = self.numerals.amount(estimate.sd, self.unit, decimals)
            sds = estimate.sd_interval
            interval = "" if sds is None else self.numerals.interval(sds, self.unit, decimals)
        if not interval:
            interval = self.say(f"interval_reason.{estimate.interval_reason or 'at_boundary'}")
        if estimate.variance < 0:
            value += f" ({self.say('chart.decomposition.zero')})"
        share = "" if estimate.share is None else self.numerals.percent(max(0.0, min(1.0, estimate.share)))
        bounds = estimate.share_interval
        shares = "" if bounds is None else self.numerals.interval(bounds, "fraction", 2)
        return {
            "name": name,
            "value": value,
            "interval": interval,
            "share": share,
            "share_interval": shares,
            "known": "yes",
        }

    def part_line(self, part: Part) -> str:
        """A part as a line of the summary."""
        row = self.part_row(part)
        if not row["known"]:
            return self.say("summary.unknown", part=row["name"], because=row["value"])
        kind = "_categories" if self.categorical else ""
        share = self.say(f"summary.share{kind}", share=row["share"]) if row["share"] else ""
        key, field = (f"summary.row{kind}", "value") if self.categorical else ("summary.row", "sd")
        if self.categorical and part.name == "system":
            key = "summary.system_categories"
        bracket = self.say("phrase.interval", confidence=self.confidence, interval=row["interval"])
        estimate = part.estimate
        if estimate and estimate.variance_interval is None:
            bracket = self.say("phrase.no_interval", because=row["interval"])
        return self.say(key, **{"part": row["name"], field: row["value"], "interval": bracket, "share": share})

    def _chance_row(self, name: str, estimate: Estimate) -> tuple[str, str]:
        """A part of categorical noise: system noise is the chance to differ, the others are points of that chance."""
        factor, bounds = noise_factor(self.result), estimate.variance_interval
        chance = max(0.0, factor * estimate.variance)
        scaled = None if bounds is None else (min(1.0, factor * bounds[0]), min(1.0, factor * bounds[1]))
        decimals = min(max(decimals_for(chance, scaled), 3), 6)
        if name == "system":
            interval = "" if scaled is None else self.numerals.interval(scaled, "probability", decimals)
            return self.numerals.amount(chance, "probability", decimals), interval
        points = None if scaled is None else (100 * scaled[0], 100 * scaled[1])
        interval = "" if points is None else self.numerals.interval(points, None, decimals - 2)
        return self.numerals.plain(100 * chance, decimals - 2), interval

    def second_look_sentence(self) -> str | None:
        """What a second look by the same professional brings, where occasion noise is known."""
        looks = second_looks(self.result)
        if len(looks) < 2 or self.categorical:
            return None
        return self.say("helps.same", two=self.numerals.percent(max(0.0, looks[1].saved)))
