"""The demo `groups-log`: a year of requests to waive local taxes, granted or refused; two professionals deviate."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation.case_mix import category
from noiseaudit.simulation.demo_export import NOTE, Demo, amount

_JUDGES, _CASES, _SEED = 36, 7200, 16
_LEVEL, _STABLE = 0.45, 0.3  # SDs in logits
_HOUSEHOLDS = ("Alleenstaand", "Eenoudergezin", "Gezin")
_OF_HOUSEHOLD = np.array([0.0, 0.5, -0.2])
_NORM = np.array([1150.0, 1500.0, 1750.0])
_AGES = ("18-26", "27-44", "45-66", "67+")
_GENDERS = ("V", "M")
_YOUNG_FOR_ALL = -0.3
_GAPS = (  # characteristic, value, professional, log odds beyond what the colleagues do
    ("Leeftijdsklasse", "18-26", 8, -2.0),
    ("Geslacht", "V", 21, 1.7),
)
_HEADER = ("Zaaknummer", "Huishouden", "Netto inkomen", "Vermogen", "Leeftijdsklasse", "Geslacht", "Behandelaar",
           "Datum besluit", "Besluit")  # fmt: skip

_CONFIG = """version = 1

[roles]
case = "Zaaknummer"
judge = "Behandelaar"
decision = "Besluit"
features = ["Huishouden", "Netto inkomen", "Vermogen"]
groups = ["Leeftijdsklasse", "Geslacht"]
time = "Datum besluit"

[reading]
encoding = "cp1252"
delimiter = ";"
dates = "dmy"

[analysis]
design = "log"
scale = "binary"
positive = "Toegekend"
"""

_NOTE = f"""{NOTE}
groups-log.csv: a year of requests to waive local taxes, each decided once by one of 36 professionals. Two of them
treat a group differently than their colleagues treat comparable requests:

- BH109 grants people of 18 to 26 less often (odds divided by 7.4);
- BH122 grants women more often (odds times 5.5).

Everybody grants people of 18 to 26 a little less often (odds divided by 1.35). As they have lower incomes, and low
incomes are granted more often, their share granted is higher all the same.
"""


def groups_log_demo() -> Demo:
    """The export, and its truth in log odds."""
    generator = np.random.default_rng(_SEED)
    judge = generator.integers(0, _JUDGES, _CASES)
    household = category(generator.random(_CASES), np.array([0.45, 0.2, 0.35]))
    age = category(generator.random(_CASES), np.array([0.2, 0.35, 0.28, 0.17]))
    gender = category(generator.random(_CASES), np.array([0.53, 0.47]))
    shift = np.array([-0.25, 0.05, 0.1, -0.05])[age]  # the young earn less
    income = np.round(_NORM[household] * np.exp(shift + 0.22 * generator.standard_normal(_CASES)), 2)
    wealth = np.round(generator.exponential(1800.0, _CASES) * (generator.random(_CASES) < 0.6), 2)
    latent = 0.2 - 3.0 * np.log(income / _NORM[household]) - 0.4 * wealth / 1800.0 + _OF_HOUSEHOLD[household]
    latent += (_LEVEL * generator.standard_normal(_JUDGES))[judge] + _STABLE * generator.standard_normal(_CASES)
    latent += _effect(judge, age, gender)
    granted = generator.random(_CASES) < special.expit(latent)
    truth: dict[str, object] = {
        "scale": "log odds",
        "level": {"sd": _LEVEL},
        "stable_pattern": {"sd": _STABLE},
        "systemic_gap": {"Leeftijdsklasse: 18-26": _YOUNG_FOR_ALL},
        "gaps": [
            {"characteristic": name, "value": value, "judge": f"BH{101 + who}", "gap": gap}
            for name, value, who, gap in _GAPS
        ],
    }
    lines = [";".join(_HEADER)]
    start = date(2025, 1, 6)
    for i in range(_CASES):
        day = start + timedelta(days=7 * (i * 50 // _CASES) + i % 5)
        lines.append(
            ";".join(
                (
                    f"K2025-{i + 1:05d}", _HOUSEHOLDS[household[i]], amount(float(income[i])),
                    amount(float(wealth[i])), _AGES[age[i]], _GENDERS[gender[i]], f"BH{101 + judge[i]}",
                    f"{day:%d-%m-%Y}", "Toegekend" if granted[i] else "Afgewezen",
                )
            )
        )  # fmt: skip
    return Demo("\r\n".join(lines) + "\r\n", _CONFIG, truth, _NOTE)


def _effect(judge: Codes, age: Codes, gender: Codes) -> Floats:
    young = age == _AGES.index("18-26")
    holds = {"Leeftijdsklasse": young, "Geslacht": gender == _GENDERS.index("V")}
    effect = _YOUNG_FOR_ALL * young
    for name, _, who, gap in _GAPS:
        effect = effect + gap * (holds[name] & (judge == who))
    return np.asarray(effect, dtype=np.float64)
