"""From the stored records of a batch to its dataset, its archive and its manifest.

    records -> parts -> read back -> archive -> manifest.json -> _SUCCESS

Whoever is killed on the way is simply run again: names and bytes follow from the plan and the records, each object is
put whole, and nobody looks at them before the manifest stands. What it left half written, the next run sweeps away.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pyarrow.parquet as pq

from completions.archive import ArchiveWriter, archive_key
from completions.caps import capped
from completions.dataset import TABLES, PartWriter
from completions.errors import Outcome, Refused
from completions.lane import Lane
from completions.leftovers import scratch, sweep_scratch
from completions.manifest import ArchiveFile, Manifest, PartFile, load_manifest, manifest_key
from completions.plan import Item, Plan, find_batch, load_plan
from completions.record import Record, answer_id, answer_key
from completions.store import Store, StoreError
from completions.store_errors import why

NOT_ASKED = "not asked: the task that was to ask it did not finish"
NOT_READABLE = "asked, but its record is corrupt or not this batch's"


def collect(store: Store, batch_id: str, now: datetime) -> Manifest:
    """Make the batch's dataset and archive, or return the manifest that stands and lacks nothing.

    It lacks what was cancelled: a task that was cleared and run again may have answered that since. Every prompt x
    sample has exactly one row: one without a record is `cancelled`. Raises `Refused` for what was never planned.
    """
    part, plan = _planned(store, batch_id)
    sweep_scratch()
    store.sweep()
    manifest = load_manifest(part, batch_id)
    if manifest is None or manifest.generation != plan.generation or _lacking(part, manifest):
        manifest = _commit(part, _make(part, plan, now))
    for table in TABLES:
        part.put(f"{table.folder(plan)}/_SUCCESS", b"")
    return manifest


def records(part: Store, plan: Plan) -> Iterator[tuple[Item, Record]]:
    """What came of each answer that the batch owes, in the plan's order; a duplicate has its original's record."""
    askings = [(item.index if item.duplicate_of is None else item.duplicate_of, item.sample) for item in plan.items]
    bodies = part.get_many([answer_key(plan.batch_id, *asking) for asking in askings])
    for item, asking, body in zip(plan.items, askings, bodies, strict=True):
        record = Record.unpacked(body) if body else None
        if record and record.answer_id == answer_id(plan.batch_id, *asking):
            yield item, capped(record)
        else:
            yield item, _cancelled(plan, item, NOT_ASKED if body is None else NOT_READABLE)


def _planned(store: Store, batch_id: str) -> tuple[Store, Plan]:
    found = find_batch(store, batch_id)
    plan = load_plan(found[0], batch_id) if found else None
    if found is None or plan is None:
        raise Refused("batch_id", batch_id, f"was never planned in {store.uri}")
    return found[0], plan


def _lacking(part: Store, manifest: Manifest) -> bool:
    cancelled = Outcome.CANCELLED in manifest.outcomes
    return cancelled or any(part.size(stored.key) != stored.bytes for stored in manifest.stored)


def _cancelled(plan: Plan, item: Item, why: str) -> Record:
    return Record(
        answer_id=answer_id(plan.batch_id, item.index, item.sample),
        prompt=plan.config.prompts[item.index],
        generation=plan.asked_in,
        outcome=Outcome.CANCELLED,
        error_message=why,
        attempts=0,
        requested_at=plan.planned_at,
    )


def _make(part: Store, plan: Plan, now: datetime) -> Manifest:
    """Write parts and archive to the store, by way of this machine's temporary files."""
    try:
        with scratch() as folder:
            return _pack(part, plan, now, folder)
    except OSError as error:
        where = f"cannot pack batch {plan.batch_id} in the temporary folder {gettempdir()}"
        raise StoreError(f"{where}: {why(error)}") from error


def _pack(part: Store, plan: Plan, now: datetime, folder: Path) -> Manifest:
    """Tables and archive are packed beside one another while records are read."""
    with ArchiveWriter(plan, folder / "archive.zip") as archive:
        writers = [PartWriter(table, plan, folder / table.name) for table in TABLES]
        outcomes: Counter[Outcome] = Counter()
        cached = 0
        with Lane() as tables, Lane() as zipped:
            for item, record in records(part, plan):
                _ = record.answer and record.answer.language()  # is kept for both
                tables.do(_add, writers, item, record)
                zipped.do(archive.add, item, record)
                outcomes[record.outcome] += 1
                cached += record.from_cache
        files = [_put_part(part, plan, writer) for writer in writers]
        manifest = Manifest.of(plan, outcomes, cached, files, now)
        archive.finish(manifest)
        return manifest.model_copy(update={"archive": _put_archive(part, plan, archive)})


def _add(writers: list[PartWriter], item: Item, record: Record) -> None:
    for writer in writers:
        writer.add(writer.table.row(writer.plan, item, record))


def _put_part(part: Store, plan: Plan, writer: PartWriter) -> PartFile:
    """Put the part, and read back that it is there with all of its rows."""
    writer.close()
    key = writer.table.key(plan)
    part.put_file(key, writer.file)
    with part.open(key) as file:
        rows = pq.read_metadata(file).num_rows
    if rows != writer.rows:
        raise StoreError(f"{part.uri_of(key)} has {rows} rows where {writer.rows} were written")
    return PartFile(table=writer.table.name, rows=rows, **_stored(part, key, writer.file))


def _put_archive(part: Store, plan: Plan, archive: ArchiveWriter) -> ArchiveFile:
    key = archive_key(plan.batch_id, plan.generation)
    part.put_file(key, archive.file)
    return ArchiveFile(entries=archive.entries, **_stored(part, key, archive.file))


def _stored(part: Store, key: str, file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"key": key, "uri": part.uri_of(key), "bytes": file.stat().st_size, "sha256": digest}


def _commit(part: Store, manifest: Manifest) -> Manifest:
    """Let the manifest stand, or the equal one of another that was first."""
    key, body = manifest_key(manifest.batch_id), manifest.model_dump_json(indent=2).encode()
    if part.create(key, body):
        return manifest
    standing = load_manifest(part, manifest.batch_id)
    if standing and standing.stored == manifest.stored:
        return standing
    part.put(key, body)
    return manifest
