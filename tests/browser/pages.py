"""Reports of every kind as pages on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pandas as pd

import noiseaudit as na
from noiseaudit.report import write_report

from ..conftest import ROLES, TOY, long
from ..report.group_results import GROUPS
from ..report.log_results import LOGS, renamed
from ..security.hostile import ESCAPES, MARKUP

LONG = "A decision about an application with a very long and winding name " * 3


def of(data: pd.DataFrame, **settings: object) -> na.AuditResult:
    return na.audit(data, **ROLES, **settings)


def drawn(scale: str = "continuous", **settings: object) -> pd.DataFrame:
    return na.simulate(**({"judges": 14, "cases": 30, "scale": scale, "mean": 1.0, "seed": 6} | settings)).data


def blocks() -> pd.DataFrame:
    one, two = drawn(seed=1), drawn(seed=2)
    return pd.concat([one, two.assign(case="x" + two["case"].astype(str), judge="x" + two["judge"].astype(str))])


def named(data: pd.DataFrame) -> na.AuditResult:
    """Long names and a long unit."""
    result = of(data, unit="hours of unpaid community service")
    return replace(result, input=replace(result.input, name="_".join(LONG.split()) + ".csv"))


def long_features(log: na.AuditResult) -> na.AuditResult:
    """Every feature with a name that does not end."""
    return renamed(log, lambda name: f"{name} {LONG}".strip())


KINDS: dict[str, Callable[[], na.AuditResult]] = {
    **{scale: partial(lambda scale: of(drawn(scale), scale=scale), scale)
       for scale in ("continuous", "log", "binary", "nominal", "ordinal", "count")},
    "repeats": lambda: of(drawn(repeats=(1, 2)), occasion="occasion", unit="points"),
    "rare yes": lambda: of(drawn("binary", mean=-4.0, cases=200), scale="binary"),
    "much noise": lambda: of(drawn(level=0.1, stable_pattern=4.0), unit="€"),
    "level only": lambda: of(drawn(level=3.0, stable_pattern=0.05, occasion=0.02)),
    "300 professionals": lambda: of(drawn(judges=300, cases=200, per_case=6)),
    "tiny": lambda: of(drawn().assign(decision=lambda t: t["decision"] * 1e-7), unit="kg"),
    "huge": lambda: of(drawn().assign(decision=lambda t: t["decision"] * 1e9), unit="€"),
    "long names": lambda: named(drawn(repeats=2)),
    "small": lambda: of(long(TOY), unit="€"),
    "thin": lambda: of(drawn(judges=30, cases=35, per_case=2)),
    "blocks": lambda: of(blocks()),
    "truth": lambda: of(drawn(with_answer=True), truth="truth"),
    "alike": lambda: of(pd.DataFrame([(c, j, c) for c in range(5) for j in "xyz"], columns=list(ROLES))),
    "nothing": lambda: of(pd.DataFrame({"case": range(5), "judge": "x", "decision": range(5)})),
    "one case": lambda: of(long(TOY[:1])),
    "log long names": lambda: long_features(LOGS["log amounts"]()),
    **LOGS,
    **GROUPS,
}  # fmt: skip


@cache
def result(kind: str) -> na.AuditResult:
    return KINDS[kind]()


def page(kind: str, folder: Path, *, audience: str = "public") -> str:
    """The address of a report on disk."""
    path = folder / f"{kind.replace(' ', '-')}-{audience}.html"
    if not path.exists():
        write_report(result(kind), path, audience=audience)  # type: ignore[arg-type]
    return path.as_uri()


def hostile(folder: Path) -> list[str]:
    """Reports in which every text that comes from outside is an attack, one page an attack and a scale."""
    found = []
    for number, text in enumerate((*MARKUP, ESCAPES)):
        path = folder / f"hostile-log-{number}.html"
        write_report(renamed(result("log amounts"), lambda name, text=text: text + name), path)
        found.append(path.as_uri())
    for number, text in enumerate((*MARKUP, ESCAPES)):
        for scale in (("small", "nominal", "repeats")[number % 3], "continuous"):
            base = result(scale)
            mean = base.lottery.mean_difference
            lottery = replace(base.lottery, mean_difference=replace(mean, unit=text) if hasattr(mean, "unit") else mean)
            evil = replace(
                base,
                input=replace(base.input, name=text),
                design=replace(base.design, roles={"case": text, "judge": text, "decision": text, text: text}),
                lottery=lottery,
                findings=tuple(replace(f, severity="warning", what=text, why=text, do=text) for f in base.findings),
                judges=tuple(replace(judge, judge=f"{text}{n}") for n, judge in enumerate(base.judges)),
                settings=dict(base.settings)
                | {"unit": text, "reading": {"decimal": text, "sheet": text}, text: [text]},
            )
            path = folder / f"hostile-{scale}-{number}.html"
            write_report(evil, path, audience="team")
            found.append(path.as_uri())
    return found
