"""Looks, against pinned words and numbers: the summary of the toy panel, and the shape of its JSON."""

from __future__ import annotations

import pandas as pd

import noiseaudit as na
from noiseaudit.report import render, summary_text

from ..conftest import ROLES

SUMMARY = """\
toy.csv: 4 professionals, 5 cases, 20 decisions used of 20 rows

When two colleagues judge the same case, they differ by €2.2 on average (95% interval: €0.8 to €6.5).
That is 37% of the average.
Some colleagues are stricter than others in general. That is 52% of the noise (95% interval: 3% to 100%).
Another part (48%) is personal or of the moment: colleagues weigh the same case in their own way, or otherwise on \
another day. You cannot see this in averages.
These data cannot separate pattern and occasion noise: nobody judged the same case twice.

System noise: SD €1.80 (95% interval: €1.16 to €15.12)
  Level noise: SD €1.29 (95% interval: €0.40 to €15.06), 52% of squared noise
  Pattern noise: SD €1.25 (95% interval: €0.65 to €2.46), 48% of squared noise
    Stable pattern noise: not known: nobody decided the same case twice
    Occasion noise: not known: nobody decided the same case twice

Caution: There are very few professionals who share cases (4). Add professionals rather than cases.
Less noise is not the same as better decisions: colleagues can agree and be wrong together.
"""


def test_summary(toy: pd.DataFrame) -> None:
    assert summary_text(na.audit(toy, **ROLES, unit="€", name="toy.csv")) == SUMMARY


def test_markdown_holds_the_same_numbers(toy: pd.DataFrame) -> None:
    text = render(na.audit(toy, **ROLES, unit="€", name="toy.csv"), ".md")
    assert "| Level noise | €1.29 | €0.40 to €15.06 | 52% |" in text


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
