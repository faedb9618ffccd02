"""Whole runs of audits: a real scheduler, real browsers, the rehearsal as the sites."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from standardwebhooks import Webhook

from completions.audit_runs import load_runs, run_key
from completions.frames import load
from completions.marts import connect
from real_airflow import SECRET, RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]


def _runs(airflow: RealAirflow, dag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = airflow.api.request("GET", f"/dags/{dag}/dagRuns")["dag_runs"]
    return found


def _run(airflow: RealAirflow, dag: str) -> str:
    return airflow.run({}, dag)


def test_an_audit_asks_every_model_as_every_person_and_tells_who_follows_it(airflow: RealAirflow) -> None:
    assert _runs(airflow, "audit_harps") == [], "a new file waits for the next time that it is due"
    airflow.rehearsal.script_callback("audit", 410)
    run_id = _run(airflow, "audit_harps")
    assert airflow.state(run_id, "audit_harps") == "success", "whatever becomes of its notification"
    instances = airflow.instances(run_id, "audit_harps")
    states = Counter((one["task_id"], one["state"]) for one in instances)
    done = {(task, "success"): 1 + (task in ("ask", "wait")) for task in ("plan", "ask", "wait", "finish")}
    assert states == {**done, ("notify", "failed"): 1}

    rows = load("completions", store=airflow.store, origin="rehearsal", audit="harps")
    assert sorted(zip(rows["model"], rows["outcome"], rows["language_requested"], strict=True)) == [
        ("chatgpt", "answered", "German"),
        ("gemini", "answered", "German"),
    ]
    part = airflow.store.of("rehearsal")
    [record] = load_runs(part, "harps")
    assert [(one.model, one.profile, one.status, one.outcomes) for one in record.batches] == [
        ("chatgpt", "German", "successful", {"answered": 1}),
        ("gemini", "German", "successful", {"answered": 1}),
    ]
    assert {one.id for one in record.batches} == set(rows["batch_id"])
    assert record.summary == f"harps, run {record.run}: the first run, there is nothing to compare it with."
    counts = {"batches": 2, "successful": 2, "blocked": 0, "asked": 2, "answered": 2}
    assert (record.status, record.counts) == ("successful", counts)
    assert b"harps" in (part.get(run_key("harps", record.run, "report.html")) or b"")
    with connect(airflow.store, "harps", "rehearsal") as marts:
        assert marts.execute("select distinct model, brand, n from mention_rate order by all").fetchall() == [
            ("chatgpt", "Fender", 1),
            ("gemini", "Fender", 1),
        ]

    [event] = airflow.api.request("GET", "/assets/events", source_dag_id="audit_harps")["asset_events"]
    told = {"audit": "harps", "run": record.run, "origin": "rehearsal", **counts}
    assert (event["source_run_id"], {name: event["extra"][name] for name in told}) == (run_id, told)

    [came] = airflow.rehearsal.callbacks("audit")
    body = Webhook(SECRET).verify(came.body, came.headers)
    assert (body["type"], body["data"]["run"], body["data"]["summary"]) == (
        "audit.finished",
        record.run,
        record.summary,
    )
    assert {name: body["data"][name] for name in counts} == counts


def test_a_run_that_would_cost_more_than_its_budget_asks_nothing_and_says_so(airflow: RealAirflow) -> None:
    run_id = _run(airflow, "audit_lyres")
    assert airflow.state(run_id, "audit_lyres") == "failed"
    states = {one["task_id"]: one["state"] for one in airflow.instances(run_id, "audit_lyres")}
    assert states == {
        "plan": "failed",
        "ask": "upstream_failed",
        "wait": "upstream_failed",
        "finish": "failed",
        "notify": "success",
    }
    [record] = load_runs(airflow.store.of("rehearsal"), "lyres")
    assert record.refused is not None
    assert record.refused.startswith("budget.chats_per_run 1: a run takes 2 chats (1 prompt x 1 sample x 2 models")
    assert "Which lyre is best?" not in {asking.prompt for asking in airflow.rehearsal.asked()}
    [came] = airflow.rehearsal.callbacks("dear")
    told = json.loads(came.body)["data"]
    assert (told["status"], told["refused"], told["asked"]) == ("failed", record.refused, 0)


def test_a_file_that_is_wrong_has_a_dag_that_says_why_and_hurts_no_other(airflow: RealAirflow) -> None:
    dag = airflow.api.request("GET", "/dags/audit_broken")
    told = "broken.yaml, line 2: models[0] 'bing': input should be 'chatgpt', 'gemini', 'perplexity' or 'copilot'"
    assert dag["description"] == f"INVALID: {told}"
    assert {tag["name"] for tag in dag["tags"]} == {"completions", "audit", "invalid"}
    assert airflow.api.request("GET", "/importErrors")["import_errors"] == []
    assert airflow.state(_run(airflow, "audit_broken"), "audit_broken") == "failed"
