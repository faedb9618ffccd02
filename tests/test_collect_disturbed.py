"""A collect that is killed, that has company, under which somebody reads, and that is heavy."""

from __future__ import annotations

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

import pytest

from batches import BATCH, NOW, Killed, ask, break_at, planned, record, rows
from completions.collect import collect
from completions.errors import Outcome
from completions.manifest import Manifest, load_manifest, manifest_key
from completions.reading import connect
from completions.record import Artifacts, answer_key, batch_key
from completions.store import Store
from completions.tidying import tidy

pytest_plugins = ["stores"]

TABLES = ("completions", "artifacts")
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize("step", range(12))
def test_whatever_is_killed_when_the_next_run_gives_the_same(
    any_store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    ask(any_store, planned(any_store, ["a", "b", "a"]), lambda item: [Outcome.ANSWERED, None][item.index])
    break_at(monkeypatch, step)
    with pytest.raises(Killed):
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
