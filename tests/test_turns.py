"""When conversations begin: however many come at once, no two have the same turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completions import turns
from completions.store import Store, open_store
from completions.turns import AHEAD, FORGOTTEN, begins, claim

pytest_plugins = ["stores"]

NOW = 1_800_000_000.25
FOLDER = "manners/chatgpt/exits"


@settings(max_examples=20)
@given(
    every=st.floats(0.01, 20),
    came=st.lists(st.floats(0, 5), min_size=1, max_size=24).map(sorted),
)
def test_every_turn_is_one_conversations_and_lies_ahead(every: float, came: list[float]) -> None:
    with TemporaryDirectory() as folder:
        store = open_store(folder)
        with ThreadPoolExecutor(8) as pool:
            keys = list(pool.map(lambda after: claim(store, FOLDER, every, NOW + after), came))
    assert len(set(keys)) == len(came)
    starts = sorted(map(begins, keys))
    assert all(later - earlier >= every * 0.9 - 0.002 for earlier, later in pairwise(starts))  # keys are in whole ms
    for key, after in zip(keys, came, strict=True):
        waits = begins(key) - NOW - after
        assert -0.001 <= waits <= max(AHEAD, every) + len(came) * every + 0.001


def test_many_share_the_turns_of_a_bucket(bucket: Store) -> None:
    """One after the other: moto looks and writes in two steps, where S3 promises one (`test_rgw` races for one key)."""
    keys = {claim(bucket, FOLDER, 0.5, NOW) for _ in range(40)}
    assert len(keys) == 40
    assert bucket.keys(FOLDER) == keys
    assert max(map(begins, keys)) - NOW <= 41 * 0.5 + AHEAD


def test_where_there_is_room_a_turn_is_one_request(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Store, "keys")
    monkeypatch.delattr(Store, "delete")
    key = claim(store, FOLDER, 7.5, NOW)
    assert 0 < begins(key) - NOW <= 7.5


def test_turns_of_the_dead_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "AHEAD", 0)
    old, young = claim(store, FOLDER, 1, NOW - FORGOTTEN - 5), claim(store, FOLDER, 1, NOW - FORGOTTEN + 5)
    first = claim(store, FOLDER, 1, NOW)
    assert store.keys(FOLDER) == {old, young, first}
    second = claim(store, FOLDER, 1, NOW)
    assert store.keys(FOLDER) == {young, first, second}
