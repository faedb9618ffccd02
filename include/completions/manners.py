"""How a live site is asked politely: few conversations at once, a pause between starts, and silence after a wall.

The limits hold over all tasks and batches that share a store, because they are kept there: a conversation holds one of
the site's seats (an object that only one can create), and a pause is an object with an expiry, for each exit its own.
Rehearsals know no limits.
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
from completions.exits import Exit
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

    def __init__(
        self,
        store: Store,
        model: str,
        *,
        polite: bool = True,
        gap: tuple[float, float] = GAP,
        life: timedelta = SEAT_LIFE,
    ) -> None:
        self.store, self.model, self.polite, self.gap, self.life = store, model, polite, gap, life
        self.me = uuid4().hex

    @asynccontextmanager
    async def seat(self, out: Exit | None = None) -> AsyncIterator[Paused | None]:
        """Hold one of the site's seats while a conversation lasts; starts are spaced by the door in front of them.

        Who comes through an exit has an address of their own, and needs no seat. Gives the pause that came into force
        in the meantime, for all or for this exit, if one did: then nothing may be asked.
        """
        if not self.polite:
            yield None
            return
        if out:
            yield await self.paused(out)
            return
        async with self._lease(*(f"seat-{number}" for number in range(SEATS))):
            if not await self.paused():
                async with self._lease("door"):
                    await asyncio.sleep(random.uniform(*self.gap))
            yield await self.paused()

    async def paused(self, out: Exit | None = None) -> Paused | None:
        """The pause in force, through `out` or without one; None when the site may be asked."""
        if not self.polite or not (mark := await asyncio.to_thread(self.store.get, self._key(_pause(out)))):
            return None
        pause = json.loads(mark)
        until = datetime.fromisoformat(pause["until"])
        return Paused(Outcome(pause["outcome"]), until) if until > datetime.now(UTC) else None

    async def pause(self, outcome: Outcome, out: Exit | None = None) -> None:
        """Leave the site alone for a while: nobody who shares the store starts a conversation the same way."""
        if self.polite:
            mark = {"outcome": outcome, "until": (datetime.now(UTC) + PAUSE).isoformat()}
            await asyncio.to_thread(self.store.put, self._key(_pause(out)), json.dumps(mark).encode())

    @asynccontextmanager
    async def _lease(self, *names: str) -> AsyncIterator[None]:
        """Wait for the first free one of `names` and hold it."""
        while not (mine := await self._taken(names)):  # noqa: ASYNC110 - the others are other processes
            await asyncio.sleep(_ASK_AGAIN)
        try:
            yield
        finally:
            await asyncio.to_thread(self._leave, mine)

    async def _taken(self, names: tuple[str, ...]) -> str | None:
        """What `_take` gives; who is interrupted meanwhile leaves it at once."""
        taking = asyncio.ensure_future(asyncio.to_thread(self._take, names))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            if key := await taking:
                await asyncio.to_thread(self._leave, key)
            raise

    def _take(self, names: tuple[str, ...]) -> str | None:
        """The key of a lease on one of `names`; None while others hold them."""
        for key in map(self._key, names):
            now = datetime.now(UTC)
            lease = json.dumps({"holder": self.me, "until": (now + self.life).isoformat()}).encode()
            if self.store.create(key, lease):
                return key
            standing = self.store.get(key)
            expired = standing and datetime.fromisoformat(json.loads(standing)["until"]) < now
            # Its holder died, and whoever creates it next has it. Looked at again, as another may have been faster:
            # what is left of that race is a moment, and costs one conversation too many.
            if expired and self.store.get(key) == standing:
                self.store.delete([key])
        return None

    def _leave(self, key: str) -> None:
        standing = self.store.get(key)
        if standing and json.loads(standing)["holder"] == self.me:  # else it ran out, and is another's by now
            self.store.delete([key])

    def _key(self, name: str) -> str:
        return f"manners/{self.model}/{name}.json"


def _pause(out: Exit | None) -> str:
    return f"pause-{out.name}" if out else "pause"
