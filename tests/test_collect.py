from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batches import BATCH, NOW, ask, planned, record, rows
from completions import cache
from completions.caps import ENTRIES
from completions.collect import NOT_ASKED, NOT_READABLE, collect
from completions.errors import Outcome, Refused
from completions.manifest import load_manifest
from completions.plan import Item, Plan
from completions.record import Artifacts, answer_key, batch_key
from completions.store import Store, StoreError

pytest_plugins = ["stores"]

LATER = NOW + timedelta(minutes=5)


def test_one_row_for_each_prompt_and_sample(any_store: Store) -> None:
    plan = planned(any_store, ["a", "b", "a"], samples=2, client_ref="mine")
    ask(any_store, plan, lambda item: Outcome.REFUSED if (item.index, item.sample) == (1, 1) else Outcome.ANSWERED)
    manifest = collect(any_store, BATCH, LATER)

    found = rows(any_store, manifest)
    assert [(row["prompt_index"], row["sample_index"], row["outcome"], row["answer_text"]) for row in found] == [
        (0, 0, "answered", "a 0"),
        (0, 1, "answered", "a 1"),
        (1, 0, "answered", "b 0"),
        (1, 1, "refused", None),
        (2, 0, "answered", "a 0"),
        (2, 1, "answered", "a 1"),
    ]
    assert [row["duplicate_of"] for row in found] == [None, None, None, None, 0, 0]
    assert len({row["answer_id"] for row in found}) == 6
    heavy = rows(any_store, manifest, "artifacts")
    assert [row["answer_id"] for row in heavy] == [row["answer_id"] for row in found]
    assert heavy[4]["page_html"] == "<p>a</p>"


def test_the_manifest(any_store: Store) -> None:
    endings = [Outcome.ANSWERED, Outcome.REFUSED, Outcome.NO_ANSWER, Outcome.TIMEOUT]
    plan = planned(any_store, list("abcd"), client_ref="mine", format="raw")
    ask(any_store, plan, lambda item: endings[item.index])
    manifest = collect(any_store, BATCH, LATER)

    assert manifest == load_manifest(any_store, BATCH)
    assert manifest.model_dump(exclude={"files", "archive", "profile", "code_version"}) == {
        "batch_id": BATCH,
        "run_id": "manual__1",
        "generation": 1,
        "origin": "live",
        "model": "chatgpt",
        "format": "raw",
        "client_ref": "mine",
        "status": "successful",
        "count": 4,
        "successful": 1,
        "failed": 3,
        "observed": 3,
        "cached": 0,
        "outcomes": {"answered": 1, "no_answer": 1, "refused": 1, "timeout": 1},
        "started_at": NOW,
        "finished_at": LATER,
        "schema_version": 1,
    }
    for stored in manifest.stored:
        content = any_store.get(stored.key)
        assert content is not None
        assert (len(content), stored.uri) == (stored.bytes, any_store.uri_of(stored.key))
        assert hashlib.sha256(content).hexdigest() == stored.sha256


def test_where_things_are(any_store: Store) -> None:
    ask(any_store, planned(any_store, rehearse=True))
    collect(any_store, BATCH, LATER)

    partition = f"schema=v1/date=2026-11-23/batch={BATCH}"
    assert any_store.keys("rehearsal/datasets") == {
        f"rehearsal/datasets/{table}/{partition}/{name}"
        for table in ("completions", "artifacts")
        for name in ("part-g1-00000.parquet", "_SUCCESS")
    }
    assert f"rehearsal/batches/{BATCH}/archive-g1.zip" in any_store.keys("rehearsal/batches")
    assert any_store.keys("datasets") == any_store.keys("batches") == set()


@pytest.mark.parametrize(
    ("endings", "status"),
    [
        ([Outcome.ANSWERED, Outcome.BLOCKED], "successful"),
        ([Outcome.REFUSED, Outcome.NO_ANSWER], "failed"),
        ([Outcome.BLOCKED, Outcome.CHALLENGE], "failed"),
        ([None, None], "failed"),
    ],
)
def test_a_batch_without_an_answer_failed(folder: Store, endings: list[Outcome | None], status: str) -> None:
    ask(folder, planned(folder), lambda item: endings[item.index])
    assert collect(folder, BATCH, LATER).status == status


def _truncated(plan: Plan, item: Item) -> bytes:
    return record(plan, item).packed()[:-1]


def _of_another(plan: Plan, item: Item) -> bytes:
    return record(plan, plan.items[0]).packed()


@pytest.mark.parametrize(
    ("stored", "why"),
    [(None, NOT_ASKED), (lambda *_: b"", NOT_READABLE), (_truncated, NOT_READABLE), (_of_another, NOT_READABLE)],
)
def test_what_has_no_record_was_cancelled(folder: Store, stored: Any, why: str) -> None:
    plan = planned(folder, ["a", "b"])
    ask(folder, plan, lambda item: Outcome.ANSWERED if item.index == 0 else None)
    if stored:
        folder.put(answer_key(BATCH, 1, 0), stored(plan, plan.items[1]))

    row = rows(folder, collect(folder, BATCH, LATER))[1]
    told = {name: row[name] for name in ("prompt", "status", "outcome", "observed", "error_message", "attempts")}
    assert told == {
        "prompt": "b",
        "status": "failed",
        "outcome": "cancelled",
        "observed": False,
        "error_message": why,
        "attempts": 0,
    }


def test_a_wholly_cached_batch_is_collected(any_store: Store) -> None:
    earlier = planned(any_store, ["a"], batch_id="earlier", now=NOW - timedelta(hours=1))
    cache.keep(any_store, record(earlier, earlier.items[0]))
    plan = planned(any_store, ["a", "a"])
    manifest = collect(any_store, BATCH, LATER)

    assert plan.shards == []
    assert (manifest.count, manifest.successful, manifest.cached, manifest.status) == (2, 2, 2, "successful")
    assert [(row["from_cache"], row["cache_age_seconds"], row["attempts"]) for row in rows(any_store, manifest)] == [
        (True, 3597, 0),
        (True, 3597, 0),
    ]


def test_what_is_over_its_cap_is_cut_and_says_so(folder: Store) -> None:
    plan = planned(folder, ["a"])
    item = plan.items[0]
    whole = record(plan, item, artifacts=Artifacts(page_html="x" * 5_000_001))
    assert whole.answer
    many = whole.answer.model_copy(update={"follow_up_questions": ["?"] * (ENTRIES + 1)})
    folder.put(answer_key(BATCH, 0, 0), whole.model_copy(update={"answer": many}).packed())
    manifest = collect(folder, BATCH, LATER)

    (light,), (heavy,) = rows(folder, manifest), rows(folder, manifest, "artifacts")
    assert (len(light["follow_up_questions"]), light["warnings"]) == (
        500,
        ["follow_up_questions was cut at 500 entries"],
    )
    assert (len(heavy["page_html"]), heavy["page_html_truncated"]) == (5_000_000, True)


def test_a_standing_manifest_is_returned_as_it_is(any_store: Store) -> None:
    plan = planned(any_store)
    ask(any_store, plan)
    first = collect(any_store, BATCH, LATER)
    any_store.put(answer_key(BATCH, 0, 0), record(plan, plan.items[0], Outcome.TIMEOUT).packed())

    assert collect(any_store, BATCH, LATER + timedelta(days=1)) == first


def test_what_was_answered_after_all_is_collected_after_all(any_store: Store) -> None:
    plan = planned(any_store)
    ask(any_store, plan, lambda item: None if item.index else Outcome.ANSWERED)
    assert collect(any_store, BATCH, LATER).outcomes == {Outcome.ANSWERED: 1, Outcome.CANCELLED: 1}
    ask(any_store, plan)
    assert collect(any_store, BATCH, LATER).outcomes == {Outcome.ANSWERED: 2}


@pytest.mark.parametrize("lost", ["completions", "artifacts", "archive"])
def test_what_was_lost_is_made_again(any_store: Store, lost: str) -> None:
    ask(any_store, planned(any_store))
    first = collect(any_store, BATCH, LATER)
    (gone,) = (stored for stored in first.stored if lost in stored.key)
    content = any_store.get(gone.key)
    any_store.delete([gone.key])

    again = collect(any_store, BATCH, LATER + timedelta(days=1))

    assert again.stored == first.stored
    assert any_store.get(gone.key) == content


def test_the_next_generation_has_files_of_its_own(folder: Store) -> None:
    plan = planned(folder)
    ask(folder, plan, lambda item: Outcome.ANSWERED if item.index else None)
    first = collect(folder, BATCH, LATER)
    retried = plan.model_copy(update={"generation": 2})
    folder.put(batch_key(BATCH, "plan.json"), retried.model_dump_json(by_alias=True).encode())
    ask(folder, plan)
    second = collect(folder, BATCH, LATER + timedelta(hours=1))

    assert (first.successful, second.successful, second.generation) == (1, 2, 2)
    assert not {stored.key for stored in first.stored} & {stored.key for stored in second.stored}
    assert [row["answer_id"] for row in rows(folder, first)] == [row["answer_id"] for row in rows(folder, second)]


def test_a_part_that_did_not_arrive_is_noticed(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(store: Store, key: str, file: Path) -> None:
        put_file(store, key, shorter if "completions" in key else file)

    ask(folder, planned(folder, batch_id="short"), lambda _: Outcome.ANSWERED)
    shorter = Path(collect(folder, "short", LATER).files[0].uri)
    ask(folder, planned(folder, ["a", "b", "c"]))
    put_file = Store.put_file
    monkeypatch.setattr(Store, "put_file", lose)

    with pytest.raises(StoreError, match="has 2 rows where 3 were written"):
        collect(folder, BATCH, LATER)
    assert load_manifest(folder, BATCH) is None


@pytest.mark.parametrize("submitted", [False, True])
def test_what_was_never_planned_is_refused(folder: Store, submitted: bool) -> None:
    if submitted:
        planned(folder)
        folder.delete([f"batches/{BATCH}/plan.json"])
    with pytest.raises(Refused, match=f"batch_id '{BATCH}': was never planned"):
        collect(folder, BATCH, LATER)
    assert folder.keys("datasets") == set()
