"""examples/pipelines/camunda_worker.py against a small engine on loopback that speaks the external-task endpoints.

The engine answers as the REST reference of Camunda 7 says: a task is locked for the worker that fetched it, only that
worker may complete it, unknown fields and missing ones are refused.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from noiseaudit.config import load_config
from tests.recipes.recipes import PIPELINES, recipe

MAY = {  # fields of the request bodies: those that are needed, and those that may be there
    "fetchAndLock": ({"workerId", "maxTasks"}, {"usePriority", "asyncResponseTimeout", "topics", "sorting"}),
    "complete": ({"workerId"}, {"variables", "localVariables"}),
    "bpmnError": ({"workerId", "errorCode"}, {"errorMessage", "variables"}),
    "failure": ({"workerId"}, {"errorMessage", "errorDetails", "retries", "retryTimeout", "variables"}),
}
MESSAGE = 4000  # characters that a variable of text, and so a caught error's message, may have


class Engine(HTTPServer):
    """One task at a time; what was done with it is kept in `done`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.waiting: dict[str, str | None] = {}
        self.locked: dict[str, str] = {}
        self.done: list[tuple[str, str, dict[str, Any]]] = []

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        found = re.fullmatch(r"/engine-rest/external-task/(?:([\w-]+)/)?(\w+)", path)
        if found is None or found[2] not in MAY:
            return 404, {"type": "NotFoundException"}
        needed, may = MAY[found[2]]
        if not needed <= set(body) <= needed | may:
            return 400, {"type": "InvalidRequestException", "message": f"{sorted(body)}"}
        if found[2] == "fetchAndLock":
            return 200, self._lock(body)
        if self.locked.get(found[1]) != body["workerId"]:
            return (400 if found[1] in self.locked else 404), {"type": "RestException"}
        for variable in body.get("variables", {}).values():
            if set(variable) - {"value", "type", "valueInfo"}:
                return 400, {"type": "InvalidRequestException"}
        del self.locked[found[1]]
        self.done.append((found[1], found[2], body))
        return 204, None

    def _lock(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        topics = {topic["topicName"]: topic for topic in body["topics"]}
        assert all(topic["lockDuration"] > 0 for topic in topics.values())
        if "noise-check" not in topics:
            return []
        given = []
        for task in list(self.waiting)[: body["maxTasks"]]:
            export = self.waiting.pop(task)
            self.locked[task] = body["workerId"]
            variables = {} if export is None else {"export": {"type": "String", "value": export, "valueInfo": {}}}
            given.append({"id": task, "topicName": "noise-check", "workerId": body["workerId"], "variables": variables})
        return given


class Requests(BaseHTTPRequestHandler):
    """Answers in JSON."""

    server: Engine

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.answer(self.path, body)
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the parent
        """Silent."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_task_is_completed_an_error_or_an_incident(
    engine: Engine, nights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(PIPELINES / "noiseaudit.toml", nights)
    monkeypatch.setenv("CAMUNDA_REST", f"http://127.0.0.1:{engine.server_port}/engine-rest")
    monkeypatch.setenv("EXPORTS", str(nights))
    worker = recipe("camunda_worker")
    config = load_config(nights / "noiseaudit.toml")
    assert worker.work(config, seconds=0) == 0
    engine.waiting = {
        "t1": "passes.csv",
        "t2": "fails.csv",
        "t3": "unknown.csv",
        "t4": "unusable.csv",
        "t5": "nowhere.csv",
        "t6": "/etc/passwd",
        "t7": None,
    }
    while engine.waiting:
        assert worker.work(config, seconds=0) == 1
    assert not engine.locked, "every task that was fetched was answered"
    ends = {task: (end, body) for task, end, body in engine.done}
    assert {task: end for task, (end, _) in ends.items()} == {
        "t1": "complete", "t2": "bpmnError", "t3": "complete", "t4": "failure", "t5": "failure", "t6": "failure",
        "t7": "failure",
    }  # fmt: skip
    assert ends["t1"][1]["variables"] == {"noise": {"value": "pass", "type": "String"}}
    assert ends["t3"][1]["variables"] == {"noise": {"value": "unknown", "type": "String"}}
    assert ends["t2"][1]["errorCode"] == "NOISE_FAIL"
    assert "noise.level.sd" in ends["t2"][1]["errorMessage"]
    assert len(ends["t2"][1]["errorMessage"]) <= MESSAGE
    for task in ("t4", "t5", "t6", "t7"):
        assert ends[task][1]["retries"] == 0, "an incident, which somebody looks at"
    assert "E410" in ends["t4"][1]["errorDetails"]
    assert "nights0/passwd" in ends["t6"][1]["errorDetails"].replace(nights.name, "nights0"), "only names in EXPORTS"


def test_the_worker_is_as_short_as_it_says() -> None:
    text = (PIPELINES / "camunda_worker.py").read_text("utf-8")
    body = text[text.index("def work(") : text.index("if __name__")]
    assert len([line for line in body.splitlines() if line.strip()]) <= 20
