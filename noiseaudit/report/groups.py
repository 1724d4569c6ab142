"""Groups: what the report says of gaps that all share, of how colleagues differ in them, and of who stands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from noiseaudit.errors import NotIdentified
from noiseaudit.group_tables import GroupLine, group_lines, of_chance
from noiseaudit.report.figures import Block, Grid, drawn
from noiseaudit.report.gap_words import GapWords
from noiseaudit.report.group_details import discovered, intersections, professionals, rates, shown_count
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Estimate, Figure, GapSensitivity, GroupsAudit
from noiseaudit.tables import is_log

_ONE_BY_ONE = 4  # values with a sentence each; of more only those that stand out are told
_MOST_TOLD = 6


def groups_in_short(speaker: Speaker) -> list[str]:
    """For the first section: what was found, or what could have been missed."""
    told, lines = speaker.result.supplement.groups, group_lines(speaker.result)
    if told is None or not lines:
        return []
    say, count = speaker.say, speaker.numerals.count
    said = []
    own = _own([line for line in lines if line.countable])
    lines = [line for line in lines if not line.mirrors]
    shared = [line for line in lines if line.systemic is not None]
    clear = [line for line in shared if line.clear]
    if clear:
        said.append(say(f"groups.short.shared{_kind(speaker, clear)}", n=count(len(clear)), all=count(len(shared))))
    counted = [line for line in lines if line.countable]
    tests, flags = sum(line.gaps.tests or 0 for line in counted), sum(line.note.flags or 0 for line in counted)
    if flags:
        expected = _expected(speaker, told, flags)
        said.append(say("groups.short.flags", flags=count(flags), tests=count(tests), expected=expected))
    elif tests:
        said.append(" ".join([say("groups.short.none"), *_missed(speaker, own, "groups.short.missed")]))
    elif sum(line.gaps.tests or 0 for line in lines):
        said.append(say("groups.short.withheld"))
    else:
        said.append(say("groups.short.too_few"))
    return [*said, say("groups.no_proof")] if clear or flags else said


def group_section(speaker: Speaker) -> list[Block]:
    """The section; empty where no group was asked for."""
    told, lines = speaker.result.supplement.groups, group_lines(speaker.result)
    if told is None or not (lines or told.not_analysed or told.discovery is not None):
        return []
    say = speaker.say
    blocks: list[Block] = [say(f"groups.intro_{'log' if is_log(speaker.result) else 'panel'}")]
    blocks += [say("groups.legal_basis", name=name, basis=basis) for name, basis in told.legal_basis.items()]
    if lines:
        blocks += [_forest(speaker, lines), *_shared(speaker, lines), *_differences(speaker, lines)]
        blocks += _flags(speaker, told, lines)
        blocks += [*_sensitivity(speaker, [line for line in lines if not line.mirrors]), *professionals(speaker, lines)]
    blocks += [*intersections(speaker, told), *discovered(speaker, told), *rates(speaker, told)]
    return [*blocks, *_not_analysed(speaker, told)]


def _kind(speaker: Speaker, lines: Sequence[GroupLine]) -> str:
    """The end of a key: relations in a panel are about the same cases."""
    if any(line.is_ratio for line in lines):
        return "_rate"
    return "_same" if _on_same(speaker, lines) else GapWords(speaker).yes_no


def _on_same(speaker: Speaker, lines: Sequence[GroupLine]) -> bool:
    return not is_log(speaker.result) and all(line.gaps.relation for line in lines)


def _expected(speaker: Speaker, told: GroupsAudit, flags: int) -> str:
    """How many of the flags chance accounts for, on average."""
    chance = of_chance(told, flags)
    return speaker.say("groups.short.few_flags") if chance < 1 else speaker.numerals.plain(chance, 1)


def _forest(speaker: Speaker, lines: Sequence[GroupLine]) -> Block:
    """The chart of all values, and its numbers; its title counts what mirrors another value once."""
    say, words, count = speaker.say, GapWords(speaker), speaker.numerals.count
    once = [line for line in lines if not line.mirrors]
    shared = [line for line in once if line.systemic is not None]
    clear = [line for line in shared if line.clear]
    differing = [line for line in once if line.differs]
    if len(clear) == 1:
        title = say("groups.chart_one", group=words.group(clear[0]))
    elif shared:
        key = "shared" if clear else "none" if len(shared) > 1 else "none_one"
        title = say(f"groups.chart_{key}", n=count(len(clear)), all=count(len(shared)))
    elif differing:
        title = say("groups.chart_differ", n=count(len(differing)), all=count(len(once)))
    else:
        title = say(f"groups.chart_{'alike' if any(line.gaps.tests for line in lines) else 'too_few'}")
    names = ("name", "value", "decisions", "shared", "interval", "q", "raw", "spread", "spread_interval", "tested",
             "too_few", "flags", "missed")  # fmt: skip
    head = [say(f"groups.column.{name}", confidence=speaker.confidence) for name in names]
    return drawn(speaker, "groups", title, subtitle=say("groups.chart_sub"), head=head,
                 rows=[_row(speaker, line) for line in lines], description=say("groups.description"))  # fmt: skip


def _row(speaker: Speaker, line: GroupLine) -> list[str]:
    words, plain = GapWords(speaker), speaker.numerals.plain
    value = words.value(line.gaps.value) if line.gaps.group else speaker.say("groups.holds")
    if line.note.hidden is not None:
        return [line.name, value, speaker.say("groups.hidden"), *[""] * 10]
    gap, interval = words.shared_cells(line)
    raw = line.gaps.raw_gap
    spread, spread_interval = words.spread(line)
    counts = [shown_count(speaker, n) for n in (line.gaps.tests, line.gaps.too_few)]
    flags = shown_count(speaker, line.note.flags if line.countable else None) if line.gaps.tests != 0 else ""
    return [
        line.name, value, "" if line.note.decisions is None else plain(line.note.decisions),
        gap, interval, "" if line.q is None else speaker.numerals.p_value(line.q),
        words.cells(raw)[0] if isinstance(raw, Figure) else "", spread, spread_interval,
        *counts, flags,
        "" if line.note.smallest_detectable is None else words.size(line.note.smallest_detectable),
    ]  # fmt: skip


def _shared(speaker: Speaker, lines: Sequence[GroupLine]) -> Iterator[Block]:
    """Gaps that all share, one by one where there are few; then what these data cannot tell."""
    say, words, count = speaker.say, GapWords(speaker), speaker.numerals.count
    shared = [line for line in lines if line.systemic is not None and not line.mirrors]
    told = shared if len(shared) <= _ONE_BY_ONE else [line for line in shared if line.clear][:_MOST_TOLD]
    comparisons = sum(line.q is not None for line in shared)
    yield from (_one_gap(speaker, line, comparisons) for line in told)
    rest = [line for line in shared if line not in told]
    missed = [line.missed for line in rest if line.missed]
    if rest and not any(line.clear for line in rest):
        first = say("groups.rest" if told else "groups.nothing", n=count(len(rest)))
        yield " ".join([first, *_missed(speaker, missed, "groups.missed", factors=rest[0].is_ratio)])
    elif rest:
        yield say("groups.more_groups", n=count(len(rest)))
    same = [line for line in lines if _same_cases(line)]
    if same:
        yield say("groups.same_cases")
    careful = [say("groups.cases_too")] if is_log(speaker.result) and shared else []
    raw = [line for line in lines if isinstance(line.gaps.raw_gap, Figure) and line.note.hidden is None]
    if same_raw := [line for line in raw if _on_same(speaker, [line])]:
        careful.append(say("groups.raw_same", groups=words.groups(same_raw)))
    if len(same_raw) < len(raw):
        careful.append(say("groups.raw"))
    if careful:
        yield " ".join(careful)
    unknown = [line for line in lines if line.systemic is None and line.note.hidden is None and not _same_cases(line)]
    yield from (_unknown(words, line) for line in unknown[:_MOST_TOLD])
    hidden = [line for line in lines if line.note.hidden is not None]
    if hidden:
        yield say(
            "groups.hidden_sentence", groups=words.groups(hidden), because=words.because(hidden[0].note.hidden or "")
        )


def _same_cases(line: GroupLine) -> bool:
    gap = line.gaps.systemic_gap
    return isinstance(gap, NotIdentified) and gap.reason == "same_cases" and line.note.hidden is None


def _unknown(words: GapWords, line: GroupLine) -> str:
    gap = line.gaps.systemic_gap
    because = gap.because if isinstance(gap, NotIdentified) else ""
    return words.speaker.say("groups.gap_unknown", group=words.group(line), because=because)


def _one_gap(speaker: Speaker, line: GroupLine, comparisons: int) -> str:
    """`Cases in the group “A” got €40 less …`, and whether that can be chance."""
    say, words, gap = speaker.say, GapWords(speaker), line.systemic
    if gap is None:
        return ""
    same = _on_same(speaker, [line])
    key = f"groups.{'same' if same else 'gap'}{'_rate' if line.is_ratio else words.yes_no}"
    said = [say(key, group=words.group(line), **words.shared_sentence(line, gap, same=same))]
    if line.clear:
        key = "groups.remains" if comparisons > 1 else "groups.no_chance"
        said += [say(key, n=speaker.numerals.count(comparisons)), say("groups.no_proof")]
    elif line.q is not None and not line.touches_zero:
        said.append(say("groups.corrected", n=speaker.numerals.count(comparisons)))
    elif line.missed:
        size = words.factor(line.missed) if line.is_ratio else words.size(line.missed)
        said += [say("groups.chance"), say("groups.missed", size=size)]
    return " ".join(said)


def _differences(speaker: Speaker, lines: Sequence[GroupLine]) -> Iterator[Block]:
    """How colleagues differ in their gaps, before anything about single ones."""
    say, words = speaker.say, GapWords(speaker)
    shown = [line for line in lines if line.note.hidden is None and not line.mirrors]
    differing = [line for line in shown if line.differs]
    if len(differing) <= _ONE_BY_ONE:
        keys = ("groups.spread_same" if _on_same(speaker, [line]) else "groups.spread" for line in differing)
        told = [
            say(key, group=words.group(line), **_sized(words, line)) for key, line in zip(keys, differing, strict=True)
        ]
        yield from [" ".join(told)] if told else []
    else:
        most = max(differing, key=_spread_of)
        counts = {"n": speaker.numerals.count(len(differing)), "all": speaker.numerals.count(len(shown))}
        yield say("groups.spread_many", group=words.group(most), **_sized(words, most), **counts)
    unknown: dict[str, list[GroupLine]] = {}
    for line in shown:
        if isinstance(line.gaps.heterogeneity, NotIdentified):
            unknown.setdefault(line.gaps.heterogeneity.because, []).append(line)
    for because, there in unknown.items():
        yield say("groups.spread_unknown", groups=words.groups(there), because=because)
    alike = [line for line in shown if isinstance(line.gaps.heterogeneity, Estimate) and not line.differs]
    if alike:
        yield say("groups.alike", groups=words.groups(alike))


def _spread_of(line: GroupLine) -> float:
    found = line.gaps.heterogeneity
    return found.variance if isinstance(found, Estimate) else 0.0


def _sized(words: GapWords, line: GroupLine) -> dict[str, str]:
    value, ends = words.spread(line)
    bracket = words.speaker.say("phrase.interval", confidence=words.speaker.confidence, interval=ends)
    return {"size": value, "interval": f" {bracket}" if ends else ""}


def _flags(speaker: Speaker, told: GroupsAudit, lines: Sequence[GroupLine]) -> Iterator[Block]:
    """How many stand out, how many chance gives, who could not be told, and what would have been missed."""
    say, count = speaker.say, speaker.numerals.count
    own = _own(lines)
    lines = [line for line in lines if not line.mirrors]
    counted = [line for line in lines if line.countable]
    tests, flags = sum(line.gaps.tests or 0 for line in counted), sum(line.note.flags or 0 for line in counted)
    if flags:
        words = {"expected": _expected(speaker, told, flags), "share": speaker.numerals.percent(told.fdr)}
        found = say("groups.flags", flags=count(flags), tests=count(tests), **words)
        higher = count(sum(line.note.higher or 0 for line in counted))
        found += f" {say('groups.direction', higher=higher, flags=count(flags))}"
        yield f"{found} {say('groups.what_flag')} {say('groups.no_proof')}"
        related = any(line.note.flags for line in counted if line.gaps.relation)
        yield " ".join([_cause(speaker), *([say("groups.cause_relation")] if related else [])])
    elif tests:
        yield say("groups.no_flags", tests=count(tests))
    for line in counted:
        if line.note.differences and line.note.clear_differences is not None:
            n, tests = line.note.clear_differences, line.note.differences
            yield say("groups.differences", group=GapWords(speaker).group(line), n=count(n), all=count(tests))
    review = sum(line.note.review or 0 for line in counted)
    if review:
        yield say("groups.review", n=count(review))
    if withheld := [line for line in lines if not line.countable and line.gaps.tests != 0 and not line.note.hidden]:
        yield say("groups.withheld", groups=GapWords(speaker).groups(withheld))
    few = sum(line.gaps.too_few or 0 for line in lines if line.note.hidden is None)
    unseen = _missed(speaker, own, "groups.missed_own")
    if few:
        every = few + sum(line.gaps.tests or 0 for line in lines if line.note.hidden is None)
        unseen.append(say("groups.too_few" if few < every else "groups.too_few_all", n=count(few), all=count(every)))
    if unseen:
        yield " ".join(unseen)


def _own(lines: Sequence[GroupLine]) -> list[float]:
    """The smallest own gap that could have been detected, of each group that has one."""
    return [line.note.smallest_detectable for line in lines if line.note.smallest_detectable and not line.note.hidden]


def _missed(speaker: Speaker, sizes: Sequence[float], key: str, *, factors: bool = False) -> list[str]:
    """What would have been missed, from the best to the worst group. factors: sizes are logarithms of ratios."""
    if not sizes:
        return []
    words = GapWords(speaker)
    low, high = (words.factor(size) if factors else words.size(size) for size in (min(sizes), max(sizes)))
    return [speaker.say(key, size=low) if low == high else speaker.say(f"{key}_range", low=low, high=high)]


def _cause(speaker: Speaker) -> str:
    """Whether an own gap can come from the cases: not where they are the same, or were dealt out by lot."""
    if not is_log(speaker.result):
        return speaker.say("groups.cause_same")
    by_lot = isinstance(speaker, LogSpeaker) and speaker.by_lot
    return speaker.say("groups.cause_lot" if by_lot else "groups.cause_open")


def _sensitivity(speaker: Speaker, lines: Sequence[GroupLine]) -> Iterator[Block]:
    """How strong a difference that is not in the data would have to be, for the clearest flag of each group."""
    say, words, plain = speaker.say, GapWords(speaker), speaker.numerals.plain
    for line in lines:
        found = line.note.sensitivity
        if not isinstance(found, GapSensitivity) or not line.countable or not line.note.flags:
            continue
        said = [say("groups.sensitivity", group=words.group(line), shift=words.size(found.shift))]
        if found.ratio is not None and found.strongest is not None:
            ratio = plain(found.ratio, 1 if found.ratio < 10 else 0)
            said.append(say("groups.sensitivity_ratio", ratio=ratio, feature=f"“{found.strongest}”"))
        if found.e_value is not None:
            said.append(say("groups.e_value", value=plain(found.e_value, 1)))
        yield " ".join(said)


def _not_analysed(speaker: Speaker, told: GroupsAudit) -> list[Block]:
    if not told.not_analysed:
        return []
    words = GapWords(speaker)
    head = [speaker.say("groups.column.name"), speaker.say("log.compared.column_why")]
    rows = [[name, words.because(code)] for name, code in told.not_analysed.items()]
    return [Grid(speaker.say("groups.not_analysed"), head, rows)]
