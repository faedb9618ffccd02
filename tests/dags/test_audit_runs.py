"""Whole runs of audits: a real scheduler, real browsers, the rehearsal as the sites."""

from __future__ import annotations

import json
from typing import Any

import pytest

from completions.frames import load
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]


def _run(airflow: RealAirflow, dag: str) -> str:
    run_id: str = airflow.api.request("POST", f"/dags/{dag}/dagRuns", json={"logical_date": None})["dag_run_id"]
    return airflow.wait(run_id, dag)


def test_an_audit_asks_every_model_as_every_person_and_tells_who_follows_it(airflow: RealAirflow) -> None:
    run_id = _run(airflow, "audit_harps")
    assert airflow.state(run_id, "audit_harps") == "success"
    instances = airflow.instances(run_id, "audit_harps")
    states = sorted((one["task_id"], one["state"]) for one in instances)
    assert states == [("ask", "success")] * 2 + [("finish", "success"), ("plan", "success")] + [("wait", "success")] * 2

    rows = load("completions", store=airflow.store, origin="rehearsal", audit="harps")
    assert sorted(zip(rows["model"], rows["outcome"], rows["language_requested"], strict=True)) == [
        ("chatgpt", "answered", "German"),
        ("gemini", "answered", "German"),
    ]
    kept = airflow.store.of("rehearsal")
    [record] = [json.loads(kept.get(key) or b"") for key in kept.keys("audits/harps")]
    assert [(one["model"], one["profile"]) for one in record["batches"]] == [
        ("chatgpt", "German"),
        ("gemini", "German"),
    ]
    assert {one["id"] for one in record["batches"]} == set(rows["batch_id"])
    events: list[dict[str, Any]] = airflow.api.request("GET", "/assets/events", source_dag_id="audit_harps")[
        "asset_events"
    ]
    assert [event["source_run_id"] for event in events] == [run_id]


def test_a_file_that_is_wrong_has_a_dag_that_says_why_and_hurts_no_other(airflow: RealAirflow) -> None:
    dag = airflow.api.request("GET", "/dags/audit_broken")
    told = "broken.yaml, line 2: models[0] 'bing': input should be 'chatgpt', 'gemini', 'perplexity' or 'copilot'"
    assert dag["description"] == f"INVALID: {told}"
    assert airflow.api.request("GET", "/importErrors")["import_errors"] == []
    assert airflow.state(_run(airflow, "audit_broken"), "audit_broken") == "failed"
