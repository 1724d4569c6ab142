"""What `inspect` shows: text for a person, JSON for a program, CSV of the problems for whoever mends the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict

from noiseaudit.errors import Problem
from noiseaudit.formatting import Numerals, json_text, printable
from noiseaudit.inspection import Inspection
from noiseaudit.language import Catalogue, catalogue
from noiseaudit.reading.grounds import Ground, recognised
from noiseaudit.report.plain_tables import spreadsheet_safe
from noiseaudit.result import Finding

FORMATS = ("text", "json", "csv")


def render_inspection(found: Inspection, form: str, *, language: str = "en") -> str:
    """The inspection as text, json or csv."""
    if form == "json":
        return json_text(_plain(found)) + "\n"
    if form == "csv":
        return _problems_csv(found)
    return printable("\n".join(_lines(found, catalogue(language), Numerals(language))) + "\n")


def _plain(found: Inspection) -> dict[str, object]:
    return {
        "schema": "noiseaudit/inspection",
        "schema_version": "1.0",
        "name": found.name,
        "kind": found.kind,
        "rows": found.rows,
        "columns": [asdict(column) for column in found.columns],
        "reading": _jsonable(found.reading),
        "evidence": dict(found.evidence),
        "roles": _jsonable(found.roles),
        "proposals": [asdict(proposal) for proposal in found.proposals],
        "scale": found.scale,
        "account": None if found.account is None else asdict(found.account),
        "problems": [problem.to_dict() for problem in found.problems],
        "findings": [{k: getattr(f, k) for k in ("code", "severity", "what", "why", "do")} for f in found.findings],
        "design": None if found.overlap is None else asdict(found.overlap),
    }


def _jsonable(settings: object) -> object:
    if isinstance(settings, dict):
        return {str(key): _jsonable(value) for key, value in settings.items()}
    return [_jsonable(value) for value in settings] if isinstance(settings, list | tuple) else settings


def _problems_csv(found: Inspection) -> str:
    """One line a place: code, severity, column, file row, Excel row, what, do."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["code", "severity", "file", "column", "file_row", "excel_row", "what", "do"])
    for problem in found.problems:
        for file, column, row, excel in _places(problem):
            cells = [problem.code, "error", file, column, row, excel, problem.what, problem.do]
            writer.writerow([spreadsheet_safe(cell) for cell in cells])
    for said in found.findings:
        cells = [said.code, said.severity, "", "", "", "", said.what, said.do]
        writer.writerow([spreadsheet_safe(cell) for cell in cells])
    return out.getvalue()


def _places(problem: Problem) -> list[tuple[str, str, int | str, int | str]]:
    column = problem.column or ""
    if not problem.places:
        return [("", column, "", "")]
    return [(p.file or "", p.column or column, p.row, "" if p.excel is None else p.excel) for p in problem.places]


def _lines(found: Inspection, say: Catalogue, numerals: Numerals) -> Iterator[str]:
    plain = numerals.plain
    yield say("inspect.head", name=found.name, rows=plain(found.rows), columns=plain(len(found.columns)))
    if found.reading:
        yield say("inspect.reading")
        width = max(map(len, found.reading))
        for key, value in found.reading.items():
            because = f"  ({found.evidence[key]})" if key in found.evidence else ""
            yield f"  {key.replace('_', ' '):<{width}}  {'tab' if value == chr(9) else value}{because}"
    if found.columns:
        yield say("inspect.columns")
        width = max(len(column.name) for column in found.columns)
        for column in found.columns:
            counts = say("inspect.column", filled=plain(column.filled), distinct=plain(column.distinct))
            ground = next(iter(recognised(column.name)), None)
            told = "" if ground is None else "  " + say(f"inspect.ground_{_kind(ground)}", ground=ground.name)
            yield f"  {column.name:<{width}}  {say('inspect.kind_' + column.kind):<6}  {counts}{told}"
    if found.roles:
        yield say("inspect.roles")
        why = {proposal.role: proposal.why for proposal in found.proposals}
        for role, name in found.roles.items():
            shown = ", ".join(map(str, name)) if isinstance(name, list | tuple) else str(name)
            yield f"  {role} = {shown}" + (f"  ({say('inspect.assumed')}: {why[role]})" if role in why else "")
    if found.scale:
        yield "  " + say("inspect.scale", scale=say(f"audited.scale_{found.scale}"))
    if found.account is not None:
        yield say("inspect.account", read=plain(found.account.rows_read), used=plain(found.account.rows_used))
        yield from (f"  {plain(part.n)}: {part.reason}" for part in found.account.rows_excluded)
    yield from _design(found, say, numerals)
    said = [f for f in found.findings if f.code not in ("roles_assumed",)]
    if said:
        yield say("inspect.notes")
        yield from (_note(f, say) for f in said)
    yield say("inspect.problems" if found.problems else "inspect.no_problems")
    yield from (f"  {problem}" for problem in found.problems)


def _kind(ground: Ground) -> str:
    return "special" if ground.gdpr else "proxy" if ground.of else "plain"


def _note(said: Finding, say: Catalogue) -> str:
    return f"  {said.code} {say(f'report.severity_{said.severity}')}: {said.what} {said.do}".rstrip()


def _design(found: Inspection, say: Catalogue, numerals: Numerals) -> Iterator[str]:
    """Who overlaps with whom, which parts can be told apart, and what to add for the rest."""
    if found.overlap is None:
        return
    plain, overlap = numerals.plain, found.overlap
    counts, pairs = overlap.counts, overlap.pairs
    one, two, more = counts.cases_by_judges
    yield say("inspect.design")
    yield "  " + say("inspect.counts", judges=plain(counts.judges), cases=plain(counts.cases),
                     decisions=plain(counts.decisions))  # fmt: skip
    yield "  " + say("inspect.cases_by_judges", one=plain(one), two=plain(two), more=plain(more))
    yield "  " + say("inspect.repeats", cells=plain(counts.replicated_cells), judges=plain(counts.judges_repeating))
    yield "  " + say("inspect.blocks", n=plain(overlap.blocks.number), alone=plain(overlap.blocks.judges_alone))
    yield "  " + say("inspect.pairs", none=plain(pairs.share_0), few=plain(pairs.share_1_4),
                     some=plain(pairs.share_5_19), many=plain(pairs.share_20))  # fmt: skip
    if pairs.colleagues is not None:
        low, middle, high = (plain(float(n)) for n in pairs.colleagues)
        yield "  " + say("inspect.colleagues", low=low, middle=middle, high=high)
    if overlap.hinges.judges_on_one_case:
        yield "  " + say("inspect.hinges", n=plain(overlap.hinges.judges_on_one_case))
    yield say("inspect.parts")
    for part in overlap.parts:
        key = "inspect.possible" if part.interval else "inspect.no_interval" if part.possible else "inspect.impossible"
        because = say(f"reason.{part.reason}") if part.reason else ""
        yield "  " + say(key, part=say(f"part.{part.part}"), because=because)
    if overlap.advice:
        yield say("inspect.advice")
    for advice in overlap.advice:
        numbers = {name: plain(n) for name, n in advice.values.items()}
        yield f"  {say(advice.key + '.do', **numbers)} {say(advice.key + '.why', **numbers)}"
