"""Airflow 3: the check as a task. Pass is success, fail is failed, and unknown (exit 99) is skipped."""

import os
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

FOLDER = os.environ.get("NOISE_FOLDER", "/srv/noise")  # export.csv and noiseaudit.toml

with DAG("noise_check", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False):
    BashOperator(
        task_id="check",
        bash_command="noiseaudit check export.csv --config noiseaudit.toml --junit check.xml --unknown-exit 99",
        cwd=FOLDER,
        retries=0,  # the same rows have the same outcome
    )  # the last line on standard output, one JSON object, becomes the task's XCom
