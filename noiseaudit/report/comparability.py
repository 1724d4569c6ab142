"""How a log's cases were compared, whether everybody got the same kind, and what colleagues weigh differently."""

from __future__ import annotations

from collections.abc import Iterator

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for
from noiseaudit.log_tables import added_to_level, readers_size, readers_unit
from noiseaudit.report.figures import Block, Grid, drawn
from noiseaudit.report.log_sentences import LogSpeaker, clearest_source
from noiseaudit.result import (
    Balance,
    ComparableClass,
    Comparison,
    Component,
    Condition,
    Estimate,
    LogAudit,
    PatternSource,
    Sensitivity,
    SetAside,
)
from noiseaudit.result.log_parts import CLASSES, PREDICTED

_MOST_ROWS = 40
_OPEN_ROWS = 12
_MOST_VALUES = 8
_MOST_NAMES = 25
_FEW = 0.05  # share explained below which features are said to tell little
_COARSE = 0.195  # SDs from which one decimal is enough in a sentence
_SLIGHT = 0.1  # SDs between professionals below which a difference is said to matter little


def compared(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """The route in plain words, the features, and the classes as rules that a reader can check."""
    say, comparison = speaker.say, log.comparison
    blocks: list[Block] = [say(f"log.compared.route_{comparison.route}")]
    if comparison.features:
        blocks.append(say("log.compared.features", features=listed(speaker, comparison.features)))
    if comparison.characteristics:
        blocks.append(say("log.compared.characteristics", names=listed(speaker, comparison.characteristics)))
    if comparison.pools is not None:
        blocks.append(say("log.compared.pools", pools=speaker.numerals.count(comparison.pools)))
    if comparison.explained is not None:
        share = speaker.numerals.percent(max(0.0, comparison.explained))
        key = "few" if comparison.explained < _FEW else "explained"
        blocks.append(say(f"log.compared.{key}", share=share))
    if comparison.set_aside:
        blocks.append(_set_aside(speaker, comparison.set_aside))
    if comparison.classes:
        blocks.append(_classes(speaker, comparison))
    return blocks


def listed(speaker: LogSpeaker, names: tuple[str, ...], most: int = _MOST_NAMES) -> str:
    """Names with commas; the first ones, and how many more there are."""
    shown = ", ".join(names[:most])
    left = len(names) - most
    return shown if left <= 0 else f"{shown} {speaker.say('log.compared.more', n=speaker.numerals.count(left))}"


def _set_aside(speaker: LogSpeaker, aside: tuple[SetAside, ...]) -> Grid:
    say = speaker.say
    rows = []
    for each in aside:
        share = "" if each.share is None else speaker.numerals.percent(each.share)
        key = f"log.set_aside.{each.reason}"
        rows.append([each.feature, say(key) if key in say else each.reason, share])
    head = [say("log.column.feature"), say("log.compared.column_why"), say("log.compared.column_share")]
    if not any(row[2] for row in rows):
        head, rows = head[:2], [row[:2] for row in rows]
    return Grid(say("log.compared.set_aside"), head, rows, folded=len(rows) > _OPEN_ROWS)


def _classes(speaker: LogSpeaker, comparison: Comparison) -> Grid:
    """Rules with their counts; means where there are any. Long lists begin with the largest classes."""
    say, plain = speaker.say, speaker.numerals.plain
    classes: tuple[ComparableClass, ...] = comparison.classes
    if len(classes) > _MOST_ROWS:
        classes = tuple(sorted(classes, key=lambda each: -each.decisions)[:_MOST_ROWS])
    shown = [each.mean for each in classes if each.mean is not None]
    head = [say("log.column.rule"), say("log.column.decisions"), say("log.column.professionals")]
    head += [speaker.mean_word] if shown else []
    rows = []
    for each in classes:
        row = [rule_text(speaker, each.rule), plain(each.decisions), plain(each.judges)]
        if shown:
            row.append(say("log.compared.hidden") if each.mean is None else speaker.mean_text(each.mean))
        rows.append(row)
    left = len(comparison.classes) - len(classes)
    more = say("log.compared.more_classes", n=speaker.numerals.count(left)) if left else ""
    title = say(f"log.compared.classes_{comparison.route}", n=speaker.numerals.count(len(comparison.classes)))
    return Grid(title, head, rows, folded=len(rows) > _OPEN_ROWS, more=more)


def rule_text(speaker: LogSpeaker, rule: tuple[Condition, ...]) -> str:
    """`permit type is extension, renewal; fee below 500, or missing`."""
    return "; ".join(_condition(speaker, each) for each in rule) or speaker.say("log.rule.all")


def _condition(speaker: LogSpeaker, condition: Condition) -> str:
    if condition.sign == "in" and not condition.values:  # nothing but cases without the feature
        return speaker.say("log.rule.missing", feature=condition.feature)
    key = {"<": "below", ">=": "from", "in": "among", "not in": "not_among"}[condition.sign]
    value = listed(speaker, condition.values, _MOST_VALUES)
    if condition.bound is not None:
        value = speaker.numerals.exact(condition.bound)
    said = speaker.say(f"log.rule.{key}", feature=condition.feature, value=value)
    return speaker.say("log.rule.or_missing", rule=said) if condition.missing else said


def _named(speaker: LogSpeaker, feature: str) -> str:
    """A feature, or the words for the predicted decision and for the class."""
    words = {PREDICTED: "log.feature.predicted", CLASSES: "log.feature.classes"}
    return speaker.say(words[feature]) if feature in words else feature


def weighed(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """The features that professionals weigh differently, the strongest first to be told."""
    say = speaker.say
    if not log.pattern_sources:
        return [say("log.weigh.none")]
    blocks: list[Block] = [say("log.weigh.intro")]
    strongest = clearest_source(log)
    if strongest is not None and isinstance(strongest.component, Estimate):
        said = say("log.weigh.most", feature=f"“{strongest.feature}”", **speaker.sized(strongest.component))
        blocks.append(said)
    elif any(each.feature not in (PREDICTED, CLASSES) for each in log.pattern_sources):
        blocks.append(say("log.weigh.unclear"))
    head = [say("log.column.feature"), say("log.weigh.column_by"), speaker.size_word,
            say("log.column.interval", confidence=speaker.confidence), say("log.weigh.column_counted")]  # fmt: skip
    rows = [[*_source_row(speaker, each)] for each in log.pattern_sources]
    blocks.append(Grid(say("log.weigh.table"), head, rows, folded=len(rows) > _OPEN_ROWS))
    if len(rows) > 1:
        blocks.append(say("log.weigh.counted"))
    counted = [each.component for each in log.pattern_sources if each.counted]
    if len(counted) == 1 and _wider(speaker.result.noise.detectable_pattern, counted[0]):
        blocks.append(say("log.weigh.picked"))
    return blocks


def _wider(whole: Component, part: Component) -> bool:
    """Whether the whole is that part, with an interval that allows for the choice of it."""
    if not isinstance(whole, Estimate) or not isinstance(part, Estimate):
        return False
    return whole.variance == part.variance and whole.variance_interval != part.variance_interval


def _source_row(speaker: LogSpeaker, source: PatternSource) -> Iterator[str]:
    yield _named(speaker, source.feature)
    yield speaker.say(f"log.weigh.by_{source.by}")
    yield from speaker.component_cells(source.component)
    yield speaker.say("log.weigh.yes" if source.counted else "log.weigh.no")


def assigned(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """Whether colleagues got the same kind of cases: how large the difference is, then whether it can be chance."""
    say, assignment = speaker.say, log.assignment
    pools = log.comparison.pools
    if not assignment.declared:
        blocks: list[Block] = [say("log.assignment.not_declared")]
    elif pools is not None:
        blocks = [say("log.assignment.declared_pools", pools=speaker.numerals.count(pools))]
    else:
        blocks = [say("log.assignment.declared")]
    if isinstance(assignment.predicted, Balance):
        blocks.append(" ".join(_predicted(speaker, log, assignment.predicted)))
    elif assignment.features and assignment.predicted.reason == "rates":
        blocks.append(_most_uneven(speaker, assignment.features))
    else:
        blocks.append(say("log.assignment.unknown", because=assignment.predicted.because))
    if speaker.doubtful_lot:
        blocks.append(say("log.short.doubtful_lot"))
    if assignment.features:
        blocks.append(_balances(speaker, assignment.features))
    blocks.append(say("log.assignment.only_seen"))
    return [*blocks, *_sensitivity(speaker, log)]


def _predicted(speaker: LogSpeaker, log: LogAudit, predicted: Balance) -> Iterator[str]:
    """Effect size first, then the test, then what was done about it."""
    say = speaker.say
    if predicted.eta <= 0:
        yield say("log.assignment.no_difference")
    else:
        yield say("log.assignment.difference", eta=_spread(speaker, predicted.eta))
    if predicted.eta_high is not None:
        yield say("log.assignment.at_most", eta=_spread(speaker, predicted.eta_high))
    p = speaker.numerals.p_value(predicted.p)
    if predicted.p >= 0.05:
        yield say("log.assignment.chance", p=p)
        return
    yield say("log.assignment.not_chance", p=p)
    if predicted.eta < _SLIGHT:
        yield say("log.assignment.slight")
    if log.comparison.route != "none":
        yield say("log.assignment.taken_out")


def _most_uneven(speaker: LogSpeaker, features: tuple[Balance, ...]) -> str:
    """The feature that differs most between colleagues, where no predicted decision sums the features up."""
    most = max(features, key=lambda each: each.eta)
    words = {"feature": f"“{most.feature}”", "p": speaker.numerals.p_value(most.p_adjusted)}
    if most.eta <= 0:
        return speaker.say("log.assignment.none_uneven", **words)
    return speaker.say("log.assignment.most_uneven", **words, eta=_spread(speaker, most.eta))


def _spread(speaker: LogSpeaker, eta: float) -> str:
    """A number of usual spreads: `0.3`, and `0.14` or `0.04` where it is small."""
    if eta < 0.005:
        return speaker.say("phrase.less_than", value=speaker.numerals.plain(0.01, 2))
    return speaker.numerals.plain(eta, 1 if eta >= _COARSE else 2)


def _effect(speaker: LogSpeaker, effect: float) -> str:
    unit = readers_unit(speaker.result, points=speaker.say("phrase.percentage_points"))
    nominal = speaker.result.design.scale == "nominal"
    size = 100 * abs(effect) if nominal else readers_size(speaker.result, effect**2)
    return speaker.numerals.amount(size, unit, min(max(0, decimals_for(size, None) - 1), 4))


def _balances(speaker: LogSpeaker, features: tuple[Balance, ...]) -> Grid:
    say, plain = speaker.say, speaker.numerals.plain
    rows = []
    ordered = sorted(features, key=lambda each: -(added_to_level(each) or 0.0))
    for each in ordered[:_MOST_ROWS]:
        test = say("log.assignment.permutations")
        if each.method == "F":
            test = f"F({plain(each.df[0])},\u00a0{plain(each.df[1])})\u00a0=\u00a0{plain(each.f, 2)}"
        rows.append([
            each.feature,
            plain(max(0.0, each.eta), 2),
            "" if each.eta_high is None else plain(each.eta_high, 2),
            "" if each.effect is None else _effect(speaker, each.effect),
            speaker.numerals.p_value(each.p_adjusted),
            test,
        ])  # fmt: skip
    columns = ["eta", "eta_high", "effect", "p", "test"]
    if not any(each.effect is not None for each in ordered):  # in logs of rates
        columns.remove("effect")
        rows = [[*row[:3], *row[4:]] for row in rows]
    head = [say("log.column.feature"), *(say(f"log.assignment.column_{name}") for name in columns)]
    left = len(ordered) - len(rows)
    more = say("log.compared.more_features", n=speaker.numerals.count(left)) if left > 0 else ""
    return Grid(say("log.assignment.table"), head, rows, folded=True, more=more)


def _sensitivity(speaker: LogSpeaker, log: LogAudit) -> list[Block]:
    """How strong an unmeasured difference would have to be, in words and as a chart."""
    say, found = speaker.say, log.sensitivity
    if isinstance(found, NotIdentified):
        return [say("log.sensitivity.unknown", because=found.because)]
    feature, ratio = f"“{found.strongest}”", _times(speaker, found.ratio)
    blocks: list[Block] = []
    told = [say("log.sensitivity.ratio" if found.ratio >= 1 else "log.sensitivity.weak", ratio=ratio, feature=feature)]
    if found.ratio_low is not None:
        told.append(say("log.sensitivity.low", ratio=_times(speaker, max(0.0, found.ratio_low))))
    if found.ratio >= 1 and log.comparison.explained is not None and log.comparison.explained < _FEW:
        told.append(say("log.sensitivity.little"))
    blocks.append(" ".join(told))
    blocks.append(say(
        "log.sensitivity.strong", feature=feature, effect=_effect(speaker, found.its_effect),
        eta=_spread(speaker, max(0.0, found.its_eta)),
    ))  # fmt: skip
    blocks.append(say("log.sensitivity.ask"))
    title, head = say("log.sensitivity.chart", ratio=ratio, feature=feature), ("effect", "eta", "enough")
    return [*blocks, drawn(
        speaker, "sensitivity", title, subtitle=say("log.sensitivity.sub"),
        head=[say("log.column.feature"), *(say(f"log.sensitivity.column_{name}") for name in head)],
        rows=_curve_rows(speaker, log, found),
        description=say("log.sensitivity.description"),
    )]  # fmt: skip


def _times(speaker: LogSpeaker, ratio: float) -> str:
    return speaker.numerals.plain(ratio, 1 if ratio < 10 else 0)


def _curve_rows(speaker: LogSpeaker, log: LogAudit, found: Sensitivity) -> list[list[str]]:
    """The dots of the chart, the strongest first, and how uneven each would have to be."""
    rows, plain = [], speaker.numerals.plain
    for each in sorted(log.assignment.features, key=lambda each: -(added_to_level(each) or 0.0))[:_MOST_ROWS]:
        if each.effect:
            enough = found.ratio * found.its_effect * found.its_eta / each.effect
            rows.append([each.feature, _effect(speaker, each.effect), plain(max(0.0, each.eta), 2),
                         plain(abs(enough), 2)])  # fmt: skip
    return rows
