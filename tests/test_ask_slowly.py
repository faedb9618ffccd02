"""One task's share of a batch, on a store that takes its time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier

import pytest

from batches import planned
from completions.ask import ask_shard
from completions.settings import Settings
from completions.store import Store

pytestmark = [pytest.mark.browser]

TOGETHER = 10
"""Conversations, more than this machine has cores and asyncio threads of its own."""


async def test_a_slow_store_keeps_no_conversation_from_its_own_turn(
    store: Store, settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them are stored at the same time: the store lets go of none before the last one is there."""
    put, everyone = Store.put, Barrier(TOGETHER)

    def slow(store: Store, key: str, data: bytes) -> None:
        if "/answers/" in key:
            everyone.wait(60)
        put(store, key, data)

    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(Store, "put", slow)
    prompts = [f"Which flute is number {number}?" for number in range(TOGETHER)]
    plan = planned(store, prompts, rehearse=True, expiration=0, prompts_per_task=TOGETHER)
    assert await ask_shard(store, plan, 0, settings(conversations=TOGETHER)) == {"answered": TOGETHER}
