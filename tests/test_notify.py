"""What a notification says, how it is signed, and which targets it has."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from completions.addresses import system_resolver
from completions.errors import Refused
from completions.notify import check_callback, encode, kind, message_id, payload, webhook_headers
from receivers import BODY, NOW, SECRETS, STATUS, Receiver, listening


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening(Receiver()) as server:
        yield server


@pytest.mark.parametrize("word", ["successful", "failed"])
def test_the_payload_carries_the_status(word: str) -> None:
    local = NOW.astimezone(tz=None)
    told = json.loads(encode(payload({**STATUS, "status": word}, local)))
    assert told == {
        "type": f"batch.{word}",
        "timestamp": "2026-11-23T12:00:00+00:00",
        "data": {**STATUS, "status": word},
    }


def test_an_unfinished_batch_is_not_notified() -> None:
    with pytest.raises(ValueError, match="is retrieving"):
        payload({**STATUS, "status": "retrieving"}, NOW)


def test_the_body_stays_thin_and_plain() -> None:
    assert BODY.isascii()
    with pytest.raises(ValueError, match="under 20000"):
        encode(payload({**STATUS, "url": "u" * 20_000}, NOW))


def test_an_id_is_constant_and_tells_notifications_apart() -> None:
    told = ("batch", 1, "batch.successful", "https://example.com/")
    others = [
        ("other", *told[1:]),
        ("batch", 2, *told[2:]),
        (*told[:2], "batch.failed", told[3]),
        (*told[:3], "https://example.org/"),
    ]
    assert message_id(*told) == message_id(*told) == "msg_ad5c0f8c8fb4e96c49b81b8345664215"
    assert len({message_id(*other) for other in [told, *others]}) == 5


@pytest.mark.parametrize("secrets", [SECRETS[:1], SECRETS], ids=["one secret", "two, while they are rotated"])
def test_each_secret_verifies_what_arrives(receiver: Receiver, secrets: tuple[str, ...]) -> None:
    assert receiver.deliver(secrets=secrets).delivered
    [(_, headers, body)] = receiver.received
    assert body == BODY
    for secret in secrets:
        assert Webhook(secret).verify(body, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(body + b" ", headers)


def test_unsigned_without_a_secret(receiver: Receiver) -> None:
    receiver.deliver()
    [(path, headers, _)] = receiver.received
    assert path == "/hook?token=canary"
    assert headers["webhook-id"] == "msg_1"
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert headers["content-type"] == "application/json"
    assert "webhook-signature" not in headers


def test_the_timestamp_is_signed_in_utc_wherever_the_attempt_is_made() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert webhook_headers("msg_1", BODY, SECRETS, there) == webhook_headers("msg_1", BODY, SECRETS, NOW)
    assert webhook_headers("msg_1", BODY, (), there)["webhook-timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    "secret", ["", "canary", "whsec_", "whsec_canary", SECRETS[0] + "=", "whsec_" + "a" * 33, "whsec_" + "ü" * 32]
)
def test_a_malformed_secret_is_refused_and_not_shown(receiver: Receiver, secret: str) -> None:
    with pytest.raises(Refused, match="24 or more random bytes"):
        webhook_headers("msg_1", BODY, [secret], NOW)
    attempt = receiver.deliver(secrets=[secret])
    assert attempt.final
    assert "canary" not in attempt.reason
    assert not receiver.received


@pytest.mark.parametrize("length", range(24, 65))
def test_secrets_of_any_length_are_taken_padded_or_not(length: int) -> None:
    secret = "whsec_" + b64encode(bytes(length)).decode()
    for spelling in (secret, secret.rstrip("=")):
        assert webhook_headers("m", BODY, [spelling], NOW) == webhook_headers("m", BODY, [secret], NOW)


TARGETS = [
    ("https://example.com/hook?token=canary", "http", "POST to https://example.com"),
    (
        "arn:aws:sqs:eu-west-1:123456789012:done.fifo",
        "sqs",
        "SQS FIFO queue arn:aws:sqs:eu-west-1:123456789012:done.fifo",
    ),
    (
        "https://sqs.us-east-1.amazonaws.com/123456789012/done",
        "sqs",
        "SQS standard queue arn:aws:sqs:us-east-1:123456789012:done",
    ),
]


@pytest.mark.parametrize(("target", "how", "told"), TARGETS)
def test_a_target_is_recognised_and_described(target: str, how: str, told: str) -> None:
    assert kind(target) == how
    assert check_callback(target) == told


def test_a_resolved_target_says_where() -> None:
    told = check_callback("https://example.com/hook", resolve=lambda host, port: ["93.184.216.34"])
    assert told == "POST to https://example.com, at 93.184.216.34"


def test_the_system_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in system_resolver("localhost", 80)
