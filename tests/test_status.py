from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from batches import BATCH, NOW, ask, planned, record
from completions import cache
from completions.batch import BatchConfig
from completions.collect import collect
from completions.errors import Outcome
from completions.plan import Item, submit
from completions.record import batch_key
from completions.status import list_batches, record_failure, status
from completions.store import Store

pytest_plugins = ["stores"]

LATER = NOW + timedelta(minutes=5)
KEYS = [
    "id",
    "status",
    "count",
    "successful",
    "failed",
    "url",
    "cached",
    "outcomes",
    "started_at",
    "finished_at",
    "dataset",
    "client_ref",
    "cancelled",
    "notification",
]


def body_of(store: Store, batch_id: str = BATCH) -> dict[str, Any]:
    body = status(store, batch_id)
    assert body
    assert list(body) == KEYS
    assert json.loads(json.dumps(body)) == body
    return body


def test_there_is_no_such_batch(any_store: Store) -> None:
    assert status(any_store, BATCH) is None
    with pytest.raises(ValueError, match="is not a batch id"):
        status(any_store, "../x")


def test_submitted(any_store: Store) -> None:
    submit(any_store, BATCH, BatchConfig(prompts=["a", "b"], samples=2, client_ref="mine"))
    assert body_of(any_store) == {
        "id": BATCH,
        "status": "retrieving",
        "count": 4,
        "successful": 0,
        "failed": 0,
        "url": None,
        "cached": 0,
        "outcomes": {},
        "started_at": None,
        "finished_at": None,
        "dataset": None,
        "client_ref": "mine",
        "cancelled": False,
        "notification": None,
    }


def test_from_plan_to_dataset(any_store: Store) -> None:
    plan = planned(any_store, ["a", "b", "c"], client_ref="mine", rehearse=True)
    seen = [body_of(any_store)]
    endings: list[Outcome | None] = [Outcome.ANSWERED, Outcome.TIMEOUT, None]
    ask(any_store, plan, lambda item: endings[item.index])
    seen.append(body_of(any_store))
    ask(any_store, plan, lambda item: endings[item.index] or Outcome.REFUSED)
    seen.append(body_of(any_store))
    collect(any_store, BATCH, LATER)
    seen.append(body_of(any_store))

    assert [(body["status"], body["successful"], body["failed"], body["outcomes"]) for body in seen] == [
        ("retrieving", 0, 0, {}),
        ("retrieving", 1, 1, {"answered": 1, "timeout": 1}),
        ("archiving", 1, 2, {"answered": 1, "refused": 1, "timeout": 1}),
        ("successful", 1, 2, {"answered": 1, "refused": 1, "timeout": 1}),
    ]
    assert {(body["count"], body["started_at"], body["client_ref"]) for body in seen} == {
        (3, "2026-11-23T12:00:00Z", "mine")
    }
    assert [body["finished_at"] for body in seen] == [None, None, None, "2026-11-23T12:05:00Z"]
    dataset = f"{any_store.uri}/rehearsal/batches/{BATCH}/manifest.json"
    assert [body["dataset"] for body in seen] == [None, None, None, dataset]


@pytest.mark.parametrize("asked", range(4))
def test_a_shard_is_asked_one_after_the_other(folder: Store, asked: int) -> None:
    plan = planned(folder, ["a", "b", "c"], prompts_per_task=3)
    ask(folder, plan, lambda item: Outcome.ANSWERED if item.index < asked else None)

    body = body_of(folder)
    assert (body["status"], body["successful"]) == ("archiving" if asked == 3 else "retrieving", asked)


def _timeout_of_a(item: Item) -> Outcome:
    return Outcome.ANSWERED if item.index else Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("prompts", "fields", "ending", "outcomes"),
    [
        (["a", "b", "a", "a"], {}, _timeout_of_a, {"answered": 1, "timeout": 3}),
        (["a", "b", "a", "a"], {"expiration": 0}, _timeout_of_a, {"answered": 3, "timeout": 1}),
        (["a", "b", "a"], {"samples": 2, "prompts_per_task": 3}, _timeout_of_a, {"answered": 2, "timeout": 4}),
    ],
)
def test_duplicates_count_like_their_original(
    folder: Store,
    prompts: list[str],
    fields: dict[str, Any],
    ending: Callable[[Item], Outcome],
    outcomes: dict[str, int],
) -> None:
    ask(folder, planned(folder, prompts, **fields), ending)
    before = body_of(folder)
    collect(folder, BATCH, LATER)

    assert (before["status"], before["outcomes"]) == ("archiving", outcomes)
    assert body_of(folder)["outcomes"] == outcomes


def test_cached_answers_are_there_from_the_start(any_store: Store) -> None:
    earlier = planned(any_store, ["a"], batch_id="earlier", now=NOW - timedelta(hours=1))
    cache.keep(any_store, record(earlier, earlier.items[0]))
    planned(any_store, ["a", "b", "a"])
    planned(any_store, ["a", "a"], batch_id="cached")

    some, every = body_of(any_store), body_of(any_store, "cached")
    assert (some["status"], some["cached"], some["successful"], some["outcomes"]) == (
        "retrieving",
        2,
        2,
        {"answered": 2},
    )
    assert (every["status"], every["cached"], every["successful"]) == ("archiving", 2, 2)


def test_a_batch_without_an_answer_failed(any_store: Store) -> None:
    ask(any_store, planned(any_store), lambda _: Outcome.CHALLENGE)
    collect(any_store, BATCH, LATER)
    body = body_of(any_store)
    assert (body["status"], body["successful"], body["failed"]) == ("failed", 0, 2)
    assert body["dataset"]


def test_a_broken_pipeline_is_a_failed_batch(any_store: Store) -> None:
    plan = planned(any_store, ["a", "b", "c"])
    ask(any_store, plan, lambda item: Outcome.ANSWERED if item.index == 0 else None)
    record_failure(any_store, BATCH, "the store is full", LATER.astimezone(timezone(timedelta(hours=2))))

    body = body_of(any_store)
    assert (body["status"], body["successful"], body["failed"]) == ("failed", 1, 2)
    assert body["outcomes"] == {"answered": 1, "cancelled": 2}
    assert (body["finished_at"], body["dataset"], body["url"]) == ("2026-11-23T12:05:00Z", None, None)
    assert json.loads(any_store.get(batch_key(BATCH, "failure.json")) or b"")["reason"] == "the store is full"

    collect(any_store, BATCH, LATER)
    assert body_of(any_store)["status"] == "successful"


def test_a_failure_before_the_plan(any_store: Store) -> None:
    submit(any_store, BATCH, BatchConfig(prompts=["a", "b"]))
    record_failure(any_store, BATCH, "the places are gone", LATER)
    record_failure(any_store, "none", "there was no such batch", LATER)

    body = body_of(any_store)
    assert (body["status"], body["count"], body["failed"]) == ("failed", 2, 2)
    assert any_store.keys("batches/none") == set()


def test_where_the_archive_is(bucket: Store, folder: Store) -> None:
    for store in (bucket, folder):
        ask(store, planned(store))
        assert body_of(store)["url"] is None
        collect(store, BATCH, LATER)

    url = body_of(bucket)["url"]
    assert "X-Amz-Expires=604800" in url
    assert httpx.get(url).content == bucket.get(f"batches/{BATCH}/archive-g1.zip")
    assert body_of(folder)["url"] is None
    linked = status(folder, BATCH, link=lambda batch_id: f"http://127.0.0.1/ai/batches/archive?id={batch_id}")
    assert linked
    assert linked["url"] == f"http://127.0.0.1/ai/batches/archive?id={BATCH}"


def test_newest_first(any_store: Store) -> None:
    when: dict[str, datetime] = {name: NOW + timedelta(days=day) for name, day in {"b": 3, "c": 1, "a": 2}.items()}
    for batch_id, planned_at in when.items():
        planned(any_store, batch_id=batch_id, now=planned_at, rehearse=batch_id == "a")
    submit(any_store, "waiting", BatchConfig(prompts=["a"]))
    ask(any_store, planned(any_store, batch_id="c"))
    collect(any_store, "c", LATER)

    assert [body["id"] for body in list_batches(any_store, 10)] == ["waiting", "b", "a", "c"]
    assert [body["id"] for body in list_batches(any_store, 2)] == ["waiting", "b"]
    assert unsigned(list_batches(any_store, 10)[3]) == unsigned(status(any_store, "c"))


def unsigned(body: dict[str, Any] | None) -> dict[str, Any]:
    """`body` with the archive's address without its signature, which is another every second."""
    assert body
    return body | {"url": str(body["url"]).partition("?")[0]}
