"""Classes as a reader sees them: rules that name what is in them, and means of the decision or rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na
from noiseaudit.log_tables import rule_code
from noiseaudit.report.comparability import rule_text
from noiseaudit.report.log_sentences import LogSpeaker


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 1500
    kind = rng.choice(np.array(["shop", "bar", "school", None], dtype=object), n)
    hours = rng.integers(1, 6, n)
    return pd.DataFrame(
        {
            "case": [f"c{k}" for k in range(n)],
            "judge": rng.choice(["a", "b", "c", "d", "e"], n),
            "kind": kind,
            "region": rng.choice(["north", "south"], n),
            "hours": hours,
            "findings": rng.poisson(0.4 * hours * np.where(kind == "bar", 2, 1)),
        }
    )


ROLES = {"case": "case", "judge": "judge", "decision": "findings", "features": ["kind", "region"]}


def test_strata_name_their_values(data: pd.DataFrame) -> None:
    result = na.audit(data, **ROLES, design="log", comparable="strata", scale="continuous")
    classes = result.supplement.log.comparison.classes
    speaker = LogSpeaker(result)
    for each in classes:
        assert all(condition.sign == "in" for condition in each.rule)
    names = ["kind is shop", "kind is bar", "kind is school", "kind is missing"]
    expected = {f"{kind}; region is {region}" for kind in names for region in ("north", "south")}
    assert {rule_text(speaker, each.rule) for each in classes} == expected
    assert "kind missing and region in (north)" in {rule_code(each.rule) for each in classes}
    north = data[(data["kind"] == "bar") & (data["region"] == "north")]
    found = next(each for each in classes if rule_text(speaker, each.rule) == "kind is bar; region is north")
    assert (found.decisions, found.mean) == (len(north), pytest.approx(north["findings"].mean()))


def test_rates_of_classes_are_events_per_exposure(data: pd.DataFrame) -> None:
    result = na.audit(data, **ROLES, exposure="hours")
    speaker = LogSpeaker(result)
    found = {rule_text(speaker, each.rule): each.mean for each in result.supplement.log.comparison.classes}
    north = data[(data["kind"] == "bar") & (data["region"] == "north")]
    assert found["kind is bar; region is north"] == pytest.approx(north["findings"].sum() / north["hours"].sum())
