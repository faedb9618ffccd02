"""`check-callback`: what would be told, by whom, and what a queue must grant."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from batches import BATCH, NOW, planned
from completions.collect import collect
from completions.delivery import Attempt
from completions.notification import Notification, keep, notification_key
from completions.sqs import parse_queue, policy_statement
from completions.store import AwsAccess, Store

from .conftest import Completions

pytest_plugins = ["stores"]

MOTO = "arn:aws:sts::123456789012:user/moto"
HOOK = "https://hooks.example.com/done?batch=1"
QUEUES = ["arn:aws:sqs:eu-west-1:123456789012:done", "https://sqs.eu-west-1.amazonaws.com/123456789012/done.fifo"]


@pytest.fixture
def connected(s3: AwsAccess, monkeypatch: pytest.MonkeyPatch) -> str:
    """The endpoint of an AWS that `aws_default` leads to."""
    connection = {"login": "testing", "password": "testing", "extra": {"endpoint_url": s3.endpoint_url}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    return str(s3.endpoint_url)


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that every name leads to."""
    addresses: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return addresses


@pytest.mark.parametrize("target", QUEUES)
def test_a_queue_is_told_by_an_identity_that_it_must_grant(
    completions: Completions, connected: str, target: str
) -> None:
    ended = completions("check-callback", target, "--json")
    queue = parse_queue(target)
    assert queue
    assert (ended.status, ended.err) == (0, "")
    assert ended.json == {
        "target": target,
        "accepted": True,
        "described": str(queue),
        "principal": MOTO,
        "policy_statement": policy_statement(queue, MOTO),
        "warning": None,
    }
    people = completions("check-callback", target).out
    assert f"accepted: {queue}\nsent by:  {MOTO}\n" in people
    assert json.loads(people[people.index("{") :]) == policy_statement(queue, MOTO)


def test_a_queue_at_the_operators_endpoint(completions: Completions, connected: str) -> None:
    ended = completions("check-callback", f"{connected}/123456789012/done", "--json")
    assert (ended.status, ended.json["principal"]) == (0, MOTO)
    assert ended.json["described"] == "SQS standard queue arn:aws:sqs:*:123456789012:done"


def test_nobody_says_who_sends(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {"login": "k", "password": "s", "extra": {"endpoint_url": "http://127.0.0.1:9"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(nowhere))
    ended = completions("check-callback", QUEUES[0], "--json")
    assert (ended.status, ended.json["principal"]) == (0, None)
    assert ended.json["policy_statement"]["Principal"] == {"AWS": "arn:aws:iam::ACCOUNT:role/NAME"}
    assert "sent by:  unknown" in completions("check-callback", QUEUES[0]).out


def test_a_name_that_leads_to_a_public_address(completions: Completions, resolved: list[str]) -> None:
    resolved.append("93.184.216.34")
    ended = completions("check-callback", HOOK, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json == {
        "target": HOOK,
        "accepted": True,
        "described": "POST to https://hooks.example.com, at 93.184.216.34",
        "principal": None,
        "policy_statement": None,
        "warning": None,
    }
    ended = completions("check-callback", HOOK)
    assert (ended.out, ended.err) == ("accepted: POST to https://hooks.example.com, at 93.184.216.34\n", "")


def test_a_name_that_leads_nowhere_yet(completions: Completions, resolved: list[str]) -> None:
    ended = completions("check-callback", HOOK)
    assert (ended.status, ended.out) == (0, "accepted: POST to https://hooks.example.com\n")
    assert ended.err.startswith("warning: callback 'https://hooks.example.com': the host's name does not resolve")
    ended = completions("check-callback", HOOK, "--json")
    assert (ended.status, ended.err) == (0, "")
    assert "does not resolve" in ended.json["warning"]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
def test_a_name_that_leads_to_a_private_address(
    completions: Completions, resolved: list[str], addresses: list[str]
) -> None:
    resolved.extend(addresses)
    ended = completions("check-callback", HOOK, "--json")
    assert (ended.status, ended.out) == (2, "")
    assert "the address is not a public one" in ended.err


@pytest.mark.parametrize(
    "target",
    ["ftp://example.com/", "nonsense", "http://127.0.0.1:8080/", "http://169.254.169.254/latest", "http://[::1]/"],
)
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["", "json"])
def test_a_callback_that_would_be_refused(completions: Completions, target: str, as_json: list[str]) -> None:
    ended = completions("check-callback", target, *as_json)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("refused: callback ")
    assert len(ended.err.splitlines()) == 1


def test_the_operator_may_allow_a_receiver(completions: Completions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_CALLBACK_ALLOW", "127.0.0.1:8080")
    assert completions("check-callback", "http://127.0.0.1:8080/hook").status == 0
    assert completions("check-callback", "http://127.0.0.1:8081/hook").status == 2


TRIED = [
    # what the receiver answered, what people are told
    ({"status_code": 503}, "not yet, next attempt 2026-11-23 12:00 UTC: it answered (1 attempts)"),
    ({"status_code": 410, "final": True}, "given up: it answered (1 attempts)"),
    ({"status_code": 204, "final": True, "delivered": True}, "delivered: it answered (1 attempts)"),
]


@pytest.mark.parametrize(("answered", "told"), TRIED)
def test_show_tells_how_the_callback_was_told(
    completions: Completions, store: Store, answered: dict[str, Any], told: str
) -> None:
    planned(store, ["best guitars"])
    collect(store, BATCH, NOW)
    assert "callback" not in completions("show", BATCH).out
    attempt = Attempt(NOW).ended("it answered", **answered)
    keep(store, notification_key(BATCH, 1), Notification(id="msg_1", next_attempt_at=NOW).after(attempt))
    assert f"callback   {told}\n" in completions("show", BATCH).out
    assert completions("show", BATCH, "--json").json["notification"]["id"] == "msg_1"
