"""Sending to SQS over HTTP; moto's server stands for AWS, and stubs for the errors that only AWS knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer
from standardwebhooks import Webhook

from completions.notify import webhook_headers
from completions.sqs import Queue, parse_queue, policy_statement, send
from receivers import Receiver, listening, raw

ACCOUNT = "123456789012"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
USER = "arn:aws:iam::210987654321:user/airflow"
DENIED = (
    f"User: {USER} is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:eu-west-1:{ACCOUNT}:done "
    "because no resource-based policy allows the sqs:sendmessage action"
)
BODY = b'{"type":"batch.successful"}'


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str) -> Any:
    return connected(endpoint)


def connected(endpoint: str, region: str | None = "eu-west-1") -> Any:
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    return boto3.client(
        "sqs",
        region,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


def created(client: Any, name: str, **attributes: str) -> Queue:
    client.create_queue(QueueName=name, Attributes=attributes)
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}")
    assert queue
    return queue


def messages(client: Any, queue: Queue) -> list[dict[str, Any]]:
    found = client.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    )
    return list(found.get("Messages", []))


def test_a_standard_queue_gets_the_body_and_the_headers(client: Any) -> None:
    queue = created(client, "done")
    headers = webhook_headers("msg_1", BODY, [SECRET], datetime.now(UTC))
    attempt = send(client, queue, BODY, "msg_1", headers, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (True, True, 200)
    [message] = messages(client, queue)
    arrived = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert arrived == headers
    assert message["Body"].encode() == BODY
    assert message["Attributes"].keys().isdisjoint({"MessageGroupId", "MessageDeduplicationId"})
    Webhook(SECRET).verify(message["Body"], arrived)


def test_a_fifo_queue_takes_a_notification_once(client: Any) -> None:
    queue = created(client, "done.fifo", FifoQueue="true")
    for webhook_id in ("msg_1", "msg_1", "msg_2"):
        assert send(client, queue, BODY, webhook_id, {"webhook-id": webhook_id}, group="batch-1").delivered
    attributes = [message["Attributes"] for message in messages(client, queue)]
    assert [each["MessageDeduplicationId"] for each in attributes] == ["msg_1", "msg_2"]
    assert {each["MessageGroupId"] for each in attributes} == {"batch-1"}


def test_a_queue_url_at_the_operators_endpoint(client: Any, endpoint: str) -> None:
    at_aws = created(client, "local")
    queue = parse_queue(f"{endpoint}/{ACCOUNT}/local", endpoint=endpoint)
    assert queue
    assert send(client, queue, BODY, "msg_1", {}, group="batch-1").delivered
    assert len(messages(client, at_aws)) == 1


def test_a_missing_queue_is_final(client: Any) -> None:
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:missing")
    assert queue
    attempt = send(client, queue, BODY, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, 400)
    assert attempt.reason == f"SQS standard queue {queue.arn} does not exist: check its account, region and name"


def test_a_queue_in_another_region_than_named_is_missing_there(client: Any, endpoint: str) -> None:
    created(client, "here")
    queue = parse_queue(f"arn:aws:sqs:us-east-2:{ACCOUNT}:here")
    assert queue
    attempt = send(connected(endpoint, "us-east-2"), queue, BODY, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final) == (False, True)
    assert attempt.reason.endswith("does not exist: check its account, region and name")


PARTITIONS = ["aws:sqs:eu-west-1", "aws-cn:sqs:cn-north-1", "aws-us-gov:sqs:us-gov-west-1", "aws-iso:sqs:us-iso-east-1"]


@pytest.mark.parametrize("where", PARTITIONS)
@pytest.mark.parametrize("name", ["all", "all.fifo"])
@pytest.mark.parametrize("by_url", [False, True], ids=["ARN", "URL"])
def test_each_partition_is_sent_to_in_the_name_of_its_region(where: str, name: str, by_url: bool) -> None:
    queue = parse_queue(f"arn:{where}:{ACCOUNT}:{name}")
    assert queue
    queue = parse_queue(queue.url) if by_url else queue
    assert queue
    with answering(200, "", MessageId="1", MD5OfMessageBody=md5(BODY).hexdigest()) as service:
        there = connected(f"http://127.0.0.1:{service.server_port}", queue.region)
        assert send(there, queue, BODY, "msg_1", {}, group="batch-1").delivered
    [(_, headers, body)] = service.received
    assert f"/{where.rpartition(':')[2]}/sqs/aws4_request" in headers["authorization"]
    sent = json.loads(body)
    fifo = {"MessageGroupId": "batch-1", "MessageDeduplicationId": "msg_1"} if queue.fifo else {}
    assert sent == {"QueueUrl": queue.url, "MessageBody": BODY.decode(), "MessageAttributes": {}, **fifo}


OVER_HTTP = [
    # code in the answer's body, HTTP status, final
    ("com.amazonaws.sqs#RequestThrottled", 400, False),
    ("com.amazon.coral.service#ThrottlingException", 400, False),
    ("com.amazon.coral.service#AccessDeniedException", 403, True),
    ("com.amazonaws.sqs#QueueDoesNotExist", 400, True),
    ("com.amazonaws.sqs#InvalidMessageContents", 400, True),
    ("com.amazon.coral.service#InternalFailure", 500, False),
]


@pytest.mark.parametrize(("code", "status", "final"), OVER_HTTP)
def test_errors_as_they_come_over_http(code: str, status: int, final: bool) -> None:
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done")
    assert queue
    with answering(status, code, message=DENIED) as service:
        client = connected(f"http://127.0.0.1:{service.server_port}")
        attempt = send(client, queue, BODY, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, final, status)
    if "AccessDenied" in code:
        assert json.loads(attempt.reason[attempt.reason.index("{") :]) == policy_statement(queue, USER)


@contextmanager
def answering(code: int, kind: str, **fields: str) -> Iterator[Receiver]:
    """An SQS that says the same to all, in AWS's JSON protocol."""
    body = json.dumps({"__type": kind, **fields}).encode()
    lines = f"HTTP/1.1 {code} X\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    with listening(Receiver()) as receiver:
        receiver.answer = raw(lines.encode(), body)
        yield receiver


def test_a_body_too_large_is_final(client: Any) -> None:
    attempt = send(client, created(client, "small"), b"x" * 1_048_577, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, 400)
    assert "InvalidParameterValue" in attempt.reason


def test_an_endpoint_that_is_down_is_worth_another_try() -> None:
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done")
    assert queue
    attempt = send(connected("http://127.0.0.1:9"), queue, BODY, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, False, None)
    assert attempt.reason.startswith(f"nothing could be sent to {queue}: ")


class Unauthenticated:
    """A client without credentials, which botocore notices before it sends."""

    def send_message(self, **request: Any) -> dict[str, Any]:
        raise NoCredentialsError


def test_missing_credentials_are_final() -> None:
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done")
    assert queue
    attempt = send(Unauthenticated(), queue, BODY, "msg_1", {}, group="batch-1")
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, None)
    assert "Unable to locate credentials" in attempt.reason


ERRORS = [
    # code, HTTP status, final
    ("RequestThrottled", 400, False),
    ("ThrottlingException", 400, False),
    ("KmsThrottled", 400, False),
    ("ServiceUnavailable", 503, False),
    ("InternalFailure", 500, False),
    ("KmsAccessDenied", 400, True),
    ("InvalidClientTokenId", 403, True),
    ("InvalidMessageContents", 400, True),
]


def stubbed(code: str, status: int, message: str = "why", **options: Any) -> Any:
    client = connected("http://127.0.0.1:9")
    queue = parse_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done")
    assert queue
    with Stubber(client) as stub:
        stub.add_client_error("send_message", code, message, status)
        return send(client, queue, BODY, "msg_1", {}, group="batch-1", **options)


@pytest.mark.parametrize(("code", "status", "final"), ERRORS)
def test_an_error_says_whether_to_try_again(code: str, status: int, final: bool) -> None:
    attempt = stubbed(code, status)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, final, status)
    assert attempt.reason.endswith(f"refused the message: {code}: why")


@pytest.mark.parametrize(
    ("code", "message", "principal", "named"),
    [
        ("AccessDenied", DENIED, None, USER),
        ("AccessDeniedException", DENIED, "arn:aws:iam::1:user/other", USER),
        ("AccessDenied", "Access to the resource is denied.", USER, USER),
        (
            "AccessDenied",
            "Access to the resource is denied.",
            None,
            "the ARN of the identity of the connection aws_default",
        ),
    ],
)
def test_a_refusal_says_what_the_queues_owner_must_grant(
    code: str, message: str, principal: str | None, named: str
) -> None:
    attempt = stubbed(code, 403, message, principal=lambda: principal)
    assert (attempt.delivered, attempt.final, attempt.status_code) == (False, True, 403)
    assert f"refuses {named}: add this statement" in attempt.reason
    statement = json.loads(attempt.reason[attempt.reason.index("{") :])
    assert statement["Principal"] == {"AWS": named}
    assert statement["Resource"] == f"arn:aws:sqs:eu-west-1:{ACCOUNT}:done"
