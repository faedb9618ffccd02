from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import zstandard

from batches import BATCH, NOW, answer, planned, record
from completions.batch import BatchConfig
from completions.cache import cache_key, find, keep
from completions.errors import Outcome
from completions.profile import Profile
from completions.record import MAX_RECORD_BYTES, Artifacts, Record, answer_id
from completions.store import Store

pytest_plugins = ["stores"]

MUNICH = Profile(seed=1, country="DE", subdivision="BY", city="Munich", language="de", display_locale="de-DE")
CONFIG: dict[str, Any] = {"prompts": ["a"], "country": "DE", "subdivision": "BY", "city": "Munich"}


def _key(config: dict[str, Any], profile: dict[str, Any], prompt: str = "a", sample: int = 0) -> str:
    return cache_key(BatchConfig.parse(CONFIG | config), MUNICH.model_copy(update=profile), prompt, sample)


def test_a_mirror_answers_for_itself_alone() -> None:
    config = BatchConfig.parse(CONFIG)
    assert cache_key(config, MUNICH, "a", 0, "http://mirror.example/") != cache_key(config, MUNICH, "a", 0)


KEPT = Record(
    answer_id=answer_id(BATCH, 0, 0),
    prompt="a",
    cache_key=cache_key(BatchConfig(prompts=["a"]), Profile(seed=1), "a", 0),
    outcome=Outcome.ANSWERED,
    attempts=1,
    requested_at=NOW - timedelta(hours=2),
    answered_at=NOW - timedelta(hours=1),
    answer=answer("yes"),
)


def _entry(**changes: Any) -> Record:
    return KEPT.model_copy(update=changes)


def _found(store: Store, data: bytes | None, **config: Any) -> Record | None:
    assert KEPT.cache_key
    if data is not None:
        store.put(KEPT.cache_key, data)
    (found,) = find(store, [KEPT.cache_key], BatchConfig.parse({"prompts": ["a"]} | config), NOW)
    return found


@pytest.mark.parametrize(
    ("config", "profile", "prompt", "sample"),
    [
        ({"city": "München"}, {}, "a", 0),
        ({"country": "de"}, {}, "a", 0),
        ({"format": "raw", "evidence": ["page"], "expiration": 3, "client_ref": "x", "samples": 9}, {}, "a", 0),
        ({}, {"seed": 2, "timezone": "Europe/Berlin"}, "a", 0),
    ],
)
def test_what_is_asked_alike_has_one_key(
    config: dict[str, Any], profile: dict[str, Any], prompt: str, sample: int
) -> None:
    assert _key(config, profile, prompt, sample) == _key({}, {})


def test_text_is_compared_as_it_reads() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert _key({}, {}, composed) == _key({}, {}, decomposed)


@pytest.mark.parametrize(
    ("config", "profile", "prompt", "sample"),
    [
        ({}, {}, "a ", 0),
        ({}, {}, "A", 0),
        ({}, {}, "a", 1),
        ({"model": "gemini"}, {}, "a", 0),
        ({"rehearse": True}, {}, "a", 0),
        ({}, {"device": "iPhone 15"}, "a", 0),
        ({}, {"country": "AT"}, "a", 0),
        ({}, {"subdivision": "BE"}, "a", 0),
        ({}, {"city": "Augsburg"}, "a", 0),
        ({}, {"language": "en"}, "a", 0),
        ({}, {"display_locale": "en-US"}, "a", 0),
        ({}, {"location_method": "emulated"}, "a", 0),
        ({"country": None, "subdivision": None, "city": None}, {}, "a", 0),
        ({"subdivision": None, "city": None}, {}, "a", 0),
        ({"city": None}, {}, "a", 0),
    ],
)
def test_what_is_asked_otherwise_has_another_key(
    config: dict[str, Any], profile: dict[str, Any], prompt: str, sample: int
) -> None:
    assert _key(config, profile, prompt, sample) != _key({}, {})


@pytest.mark.parametrize("left_to_chance", [{"city": "Augsburg"}, {"subdivision": "BE", "city": "Berlin"}])
def test_what_was_left_to_chance_is_any(left_to_chance: dict[str, Any]) -> None:
    country_only = {"subdivision": None, "city": None}
    assert _key(country_only, left_to_chance) == _key(country_only, {})


def test_keys_tell_nothing_of_the_prompt() -> None:
    key = _key({}, {}, "../secret plans")
    folder, digest = key.rsplit("/", 1)
    assert folder == f"cache/v1/chatgpt/{digest[:2]}"
    assert len(digest) == len(".json.zst") + 64


@pytest.mark.parametrize(
    ("expiration", "age", "fresh"),
    [
        (1, timedelta(0), True),
        (1, timedelta(seconds=1), True),
        (1, timedelta(days=1, seconds=-1), True),
        (1, timedelta(days=1), False),
        (1, timedelta(days=1, seconds=1), False),
        (10, timedelta(days=10, seconds=-1), True),
        (10, timedelta(days=10), False),
        (0.5, timedelta(hours=12, seconds=-1), True),
        (0.5, timedelta(hours=12), False),
        (0, timedelta(0), False),
        (1, timedelta(seconds=-1), False),
        (10, timedelta(days=-1), False),
    ],
)
def test_age(any_store: Store, expiration: float, age: timedelta, fresh: bool) -> None:
    entry = _entry(answered_at=NOW - age)
    assert (_found(any_store, entry.packed(), expiration=expiration) == entry) is fresh


def _rewritten(**changes: Any) -> bytes:
    changed = json.dumps(json.loads(KEPT.model_dump_json()) | changes).encode()
    return zstandard.compress(changed)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="empty"),
        pytest.param(b"not zstd", id="corrupt"),
        pytest.param(KEPT.packed()[:-1], id="truncated"),
        pytest.param(zstandard.compress(bytes(MAX_RECORD_BYTES + 1)), id="a bomb"),
        pytest.param(zstandard.compress(b'{"answer": "yes"}'), id="foreign"),
        pytest.param(_entry(cache_key="cache/v1/chatgpt/00/0.json.zst").packed(), id="another prompt's"),
        pytest.param(_entry(cache_key=None).packed(), id="not made for the cache"),
        pytest.param(_entry(outcome=Outcome.REFUSED).packed(), id="not answered"),
        pytest.param(_entry(answer=None).packed(), id="without its answer"),
        pytest.param(_entry(from_cache=True).packed(), id="itself a copy"),
        pytest.param(_entry(answered_at=None).packed(), id="of unknown age"),
        pytest.param(_rewritten(answered_at="2026-11-23T11:00:00"), id="of an age without a time zone"),
        pytest.param(_rewritten(schema="v2"), id="of another version"),
    ],
)
def test_misses(folder: Store, entry: bytes | None) -> None:
    assert _found(folder, entry) is None


@pytest.mark.parametrize(
    ("kept", "config", "hit"),
    [
        ({}, {}, True),
        ({"page_html": "<p>"}, {"format": "rendered"}, True),
        ({"raw_stream": b""}, {"format": "raw"}, True),
        ({"screenshot": b"", "page_copy": b""}, {"evidence": ["screenshot", "page"]}, True),
        ({"raw_stream": b"", "screenshot": b"", "page_copy": b""}, {"format": "rendered"}, False),
        ({"page_html": "<p>", "screenshot": b"", "page_copy": b""}, {"format": "raw"}, False),
        ({"screenshot": b""}, {"evidence": ["page"]}, False),
        ({"page_copy": b""}, {"evidence": ["screenshot"]}, False),
        ({"screenshot": b""}, {"evidence": ["screenshot", "page"]}, False),
    ],
)
def test_a_hit_holds_all_that_is_asked_for(
    folder: Store, kept: dict[str, Any], config: dict[str, Any], hit: bool
) -> None:
    entry = _entry(artifacts=Artifacts(**kept))
    assert (_found(folder, entry.packed(), **config) is not None) is hit


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({}, True),
        ({"cache_key": None}, False),
        ({"answer": None}, False),
        ({"from_cache": True}, False),
        *(({"outcome": outcome}, False) for outcome in Outcome if outcome is not Outcome.ANSWERED),
    ],
)
def test_only_whole_answers_of_their_own_are_kept(folder: Store, changes: dict[str, Any], is_kept: bool) -> None:
    entry = _entry(**changes)
    keep(folder, entry)
    assert folder.keys("cache") == ({entry.cache_key} if is_kept else set())


def test_found_in_the_order_of_the_keys(folder: Store) -> None:
    config = BatchConfig(prompts=[f"prompt {number}" for number in range(100)])
    plan = planned(folder, config.prompts)
    for item in plan.items[::3]:
        keep(folder, record(plan, item))
    keys = [item.cache_key for item in plan.items if item.cache_key]

    found = list(find(folder, keys, config, NOW + timedelta(hours=1)))

    assert [entry and entry.prompt for entry in found] == [
        None if number % 3 else f"prompt {number}" for number in range(100)
    ]
