"""How a live site is asked: two at a time, one after the other through the door, and not at all while it is paused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from completions import breaker, manners
from completions.breaker import PAUSE
from completions.errors import Outcome
from completions.manners import SEATS, Manners, Paused
from completions.store import Store

GONE = timedelta(seconds=-1)
"""A lease of which nothing is left as soon as it is taken."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "_ASK_AGAIN", 0.005)


def at(store: Store, *, gap: float = 0, life: timedelta = timedelta(minutes=1), polite: bool = True) -> Manners:
    """One task's manners on the store that all tasks share."""
    return Manners(store, "chatgpt", polite=polite, gap=(gap, gap), life=life)


class Room:
    """Counts who is in a seat."""

    def __init__(self) -> None:
        self.inside = self.most = self.served = 0
        self.starts: list[float] = []

    @asynccontextmanager
    async def visit(self, task: Manners) -> AsyncIterator[Paused | None]:
        async with task.seat() as pause:
            self.starts.append(time.monotonic())
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(0)
            yield pause
            self.inside -= 1
            self.served += 1

    async def chat(self, task: Manners, minimum: asyncio.Barrier | None = None) -> None:
        async with self.visit(task):
            if minimum:
                await minimum.wait()


async def free(store: Store) -> bool:
    """Whether somebody who comes now gets a seat."""
    try:
        async with asyncio.timeout(0.3), at(store).seat():
            return True
    except TimeoutError:
        return False


async def test_two_tasks_share_the_seats(store: Store) -> None:
    room, tasks, two = Room(), (at(store), at(store)), asyncio.Barrier(SEATS)
    await asyncio.gather(*(room.chat(task, two) for task in tasks for _ in range(SEATS * 3)))
    assert (room.most, room.served) == (SEATS, SEATS * 6)
    assert not store.keys("manners")


async def test_sites_do_not_share_seats(store: Store) -> None:
    room, all_of_them = Room(), asyncio.Barrier(SEATS * 2)
    other = Manners(store, "gemini", gap=(0, 0))
    await asyncio.gather(*(room.chat(task, all_of_them) for task in (at(store), other) for _ in range(SEATS)))
    assert room.most == SEATS * 2


async def test_starts_are_spaced(store: Store) -> None:
    room, tasks = Room(), (at(store, gap=0.1), at(store, gap=0.1))
    await asyncio.gather(*(room.chat(task) for task in tasks for _ in range(2)))
    starts = sorted(room.starts)
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(starts))


async def test_a_rehearsal_knows_no_limits(store: Store) -> None:
    room, everybody = Room(), asyncio.Barrier(10)
    rehearsed = at(store, polite=False, gap=60)
    await rehearsed.pause(Outcome.CHALLENGE)
    await asyncio.gather(*(room.chat(rehearsed, everybody) for _ in range(10)))
    assert await rehearsed.paused() is None
    assert not store.keys("manners")


async def test_the_seats_of_the_dead_are_free_again(store: Store) -> None:
    async with at(store, life=GONE).seat(), at(store, life=GONE).seat():
        assert await free(store)


async def test_the_seats_of_the_living_are_not(store: Store) -> None:
    async with at(store).seat(), at(store).seat():
        assert not await free(store)
    assert await free(store)


async def test_who_comes_back_from_the_dead_takes_nobodys_seat_away(store: Store) -> None:
    overdue = at(store, life=GONE).seat()
    await overdue.__aenter__()
    async with at(store).seat(), at(store).seat():
        await overdue.__aexit__(None, None, None)
        assert not await free(store)
    assert await free(store)


async def test_who_is_interrupted_leaves_the_seat(store: Store) -> None:
    room, started = Room(), asyncio.Event()

    async def chat() -> None:
        async with room.visit(at(store)):
            started.set()
            await asyncio.Event().wait()

    chats = [asyncio.create_task(chat()) for _ in range(SEATS)]
    await started.wait()
    for task in chats:
        task.cancel()
    await asyncio.gather(*chats, return_exceptions=True)
    assert not store.keys("manners")


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.CHALLENGE, Outcome.RATE_LIMITED, Outcome.LOGIN_WALL])
async def test_a_pause_holds_for_everybody_and_tells_why(store: Store, outcome: Outcome) -> None:
    one, other = at(store), at(store)
    assert await other.paused() is None
    await one.pause(outcome)
    pause = await other.paused()
    assert pause
    assert pause.outcome is outcome
    assert timedelta(0) < pause.until - datetime.now(UTC) <= PAUSE
    async with other.seat() as told:
        assert told == pause
    assert await Manners(store, "gemini").paused() is None


async def test_a_pause_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PAUSE", GONE)
    await at(store).pause(Outcome.CHALLENGE)
    assert await at(store).paused() is None
    async with at(store).seat() as pause:
        assert pause is None


async def test_a_pause_reaches_those_who_wait_for_a_seat(store: Store) -> None:
    async def wait() -> Paused | None:
        async with at(store, gap=60).seat() as pause:
            return pause

    async with at(store).seat(), at(store).seat():
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await at(store).pause(Outcome.BLOCKED)
    async with asyncio.timeout(5):  # and not after the door's minute
        pause = await waiting
    assert pause
    assert pause.outcome is Outcome.BLOCKED
