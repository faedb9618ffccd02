from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches import BATCH, NOW, Killed, break_at, planned, record
from completions import cache
from completions.batch import BatchConfig
from completions.errors import Refused
from completions.plan import Plan, find_batch, load_plan, load_request, make_plan, seed_of, submit
from completions.profile import Profile
from completions.record import Record, answer_id, answer_key, prompt_id
from completions.store import Store, open_store

pytest_plugins = ["stores"]

EARLIER = "6f1d2c3b-0000-4000-8000-000000000000"


def _keep_answers(store: Store, prompts: list[str], **fields: Any) -> None:
    """Have an earlier batch answer these prompts an hour ago."""
    plan = planned(store, prompts, batch_id=EARLIER, now=NOW - timedelta(hours=1), **fields)
    for item in plan.items:
        cache.keep(store.of(plan.config.origin), record(plan, item, generation=3, attempts=2))


def test_a_plan_is_made_once(any_store: Store) -> None:
    first = planned(any_store)
    again = planned(any_store, now=NOW + timedelta(days=1))

    assert again == first == load_plan(any_store, BATCH)
    assert (first.planned_at, first.date) == (NOW, date(2026, 11, 23))


def test_many_planners_agree(any_store: Store) -> None:
    def plan(second: int) -> Plan:
        start.wait()
        return planned(any_store, now=NOW + timedelta(seconds=second))

    start = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(plan, range(8)))

    assert plans == [load_plan(any_store, BATCH)] * 8


@pytest.mark.parametrize("step", range(8))
def test_a_planner_that_dies_is_simply_run_again(folder: Store, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    _keep_answers(folder, ["a", "b"])
    break_at(monkeypatch, step)
    with pytest.raises(Killed):
        planned(folder, ["a", "b", "c"])
    monkeypatch.undo()

    plan = planned(folder, ["a", "b", "c"], now=NOW + timedelta(minutes=5))

    assert [item.cached for item in plan.items] == [True, True, False]
    assert plan.shards == [[2]]
    assert plan == load_plan(folder, BATCH)


def test_cached_answers_are_taken_over(any_store: Store) -> None:
    _keep_answers(any_store, ["a"])
    plan = planned(any_store, ["a", "b"], expiration=2)
    (cached, asked) = plan.items

    copy = Record.unpacked(any_store.get(answer_key(BATCH, 0, 0)) or b"")

    assert (cached.cached, asked.cached, plan.cached) == (True, False, 1)
    assert any_store.get(answer_key(BATCH, 1, 0)) is None
    assert copy
    assert copy.answer
    assert copy.answer.answer_text == "a 0"
    assert (copy.answer_id, copy.cached_answer_id) == (answer_id(BATCH, 0, 0), answer_id(EARLIER, 0, 0))
    assert (copy.from_cache, copy.cache_age_seconds) == (True, 3597)
    assert (copy.requested_at, copy.generation, copy.attempts) == (NOW, 1, 0)


@pytest.mark.parametrize(
    ("fields", "cached"),
    [
        ({}, 1),
        ({"expiration": 0}, 0),
        ({"expiration": 0.01}, 0),
        ({"rehearse": True}, 0),
        ({"model": "gemini"}, 0),
        ({"evidence": ["screenshot"]}, 0),
        ({"samples": 3}, 1),
    ],
)
def test_when_the_cache_serves(folder: Store, fields: dict[str, Any], cached: int) -> None:
    _keep_answers(folder, ["a"])
    plan = planned(folder, ["a"], **fields)

    assert plan.cached == cached
    assert sum(map(len, plan.shards)) == plan.config.count - cached


@pytest.mark.parametrize(
    ("prompts", "fields", "duplicate_of", "conversations"),
    [
        (["a", "b", "c"], {}, [None, None, None], 3),
        (["a", "b", "a", "a"], {}, [None, None, 0, 0], 2),
        (["a", "A", "a ", " a"], {}, [None, None, None, None], 4),
        (["a", "b", "a", "a"], {"expiration": 0}, [None, None, None, None], 4),
        (["a", "a"], {"samples": 2}, [None, None, 0, 0], 2),
    ],
)
def test_duplicates_are_asked_once(
    folder: Store, prompts: list[str], fields: dict[str, Any], duplicate_of: list[int | None], conversations: int
) -> None:
    plan = planned(folder, prompts, **fields)

    assert [item.duplicate_of for item in plan.items] == duplicate_of
    assert sum(map(len, plan.shards)) == conversations


def test_duplicates_of_a_cached_answer_count_as_cached(folder: Store) -> None:
    _keep_answers(folder, ["a"])  # the first sample only
    assert planned(folder, ["a", "b", "a"], samples=2).cached == 2


prompts = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40)


@settings(deadline=None, max_examples=50)
@given(prompts, st.sets(st.sampled_from("abcdefgh")), st.integers(1, 3), st.none() | st.integers(1, 7), st.booleans())
def test_shards_hold_exactly_what_must_be_asked(
    prompts: list[str], kept: set[str], samples: int, per_task: int | None, caching: bool
) -> None:
    fields: dict[str, Any] = {"samples": samples, "prompts_per_task": per_task, "expiration": 1 if caching else 0}
    with TemporaryDirectory() as folder:
        store = open_store(folder)
        if kept:
            _keep_answers(store, sorted(kept))
        plan = planned(store, prompts, **fields)

    asked = sorted(position for shard in plan.shards for position in shard)
    owed = [
        position
        for position, item in enumerate(plan.items)
        if not item.cached and not (caching and prompts.index(prompts[item.index]) != item.index)
    ]
    assert asked == owed
    assert [(item.index, item.sample) for item in plan.items] == [
        (index, sample) for index in range(len(prompts)) for sample in range(samples)
    ]
    assert all(item.prompt_id == prompt_id(prompts[item.index]) for item in plan.items)
    assert all(len(shard) <= plan.config.per_task for shard in plan.shards)
    assert not asked or max(map(len, plan.shards)) - min(map(len, plan.shards)) <= 1
    settled = sum(plan.settles(plan.items[position]) for position in asked)
    assert settled + plan.cached == plan.config.count == len(plan.items)


@pytest.mark.parametrize(
    ("prompts", "per_task", "labels"),
    [
        (["a"], None, ["1: a"]),
        (["a\n b", "x" * 61], None, ["1: a b", f"2: {'x' * 60}…"]),
        (["a", "b", "c"], 2, ["shard 1 of 2 (2 prompts)", "2: b"]),
    ],
)
def test_labels(folder: Store, prompts: list[str], per_task: int | None, labels: list[str]) -> None:
    plan = planned(folder, prompts, prompts_per_task=per_task)
    assert [plan.label(number) for number in range(len(plan.shards))] == labels


def test_a_plan_survives_the_store(folder: Store) -> None:
    audit = {"name": "weekly", "run": "2026-W48", "seed": 7}
    plan = planned(folder, ["a"], _audit=audit, evidence=["page"], expiration=0.5)

    assert load_plan(folder, BATCH) == plan
    assert (plan.seed, plan.config.audit and plan.config.audit.name) == (7, "weekly")


def test_chance_follows_from_the_batch() -> None:
    config = BatchConfig(prompts=["a"])
    assert seed_of(config, "a") == seed_of(config, "a") != seed_of(config, "b")


def test_a_batch_has_one_request(any_store: Store) -> None:
    live, rehearsed = BatchConfig(prompts=["a"]), BatchConfig(prompts=["b"], rehearse=True)

    assert submit(any_store, "live", live)
    assert not submit(any_store, "live", live)
    assert submit(any_store, "rehearsed", rehearsed)
    assert load_request(any_store, "live") == live
    assert load_request(any_store, "rehearsed") == rehearsed
    assert find_batch(any_store, "live") == (any_store, "live")
    assert find_batch(any_store, "rehearsed") == (any_store.under("rehearsal"), "rehearsal")
    assert find_batch(any_store, "none") is None
    assert find_batch(any_store, "../live") is None
    with pytest.raises(Refused, match="batch_id 'none': no request was submitted under it"):
        load_request(any_store, "none")


def test_a_rehearsed_batch_lives_apart(any_store: Store) -> None:
    plan = make_plan(
        any_store, BatchConfig(prompts=["a"], rehearse=True), Profile(seed=1), batch_id=BATCH, run_id="r", now=NOW
    )
    assert load_plan(any_store.of("rehearsal"), BATCH) == plan
    assert any_store.keys("batches") == set()
