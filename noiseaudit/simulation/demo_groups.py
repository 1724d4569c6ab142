"""The demo `groups`: applications for a grant that several professionals judge, four of whom deviate for a group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation.case_mix import category
from noiseaudit.simulation.demo_export import NOTE, Demo, amount
from noiseaudit.simulation.panels import Design, Rows, draw

_DESIGN = Design(
    judges=18, cases=260, level=150.0, stable_pattern=220.0, occasion=0.0, case_sd=700.0, mean=3200.0, per_case=(7, 9)
)
_SEED = 15
_AGES = ("18-39", "40-66", "67+")
_GENDERS = ("V", "M", "X")
_REGIONS = ("Drenthe", "Fryslân", "Twente")
_KINDS = ("Woningaanpassing", "Energiebesparing", "Geluidsisolatie")
_OWN = "Regio behandelaar == Regio aanvrager"
_OWN_FOR_ALL = 60.0
_OLDER = 90.0  # more costs, so more is granted, by everybody: a difference between cases
_UNKNOWN_AGE = 0.04
_GAPS = (  # characteristic, value, professional, euros beyond what the colleagues grant
    ("Leeftijdsklasse", "67+", 6, -320.0),
    ("Geslacht aanvrager", "V", 2, -280.0),
    (_OWN, "true", 11, 380.0),
    (_OWN, "true", 15, 340.0),
)
_HEADER = (
    "Aanvraagnummer", "Soort maatregel", "Leeftijdsklasse", "Geslacht aanvrager", "Regio aanvrager", "Behandelaar",
    "Regio behandelaar", "Datum beoordeling", "Toegekend bedrag",
)  # fmt: skip

_CONFIG = f"""version = 1

[roles]
case = "Aanvraagnummer"
judge = "Behandelaar"
decision = "Toegekend bedrag"
groups = ["Leeftijdsklasse", "Geslacht aanvrager"]
relations = ["{_OWN}"]
time = "Datum beoordeling"

[reading]
encoding = "cp1252"
delimiter = ";"
dates = "dmy"

[analysis]
design = "panel"
scale = "continuous"
unit = "€"
"""

_NOTE = f"""{NOTE}
groups.csv: 260 applications for a housing grant, each judged by seven to nine of 18 professionals in three regions.
Four of them treat a group differently than their colleagues treat the same applications:

- B-07 grants applicants of 67 and older 320 euros less;
- B-03 grants women 280 euros less;
- B-12 and B-16 grant applicants from their own region 380 and 340 euros more, on top of the 60 euros that all
  professionals grant their own region.

Applications of people of 67 and older ask for more, so everybody grants them 90 euros more: a difference between
cases, and no bias. A few applicants are registered as X, and some ages are missing: too few to say anything.
"""


@dataclass(frozen=True)
class _Persons:
    """(C,) codes of the applicants, age -1 where it is not in the export; (J,) regions of the professionals."""

    age: Codes
    shown_age: Codes
    gender: Codes
    region: Codes
    judge_region: Codes

    def effect(self, case: Codes, judge: Codes) -> Floats:
        """(R,) euros that groups bring."""
        own = self.region[case] == self.judge_region[judge]
        holds = {
            "Leeftijdsklasse": self.age[case] == _AGES.index("67+"),
            "Geslacht aanvrager": self.gender[case] == _GENDERS.index("V"),
            _OWN: own,
        }
        total = _OLDER * holds["Leeftijdsklasse"] + _OWN_FOR_ALL * own
        for name, _, who, gap in _GAPS:
            total = total + gap * (holds[name] & (judge == who))
        return np.asarray(total, dtype=np.float64)


def groups_demo() -> Demo:
    """The export, and its truth: noise with what groups add to it, and who deviates."""
    generator = np.random.default_rng(_SEED)
    rows = draw(_DESIGN, generator)
    age = category(generator.random(_DESIGN.cases), np.array([0.3, 0.42, 0.28]))
    persons = _Persons(
        age=age,
        shown_age=np.where(generator.random(_DESIGN.cases) < _UNKNOWN_AGE, -1, age),
        gender=category(generator.random(_DESIGN.cases), np.array([0.49, 0.49, 0.02])),
        region=category(generator.random(_DESIGN.cases), np.array([0.3, 0.4, 0.3])),
        judge_region=np.arange(_DESIGN.judges) % len(_REGIONS),
    )
    return Demo(_export(rows, persons, generator), _CONFIG, _truth(persons), _NOTE)


def _truth(persons: _Persons) -> dict[str, object]:
    J, C = _DESIGN.judges, _DESIGN.cases
    effect = persons.effect(np.tile(np.arange(C), J), np.repeat(np.arange(J), C)).reshape(J, C)
    level = float(effect.mean(axis=1).var())
    added = float((effect - effect.mean(axis=0)).var())
    plain = _DESIGN.truth()
    variance = {
        "system": plain.system + added,
        "level": plain.level + level,
        "pattern": plain.pattern + added - level,
        "stable_pattern": plain.stable_pattern + added - level,
        "occasion": plain.occasion,
    }
    truth: dict[str, object] = {part: {"sd": round(value**0.5, 6)} for part, value in variance.items()}
    truth["systemic_gap"] = {_OWN: _OWN_FOR_ALL}
    truth["gaps"] = [
        {"characteristic": name, "value": value, "judge": f"B-{who + 1:02d}", "gap": gap}
        for name, value, who, gap in _GAPS
    ]
    return truth


def _export(rows: Rows, persons: _Persons, generator: np.random.Generator) -> str:
    granted = np.maximum(np.round(rows.decision + persons.effect(rows.case, rows.judge), 2), 0.0)
    kind = generator.integers(0, len(_KINDS), _DESIGN.cases)
    lines = [";".join(_HEADER)]
    start = date(2026, 1, 5)
    for i in np.lexsort((rows.judge, rows.case)):
        case, judge = int(rows.case[i]), int(rows.judge[i])
        day = start + timedelta(days=case // 3 + (case * 3 + judge * 7) % 19)
        age = persons.shown_age[case]
        lines.append(
            ";".join(
                (
                    f"2026-{case + 1:04d}", _KINDS[kind[case]], "" if age < 0 else _AGES[age],
                    _GENDERS[persons.gender[case]], _REGIONS[persons.region[case]], f"B-{judge + 1:02d}",
                    _REGIONS[persons.judge_region[judge]], f"{day:%d-%m-%Y}", amount(float(granted[i])),
                )
            )
        )  # fmt: skip
    return "\r\n".join(lines) + "\r\n"
