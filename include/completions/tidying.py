"""What dead attempts left in the store, found and put away.

Nothing goes that a batch may still need, and nothing that could not be made again: a record never, a file only where
the plan and the records that it was made from are there, and whatever is younger than the grace period stays, for it
may be somebody's who is at work. What is not the project's own is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel

from completions.archive import archive_key
from completions.conformance import PROBES
from completions.manifest import Manifest, load_manifest, manifest_key
from completions.once import CLAIMS, LIFE
from completions.plan import load_plan
from completions.store import Found, Origin, Store

GRACE = timedelta(days=1)
"""A collect takes minutes, and who reads a dataset is done with it after a day."""
TABLES = ("completions", "artifacts")

_PART = re.compile(r"datasets/\w+/schema=v\d+/date=[\d-]+/batch=([\w-]+)/part-g(\d+)-\d+\.parquet")

Kind = Literal["half written", "uncommitted", "superseded", "probe", "expired"]


class Leftover(BaseModel):
    """An object that nobody needs where it is."""

    kind: Kind
    """half written: by a process that was killed; uncommitted: of a collect that died before its manifest; superseded:
    of a generation before the one that stands; probe: what a look at the store left behind; expired: what an
    Idempotency-Key stood for."""
    uri: str
    bytes: int
    written_at: datetime


def tidy(store: Store, now: datetime, grace: timedelta = GRACE, *, really: bool) -> Iterator[Leftover]:
    """Put the leftovers away, if it is `really` meant; gives each.

    Superseded parts move to `superseded/`, all else is deleted. What was written anew in the meantime stays.
    """
    before = now - grace
    yield from _half_written(store, before, really)
    for origin in get_args(Origin):
        part = store.of(origin)
        for kind, found in (*_probes(part), *_expired(part, now), *_unneeded(part, before)):
            if found.written_at <= before and (not really or _put_away(part, kind, found)):
                yield Leftover(kind=kind, uri=part.uri_of(found.key), bytes=found.bytes, written_at=found.written_at)


def generation_of(key: str) -> int | None:
    """Which generation of its batch a part is of, by its key; None where it is no part."""
    named = _PART.fullmatch(key)
    return int(named[2]) if named else None


def _half_written(store: Store, before: datetime, really: bool) -> Iterator[Leftover]:
    """In a folder: what `Store.sweep` takes, and what the client (obstore 0.12) leaves beside its target, `name#1`."""
    if not store.is_local:
        return
    beside = (file for file in Path(store.uri).rglob("*#*") if re.search(r"#\d+$", file.name))
    for file in (*store.unfinished(), *beside):
        with suppress(FileNotFoundError):
            about = file.stat()
            written_at = datetime.fromtimestamp(about.st_mtime, UTC)
            if "#" in file.name and written_at > before:
                continue
            if really:
                file.unlink()
            yield Leftover(kind="half written", uri=str(file), bytes=about.st_size, written_at=written_at)


def _put_away(part: Store, kind: Kind, found: Found) -> bool:
    if part.find(found.key) != found:
        return False
    if kind == "superseded":
        part.move(found.key, f"superseded/{found.key}")
    else:
        part.delete([found.key])
    return True


def _probes(part: Store) -> Iterator[tuple[Kind, Found]]:
    for folder in (PROBES, "doctor"):
        yield from (("probe", found) for found in part.listed(folder))


def _expired(part: Store, now: datetime) -> Iterator[tuple[Kind, Found]]:
    yield from (("expired", found) for found in part.listed(CLAIMS) if now - found.written_at >= LIFE)


def _unneeded(part: Store, before: datetime) -> Iterator[tuple[Kind, Found]]:
    """What the batches' manifests do not name, of every batch that has parts or that was to have some."""
    parts: dict[str, list[tuple[int, Found]]] = {batch_id: [] for batch_id in part.folders("batches")}
    for table in TABLES:
        for found in part.listed(f"datasets/{table}"):
            named = _PART.fullmatch(found.key)
            if named and named[1] in parts:
                parts[named[1]].append((int(named[2]), found))
    for batch_id, files in parts.items():
        yield from _of_batch(part, batch_id, files, before)


def _of_batch(
    part: Store, batch_id: str, files: list[tuple[int, Found]], before: datetime
) -> Iterator[tuple[Kind, Found]]:
    try:
        plan, manifest = load_plan(part, batch_id), load_manifest(part, batch_id)
    except ValueError:  # not of this version, or spoilt: whoever knows it may still want its files
        return
    standing = manifest.generation if manifest else 0
    if plan and plan.generation > standing:
        if archive := part.find(archive_key(batch_id, plan.generation)):
            files = [*files, (plan.generation, archive)]
        yield from (("uncommitted", found) for generation, found in files if generation > standing)
    if manifest and _stood(part, manifest, before):
        yield from (("superseded", found) for generation, found in files if generation < standing)


def _stood(part: Store, manifest: Manifest, before: datetime) -> bool:
    """Whether those who read the generation before have had their time."""
    found = part.find(manifest_key(manifest.batch_id))
    return found is not None and found.written_at <= before
