"""The demo `log`: two years of special assistance (bijzondere bijstand) of a town, each application decided once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from noiseaudit.aggregates.cells import Codes
from noiseaudit.aggregates.moments import Floats
from noiseaudit.simulation.assignments import Moments
from noiseaudit.simulation.case_mix import category
from noiseaudit.simulation.demo_export import NOTE, Demo, amount
from noiseaudit.simulation.log_designs import LogDesign
from noiseaudit.simulation.log_truth import log_truth
from noiseaudit.simulation.logs import draw_log

_DESIGN = LogDesign(  # SDs of logarithms of amounts; what a case is worth is built here
    judges=32, cases=7000, level=0.12, detectable_pattern=0.12, stable_pattern=0.10, occasion=0.15, unmeasured=0.12,
    case_sd=0.0, pattern_on=("x4", "kind"), assignment="specialised", sorting=0.2, workload=0.35, periods=8,
    persistence=0.9, judge_day=0.06, offices=4, office=0.05, second_decisions=0.03,
)  # fmt: skip
_SEED = 14
_KINDS = ("Inrichtingskosten", "Bewindvoering", "Patiëntvervoer", "Rechtsbijstand", "Medische hulpmiddelen")
_USUAL = np.array([2850.0, 1900.0, 950.0, 1150.0, 1700.0])  # median amount asked for
_NORM = np.array([4500.0, 2600.0, 1200.0, 1600.0, 3000.0])  # what much larger requests tend to, before the share
_SHARE = 0.55
_CHANNELS = ("Website", "Loket", "Cliëntondersteuner")
_TEAMS = ("Noord", "Oost", "Zuid", "West")
_DISTRICTS = ("Binnenstad", "Overwater", "Molenwijk", "Sint-Andriësbuurt", "De Hoge Akkers", "Stationskwartier",
              "Nieuwland", "Buitengebied")  # fmt: skip
_HEADER = (
    "Zaaknummer", "Soort kosten", "Aangevraagd bedrag", "Offertes", "Eerdere toekenningen", "Wijk", "Ingekomen via",
    "Team", "Behandelaar", "Datum besluit", "Soort besluit", "Toegekend bedrag",
)  # fmt: skip
_SYSTEM_CASES = 210

_CONFIG = """version = 1

[roles]
case = "Zaaknummer"
judge = "Behandelaar"
decision = "Toegekend bedrag"
features = ["Soort kosten", "Aangevraagd bedrag", "Offertes", "Eerdere toekenningen", "Wijk", "Ingekomen via"]
office = "Team"
time = "Datum besluit"

[reading]
encoding = "cp1252"
delimiter = ";"
dates = "dmy"

[analysis]
design = "log"
scale = "log"                 # amounts: differences in per cent
unit = "€"
exclude_judges = ["SYSTEEM"]  # decides by a rule, at night
"""

_NOTE = f"""{NOTE}
log.csv: two years of special assistance (bijzondere bijstand) of a town. 32 professionals in four teams decide what
is granted of the amount that was asked for. Nearly every case was decided once; about 3 % were decided again, after
an objection (Heroverweging), by the same professional or another. As in a real export, some requested amounts and
numbers of quotes are missing, applications that were withdrawn have no amount, the account SYSTEEM decides small
claims at night by a rule, and the last rows are a blank one and a total.

Differences are in logarithms: an SD of 0.12 is about 12 %. `level` is that of any one quarter, team included.
`detectable_pattern` lies in what was asked for and in the kind of costs; the rest of the stable pattern shows in no
log. `unmeasured` are good reasons that the file does not hold.
"""


def log_demo() -> Demo:
    """The export with its noise in logarithms of amounts."""
    truth = log_truth(_DESIGN)
    parts = (
        "system", "level", "level_between_offices", "level_within_offices", "level_all_periods", "pattern",
        "stable_pattern", "detectable_pattern", "occasion", "judge_day", "unmeasured",
    )  # fmt: skip
    built_in = {part: {"sd": getattr(truth, part) ** 0.5} for part in parts}
    return Demo(
        _export(np.random.default_rng(_SEED)), _CONFIG, {**built_in, "persistence": {"value": truth.persistence}}, _NOTE
    )


@dataclass(frozen=True)
class _Cases:
    """What an application holds: text of its columns from `Soort kosten` to `Ingekomen via`, and log of its worth."""

    columns: list[list[str]]
    asked: Floats
    worth: Floats


def _cases(kind: Codes, rank: Floats, channel: Codes, generator: np.random.Generator) -> _Cases:
    """Worth: a share of what was asked for, which levels off at a norm; more with two quotes, less after grants."""
    n = len(kind)
    asked = np.round(_USUAL[kind] * np.exp(0.5 * special.ndtri(rank)) / 10) * 10
    quotes = category(generator.random(n), np.array([0.2, 0.45, 0.25, 0.1]))
    grants = category(generator.random(n), np.array([0.55, 0.25, 0.13, 0.07]))
    district = generator.integers(0, len(_DISTRICTS), n)
    norm = _NORM[kind]
    worth = np.log(_SHARE * norm * -np.expm1(-asked / norm))
    worth += 0.06 * (quotes >= 2) - 0.07 * grants + 0.05 * (channel == 2)
    no_amount, no_quotes = generator.random(n) < 0.01, generator.random(n) < 0.02
    columns = [
        [_KINDS[k] for k in kind],
        ["" if blank else amount(value) for blank, value in zip(no_amount, asked, strict=True)],
        ["" if blank else str(q) for blank, q in zip(no_quotes, quotes, strict=True)],
        [str(g) for g in grants],
        [_DISTRICTS[d] for d in district],
        [_CHANNELS[c] for c in channel],
    ]
    return _Cases(columns, asked, worth)


def _export(generator: np.random.Generator) -> str:
    rows = draw_log(_DESIGN, generator)
    C = _DESIGN.cases
    first = np.unique(rows.case, return_index=True)[1]
    x = rows.features
    cases = _cases(x["kind"][first], x["x4"][first], x["channel"][first], generator)
    granted = np.round(np.exp(rows.decision + cases.worth[rows.case]))
    withdrawn = generator.random(len(granted)) < 0.003
    again = np.ones(len(granted), dtype=bool)
    again[first] = False
    names = generator.permutation(_DESIGN.judges)  # so that codes do not tell the team
    lines = [
        (rows.moment[i], int(rows.case[i]), [column[rows.case[i]] for column in cases.columns],
         f"Team {_TEAMS[rows.office[i]]}", f"BH{101 + names[rows.judge[i]]}",
         "Heroverweging" if again[i] else "Besluit", "" if withdrawn[i] else amount(float(granted[i])))
        for i in range(len(granted))
    ]  # fmt: skip
    small = _cases(
        np.full(_SYSTEM_CASES, 2),
        generator.uniform(0.02, 0.2, _SYSTEM_CASES),
        np.zeros(_SYSTEM_CASES, np.intp),
        generator,
    )
    days = generator.choice(np.unique(rows.moment.astype("datetime64[D]")), _SYSTEM_CASES)
    total = float(granted[~withdrawn].sum())
    for i, (day, asked) in enumerate(zip(days, small.asked, strict=True)):
        value = float(np.ceil(_SHARE * asked))
        total += value
        night = day.astype("datetime64[s]") + np.timedelta64(2 * 3600 + 15 * 60, "s")
        columns = [column[i] for column in small.columns]
        lines.append((night, C + i, columns, "Automatisch", "SYSTEEM", "Besluit", amount(value)))
    lines.sort(key=lambda line: (line[0], line[1]))
    return _written(lines, total)


def _written(lines: list[tuple[Moments, int, list[str], str, str, str, str]], total: float) -> str:
    """Cases are numbered in the order in which they were decided; a blank row and the total come last."""
    numbers: dict[int, str] = {}
    written = [";".join(_HEADER)]
    for moment, case, columns, team, judge, round_, decision in lines:
        when = moment.astype("datetime64[m]").item()
        number = numbers.setdefault(case, f"{when:%Y}-{len(numbers) + 1:05d}")
        written.append(";".join([number, *columns, team, judge, f"{when:%d-%m-%Y %H:%M}", round_, decision]))
    width = len(_HEADER)
    written += [";" * (width - 1), ";".join(["Totaal", *[""] * (width - 2), amount(total)])]
    return "\r\n".join(written) + "\r\n"
