"""Groups in detail: professionals by code, two characteristics together, discovered kinds, rates against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for
from noiseaudit.group_tables import GroupLine, shown_alone, standing
from noiseaudit.report.comparability import rule_text
from noiseaudit.report.figures import Block, Grid, drawn
from noiseaudit.report.gap_words import GapWords
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import DiscoveredKind, Figure, GroupsAudit, Intersection, JudgeGap, Number
from noiseaudit.tables import FEWEST_FOR_POINTS

_OPEN_ROWS = 12
_MOST_CHARTS, _MOST_IN_CHART = 4, 60


def professionals(speaker: Speaker, lines: Sequence[GroupLine]) -> Iterator[Block]:
    """For a team: own gaps by code; a chart for groups with a flag, a table for each. Nothing for the public."""
    say, words = speaker.say, GapWords(speaker)
    told = [line for line in lines if line.gaps.judges and line.gaps.tests and line.note.hidden is None]
    if not told:
        return
    yield say("groups.people_intro")
    charts = 0
    names = ("professional", "in_group", "others", "own", "interval", "q", "outcome", "missed")
    head = [say(f"groups.column.{name}", confidence=speaker.confidence) for name in names]
    for number, line in enumerate(told):
        title = say("groups.people_title", group=words.group(line))
        rows = [_person(speaker, each) for each in line.gaps.judges]
        shown = sum(shown_alone(each) for each in line.gaps.judges)
        if line.note.flags and charts < _MOST_CHARTS and 0 < shown <= _MOST_IN_CHART:
            charts += 1
            yield drawn(_narrowed(speaker, line), "group_professionals", title, prefix=f"own-gaps-{number}",
                        subtitle=say("groups.people_sub"), head=head, rows=rows,
                        description=say("groups.people_description"))  # fmt: skip
        else:
            yield Grid(title, head, rows, folded=True)


def _narrowed(speaker: Speaker, line: GroupLine) -> Speaker:
    """The speaker of a result with one group."""
    result, told = speaker.result, speaker.result.supplement.groups
    if told is None:
        return speaker
    supplement = replace(result.supplement, groups=replace(told, notes=(line.note,)))
    return replace(speaker, result=replace(result, groups=(line.gaps,), supplement=supplement))


def _person(speaker: Speaker, gap: JudgeGap) -> list[str]:
    """One professional: figures only where they are more signal than chance."""
    say, words = speaker.say, GapWords(speaker)
    value, interval = "", ""
    if shown_alone(gap) and gap.shrunk is not None:
        value, interval = words.signed(gap.shrunk, gap.interval)
    elif gap.shrunk is not None:
        value = say("groups.too_uncertain")
    counts = [shown_count(speaker, n) for n in (gap.n_in, gap.n_out)]
    code = standing(gap)
    outcome = say(f"groups.outcome.{code}") if f"groups.outcome.{code}" in say else words.because(code)
    q = "" if gap.q is None else speaker.numerals.plain(gap.q, 3 if gap.q < 0.0995 else 2)
    missed = "" if gap.smallest_detectable is None else words.size(gap.smallest_detectable)
    return [gap.judge, *counts, value, interval, q, outcome, missed]


def shown_count(speaker: Speaker, n: int | None) -> str:
    """A count, or that a file does not show it."""
    return speaker.say("groups.not_shown") if n is None else speaker.numerals.plain(n)


def intersections(speaker: Speaker, told: GroupsAudit) -> list[Block]:
    """What two characteristics together do beyond each alone."""
    if not told.intersections:
        return []
    say = speaker.say
    names = ("first", "second", "together", "interval", "tested", "too_few", "flags")
    head = [say(f"groups.column.{name}", confidence=speaker.confidence) for name in names]
    rows = [_pair(speaker, pair) for pair in told.intersections]
    return [say("groups.pairs_intro"), Grid(say("groups.pairs_table"), head, rows, folded=len(rows) > _OPEN_ROWS)]


def _pair(speaker: Speaker, pair: Intersection) -> list[str]:
    words = GapWords(speaker)
    value, interval = words.cells(pair.contrast)
    flags = _flags(speaker, pair)
    counts = [shown_count(speaker, n) for n in (pair.tests, pair.too_few)]
    return [words.named(*pair.first), words.named(*pair.second), value, interval, *counts, flags]


def _flags(speaker: Speaker, part: Intersection | DiscoveredKind) -> str:
    """Flags, where they do not point at anybody."""
    if part.judges or part.tests == 0 or (part.tests or 0) >= FEWEST_FOR_POINTS:
        return shown_count(speaker, part.flags)
    return speaker.say("groups.not_shown")


def discovered(speaker: Speaker, told: GroupsAudit) -> list[Block]:
    """Kinds of cases in which somebody deviates, looked for in one half and tested in the other."""
    say, found, count = speaker.say, told.discovery, speaker.numerals.count
    if found is None:
        return []
    if isinstance(found, NotIdentified):
        return [say("groups.discovery_unknown", because=found.because)]
    intro = say("groups.discovery", searched=count(found.cases_searched), tested=count(found.cases_tested),
                seed=speaker.numerals.plain(found.seed), features=", ".join(found.features))  # fmt: skip
    if not found.kinds:
        return [f"{intro} {say('groups.discovery_none')}"]
    names = ("rule", "decisions", "tested", "too_few", "flags", "shared", "interval", "q")
    head = [say(f"groups.column.{name}", confidence=speaker.confidence) for name in names]
    rows = [_kind(speaker, kind) for kind in found.kinds]
    flagged = any(kind.flags and (kind.judges or (kind.tests or 0) >= FEWEST_FOR_POINTS) for kind in found.kinds)
    shared = any(kind.organisation_q is not None and kind.organisation_q < told.fdr for kind in found.kinds)
    ending = "" if flagged or shared else f" {say('groups.discovery_none')}"
    return [intro + ending, Grid(say("groups.discovery_table"), head, rows, folded=len(rows) > _OPEN_ROWS)]


def _kind(speaker: Speaker, kind: DiscoveredKind) -> list[str]:
    words, plain = GapWords(speaker), speaker.numerals.plain
    value, interval = words.cells(kind.organisation)
    q = "" if kind.organisation_q is None else plain(kind.organisation_q, 3 if kind.organisation_q < 0.0995 else 2)
    counts = [shown_count(speaker, n) for n in (kind.decisions, kind.tests, kind.too_few)]
    rule = rule_text(LogSpeaker(speaker.result, speaker.language), kind.rule)
    return [rule, *counts, _flags(speaker, kind), value, interval, q]


def rates(speaker: Speaker, told: GroupsAudit) -> list[Block]:
    """Shares of yes and of errors by group, and the metrics of fairness tools."""
    say, blocks = speaker.say, list[Block]()
    if told.rates:
        names = [name for name in ("selection", "false_positive", "false_negative", "error")
                 if any(isinstance(getattr(each, name), Figure) for each in told.rates)]  # fmt: skip
        head = [say(f"groups.column.{name}") for name in ("name", "value", "decisions", *names)]
        rows = []
        for each in told.rates:
            shown = speaker.say("groups.hidden") if each.decisions is None else speaker.numerals.plain(each.decisions)
            rows.append(
                [
                    each.group,
                    GapWords(speaker).value(each.value),
                    shown,
                    *(_rate(speaker, getattr(each, name)) for name in names),
                ]
            )
        blocks += [
            say("groups.rates_intro"),
            Grid(say("groups.rates_table", confidence=speaker.confidence), head, rows),
        ]
    if told.fairness:
        metrics = ("demographic_parity_difference", "equalized_odds_difference")
        head = [say("groups.column.name"), *(say(f"groups.column.{name}") for name in metrics)]
        rows = [[each.group, *(_rate(speaker, getattr(each, name)) for name in metrics)] for each in told.fairness]
        title = say("groups.fairness_table", confidence=speaker.confidence)
        blocks += [Grid(title, head, rows), say("groups.fairness_note")]
    return blocks


def _rate(speaker: Speaker, number: Number) -> str:
    """`11.3% (10.1% to 12.6%)`, or why there is no figure."""
    if isinstance(number, NotIdentified):
        return speaker.say("phrase.not_known", because=number.because)
    places = min(max(decimals_for(number.value, number.interval), 0), 4)
    value = speaker.numerals.amount(number.value, number.unit, places)
    if number.interval is None:
        return value
    return f"{value} ({speaker.numerals.interval(number.interval, number.unit, places)})"
