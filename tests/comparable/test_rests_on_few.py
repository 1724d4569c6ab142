"""Level noise that goes when professionals with a handful of decisions are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

import noiseaudit as na
from noiseaudit.result import Finding

ROLES = {"case": "case", "judge": "judge", "decision": "decision", "design": "log"}


def log(*, own: float, handful: int) -> pd.DataFrame:
    """20 professionals with 100 decisions, whose levels have this SD, and three with a handful, far from the others."""
    rng = np.random.default_rng(3)
    judge = np.concatenate([np.repeat(np.arange(20), 100), np.repeat([20, 21, 22], handful)])
    level = np.append(own * rng.standard_normal(20), [4.0, -4.0, 4.0])
    y = level[judge] + rng.standard_normal(len(judge))
    return pd.DataFrame({"case": np.arange(len(judge)), "judge": judge, "decision": y})


def said(data: pd.DataFrame) -> dict[str, Finding]:
    return {found.code: found for found in na.audit(data, **ROLES).findings}


def test_few_with_a_handful_are_named_as_a_number() -> None:
    found = said(log(own=0.2, handful=4))["level_rests_on_few"]
    assert found.what.startswith("Level noise rests on 3 professionals with fewer than 10 decisions: without them ")
    data = log(own=0.2, handful=4)
    everybody = na.audit(data, **ROLES).noise.level.variance
    others = na.audit(data[data["judge"] < 20], **ROLES).noise.level.variance
    assert f"{max(0.0, others / everybody):.0%}" in found.what


def test_not_where_the_others_differ_as_much_or_nobody_has_a_handful() -> None:
    assert "level_rests_on_few" not in said(log(own=4.0, handful=4))
    assert "level_rests_on_few" not in said(log(own=0.2, handful=10))
