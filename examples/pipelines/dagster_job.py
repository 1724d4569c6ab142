"""Dagster: the check as an asset check. Fail blocks what comes after; unknown is a warning."""

import os
from pathlib import Path

import dagster as dg

import noiseaudit as na
from noiseaudit.config import load_config

FOLDER = Path(os.environ.get("NOISE_FOLDER", "/srv/noise"))  # export.csv and noiseaudit.toml


@dg.asset
def decisions() -> dg.MaterializeResult:
    export = FOLDER / "export.csv"  # your own export of the night goes here
    return dg.MaterializeResult(metadata={"bytes": export.stat().st_size})


@dg.asset_check(asset=decisions, blocking=True)
def noise() -> dg.AssetCheckResult:
    config = load_config(FOLDER / "noiseaudit.toml")
    result = na.audit(FOLDER / "export.csv", na.AuditDesign(**config.settings), propose=False)
    outcome = na.check(result, na.Policy.of(config.check))
    return dg.AssetCheckResult(
        passed=outcome.status == "pass",
        severity=dg.AssetCheckSeverity.ERROR if outcome.status == "fail" else dg.AssetCheckSeverity.WARN,
        description=outcome.text(),
        metadata={"outcome": outcome.to_dict()},
    )


@dg.asset(deps=[decisions])
def dashboard() -> None:
    """What comes after, and is not made where the check fails."""


noise_check = dg.define_asset_job("noise_check")
defs = dg.Definitions(
    assets=[decisions, dashboard],
    asset_checks=[noise],
    jobs=[noise_check],
    schedules=[dg.ScheduleDefinition(job=noise_check, cron_schedule="15 3 * * *")],
)
