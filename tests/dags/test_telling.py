"""What the tasks that tell make of a receiver's answers: done, failed, handed over, or tried again when it is due."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

import batches
from batches import BATCH, NOW, planned
from completions.collect import collect
from completions.delivery import PATIENCE_SECONDS
from completions.errors import Outcome
from completions.notify import message_id
from completions.plan import submit
from completions.status import status
from completions.store import AwsAccess, Store
from receivers import SECRETS, Answer, Receiver, listening
from receivers import status as answers

pytest_plugins = ["stores"]

SCRIPT = Path(__file__).with_name("telling.py")
LATER = answers(503, Retry_After="100")
ARN = "arn:aws:sqs:eu-west-1:123456789012:told-by-tasks"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


def _collected(store: Store, callback: str) -> None:
    plan = planned(store, callback=callback)
    submit(store, BATCH, plan.config)
    batches.ask(store, plan, lambda item: Outcome.ANSWERED)
    collect(store, BATCH, NOW + timedelta(minutes=1))


def _done(store: Store, home: Path, *words: str, **connections: dict[str, Any]) -> list[dict[str, Any]]:
    """What the steps came to, done one after another."""
    given = {"aws_default": {"conn_type": "aws"}, "completions_webhook": {"conn_type": "http"}, **connections}
    env = {
        **os.environ,
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in given.items()},
        "AIRFLOW_HOME": str(home),
        "COMPLETIONS_STORE": store.uri.removeprefix("file://"),
        "COMPLETIONS_CALLBACK_ALLOW": "127.0.0.1",
        "PYTHONPATH": str(SCRIPT.parents[1]),
    }
    done = subprocess.run([sys.executable, str(SCRIPT), *words], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _answering(receiver: Receiver, *coming: Answer) -> str:
    """Have it answer so, one after another; its URL."""
    given = iter(coming)
    receiver.answer = lambda handler: next(given)(handler)  # noqa: PLW0108 - another one each time
    return f"http://127.0.0.1:{receiver.server_port}/hook?token=canary"


def test_what_a_receiver_takes_is_told(store: Store, tmp_path: Path, receiver: Receiver) -> None:
    _collected(store, _answering(receiver, answers(204)))
    signed = {"conn_type": "http", "password": SECRETS[0], "extra": {"previous": SECRETS[1]}}
    [done] = _done(store, tmp_path, "notify", completions_webhook=signed)
    assert done == {"told": f"http://127.0.0.1:{receiver.server_port} answered 204"}
    [(_, headers, _)] = receiver.received
    assert len(headers["webhook-signature"].split()) == 2


def test_a_long_wait_is_handed_over_and_goes_on_when_it_is_due(
    store: Store, tmp_path: Path, receiver: Receiver
) -> None:
    target = _answering(receiver, LATER, answers(410), LATER, answers(200))
    _collected(store, target)
    handed, too_early, gone, again, told, idle = _done(
        store, tmp_path, "notify", "deliver", "notify", "notify", "notify", "deliver"
    )
    webhook_id = message_id(BATCH, 1, "batch.successful", target)
    assert handed["handed over"] == {
        "trigger_dag_id": "callback_delivery",
        "dag_run_id": webhook_id,
        "conf": {"batch_id": BATCH, "generation": 1},
        "reset_dag_run": True,
        "wait_for_completion": False,
    }
    assert PATIENCE_SECONDS < handed["wait"] <= 100
    assert "answered 503" in handed["note"]
    assert "canary" not in json.dumps([handed, too_early, gone])
    assert too_early["action"] == "retry"
    assert PATIENCE_SECONDS < too_early["wait"] <= 100
    assert gone == {"failed": f"not delivered: http://127.0.0.1:{receiver.server_port} answered 410"}
    assert again["handed over"] == handed["handed over"]
    assert told == idle == {"told": f"http://127.0.0.1:{receiver.server_port} answered 200"}
    assert {headers["webhook-id"] for _, headers, _ in receiver.received} == {webhook_id}
    assert len({body for _, _, body in receiver.received}) == 1
    body = status(store, BATCH)
    assert body
    assert [attempt["status_code"] for attempt in body["notification"]["attempts"]] == [503, 410, 503, 200]


def test_a_delivery_that_was_given_up_begins_anew_when_it_is_cleared(
    store: Store, tmp_path: Path, receiver: Receiver
) -> None:
    _collected(store, _answering(receiver, answers(410), answers(204)))
    given_up, cleared = _done(store, tmp_path, "notify", "deliver")
    assert given_up["failed"].endswith("answered 410")
    assert cleared["told"].endswith("answered 204")


def test_an_earlier_generation_is_not_told_of_any_more(store: Store, tmp_path: Path, receiver: Receiver) -> None:
    _collected(store, _answering(receiver))
    [skipped] = _done(store, tmp_path, "deliver of an earlier generation")
    assert skipped == {"skipped": "the batch was retried since: generation 1 is told of by itself"}


def test_what_else_breaks_is_for_airflow_to_retry(store: Store, tmp_path: Path) -> None:
    broken, purged = _done(store, tmp_path, "a broken store", "a purged batch")
    assert broken == {"action": "default", "wait": None}
    assert purged == {"action": "fail", "wait": None}


def test_a_queue_that_is_missing_is_a_failure_for_good(store: Store, tmp_path: Path, s3: AwsAccess) -> None:
    aws = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": {"endpoint_url": s3.endpoint_url}}
    _collected(store, ARN)
    [failed] = _done(store, tmp_path, "notify", aws_default=aws)
    assert f"{ARN} does not exist" in failed["failed"]
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("sqs", "eu-west-1", endpoint_url=s3.endpoint_url, **keys)
    queue = client.create_queue(QueueName="told-by-tasks")["QueueUrl"]
    [told] = _done(store, tmp_path, "notify", aws_default=aws)
    assert told == {"told": f"SQS standard queue {ARN} took the message"}
    assert len(client.receive_message(QueueUrl=queue)["Messages"]) == 1
