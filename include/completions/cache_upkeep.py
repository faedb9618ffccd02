"""What the cache holds, and taking out what is too old: for the operator, never on the way of a batch.

Removing an entry costs at most a chat: a batch copies the answers that it reuses when it is planned, and an entry that
another writes anew meanwhile would only be asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import get_args

from pydantic import BaseModel

from completions.record import Record
from completions.store import Found, Origin, Store

LONGEST = 10.0
"""Days after which no request takes an entry any more: the largest `expiration` that there is."""


class Entries(BaseModel):
    """The entries of one site."""

    origin: Origin
    model: str
    entries: int
    bytes: int
    oldest: datetime
    """When the one was written that was not written anew for longest; its answer is as old or older."""
    newest: datetime

    @classmethod
    def of(cls, origin: Origin, model: str, found: Sequence[Found]) -> Entries:
        """Counts what was found, at least one entry."""
        return cls(
            origin=origin,
            model=model,
            entries=len(found),
            bytes=sum(each.bytes for each in found),
            oldest=min(each.written_at for each in found),
            newest=max(each.written_at for each in found),
        )


def stats(store: Store) -> list[Entries]:
    """What is there, by origin and site; from listings alone, a request for each thousand entries."""
    return [Entries.of(*group, found) for group, found in _by_site(store, None)]


def purge(
    store: Store, older_than: timedelta, now: datetime, model: str | None = None, *, really: bool
) -> list[Entries]:
    """Remove entries, of `model` or of all: answers of this age or more, and what no request would take at any age.

    Returns what went, or what would go unless it is `really` meant. The age is that of the answer, as it is for those
    who look it up. An entry that was written before that needs no opening; all others are read.
    """
    gone = []
    for (origin, name), found in _by_site(store, model):
        part = store.of(origin)
        if old := list(_old(part, found, now - older_than, now)):
            gone.append(Entries.of(origin, name, old))
            if really:
                part.delete([each.key for each in old])
    return gone


def _by_site(store: Store, model: str | None) -> Iterator[tuple[tuple[Origin, str], list[Found]]]:
    """The entries of each origin and site, in order."""
    for origin in get_args(Origin):
        found = sorted(store.of(origin).listed("cache"), key=lambda each: (_model(each), each.key))
        for name, entries in groupby(found, _model):
            if model in (None, name):
                yield (origin, name), list(entries)


def _model(found: Found) -> str:
    """The site in an entry's key, `cache/<version>/<model>/…`."""
    return [*found.key.split("/"), "", ""][2]


def _old(part: Store, found: Sequence[Found], before: datetime, now: datetime) -> Iterator[Found]:
    yield from (each for each in found if each.written_at <= before)
    young = [each for each in found if each.written_at > before]
    for each, data in zip(young, part.get_many([each.key for each in young]), strict=True):
        record = Record.unpacked(data) if data else None
        answered = record.answered_at if record and record.cache_key == each.key else None
        if answered is None or not before < answered <= now:
            yield each
