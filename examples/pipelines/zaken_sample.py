"""A small saved sample as the case-work APIs give it, simulated: 20 medewerkers, 2 kinds of zaken, a level SD of 60.

    python zaken_sample.py saved

Some zaken were handed over, have no beslisser, a department as beslisser, no decision, or two.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

API = "https://zgw.example.nl"
LEVEL_SD = 60.0


def pages(folder: Path, resource: str, records: list[dict[str, Any]], *, size: int = 100) -> None:
    """Page by page, as a client saves them."""
    for start in range(0, len(records), size):
        more = f"{API}/{resource}?page={start // size + 2}" if start + size < len(records) else None
        page = {"count": len(records), "next": more, "previous": None, "results": records[start : start + size]}
        (folder / f"{resource}-{start // size + 1:03d}.json").write_text(json.dumps(page, indent=1), "utf-8")


def rol(number: int, zaak: str, who: str, person: str, *, day: int = 1, kind: str = "medewerker") -> dict[str, Any]:
    return {
        "url": f"{API}/zaken/api/v1/rollen/{number}",
        "zaak": zaak,
        "betrokkene": "",
        "betrokkeneType": kind,
        "roltype": f"{API}/catalogi/api/v1/roltypen/{who}",
        "omschrijving": who.capitalize(),
        "omschrijvingGeneriek": who,
        "roltoelichting": f"{who} van de zaak",
        "registratiedatum": f"2025-03-{day:02d}T09:00:00Z",
        "indicatieMachtiging": "",
        "betrokkeneIdentificatie": {"identificatie": person, "achternaam": "Jansen", "voorletters": "A."},
    }


def sample(folder: Path, *, zaken: int = 800, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    draws = rng.normal(0, 1, 20)
    levels = LEVEL_SD * (draws - draws.mean()) / draws.std(ddof=1)
    types = [
        {"url": f"{API}/catalogi/api/v1/zaaktypen/{n}", "identificatie": f"ZT{n}", "omschrijving": word}
        for n, word in enumerate(("Bijzondere bijstand", "Individuele inkomenstoeslag"))
    ]
    kinds = [
        {"url": f"{API}/catalogi/api/v1/besluittypen/{n}", "omschrijving": word, "reactietermijn": "P6W"}
        for n, word in enumerate(("Toegekend", "Afgewezen"))
    ]
    cases, roles, decisions, properties = [], [], [], []
    for n in range(zaken):
        url, judge, kind, size = f"{API}/zaken/api/v1/zaken/{n}", rng.integers(20), rng.integers(2), rng.integers(1, 4)
        amount = 500 + 200 * kind + 80 * size + levels[judge] + rng.normal(0, 90)
        granted = rng.random() < 0.8
        cases.append({
            "url": url, "identificatie": f"ZAAK-2025-{n:05d}", "bronorganisatie": "002220647",
            "verantwoordelijkeOrganisatie": "002220647", "zaaktype": types[kind]["url"],
            "startdatum": "2025-03-01", "einddatum": f"2025-04-{1 + n % 28:02d}",
        })  # fmt: skip
        who, odd = f"M{judge:02d}", n % 40
        roles.append(rol(len(roles), url, "initiator", "", kind="natuurlijk_persoon"))
        roles.append(rol(len(roles), url, "behandelaar", f"M{rng.integers(20):02d}"))
        if odd == 0:  # decided by a department
            roles.append(rol(len(roles), url, "beslisser", "AFD-WI", kind="organisatorische_eenheid"))
        elif odd == 1:  # the person has no id
            roles.append(rol(len(roles), url, "beslisser", ""))
        elif odd != 2:  # 2: no beslisser
            roles.append(rol(len(roles), url, "beslisser", who, day=9))
        if odd == 3:  # handed over
            roles.append(rol(len(roles), url, "beslisser", f"M{(judge + 1) % 20:02d}", day=2))
        for again in range(2 if odd == 4 else odd != 5):  # 4: decided twice; 5: not at all
            decisions.append({
                "url": f"{API}/besluiten/api/v1/besluiten/{len(decisions)}", "identificatie": f"B{n}-{again}",
                "verantwoordelijkeOrganisatie": "002220647", "besluittype": kinds[0 if granted else 1]["url"],
                "zaak": "" if odd == 6 else url, "datum": f"2025-04-{1 + n % 28:02d}", "ingangsdatum": "2025-05-01",
            })  # fmt: skip
        for name, value in (("Berekend bedrag", f"{amount:.2f}"), ("Huishouden", str(size))):
            link = f"{url}/zaakeigenschappen/{name.split()[0]}"
            properties.append({"url": link, "zaak": url, "naam": name, "waarde": value})
    for resource, records in (
        ("zaken", cases), ("rollen", roles), ("besluiten", decisions), ("zaakeigenschappen", properties),
        ("zaaktypen", types), ("besluittypen", kinds),
    ):  # fmt: skip
        pages(folder, resource, records)


if __name__ == "__main__":
    sample(Path(sys.argv[1]))
