"""What the tasks of an audit make of a late start, a budget, a receiver; and when Airflow has an audit run at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from batches import NOW
from completions.audit_runs import AuditRun, begun, keep, load_run, load_runs, run_key, run_name
from completions.audit_runs import ended as ended_
from completions.audits import load
from completions.notification import load as account_of
from completions.rehearsal import weeks
from completions.store import AwsAccess, Store
from receivers import Receiver, listening
from receivers import status as answers

from .test_telling import LATER, _answering, _done

pytest_plugins = ["stores"]

AUDIT = """
prompts: [Which lute is best?]
models: [chatgpt, gemini]
schedule: "@daily"
rehearse: true
"""
KEY = f"audits/lutes/{run_name(NOW)}/notification.json"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of audits: one, lutes."""
    folder = tmp_path / "audits"
    folder.mkdir()
    (folder / "lutes.yaml").write_text(AUDIT, "utf-8")
    monkeypatch.setenv("COMPLETIONS_AUDITS", str(folder))
    return folder


def _over(store: Store, folder: Path, callback: str) -> AuditRun:
    """A run of lutes that is over, and to be told of."""
    audit = load(folder / "lutes.yaml").model_copy(update={"callback": callback})
    run = begun(audit, NOW, list(audit.batches(run_name(NOW))), NOW)
    body = {"status": "successful", "count": 1, "successful": 1, "outcomes": {"answered": 1}}
    run = ended_(run, lambda _: body, NOW + timedelta(hours=1)).model_copy(update={"summary": "Nothing changed."})
    keep(store.of("rehearsal"), run)
    return run


def test_a_receiver_that_is_down_is_told_of_an_audit_later_and_the_record_stays(
    store: Store, folder: Path, tmp_path: Path, receiver: Receiver
) -> None:
    run = _over(store, folder, _answering(receiver, LATER, LATER, answers(200)))
    handed, anew, told, idle = _done(
        store,
        tmp_path,
        "notify of an audit",
        "deliver of an audit that was finished anew",
        "notify of an audit",
        "notify of an audit",
    )
    part = store.of("rehearsal")
    account = account_of(part, KEY)
    assert account
    assert handed["handed over"]["conf"] == {"audit": "lutes", "run": run.run}
    assert handed["handed over"]["dag_run_id"] == account.id
    assert handed["note"].startswith("audit_lutes: not delivered yet: ")
    assert anew == {"skipped": "the run of the audit was finished anew since, and is told of by itself"}
    assert told["handed over"] == handed["handed over"]
    assert idle == {"told": f"http://127.0.0.1:{receiver.server_port} answered 200"}
    assert [one.status_code for one in account.attempts] == [503, 503, 200]
    assert load_run(part, "lutes", run.run) == run
    assert {headers["webhook-id"] for _, headers, _ in receiver.received} == {account.id}


def test_what_is_due_is_delivered_and_what_is_gone_is_not(
    store: Store, folder: Path, tmp_path: Path, receiver: Receiver
) -> None:
    target = _answering(receiver, answers(410))
    [skipped] = _done(store, tmp_path, "deliver of an audit")
    assert skipped == {"skipped": "there is no such run of an audit, or it is not over, or has no callback"}
    _over(store, folder, target)
    [gone] = _done(store, tmp_path, "deliver of an audit")
    assert gone["failed"] == f"not delivered: http://127.0.0.1:{receiver.server_port} answered 410"


def test_a_fifo_queue_is_told_once_and_in_the_order_of_the_audits_runs(
    store: Store, folder: Path, tmp_path: Path, s3: AwsAccess
) -> None:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("sqs", "eu-west-1", endpoint_url=s3.endpoint_url, **keys)
    queue = client.create_queue(QueueName="audits.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = "arn:aws:sqs:eu-west-1:123456789012:audits.fifo"
    run = _over(store, folder, arn)
    aws = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": {"endpoint_url": s3.endpoint_url}}
    [told, again] = _done(store, tmp_path, "notify of an audit", "notify of an audit", aws_default=aws)
    assert told == again == {"told": f"SQS FIFO queue {arn} took the message"}
    [message] = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "audit_lutes"
    body = json.loads(message["Body"])
    assert (body["type"], body["data"]["run"], body["data"]["summary"]) == (
        "audit.finished",
        run.run,
        "Nothing changed.",
    )


def test_a_run_that_comes_too_late_is_missed_and_asks_nothing(store: Store, folder: Path, tmp_path: Path) -> None:
    [late, done] = _done(store, tmp_path, "plan a day late", "plan in time")
    assert late == {"skipped": "was due 24.0 hours ago, and a chat answers today: this run is missed"}
    assert done == {"batches": 2}
    [run] = load_runs(store.of("rehearsal"), "lutes")
    assert datetime.now(UTC) - run.due_at < timedelta(minutes=5)
    assert len(store.of("rehearsal").folders("batches")) == 2


def test_a_run_that_somebody_started_is_never_too_late(store: Store, folder: Path, tmp_path: Path) -> None:
    assert _done(store, tmp_path, "plan a day after somebody started it") == [{"batches": 2}]


def test_a_run_over_its_budget_fails_before_anything_is_submitted(
    store: Store, folder: Path, tmp_path: Path, receiver: Receiver
) -> None:
    (folder / "lutes.yaml").write_text(f"{AUDIT}budget: {{chats_per_run: 1}}\n", "utf-8")
    [failed] = _done(store, tmp_path, "plan of an audit that costs too much")
    told = "budget.chats_per_run 1: a run takes 2 chats (1 prompt x 1 sample x 2 models x 1 profile)"
    assert failed["failed"].startswith(told)
    [run] = load_runs(store.of("rehearsal"), "lutes")
    assert (run.refused, run.batches, run.status) == (failed["failed"], [], "failed")
    assert store.of("rehearsal").folders("batches") == []


def test_a_run_that_is_over_has_figures_and_a_report_that_leads_to_the_answers(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    audit = weeks.audit_of(1, 1, 1, "lutes")
    run = weeks.rehearse(store, audit, weeks.Week(1, NOW, 1), weeks.by_heart, lambda line: None)
    part = store.of("rehearsal")
    [done] = _done(store, tmp_path, "finish of an audit")
    counts = {"batches": 4, "successful": 4, "blocked": 0, "asked": 4, "answered": 4}
    assert done == {"counts": counts, "extra": {"audit": "lutes", "run": run.run, "origin": "rehearsal", **counts}}
    report = (part.get(run_key("lutes", run.run, "report.html")) or b"").decode()
    assert f"https://airflow.example.com/ai/completions?id={run.batches[0].id}" in report.replace("&amp;", "&")


def test_a_run_without_an_answer_fails_and_has_its_figures_all_the_same(store: Store, tmp_path: Path) -> None:
    audit = weeks.audit_of(1, 1, 1, "lutes").model_copy(update={"models": ["copilot"]})
    blocked = weeks.Week(5, NOW, 1)
    run = weeks.rehearse(store, audit, blocked, weeks.by_heart, lambda line: None)
    [failed] = _done(store, tmp_path, "finish of an audit")
    assert failed["failed"].startswith(
        "no batch of this run was answered: {'batches': 1, 'successful': 0, 'blocked': 1"
    )
    part = store.of("rehearsal")
    again = load_run(part, "lutes", run.run)
    assert again
    assert (again.status, again.summary) == ("failed", run.summary)
    assert part.get(run_key("lutes", run.run, "report.html"))


def test_a_callback_that_may_not_be_called_is_refused_before_anything_is_asked(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    (folder / "lutes.yaml").write_text(f"{AUDIT}callback: http://10.0.0.1/canary\n", "utf-8")
    [failed] = _done(store, tmp_path, "plan in time")
    assert failed["failed"].startswith("callback ")
    assert "canary" not in failed["failed"]


def test_airflow_starts_a_new_audit_when_it_is_next_due_and_of_what_was_missed_the_last_at_most(
    folder: Path, tmp_path: Path
) -> None:
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow")}
    command = [sys.executable, str(Path(__file__).with_name("schedules.py"))]
    told = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    due = json.loads(told.splitlines()[-1])
    day = 24 * 3600
    assert 0 < due["new"] <= day
    assert 0 < due["ran today"] <= day
    assert -day <= due["missed three"] <= 0
    assert due["at once"] == 1
