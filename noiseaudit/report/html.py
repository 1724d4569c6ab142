"""The report as one self-contained HTML page: no script, no network, no rows."""

from __future__ import annotations

import math
from typing import Any

import jinja2

from noiseaudit.errors import NotIdentified
from noiseaudit.formatting import decimals_for, json_text, printable
from noiseaudit.report.assurance import estimator_sentences, glossary, sure_sentences
from noiseaudit.report.figures import Block, Chart, drawn
from noiseaudit.report.groups import group_section, groups_in_short
from noiseaudit.report.log_sections import individuals_notes, log_sections, offices
from noiseaudit.report.log_sentences import LogSpeaker, speaker_of
from noiseaudit.report.rates import RateSpeaker
from noiseaudit.report.sentences import Speaker, nobody_differed, told
from noiseaudit.result import Audience, AuditResult, DifferenceDistribution, Estimate, Figure, Individuals
from noiseaudit.result.exchange import without_people
from noiseaudit.result.readers import for_readers
from noiseaudit.tables import (
    FEWEST_FOR_POINTS,
    averaging,
    bar_parts,
    noise_parts,
    precision_bands,
    whole_steps,
)

PANEL = ("short", "audited", "lottery", "parts", "individuals", "groups", "offices", "helps", "sure", "method")
LOG = ("short", "audited", "compared", "pairs", "parts", "rates", "weigh", "assignment", "individuals", "groups",
       "offices", "time", "second", "helps", "sure", "method")  # fmt: skip
_LARGEST_COPY = 400_000  # letters, so that the page stays under 1 MB whatever the size of the log
_EMPTY = 0.0005  # a share that prints as 0.0%


def render_html(
    result: AuditResult, *, language: str = "en", audience: Audience = "public", key: bytes | None = None
) -> str:
    """The whole page. The same result gives the same bytes."""
    copy = json_text(result.to_dict(audience, key=key), indent=1)
    result = for_readers(result, audience, key=key)
    speaker = speaker_of(result, language)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("noiseaudit", "report/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    order, sections = (LOG, _log(speaker)) if isinstance(speaker, LogSpeaker) else (PANEL, _panel(speaker))
    fixed = ("short", "audited", "sure", "method")  # every result has these
    sections["groups"] = group_section(speaker)
    page = environment.get_template("page.html").render(
        say=speaker.say,
        language=language,
        result=result,
        speaker=speaker,
        told=told,
        sections=[name for name in order if name in fixed or sections.get(name)],
        blocks=sections,
        title=speaker.say("report.title", name=result.input.name),
        about_groups=groups_in_short(speaker),
        audited=_audited(speaker),
        sure=sure_sentences(speaker),
        settings=_settings(result),
        estimator=estimator_sentences(speaker),
        glossary=glossary(speaker),
        copy=copy if len(copy) <= _LARGEST_COPY else "",
        audience=audience,
    )
    return printable(page if page.endswith("\n") else page + "\n")


def _panel(speaker: Speaker) -> dict[str, list[Block]]:
    """The sections of a panel as sentences and charts."""
    say, planning, book = speaker.say, _planning(speaker), _book(speaker)
    averaged: list[Block] = [say("helps.intro"), planning] if planning else []
    return {
        "lottery": [say("lottery.intro"), " ".join(speaker.headline()), _lottery(speaker), *_lottery_notes(speaker)],
        "parts": [say(f"parts.intro{'_categories' if speaker.categorical else ''}"), _parts(speaker),
                  *([book] if book else [])],
        "individuals": [*_individuals(speaker), *_funnel(speaker)],
        "offices": offices(speaker),
        "helps": [*averaged, *_planning_notes(speaker)],
    }  # fmt: skip


def _log(speaker: LogSpeaker) -> dict[str, list[Block]]:
    """The sections of a log; individuals as in a panel, with what a log adds to be careful about."""
    sections = log_sections(speaker)
    if speaker.log is not None:
        sections["individuals"] = [*_individuals(speaker), *_funnel(speaker), *individuals_notes(speaker, speaker.log)]
    return sections


def _audited(speaker: Speaker) -> list[tuple[str, str]]:
    say, result, plain = speaker.say, speaker.result, speaker.numerals.plain
    source, design = result.input, result.design
    rows = say(
        "audited.rows_text",
        read=plain(source.rows_read),
        used=plain(source.rows_used),
        excluded=plain(source.rows_read - source.rows_used),
    )
    facts = [(say("audited.file"), source.name), (say("audited.rows"), rows)]
    if isinstance(speaker, LogSpeaker):
        kind = say("log.audited.kind_text")
        if isinstance(speaker, RateSpeaker):
            kind = say("rates.kind_text", column=speaker.exposure)
        facts.insert(1, (say("log.audited.kind"), kind))
    if result.supplement.period is not None:
        first, last = map(speaker.numerals.day, result.supplement.period)
        facts.append((say("audited.period"), say("audited.period_text", first=first, last=last)))
    facts += [(say("audited.excluded"), f"{plain(part.n)}: {part.reason}") for part in source.rows_excluded]
    facts += [
        (say("audited.professionals"), plain(design.judges)),
        (say("audited.cases"), plain(design.cases)),
        *_decided(speaker),
        (say("audited.scale"), say(f"audited.scale_{design.scale}")),
        (
            say("audited.columns"),
            "; ".join(f"{_role(speaker, role)}: {_joined(column)}" for role, column in design.roles.items()),
        ),
        (say("audited.reading"), _reading(speaker)),
    ]
    return facts


def _decided(speaker: Speaker) -> list[tuple[str, str]]:
    """How many decisions there are, and on how many shared cases; counts of events share nothing."""
    say, design, plain, count = speaker.say, speaker.result.design, speaker.numerals.plain, speaker.numerals.count
    if isinstance(speaker, RateSpeaker):
        return [(say("rates.counts"), plain(design.decisions))]
    shared = plain(speaker.result.supplement.cases_informative)
    return [
        (say("audited.decisions"), plain(design.decisions)),
        (say("audited.overlap"), say("audited.overlap_text", shared=shared, cases=count(design.cases))),
        (say("audited.repeats"), say("audited.repeats_text", n=count(design.replicated_cells))),
    ]


def _role(speaker: Speaker, role: str) -> str:
    """The reader's word for a role: professional for judge."""
    return speaker.say(f"audited.role_{role}") if f"audited.role_{role}" in speaker.say else role


def _joined(column: object) -> str:
    return ", ".join(map(str, column)) if isinstance(column, list | tuple) else str(column)


def _reading(speaker: Speaker) -> str:
    reading = speaker.result.settings.get("reading") or {}
    if not reading:
        return speaker.say("audited.reading_typed")
    shown = {key: speaker.say("audited.tab") if value == "\t" else _joined(value) for key, value in reading.items()}
    return "; ".join(speaker.say(f"audited.reading_{key}", value=value) for key, value in shown.items())


def _lottery(speaker: Speaker) -> Chart:
    say, result = speaker.say, speaker.result
    chance, mean, spread = (
        result.lottery.disagreement,
        result.lottery.mean_difference,
        result.supplement.differences,
    )
    cases = speaker.numerals.count(result.supplement.cases_informative)
    if speaker.categorical and isinstance(chance, Figure):
        value, bracket = speaker.figure(chance)
        return drawn(
            speaker,
            "lottery",
            _chance_title(speaker, chance.value),
            subtitle=say("lottery.sub_categories", cases=cases),
            head=["", ""],
            rows=[[say("lottery.row_disagree"), f"{value} {bracket}"]],
        )
    if isinstance(mean, Figure) and isinstance(spread, DifferenceDistribution):
        value, bracket = speaker.figure(mean)
        head, rows = _difference_rows(speaker, spread, mean)
        digits = 0 if whole_steps(spread) else decimals_for(mean.value, mean.interval)
        median = speaker.numerals.amount(spread.median, mean.unit, digits)
        return drawn(
            speaker,
            "lottery",
            say("lottery.chart_numeric", value=value),
            subtitle=say("lottery.sub_numeric", cases=cases, mean=value, interval=bracket, median=median),
            head=head,
            rows=rows,
        )
    return drawn(speaker, "lottery", say("lottery.chart_empty"))


def _difference_rows(
    speaker: Speaker, spread: DifferenceDistribution, mean: Figure
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the distribution: whole steps one by one, else from and to; the empty tail as one row."""
    say, numerals = speaker.say, speaker.numerals
    bins = list(zip(spread.edges, spread.edges[1:], spread.share, strict=False))
    kept = max((i for i, (_, _, share) in enumerate(bins) if share >= _EMPTY), default=-1) + 1
    if len(bins) > kept + 1:
        bins[kept:] = [(bins[kept][0], bins[-1][1], sum(share for _, _, share in bins[kept:]))]
    shares = [numerals.plain(100 * share, 1) + "%" for _, _, share in bins]
    if whole_steps(spread):
        ends = [(numerals.plain(round(low + 0.5)), numerals.plain(round(high - 0.5))) for low, high, _ in bins]
        steps = [low if low == high else f"{low} {say('phrase.to')} {high}" for low, high in ends]
        return [say("lottery.column_difference"), say("lottery.column_share")], [
            [step, share] for step, share in zip(steps, shares, strict=True)
        ]
    digits = decimals_for(mean.value, mean.interval)
    head = [say("lottery.column_from"), say("lottery.column_to"), say("lottery.column_share")]
    return head, [
        [numerals.amount(low, mean.unit, digits), numerals.amount(high, mean.unit, digits), share]
        for (low, high, _), share in zip(bins, shares, strict=True)
    ]


def _chance_title(speaker: Speaker, chance: float) -> str:
    """`In 7 of 100 cases …`; never `in 0 of 100` where the chance is not 0."""
    if chance <= 0 and not nobody_differed(speaker.result):
        return speaker.say("lottery.chart_unclear")
    if 0 < chance < 0.005:
        return speaker.say("lottery.chart_rare")
    return speaker.say("lottery.chart_categories", n=round(100 * chance))


def _lottery_notes(speaker: Speaker) -> list[str]:
    notes = []
    index, kappa = speaker.result.lottery.noise_index, speaker.result.supplement.kappa
    if isinstance(index, Figure) and index.value > 0:
        value, bracket = speaker.figure(index)
        notes.append(speaker.say("lottery.index", value=value, interval=bracket))
    if isinstance(kappa, Figure):
        notes.append(speaker.say("lottery.kappa", value=speaker.numerals.plain(kappa.value, 2)))
    return notes


def _parts(speaker: Speaker) -> Chart:
    say, design = speaker.say, speaker.result.design
    head = [
        say("parts.column_part"),
        say("parts.column_chance" if speaker.categorical else "parts.column_sd"),
        say(
            "parts.column_chance_interval" if speaker.categorical else "parts.column_sd_interval",
            confidence=speaker.confidence,
        ),
        say("parts.column_share"),
        say("parts.column_share_interval", confidence=speaker.confidence),
    ]
    rows = []
    for part in noise_parts(speaker.result):
        row = speaker.part_row(part)
        rows.append([row["name"], row["value"], row["interval"], row["share"], row["share_interval"]])
    leading, title = speaker.leading(), say("parts.chart_only")
    if leading and leading.estimate and leading.estimate.share is not None:
        share, name = speaker.numerals.percent(min(1.0, leading.estimate.share)), say(f"part.{leading.name}")
        estimates = leading.name in ("stable_pattern", "occasion")  # which of these two is larger has no interval
        kind = "unsure" if not speaker.largest() else "by_estimates" if estimates else "largest"
        name = name[0].lower() + name[1:] if kind == "unsure" else name
        title = say(f"parts.chart_{kind}", part=name, share=share, whole=speaker.whole)
    subtitle = say(
        "parts.sub",
        judges=speaker.numerals.count(speaker.result.supplement.judges_informative),
        cases=speaker.numerals.count(speaker.result.supplement.cases_informative),
        estimator=say(f"method.estimator_{design.estimator}"),
    )
    return drawn(speaker, "decomposition", title, subtitle=subtitle, head=head, rows=rows)


def _book(speaker: Speaker) -> str | None:
    book = speaker.result.book
    if isinstance(book, NotIdentified) or speaker.categorical:
        return None
    texts = {}
    for name in ("system", "level", "pattern"):
        component = getattr(book, name)
        if not isinstance(component, Estimate):
            return None
        texts[name] = speaker.numerals.amount(component.sd, speaker.unit, decimals_for(component.sd, None))
    return speaker.say("parts.book", **texts)


def _funnel(speaker: Speaker) -> list[Block]:
    """The funnel and how to read it; nothing below ten professionals."""
    say, bands = speaker.say, precision_bands(speaker.result)
    counts = speaker.result.supplement.individuals
    if not bands or not isinstance(counts, Individuals):
        return []
    plain = speaker.numerals.plain
    head = [
        say("individuals.column_cells"),
        say("individuals.column_judges"),
        say("individuals.column_95"),
        say("individuals.column_998"),
    ]
    rows = [
        [
            " ".join(
                [plain(band.cells[0]), *([say("phrase.to"), plain(band.cells[1])] if len(set(band.cells)) > 1 else [])]
            ),
            plain(band.judges),
            plain(band.outside_95),
            plain(band.outside_998),
        ]
        for band in bands
    ]
    count = speaker.numerals.count
    title = say("individuals.chart", outside=count(counts.outside_998), judged=count(counts.judged))
    chart = drawn(speaker, "funnel", title, subtitle=say("individuals.sub"), head=head, rows=rows)
    return [chart, f"{say('individuals.intro')} {say('individuals.no_rank')}"]


def _individuals(speaker: Speaker) -> list[str]:
    say, counts, count = speaker.say, speaker.result.supplement.individuals, speaker.numerals.count
    if isinstance(counts, NotIdentified):
        return [say("individuals.unknown", because=counts.because)]
    if counts.judged < FEWEST_FOR_POINTS:
        return [say("individuals.hidden")]
    if not speaker.result.judges:
        return [say("individuals.withheld")]
    far, near = speaker.by_chance(counts.expected_998), speaker.by_chance(counts.expected_95)
    return [
        say("individuals.sentence", outside=count(counts.outside_998), judged=count(counts.judged), expected=far),
        say("individuals.sentence_narrow", outside=count(counts.outside_95), expected=near),
        say("individuals.overdispersed", outside=count(counts.outside_998_overdispersed), expected=far),
    ]


def _planning(speaker: Speaker) -> Chart | None:
    say, rows = speaker.say, averaging(speaker.result)
    if speaker.categorical:
        return None
    if not rows:
        return drawn(speaker, "planning", say("helps.chart_empty"))
    percent = speaker.numerals.percent
    system = speaker.result.noise.system
    digits = decimals_for(rows[0].sd, system.sd_interval if isinstance(system, Estimate) else None)
    unit = speaker.unit
    table = [
        [
            speaker.numerals.plain(row.professionals),
            speaker.numerals.amount(row.sd, unit, digits),
            percent(row.saved),
        ]
        for row in rows
    ]
    title = say("helps.chart", two=percent(rows[1].saved), four=percent(rows[3].saved))
    head = [say("helps.column_k"), say("helps.column_sd"), say("helps.column_saved")]
    return drawn(speaker, "planning", title, subtitle=say("helps.sub"), head=head, rows=table)


def _planning_notes(speaker: Speaker) -> list[str]:
    kind, notes = "_categories" if speaker.categorical else "", []
    if speaker.categorical and bar_parts(speaker.result):
        notes.append(speaker.say("helps.categories"))
    again = speaker.second_look_sentence()
    if again:
        notes.append(again)
    level = speaker.result.noise.level
    if isinstance(level, Estimate) and level.share is not None and level.variance > 0:
        share = speaker.numerals.percent(min(1.0, level.share))
        saved = speaker.numerals.percent(1 - math.sqrt(max(0.0, 1 - level.share)))
        notes.append(speaker.say(f"helps.levelling{kind}", share=share, saved=saved))
    return notes


def _settings(result: AuditResult) -> list[tuple[str, str]]:
    shown: list[tuple[str, str]] = []
    for key, value in without_people(result.settings).items():
        text: Any = value
        if value in (None, [], (), {}, "auto"):
            continue
        if isinstance(value, dict):
            text = "; ".join(f"{k} = {_joined(v)}" for k, v in value.items())
        elif isinstance(value, list | tuple):
            text = _joined(value)
        shown.append((key, str(text).replace("\t", "tab")))
    return shown
