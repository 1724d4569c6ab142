"""Delimiter, header and what stands above it: proposed from the head of a file, with the evidence for each."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from noiseaudit.design import AuditDesign
from noiseaudit.errors import CallError

DELIMITERS = (";", ",", "\t", "|")
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_HEAD_LINES = 400
_DEEPEST_HEADER = 60
_NUMBER_OR_DATE = re.compile(r"[-+−]?[€$£]? ?[0-9][0-9.,:/ T+Z-]*%?")


@dataclass(frozen=True)
class Dialect:
    """How the text is cut. header_line: 1-based line where the header begins; quoted_above: a quote stands above it.

    announced: the file began with a line such as `sep=;`, which Excel does not show. evidence: in plain words.
    """

    delimiter: str
    header: tuple[str, ...]
    header_line: int
    quoted_above: bool
    announced: bool
    evidence: dict[str, str]


def find_dialect(head: str, design: AuditDesign) -> Dialect:
    """From the head of a file (whole lines). CallError for a delimiter or header row that cannot be."""
    lines = head.replace("\r\n", "\n").removesuffix("\n").split("\n")[:_HEAD_LINES] if head else []
    announced = re.fullmatch(r'"?sep=(.)"?;*', lines[0].strip(), re.IGNORECASE) if lines else None
    body = lines[1:] if announced else lines
    delimiter, why = _delimiter(body, design, announced.group(1) if announced else None)
    records = _records("\n".join(body), delimiter)
    offset = 1 if announced else 0
    if design.header_row != "auto":
        wanted = int(design.header_row)
        index = next((i for i, record in enumerate(records) if record.line + offset == wanted), None)
        if index is None:
            raise CallError("wrong_setting", f"there is no row {wanted} to be the header")
        reason = "it was asked for"
    else:
        index, reason = find_header([record.fields for record in records])
    if not records:
        return Dialect(delimiter, (), 1, False, bool(announced), {"delimiter": why})
    chosen = records[index]
    header = tuple(" ".join(name.split()) for name in chosen.fields)
    return Dialect(
        delimiter,
        header,
        chosen.line + offset,
        any('"' in line for line in lines[: chosen.line + offset - 1]),
        bool(announced),
        {"delimiter": why, "header_row": reason},
    )


@dataclass(frozen=True)
class _Record:
    """Fields of a record, and its first line."""

    fields: list[str]
    line: int


def _records(text: str, delimiter: str) -> list[_Record]:
    """Records of the head, empty lines left out; the last may be cut off."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    records, last = [], 0
    try:
        for fields in reader:
            if fields:
                records.append(_Record(fields, last + 1))
            last = reader.line_num
    except csv.Error:  # a field longer than the module's limit: what came before is enough
        pass
    return records


def _delimiter(lines: list[str], design: AuditDesign, announced: str | None) -> tuple[str, str]:
    if design.delimiter != "auto":
        delimiter = NAMED.get(design.delimiter, design.delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            raise CallError("wrong_setting", f"the delimiter is one plain character, not {design.delimiter!r}")
        return delimiter, "it was asked for"
    if announced is not None and announced.isascii() and announced not in '"\r\n':
        return announced, f"the first line says sep={announced}"
    ways = [lines, _whole(lines)]  # the second goes wrong after a quote that is never closed, the first over line ends
    scores = {mark: max(_regularity(rows, mark) for rows in ways) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: scores[mark])
    _, _, width, often, filled = scores[best]
    if width < 2:
        return best, "no line holds a delimiter: there is one column"
    return best, f"it cuts {often} of the first {filled} lines into {width} fields"


def _whole(lines: list[str]) -> list[str]:
    """Lines, with those that run on inside quotes as one."""
    rows, held = [], ""
    for line in lines:
        held += line
        if held.count('"') % 2 == 0:
            rows.append(held)
            held = ""
    return [*rows, held]


def _regularity(lines: list[str], delimiter: str) -> tuple[float, bool, int, int, int]:
    """(share of lines with the commonest number of fields, whether the first has it, the number, its lines, all)."""
    counts = [fields_of(line, delimiter) for line in lines if line.strip()]
    several = Counter(count for count in counts if count > 1)
    if not several:
        return (0.0, False, 0, 0, len(counts))
    width, often = max(several.items(), key=lambda item: (item[1], item[0]))
    return (round(often / len(counts), 3), counts[0] == width, width, often, len(counts))


def fields_of(line: str, delimiter: str) -> int:
    """Fields of one line, counting no delimiter inside quotes."""
    return 1 + sum(part.count(delimiter) for part in line.split('"')[0::2])


def find_header(records: list[list[str]]) -> tuple[int, str]:
    """(index of the header among non-empty records, why): the fullest row of names above the first row of values."""
    if not records:
        return 0, "there is nothing"
    widths = Counter(len(record) for record in records)
    width = max(widths, key=lambda w: (widths[w], w))
    full = [i for i, record in enumerate(records) if len(record) == width]
    filled = {i: sum(bool(cell.strip()) for cell in records[i]) for i in full}
    typical = sorted(filled.values())[len(full) // 2]
    top = full[:_DEEPEST_HEADER]
    first_values = next((i for i in top if filled[i] >= max(1, typical - 1) and _has_values(records[i])), None)
    above = [i for i in top if first_values is None or i < first_values]
    if not above:
        before = records[full[0] - 1] if full[0] else []
        if sum(bool(cell.strip()) for cell in before) > 1 and not _has_values(before):
            return full[0] - 1, "it is a row of names right above the first row of values"
        return full[0], f"it is the first row with {width} fields"
    best = max(filled[i] for i in above)
    index = next(i for i in above if filled[i] == best)
    if index == 0:
        return 0, "it is the first row and holds names"
    return index, "it is the fullest row of names above the first row of values"


def _has_values(record: list[str]) -> bool:
    return any(_NUMBER_OR_DATE.fullmatch(cell.strip().replace("\u00a0", " ")) for cell in record if cell.strip())
