"""Exports as Excel, a case system or a statistics package writes them, each with its own truth; always the same ones.

What a file holds is made first, as exact decimals and words; how it is written is drawn after that, axis by axis. The
truth comes from the first half alone, so nothing of the reading is used to know what should be read.
"""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from .corpus_sheets import as_ods, as_xlsx

LONG, WIDE = 240, 40
NBSP, NARROW = "\u00a0", "\u202f"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1252")
DELIMITERS = (";", ";", ",", "\t", "|")
LINE_ENDS = ("\r\n", "\r\n", "\n", "\r")
QUOTING = ("where needed", "where needed", "text", "all")
PREAMBLES = ("none", "none", "none", "sep", "title", "padded title", "period", "title and sep")
PACKINGS = ("plain",) * 8 + ("gzip", "xlsx", "xlsx", "ods")
SIZES = (3, 4, 5, 9, 9, 20, 20, 20, 20, 40, 40, 40, 40, 60, 60, 60, 60, 120, 120, 120, 120, 250, 400, 1000, 5000)
HEADERS = (
    ("Zaaknummer", "Behandelaar", "Toegekend bedrag", "Datum beoordeling", "Ronde", "Opmerking"),
    ("Dossiernummer", "Beoordelaar", "Besluit", "Besluitdatum", "Ronde", "Toelichting"),
    ("zaak_id", "medewerker", "uitkomst", "datum", "gelegenheid", "wijk"),
    ("case", "judge", "score", "date", "occasion", "remarks"),
    ("Claim ID", "Adjuster", "Amount", "Decided at", "Round", "Notes"),
    ("case_id", "rater_id", "rating", "timestamp", "replicate", "memo"),
)
JUDGES = (
    "J. de Vries", "M. Jansen", "Zoë Bakker", "André van 't Hof", "Müller", "Şahin", "O'Brien", "de Boer, P.", "NA",
    "None", "m. jansen", "B-01", "B-1", "1E5", "007", "Hélène", "null", "Noël; Piet", 'Kees "K." Smit', "F. Çelik",
)  # fmt: skip
REMARKS = (
    "",
    "akkoord",
    "zie bijlage; ook mail",
    'hij zei "nee"',
    "regel een\nregel twee",
    "a, b",
    "",
    "–",
    "€ 5 | eigen bijdrage",
)
DATES: dict[str, Callable[[date], str]] = {
    "dd-mm-yyyy": lambda d: f"{d.day:02d}-{d.month:02d}-{d.year}",
    "d-m-yyyy": lambda d: f"{d.day}-{d.month}-{d.year}",
    "dd/mm/yyyy": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    "dd.mm.yyyy": lambda d: f"{d.day:02d}.{d.month:02d}.{d.year}",
    "mm/dd/yyyy": lambda d: f"{d.month:02d}/{d.day:02d}/{d.year}",
    "iso": lambda d: d.isoformat(),
    "iso time": lambda d: f"{d.isoformat()} 09:{d.day:02d}:00",
    "iso zone": lambda d: f"{d.isoformat()}T09:{d.day:02d}:00Z",
    "compact": lambda d: d.strftime("%Y%m%d"),
}
Value = Decimal | str | None


@dataclass(frozen=True)
class Truth:
    """What has to be read: the decisions of every cell, the rows that are none, the roles, and what has to be said."""

    cells: dict[tuple[str, str], list[Decimal | str]]
    excluded: dict[str, int]
    scale: str
    roles: dict[str, str]
    reading: dict[str, object] = field(default_factory=dict)
    unit: str | None = None
    said: frozenset[str] = frozenset()

    @property
    def rows_used(self) -> int:
        """Rows with a case, a professional and a decision."""
        return sum(map(len, self.cells.values()))


@dataclass(frozen=True)
class Export:
    """A file, the settings it is read with, and its truth: what it holds, or the codes one of which refuses it."""

    name: str
    data: bytes
    settings: dict[str, object]
    truth: Truth | frozenset[str]
    axes: tuple[str, ...] = ()


@dataclass
class Row:
    case: str
    judge: str
    value: Value
    day: date
    occasion: int = 1
    remark: str = ""


@dataclass
class Table:
    """The content before it is written. spelt: how a number is written; refused: codes, where it has to be."""

    header: tuple[str, ...]
    rows: list[Row]
    spelt: Callable[[Value], str]
    scale: str
    settings: dict[str, object] = field(default_factory=dict)
    decimal: str | None = None
    unit: str | None = None
    refused: frozenset[str] = frozenset()
    date_style: str = "dd-mm-yyyy"
    total: bool = False


def number_style(rng: random.Random) -> tuple[Callable[[Value], str], int, str | None, str | None]:
    """How amounts are spelt: (writer, decimals, decimal mark that the column shows or None, unit)."""
    decimal = rng.choice(",,.")
    thousands = rng.choice(("", "", ".,"[decimal == "."], " ", NBSP, NARROW, "'", "’"))
    decimals = rng.choice((2, 2, 2, 1, 4))
    front, back, unit = rng.choice((
        ("", "", None), ("", "", None), ("", "", None), ("€ ", "", "€"), ("€", "", "€"), ("", " €", "€"),
        ("EUR ", "", "€"), ("", " EUR", "€"), (f"€{NBSP}", "", "€"), ("", "%", "%"), ("", " %", "%"),
        ("", " euro", "€"),
    ))  # fmt: skip
    minus = rng.choice(("front", "front", "back", "typographic"))
    plus = rng.random() < 0.1

    def written(value: Value) -> str:
        if not isinstance(value, Decimal):
            return value or ""
        whole, _, fraction = f"{abs(value):.{decimals}f}".partition(".")
        while thousands and len(whole.split(thousands)[0]) > 3:
            first, *rest = whole.split(thousands)
            whole = thousands.join([first[:-3], first[-3:], *rest])
        text = whole + decimal + fraction
        if value < 0:
            return {"front": f"{front}-{text}{back}", "back": f"{front}{text}{back}-",
                    "typographic": f"{front}−{text}{back}"}[minus]  # fmt: skip
        return f"{front}{'+' if plus else ''}{text}{back}"

    return written, decimals, decimal, unit


def decide(rng: random.Random, rows: list[Row], kind: str) -> tuple[Callable[[Value], str], dict[str, object]]:
    """Give every row a decision of a kind; how it is spelt, and what the table then is."""
    plain: Callable[[Value], str] = lambda value: str(value) if value is not None else ""  # noqa: E731 - a style
    if kind == "amount":
        written, decimals, decimal, unit = number_style(rng)
        low = rng.choice((-500, 0, 0, 800))
        for row in rows:
            row.value = Decimal(rng.randint(low * 10**decimals, 250_000 * 10**decimals)).scaleb(-decimals)
        return written, {"scale": "continuous", "decimal": decimal, "unit": unit}
    if kind == "whole":
        dash = rng.random() < 0.4
        top = rng.choice((9, 100, 999_999))
        for row in rows:
            row.value = Decimal(rng.randint(2 if not dash else 0, top))
        rows[0].value = Decimal(2)  # so that no column is 0 and 1 alone
        return (lambda value: "" if value is None else f"{value},-" if dash else str(value)), {
            "scale": "continuous", "decimal": "," if dash else None,
        }  # fmt: skip
    if kind == "scientific":
        for row in rows:
            row.value = Decimal(rng.randint(1000, 99_999)).scaleb(-rng.randint(1, 6))
        return (lambda value: "" if value is None else f"{value:.4E}"), {"scale": "continuous", "decimal": "."}
    words = {
        "yes": (("Ja", "Nee"), ("ja", "nee"), ("J", "N"), ("yes", "no"), ("TRUE", "FALSE"), ("Toegekend", "Afgewezen"),
                ("gegrond", "ongegrond"), ("Approved", "Rejected"), ("WAAR", "ONWAAR"), ("1", "0"),
                ("guilty", "not guilty")),
        "category": (("rood", "groen", "blauw"), ("boete", "taakstraf", "sepot", "vrijspraak"), ("A", "B", "C", "D"),
                     ("zorg in natura", "pgb", "geen zorg")),
        "grades": (("onvoldoende", "voldoende", "goed"), ("laag", "midden", "hoog"),
                   ("poor", "fair", "good", "excellent")),
    }  # fmt: skip
    chosen = rng.choice(words["grades" if "grades" in kind else kind])
    for row in rows:
        row.value = rng.choice(chosen)
    for row, word in zip(rows, chosen, strict=False):
        row.value = word
    if kind == "yes":
        return plain, {"scale": "binary", "words": chosen}
    if kind == "category":
        return plain, {"scale": "nominal"}
    if kind == "grades":
        return plain, {"scale": "ordinal", "settings": {"scale": "ordinal", "order": chosen}}
    return plain, {"scale": "", "refused": frozenset({"E414"})}  # grades whose order nobody gave


KINDS = ("amount",) * 9 + ("whole", "whole", "yes", "yes", "category", "grades", "unordered grades", "scientific")


def case_ids(rng: random.Random, count: int) -> list[str]:
    """Ids in one style; leading zeros, accents and numbers too large for a computer among them."""
    styles: tuple[Callable[[int], str], ...] = (
        lambda k: f"{k + 1:06d}", lambda k: f"2024-{k + 1}", lambda k: f"Z{k + 1}", lambda k: f"Écluse {k + 1}",
        lambda k: str(10**19 + k), lambda k: f"dossier/{k + 1}/WMO", lambda k: f"{'0' * (k % 3)}{k // 3 + 1}",
    )  # fmt: skip
    style = rng.choice(styles)
    return [style(k) for k in range(count)]


def content(rng: random.Random, size: int, header: tuple[str, ...]) -> list[Row]:
    """A panel of about `size` rows: every case by two professionals or more, some twice."""
    judges = rng.sample(JUDGES, rng.randint(2, min(len(JUDGES), max(2, size // 3))))
    twice = rng.random() < 0.3
    rows: list[Row] = []
    start = date(2021, 1, rng.randint(1, 20))
    for case in case_ids(rng, size):
        for judge in rng.sample(judges, rng.randint(2, min(4, len(judges)))):
            for occasion in (1, 2) if twice and rng.random() < 0.3 else (1,):
                day = start + timedelta(days=len(rows) % 900)
                rows.append(Row(case, judge, None, day, occasion, rng.choice(REMARKS)))
        if len(rows) >= size:
            break
    return rows[:size]


def make(seed: int) -> Export:
    """The export of one seed."""
    rng = random.Random(f"export {seed}")
    header, kind = HEADERS[seed % len(HEADERS)], rng.choice(KINDS)
    rows = content(rng, rng.choice(SIZES), header)
    spelt, facts = decide(rng, rows, kind)
    words = facts.pop("words", None)
    table = Table(header, rows, spelt, **facts)  # type: ignore[arg-type]
    table.date_style = rng.choice(list(DATES))
    if not rng.randrange(2):  # what somebody proposed is to be the same as what somebody typed
        table.settings |= {"case": header[0], "judge": header[1], "decision": header[2], "time": header[3],
                           "occasion": header[4]}  # fmt: skip
    excluded = spoil(rng, table)
    data, name, axes = written(rng, table, excluded)
    ambiguous = all(row.day.day <= 12 for row in table.rows)
    year_first = table.date_style in ("iso", "iso time", "iso zone", "compact")
    order = "ymd" if year_first else "mdy" if table.date_style == "mm/dd/yyyy" else "dmy"
    if order == "mdy" and not any(row.day.day > 12 for row in table.rows):
        table.settings["dates"] = "mdy"
    truth = Truth(
        cells_of(table, words),
        excluded,
        table.scale,
        dict(zip(("case", "judge", "decision", "time", "occasion"), header, strict=False)),
        {"dates": order, **({"decimal": table.decimal} if table.decimal else {})},
        table.unit,
        frozenset({"W420"} if ambiguous and order == "dmy" else ()),
    )
    if name.endswith((".xlsx", ".ods")):
        truth = replace(truth, unit=None, reading={}, said=frozenset())
    return Export(f"{seed:03d} {name}", data, table.settings, table.refused or truth, (kind, table.date_style, *axes))


def spoil(rng: random.Random, table: Table) -> dict[str, int]:
    """Rows without case, professional or decision behind the first three; what is left out then, by reason."""
    excluded: Counter[str] = Counter()
    marker = rng.choice(("", "", "n.v.t.", "onbekend", "-", "#N/A", "NULL"))
    for row in table.rows[4:]:
        if rng.random() < 0.03:
            part = rng.choice(("case", "judge", "value"))
            setattr(row, part, "" if part != "value" else marker or None)
            excluded[f"missing_{'decision' if part == 'value' else part}"] += 1
        elif rng.random() < 0.03:
            row.judge += rng.choice((" ", NBSP, "  "))
    if marker and excluded["missing_decision"]:
        table.settings["na"] = (marker,)
    table.total = rng.random() < 0.25 and table.scale in ("continuous", "binary")
    excluded["total_row"] = int(table.total)
    excluded["blank_row"] = rng.choice((0, 0, 0, 1, 2))
    return {code: n for code, n in excluded.items() if n}


def cells_of(table: Table, words: tuple[str, str] | None) -> dict[tuple[str, str], list[Decimal | str]]:
    """The decisions of each case and professional, ids as a reader sees them."""
    missing = {None, *table.settings.get("na", ())}  # type: ignore[misc]
    cells: dict[tuple[str, str], list[Decimal | str]] = {}
    for row in table.rows:
        if row.case and row.judge and row.value not in missing:
            value = row.value if words is None else Decimal(int(row.value == words[0]))
            cells.setdefault((row.case.strip(), row.judge.strip()), []).append(value)  # type: ignore[arg-type]
    return cells


def written(rng: random.Random, table: Table, excluded: dict[str, int]) -> tuple[bytes, str, tuple[str, ...]]:
    """The table as a file: (bytes, name, what was drawn)."""
    packing = rng.choice(PACKINGS)
    dated = DATES[table.date_style]
    lines: list[list[object]] = [
        [row.case, row.judge, row.value, row.day, row.occasion, row.remark] for row in table.rows
    ]  # fmt: skip
    if table.total:
        label = rng.choice(("Totaal", "Total", "totaal:", "Gemiddelde", "Grand Total"))
        numbers = [value for row in table.rows if isinstance(value := row.value, Decimal)]
        lines.append([label, "", sum(numbers, Decimal(0)) if numbers else "", "", "", ""])
    for _ in range(excluded.get("blank_row", 0)):
        lines.insert(rng.randint(2, len(lines) - 1), [])
    header = list(table.header)
    if packing in ("xlsx", "ods"):
        sheet = [header, *lines]
        title = rng.random() < 0.3
        sheet = [["Overzicht van de besluiten"], [], *sheet] if title else sheet
        return (as_xlsx if packing == "xlsx" else as_ods)(sheet), f"export.{packing}", (packing,)
    encoding, delimiter = rng.choice(ENCODINGS), rng.choice(DELIMITERS)
    end, quoting, preamble = rng.choice(LINE_ENDS), rng.choice(QUOTING), rng.choice(PREAMBLES)
    trailing, row_names = rng.random() < 0.12, rng.random() < 0.08
    blank = rng.choice(("", delimiter * (len(header) - 1)))
    out: list[str] = []
    if "title" in preamble:
        padding = delimiter * (len(header) - 1) if preamble == "padded title" else ""
        out += [f"Overzicht besluiten 2024{padding}", padding, f"Gemeente Voorbeeld{padding}"]
    if preamble == "period":
        out += [
            delimiter.join(["Periode", DATES["dd-mm-yyyy"](date(2024, 1, 1)), "t/m", DATES["iso"](date(2024, 12, 31))])
        ]
    if "sep" in preamble:
        out = [f"sep={delimiter}", *out]

    def cell(value: object, place: int) -> str:
        number = isinstance(value, Decimal | int)
        text = str(value or "")
        if place == 2 and isinstance(value, Decimal):
            text = table.spelt(value)
        elif isinstance(value, date):
            text = dated(value)
        text = text.replace("\n", end) if end != "\r\n" else text  # inside a cell Excel writes \n alone
        quote = any(mark in text for mark in (delimiter, '"', "\n", "\r")) or quoting == "all" or (
            quoting == "text" and not number)  # fmt: skip
        return '"' + text.replace('"', '""') + '"' if quote else text

    def line(cells: list[str], number: int) -> str:
        cells = [f'"{number}"' if number else '""', *cells] if row_names else cells
        return delimiter.join(cells) + delimiter * trailing

    out.append(line([cell(name, 0) for name in header], 0))
    for number, cells in enumerate(lines, 1):
        out.append(line([cell(value, place) for place, value in enumerate(cells)], number) if cells else blank)
        if not cells and blank and (row_names or trailing):
            out[-1] += delimiter * (row_names + trailing)
    text = end.join(out) + end * (rng.random() < 0.8)
    if encoding == "cp1252":
        text = text.replace(NARROW, NBSP).replace("−", "–").replace("Ş", "S")
        renamed = {("Şahin", "Sahin")}
        for row in table.rows:
            for old, new in renamed:
                row.judge = row.judge.replace(old, new)
    data = text.encode(encoding)
    name = "export.csv.gz" if packing == "gzip" else "export.tsv" if delimiter == "\t" else "export.csv"
    axes = (packing, encoding, repr(delimiter), repr(end), f"quotes {quoting}", f"preamble {preamble}")
    return (gzip.compress(data, mtime=1) if packing == "gzip" else data), name, axes


def make_wide(seed: int) -> Export:
    """One row a case, one column a professional; a cell without a decision is one that is missing."""
    rng = random.Random(f"wide {seed}")
    name = rng.choice(("Beoordelaar {}", "Rater{}", "Reviewer {}", "rechter_{}", "Score {}"))
    judges = [name.format("ABCDEFGH"[k] if seed % 3 else k + 1) for k in range(rng.randint(3, 7))]
    spelt, decimals, decimal, unit = number_style(rng)
    delimiter, end, encoding = rng.choice(DELIMITERS), rng.choice(LINE_ENDS), rng.choice(ENCODINGS)
    cases, blank = case_ids(rng, rng.choice((6, 12, 40, 200))), rng.choice((0, 0, 1, 2))
    case_column = rng.choice(("Zaaknummer", "case", "Kandidaat", "Essay"))
    cells: dict[tuple[str, str], list[Decimal | str]] = {}
    lines = [delimiter.join([case_column, *judges])]
    missing = 0

    def quoted(text: str) -> str:
        return f'"{text}"' if delimiter in text else text

    for case in cases:
        written = [case]
        for judge in judges:
            low, high = {1: (0, 900), 2: (30_000, 40_000)}.get(len(lines), (0, 40_000))  # every column spans the scale
            value = Decimal(rng.randint(low * 10**decimals, high * 10**decimals)).scaleb(-decimals)
            if rng.random() < 0.1 and len(lines) > 3:
                missing, written = missing + 1, [*written, ""]
                continue
            cells[case, judge] = [value]
            written.append(quoted(spelt(value)))
        lines.append(delimiter.join(written))
    for _ in range(blank):
        lines.insert(rng.randint(2, len(lines) - 1), "")
    total = rng.random() < 0.3
    if total:
        lines.append(delimiter.join([rng.choice(("Totaal", "Mean")), *(quoted(spelt(Decimal(3))) for _ in judges)]))
    text = (end.join(lines) + end).replace(NARROW, NBSP).replace("−", "–")
    counts = {"missing_decision": missing, "blank_row": blank, "total_row": len(judges) * total}
    excluded = {code: n for code, n in counts.items() if n}
    truth = Truth(cells, excluded, "continuous", {}, {"decimal": decimal}, unit)
    settings = {"judge_columns": tuple(judges), "case": case_column} if seed % 2 else {}
    return Export(f"w{seed:02d} wide.csv", text.encode(encoding), settings, truth, ("wide", encoding, repr(delimiter)))
