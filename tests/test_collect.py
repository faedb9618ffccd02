from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Barrier, Event, Thread
from typing import Any

import pyarrow.parquet as pq
import pytest

from batches import BATCH, NOW, ask, break_at, planned, record
from completions import cache
from completions.caps import ENTRIES
from completions.collect import NOT_ASKED, NOT_READABLE, collect
from completions.errors import Outcome, Refused
from completions.manifest import Manifest, load_manifest, manifest_key
from completions.plan import Item, Plan
from completions.reading import connect
from completions.record import Artifacts, answer_key, batch_key
from completions.store import Store, StoreError
from completions.tidying import tidy

pytest_plugins = ["stores"]

TABLES = ("completions", "artifacts")
LATER = NOW + timedelta(minutes=5)


def rows(store: Store, manifest: Manifest, table: str = "completions") -> list[dict[str, Any]]:
    """The rows of a table, read through the manifest."""
    (file,) = (file for file in manifest.files if file.table == table)
    with store.of(manifest.origin).open(file.key) as content:
        found: list[dict[str, Any]] = pq.read_table(content).to_pylist()
    assert len(found) == file.rows
    return found


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


@pytest.mark.parametrize("step", range(12))
def test_whatever_is_killed_when_the_next_run_gives_the_same(
    any_store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    ask(any_store, planned(any_store, ["a", "b", "a"]), lambda item: [Outcome.ANSWERED, None][item.index])
    break_at(monkeypatch, step)
    with pytest.raises(ConnectionError):
        collect(any_store, BATCH, LATER)
    monkeypatch.undo()
    standing = load_manifest(any_store, BATCH)
    if standing:
        assert len(rows(any_store, standing)) == len(rows(any_store, standing, "artifacts")) == 3

    manifest = collect(any_store, BATCH, LATER)

    assert standing in (None, manifest)
    assert [row["outcome"] for row in rows(any_store, manifest)] == ["answered", "cancelled", "answered"]
    parts = {key for key in any_store.keys("datasets") if key.endswith(".parquet")}
    assert parts == {file.key for file in manifest.files}
    assert len(any_store.keys("datasets")) == len(parts) + 2


KILLED = """
import os, shutil, signal, sys
from datetime import datetime
from completions import store as module
from completions.collect import collect

def dying(write):
    def attempt(*arguments):
        global step
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        done = write(*arguments)
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    return attempt

step = int(sys.argv[4])
for name in ("put", "create", "put_file"):
    setattr(module.Store, name, dying(getattr(module.Store, name)))
collect(module.open_store(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.drill
@pytest.mark.parametrize("step", range(1, 13))
def test_a_process_killed_at_any_step_changes_nothing(folder: Store, step: int) -> None:
    """Before and after each of the six writes; the next run gives byte for byte what an undisturbed one does."""

    def content() -> dict[Path, bytes]:
        return {file: file.read_bytes() for file in Path(folder.uri).rglob("*") if file.is_file()}

    ask(folder, planned(folder, ["a", "b", "a"], samples=2, format="rendered"))
    asked = content()
    collect(folder, BATCH, LATER)
    undisturbed = content()
    for file in undisturbed.keys() - asked.keys():
        file.unlink()
    command = [sys.executable, "-c", KILLED, folder.uri, BATCH, LATER.isoformat(), f"{step}"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    collect(folder, BATCH, LATER)

    assert content() == undisturbed


@pytest.mark.parametrize("together", [4, pytest.param(100, marks=pytest.mark.drill)])
def test_runs_at_the_same_time_agree(any_store: Store, together: int) -> None:
    def run(second: int) -> Manifest:
        start.wait()
        return collect(any_store, BATCH, LATER + timedelta(seconds=second))

    ask(any_store, planned(any_store, [f"prompt {number}" for number in range(20)]))
    start = Barrier(together)
    with ThreadPoolExecutor(together) as pool:
        manifests = list(pool.map(run, range(together)))

    assert manifests == [load_manifest(any_store, BATCH)] * together
    assert len(rows(any_store, manifests[0])) == 20


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


@contextmanager
def reading(store: Store, ids: list[str]) -> Iterator[Counter[str]]:
    """Read every manifest and its files over and over meanwhile; counts what was seen."""

    def read() -> None:
        while not stop.is_set():
            for batch_id in ids:
                manifest = load_manifest(store, batch_id)
                seen["manifests" if manifest else "none"] += 1
                if manifest:
                    seen["partial"] += {len(rows(store, manifest, table)) for table in TABLES} != {manifest.count}

    seen, stop = Counter[str](), Event()
    reader = Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        stop.set()
        reader.join()


def test_a_reader_never_sees_a_part_of_a_dataset(any_store: Store) -> None:
    ids = [f"batch-{number}" for number in range(12)]
    for batch_id in ids:
        ask(any_store, planned(any_store, ["a", "b", "c"], batch_id=batch_id))
    with reading(any_store, ids) as seen:
        for batch_id in ids:
            collect(any_store, batch_id, LATER)
            any_store.delete([manifest_key(batch_id)])  # and as a run that was killed before it
            collect(any_store, batch_id, LATER)

    assert seen["manifests"]
    assert not seen["partial"]


def test_two_hundred_commits_under_a_reader(folder: Store) -> None:
    """Of batches that are asked again and again: who reads by the manifest has each row once, none of two generations.

    Old files are put away all the while, as tidy does; none that somebody may still be reading.
    """
    ids = [f"batch-{number}" for number in range(20)]
    plans = [planned(folder, ["a", "b", "c"], batch_id=batch_id) for batch_id in ids]
    for plan in plans:
        ask(folder, plan)
    with looking(folder) as seen:
        for generation in range(1, 11):
            for plan in plans:
                due = plan.model_copy(update={"generation": generation})
                folder.put(batch_key(plan.batch_id, "plan.json"), due.model_dump_json(by_alias=True).encode())
                collect(folder, plan.batch_id, LATER)
            assert list(tidy(folder, datetime.now(UTC), really=True)) == []
    assert seen["looks"] >= 10
    assert seen["rows"] == 3 * seen["batches"]
    assert not seen["double"]


@contextmanager
def looking(store: Store) -> Iterator[Counter[str]]:
    """Read the whole dataset through DuckDB's views over and over meanwhile; counts what was seen."""

    def look() -> None:
        while not stop.is_set():
            rows, distinct, batches = connect(store).execute(LOOK).fetchall()[0]
            seen.update(looks=1, rows=rows, double=rows - distinct, batches=batches)

    seen, stop = Counter[str](), Event()
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(look)
        try:
            yield seen
        finally:
            stop.set()
        reader.result()


LOOK = "select count(*), count(distinct answer_id), count(distinct batch_id) from completions"


@pytest.mark.parametrize("submitted", [False, True])
def test_what_was_never_planned_is_refused(folder: Store, submitted: bool) -> None:
    if submitted:
        planned(folder)
        folder.delete([f"batches/{BATCH}/plan.json"])
    with pytest.raises(Refused, match=f"batch_id '{BATCH}': was never planned"):
        collect(folder, BATCH, LATER)
    assert folder.keys("datasets") == set()


GROWTH = """
import re, sys
from datetime import UTC, datetime
from pathlib import Path
from completions.collect import collect
from completions.store import open_store

def peak():  # of this process alone; ru_maxrss would start from its parent's
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

store, before = open_store(sys.argv[1]), peak()
manifest = collect(store, sys.argv[2], datetime.now(UTC))
print(manifest.count, peak() - before)
"""


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.drill)])
def test_memory_does_not_grow_with_the_batch(folder: Store, count: int) -> None:
    """Answers of 1.5 MB each: half a gigabyte has to do for a thousand of them, the libraries included."""
    plan = planned(folder, [f"prompt {number}" for number in range(count)], format="rendered")
    noise = Random(1)
    for item in plan.items:
        page = noise.randbytes(4_500).hex() * 100
        kept = Artifacts(page_html=page, raw_stream=page[:600_000].encode(), raw_stream_kind="sse")
        folder.put(answer_key(BATCH, item.index, item.sample), record(plan, item, artifacts=kept).packed())

    command = [sys.executable, "-c", GROWTH, folder.uri, BATCH]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert int(told[0]) == count
    assert int(told[1]) < 300
