"""Saved JSON of the Dutch case-work APIs (zaken, rollen, besluiten) -> a log that noiseaudit reads.

    python zaken_log.py saved --who beslisser --decision besluit -o log.csv

saved: a folder with the pages that the APIs gave: zaken*.json, rollen*.json, and what the decision and the kinds of
cases need of besluiten*, besluittypen*, zaaktypen*, resultaten*, resultaattypen* and zaakeigenschappen*.json.

A besluit names no person, so who decided is your choice. --who: the rol (omschrijvingGeneriek) whose medewerker
decided. --several: which of several medewerkers in that rol; by default such a zaak is left out. --decision: the
besluittype, the resultaattype, or the value of an eigenschap. A zaak without one decision and one medewerker is left
out, and listed with its reason in left_out.csv beside the log. Ids of medewerkers are taken over; names are not.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class SavedError(Exception):
    """The saved files are not complete, or not what they should be."""


def saved(folder: Path, resource: str) -> list[Record]:
    """All records of a resource, each once: lists, or the pages of a list ({count, next, previous, results})."""
    found: dict[str, Record] = {}
    counts = set()
    for path in sorted(folder.glob(f"{resource}*.json")):
        page = json.loads(path.read_text("utf-8"))
        if isinstance(page, dict):
            counts.add(page["count"])
            page = page["results"]
        found |= {record["url"]: record for record in page}
    if counts and counts != {len(found)}:
        raise SavedError(f"{resource}: {len(found)} saved, and the API counted {max(counts)}; fetch all pages again")
    return list(found.values())


def by_zaak(records: list[Record]) -> dict[str, list[Record]]:
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[record.get("zaak") or ""].append(record)
    return grouped


def who_decided(rollen: list[Record], who: str, several: str) -> tuple[str, str]:
    """The id of the medewerker, or "" and the reason why there is none."""
    inside = [rol for rol in rollen if rol["omschrijvingGeneriek"] == who]
    people = [rol for rol in inside if rol["betrokkeneType"] == "medewerker"]
    if not people:
        return "", f"its {who} is no person" if inside else f"no {who}"
    since: dict[str, str] = {}
    for rol in sorted(people, key=lambda rol: rol["registratiedatum"], reverse=several == "first"):
        since[(rol.get("betrokkeneIdentificatie") or {}).get("identificatie") or ""] = rol["registratiedatum"]
    if "" in since:
        return "", f"a {who} without identificatie"
    if len(since) == 1:
        return next(iter(since)), ""
    if several == "leave-out":
        return "", f"more than one {who}"
    chosen = (min if several == "first" else max)(since.values())
    named = [person for person, moment in since.items() if moment == chosen]
    return (named[0], "") if len(named) == 1 else ("", f"more than one {who} at the same moment")


def decisions_of(folder: Path, decision: str) -> dict[str, list[tuple[str, str]]]:
    """Zaak -> the decisions taken in it, each with its date ("" where it has none of its own)."""
    if decision.startswith("eigenschap:"):
        name = decision.removeprefix("eigenschap:")
        records = [one for one in saved(folder, "zaakeigenschappen") if one["naam"] == name]
        return {zaak: [(one["waarde"], "") for one in of] for zaak, of in by_zaak(records).items()}
    field, kinds = {"besluit": ("besluittype", "besluittypen"), "resultaat": ("resultaattype", "resultaattypen")}[
        decision
    ]
    words = {kind["url"]: kind["omschrijving"] for kind in saved(folder, kinds)}
    records = saved(folder, {"besluit": "besluiten", "resultaat": "resultaten"}[decision])
    unknown = {one[field] for one in records} - set(words)
    if unknown:
        raise SavedError(f"{kinds}: {len(unknown)} that are used are not saved, such as {min(unknown)}")
    return {zaak: [(words[one[field]], one.get("datum") or "") for one in of] for zaak, of in by_zaak(records).items()}


def log_of(
    folder: Path, who: str, decision: str, several: str, features: list[str]
) -> tuple[list[Record], Counter[str], list[Record]]:
    zaken, rollen = saved(folder, "zaken"), by_zaak(saved(folder, "rollen"))
    kinds = {kind["url"]: kind["omschrijving"] for kind in saved(folder, "zaaktypen")}
    decided = decisions_of(folder, decision)
    properties = by_zaak(saved(folder, "zaakeigenschappen")) if features else {}
    rows, left_out = [], []
    for zaak in zaken:
        person, why = who_decided(rollen.get(zaak["url"], []), who, several)
        found = decided.get(zaak["url"], [])
        if len(found) != 1:
            why = f"more than one {decision}" if found else f"no {decision}"
        if why:
            left_out.append({"Zaak": zaak["identificatie"], "Reason": why})
            continue
        values = {one["naam"]: one["waarde"] for one in properties.get(zaak["url"], [])}
        rows.append(
            {
                "Zaak": zaak["identificatie"],
                "Zaaktype": kinds.get(zaak["zaaktype"], zaak["zaaktype"]),
                "Medewerker": person,
                "Besluit": found[0][0],
                "Startdatum": zaak["startdatum"],
                "Datum": found[0][1] or zaak.get("einddatum") or "",
                **{name: values.get(name, "") for name in features},
            }
        )
    known = {zaak["url"] for zaak in zaken}
    elsewhere = Counter(
        {
            f"{decision} of a zaak that is not saved, or of none": sum(
                len(of) for zaak, of in decided.items() if zaak not in known
            ),
            "rol of a zaak that is not saved": sum(len(of) for zaak, of in rollen.items() if zaak not in known),
        }
    )
    return rows, +elsewhere, left_out


def write(path: Path, rows: list[Record]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("saved", type=Path)
    ask.add_argument("--who", required=True, choices=["behandelaar", "beslisser"])
    ask.add_argument("--decision", required=True, help="besluit, resultaat or eigenschap:NAME")
    ask.add_argument("--several", default="leave-out", choices=["leave-out", "first", "last"])
    ask.add_argument("--feature", action="append", default=[], help="an eigenschap by which cases are compared")
    ask.add_argument("-o", "--output", type=Path, required=True)
    given = ask.parse_args()
    if given.decision not in ("besluit", "resultaat") and not given.decision.startswith("eigenschap:"):
        ask.error("--decision is besluit, resultaat or eigenschap:NAME")
    try:
        rows, elsewhere, left_out = log_of(given.saved, given.who, given.decision, given.several, given.feature)
    except (SavedError, KeyError, TypeError, json.JSONDecodeError) as error:
        print(f"saved files cannot be used: {error}", file=sys.stderr)
        return 3
    if rows:
        write(given.output, rows)
    if left_out:
        write(given.output.with_name("left_out.csv"), left_out)
    print(f"{len(rows)} zaken written, {len(left_out)} left out")
    for why, n in (Counter(one["Reason"] for one in left_out) + elsewhere).most_common():
        print(f"  {n} {why}")
    return 0 if rows else 3


if __name__ == "__main__":
    sys.exit(main())
