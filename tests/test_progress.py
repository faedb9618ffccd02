from __future__ import annotations

from datetime import timedelta

import pytest

from batches import NOW, ask, planned, record
from completions.collect import collect
from completions.errors import Outcome
from completions.progress import TEXT, WARNINGS, Settled, collected, load
from completions.store import Store

pytest_plugins = ["stores"]


def test_of_each_answer_it_tells_how_it_ended_in_short(any_store: Store) -> None:
    plan = planned(any_store, ["a"], country="US", rehearse=True)
    full = record(
        plan,
        plan.items[0],
        Outcome.WRONG_PLACE,
        error_message="x" * 1000,
        warnings=[f"warning {number}" for number in range(20)],
        egress_country="DE",
        location_match="mismatch",
    )
    told = Settled.of(plan, plan.items[0], full, NOW + timedelta(seconds=1))
    assert (told.outcome, told.at) == ("wrong_place", NOW + timedelta(seconds=1))
    assert (told.egress_country, told.location_match) == ("DE", "mismatch")
    assert (len(told.error_message or ""), len(told.warnings)) == (TEXT, WARNINGS)


@pytest.mark.parametrize(
    ("outcome", "message", "seen"),
    [
        (Outcome.BLOCKED, "not asked: the site is left alone until 10:40 UTC", False),
        (Outcome.CANCELLED, None, False),
        (Outcome.BLOCKED, "the site answered with HTTP 403", True),
        (Outcome.NO_ANSWER, None, True),
    ],
)
def test_of_what_was_not_asked_nothing_was_seen(outcome: Outcome, message: str | None, seen: bool) -> None:
    assert Settled(index=0, sample=0, outcome=outcome, error_message=message).seen == seen


def test_it_is_read_for_each_task_and_then_from_the_dataset(any_store: Store) -> None:
    plan = planned(any_store, ["a", "b", "a"], samples=2, prompts_per_task=2)
    part = any_store.of("live")
    assert load(part, plan) == [None, None]
    ask(any_store, plan, lambda item: None if item.index else Outcome.ANSWERED)
    assert [shard and (shard.done, shard.of, shard.outcomes) for shard in load(part, plan)] == [
        (False, 3, {"answered": 2}),
        (False, 3, {"answered": 2}),
    ]
    ask(any_store, plan, lambda item: Outcome.TIMEOUT if item.index else Outcome.ANSWERED)
    asked = {(one.index, one.sample): one for shard in load(part, plan) if shard for one in shard.settled}
    rows = {(one.index, one.sample): one for one in collected(part, collect(any_store, plan.batch_id, NOW))}
    assert {place: rows[place] for place in asked} == asked
    assert sorted(rows) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert rows[2, 1].outcome == Outcome.ANSWERED


def test_what_an_earlier_version_kept_is_read_too(any_store: Store) -> None:
    plan = planned(any_store, ["a"])
    any_store.put(f"batches/{plan.batch_id}/progress/0.json", b'{"shard": 0, "of": 1, "outcomes": {"answered": 1}}')
    [shard] = load(any_store, plan)
    assert shard
    assert (shard.done, shard.settled, shard.asking) == (True, [], [])
