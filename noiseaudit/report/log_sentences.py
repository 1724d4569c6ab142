"""What an audit of a log says in a few words: what is known, what is only bounded, and what a log cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from noiseaudit.errors import NotIdentified
from noiseaudit.estimators.intervals import MANY_JUDGES
from noiseaudit.estimators.overlap import LINK_CASES
from noiseaudit.formatting import ONE_IN_UP_TO, decimals_for
from noiseaudit.log_tables import readers_mean, readers_mean_unit, readers_size, readers_unit
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import (
    AuditResult,
    Balance,
    Bounded,
    Component,
    Estimate,
    Figure,
    Interval,
    LogAudit,
    PatternSource,
    SecondDecisions,
)
from noiseaudit.result.log_parts import CLASSES, PREDICTED
from noiseaudit.tables import Part, decision_unit, is_log, noise_factor

_DOUBT = 0.01  # p below which cases that were declared to be dealt out by lot are said not to look like it


@dataclass(frozen=True)
class LogSpeaker(Speaker):
    """A log's result, a language, and its ways of saying numbers."""

    @property
    def unit(self) -> str | None:
        """Unit of the decision's noise."""
        return decision_unit(self.result)

    @property
    def log(self) -> LogAudit | None:
        """What the audit of a log adds; None where nothing could be compared."""
        return self.result.supplement.log

    @property
    def by_lot(self) -> bool:
        """Whether causal words are allowed: cases were declared to be dealt out by lot, and they look like it."""
        return self.log is not None and self.log.assignment.declared and not self.doubtful_lot

    @property
    def doubtful_lot(self) -> bool:
        """Cases were declared to be dealt out by lot, and colleagues' cases differ more than a lot makes them."""
        if self.log is None or not self.log.assignment.declared:
            return False
        predicted = self.log.assignment.predicted
        tests = [feature.p_adjusted for feature in self.log.assignment.features]
        tests += [predicted.p] if isinstance(predicted, Balance) else []
        return min(tests, default=1.0) < _DOUBT

    def correlation(self, figure: Figure) -> dict[str, str]:
        """`value` and bracketed `interval` with at most two decimals."""
        decimals = min(2, decimals_for(figure.value, figure.interval))
        bracket = self.bracket(figure.interval, None, decimals, figure.interval_reason)
        return {"value": self.numerals.plain(figure.value, decimals), "interval": bracket}

    @property
    def bare(self) -> str:
        """The end of the key of a sentence about all cases, where nothing tells which of them are comparable."""
        return "_bare" if self.log is not None and self.log.comparison.route == "none" else ""

    def size(self, variance: float, interval: Interval | None = None) -> tuple[str, str]:
        """A part in the reader's unit (see `readers_size`), and its interval, empty where there is none."""
        unit = readers_unit(self.result, points=self.say("phrase.percentage_points"))
        value = readers_size(self.result, variance)
        bounds = None if interval is None else self._ends(interval)
        decimals = min(decimals_for(value, bounds), 6)
        ends = "" if bounds is None else self.numerals.interval(bounds, unit, decimals)
        return self.numerals.amount(value, unit, decimals), ends

    def sized(self, estimate: Estimate) -> dict[str, str]:
        """`value` and bracketed `interval` of an estimated part."""
        value, ends = self.size(estimate.variance, estimate.variance_interval)
        if not ends:
            return {"value": value, "interval": self.bracket(None, None, 0, estimate.interval_reason)}
        return {"value": value, "interval": self.say("phrase.interval", confidence=self.confidence, interval=ends)}

    def bounds(self, bounded: Bounded) -> dict[str, str]:
        """`low` and `high` of a part that is only bounded, in the reader's unit."""
        ends = self._ends(bounded.variance_bounds)
        unit = readers_unit(self.result, points=self.say("phrase.percentage_points"))
        decimals = min(decimals_for(ends[0], ends), 6)
        bare = None if unit in (None, "fraction", *"€$£%") else unit  # `3.5 and 3.9 points` names the unit once
        low, high = (self.numerals.amount(end, unit, decimals) for end in ends)
        return {"low": low.removesuffix(f"\u00a0{bare}") if bare else low, "high": high}

    @property
    def size_word(self) -> str:
        """Head of the column of sizes."""
        kind = {"nominal": "_categories", "log": "_relative"}.get(self.result.design.scale, "")
        return self.say(f"log.column.size{kind}")

    @property
    def mean_word(self) -> str:
        """Head of the column of mean decisions."""
        return self.say(f"log.column.mean{'_yes_no' if self.result.design.scale == 'binary' else ''}")

    def wide(self, level: Estimate) -> str:
        """That level noise is known only roughly."""
        low, high = (self.size(bound, level.variance_interval)[0] for bound in level.variance_interval or ())
        return self.say("sure.wide", low=low, high=high)

    def component_cells(self, component: Component) -> tuple[str, str]:
        """Two cells: size and interval; bounds; or the reason why there is neither."""
        row = self._cells(component)
        return row["value"], row["interval"]

    def mean_text(self, mean: float) -> str:
        """A mean decision as the reader knows it."""
        value = readers_mean(self.result, mean)
        return self.numerals.amount(value, readers_mean_unit(self.result), min(decimals_for(value, None), 4))

    def _ends(self, bounds: Interval) -> Interval:
        return readers_size(self.result, bounds[0]), readers_size(self.result, bounds[1])

    @property
    def formed(self) -> list[str]:
        """That the professionals are groups which were formed from the decisions, where the config says so."""
        return [self.say("log.short.formed")] if self._formed() else []

    def _formed(self) -> bool:
        return any(found.code == "endogenous_judges" for found in self.result.findings)

    def headline(self) -> list[str]:
        """Level noise in the reader's unit; for yes/no and categories how often comparable cases end differently."""
        level = self.result.noise.level
        if self.categorical and (pairs := self.pairs()):
            return [*self.formed, pairs, self.about_lot(pairs=True)]
        if isinstance(level, NotIdentified | Bounded):
            return [self.say("log.short.none", because=level.because)]
        return [*self.formed, *self.level_sentences()]

    def pairs(self) -> str | None:
        """How often two colleagues decided two comparable cases differently, where that is known and above 0."""
        chance = None if self.log is None else self.log.comparable_pairs_disagreement
        if not isinstance(chance, Figure) or chance.value <= 0:
            return None
        bounds = chance.interval
        rare = max(chance.value, bounds[1] if bounds else 0.0) <= ONE_IN_UP_TO
        words = self._one_in if rare else self._hundredths
        bracket = self.bracket(None, None, 0, chance.interval_reason)
        if bounds is not None:
            ends = f"{words(bounds[0])} {self.say('phrase.to')} {words(bounds[1])}"
            bracket = self.say("phrase.interval", confidence=self.confidence, interval=ends)
        value = words(chance.value) if rare else self.say("phrase.of_hundred", n=words(chance.value))
        return self.say(f"log.short.pairs{self.bare}", chance=value, interval=bracket)

    def level_sentences(self) -> list[str]:
        """How far apart colleagues are on comparable cases, or that no difference could be shown."""
        level = self.result.noise.level
        if not isinstance(level, Estimate):
            return []
        if level.at_boundary:
            return [self.say(f"log.short.level_zero{self.bare}"), *self.missed(level)]
        kind = {"binary": "_yes_no", "nominal": "_categories"}.get(self.result.design.scale, "")
        said = [self.say(f"log.short.level{kind}{self.bare}", **self.sized(level))]
        average = self.result.supplement.mean_decision
        if self.result.design.scale in ("continuous", "count") and isinstance(average, Figure) and average.value > 0:
            said.append(self.say("log.short.level_share", share=self.numerals.percent(level.sd / average.value)))
        return said

    def missed(self, estimate: Estimate) -> list[str]:
        """How large a difference could have been missed where none was found."""
        bounds = estimate.variance_interval
        if bounds is None or bounds[1] <= 0:
            return []
        return [self.say("log.short.up_to", high=self.size(bounds[1], bounds)[0])]

    def about_lot(self, *, pairs: bool = False) -> str:
        """Whether differences can come from the cases. pairs: of pairs of cases, which always can."""
        if self.by_lot:
            return self.say("log.short.pairs_by_lot" if pairs else "log.short.by_lot")
        if self.doubtful_lot:
            return self.say("log.short.doubtful_lot")
        level = self.result.noise.level
        hidden = isinstance(level, Estimate) and level.at_boundary and not pairs
        return self.say("log.short.not_by_lot_zero" if hidden else "log.short.not_by_lot")

    def parts(self) -> list[str]:
        """What else is known, and between which bounds all noise lies."""
        noise, log = self.result.noise, self.log
        if log is None or not isinstance(noise.level, Estimate):
            return []
        if self.categorical and self.pairs():  # then the headline speaks of pairs and of the lot
            said = [" ".join([*self.level_sentences(), *([self.about_lot()] if self.by_lot else [])])]
        else:
            said = [self.about_lot()]
        if log.comparison.route == "none":
            said.append(self.say("log.short.no_features"))
        found = noise.detectable_pattern
        if isinstance(found, Estimate):
            said.append(self._detectable(found))
        said += self.all_noise()
        return said

    def _detectable(self, found: Estimate) -> str:
        """The part of pattern noise that shows in a log; only where it is clear is it said to be there."""
        bounds = found.variance_interval
        if found.at_boundary:
            return self.say("log.short.detectable_zero")
        if bounds is not None and bounds[0] <= 0:
            return self.say("log.short.detectable_unsure", **self.sized(found))
        kind = "_categories" if self.result.design.scale == "nominal" else ""
        return self.say(f"log.short.detectable{kind}", **self.sized(found))

    def all_noise(self) -> list[str]:
        """Between which bounds system noise lies, and what the upper one is."""
        system = self.result.noise.system
        if not isinstance(system, Bounded):
            return []
        if self.categorical:
            factor = noise_factor(self.result)
            low, high = (self._hundredths(min(1.0, factor * bound)) for bound in system.variance_bounds)
            said = self.say("log.short.bounds_categories", low=low, high=high)
        else:
            said = self.say("log.short.bounds", **self.bounds(system))
        return [f"{said} {self.say('log.short.ceiling')}"]

    def advice(self) -> str:
        """One or two things that a reader can do."""
        level, log = self.result.noise.level, self.log
        if self._formed():
            return self.panel_advice()
        if not isinstance(level, Estimate) or log is None:
            return self.say("short.do_more")
        if log.comparison.route == "none":
            return f"{self.say('log.short.do_features')} {self.panel_advice()}"
        if level.at_boundary:
            return self.panel_advice()
        source = clearest_source(log)
        begin = [] if source is None else [self.say("log.short.do_begin", feature=f"“{source.feature}”")]
        return " ".join([self.say("log.short.do_level"), *begin, self.panel_advice()])

    def panel_advice(self) -> str:
        """Let some colleagues judge the same cases: only that shows what a log cannot. Groups can judge nothing."""
        if self._formed():
            return self.say("log.short.do_formed")
        judges = self.numerals.count(min(MANY_JUDGES + 1, self.result.design.judges))
        return self.say("log.short.do_panel", judges=judges, cases=self.numerals.count(LINK_CASES))

    def not_said(self) -> list[str]:
        """What the figures do not say."""
        if self.log is None:
            return super().not_said()
        twice = isinstance(self.log.second_decisions, SecondDecisions)
        return [self.say("log.short.unknown_twice" if twice else "log.short.unknown"), *super().not_said()]

    def part_row(self, part: Part) -> dict[str, str]:
        """A part as text: an estimate with its interval, bounds, or the reason why there is neither."""
        return {"name": self.say(f"part.{part.name}"), "share": "", "share_interval": "", **self._cells(part.component)}

    def _cells(self, component: Component) -> dict[str, str]:
        """`value`, `interval`, and `known`: empty where there is neither an estimate nor a bound."""
        if isinstance(component, NotIdentified):
            return {"value": self.say("phrase.not_known", because=component.because), "interval": "", "known": ""}
        if isinstance(component, Bounded):
            value = self.say("log.parts.between", **self.bounds(component))
            return {"value": value, "interval": self.say("log.parts.bounds_only"), "known": "yes"}
        value, interval = self.size(component.variance, component.variance_interval)
        if component.variance < 0:
            value += f" ({self.say('chart.decomposition.zero')})"
        reason = self.say(f"interval_reason.{component.interval_reason or 'at_boundary'}")
        return {"value": value, "interval": interval or reason, "known": "yes"}

    def part_line(self, part: Part) -> str:
        """A part as a line of the summary."""
        row = self.part_row(part)
        if not row["known"]:
            return self.say("summary.unknown", part=row["name"], because=row["value"])
        kind = "" if self.result.design.scale in ("nominal", "log") else "_sd"
        if part.estimate is None:
            return self.say(f"log.summary.bounded{kind}", part=row["name"], value=row["value"])
        reason = part.estimate.variance_interval is None
        bracket = (self.say("phrase.no_interval", because=row["interval"]) if reason else
                   self.say("phrase.interval", confidence=self.confidence, interval=row["interval"]))  # fmt: skip
        return self.say(f"log.summary.row{kind}", part=row["name"], value=row["value"], interval=bracket)


def clearest_source(log: LogAudit) -> PatternSource | None:
    """The feature of the log that colleagues weigh most differently, among those of which it is sure that they do."""
    clear = {
        source: source.component.variance
        for source in log.pattern_sources
        if isinstance(source.component, Estimate) and (source.component.variance_interval or (0.0,))[0] > 0
    }
    named = [source for source in clear if source.feature not in (PREDICTED, CLASSES)]
    return max(named, key=lambda source: clear[source], default=None)


def speaker_of(result: AuditResult, language: str = "en") -> Speaker:
    """The speaker for panels, the one for logs, or the one for logs of rates."""
    from noiseaudit.report.rates import RateSpeaker

    log = result.supplement.log
    if log is not None and log.rates is not None:
        return RateSpeaker(result, language)
    return LogSpeaker(result, language) if is_log(result) else Speaker(result, language)
