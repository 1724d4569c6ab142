"""A yes/no decision turned round has the same noise, rare categories or not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import noiseaudit as na


def test_yes_and_no_are_the_same_decision() -> None:
    rng = np.random.default_rng(5)
    n = 1200
    kind = rng.choice(["a", "b", "c", "d"], n, p=[0.9, 0.06, 0.03, 0.01])  # the rarest: too few to split on
    judge = rng.integers(0, 12, n)
    yes = rng.random(n) < 0.06 + 0.02 * (judge % 3) + 0.25 * (kind == "c") + 0.4 * (kind == "d")
    data = pd.DataFrame(
        {"case": np.arange(n), "judge": judge, "kind": kind, "area": rng.integers(0, 30, n), "decision": yes * 1}
    )
    roles = {"case": "case", "judge": "judge", "decision": "decision", "features": ["kind", "area"]}
    found, turned = (
        na.audit(each, **roles, design="log", comparable="case_mix")
        for each in (data, data.assign(decision=1 - data["decision"]))
    )
    assert turned.noise.level.variance == pytest.approx(found.noise.level.variance, rel=1e-9)
    assert turned.supplement.log.comparison.explained == pytest.approx(found.supplement.log.comparison.explained)
    assert turned.noise.system.sd_bounds == pytest.approx(found.noise.system.sd_bounds, rel=1e-9)
