"""How a live site is asked: two at a time, one after the other through the door, and not at all while it is paused."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from completions import breaker, manners
from completions.breaker import PAUSE, Breaker
from completions.errors import Outcome
from completions.exits import Exit
from completions.manners import SEATS, Manners, Paused, state
from completions.store import Store
from test_breaker import run_out

GONE = timedelta(seconds=-1)
"""A lease of which nothing is left as soon as it is taken."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "_ASK_AGAIN", 0.005)


def at(store: Store, *, gap: float = 0, life: timedelta = timedelta(minutes=1), polite: bool = True) -> Manners:
    """One task's manners on the store that all tasks share."""
    return Manners(store, "chatgpt", polite=polite, gap=(gap, gap), starts=6000, life=life)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it is a store that changes
            await asyncio.sleep(0.005)


async def still(holds: Callable[[], bool]) -> None:
    """It holds however often the others look."""
    for _ in range(20):
        assert holds()
        await asyncio.sleep(0.005)


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
    room, tasks, begin = Room(), (at(store, gap=0.1), at(store, gap=0.1)), time.monotonic()
    await asyncio.gather(*(room.chat(task) for task in tasks for _ in range(2)))
    assert all(start - begin >= 0.1 * turn - 0.01 for turn, start in enumerate(sorted(room.starts)))


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


DE = Exit("exit-1-DE", "http://127.0.0.1:1")


@pytest.mark.parametrize("out", [None, DE], ids=["here", "exit"])
async def test_after_a_pause_one_tries_and_an_answer_lets_the_others_in(store: Store, out: Exit | None) -> None:
    await at(store).pause(Outcome.CHALLENGE, out)
    run_out(store, way=out.name if out else None)
    began: list[str] = []

    async def chat(name: str, answered: asyncio.Event) -> None:
        task = at(store)
        async with task.seat(out) as pause:
            assert pause is None
            began.append(name)
            await answered.wait()
            await task.note(Outcome.ANSWERED, out)

    answered = asyncio.Event()
    chats = [asyncio.create_task(chat(str(number), answered)) for number in range(4)]
    await until(lambda: len(began) == 1)
    await still(lambda: len(began) == 1)
    assert state(store, "chatgpt")[-1].state == "half-open"
    answered.set()
    await asyncio.gather(*chats)
    assert (len(began), state(store, "chatgpt")) == (4, [Breaker()])
    assert not store.keys("manners")


async def test_after_a_pause_a_wall_sends_those_away_who_wait(store: Store) -> None:
    await at(store).pause(Outcome.CHALLENGE)
    run_out(store)
    met: list[Outcome | None] = []

    async def chat() -> None:
        task = at(store)
        async with task.seat() as pause:
            met.append(pause.outcome if pause else None)
            if not pause:
                await still(lambda: len(met) == 1)
                await task.note(Outcome.BLOCKED)

    await asyncio.gather(*(chat() for _ in range(4)))
    assert met == [None, *[Outcome.BLOCKED] * 3]
    [found] = state(store, "chatgpt")
    assert (found.state, found.times) == ("open", 2)


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.LAYOUT_CHANGED, None], ids=str)
async def test_what_says_nothing_lets_the_next_one_try(store: Store, outcome: Outcome | None) -> None:
    await at(store).pause(Outcome.CHALLENGE)
    run_out(store)
    for told in (outcome, outcome, Outcome.NO_ANSWER):
        assert state(store, "chatgpt")[0].state == "half-open"
        task = at(store)
        async with task.seat() as pause:
            assert pause is None
            if told:
                await task.note(told)
    assert state(store, "chatgpt") == [Breaker()]


async def test_an_answer_of_one_who_was_on_the_way_closes_nothing(store: Store) -> None:
    early, late = at(store), at(store)
    async with early.seat():
        await late.pause(Outcome.RATE_LIMITED)
        await early.note(Outcome.ANSWERED)
    assert state(store, "chatgpt")[0].state == "open"


async def test_starts_through_all_exits_together_are_so_many_a_minute(store: Store) -> None:
    room, tasks = Room(), [Manners(store, "chatgpt", starts=1200) for _ in range(3)]
    ways = [DE, Exit("exit-2-FR", "http://127.0.0.1:2")]

    async def chat(task: Manners, out: Exit) -> None:
        async with task.seat(out):
            room.starts.append(time.time())

    begin = time.time()
    await asyncio.gather(*(chat(task, out) for task in tasks for out in ways * 10))
    assert len(room.starts) == 60
    assert max(room.starts) - begin >= 58 * 0.05  # a turn is no shorter, and nobody has another's
    assert not store.keys("manners")


@pytest.mark.parametrize(
    ("out", "asked"),
    [(None, {"create": 2, "get": 4, "delete": 2}), (DE, {"create": 1, "get": 2, "delete": 1})],
    ids=["here", "exit"],
)
async def test_politeness_is_cheap(
    store: Store, out: Exit | None, asked: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What docs/operate.md says that a conversation costs in requests, where nobody is in its way."""
    counted: Counter[str] = Counter()
    for name in ("create", "put", "get", "delete", "keys", "find"):
        monkeypatch.setattr(Store, name, counting(counted, name, getattr(Store, name)))
    task = at(store, gap=0.01)
    async with task.seat(out) as pause:
        assert pause is None
        await task.note(Outcome.ANSWERED, out)
    assert counted == asked


def counting(counted: Counter[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        counted[name] += 1
        return real(*arguments)

    return call
