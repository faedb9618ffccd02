"""Asking again what failed, under the same id: the batch's next generation.

    records of what failed go -> the plan of the next generation -> a run asks, collects and notifies as ever

The dataset that stands is not touched until the next one does. Whoever is killed on the way says it again: what has no
record any more still counts as failed.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

from completions.errors import OBSERVED, Refused
from completions.manifest import load_manifest
from completions.plan import Plan, find_batch, load_plan, shards
from completions.record import Record, answer_key, batch_key
from completions.store import Store


class UnderWay(Refused):
    """What cannot be done to a batch before it is done."""

    def __init__(self, batch_id: str) -> None:
        super().__init__("id", batch_id, "is under way; retry it when it is done, or cancel it first")


class NothingFailed(Refused):
    """There is nothing to ask again."""

    def __init__(self, batch_id: str) -> None:
        super().__init__("id", batch_id, "has no failed answer to ask again")


def retry(store: Store, batch_id: str) -> str:
    """Plan the batch's next generation, in which what failed is asked again; returns the id of the run that asks it.

    What the site had its say on (answered, refused, no answer) is not asked again. Said again before that run is there,
    it gives the same id. A batch whose pipeline broke goes on in the generation that it is in. Raises `Refused` where
    there is no such batch, `UnderWay` where it is asked for the first time, and `NothingFailed`.
    """
    part, due = generation_under_way(store, batch_id)
    plan, manifest = load_plan(part, batch_id), load_manifest(part, batch_id)
    broken = part.get(batch_key(batch_id, "failure.json"))
    if plan is None or (manifest is None and not broken):
        raise UnderWay(batch_id)
    if broken:
        at = "".join(filter(str.isalnum, json.loads(broken)["at"]))
        return f"retry__{batch_id}__g{plan.generation}-{at}"
    if due is None:
        failed, kept = _sorted_out(part, plan)
        if not failed:
            raise NothingFailed(batch_id)
        due = _plan_again(part, plan, failed, kept)
    return f"retry__{batch_id}__g{due}"


def generation_under_way(store: Store, batch_id: str) -> tuple[Store, int | None]:
    """Where the batch lives, and the generation that is being asked; None where the batch is done.

    Raises `Refused` where there is no such batch.
    """
    found = find_batch(store, batch_id)
    if found is None:
        raise Refused("id", batch_id, f"there is no such batch in {store.uri}")
    part, manifest = found[0], load_manifest(found[0], batch_id)
    due = retried_as(part, batch_id)
    if (manifest and due <= manifest.generation) or part.size(batch_key(batch_id, "failure.json")) is not None:
        return part, None
    return part, due


def last_run(store: Store, batch_id: str) -> str | None:
    """Id of the run that asked the batch last; None before it is planned. Until that ends, nothing is asked again."""
    found = find_batch(store, batch_id)
    plan = load_plan(found[0], batch_id) if found else None
    if found is None or plan is None:
        return None
    generation = retried_as(found[0], batch_id)
    return f"retry__{batch_id}__g{generation}" if generation > 1 else plan.run_id


def retried_as(part: Store, batch_id: str) -> int:
    """The generation that the last retry is to make; 1 where there was none."""
    note = part.get(batch_key(batch_id, "retry.json"))
    return int(json.loads(note)["generation"]) if note else 1


def retried_at(part: Store, batch_id: str) -> datetime | None:
    """When the last retry was planned; None where there was none, or nobody noted it."""
    note = part.get(batch_key(batch_id, "retry.json"))
    at = json.loads(note).get("at") if note else None
    return datetime.fromisoformat(at) if at else None


def _sorted_out(part: Store, plan: Plan) -> tuple[list[int], Counter[str]]:
    """Positions of what failed, and how many answers had each outcome that stays; duplicates count with their first."""
    own = [position for position, item in enumerate(plan.items) if item.duplicate_of is None]
    bodies = part.get_many([answer_key(plan.batch_id, plan.items[at].index, plan.items[at].sample) for at in own])
    failed: list[int] = []
    kept: Counter[str] = Counter()
    for position, body in zip(own, bodies, strict=True):
        record = Record.unpacked(body) if body else None
        if record and record.outcome in OBSERVED:
            kept[record.outcome] += plan.settles(plan.items[position])
        else:
            failed.append(position)
    return failed, kept


def _plan_again(part: Store, plan: Plan, failed: list[int], kept: Counter[str]) -> int:
    batch_id, generation = plan.batch_id, plan.generation + 1
    items = [plan.items[position] for position in failed]
    progress = [batch_key(batch_id, f"progress/{number}.json") for number in range(len(plan.shards))]
    part.delete([*(answer_key(batch_id, item.index, item.sample) for item in items), *progress])
    changes = {"generation": generation, "asking": None, "kept": dict(kept)}
    again = plan.model_copy(update={**changes, "shards": shards(failed, plan.config.per_task)})
    part.put(batch_key(batch_id, "plan.json"), again.model_dump_json(by_alias=True).encode())
    note = {"generation": generation, "at": datetime.now(UTC).isoformat()}
    part.put(batch_key(batch_id, "retry.json"), json.dumps(note).encode())
    return generation
