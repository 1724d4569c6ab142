"""Texts that can be read in two ways, or in none: refused, or read with the assumption said aloud."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .corpus import Export, Truth


def special() -> list[Export]:
    """All of them."""
    head, tail = "case;judge;score\n", ("a;x;", "a;y;", "b;x;", "b;y;")

    def column(*values: str) -> str:
        return head + "".join(f"{start}{value}\n" for start, value in zip(tail, values, strict=True))

    def dated(*values: str) -> str:
        rows = (f"{start}{k};{value}\n" for k, (start, value) in enumerate(zip(tail, values, strict=True)))
        return "case;judge;score;date\n" + "".join(rows)

    def read(*values: str, **found: object) -> Truth:
        keys = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
        cells: dict[tuple[str, str], list[Decimal | str]] = {k: [Decimal(v)] for k, v in zip(keys, values, strict=True)}
        return Truth(cells, {}, "continuous", {"case": "case", "judge": "judge", "decision": "score"}, **found)  # type: ignore[arg-type]

    plain = read("1", "2", "3", "4")
    days = read("0", "1", "2", "3")
    thousands = ("1234", "2345", "3456", "4567")
    listed: list[tuple[str, str | bytes, dict[str, object], Truth | str]] = [
        ("only thousands or decimals", column("1.234", "2.345", "3.456", "4.567"), {}, "E405"),
        ("the same with commas", column("1,234", "2,345", "3,456", "4,567"), {}, "E405"),
        ("small beside undecided", column("12", "2.345", "7", "4.567"), {}, "E405"),
        ("with the decimal said", column("1.234", "2.345", "3.456", "4.567"), {"decimal": ","},
         read(*thousands, reading={"decimal": ","})),
        ("and said otherwise", column("1.234", "2.345", "3.456", "4.567"), {"decimal": "."},
         read("1.234", "2.345", "3.456", "4.567", reading={"decimal": "."})),
        ("two marks decide", column("1.234.567", "2.345", "3.456", "4.567"), {},
         read("1234567", "2345", "3456", "4567", reading={"decimal": ","})),
        ("one fraction decides", column("1.234", "2,5", "3.456", "4.567"), {},
         read("1234", "2.5", "3456", "4567", reading={"decimal": ","})),
        ("a nought in front decides", column("0.123", "2.345", "3.456", "4.567"), {},
         read("0.123", "2.345", "3.456", "4.567", reading={"decimal": "."})),
        ("comma and point", column("1,5", "2.5", "3,5", "4"), {}, "E404"),
        ("percent and none", column("25%", "0,5", "10%", "7"), {}, "E407"),
        ("another currency", column("$ 5", "6", "7", "8"), {}, "E406"),
        ("no number", column("1", "hoog", "3", "4"), {}, "E410"),
        ("a marker that nobody named", column("1", "2", "NA", "4"), {}, "E410"),
        ("not finite", column("1", "2", "inf", "4"), {}, "E408"),
        ("a third word", column("ja", "nee", "deels", "ja"), {}, "E413"),
        ("grades", column("goed", "matig", "slecht", "goed"), {}, "E414"),
        ("days up to twelve", dated("03-04-2024", "05-06-2024", "01-02-2023", "09-09-2024"), {},
         replace(days, reading={"dates": "dmy"}, said=frozenset({"W420"}))),
        ("days up to twelve, said", dated("03-04-2024", "05-06-2024", "01-02-2023", "09-09-2024"),
         {"time": "date", "dates": "mdy"}, replace(days, reading={"dates": "mdy"})),
        ("day and month both ways", dated("13-04-2024", "05-16-2024", "01-02-2023", "09-09-2024"), {"time": "date"},
         "E421"),
        ("two digits of a year", dated("13-04-24", "05-06-24", "01-02-23", "09-09-24"), {"time": "date"}, "E423"),
        ("and its century", dated("13-04-24", "05-06-24", "01-02-23", "09-09-24"), {"time": "date", "century": 2000},
         replace(days, reading={"dates": "dmy"})),
        ("no such day", dated("31-02-2024", "05-06-2024", "01-02-2023", "09-09-2024"), {"time": "date"}, "E424"),
        ("zones for some", dated("2024-01-01T10:00Z", "2024-01-02T10:00", "2024-01-03", "2024-01-04"), {"time": "date"},
         "E426"),
        ("a delimiter without quotes", column("1", "2", "3;x", "4"), {}, "E301"),
        ("a quote that is never closed", column("1", '"2', "3", "4"), {}, "E212"),
        ("two encodings", f"{head}a;Zoë;1\na;y;2\n".encode() + "b;Zoë;3\nb;y;4\n".encode("cp1252"), {}, "E202"),
        ("rows that repeat", column("1", "2", "3", "4") + "b;y;4\n", {}, "E501"),
        ("a header over two lines", 'case;judge;"sco\nre"\na;x;1\na;y;2\nb;x;3\nb;y;4\n', {"decision": "sco re"},
         replace(plain, roles={"decision": "sco re"})),
        ("a stray quote above the header", 'Rapport 19" "van nu\n' + column("1", "2", "3", "4"), {}, plain),
        ("a stray quote in a value", column("1", "2", "3", "4").replace("x", '5" pijp'), {},
         Truth({(case, judge.replace("x", '5" pijp')): value for (case, judge), value in plain.cells.items()}, {},
               "continuous", {}, said=frozenset({"W213"}))),
        ("a name in quotes with text behind it", column("1", "2", "3", "4").replace("x", '"Jan" de Wit'), {},
         Truth({(case, judge.replace("x", '"Jan" de Wit')): value for (case, judge), value in plain.cells.items()}, {},
               "continuous", {}, said=frozenset({"W213"}))),
    ]  # fmt: skip
    return [
        Export(f"{what.replace(' ', '-')} special.csv", text if isinstance(text, bytes) else text.encode(), settings,
               frozenset({truth}) if isinstance(truth, str) else truth)
        for what, text, settings, truth in listed
    ]  # fmt: skip
