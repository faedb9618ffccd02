"""What dead attempts left goes, and nothing else does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pytest

from batches import BATCH, Killed, ask, break_at, planned
from completions.archive import archive_key, open_archive
from completions.collect import collect
from completions.errors import Outcome
from completions.leftovers import DAY, temporary_name
from completions.manifest import Manifest, load_manifest
from completions.once import CLAIMS, claim
from completions.plan import Plan
from completions.record import answer_key, batch_key
from completions.store import Store
from completions.tidying import tidy

pytest_plugins = ["stores"]

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=2)  # more than a day after whatever a test writes
BEFORE = ["batches", "datasets", "cache", "rehearsal", "superseded"]


def _objects(store: Store) -> set[str]:
    return {key for folder in BEFORE for key in store.keys(folder)}


def _tidied(store: Store, now: datetime = LATER) -> list[tuple[str, str]]:
    return [(each.kind, each.uri.removeprefix(f"{store.uri}/")) for each in tidy(store, now, really=True)]


def _retried(store: Store, plan: Plan) -> Plan:
    """The batch is to be asked again: the next generation is due."""
    due = plan.model_copy(update={"generation": plan.generation + 1})
    part = store.of(plan.config.origin)
    part.put(batch_key(plan.batch_id, "plan.json"), due.model_dump_json(by_alias=True).encode())
    return due


@pytest.mark.parametrize("rehearse", [False, True])
@pytest.mark.parametrize("step", range(12))
def test_of_a_dead_collect(any_store: Store, monkeypatch: pytest.MonkeyPatch, step: int, rehearse: bool) -> None:
    """At whatever step it died: what has no manifest goes after a day, the records stay, the next run is as ever."""
    ask(any_store, planned(any_store, ["a", "b"], rehearse=rehearse))
    before = _objects(any_store)
    break_at(monkeypatch, step)
    with suppress(Killed):
        collect(any_store, BATCH, NOW)
    monkeypatch.undo()
    died = _objects(any_store)
    committed = load_manifest(any_store.of("rehearsal" if rehearse else "live"), BATCH)

    assert _tidied(any_store, NOW) == []
    assert _objects(any_store) == died
    gone = _tidied(any_store)
    assert {kind for kind, _ in gone} <= {"uncommitted"}
    assert {key for _, key in gone} == (set() if committed else died - before)
    assert _objects(any_store) == died - {key for _, key in gone}
    assert collect(any_store, BATCH, LATER).outcomes == {Outcome.ANSWERED: 2}


def test_it_only_tells_unless_it_is_meant(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(any_store, planned(any_store))
    break_at(monkeypatch, 4)
    with suppress(Killed):
        collect(any_store, BATCH, NOW)
    monkeypatch.undo()
    there = _objects(any_store)
    told = list(tidy(any_store, LATER, really=False))
    assert _objects(any_store) == there
    assert list(tidy(any_store, LATER, really=True)) == told
    assert list(tidy(any_store, LATER, really=True)) == []


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_live_batch_is_left_alone(folder: Store, done: int) -> None:
    """Planned only, asked in part, asked in whole: a month later its records are still there to be collected."""
    plan = planned(folder, ["a", "b"])
    ask(folder, plan, lambda item: Outcome.ANSWERED if item.index < done else None)
    there = _objects(folder)
    assert _tidied(folder, NOW + timedelta(days=30)) == []
    assert _objects(folder) == there


def test_what_was_written_anew_meanwhile_stays(folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collect that runs again finishes while the store is being tidied."""
    ask(folder, planned(folder))
    break_at(monkeypatch, 4)
    with suppress(Killed):
        collect(folder, BATCH, NOW)
    monkeypatch.undo()
    long_ago = (NOW - timedelta(days=2)).timestamp()
    for key in folder.keys("datasets"):
        os.utime(Path(folder.uri, key), (long_ago, long_ago))
    find = Store.find

    def finish(store: Store, key: str) -> Any:
        if key == archive_key(BATCH, 1):
            monkeypatch.setattr(Store, "find", find)
            manifests.append(collect(folder, BATCH, NOW))
        return find(store, key)

    manifests: list[Manifest] = []
    monkeypatch.setattr(Store, "find", finish)
    assert _tidied(folder, NOW) == []
    assert all(folder.size(stored.key) == stored.bytes for stored in manifests[0].stored)


def test_earlier_generations_move_out_once_their_readers_are_done(any_store: Store) -> None:
    plan = planned(any_store)
    ask(any_store, plan, lambda item: Outcome.ANSWERED if item.index else None)
    first = collect(any_store, BATCH, NOW)
    _retried(any_store, plan)
    ask(any_store, plan)
    second = collect(any_store, BATCH, NOW)

    assert _tidied(any_store, NOW) == []
    assert _tidied(any_store) == [("superseded", file.key) for file in reversed(first.files)][::-1]
    assert {key for key in any_store.keys("datasets") if key.endswith(".parquet")} == {
        file.key for file in second.files
    }
    assert any_store.keys("superseded") == {f"superseded/{file.key}" for file in first.files}
    with open_archive(any_store, BATCH):
        assert any_store.size(archive_key(BATCH, 1))  # links to it may still be out


def test_a_retry_that_is_under_way_keeps_what_stands(folder: Store) -> None:
    plan = planned(folder)
    ask(folder, plan)
    manifest = collect(folder, BATCH, NOW)
    _retried(folder, plan)
    assert _tidied(folder) == []
    assert load_manifest(folder, BATCH) == manifest


@pytest.mark.parametrize(
    "key",
    [
        "datasets/completions/schema=v1/date=2026-11-23/batch=gone/part-g1-00000.parquet",
        "datasets/completions/schema=v1/date=2026-11-23/batch=here/mine.parquet",
        "datasets/completions/mine.parquet",
        "datasets/health/schema=v1/date=2026-11-23/part-1.parquet",
        "batches/here/notes.txt",
    ],
)
def test_what_is_not_known_is_left_alone(folder: Store, key: str) -> None:
    """Above all: a dataset whose batch is not there, as in a copy of the datasets alone."""
    planned(folder, batch_id="here")
    folder.put(key, b"mine")
    assert _tidied(folder) == []
    assert folder.get(key) == b"mine"


def test_a_batch_that_cannot_be_read_is_left_alone(folder: Store) -> None:
    ask(folder, planned(folder))
    collect(folder, BATCH, NOW)
    folder.put(batch_key(BATCH, "plan.json"), json.dumps({"of": "another version"}).encode())
    folder.delete([batch_key(BATCH, "manifest.json")])
    assert _tidied(folder) == []


def test_probes_go(any_store: Store) -> None:
    any_store.put("probe/1/write", b"")
    any_store.put("doctor/1", b"")
    assert _tidied(any_store, NOW) == []
    assert _tidied(any_store) == [("probe", "probe/1/write"), ("probe", "doctor/1")]


KILLED = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from completions.collect import collect
from completions.store import open_store

def die(source, target):
    target.write_bytes(source.read_bytes()[:100])
    os.kill(os.getpid(), signal.SIGKILL)

shutil.copyfile = die
collect(open_store(sys.argv[1]), sys.argv[2], datetime.now(UTC))
"""


def test_the_next_run_sweeps_what_a_killed_one_left(
    folder: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(folder, planned(folder, rehearse=True))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    env = os.environ | {"TMPDIR": str(scratch)}
    command = [sys.executable, "-c", KILLED, folder.uri, BATCH]
    assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
    unfinished = Path(folder.uri, ".unfinished")
    assert len(list(unfinished.iterdir())) == len(list(scratch.iterdir())) == 1
    assert len(list(tidy(folder, datetime.now(UTC), really=False))) == 1  # its writer is dead: no need to wait

    manifest = collect(folder, BATCH, datetime.now(UTC))

    assert list(unfinished.iterdir()) == list(scratch.iterdir()) == []
    parts = Path(folder.of("rehearsal").uri, manifest.files[0].key).parent
    assert {file.name for file in parts.iterdir()} == {"part-g1-00000.parquet", "_SUCCESS"}


@pytest.mark.parametrize(
    ("name", "age", "goes"),
    [
        (None, 0, False),
        (None, DAY + 60, True),
        ("elsewhere-1-1-abc", 0, False),
        ("elsewhere-1-1-abc", DAY + 60, True),
        ("whatever", DAY - 60, False),
    ],
)
def test_what_somebody_may_be_writing_stays(folder: Store, name: str | None, age: float, goes: bool) -> None:
    name = name or temporary_name()  # of this process, which lives
    file = Path(folder.uri, ".unfinished", name)
    file.parent.mkdir()
    file.write_bytes(b"half")
    written = datetime.now(UTC).timestamp() - age
    os.utime(file, (written, written))
    assert _tidied(folder, datetime.now(UTC)) == ([("half written", f".unfinished/{name}")] if goes else [])
    assert file.exists() is not goes


def test_what_the_client_left_beside_its_target(folder: Store) -> None:
    folder.put("datasets/health/part.parquet", b"whole")
    left = Path(folder.uri, "datasets/health/part.parquet#1")
    left.write_bytes(b"half")
    assert _tidied(folder, NOW) == []
    assert _tidied(folder) == [("half written", "datasets/health/part.parquet#1")]
    assert folder.get("datasets/health/part.parquet") == b"whole"
    assert not left.exists()


def test_who_reads_the_folder_has_every_row_once_after_it_was_tidied(folder: Store) -> None:
    plan = planned(folder)
    for _ in range(3):
        ask(folder, plan)
        collect(folder, BATCH, NOW)
        plan = _retried(folder, plan)
    ask(folder, plan)
    collect(folder, BATCH, NOW)
    _tidied(folder)
    found = pyarrow.dataset.dataset(f"{folder.uri}/datasets/completions", format="parquet").to_table(["answer_id"])
    assert len(found) == len(set(found["answer_id"].to_pylist())) == 2
    assert folder.get(answer_key(BATCH, 0, 0))


def test_an_idempotency_key_goes_when_it_stands_for_nothing_any_more(any_store: Store) -> None:
    claim(any_store, "kim", "key", planned(any_store).config, NOW)
    assert _tidied(any_store, NOW + timedelta(hours=23)) == []
    assert [kind for kind, _ in _tidied(any_store)] == ["expired"]
    assert list(any_store.keys(CLAIMS)) == []
