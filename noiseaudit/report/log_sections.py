"""The sections of a log's report as sentences, charts and tables; HTML and Markdown set them out."""

from __future__ import annotations

import math

from noiseaudit.errors import NotIdentified
from noiseaudit.log_tables import level_share, log_bar
from noiseaudit.report.comparability import assigned, compared, weighed
from noiseaudit.report.figures import Block, Grid, drawn
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.report.over_time import over_time
from noiseaudit.report.rates import RateSpeaker, rate_checks, rate_parts
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Component, Estimate, Figure, LogAudit, Offices, OverTime
from noiseaudit.tables import chance_to_differ, noise_factor, noise_parts


def log_sections(speaker: LogSpeaker) -> dict[str, list[Block]]:
    """Blocks by section, in the order of the page; a section that has nothing to say is not there."""
    log = speaker.log
    if log is None:
        return {"parts": parts(speaker)}
    if isinstance(speaker, RateSpeaker):
        return {
            "compared": compared(speaker, log),
            "parts": rate_parts(speaker),
            "rates": rate_checks(speaker),
            "assignment": assigned(speaker, log),
            "offices": offices(speaker),
            "helps": [speaker.panel_advice()],
        }
    return {
        "compared": compared(speaker, log),
        "pairs": pairs(speaker, log),
        "parts": parts(speaker),
        "weigh": weighed(speaker, log),
        "assignment": assigned(speaker, log),
        "offices": offices(speaker),
        "time": over_time(speaker, log) if _has_time(speaker, log) else [],
        "second": second_decisions(speaker, log),
        "helps": helps(speaker),
    }


def _has_time(speaker: LogSpeaker, log: LogAudit) -> bool:
    """A log without a column of time needs no section that says so; a column that was given does."""
    return isinstance(log.over_time, OverTime) or bool(speaker.result.design.roles.get("time"))


def pairs(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """Two colleagues on two comparable cases: how often, or how much, they differ."""
    say, bare = speaker.say, speaker.bare
    mean = log.comparable_pairs_difference
    chance = chance_to_differ(speaker.result)
    blocks: list[Block] = [say(f"log.pairs.intro{bare}")]
    if isinstance(mean, Figure):
        relative = speaker.result.design.scale == "log"
        value, bracket = speaker.figure(_relative(mean) if relative else mean)
        blocks.append(say(f"log.pairs.{'relative' if relative else 'difference'}", value=value, interval=bracket))
    if isinstance(chance, Figure):
        value, bracket = speaker.figure(chance)
        said = say("log.pairs.chance", value=value, interval=bracket)
        if not speaker.categorical:
            blocks.append(said)
        else:
            title = say(f"log.pairs.chart{bare}", n=round(100 * chance.value))
            blocks += [drawn(speaker, "lottery", title, subtitle=say("log.pairs.sub"), head=["", ""],
                             rows=[[say("log.pairs.row"), f"{value} {bracket}"]],
                             description=say("log.pairs.description")), said]  # fmt: skip
    if len(blocks) == 1 and isinstance(chance, NotIdentified) and isinstance(mean, NotIdentified):
        because = chance.because if speaker.categorical else mean.because
        return [say("log.pairs.unknown", because=because)]
    return [*blocks, say(f"log.pairs.cases_too{bare}")]


def _relative(difference: Figure) -> Figure:
    """A difference of logarithms as how much higher one is than the other."""
    ends = difference.interval
    bounds = None if ends is None else (math.expm1(ends[0]), math.expm1(ends[1]))
    return Figure(math.expm1(difference.value), "fraction", bounds, difference.interval_reason)


def parts(speaker: LogSpeaker) -> list[Block]:
    """What is known of the noise, and the bounds of the rest."""
    say = speaker.say
    head = [say("parts.column_part"), speaker.size_word, say("log.column.interval", confidence=speaker.confidence)]
    rows = [[row["name"], row["value"], row["interval"]] for row in map(speaker.part_row, noise_parts(speaker.result))]
    if log_bar(speaker.result) is None:
        return [Grid(say("log.parts.table"), head, rows)]
    kind = "_categories" if speaker.categorical else ""
    chart = drawn(speaker, "decomposition", say("log.parts.chart"), subtitle=say(f"log.parts.sub{kind}"), head=head,
                  rows=rows, description=say("log.parts.description"))  # fmt: skip
    return [*speaker.all_noise(), chart, say("log.parts.cannot")]


def offices(speaker: Speaker) -> list[Block]:
    """How much offices differ, and colleagues within one office. Panels show it too."""
    say, found = speaker.say, speaker.result.supplement.offices
    if found is None:
        return []
    if isinstance(found, NotIdentified):
        return [say("log.offices.unknown", because=found.because)]
    count = speaker.numerals.count
    words = LogSpeaker(speaker.result, speaker.language)  # sizes are said as in logs
    blocks: list[Block] = [say("log.offices.counts", offices=count(found.offices), judges=count(found.judges))]
    blocks += [_office_sentence(words, "between", found.between), _office_sentence(words, "within", found.within)]
    head = [say("parts.column_part"), words.size_word, say("log.column.interval", confidence=words.confidence)]
    head.append(say("log.offices.column_share"))
    shares = _shares(words, found)
    rows = [[say(f"log.offices.{name}_short"), *words.component_cells(component), share]
            for (name, component), share in zip((("between", found.between), ("within", found.within)), shares,
                                                strict=True)]  # fmt: skip
    return [*blocks, Grid(say("log.offices.table"), head, rows), say("log.offices.note")]


def _office_sentence(speaker: LogSpeaker, name: str, component: Component) -> str:
    if not isinstance(component, Estimate):
        return speaker.say(f"log.offices.{name}_unknown", because=component.because)
    if component.at_boundary:
        return speaker.say(f"log.offices.{name}_zero")
    kind = "_categories" if speaker.result.design.scale == "nominal" else ""
    return speaker.say(f"log.offices.{name}{kind}", **speaker.sized(component))


def _shares(speaker: LogSpeaker, found: Offices) -> list[str]:
    """Shares of level noise; empty where one of the two is not known."""
    if not isinstance(found.between, Estimate) or not isinstance(found.within, Estimate):
        return ["", ""]
    sizes = [max(0.0, found.between.variance), max(0.0, found.within.variance)]
    whole = sum(sizes)
    return [speaker.numerals.percent(size / whole) if whole > 0 else "" for size in sizes]


def second_decisions(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """The cases that were decided more than once, and on how many the figures rest."""
    say, found = speaker.say, log.second_decisions
    if isinstance(found, NotIdentified):
        return []
    count = speaker.numerals.count
    blocks: list[Block] = [say("log.second.counts", cases=count(found.cases), decisions=count(found.decisions),
                               all=count(speaker.result.design.cases))]  # fmt: skip
    for name, component in (("occasion", found.occasion), ("system", found.system)):
        if not isinstance(component, Estimate):
            blocks.append(say(f"log.second.{name}_unknown", because=component.because))
        elif component.at_boundary:
            blocks.append(say(f"log.second.{name}_zero"))
        elif speaker.categorical:
            value, interval = speaker.figure(_chance(speaker, component))
            blocks.append(say(f"log.second.{name}_categories", value=value, interval=interval))
        else:
            blocks.append(say(f"log.second.{name}", **speaker.sized(component)))
    return [*blocks, say("log.second.chosen")]


def _chance(speaker: LogSpeaker, component: Estimate) -> Figure:
    """A variance of yes/no decisions or categories as the chance of another outcome."""
    factor, ends = noise_factor(speaker.result), component.variance_interval
    bounds = None if ends is None else (min(1.0, factor * ends[0]), min(1.0, factor * ends[1]))
    return Figure(factor * component.variance, "probability", bounds, component.interval_reason)


def individuals_notes(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """What a log adds to be careful about: unusual cases look like unusual people; and how far levels repeat."""
    say, half = speaker.say, log.split_half
    notes: list[Block] = [say("rates.individuals")] if isinstance(speaker, RateSpeaker) else []
    notes += [] if speaker.by_lot else [say("log.individuals.cases")]
    if isinstance(half, Figure):
        notes.append(say("log.individuals.split_half", **speaker.correlation(half)))
    return notes


def helps(speaker: LogSpeaker) -> list[Block]:
    """What a shared norm would bring at least and at most; what averaging brings, a log cannot tell."""
    blocks: list[Block] = []
    share = level_share(speaker.result)
    if share is not None:
        low, high = (speaker.numerals.percent(bound) for bound in share)
        blocks.append(speaker.say("log.helps.levelling", low=low, high=high, whole=speaker.whole))
    return [*blocks, f"{speaker.say('log.helps.averaging')} {speaker.panel_advice()}"]
