"""Telling a batch's callback how it ended, and keeping account of every attempt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from completions import notify, sqs
from completions.delivery import Delivery, deliver_quickly
from completions.plan import load_plan
from completions.record import batch_key
from completions.settings import Settings
from completions.store import Store
from completions_airflow.connections import sqs_client, sqs_endpoint, webhook_secrets


def tell(part: Store, body: dict[str, Any], target: str) -> Delivery:
    """Send `target` the status `body` of a finished batch of `part`, in a few quick tries; returns the last of them.

    Sent again, it is the same event under the same id. All attempts are in
    `batches/<batch_id>/notifications-g<generation>.json`, oldest first.
    """
    plan = load_plan(part, body["id"])
    generation = plan.generation if plan else 1
    message = notify.payload(body, datetime.fromisoformat(body["finished_at"]))
    webhook_id = notify.message_id(body["id"], generation, message["type"], target)
    attempts = deliver_quickly(_attempt(target, notify.encode(message), webhook_id, body["id"]))
    _note(part, batch_key(body["id"], f"notifications-g{generation}.json"), attempts)
    return attempts[-1]


def _attempt(target: str, content: bytes, webhook_id: str, batch_id: str) -> Callable[[], Delivery]:
    secrets = webhook_secrets()
    queue = sqs.parse_queue(target, endpoint=sqs_endpoint())
    if queue is None:
        allow = Settings.from_env().callback_allow
        return partial(notify.deliver, target, content, webhook_id, secrets=secrets, allow=allow)
    client = sqs_client(queue.region)

    def send() -> Delivery:
        headers = notify.webhook_headers(webhook_id, content, secrets, datetime.now(UTC))
        return sqs.send(client, queue, content, webhook_id, headers, group=batch_id)

    return send


def _note(part: Store, key: str, attempts: list[Delivery]) -> None:
    earlier = json.loads(part.get(key) or b"[]")
    part.put(key, json.dumps([*earlier, *map(asdict, attempts)], default=datetime.isoformat).encode())
