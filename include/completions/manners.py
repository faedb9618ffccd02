"""How a live site is asked politely: few conversations at once, a pause between starts, and silence after a wall.

The limits hold over all tasks and batches that share a store, because they are kept there: a conversation holds one of
the site's seats (an object that only one can create), and a pause is an object with an expiry. Rehearsals know no limits.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from completions.errors import Outcome
from completions.store import Store

SEATS = 2
"""Conversations at once per site, without exits."""
GAP = (5.0, 10.0)
"""Seconds between two starts, drawn at random."""
SEAT_LIFE = timedelta(minutes=10)
"""After that a seat is free again, should its holder have died."""
PAUSE = timedelta(minutes=10)
"""How long a site is left alone after it blocked, challenged or limited us."""
_ASK_AGAIN = 1.0


@dataclass(frozen=True)
class Paused:
    """A site that does not want to be asked before `until`, and the outcome that said so."""

    outcome: Outcome
    until: datetime


class Manners:
    """The limits of one site as seen by one asking task."""

    def __init__(self, store: Store, model: str, *, polite: bool = True, gap: tuple[float, float] = GAP) -> None:
        self.store, self.model, self.polite, self.gap = store, model, polite, gap
        self.me = uuid4().hex

    @asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Hold one of the site's seats while a conversation lasts; starts are spaced by the door in front of them."""
        if not self.polite:
            yield
            return
        seat = await self._take([f"seat-{number}" for number in range(SEATS)])
        try:
            door = await self._take(["door"])
            try:
                await asyncio.sleep(random.uniform(*self.gap))
            finally:
                await self._leave(door)
            yield
        finally:
            await self._leave(seat)

    async def paused(self) -> Paused | None:
        """The pause in force; None when the site may be asked."""
        if not self.polite or not (mark := await asyncio.to_thread(self.store.get, self._key("pause"))):
            return None
        pause = json.loads(mark)
        until = datetime.fromisoformat(pause["until"])
        return Paused(Outcome(pause["outcome"]), until) if until > datetime.now(UTC) else None

    async def pause(self, outcome: Outcome) -> None:
        """Leave the site alone for a while: nobody who shares the store starts a conversation."""
        if self.polite:
            mark = {"outcome": outcome, "until": (datetime.now(UTC) + PAUSE).isoformat()}
            await asyncio.to_thread(self.store.put, self._key("pause"), json.dumps(mark).encode())

    async def _take(self, names: list[str]) -> str:
        """Wait for the first free one of `names` and hold it."""
        while True:
            for name in names:
                if await asyncio.to_thread(self._held, name):
                    return name
            await asyncio.sleep(_ASK_AGAIN)

    def _held(self, name: str) -> bool:
        key, now = self._key(name), datetime.now(UTC)
        lease = json.dumps({"holder": self.me, "until": (now + SEAT_LIFE).isoformat()}).encode()
        if self.store.create(key, lease):
            return True
        standing = self.store.get(key)
        if standing and datetime.fromisoformat(json.loads(standing)["until"]) < now:
            self.store.delete([key])  # its holder died; whoever creates it next has it
        return False

    async def _leave(self, name: str) -> None:
        await asyncio.to_thread(self.store.delete, [self._key(name)])

    def _key(self, name: str) -> str:
        return f"manners/{self.model}/{name}.json"
