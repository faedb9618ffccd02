"""The batches of a store, newest first, a page at a time.

Each has an empty object ``listed/<time>-<batch_id>`` beside its folder, made when it is submitted. The time counts down
in milliseconds, so that the first keys of a listing are those of the newest batches, and a page costs one listing.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from completions.errors import Refused
from completions.store import Store

_END = 10**13
"""Milliseconds; in the year 2286."""
_ENTRY = re.compile(r"\d{13}-[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TOGETHER = 16

Body = TypeVar("Body")


def listed_key(batch_id: str, at: datetime) -> str:
    """Key of the batch's entry; `at` is when it was submitted."""
    return f"listed/{_END - int(at.timestamp() * 1000):013d}-{batch_id}"


def entries(store: Store, limit: int, after: str | None = None) -> list[str]:
    """Up to `limit` entries, live and rehearsed, that come after the one given; raises `Refused` for what is none."""
    if after is not None and not _ENTRY.fullmatch(after):
        raise Refused("cursor", after, "give the next_cursor of the page before, as it is")
    found = [store.of(origin).first("listed", limit, after) for origin in ("live", "rehearsal")]
    return heapq.nsmallest(limit, [name for names in found for name in names])


def batch_of(entry: str) -> str:
    """Which batch an entry is of."""
    return entry.partition("-")[2]


def listed_at(entry: str) -> datetime:
    """When the batch of an entry was submitted, in UTC."""
    return datetime.fromtimestamp((_END - int(entry.partition("-")[0])) / 1000, UTC)


def page(
    store: Store, look: Callable[[str], Body | None], limit: int, after: str | None = None
) -> tuple[list[Body], str | None]:
    """What `look` finds of `limit` batches, and the cursor of the next page; None at the end."""
    names = entries(store, limit + 1, after)
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="listing") as pool:
        found = list(pool.map(look, map(batch_of, names[:limit])))
    return [body for body in found if body is not None], names[limit - 1] if len(names) > limit else None
