"""Which runs an audit had, and which batches each of them: the records of its runs, with what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from completions.audit_runs import Asked, AuditBatch, AuditRun, load_runs
from completions.audits import Person
from completions.brands import Brand
from completions.errors import Refused
from completions.manifest import Manifest, load_manifest
from completions.parts import Days, manifests
from completions.plan import find_batch, load_request
from completions.store import Origin, Store


@dataclass(frozen=True)
class Batch:
    """One batch of a run: what was asked of one model as one profile."""

    id: str
    model: str
    profile: str
    planned: int
    """Prompts x samples."""
    manifest: Manifest | None
    """None: the dataset has nothing of it, or not yet."""


@dataclass(frozen=True)
class Run:
    """One run of an audit, or a batch by itself."""

    origin: Origin
    audit: str | None
    name: str
    at: datetime
    brands: tuple[Brand, ...]
    prompts: tuple[Asked, ...]
    """What is known of prompts beside their text."""
    batches: tuple[Batch, ...]


def runs(part: Store, audit: str, names: Sequence[str]) -> list[Run]:
    """These runs of an audit, in the order given."""
    records = list(load_runs(part, audit, names))
    ids = [batch.id for record in records for batch in record.batches]
    done = {manifest.batch_id: manifest for manifest in manifests(part, Days(), ids)}
    return [_run(record, done) for record in records]


def alone(store: Store, batch_id: str, brands: Sequence[Brand]) -> Run:
    """A batch as a run of its own. Raises `Refused` for one that is not there or has no dataset yet."""
    found = find_batch(store, batch_id)
    if not found:
        raise Refused("batch", batch_id, f"no such batch in {store.uri}; `completions list` shows what is there")
    part, origin = found
    manifest = load_manifest(part, batch_id)
    if manifest is None:
        raise Refused("batch", batch_id, "has no dataset yet; wait until it is done")
    config = load_request(store, batch_id)
    person = Person.model_validate(config.model_dump(include={*Person.model_fields}))
    batch = Batch(batch_id, config.model, person.label, manifest.count, manifest)
    return Run(origin, None, batch_id, manifest.started_at, tuple(brands), (), (batch,))


def _run(record: AuditRun, done: Mapping[str, Manifest]) -> Run:
    return Run(
        origin=record.origin,
        audit=record.audit.name,
        name=record.run,
        at=record.due_at,
        brands=tuple(record.audit.brands),
        prompts=tuple(record.prompts),
        batches=tuple(_batches(record, done)),
    )


def _batches(record: AuditRun, done: Mapping[str, Manifest]) -> Iterator[Batch]:
    """The batches; profiles that have the same label are told apart by a number, for they are never blended."""
    seen: Counter[tuple[str, str]] = Counter()
    for one in record.batches:
        seen[one.model, one.profile] += 1
        number = seen[one.model, one.profile]
        profile = one.profile if number == 1 else f"{one.profile} ({number})"
        manifest = done.get(one.id)
        yield Batch(one.id, one.model, profile, manifest.count if manifest else _owed(record, one), manifest)


def _owed(record: AuditRun, batch: AuditBatch) -> int:
    return batch.count or len(record.audit.prompts) * record.audit.samples
