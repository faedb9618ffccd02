"""A batch that is cancelled while it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from batches import BATCH, NOW, planned
from completions import ask
from completions.ask import ask_shard
from completions.cancelling import cancel_batch
from completions.manners import Manners
from completions.rehearsal import Rehearsal
from completions.settings import Settings
from completions.store import Store
from test_ask import records, rehearsed

pytestmark = [pytest.mark.browser]


async def test_a_batch_that_is_cancelled_is_asked_no_further_and_keeps_what_was_answered(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings]
) -> None:
    plan = rehearsed(store, [f"Which bow is number {number}?" for number in range(12)])

    async def tell(progress: dict[str, Any]) -> None:
        cancel_batch(store, BATCH, NOW)

    outcomes = await ask_shard(store, plan, 0, settings(conversations=2), tell)
    assert 1 <= outcomes["answered"] == len(records(store, plan)) <= 3  # those under way are seen through
    assert await ask_shard(store, plan, 0, settings(), tell) == outcomes
    assert len(rehearsal.asked()) == outcomes["answered"]


async def test_what_waits_for_its_site_when_the_batch_is_cancelled_is_not_asked_any_more(
    store: Store, rehearsal: Rehearsal, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = asyncio.Event()

    class Waiting(Manners):
        def _take(self, names: tuple[str, ...]) -> str | None:
            loop.call_soon_threadsafe(waits.set)
            return super()._take(names)

    loop = asyncio.get_running_loop()
    plan = planned(store, ["a", "b", "c"], prompts_per_task=200).model_copy(update={"address": f"{rehearsal.url}/"})
    others = Manners(store, "chatgpt", gap=(0, 0))
    async with others.seat(), others.seat():
        monkeypatch.setattr(ask, "Manners", Waiting)
        asking = asyncio.create_task(ask_shard(store, plan, 0, settings()))
        await waits.wait()
        cancel_batch(store, BATCH, NOW)
        assert await asking == {}
    assert rehearsal.asked() == []
