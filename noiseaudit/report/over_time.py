"""Over time: means and level noise by period, what stays, and the occasion noise that a log can show."""

from __future__ import annotations

from collections.abc import Iterator

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for
from noiseaudit.report.comparability import listed
from noiseaudit.report.figures import Block, Chart, Grid, drawn
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.result import Component, Estimate, Figure, LogAudit, MomentEffect, OverTime

_ALIKE = 0.05
_MOST_PERIODS = 6  # that are named in a sentence
_BY_CHANCE = 0.002  # of periods outside 99.8 % limits


def over_time(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """The drift chart, and a sentence for each thing that changes or stays."""
    say, time = speaker.say, log.over_time
    if isinstance(time, NotIdentified):
        return [say("log.time.unknown", because=time.because)]
    blocks: list[Block] = []
    count, everybody = speaker.numerals.count, speaker.result.design.judges
    if time.judges < everybody:
        blocks.append(say("log.time.sample", judges=count(time.judges), all=count(everybody)))
    if time.undated:
        followed = time.undated + sum(period.decisions for period in time.periods)
        blocks.append(say("log.time.undated", undated=count(time.undated), all=count(followed)))
    if time.periods:
        blocks += [_drift(speaker, time), say("log.time.bands"), *_level_outside(speaker, time)]
    blocks += [_persistence(speaker, time), say("log.time.lower_bound"), _days(speaker, time.judge_days)]
    blocks.append(_sequence(speaker, time))
    if time.moments:
        blocks += [say("log.time.moments"), _moments(speaker, time.moments)]
    return blocks


def _drift(speaker: LogSpeaker, time: OverTime) -> Chart:
    say, count, plain = speaker.say, speaker.numerals.count, speaker.numerals.plain
    shown = sum(period.mean is not None for period in time.periods)
    outside = sum(period.outside for period in time.periods)
    words = {"n": count(shown), "periods": say(f"log.time.unit_{time.unit}", n=count(shown))}
    if not shown:
        title = say("log.time.chart_empty")
    elif outside:
        title = say("log.time.chart_outside", outside=count(outside), **words)
    else:
        title = say("log.time.chart_within", **words)
    head = [
        say(f"log.time.column_{time.unit}"), say("log.column.decisions"), say("log.column.professionals"),
        speaker.mean_word, say("log.time.column_limits"), say("part.level"),
        say("log.column.interval", confidence=speaker.confidence),
    ]  # fmt: skip
    rows = []
    for period in time.periods:
        mean = say("log.compared.hidden") if period.mean is None else speaker.mean_text(period.mean)
        limits = ""
        if period.limits is not None:
            low, high = period.limits
            if speaker.result.design.scale == "binary":  # no share lies outside 0 to 100 %
                low, high = max(0.0, low), min(1.0, high)
            limits = f"{speaker.mean_text(low)} {say('phrase.to')} {speaker.mean_text(high)}"
        level, interval = speaker.component_cells(period.level)
        rows.append([
            speaker.numerals.period(period.start, time.unit), plain(period.decisions), plain(period.judges),
            f"{mean} ({say('log.time.outside')})" if period.outside else mean, limits,
            f"{level} ({say('log.time.outside')})" if period.level_outside else level, interval,
        ])  # fmt: skip
    expected = speaker.by_chance(_BY_CHANCE * shown)
    return drawn(
        speaker, "drift", title, subtitle=say("log.time.sub", expected=expected), head=head, rows=rows,
        description=say("log.time.description"),
    )  # fmt: skip


def _level_outside(speaker: LogSpeaker, time: OverTime) -> list[str]:
    """The periods up to which the moving average of level noise lies outside its limits; nothing where none does."""
    say, count = speaker.say, speaker.numerals.count
    outside = tuple(speaker.numerals.period(p.start, time.unit) for p in time.periods if p.level_outside)
    if not outside:
        return []
    n = count(sum(period.mean is not None for period in time.periods))
    words = {"outside": count(len(outside)), "n": n, "periods": say(f"log.time.unit_{time.unit}", n=n)}
    return [say("log.time.level_outside", **words, named=listed(speaker, outside, _MOST_PERIODS))]


def _persistence(speaker: LogSpeaker, time: OverTime) -> str:
    say, found = speaker.say, time.persistence
    unit = say(f"log.time.one_{time.unit}")
    if isinstance(found, NotIdentified):
        return say("log.time.persistence_unknown", because=found.because)
    if found.interval_reason == "too_wide":
        return say("log.time.persistence_wide")
    rest = speaker.numerals.percent(min(1.0, max(0.0, 1 - found.value)))
    return say("log.time.persistence", **speaker.correlation(found), rest=rest, unit=unit)


def _days(speaker: LogSpeaker, days: Component) -> str:
    say = speaker.say
    if not isinstance(days, Estimate):
        return say("log.time.days_unknown", because=days.because)
    if days.at_boundary:
        return " ".join([say("log.time.days_zero"), *speaker.missed(days)])
    return say("log.time.days", **speaker.sized(days))


def _sequence(speaker: LogSpeaker, time: OverTime) -> str:
    """What the decision before does, and what is left of it without the mood that a day's decisions share."""
    say, whole, rest = speaker.say, time.sequence, time.sequence_beyond_day
    if isinstance(whole, NotIdentified):
        return say("log.time.sequence_unknown", because=whole.because)
    said = [_pull(speaker, whole, "sequence"), say("log.time.shared_day")]
    if isinstance(rest, NotIdentified):
        return " ".join([*said, say("log.time.beyond_day_unknown", because=rest.because)])
    return " ".join([*said, _pull(speaker, rest, "beyond_day")])


def _pull(speaker: LogSpeaker, found: Figure, key: str) -> str:
    """The previous decision's pull in per cents of its distance from the usual; for yes/no in percentage points."""
    say = speaker.say
    shown = Figure(100 * found.value, None, None, found.interval_reason)
    if found.interval is not None:
        shown = Figure(shown.value, None, (100 * found.interval[0], 100 * found.interval[1]))
    decimals = decimals_for(shown.value, shown.interval)
    unit = say("phrase.percentage_points") if speaker.result.design.scale == "binary" else "%"
    unclear = shown.interval is None or shown.interval[0] <= 0 <= shown.interval[1]
    value = speaker.numerals.amount(shown.value if unclear else abs(shown.value), unit, decimals)
    interval = speaker.bracket(shown.interval, unit, decimals, shown.interval_reason)
    if unclear:
        return say(f"log.time.{key}_unclear", value=value, interval=interval)
    kind = "_yes_no" if speaker.result.design.scale == "binary" else ""
    return say(f"log.time.{key}_{'same' if found.value > 0 else 'opposite'}{kind}", value=value, interval=interval)


def _moments(speaker: LogSpeaker, moments: tuple[MomentEffect, ...]) -> Grid:
    say = speaker.say
    head = [say("log.time.column_moment"), speaker.size_word, say("log.column.interval", confidence=speaker.confidence),
            say("log.time.column_p"), say("log.time.column_alike")]  # fmt: skip
    return Grid(say("log.time.moments_table"), head, [[*_moment_row(speaker, each)] for each in moments])


def _moment_row(speaker: LogSpeaker, moment: MomentEffect) -> Iterator[str]:
    say, p_value = speaker.say, speaker.numerals.p_value
    yield say(f"log.time.{moment.covariate}")
    yield from speaker.component_cells(moment.component)
    yield say("log.time.not_tested") if moment.p is None else p_value(moment.p)
    if moment.balanced_p is None:
        yield say("log.time.not_tested")
    else:
        key = "log.time.alike" if moment.balanced_p >= _ALIKE else "log.time.not_alike"
        yield say(key, p=p_value(moment.balanced_p))
