"""What docs/callbacks.md shows is what is done: its code runs, its tables are the constants, its JSON the fields."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from batches import BATCH, NOW, planned
from completions.addresses import PORTS
from completions.audit_finished import finished
from completions.audit_runs import begun, ended, run_name
from completions.audits import Audit
from completions.collect import collect
from completions.delivery import JITTER, LONGEST_SECONDS, WAITS
from completions.notification import Notification, keep, notification_key
from completions.notify import ANSWER_SECONDS, encode, message_id, payload, webhook_headers
from completions.settings import PROJECT
from completions.sqs import parse_queue, policy_statement
from completions.status import status
from completions.store import Store
from receivers import BODY, SECRETS, Receiver, listening
from receivers import status as answers

pytest_plugins = ["stores"]

GUIDE = (PROJECT / "docs" / "callbacks.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
SHOWN = [json.loads(text) for kind, text in BLOCKS if kind == "json"]
RECEIVERS = [text for kind, text in BLOCKS if kind == "python"]

Told = Callable[[dict[str, str], bytes], dict[str, Any]]


@pytest.fixture(params=RECEIVERS, ids=["by the library", "by hand"])
def told(request: pytest.FixtureRequest) -> Callable[[str], Told]:
    """A receiver of the guide that has this secret."""

    def having(secret: str) -> Told:
        names: dict[str, Any] = {"SECRET": secret}
        exec(request.param, names)
        return names["told"]  # type: ignore[no-any-return]

    return having


def _made() -> str:
    [command] = [text for kind, text in BLOCKS if kind == "sh"]
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()


def test_what_arrives_is_verified_with_each_secret_and_one_that_was_just_made(told: Callable[[str], Told]) -> None:
    secrets = (*SECRETS, _made())
    with listening(Receiver()) as receiver:
        assert receiver.deliver(secrets=secrets).delivered
    [(_, headers, body)] = receiver.received
    for secret in secrets:
        assert told(secret)(headers, body) == json.loads(BODY)


@pytest.mark.parametrize("age", [-400, 400])
def test_what_is_forged_changed_or_old_is_refused(told: Callable[[str], Told], age: float) -> None:
    receive = told(SECRETS[0])
    now = datetime.now(UTC)
    headers = webhook_headers("msg_1", BODY, SECRETS, now)
    old = webhook_headers("msg_1", BODY, SECRETS, datetime.fromtimestamp(time.time() + age, UTC))
    assert receive(headers, BODY)
    for forged, body in [
        (headers, BODY + b" "),
        (headers | {"webhook-id": "msg_2"}, BODY),
        (webhook_headers("msg_1", BODY, [_made()], now), BODY),
        (old, BODY),
    ]:
        with pytest.raises(Exception, match=r"(?i)sign|too"):
            receive(forged, body)


def test_the_body_and_the_status_have_the_fields_that_are_shown(folder: Store) -> None:
    planned(folder, ["a", "b"])
    collect(folder, BATCH, NOW)
    with listening(Receiver()) as receiver:
        receiver.answer = answers(503)
        attempt = receiver.deliver()
    keep(folder, notification_key(BATCH, 1), Notification(id="msg_1", next_attempt_at=NOW).after(attempt))
    body = status(folder, BATCH)
    assert body
    message = json.loads(encode(payload(body, NOW)))
    sent, _, noted, _ = SHOWN
    assert (list(message), list(message["data"])) == (list(sent), list(sent["data"]))
    assert list(noted["notification"]) == list(body["notification"])
    assert list(noted["notification"]["attempts"][0]) == list(body["notification"]["attempts"][0])
    assert body["notification"]["attempts"][0]["reason"].endswith(" answered 503")
    assert re.fullmatch(r"msg_[0-9a-f]{32}", message_id(BATCH, 1, "batch.successful", "x"))


def test_what_is_told_of_an_audit_has_the_fields_that_are_shown(folder: Store) -> None:
    audit = Audit(name="lutes", prompts=["a"], schedule="@daily")
    run = begun(audit, NOW, list(audit.batches(run_name(NOW))), NOW)
    body = {"status": "successful", "count": 1, "successful": 1, "outcomes": {"answered": 1}}
    message = json.loads(encode(finished(folder, ended(run, lambda _: body, NOW))))
    shown = SHOWN[1]
    assert (list(message), list(message["data"])) == (list(shown), list(shown["data"]))
    assert message["type"] == shown["type"]


def test_the_tables_are_the_schedule() -> None:
    rows = re.findall(r"^\| (\d) \| (?:(\d+) (second|minute|hour)s|at once)", GUIDE, re.MULTILINE)
    units = {"": 0.0, "second": 1.0, "minute": 60.0, "hour": 3600.0}
    assert [int(number) for number, _, _ in rows] == list(range(1, len(WAITS) + 1))
    assert [int(count or 0) * units[unit] for _, count, unit in rows] == list(WAITS)
    assert (JITTER, LONGEST_SECONDS, ANSWER_SECONDS) == (1 / 5, 24 * 3600, 15)
    assert "ports {}, {}, {} and {}.".format(*PORTS) in GUIDE


def test_the_statement_is_what_is_granted() -> None:
    shown = SHOWN[-1]
    queue = parse_queue(shown["Resource"])
    assert queue
    assert policy_statement(queue, shown["Principal"]["AWS"]) == shown
