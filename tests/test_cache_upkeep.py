from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batches import answer
from completions.batch import BatchConfig
from completions.cache import cache_key, find, keep
from completions.cache_upkeep import LONGEST, purge, stats
from completions.errors import Outcome
from completions.profile import Profile
from completions.record import Record, answer_id
from completions.store import Store

pytest_plugins = ["stores"]

NOW = datetime.now(UTC) + timedelta(minutes=1)
DAY = timedelta(days=1)
PROFILE = Profile(seed=1)


def _entry(store: Store, prompt: str, age: timedelta, model: str = "chatgpt", *, rehearse: bool = False) -> str:
    """Keep an answer of this age; returns its key."""
    config = BatchConfig.parse({"prompts": [prompt], "model": model, "rehearse": rehearse})
    key = cache_key(config, PROFILE, prompt, 0)
    times = {"requested_at": NOW - age - DAY, "answered_at": NOW - age}
    fields = {"prompt": prompt, "cache_key": key, "outcome": Outcome.ANSWERED, "attempts": 1, "answer": answer(prompt)}
    keep(store.of(config.origin), Record.model_validate({"answer_id": answer_id(prompt, 0, 0)} | times | fields))
    return key


def test_what_there_is_of_each_site(any_store: Store) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=1)  # S3 tells whole seconds
    keys = [_entry(any_store, prompt, DAY) for prompt in ("a", "b")]
    _entry(any_store, "a", DAY, "gemini")
    _entry(any_store, "a", DAY, rehearse=True)
    any_store.put("cache/notes.txt", b"foreign")

    found = stats(any_store)
    assert [(each.origin, each.model, each.entries) for each in found] == [
        ("live", "", 1),
        ("live", "chatgpt", 2),
        ("live", "gemini", 1),
        ("rehearsal", "chatgpt", 1),
    ]
    assert found[1].bytes == sum(any_store.size(key) or 0 for key in keys)
    assert begun <= found[1].oldest <= found[1].newest <= datetime.now(UTC)


def test_an_empty_cache(any_store: Store) -> None:
    assert stats(any_store) == purge(any_store, timedelta(0), NOW, really=True) == []


@pytest.mark.parametrize(
    ("age", "gone"),
    [
        (10 * DAY - timedelta(seconds=1), False),
        (10 * DAY, True),
        (10 * DAY + timedelta(seconds=1), True),
        (timedelta(0), False),
        (timedelta(seconds=-1), True),
    ],
)
def test_what_no_request_would_take_goes(any_store: Store, age: timedelta, gone: bool) -> None:
    key = _entry(any_store, "a", age)
    wanted = find(any_store, [key], BatchConfig(prompts=["a"], expiration=LONGEST), NOW)
    assert (next(wanted) is None) is gone
    purge(any_store, LONGEST * DAY, NOW, really=True)
    assert (any_store.get(key) is None) is gone


def test_a_copy_of_the_store_does_not_make_answers_younger(folder: Store) -> None:
    """An object's time is that of its writing; the answer's own age decides."""
    old, young = _entry(folder, "old", 3 * DAY), _entry(folder, "young", DAY)
    purge(folder, 2 * DAY, NOW, really=True)
    assert folder.keys("cache") == {young}
    assert old != young


def test_what_was_written_long_ago_needs_no_opening(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _entry(folder, "a", 20 * DAY)
    long_ago = (NOW - 15 * DAY).timestamp()
    os.utime(Path(folder.uri, key), (long_ago, long_ago))
    monkeypatch.delattr(Store, "get")
    assert [each.entries for each in purge(folder, 10 * DAY, NOW, really=True)] == [1]


def test_it_only_tells_unless_it_is_meant(any_store: Store) -> None:
    keys = {_entry(any_store, prompt, 3 * DAY) for prompt in "ab"}
    told = purge(any_store, DAY, NOW, really=False)
    assert any_store.keys("cache") == keys
    assert purge(any_store, DAY, NOW, really=True) == told
    assert any_store.keys("cache") == set()


def test_one_site_alone(folder: Store) -> None:
    _entry(folder, "a", 3 * DAY)
    _entry(folder, "a", 3 * DAY, rehearse=True)
    kept = _entry(folder, "a", 3 * DAY, "gemini")
    gone = purge(folder, timedelta(0), NOW, "chatgpt", really=True)
    assert [(each.origin, each.model) for each in gone] == [("live", "chatgpt"), ("rehearsal", "chatgpt")]
    assert folder.keys("cache") == {kept}
    assert folder.keys("rehearsal") == set()


@pytest.mark.parametrize("spoilt", [b"", b"not zstd", None])
def test_what_cannot_be_read_or_is_another_prompts_goes(folder: Store, spoilt: bytes | None) -> None:
    key, kept = _entry(folder, "a", timedelta(0)), _entry(folder, "b", timedelta(0))
    folder.put(key, folder.get(kept) or b"" if spoilt is None else spoilt)
    purge(folder, 10 * DAY, NOW, really=True)
    assert folder.keys("cache") == {kept}
