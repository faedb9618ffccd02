"""When conversations begin: time is cut into turns, and one conversation has each.

A turn is an object that only one can create, named by when it begins, so that all who share the store share the rate,
without a lock and without a writer who must be alive. Turns nobody takes are lost: there is nothing to save up, and no
burst after a silence.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

from completions.store import Store

AHEAD = 3.0
"""Seconds within which a turn is drawn at random, so that those who come together rarely draw the same."""
FORGOTTEN = 600.0
"""Seconds after which a turn's object goes, should its owner have died."""


def claim(store: Store, folder: str, every: float, now: float) -> str:
    """Claim a turn after `now` (s since the epoch) of those that come `every` so many seconds; returns its key.

    One PUT where there is room; where the one drawn is another's, a LIST and a PUT more, for the first that is free.
    """
    first, near = int(now / every) + 1, max(1, int(AHEAD / every))
    drawn = first + random.randrange(near)
    if store.create(_key(folder, drawn, every), b""):
        return _key(folder, drawn, every)
    taken = store.keys(folder)
    store.delete(_forgotten(taken, now))
    for number in count(first):
        key = _key(folder, number, every)
        if key not in taken and store.create(key, b""):
            return key
    raise AssertionError  # it counts without end


def begins(key: str) -> float:
    """When the turn of this key begins (s since the epoch)."""
    return int(key.rpartition("/")[2]) / 1000


def _key(folder: str, number: int, every: float) -> str:
    return f"{folder}/{round(number * every * 1000)}"


def _forgotten(keys: set[str], now: float) -> Iterator[str]:
    for key in keys:
        if begins(key) < now - FORGOTTEN:
            yield key
