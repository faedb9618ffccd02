"""How a batch stands: the body of `GET /ai/batches`. It is read from the store alone, never from the state of a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from completions.batch import BatchConfig
from completions.cancelling import is_cancelled
from completions.errors import Outcome
from completions.manifest import Manifest, load_manifest, manifest_key
from completions.notification import iso, shown
from completions.plan import Plan, find_batch, load_plan, load_request
from completions.progress import Progress, load
from completions.record import batch_key
from completions.retrying import retried_as
from completions.store import Store

LINK_LIFE = timedelta(days=7)
"""How long a signed link to the archive works: as long as S3 allows; temporary credentials end it sooner."""

Body = dict[str, Any]
Link = Callable[[str], str]
"""From a batch's id to where its archive is served, for stores that can't sign links."""


@dataclass(frozen=True)
class Standing:
    """What the store has of a batch: its manifest once it is done, until then its plan and how far its tasks are."""

    part: Store
    body: Body
    manifest: Manifest | None = None
    plan: Plan | None = None
    progress: Sequence[Progress | None] = ()


def status(store: Store, batch_id: str, *, link: Link | None = None) -> Body | None:
    """The status of a batch, live or rehearsed; None when there's no such batch.

    `status` is `retrieving` until all was asked, then `archiving` until the manifest stands, then `successful` or
    `failed`. Times are ISO 8601 in UTC. `outcomes` counts what is known so far.
    """
    found = look(store, batch_id, link=link)
    return found.body if found else None


def look(
    store: Store, batch_id: str, *, link: Link | None = None, planned: Callable[[Store, str], Plan | None] = load_plan
) -> Standing | None:
    """The status of a batch, with what it was read from; `planned` reads the plan of one under way."""
    for part in (store.of("live"), store.of("rehearsal")):
        manifest = load_manifest(part, batch_id)
        if manifest and retried_as(part, batch_id) <= manifest.generation:
            return Standing(part, _done(part, manifest, link), manifest)
    found = find_batch(store, batch_id)
    if found is None:
        return None
    part, plan = found[0], planned(found[0], batch_id)
    progress = load(part, plan) if plan else []
    config = plan.config if plan else load_request(store, batch_id)
    return Standing(part, _under_way(part, batch_id, config, plan, progress), None, plan, progress)


def list_batches(store: Store, limit: int, *, link: Link | None = None) -> list[Body]:
    """The status of the `limit` newest batches, newest first; those that are not planned yet come before all others."""
    ids = {batch_id for origin in ("live", "rehearsal") for batch_id in store.of(origin).folders("batches")}
    found = [body for batch_id in sorted(ids) if (body := status(store, batch_id, link=link))]
    return sorted(found, key=lambda body: body["started_at"] or "9999", reverse=True)[:limit]


def record_failure(store: Store, batch_id: str, reason: str, now: datetime) -> None:
    """Note that the pipeline broke, so that the batch counts as failed unless it is collected after all."""
    if found := find_batch(store, batch_id):
        note = {"reason": reason, "at": now.astimezone(UTC).isoformat()}
        found[0].put(batch_key(batch_id, "failure.json"), json.dumps(note).encode())


def _done(part: Store, manifest: Manifest, link: Link | None) -> Body:
    signed = part.presigned(manifest.archive.key, LINK_LIFE) if manifest.archive else None
    return _body(
        manifest.batch_id,
        manifest.status,
        manifest.count,
        manifest.outcomes,
        url=signed or (link(manifest.batch_id) if link else None),
        cached=manifest.cached,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
        dataset=part.uri_of(manifest_key(manifest.batch_id)),
        client_ref=manifest.client_ref,
        cancelled=is_cancelled(part, manifest.batch_id, manifest.generation),
        notification=shown(part, manifest.batch_id, manifest.generation),
    )


def _under_way(
    part: Store, batch_id: str, config: BatchConfig, plan: Plan | None, progress: Sequence[Progress | None]
) -> Body:
    outcomes = _counted(plan, progress) if plan else Counter[str]()
    all_asked = plan is not None and all(shard is not None and shard.done for shard in progress)
    failure = part.get(batch_key(batch_id, "failure.json"))
    if failure:
        outcomes[Outcome.CANCELLED] += config.count - outcomes.total()
    return _body(
        batch_id,
        "failed" if failure else "archiving" if all_asked else "retrieving",
        config.count,
        +outcomes,
        cached=plan.cached if plan else 0,
        started_at=plan.planned_at if plan else None,
        finished_at=datetime.fromisoformat(json.loads(failure)["at"]) if failure else None,
        client_ref=config.client_ref,
        cancelled=is_cancelled(part, batch_id, plan.generation if plan else 1),
        notification=shown(part, batch_id, plan.generation if plan else 1) if failure else None,
    )


def _counted(plan: Plan, progress: Sequence[Progress | None]) -> Counter[str]:
    outcomes: Counter[str] = Counter(plan.kept or {Outcome.ANSWERED: plan.cached})
    for shard in progress:
        outcomes.update(shard.outcomes if shard else {})
    return outcomes


def _body(
    batch_id: str,
    word: str,
    count: int,
    outcomes: Mapping[str, int],
    *,
    url: str | None = None,
    cached: int = 0,
    started_at: datetime | None = None,
    finished_at: datetime | None = None,
    dataset: str | None = None,
    client_ref: str | None,
    cancelled: bool,
    notification: Body | None = None,
) -> Body:
    successful = outcomes.get(Outcome.ANSWERED, 0)
    return {
        "id": batch_id,
        "status": word,
        "count": count,
        "successful": successful,
        "failed": sum(outcomes.values()) - successful,
        "url": url,
        "cached": cached,
        "outcomes": {str(outcome): outcomes[outcome] for outcome in sorted(outcomes)},
        "started_at": iso(started_at),
        "finished_at": iso(finished_at),
        "dataset": dataset,
        "client_ref": client_ref,
        "cancelled": cancelled,
        "notification": notification,
    }
