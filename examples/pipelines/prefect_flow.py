"""Prefect 3: the check as a flow. Fail ends as Failed; unknown ends as Completed, by the name Unknown."""

import sys
from pathlib import Path

from prefect import flow, task
from prefect.states import Completed, State

import noiseaudit as na
from noiseaudit.config import load_config


@task
def check(folder: Path) -> na.Outcome:
    config = load_config(folder / "noiseaudit.toml")
    result = na.audit(folder / "export.csv", na.AuditDesign(**config.settings), propose=False)
    return na.check(result, na.Policy.of(config.check))


@flow(log_prints=True)
def noise_check(folder: Path) -> State:
    outcome = check(folder)
    print(outcome.text())
    if outcome.status == "unknown":
        return Completed(name="Unknown", message=outcome.text())
    outcome.raise_for_status()
    return Completed(message=outcome.text())


if __name__ == "__main__":
    noise_check(Path(sys.argv[1]))  # noise_check.serve(cron="15 3 * * *") runs it every night
