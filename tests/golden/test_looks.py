"""Looks, against pinned words and numbers: the summary of the toy panel, and the shape of its JSON."""

from __future__ import annotations

import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.report import render, summary_text

from ..conftest import ROLES, TOY, long
from ..report.log_results import LOGS

SUMMARY = """\
toy.csv: 4 professionals, 5 cases, 20 decisions used of 20 rows

When two colleagues judge the same case, they differ by €2.2 on average (95% interval: €0.8 to €6.5).
That is 37% of the average.
Some colleagues are stricter than others in general. That is 52% of the squared noise (95% interval: 3% to \
100%). In these data that is the largest part; which part is largest is not sure.
Another part (48% of the squared noise) is personal or of the moment: colleagues weigh the same case in their \
own way, or otherwise on another day. You cannot see this in averages.
These data cannot separate pattern and occasion noise: nobody judged the same case twice.

System noise: SD €1.80 (95% interval: €1.16 to €15.12)
  Level noise: SD €1.29 (95% interval: €0.40 to €15.06), 52% of squared noise
  Pattern noise: SD €1.25 (95% interval: €0.65 to €2.46), 48% of squared noise
    Stable pattern noise: not known: nobody decided the same case twice
    Occasion noise: not known: nobody decided the same case twice

Caution: Only 4 professionals share cases, so the intervals are wide. A few people tell little about how people \
differ. Add professionals rather than cases.
Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""

BINARY = """\
binary.csv: 14 professionals, 30 cases, 420 decisions used of 420 rows

Had another colleague decided, the outcome would have been different in about 37 of 100 cases (95% interval: 30 \
to 54).
Some colleagues are stricter than others in general. That is 4% of the noise (95% interval: 1% to 31%).
The largest part (96% of the noise) is personal or of the moment: colleagues weigh the same case in their own \
way, or otherwise on another day. You cannot see this in averages.
These data cannot separate pattern and occasion noise: nobody judged the same case twice.

System noise: 36.9% chance of a different outcome (95% interval: 29.6% to 53.6%)
  Level noise: 1.6 percentage points of it (95% interval: 0.2 to 15.6), 4% of the noise
  Pattern noise: 35.3 percentage points of it (95% interval: 28.1 to 44.4), 96% of the noise
    Stable pattern noise: not known: nobody decided the same case twice
    Occasion noise: not known: nobody decided the same case twice

Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""

ORDINAL = """\
ordinal.csv: 14 professionals, 30 cases, 420 decisions used of 420 rows

Two colleagues give the same case a different grade in about 46 of 100 cases (95% interval: 38 to 72).
Some colleagues are stricter than others in general. That is 8% of the squared noise (95% interval: 1% to 71%).
In these data the largest part (92% of the squared noise) is personal or of the moment: colleagues weigh the \
same case in their own way, or otherwise on another day; which part is largest is not sure. You cannot see this \
in averages.
These data cannot separate pattern and occasion noise: nobody judged the same case twice.

System noise: SD 0.687 steps (95% interval: 0.614 to 1.272 steps)
  Level noise: SD 0.19 steps (95% interval: 0.05 to 1.08 steps), 8% of squared noise
  Pattern noise: SD 0.660 steps (95% interval: 0.589 to 0.740 steps), 92% of squared noise
    Stable pattern noise: not known: nobody decided the same case twice
    Occasion noise: not known: nobody decided the same case twice

Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""

LOG_OF_AMOUNTS = """\
permits 2024–2025.csv: 60 professionals, 4,758 cases, 4,970 decisions used of 4,984 rows

On comparable cases, a colleague's average typically lies €56 above or below that of all colleagues (95%\
 interval: €42 to €75).
That is 9% of the average decision.
Cases were not assigned by lot, so part of this can come from the cases themselves.
Colleagues also weigh some kinds of cases each in their own way. The part of this that shows in a log is\
 typically €31 (95% interval: €18 to €44); all of it is at least as large.
On one and the same case, a decision typically lies between €64 and €356 from what all colleagues \
together would decide. This log cannot say where in between. The upper end is a ceiling, not an \
estimate: it counts every difference that the log cannot explain.

System noise: SD between €64 and €356 (bounds; a log gives no estimate)
  Level noise: SD €56 (95% interval: €42 to €75)
  Pattern noise: SD between €31 and €351 (bounds; a log gives no estimate)
    Detectable pattern noise: SD €31 (95% interval: €18 to €44)
    Stable pattern noise: SD between €31 and €351 (bounds; a log gives no estimate)
    Occasion noise: SD between €0 and €350 (bounds; a log gives no estimate)

Note: These columns were assumed: case, handled by, decision. Check them. Give them with --case, --judge\
 and --decision, or in noiseaudit.toml.
Almost every case was decided once. So a log hardly shows how much two colleagues would differ on the \
same case, or whether a colleague would decide the same on another day.
Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""

LOG_OF_YES_AND_NO = """\
objections.csv: 40 professionals, 4,980 cases, 4,980 decisions used of 4,994 rows

In about 1 in 7 pairs of comparable cases, two colleagues decided differently (95% interval: 1 in 7 to 1\
 in 6).
Cases were not assigned by lot, so part of this can come from the cases themselves.
On comparable cases, how often a colleague says yes typically lies 6.1\u00a0percentage points above or below \
the average of all colleagues (95% interval: 4.5 to 8.3\u00a0percentage points).
Whether colleagues weigh some kinds of cases each in their own way is not sure: the part of this that \
shows in a log is 2.0\u00a0percentage points (95% interval: 0.0 to 5.0\u00a0percentage points).
Had another colleague decided the same case, the outcome would have been different in 1 to 15 of 100 \
cases. This log cannot say where in between. The upper end is a ceiling, not an estimate: it counts \
every difference that the log cannot explain.

System noise: SD between 6 and 27\u00a0percentage points (bounds; a log gives no estimate)
  Level noise: SD 6.1\u00a0percentage points (95% interval: 4.5 to 8.3\u00a0percentage points)
  Pattern noise: SD between 2 and 27\u00a0percentage points (bounds; a log gives no estimate)
    Detectable pattern noise: SD 2.0\u00a0percentage points (95% interval: 0.0 to 5.0\u00a0percentage points)
    Stable pattern noise: SD between 2 and 27\u00a0percentage points (bounds; a log gives no estimate)
    Occasion noise: SD between 0 and 26\u00a0percentage points (bounds; a log gives no estimate)

Note: These columns were assumed: case, handled by, decision. Check them. Give them with --case, --judge\
 and --decision, or in noiseaudit.toml.
Each case was decided once. So a log cannot show how much two colleagues would differ on the same case, \
or whether a colleague would decide the same on another day.
Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""

TWO = """\
two.csv: 2 professionals, 5 cases, 10 decisions used of 10 rows

When two colleagues judge the same case, they differ by €2.20 on average (no interval: an interval needs at \
least three professionals).
That is 43% of the average.
One of the two colleagues is stricter than the other in general. That is 57% of the squared noise (no interval: \
an interval needs at least three professionals). In these data that is the largest part; which part is largest \
is not sure.
Another part (43% of the squared noise) is personal or of the moment: colleagues weigh the same case in their \
own way, or otherwise on another day. You cannot see this in averages.
These data cannot separate pattern and occasion noise: nobody judged the same case twice.
This is about these two colleagues; it says nothing about others.

System noise: SD €1.92 (no interval: an interval needs at least three professionals)
  Level noise: SD €1.45 (no interval: an interval needs at least three professionals), 57% of squared noise
  Pattern noise: SD €1.26 (no interval: an interval needs at least three professionals), 43% of squared noise
    Stable pattern noise: not known: nobody decided the same case twice
    Occasion noise: not known: nobody decided the same case twice

Caution: Only 2 professionals share cases. That gives an estimate and no interval: it can be far off. Take it \
as a first impression, and add professionals.
Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""


def test_summary_of_a_log() -> None:
    assert summary_text(LOGS["log amounts"]()) == LOG_OF_AMOUNTS
    assert summary_text(LOGS["log yes or no"]()) == LOG_OF_YES_AND_NO


def test_summary(toy: pd.DataFrame) -> None:
    assert summary_text(na.audit(toy, **ROLES, unit="€", name="toy.csv")) == SUMMARY


@pytest.mark.parametrize(("scale", "summary"), [("binary", BINARY), ("ordinal", ORDINAL)])
def test_summary_of_outcomes_and_grades(scale: str, summary: str) -> None:
    panel = na.simulate(judges=14, cases=30, scale=scale, mean=1.0, level=0.5, stable_pattern=0.5, seed=6)
    assert summary_text(na.audit(panel.data, **ROLES, scale=scale, name=f"{scale}.csv")) == summary


def test_summary_of_two_judges() -> None:
    assert summary_text(na.audit(long([row[:2] for row in TOY]), **ROLES, unit="€", name="two.csv")) == TWO


def test_markdown_holds_the_same_numbers(toy: pd.DataFrame) -> None:
    text = render(na.audit(toy, **ROLES, unit="€", name="toy.csv"), ".md")
    assert "| \u00a0\u00a0Level noise | €1.29 | €0.40 to €15.06 | 52% |" in text


def test_json_keys(toy: pd.DataFrame) -> None:
    plain = na.audit(toy, **ROLES).to_dict()
    assert list(plain) == [
        "schema", "schema_version", "tool", "input", "design", "noise", "book", "lottery", "accuracy", "judges",
        "groups", "findings", "supplement", "settings",
    ]  # fmt: skip
    assert (plain["schema"], plain["schema_version"]) == ("noiseaudit/result", "1.0")
    assert list(plain["noise"]) == [
        "system", "level", "pattern", "stable_pattern", "occasion", "case", "detectable_pattern"
    ]  # fmt: skip
    assert set(plain["noise"]["level"]) == {
        "status", "variance", "variance_interval", "sd", "sd_interval", "share", "share_interval", "at_boundary"
    }  # fmt: skip
    assert set(plain["noise"]["occasion"]) == {"status", "reason", "because"}
    assert set(plain["lottery"]["mean_difference"]) == {"status", "value", "unit", "interval"}
    assert {"kind", "scale", "estimator", "judges", "cases", "cells", "cells_informative", "decisions",
            "replicated_cells", "linked_blocks", "roles"} == set(plain["design"])  # fmt: skip
    team = na.audit(toy, **ROLES).to_dict("team")["judges"][0]
    assert set(team) == {
        "judge", "decisions", "cells", "level", "se", "shrunk", "interval", "reliability", "block"
    }  # fmt: skip
