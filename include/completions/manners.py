"""How a live site is asked politely: few conversations at once, space between starts, and silence after a wall.

The limits hold over all tasks, batches and workers that share a store, because they are kept there:

- from this machine's own address a conversation holds one of the site's seats, an object that only one can create;
- every conversation waits for a turn (`turns`): one in some seconds from this machine, so many a minute through exits;
- a wall opens a breaker (`breaker`), for each exit its own. After its time one conversation tries, and the others wait
  for what it meets.

Rehearsals know no limits, unless COMPLETIONS_REHEARSE_POLITELY is set.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from completions.breaker import Breaker, breaker, breakers, close_breaker, open_breaker, way_of
from completions.errors import OBSERVED, STOP, Outcome
from completions.exits import Exit
from completions.store import Store
from completions.turns import begins, claim

SEATS = 2
"""Conversations at once per site, without exits."""
GAP = (5.0, 10.0)
"""Seconds between two starts, without exits."""
STARTS = 60
"""Starts a minute per site, through all exits together."""
SEAT_LIFE = timedelta(minutes=10)
"""After that a seat is free again, should its holder have died."""
_ASK_AGAIN = 2.0
"""Seconds, about, between two looks at what another holds."""


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
        starts: int = STARTS,
        life: timedelta = SEAT_LIFE,
    ) -> None:
        self.store, self.model, self.polite, self.gap, self.life = store, model, polite, gap, life
        self.starts, self.me = starts, uuid4().hex
        self._trying: set[str | None] = set()
        """Ways on which a conversation of this task is the one that tries."""

    @asynccontextmanager
    async def seat(self, out: Exit | None = None) -> AsyncIterator[Paused | None]:
        """Hold what a conversation needs to begin, while it lasts: a seat without an exit, a turn, a closed breaker.

        Gives the pause in force, or that came into force in the meantime: then nothing may be asked. What the
        conversation came to is told by `note`, before this ends.
        """
        async with AsyncExitStack() as held:
            yield await self._admitted(out, held) if self.polite else None

    async def note(self, outcome: Outcome, out: Exit | None = None) -> None:
        """Take in what a conversation came to: a wall opens the breaker; an answer to the one that tried closes it."""
        if outcome in STOP:
            await self.pause(outcome, out)
        elif outcome in OBSERVED and way_of(out) in self._trying:
            await asyncio.to_thread(close_breaker, self.store, self.model, way_of(out))

    async def paused(self, out: Exit | None = None) -> Paused | None:
        """The pause in force, through `out` or without one; None when the site may be asked."""
        return _in_force(await self._breaker(out)) if self.polite else None

    async def pause(self, outcome: Outcome, out: Exit | None = None) -> None:
        """Leave the site alone for a while: nobody who shares the store starts a conversation the same way."""
        if self.polite:
            await asyncio.to_thread(open_breaker, self.store, self.model, outcome, way_of(out))

    async def _admitted(self, out: Exit | None, held: AsyncExitStack) -> Paused | None:
        """Wait until a conversation may begin; the last thing looked at is the breaker."""
        if not out:
            await held.enter_async_context(self._lease(*(f"seat-{number}" for number in range(SEATS))))
        trial = turn = False
        while (found := await self._breaker(out)).state != "open":
            if found.state == "half-open" and not trial and not (trial := await self._tries(way_of(out), held)):
                turn = False  # those who waited do not all rush in afterwards
                await _a_moment()
            elif turn:
                return None
            else:
                await self._turn(out, held)
                turn = True
        return _in_force(found)

    async def _breaker(self, out: Exit | None) -> Breaker:
        return await asyncio.to_thread(breaker, self.store, self.model, way_of(out))

    async def _tries(self, way: str | None, held: AsyncExitStack) -> bool:
        """Whether this conversation is the one that tries, as long as it lasts."""
        key = await self._taken(lambda: self._take((f"trial-{way}" if way else "trial",)))
        if key:
            self._trying.add(way)
            held.callback(self._trying.discard, way)
            held.push_async_callback(self._give_up, key)
        return key is not None

    async def _turn(self, out: Exit | None, held: AsyncExitStack) -> None:
        """Wait for a turn of the site's, and begin somewhere within it."""
        low, high = (0, 120 / self.starts) if out else self.gap
        every, spread = (low + high) / 2, (high - low) / 2
        if not every:
            return
        folder = f"manners/{self.model}/{'exits' if out else 'starts'}"
        key = await self._taken(lambda: claim(self.store, folder, every, time.time()))
        assert key
        held.push_async_callback(self._forget, key)
        await asyncio.sleep(begins(key) + random.uniform(0, spread) - time.time())

    @asynccontextmanager
    async def _lease(self, *names: str) -> AsyncIterator[None]:
        """Wait for the first free one of `names` and hold it."""
        while not (mine := await self._taken(lambda: self._take(names))):
            await _a_moment()
        try:
            yield
        finally:
            await self._give_up(mine)

    async def _give_up(self, key: str) -> None:
        await asyncio.to_thread(self._leave, key)

    async def _forget(self, key: str) -> None:
        await asyncio.to_thread(self.store.delete, [key])

    async def _taken(self, take: Callable[[], str | None]) -> str | None:
        """The key that `take` gives; who is interrupted meanwhile leaves it at once."""
        taking = asyncio.ensure_future(asyncio.to_thread(take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            if key := await taking:
                await self._forget(key)
            raise

    def _take(self, names: tuple[str, ...]) -> str | None:
        """The key of a lease on one of `names`; None while others hold them: then it costs a GET each."""
        for key in (f"manners/{self.model}/{name}.json" for name in names):
            now = datetime.now(UTC)
            standing = self.store.get(key)
            # Its holder died, and whoever creates it next has it. Looked at again, as another may have been faster:
            # what is left of that race is a moment, and costs one conversation too many.
            if standing and datetime.fromisoformat(json.loads(standing)["until"]) < now:
                if self.store.get(key) == standing:
                    self.store.delete([key])
                standing = None
            lease = json.dumps({"holder": self.me, "until": (now + self.life).isoformat()}).encode()
            if not standing and self.store.create(key, lease):
                return key
        return None

    def _leave(self, key: str) -> None:
        standing = self.store.get(key)
        if standing and json.loads(standing)["holder"] == self.me:  # else it ran out, and is another's by now
            self.store.delete([key])


def state(store: Store, model: str) -> list[Breaker]:
    """How a site stands: from this machine's own address first, then through each exit that it walled off.

    `store` is the origin's part. Each tells its `way`, its `state` now (`closed`: asked as usual; `open`: left alone
    `until`; `half-open`: one conversation tries first), the `outcome` that said so, `since` when, and how many `times`
    in a row. A LIST, and a GET for each.
    """
    return breakers(store, model)


def _in_force(found: Breaker) -> Paused | None:
    if found.state != "open":
        return None
    assert found.outcome
    assert found.until
    return Paused(found.outcome, found.until)


async def _a_moment() -> None:
    await asyncio.sleep(_ASK_AGAIN * random.uniform(0.5, 1.5))
