from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import zstandard

from batches import BATCH, NOW, answer, planned, record
from completions.batch import BatchConfig
from completions.cache import cache_key, find, keep
from completions.collect import collect
from completions.errors import Outcome
from completions.frames import load
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


@pytest.mark.parametrize(
    ("answered_at", "fresh"),
    [("2026-11-22T13:00:00.000001+01:00", True), ("2026-11-22T13:00:00+01:00", False), ("2026-11-22T12:00:01Z", True)],
)
def test_age_is_the_same_in_every_time_zone(folder: Store, answered_at: str, fresh: bool) -> None:
    assert (_found(folder, _rewritten(answered_at=answered_at)) is not None) is fresh


def _rewritten(**changes: Any) -> bytes:
    changed = json.dumps(json.loads(KEPT.model_dump_json()) | changes).encode()
    return zstandard.compress(changed)


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


BOMB = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(MAX_RECORD_BYTES + 1))


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="empty"),
        pytest.param(b"not zstd", id="corrupt"),
        pytest.param(KEPT.packed()[:-1], id="truncated"),
        pytest.param(zstandard.compress(bytes(MAX_RECORD_BYTES + 1)), id="a bomb"),
        pytest.param(BOMB, id="a bomb that does not say how large it is"),
        pytest.param(KEPT.packed() + KEPT.packed(), id="two in one"),
        pytest.param(_flipped(KEPT.packed()), id="one bit flipped"),
        pytest.param(zstandard.compress(b'{"answer": "yes"}'), id="foreign"),
        pytest.param(zstandard.compress(b"\xff[" * 100_000), id="foreign bytes"),
        pytest.param(_rewritten(unknown="field"), id="with more than a record has"),
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


@pytest.mark.parametrize("place", ["start", "end"])
def test_a_byte_less_is_a_miss_wherever(folder: Store, place: str) -> None:
    whole = KEPT.packed()
    cuts = range(1, len(whole), 7)
    assert _found(folder, whole) == KEPT
    assert [_found(folder, whole[cut:] if place == "start" else whole[:-cut]) for cut in cuts] == [None] * len(cuts)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"samples": 4}, ["a 0", "a 1", None, None]),
        ({"samples": 1}, ["a 0"]),
        ({"samples": 2, "rehearse": True}, [None, None]),
        ({"samples": 2, "model": "gemini"}, [None, None]),
        ({"samples": 2, "country": "US"}, [None, None]),
    ],
)
def test_an_answer_serves_its_own_sample_site_and_origin_alone(
    folder: Store, asked: dict[str, Any], found: list[str | None]
) -> None:
    """Even where the other origin's cache is the same folder, as in a copy of a store."""
    earlier = planned(folder, ["a"], samples=2, batch_id="earlier")
    for item in earlier.items:
        keep(folder, record(earlier, item))
    config = BatchConfig.parse({"prompts": ["a"], **asked})
    profile = Profile(seed=1, country=config.country)
    keys = [cache_key(config, profile, "a", sample) for sample in range(config.samples)]

    entries = list(find(folder, keys, config, NOW + timedelta(hours=1)))

    assert [entry and entry.answer and entry.answer.answer_text for entry in entries] == found


def test_two_batches_that_ask_the_same_at_once_leave_whole_answers(any_store: Store) -> None:
    """Each has asked all of it: whichever answer stays is one of the two, whole, and never a mixture."""
    prompts = [f"prompt {number}" for number in range(20)]
    plans = [planned(any_store, prompts, batch_id=batch_id) for batch_id in ("one", "two")]
    start = Barrier(2)

    def race(number: int) -> list[Record]:
        start.wait()
        entries = [record(plans[number], item) for item in plans[number].items]
        for entry in entries:
            keep(any_store, entry)
        return entries

    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(race, range(2)))
    keys = [item.cache_key for item in plans[0].items if item.cache_key]
    config = BatchConfig(prompts=prompts)
    found = list(find(any_store, keys, config, NOW + timedelta(hours=1)))
    assert len(any_store.keys("cache")) == 20
    assert all(entry in pair for entry, pair in zip(found, zip(*kept, strict=True), strict=True))


def test_readers_meanwhile_find_a_whole_answer_or_none(any_store: Store) -> None:
    """One batch writes the same entry anew, again and again, while another looks it up."""
    entries = [_entry(answer=answer(word * 20_000)) for word in ("yes", "no")]
    config, key = BatchConfig(prompts=["a"]), str(KEPT.cache_key)

    def write() -> None:
        for number in range(100):
            keep(any_store, entries[number % 2])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        found = [next(find(any_store, [key], config, NOW))]
        while not writing.done():
            found.append(next(find(any_store, [key], config, NOW)))
        writing.result()
    assert all(entry in (None, *entries) for entry in found)
    assert None not in found[found.index(next(filter(None, found))) :]


def test_a_thousand_are_looked_up_in_requests_of_their_own_and_no_more(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request for each, nothing else: no look whether it is there before it is read."""

    def count(store: Store, key: str) -> bytes | None:
        asked.append(key)
        return get(store, key)

    get, keys = Store.get, [f"cache/v1/chatgpt/{number % 256:02x}/{number}.json.zst" for number in range(1000)]
    asked: list[str] = []
    monkeypatch.setattr(Store, "get", count)
    monkeypatch.delattr(Store, "size")
    monkeypatch.delattr(Store, "keys")

    found = list(find(any_store, keys, BatchConfig(prompts=["a"]), NOW))

    assert found == [None] * 1000
    assert sorted(asked) == sorted(keys)


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


def test_a_hit_says_so_and_costs_nothing(any_store: Store) -> None:
    earlier = planned(any_store, ["a"], batch_id="earlier")
    keep(any_store, record(earlier, earlier.items[0], attempts=2, bytes_received=99, latency_ms=3000))
    later = NOW + timedelta(hours=1)
    plan = planned(any_store, ["a", "a"], batch_id="later", now=later)
    assert (plan.shards, plan.cached) == ([], 2)

    manifest = collect(any_store, "later", later)

    assert (manifest.count, manifest.successful, manifest.cached) == (2, 2, 2)
    told = ["from_cache", "cached_answer_id", "cache_age_seconds", "attempts", "bytes_received", "latency_ms"]
    frame = load(batch="later", columns=told, store=any_store)
    hit = [True, answer_id("earlier", 0, 0), 3597, 0, 0, 3000]
    assert frame.values.tolist() == [hit, hit]
