"""SQS queues as callback targets: read from an ARN or a queue URL, and sent to.

All there is to know of a queue (partition, region, account) is read from the target, without a call to AWS. Only AWS's
own hosts are SQS, or the endpoint that the operator's connection names: a host that only looks like one is refused.
Partitions with their regions and host suffixes are botocore's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as UnreachableError
from botocore.loaders import create_loader

from completions.addresses import origin
from completions.delivery import Attempt, Delivery
from completions.errors import Refused

_ACCOUNT = r"(?P<account>[0-9]{12})"
_NAME = r"(?P<name>[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)"
_ARN = re.compile(rf"arn:(?P<partition>[a-z-]+):sqs:(?P<region>[a-z0-9-]+):{_ACCOUNT}:{_NAME}")
_PATH = re.compile(rf"/{_ACCOUNT}/{_NAME}/?")
_URL = re.compile(r"(?P<origin>[a-z]+://(?P<host>[^/?#]*))(?P<path>.*)", re.IGNORECASE | re.DOTALL)
_FIRST_OF_ALL = "https://queue.amazonaws.com"
_IDENTITY = re.compile(r"User: (?P<arn>arn:\S+) is not authorized")
_ASSUMED_ROLE = re.compile(r"arn:(?P<partition>[a-z-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+")


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue. `region` is None where only an operator's endpoint says where it is."""

    url: str
    region: str | None
    account: str
    name: str
    partition: str

    @property
    def fifo(self) -> bool:
        """Whether messages are kept in order and once only."""
        return self.name.endswith(".fifo")

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return f"arn:{self.partition}:sqs:{self.region or '*'}:{self.account}:{self.name}"

    def __str__(self) -> str:
        return f"SQS {'FIFO' if self.fifo else 'standard'} queue {self.arn}"


class Client(Protocol):
    """The part of boto3's SQS client that is used here; it must be one for the queue's region."""

    def send_message(self, **request: Any) -> Mapping[str, Any]:
        """Send one message."""


def parse_queue(target: str, *, endpoint: str | None = None) -> Queue | None:
    """The queue that `target` (ARN or queue URL) names, or None where it is no matter of SQS.

    `endpoint` is the URL of an SQS that the operator's connection names instead of AWS's. Raises `Refused` for a
    malformed ARN or queue URL, and for hosts that pass themselves off as AWS's.
    """
    if target.lower().startswith("arn:"):
        return _from_arn(target)
    if url := _URL.fullmatch(target):
        return _from_url(url, endpoint)
    return None


def policy_statement(queue: Queue, principal: str) -> dict[str, Any]:
    """The statement to add to the queue's access policy, so that the identity with ARN `principal` may send to it."""
    if role := _ASSUMED_ROLE.fullmatch(principal):  # a session's own ARN changes with every session
        principal = f"arn:{role['partition']}:iam::{role['account']}:role/{role['role']}"
    return {
        "Sid": "BatchCompletions",
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
    }


def send(
    client: Client,
    queue: Queue,
    body: bytes,
    webhook_id: str,
    headers: Mapping[str, str],
    *,
    group: str,
    principal: Callable[[], str | None] = lambda: None,
) -> Delivery:
    """Attempt to send `body`, with the webhook headers as message attributes.

    A FIFO queue keeps the messages of a `group` (the batch's id) in order and drops repeats of a `webhook_id` for five
    minutes. `principal` gives the sender's ARN; it is asked only where AWS refuses the sender without saying who it is.
    """
    attempt = Attempt()
    fifo = {"MessageGroupId": group, "MessageDeduplicationId": webhook_id} if queue.fifo else {}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in headers.items()}
    try:
        client.send_message(QueueUrl=queue.url, MessageBody=body.decode(), MessageAttributes=attributes, **fifo)
    except ClientError as error:
        return _refusal(error, attempt, queue, principal)
    except BotoCoreError as error:
        passing = isinstance(error, (UnreachableError, HTTPClientError))
        return attempt.ended(f"nothing could be sent to {queue}: {error}", final=not passing)
    return attempt.ended(f"{queue} took the message", delivered=True, status_code=200)


def _refusal(error: ClientError, attempt: Attempt, queue: Queue, principal: Callable[[], str | None]) -> Delivery:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    passing = "Throttl" in code or status == 429 or (status or 0) >= 500
    if code.endswith(("NonExistentQueue", "QueueDoesNotExist")):
        reason = f"{queue} does not exist: check its account, region and name"
    elif code in {"AccessDenied", "AccessDeniedException"}:
        named = _IDENTITY.search(message)
        sender = named["arn"] if named else principal() or "the ARN of the identity of the connection aws_default"
        statement = json.dumps(policy_statement(queue, sender))
        reason = f"{queue} refuses {sender}: add this statement to the queue's access policy: {statement}"
    else:
        reason = f"{queue} refused the message: {code}: {message}"
    return attempt.ended(reason, final=not passing, status_code=status)


def _from_arn(arn: str) -> Queue:
    parts = _ARN.fullmatch(arn)
    partitions = [partition for partition in _partitions() if parts and partition.id == parts["partition"]]
    if not parts or not partitions or not partitions[0].regions.fullmatch(parts["region"]):
        raise Refused("callback", arn, "give the queue's ARN as arn:aws:sqs:REGION:ACCOUNT:NAME")
    return partitions[0].queue(parts["region"], parts)


def _from_url(url: re.Match[str], endpoint: str | None) -> Queue | None:
    at, path = url["origin"].lower(), _PATH.fullmatch(url["path"])
    if endpoint and path and at == endpoint.lower().rstrip("/"):
        return Queue(url[0], None, path["account"], path["name"], "aws")
    at = at.replace("//queue.", "//us-east-1.queue.") if at == _FIRST_OF_ALL else at
    for partition in _partitions():
        host = partition.origins.fullmatch(at)
        if host and path:
            return partition.queue(host["region"] or host["legacy"], path)
    if _claims_to_be_sqs(url["host"].lower()):
        way_out = "give the queue as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME or by its ARN"
        raise Refused("callback", origin(url[0]), way_out)
    return None


def _claims_to_be_sqs(host: str) -> bool:
    labels = set(re.split(r"[.:@]", host))
    return bool(labels & {"sqs", "sqs-fips", "queue"}) and any(
        suffix in host for partition in _partitions() for suffix in partition.suffixes
    )


@dataclass(frozen=True, slots=True)
class _Partition:
    id: str
    suffixes: tuple[str, str]
    regions: re.Pattern[str]
    origins: re.Pattern[str]

    def queue(self, region: str, found: re.Match[str]) -> Queue:
        """The queue of a match with an account and a name, by the URL that every client takes."""
        url = f"https://sqs.{region}.{self.suffixes[0]}/{found['account']}/{found['name']}"
        return Queue(url, region, found["account"], found["name"], self.id)


@cache
def _partitions() -> tuple[_Partition, ...]:
    """AWS's partitions, each with the origins of its queue URLs: today's (FIPS, VPC, dual-stack too) and the oldest."""
    found = []
    for partition in create_loader().load_data("partitions")["partitions"]:
        region = partition["regionRegex"].strip("^$")
        suffixes = (partition["outputs"]["dnsSuffix"], partition["outputs"]["dualStackDnsSuffix"])
        host = rf"(?:vpce-[a-z0-9-]+\.)?sqs(?:-fips)?\.(?P<region>{region})(?:\.vpce)?|(?P<legacy>{region})\.queue"
        origins = rf"https://(?:{host})\.(?:{'|'.join(map(re.escape, suffixes))})"
        found.append(_Partition(partition["id"], suffixes, re.compile(region, re.ASCII), re.compile(origins, re.ASCII)))
    return tuple(found)
