"""Cancelling a batch: a mark in the store that the asking tasks see before each prompt.

What was answered is still collected, by the same run; the rest become `cancelled`. The mark is one generation's: a
batch that is asked again after it is not cancelled any more.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from completions.errors import Refused
from completions.record import batch_key
from completions.store import Store


def cancel(part: Store, batch_id: str, generation: int, now: datetime) -> None:
    """Have the batch asked no further. Said again, it changes nothing."""
    note = json.dumps({"at": now.astimezone(UTC).isoformat()}).encode()
    part.create(_key(batch_id, generation), note)


def is_cancelled(part: Store, batch_id: str, generation: int) -> bool:
    """Whether that was said of this generation."""
    return part.get(_key(batch_id, generation)) is not None  # one request: a HEAD that finds nothing takes a GET more


def cancel_batch(store: Store, batch_id: str, now: datetime) -> None:
    """The same for a batch by its id. Raises `Refused` where there is none, and `Over` where it is done."""
    from completions.retrying import generation_under_way

    part, generation = generation_under_way(store, batch_id)
    if generation is None:
        raise Over(batch_id)
    cancel(part, batch_id, generation, now)


class Over(Refused):
    """What cannot be done to a batch that is done."""

    def __init__(self, batch_id: str) -> None:
        super().__init__("id", batch_id, "is done already; there is nothing left to cancel")


def _key(batch_id: str, generation: int) -> str:
    return batch_key(batch_id, f"cancelled-g{generation}.json")
