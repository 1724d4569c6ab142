"""The outcome of a check and a change between audits in plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noiseaudit.checks.figures import COUNT, FRACTION, RATIO, Reading
from noiseaudit.checks.policy import Rule
from noiseaudit.formatting import Numerals, decimals_for
from noiseaudit.language import catalogue

if TYPE_CHECKING:
    from noiseaudit.checks.change import Change, Moved
    from noiseaudit.checks.outcome import Outcome, RuleOutcome


def outcome_text(outcome: Outcome, *, language: str = "en") -> str:
    """One line a rule, the reason where there is one, and how it ended."""
    say = catalogue(language)
    lines = [rule_line(rule, language=language) for rule in outcome.rules]
    end = say(f"checks.end_{outcome.status}", n=len(outcome.rules), warnings=outcome.warnings)
    if outcome.policy.exit_zero and outcome.status != "pass":
        end += " " + say("checks.exit_zero")
    return "\n".join([*lines, end])


def rule_line(found: RuleOutcome, *, language: str = "en") -> str:
    """`FAIL  level: noise.level.sd is 243 € (210 to 281); fail above 200 €`."""
    say, rule = catalogue(language), found.rule
    word = say("checks.word_warning" if found.warning else f"checks.word_{found.status}")
    measured = amount(found.value, found.interval, found.unit, language=language)
    limits = ", ".join(
        say(f"checks.limit_{kind}_{rule.sense}", limit=_limit(limit, found.unit, language))
        for kind, limit in (("warn", rule.warn), ("fail", rule.fail))
        if limit is not None
    )
    line = f"{word:<8} {rule.name}: {_figure(rule)} {say('checks.is')} {measured}; {limits}"
    return line + (f" ({found.because})" if found.because else "")


def amount(
    value: float | None, interval: tuple[float, float | None] | None, unit: str | None, *, language: str = "en"
) -> str:
    """A figure with its interval in its unit; `unknown` where there is none."""
    say, numerals = catalogue(language), Numerals(language)
    if value is None and interval is None:
        return say("checks.not_known")
    ends = None if interval is None else (interval[0], interval[1] if interval[1] is not None else interval[0])
    if unit == COUNT and value is not None:
        return numerals.plain(value)
    scale, sign = (100, "%") if unit == FRACTION else (1, "")
    shown = value if value is not None else (ends or (0.0, 0.0))[1]
    digits = decimals_for(scale * shown, None if ends is None else (scale * ends[0], scale * ends[1]))

    def one(number: float) -> str:
        plain = numerals.plain(scale * number, digits) + sign
        return plain if unit in (None, FRACTION, RATIO) else numerals.amount(number, unit, digits)

    parts = [] if value is None else [one(value)]
    if interval is not None and ends is not None and ends[0] != interval[1]:
        high = say("checks.no_end") if interval[1] is None else one(interval[1])
        between = f"{one(interval[0])} {say('phrase.to')} {high}"
        parts.append(f"({between})" if parts else say("checks.between", interval=between))
    return " ".join(parts)


def change_text(change: Change, *, language: str = "en") -> str:
    """What changed, the clear changes first; notes on the data before the figures."""
    say = catalogue(language)
    lines = [say("checks.change_head", before=change.before, after=change.after), *change.notes]
    if change.judges_in_both is not None:
        lines.append(say("checks.change_paired", n=change.judges_in_both))
    for clear in (True, False):
        moved = [one for one in change.figures if one.clear is clear and not one.figure.endswith(".variance")]
        if moved:
            lines += ["", say("checks.change_clear" if clear else "checks.change_unclear")]
            lines += [_moved_line(one, language) for one in moved]
    return "\n".join(lines)


def _moved_line(one: Moved, language: str) -> str:
    say = catalogue(language)
    both = " → ".join(_reading(reading, one.unit, language) for reading in (one.before, one.after))
    name = " ".join(part for part in (one.figure, one.which.group, one.which.relation, one.which.value) if part)
    line = f"  {name}: {both}"
    if one.interval is not None and one.difference is not None:
        line += "; " + say("checks.change_by", change=amount(one.difference, one.interval, one.unit, language=language))
    if one.ratio is not None and one.ratio_interval is not None:
        ratio = amount(one.ratio, one.ratio_interval, RATIO, language=language)
        line += "; " + say("checks.change_times", ratio=ratio)
    return line


def _reading(reading: Reading, unit: str | None, language: str) -> str:
    return amount(reading.value, None, reading.unit or unit, language=language)


def _figure(rule: Rule) -> str:
    which = " ".join(part for part in (rule.group, rule.relation, rule.value) if part)
    return f"{rule.figure}{f' [{which}]' if which else ''}"


def _limit(limit: float, unit: str | None, language: str) -> str:
    numerals = Numerals(language)
    if unit == FRACTION:
        return f"{100 * limit:g}%"
    if unit in (None, COUNT, RATIO):
        return f"{limit:g}"
    return numerals.amount(limit, unit, 0 if limit == round(limit) else 2)
