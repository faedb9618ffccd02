"""Whether what the store has of a batch is what its manifest says: each file whole, each row there, the archive alike.

Everything is read, and nothing is changed. `collect` makes again from the records what is found missing or spoilt.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from completions.dataset import TABLES, Table
from completions.errors import Outcome, Refused
from completions.manifest import ArchiveFile, Manifest, PartFile, Stored, load_manifest, manifest_key
from completions.plan import Plan, find_batch, load_plan
from completions.record import answer_id
from completions.store import Store
from completions.tidying import GRACE, generation_of


class Seen(BaseModel):
    """What was seen of one thing that belongs to the batch, or lies among what does."""

    model_config = ConfigDict(frozen=True)

    what: str
    """manifest, completions, artifacts, archive, success or extra."""
    uri: str
    seen: str
    ok: bool | None
    """None: it is not as it might be, which does no harm."""


class Wrong(Exception):
    """Something is not as the manifest says; the message tells it in one sentence."""


def verify(store: Store, batch_id: str, now: datetime) -> Iterator[Seen]:
    """Look at everything, one after the other; ends with the manifest where that cannot be read.

    Raises `Refused` where there is no such batch or it is not collected yet, `StoreError` where the store fails.
    """
    part, plan = _planned(store, batch_id)
    uri = part.uri_of(manifest_key(batch_id))
    try:
        manifest = _load(part, batch_id)
    except Wrong as wrong:
        yield Seen(what="manifest", uri=uri, seen=str(wrong), ok=False)
        return
    yield _look("manifest", uri, partial(_counts, plan, manifest))
    for file in manifest.files:
        yield _look(file.table, part.uri_of(file.key), partial(_part, part, plan, manifest, file))
    if archive := manifest.archive:
        yield _look("archive", part.uri_of(archive.key), partial(_archive, part, plan, manifest, archive))
    for key in _successes(plan):
        yield _look("success", part.uri_of(key), partial(_success, part, key))
    yield from _extra(part, plan, manifest, now)


def _planned(store: Store, batch_id: str) -> tuple[Store, Plan]:
    found = find_batch(store, batch_id)
    if found is None:
        raise Refused("BATCH", batch_id, f"there is no such batch in {store.uri}; `completions list` shows those")
    plan = load_plan(found[0], batch_id)
    if plan is None or not _committed(found[0], plan):
        raise Refused("BATCH", batch_id, "is not collected yet; look at it when it is done")
    return found[0], plan


def _committed(part: Store, plan: Plan) -> bool:
    """Whether the batch was ever collected: `_SUCCESS` outlives a manifest that was lost."""
    return any(part.size(key) is not None for key in (manifest_key(plan.batch_id), *_successes(plan)))


def _successes(plan: Plan) -> list[str]:
    return [f"{table.folder(plan)}/_SUCCESS" for table in TABLES]


def _look(what: str, uri: str, attempt: Callable[[], str]) -> Seen:
    try:
        return Seen(what=what, uri=uri, seen=attempt(), ok=True)
    except Wrong as wrong:
        return Seen(what=what, uri=uri, seen=str(wrong), ok=False)


def _load(part: Store, batch_id: str) -> Manifest:
    try:
        manifest = load_manifest(part, batch_id)
    except ValueError:
        raise Wrong("is corrupt: no manifest of a batch can be read from it") from None
    if manifest is None:
        raise Wrong("is missing, though the batch was collected")
    if manifest.batch_id != batch_id:
        raise Wrong(f"is that of another batch, {manifest.batch_id}")
    return manifest


def _counts(plan: Plan, manifest: Manifest) -> str:
    counted = sum(manifest.outcomes.values())
    if counted != manifest.count:
        raise Wrong(f"counts {manifest.count} rows, but {counted} outcomes")
    if sorted(file.table for file in manifest.files) != sorted(table.name for table in TABLES) or not manifest.archive:
        raise Wrong("does not name one part of each table and an archive")
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in manifest.outcomes.items())
    again = "; it is being asked again" if plan.generation > manifest.generation else ""
    return f"generation {manifest.generation}, {manifest.count} rows: {outcomes}{again}"


def _whole(part: Store, stored: Stored) -> None:
    """Compare the object's bytes with those that the manifest names."""
    size = part.size(stored.key)
    if size is None:
        raise Wrong("is missing")
    if size != stored.bytes:
        how = "is truncated" if size < stored.bytes else "is too large"
        raise Wrong(f"{how}: it has {size} bytes where the manifest says {stored.bytes}")
    with part.open(stored.key) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != stored.sha256:
            raise Wrong("is corrupt: its SHA-256 is not the one that the manifest says")


def _part(part: Store, plan: Plan, manifest: Manifest, file: PartFile) -> str:
    _whole(part, file)
    table = next(table for table in TABLES if table.name == file.table)
    light = "outcome" in table.schema.names
    with part.open(file.key) as content:
        try:
            parquet = pq.ParquetFile(content)
            _columns(parquet.schema_arrow, table)
            rows = parquet.read(["answer_id", *(["outcome"] if light else [])]).to_pydict()
        except pa.ArrowInvalid as error:
            raise Wrong(f"is no Parquet file: {str(error).splitlines()[0]}") from None
    _rows(rows["answer_id"], plan, file.rows, manifest.count)
    if light and Counter(rows["outcome"]) != Counter(manifest.outcomes):
        raise Wrong(f"has the outcomes {dict(Counter(rows['outcome']))} where the manifest counts {manifest.outcomes}")
    return f"{file.rows} rows, {file.bytes / 1e6:.1f} MB, {parquet.num_row_groups} row groups"


def _columns(schema: pa.Schema, table: Table) -> None:
    """Every column must be one that today's version has; it may lack what was added since it was written."""
    for field in schema:
        if field.name not in table.schema.names:
            raise Wrong(f"has a column that this version does not know, {field.name}")
        if not holds(today := table.schema.field(field.name).type, field.type):
            raise Wrong(f"has the column {field.name} as {field.type} where it is {today}")


def holds(today: pa.DataType, then: pa.DataType) -> bool:
    """Whether a type is what it was, or has more fields."""
    if pa.types.is_list(then):
        return pa.types.is_list(today) and holds(today.value_type, then.value_type)
    if pa.types.is_struct(then):
        names = {field.name for field in today} if pa.types.is_struct(today) else set()
        return all(field.name in names and holds(today.field(field.name).type, field.type) for field in then)
    return bool(today == then)


def _rows(answer_ids: list[str], plan: Plan, named: int, count: int) -> None:
    if not len(answer_ids) == named == count:
        raise Wrong(f"has {len(answer_ids)} rows where the manifest names {named} and counts {count}")
    owed = [answer_id(plan.batch_id, item.index, item.sample) for item in plan.items]
    if answer_ids != owed:
        missing = len(set(owed) - set(answer_ids))
        raise Wrong(f"does not have one row for each prompt and sample, in their order: {missing} are missing")


def _archive(part: Store, plan: Plan, manifest: Manifest, archive: ArchiveFile) -> str:
    _whole(part, archive)
    with part.open(archive.key) as content:
        try:
            with zipfile.ZipFile(content) as opened:
                _entries(opened, plan, manifest, archive)
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
            raise Wrong(f"cannot be read as the archive of a batch: {error}") from None
    return f"{archive.entries} entries, {archive.bytes / 1e6:.1f} MB"


def _entries(opened: zipfile.ZipFile, plan: Plan, manifest: Manifest, archive: ArchiveFile) -> None:
    """Compare what the archive holds with the manifest; zipfile checks each entry's CRC as it is read."""
    if len(opened.namelist()) != archive.entries:
        raise Wrong(f"has {len(opened.namelist())} entries where the manifest says {archive.entries}")
    later = {"archive": manifest.archive, "finished_at": manifest.finished_at}
    if Manifest.model_validate(json.loads(opened.read("manifest.json")) | later) != manifest:
        raise Wrong("has a manifest inside that is not the batch's")
    with opened.open("answers.jsonl") as lines:
        told = [_told(json.loads(line)) for line in lines]
    _rows([one for one, _ in told], plan, manifest.count, manifest.count)
    if Counter(outcome for _, outcome in told) != Counter(manifest.outcomes):
        raise Wrong("has other outcomes in answers.jsonl than the manifest counts")
    for entry in opened.infolist():
        if entry.filename.startswith(("html/", "raw/")):
            with opened.open(entry) as file:
                while file.read(1_000_000):
                    pass


def _told(line: dict[str, Any]) -> tuple[str, Outcome]:
    return line["answer_id"], Outcome(line["outcome"])


def _success(part: Store, key: str) -> str:
    if part.size(key) is None:
        raise Wrong("is missing: those who wait for it never read the dataset")
    return "is there"


def _extra(part: Store, plan: Plan, manifest: Manifest, now: datetime) -> Iterator[Seen]:
    """What lies in the batch's folders beside what the manifest names: who reads by a pattern reads that too."""
    named = {*(stored.key for stored in manifest.stored), *_successes(plan)}
    for table in TABLES:
        for found in part.listed(table.folder(plan)):
            if found.key in named:
                continue
            generation = generation_of(found.key)
            passing = generation not in (None, manifest.generation) and found.written_at > now - GRACE
            yield Seen(
                what="extra",
                uri=part.uri_of(found.key),
                seen="is not named by the manifest, and who reads the folder by a pattern reads its rows too"
                + (f"; of generation {generation}: `completions tidy` puts it away" if generation else ""),
                ok=None if passing else False,
            )
