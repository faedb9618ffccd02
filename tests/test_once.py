from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from completions.batch import BatchConfig
from completions.once import LIFE, OtherRequest, claim
from completions.store import Store

pytest_plugins = ["stores"]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, OTHER = BatchConfig(prompts=["a"]), BatchConfig(prompts=["b"])


def test_a_key_stands_for_one_request_of_one_user(any_store: Store) -> None:
    first = claim(any_store, "ann", "k", ONE, NOW)
    assert claim(any_store, "ann", "k", ONE, NOW + LIFE / 2) == first
    with pytest.raises(OtherRequest):
        claim(any_store, "ann", "k", OTHER, NOW)
    assert len({first, claim(any_store, "bob", "k", OTHER, NOW), claim(any_store, "ann", "l", OTHER, NOW)}) == 3
    assert claim(any_store, "a", "nnk", ONE, NOW) != claim(any_store, "an", "nk", ONE, NOW)


def test_after_its_life_it_is_a_new_one(any_store: Store) -> None:
    first = claim(any_store, "ann", "k", ONE, NOW)
    second = claim(any_store, "ann", "k", OTHER, NOW + LIFE)
    assert second != first
    assert claim(any_store, "ann", "k", OTHER, NOW + LIFE) == second


def test_of_many_at_once_one_is_first(any_store: Store) -> None:
    with ThreadPoolExecutor(32) as pool:
        claimed = pool.map(lambda _: claim(any_store, "ann", "k", ONE, NOW), range(64))
    assert len(set(claimed)) == 1
