"""dbt: the outcome of the check as a table, a row for each rule. Tests on it warn and fail."""

from pathlib import Path

import pandas as pd

import noiseaudit as na
from noiseaudit.config import load_config


def model(dbt, session):
    config = load_config(Path("noiseaudit.toml"))
    decisions = dbt.ref("decisions").df()
    result = na.audit(decisions, na.AuditDesign(**config.settings), name="decisions", propose=False)
    rules = na.check(result, na.Policy.of(config.check)).to_dict()["rules"]
    shown = ["name", "figure", "status", "warning", "measured", "fail", "because"]
    return pd.DataFrame([{key: rule[key] for key in shown} for rule in rules])
