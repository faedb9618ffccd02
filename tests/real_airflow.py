"""What the tests do with a real Airflow; `embedded_airflow` starts it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import uuid4

import httpx

from completions.airflow_api import Airflow
from completions.embedded import Embedded
from completions.rehearsal import Rehearsal
from completions.store import Store

DAG = "batch_completions"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PREVIOUS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_ALONE = Lock()
"""Held while a run is started: Airflow on SQLite answers 500 to one of two that are started in the same moment."""
WAIT = 240.0
"""Seconds that a run may take on a busy machine."""


@dataclass(frozen=True)
class RealAirflow:
    """The Airflow, and what is around it."""

    embedded: Embedded
    api: Airflow
    store: Store
    rehearsal: Rehearsal
    sqs: str
    """Where SQS is: the endpoint in the connection `aws_default`."""

    def start(self, conf: dict[str, Any], dag: str = DAG) -> str:
        """Start a run; returns its id."""
        run_id = f"test__{uuid4()}"
        with _ALONE:
            self.api.start(dag, run_id, conf)
        return run_id

    def run(self, conf: dict[str, Any], dag: str = DAG) -> str:
        """Start a run and wait for its end; returns its id."""
        return self.wait(self.start(conf, dag), dag)

    def until(self, holds: Callable[[], bool], within: float = WAIT) -> None:
        """Look again and again until `holds`; within so many seconds."""
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.2)

    def wait(self, run_id: str, dag: str = DAG) -> str:
        """Wait for the end of a run; returns its id."""
        url = f"{self.api.url}/api/v2/dags/{dag}/dagRuns/{run_id}/wait?interval=0.5"
        headers = {"Authorization": f"Bearer {self.api.token}"}
        with httpx.stream("GET", url, headers=headers, timeout=WAIT, trust_env=False) as told:
            states = [json.loads(line)["state"] for line in told.iter_lines() if line]
        assert states[-1] in ("success", "failed")
        return run_id

    def state(self, run_id: str, dag: str = DAG) -> str:
        """How the run ended."""
        return str(self.api.request("GET", f"/dags/{dag}/dagRuns/{run_id}")["state"])

    def instances(self, run_id: str, dag: str = DAG) -> list[dict[str, Any]]:
        """Its task instances."""
        path = f"/dags/{dag}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self.api.request("GET", path)["task_instances"]
        return sorted(found, key=lambda instance: instance["map_index"])

    def tasks(self, run_id: str) -> dict[str, list[str]]:
        """The end states of its tasks, each a list with one state for every mapped instance."""
        states: dict[str, list[str]] = {}
        for instance in self.instances(run_id):
            states.setdefault(instance["task_id"], []).append(instance["state"])
        return states

    def log(self, run_id: str, task: str, map_index: int = -1) -> str:
        """What a task said in its first try."""
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task}/logs/1"
        return "\n".join(line["event"] for line in self.api.request("GET", path, map_index=map_index)["content"])

    def clear(self, run_id: str, task: str) -> None:
        """Have a task of a run that ended done again, and wait for it."""
        body = {"dag_run_id": run_id, "task_ids": [task], "dry_run": False, "only_failed": False}
        with _ALONE:
            self.api.request("POST", f"/dags/{DAG}/clearTaskInstances", json=body)
        self.wait(run_id)
