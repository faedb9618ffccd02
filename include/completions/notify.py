"""Telling the caller that a batch is done: where to, what is said, how it is signed, and the delivery over HTTP.

Deliveries follow Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): the id is the same for every attempt, the
timestamp is the attempt's own, and each signing secret adds a signature over the exact bytes sent, so that secrets can
be rotated. What a receiver does never raises: an attempt returns a `Delivery`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any, Final, Literal

import httpx
from standardwebhooks import Webhook

from completions.addresses import Checked, Resolver, Unresolved, check, origin, system_resolver
from completions.delivery import Attempt, Delivery
from completions.errors import Refused
from completions.sqs import parse_queue

BODY_BYTES: Final = 20_000
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
READ_BYTES: Final = 65_536

_HEADERS = {"content-type": "application/json", "user-agent": "batch-completions", "connection": "close"}
_RETRIED_STATUSES = frozenset({408, 425, 429})
_SECRET = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?")


def kind(target: str, *, endpoint: str | None = None) -> Literal["http", "sqs"]:
    """How `target` is notified; `endpoint` as for `completions.sqs.parse_queue`. Raises `Refused`."""
    return "sqs" if parse_queue(target, endpoint=endpoint) else "http"


def check_callback(
    target: str, *, allow: Sequence[str] = (), resolve: Resolver | None = None, endpoint: str | None = None
) -> str:
    """Say what `target` is, or raise `Refused`. Without `resolve` nothing leaves the machine: see `addresses.check`."""
    queue = parse_queue(target, endpoint=endpoint)
    if queue:
        return str(queue)
    checked = check(target, allow=allow, resolve=resolve)
    return f"POST to {origin(target)}" + (f", at {checked.address}" if checked.address else "")


def payload(status: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a finished batch's caller is told; `status` is the body of `GET /ai/batches`.

    Its `notification` is left out: that is about the telling, and changes with each attempt.
    """
    if status["status"] not in {"successful", "failed"}:
        raise ValueError(f"batch {status['id']} is {status['status']}: only a finished batch is notified")
    told = {name: value for name, value in status.items() if name != "notification"}
    return {"type": f"batch.{status['status']}", "timestamp": now.astimezone(UTC).isoformat(), "data": told}


def encode(message: dict[str, Any]) -> bytes:
    """The bytes to sign and send: compact JSON in ASCII, which every receiver and queue takes; under 20 kB."""
    body = _written(message)
    if not fits(message):
        raise ValueError(f"a notification of {len(body)} bytes: keep what it tells under {BODY_BYTES}")
    return body


def fits(message: dict[str, Any]) -> bool:
    """Whether it is small enough to be sent."""
    return len(_written(message)) < BODY_BYTES


def _written(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


def message_id(batch_id: str, generation: int, event: str, target: str) -> str:
    """The `webhook-id`: the same each time `target` is told of this `event` of this generation."""
    told = json.dumps([batch_id, generation, event, target])
    return f"msg_{sha256(told.encode()).hexdigest()[:32]}"


def webhook_headers(webhook_id: str, body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The Standard Webhooks headers of an attempt made at `at`. Raises `Refused` for a malformed secret."""
    at = at.astimezone(UTC)
    headers = {"webhook-id": webhook_id, "webhook-timestamp": str(int(at.timestamp()))}
    if secrets:
        signatures = (_signer(secret).sign(webhook_id, at, body.decode()) for secret in secrets)
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def deliver(
    target: str,
    body: bytes,
    webhook_id: str,
    *,
    secrets: Sequence[str] = (),
    allow: Sequence[str] = (),
    resolve: Resolver = system_resolver,
    answer_seconds: float = ANSWER_SECONDS,
) -> Delivery:
    """Attempt one POST of `body` to the URL `target`, at the address that its host is found and checked to have now.

    Blocks, for up to `answer_seconds` after the host is found; not to be called from a running event loop.
    """
    attempt, receiver = Attempt(), origin(target)
    try:
        checked = check(target, allow=allow, resolve=resolve)
        headers = webhook_headers(webhook_id, body, secrets, attempt.at)
        status, retry_after = asyncio.run(_post(checked, body, headers, answer_seconds))
    except Refused as error:
        return attempt.ended(str(error), final=not isinstance(error, Unresolved))
    except (TimeoutError, httpx.TimeoutException):
        return attempt.ended(f"{receiver} did not answer in time")
    except httpx.ConnectError as error:
        return attempt.ended(f"{receiver} could not be reached: {error}")
    except httpx.TransportError as error:
        return attempt.ended(f"{receiver} broke off: {type(error).__name__}")
    return attempt.ended(
        f"{receiver} answered {status}" + (", and redirects are not followed" if 300 <= status < 400 else ""),
        delivered=200 <= status < 300,
        final=status < 500 and status not in _RETRIED_STATUSES,
        status_code=status,
        retry_after=seconds_to_wait(retry_after, attempt.at),
    )


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """`Retry-After` (RFC 9110 §10.2.3: seconds, or an HTTP date) as seconds from `now`; None where it is neither."""
    if retry_after is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        return None


async def _post(checked: Checked, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, str | None]:
    """Status and `Retry-After` of the receiver's answer; its content is read off, for politeness, and dropped.

    A bare transport follows no redirect, asks no proxy (which would resolve the name anew) and logs no URL. Of the
    environment it takes only the certificate store (SSL_CERT_FILE, SSL_CERT_DIR).
    """
    url = httpx.URL(checked.url)
    # Well before the end: what is cancelled in the midst of TLS's greetings leaves its socket open.
    timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds / 3))
    request = httpx.Request(
        "POST",
        url.copy_with(host=checked.address),
        headers={"host": url.netloc.decode(), **_HEADERS, **headers},
        content=body,
        extensions={"sni_hostname": checked.host, "timeout": timeout.as_dict()},
    )
    end = asyncio.get_running_loop().time() + seconds
    async with httpx.AsyncHTTPTransport() as transport:
        async with asyncio.timeout_at(end):
            response = await transport.handle_async_request(request)
        with suppress(TimeoutError, httpx.TransportError):  # the status has decided
            async with asyncio.timeout_at(end):
                await _read_off(response)
        await response.aclose()
        return response.status_code, response.headers.get("retry-after")


async def _read_off(response: httpx.Response) -> None:
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read >= READ_BYTES:
            return


def _signer(secret: str) -> Webhook:
    if not _SECRET.fullmatch(secret):
        raise Refused("signing secret", "whsec_…", "write whsec_ and the base64 of 24 or more random bytes")
    return Webhook(secret)
