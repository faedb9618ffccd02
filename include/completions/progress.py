"""How far each asking task is: `batches/<batch_id>/progress/<shard>.json`, written anew whenever that changes.

It has a line on every conversation that ended, so that who watches a batch of a thousand prompts reads one object for
each task and no record. Once a batch is collected, its dataset says the same of all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from completions.errors import Outcome
from completions.manifest import Manifest
from completions.plan import Item, Plan
from completions.record import Record, batch_key
from completions.store import Store

TEXT = 300
"""Characters of an error or a warning that are told: the record has the rest."""
WARNINGS = 5
"""So many warnings of a conversation are told."""

_SEEN = ("egress_country", "egress_subdivision", "egress_city", "egress_source", "site_location", "location_match")
_COLUMNS = [
    *("prompt_index", "sample_index", "outcome", "started_at", "answered_at", "latency_ms", "from_cache"),
    *("duplicate_of", "error_message", "warnings", *_SEEN),
]


class Settled(BaseModel):
    """How one answer came out, in short. Of duplicates, that of the one that was asked."""

    model_config = ConfigDict(frozen=True)

    index: int
    sample: int
    outcome: Outcome
    at: AwareDatetime | None = None
    """When that was known."""
    latency_ms: int | None = None
    cached: bool = False
    duplicate: bool = False
    """Whether it repeats the answer to an equal prompt: no conversation of its own."""
    egress_country: str | None = None
    egress_subdivision: str | None = None
    egress_city: str | None = None
    egress_source: str | None = None
    site_location: str | None = None
    location_match: str | None = None
    error_message: str | None = None
    warnings: list[str] = []
    """Without those of the batch's profile, which every answer has."""

    @property
    def seen(self) -> bool:
        """Whether anything of the site was seen: nothing is of what was not asked."""
        return self.outcome is not Outcome.CANCELLED and not (self.error_message or "").startswith("not asked")

    @classmethod
    def of(cls, plan: Plan, item: Item, record: Record, at: datetime | None = None) -> Self:
        """The short of a record; `at` when it was made, else as far as the record tells."""
        own = [warning for warning in record.warnings if warning not in plan.profile.warnings]
        return cls(
            index=item.index,
            sample=item.sample,
            outcome=record.outcome,
            at=at or record.answered_at or record.started_at,
            latency_ms=record.latency_ms,
            cached=record.from_cache,
            duplicate=item.duplicate_of is not None,
            error_message=record.error_message and record.error_message[:TEXT],
            warnings=[warning[:TEXT] for warning in own[:WARNINGS]],
            **{name: getattr(record, name) for name in _SEEN},
        )


class Progress(BaseModel):
    """How far one asking task is."""

    model_config = ConfigDict(frozen=True)

    shard: int
    of: int
    """Answers that it owes, duplicates included."""
    outcomes: dict[str, int]
    """How many of them ended so far, by outcome."""
    settled: list[Settled] = []
    asking: list[tuple[int, int]] = []
    """Index and sample of what is being asked; what is settled is not any more."""

    @property
    def done(self) -> bool:
        """Whether all was asked that it was to ask."""
        return sum(self.outcomes.values()) >= self.of

    def counts(self) -> dict[str, Any]:
        """Without the single answers."""
        return self.model_dump(include={"shard", "of", "outcomes"})


def keep(part: Store, batch_id: str, progress: Progress) -> None:
    """Write it, in place of what stands."""
    key = batch_key(batch_id, f"progress/{progress.shard}.json")
    part.put(key, progress.model_dump_json(exclude_defaults=True).encode())


def load(part: Store, plan: Plan) -> list[Progress | None]:
    """That of each task, by its number; None before it has begun. A GET each, many together."""
    keys = [batch_key(plan.batch_id, f"progress/{number}.json") for number in range(len(plan.shards))]
    return [Progress.model_validate_json(body) if body else None for body in part.get_many(keys)]


def collected(part: Store, manifest: Manifest) -> list[Settled]:
    """Every answer of a batch that is collected, from its dataset: one file, the short columns of it."""
    import pyarrow.parquet as pq

    told: list[Settled] = []
    for stored in manifest.files:
        if stored.table == "completions":
            with part.open(stored.key) as file:
                rows = pq.read_table(file, columns=_COLUMNS).to_pylist()
            told += _told(rows, manifest.profile.warnings)
    return told


def _told(rows: Iterable[dict[str, Any]], known: Sequence[str]) -> Iterator[Settled]:
    for row in rows:
        yield Settled(
            index=row["prompt_index"],
            sample=row["sample_index"],
            outcome=row["outcome"],
            at=row["answered_at"] or row["started_at"],
            latency_ms=row["latency_ms"],
            cached=row["from_cache"],
            duplicate=row["duplicate_of"] is not None,
            error_message=row["error_message"],
            warnings=[warning for warning in row["warnings"] or () if warning not in known],
            **{name: row[name] for name in _SEEN},
        )
