"""`completions audit run` on a real Airflow: what it starts, follows and prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded_airflow import environment
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]


def _run(airflow: RealAirflow, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("completions"))
    settings = environment(airflow.store.uri, airflow.rehearsal.url, airflow.sqs)
    env = os.environ | settings | {"COMPLETIONS_HOME": str(airflow.embedded.home)}
    return subprocess.run([program, "audit", "run", *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.mark.drill
def test_it_follows_the_run_and_prints_what_it_says(airflow: RealAirflow) -> None:
    done = _run(airflow, "pipes", "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["status"], told["asked"], told["answered"], told["batches"]) == ("successful", 2, 2, 2)
    assert Path(told["report"]).read_text("utf-8").startswith("<!doctype html>")
    assert told["summary"].startswith(f"pipes, run {told['run']}")
    assert "2 of 2 batches over" in done.stderr


def test_a_paused_audit_is_told_where_to_be_unpaused_and_started_it_is_not_waited_for(airflow: RealAirflow) -> None:
    dag = "/dags/audit_pipes"
    airflow.api.request("PATCH", dag, json={"is_paused": True})
    refused = _run(airflow, "pipes")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"its DAG audit_pipes is paused in Airflow, at {airflow.api.url}: unpause it there" in refused.stderr
    airflow.api.request("PATCH", dag, json={"is_paused": False})
    begun = json.loads(_run(airflow, "pipes", "--no-wait", "--json").stdout)
    assert airflow.api.request("GET", f"{dag}/dagRuns/{begun['dag_run_id']}")["state"] in ("queued", "running")
    airflow.api.request("PATCH", f"{dag}/dagRuns/{begun['dag_run_id']}", json={"state": "failed"})
