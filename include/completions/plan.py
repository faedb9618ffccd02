"""From a request to what must be asked: duplicates collapsed, cached answers taken over, the rest cut into shards.

A plan is made once per batch. Making it again, after a crash at any point, gives the plan that stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict

from completions import cache
from completions.batch import BatchConfig
from completions.errors import Refused
from completions.listing import listed_key
from completions.profile import Profile
from completions.record import Record, answer_id, answer_key, batch_key, is_batch_id, prompt_id
from completions.store import Origin, Store


class Item(BaseModel):
    """One answer that the batch owes: a prompt and a sample of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: int
    sample: int
    prompt_id: str
    cache_key: str | None = None
    """None when caching is off."""
    duplicate_of: int | None = None
    """Index of the equal prompt that is asked in its place."""
    cached: bool = False


class Plan(BaseModel):
    """What a batch asks, decided once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_id: str
    run_id: str
    generation: int = 1
    """Of the dataset: one more with each retry, and whenever the kept answers are read again."""
    asking: int | None = None
    """The generation in which what has no record yet is asked; None: `generation`."""
    planned_at: datetime
    date: date
    """The dataset's partition, fixed here so that a late re-run writes to the same place."""
    seed: int
    config: BatchConfig
    profile: Profile
    address: str | None = None
    """Where a live site is asked in place of its own address."""
    items: list[Item]
    """Every answer owed, by index, then sample."""
    shards: list[list[int]]
    """Positions in `items`, one list for each task."""
    kept: dict[str, int] = {}
    """Of a later generation: how many answers of each outcome stay from those before it."""

    @property
    def asked_in(self) -> int:
        """The generation that a record made now belongs to."""
        return self.asking or self.generation

    @property
    def cached(self) -> int:
        """How many answers come from the cache, their duplicates included."""
        reused = {(item.index, item.sample) for item in self.items if item.cached}
        return sum(item.cached or (item.duplicate_of, item.sample) in reused for item in self.items)

    def settles(self, item: Item) -> int:
        """How many answers one conversation gives: its own and those of its duplicates."""
        return self.config.prompts.count(self.config.prompts[item.index]) if self.config.expiration else 1

    def shard(self, number: int) -> list[Item]:
        """The items of one task."""
        return [self.items[position] for position in self.shards[number]]

    def label(self, number: int) -> str:
        """What a person calls the shard: its prompt when it is only one, else how many there are."""
        items = self.shard(number)
        if len(items) > 1:
            return f"shard {number + 1} of {len(self.shards)} ({len(items)} prompts)"
        prompt = " ".join(self.config.prompts[items[0].index].split())
        sample = f" (sample {items[0].sample + 1})" if self.config.samples > 1 else ""
        return f"{items[0].index + 1}: {prompt[:60]}{'…' if len(prompt) > 60 else ''}{sample}"


def seed_of(config: BatchConfig, batch_id: str) -> int:
    """What random choices are drawn from: the audit's, else one that follows from the batch's id."""
    return config.audit.seed if config.audit else int(hashlib.sha256(batch_id.encode()).hexdigest()[:12], 16)


def submit(store: Store, batch_id: str, config: BatchConfig, now: datetime | None = None) -> bool:
    """Leave the request where `load_request` finds it, and list the batch; False if it already has one."""
    part, body = store.of(config.origin), config.model_dump_json(by_alias=True).encode()
    first = part.create(batch_key(batch_id, "request.json"), body)
    if first:
        part.put(listed_key(batch_id, now or datetime.now(UTC)), b"")
    return first


def withdraw(store: Store, batch_id: str, config: BatchConfig, now: datetime) -> None:
    """Take back what was submitted at `now`: nobody will run it."""
    part = store.of(config.origin)
    part.delete([batch_key(batch_id, "request.json"), listed_key(batch_id, now)])


def load_request(store: Store, batch_id: str) -> BatchConfig:
    """The request that was submitted under `batch_id`; `Refused` when there is none."""
    for origin in ("live", "rehearsal"):
        if body := store.of(origin).get(batch_key(batch_id, "request.json")):
            return BatchConfig.model_validate_json(body)
    raise Refused("batch_id", batch_id, f"no request was submitted under it to {store.uri}")


def load_plan(store: Store, batch_id: str) -> Plan | None:
    """The batch's plan, from the part of `store` that its origin has; None before it is planned."""
    body = store.get(batch_key(batch_id, "plan.json"))
    return Plan.model_validate_json(body) if body else None


def find_batch(store: Store, batch_id: str) -> tuple[Store, Origin] | None:
    """Where a batch lives: its origin's part of `store`; None when there is no such batch, or can be none."""
    if not is_batch_id(batch_id):
        return None
    origins: tuple[Origin, Origin] = ("live", "rehearsal")
    for origin in origins:
        part = store.of(origin)
        if part.size(batch_key(batch_id, "request.json")) is not None:
            return part, origin
    return None


def make_plan(
    store: Store,
    config: BatchConfig,
    profile: Profile,
    *,
    batch_id: str,
    run_id: str,
    now: datetime,
    address: str | None = None,
) -> Plan:
    """Plan the batch in its origin's part of `store`, or return the plan that stands.

    `address` is where a live site is asked in place of its own address. An earlier failure is forgotten.
    """
    part = store.of(config.origin)
    part.delete([batch_key(batch_id, "failure.json")])
    if standing := load_plan(part, batch_id):
        return standing
    submit(store, batch_id, config, now)
    items = list(_items(config, profile, address))
    items = list(_take_cached(part, items, config, now, batch_id))
    plan = Plan(
        batch_id=batch_id,
        run_id=run_id,
        planned_at=now,
        date=now.date(),
        seed=seed_of(config, batch_id),
        config=config,
        profile=profile,
        address=address,
        items=items,
        shards=shards(_to_ask(items), config.per_task),
    )
    part.create(batch_key(batch_id, "plan.json"), plan.model_dump_json(by_alias=True).encode())
    return load_plan(part, batch_id) or plan


def _items(config: BatchConfig, profile: Profile, address: str | None) -> Iterator[Item]:
    caching = config.expiration > 0
    first: dict[str, int] = {}
    for index, prompt in enumerate(config.prompts):
        original = first.setdefault(prompt, index)
        for sample in range(config.samples):
            yield Item(
                index=index,
                sample=sample,
                prompt_id=prompt_id(prompt),
                cache_key=cache.cache_key(config, profile, prompt, sample, address) if caching else None,
                duplicate_of=original if caching and original != index else None,
            )


def _take_cached(
    store: Store, items: Sequence[Item], config: BatchConfig, now: datetime, batch_id: str
) -> Iterator[Item]:
    """Mark what the cache answers, and copy those answers into the batch, so that none can expire under it."""
    keys = [item.cache_key for item in items if item.cache_key and item.duplicate_of is None]
    hits = cache.find(store, keys, config, now)
    for item in items:
        hit = next(hits) if item.cache_key and item.duplicate_of is None else None
        if hit:
            _copy(store, hit, item, now, batch_id)
        yield item.model_copy(update={"cached": hit is not None})


def _copy(store: Store, hit: Record, item: Item, now: datetime, batch_id: str) -> None:
    assert hit.answered_at is not None
    copy = hit.model_copy(
        update={
            "answer_id": answer_id(batch_id, item.index, item.sample),
            "generation": 1,
            "requested_at": now,
            "attempts": 0,
            "bytes_received": 0,
            "from_cache": True,
            "cached_answer_id": hit.answer_id,
            "cache_age_seconds": int((now - hit.answered_at).total_seconds()),
        }
    )
    store.put(answer_key(batch_id, item.index, item.sample), copy.packed())


def _to_ask(items: Sequence[Item]) -> list[int]:
    return [position for position, item in enumerate(items) if not item.cached and item.duplicate_of is None]


def shards(positions: Sequence[int], per_task: int) -> list[list[int]]:
    """Positions of what must be asked, spread evenly over as few shards as the size allows."""
    count = -(-len(positions) // per_task)
    return [list(positions[number::count]) for number in range(count)]
