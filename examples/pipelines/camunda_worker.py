"""External-task worker for Camunda 7 (REST): topic `noise-check`, process variable `export` (a name in EXPORTS).

Pass and unknown complete the task with the variable `noise`; fail is the BPMN error NOISE_FAIL, for a boundary event;
data that cannot be used are an incident.
"""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import noiseaudit as na
from noiseaudit.config import load_config

ENGINE = os.environ.get("CAMUNDA_REST", "http://localhost:8080/engine-rest")
EXPORTS = Path(os.environ.get("EXPORTS", "/srv/exports"))


def post(path: str, **body: Any) -> Any:
    data = json.dumps({"workerId": "noiseaudit", **body}).encode()
    request = urllib.request.Request(f"{ENGINE}/external-task/{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - own config
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - own config
        return json.loads(answer.read() or "null")


def work(config: Any, *, seconds: int = 20) -> int:
    topic = {"topicName": "noise-check", "lockDuration": 600_000, "variables": ["export"]}
    tasks = post("fetchAndLock", maxTasks=1, asyncResponseTimeout=1000 * seconds, topics=[topic])
    for task in tasks:
        try:
            export = EXPORTS / Path(task["variables"]["export"]["value"]).name  # a name, never a path
            result = na.audit(export, na.AuditDesign(**config.settings), propose=False)
            outcome = na.check(result, na.Policy.of(config.check))
        except (na.NoiseAuditError, LookupError) as error:
            post(f"{task['id']}/failure", errorMessage=str(error)[:600], errorDetails=str(error), retries=0)
            continue
        noise = {"noise": {"value": outcome.status, "type": "String"}}
        if outcome.status == "fail":
            post(f"{task['id']}/bpmnError", errorCode="NOISE_FAIL", errorMessage=outcome.text(), variables=noise)
        else:
            post(f"{task['id']}/complete", variables=noise)
    return len(tasks)


if __name__ == "__main__":
    settings = load_config(EXPORTS / "noiseaudit.toml")
    while True:
        work(settings)
