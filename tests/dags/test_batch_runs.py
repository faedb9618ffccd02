"""Whole runs of the DAG: a real scheduler, a real browser, the rehearsal as the site."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from standardwebhooks import Webhook

from completions.batch import BatchConfig, batch_id_of
from completions.plan import submit
from completions.status import status
from real_airflow import PREVIOUS_SECRET, SECRET, RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.airflow, pytest.mark.browser]

ARN = "arn:aws:sqs:eu-central-1:123456789012:batches"


def _status(airflow: RealAirflow, batch_id: str) -> dict[str, Any]:
    body = status(airflow.store, batch_id)
    assert body
    return body


def _attempts(airflow: RealAirflow, batch_id: str) -> list[int]:
    """The status codes of all attempts to tell of a batch."""
    return [attempt["status_code"] for attempt in _status(airflow, batch_id)["notification"]["attempts"]]


def _told(body: dict[str, Any]) -> dict[str, Any]:
    """What of a status its callback is told."""
    return {name: value for name, value in body.items() if name != "notification"}


def test_a_batch_is_asked_collected_and_told_of_and_then_comes_from_the_cache(airflow: RealAirflow) -> None:
    prompts = ["What is a browser?", "What is a crawler?"]
    conf = {"prompts": prompts, "rehearse": True, "callback": airflow.rehearsal.callback_url("first")}

    run_id = airflow.run(conf)
    body = _status(airflow, batch_id_of(run_id))
    assert (body["status"], body["outcomes"]) == ("successful", {"answered": 2})
    assert airflow.state(run_id) == "success"
    done = {"plan": ["success"], "collect": ["success"], "notify": ["success"]}
    assert airflow.tasks(run_id) == done | {"ask": ["success", "success"]}
    labels = [task["rendered_map_index"] for task in airflow.instances(run_id) if task["task_id"] == "ask"]
    assert labels == ["1: What is a browser?", "2: What is a crawler?"]
    [callback] = airflow.rehearsal.callbacks("first")
    for secret in (SECRET, PREVIOUS_SECRET):
        told = Webhook(secret).verify(callback.body, callback.headers)
    assert told == {"type": "batch.successful", "timestamp": told["timestamp"], "data": _told(body)}

    again = airflow.run(conf)
    assert airflow.tasks(again) == done | {"ask": ["skipped"]}
    assert airflow.state(again) == "success"
    assert _status(airflow, batch_id_of(again))["cached"] == 2
    assert len(airflow.rehearsal.callbacks("first")) == 2
    assert sorted(asking.prompt for asking in airflow.rehearsal.asked() if asking.prompt in prompts) == sorted(prompts)


def test_a_failed_batch_fails_its_run_and_a_failed_delivery_is_made_again_by_clearing(airflow: RealAirflow) -> None:
    prompt, batch_id = "What do walls say?", str(uuid4())
    airflow.rehearsal.script(prompt, "login_wall")
    airflow.rehearsal.script_callback("picky", 410)
    callback = airflow.rehearsal.callback_url("picky")
    submit(airflow.store, batch_id, BatchConfig(prompts=[prompt], rehearse=True, callback=callback))

    run_id = airflow.run({"batch_id": batch_id})
    assert airflow.tasks(run_id) == {
        "plan": ["success"],
        "ask": ["success"],
        "collect": ["failed"],
        "notify": ["failed"],
    }
    assert airflow.state(run_id) == "failed"
    body = _status(airflow, batch_id)
    assert (body["status"], body["outcomes"]) == ("failed", {"login_wall": 1})
    assert _attempts(airflow, batch_id) == [410]

    airflow.clear(run_id, "notify")
    assert airflow.tasks(run_id)["notify"] == ["success"]
    assert airflow.state(run_id) == "failed"
    assert _attempts(airflow, batch_id) == [410, 204]
    first, second = airflow.rehearsal.callbacks("picky")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert json.loads(second.body) | {"timestamp": ""} == {"type": "batch.failed", "timestamp": "", "data": _told(body)}


def test_a_queue_is_told_through_the_connection(airflow: RealAirflow) -> None:
    client = boto3.client(
        "sqs", "eu-central-1", endpoint_url=airflow.sqs, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    queue = client.create_queue(QueueName="batches")["QueueUrl"]
    run_id = airflow.run({"prompts": ["What is a queue?"], "rehearse": True, "callback": ARN})
    assert airflow.tasks(run_id)["notify"] == ["success"]
    [message] = client.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"])["data"] == _told(_status(airflow, batch_id_of(run_id)))
    headers = {name: attribute["StringValue"] for name, attribute in message["MessageAttributes"].items()}
    Webhook(SECRET).verify(message["Body"], headers)


@pytest.mark.parametrize(
    ("conf", "sentences"),
    [
        (
            {"prompts": ["  "], "contry": "US", "rehearse": True},
            [
                "prompts []: give 1 to 1000 prompts, each a text of 1 to 2047 characters that is not blank",
                "contry 'US': is not a field; did you mean country?",
            ],
        ),
        ({}, ["prompts: give 1 to 1000 prompts, each a text of 1 to 2047 characters that is not blank"]),
        (
            {"prompts": ["x" * 2047] * 600},
            ["a conf may have 1048576; submit larger requests with `completions run` or POST"],
        ),
        ({"batch_id": "0c8f5a3e-7a52-4d6c-9a0e-8f1d2b3c4d5e"}, ["no request was submitted under it to"]),
        (
            {"batch_id": "0c8f5a3e-7a52-4d6c-9a0e-8f1d2b3c4d5e", "prompts": ["x"], "expiration": 0},
            ["refers to a request in the store; leave out prompts, expiration"],
        ),
    ],
)
def test_a_refused_conf_says_why_and_leaves_nothing(
    airflow: RealAirflow, conf: dict[str, Any], sentences: list[str]
) -> None:
    parts = [airflow.store, airflow.store.of("rehearsal")]
    before = [part.folders("batches") for part in parts]
    run_id = airflow.run(conf)
    assert airflow.state(run_id) == "failed"
    assert airflow.tasks(run_id) == {
        "plan": ["failed"],
        "ask": ["upstream_failed"],
        "collect": ["upstream_failed"],
        "notify": ["skipped"],
    }
    log = airflow.log(run_id, "plan")
    assert [sentence for sentence in sentences if sentence not in log] == []
    assert [part.folders("batches") for part in parts] == before


def test_a_batch_whose_plan_breaks_is_told_of_as_failed(airflow: RealAirflow) -> None:
    batch_id = str(uuid4())
    callback = airflow.rehearsal.callback_url("broken")
    nowhere = BatchConfig(prompts=["x"], country="DE", city="Atlantis", rehearse=True, callback=callback)
    submit(airflow.store, batch_id, nowhere)
    run_id = airflow.run({"batch_id": batch_id})
    assert airflow.state(run_id) == "failed"
    assert airflow.tasks(run_id)["notify"] == ["success"]
    [told] = airflow.rehearsal.callbacks("broken")
    assert json.loads(told.body)["type"] == "batch.failed"
    assert _status(airflow, batch_id)["status"] == "failed"


def test_a_shards_progress_is_one_object_in_the_task_state_store(airflow: RealAirflow) -> None:
    run_id = airflow.run({"prompts": ["One?", "Two?", "Three?"], "rehearse": True, "prompts_per_task": 3})
    path = f"/dags/batch_completions/dagRuns/{run_id}/taskInstances/ask/state-store"
    [kept] = airflow.api.request("GET", path, map_index=0)["task_state_store"]
    assert (kept["key"], kept["value"]) == ("progress", {"shard": 0, "of": 3, "outcomes": {"answered": 3}})
    [ask] = [task for task in airflow.instances(run_id) if task["task_id"] == "ask"]
    assert ask["rendered_map_index"] == "shard 1 of 1 (3 prompts)"


def test_a_run_that_is_marked_failed_is_still_collected(airflow: RealAirflow) -> None:
    airflow.rehearsal.script("Stuck?", "stalled_stream")
    run_id = airflow.start({"prompts": ["Quick?", "Stuck?"], "rehearse": True})
    airflow.until(lambda: airflow.tasks(run_id)["ask"] == ["success", "running"])
    airflow.until(lambda: any(asking.prompt == "Stuck?" for asking in airflow.rehearsal.asked()))
    airflow.api.request("PATCH", f"/dags/batch_completions/dagRuns/{run_id}", json={"state": "failed"})
    airflow.wait(run_id)
    assert airflow.tasks(run_id)["collect"] == ["success"]
    assert _status(airflow, batch_id_of(run_id))["outcomes"] == {"answered": 1, "cancelled": 1}
