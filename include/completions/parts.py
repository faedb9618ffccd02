"""Which Parquet files hold what is asked for: those that manifests name, so that no file is read half or twice.

Days are the partition `date` of the dataset: when a batch was planned, UTC. Only folders of days asked for are listed,
and only manifests of batches in them are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from completions.errors import Refused
from completions.manifest import Manifest, manifest_key
from completions.plan import find_batch
from completions.store import Found, Origin, Store

TableName = Literal["completions", "artifacts", "health"]
TABLE_NAMES: tuple[TableName, ...] = get_args(TableName)


@dataclass(frozen=True)
class Days:
    """The days from `since` to `until`, both included; None is open."""

    since: date | None = None
    until: date | None = None

    @property
    def all(self) -> bool:
        """Whether no day is left out."""
        return self.since is None and self.until is None

    def refuse_none(self) -> None:
        """Raise `Refused` where no day can be inside."""
        if self.since and self.until and self.until < self.since:
            raise Refused("until", f"{self.until}", f"is before since, which is {self.since}")

    def __contains__(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def day(field: str, given: date | str | None) -> date | None:
    """The day that an argument names; of a moment, the day that it falls on. Raises `Refused`."""
    if isinstance(given, datetime):
        return given.date()
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise Refused(field, given, "give a day, such as 2026-11-23") from None


def manifests(part: Store, days: Days, batch_ids: Sequence[str] | None = None) -> list[Manifest]:
    """The manifests of these batches, else of all, that are done and were planned on these days; oldest first."""
    if batch_ids is None:
        batch_ids = part.folders("batches") if days.all else list(_batches(part, days))
    bodies = part.get_many([manifest_key(batch_id) for batch_id in batch_ids])
    found = [Manifest.model_validate_json(body) for body in bodies if body]
    inside = [one for one in found if all(_day_of(file.key) in days for file in one.files)]
    return sorted(inside, key=lambda one: (one.started_at, one.batch_id))


def known(store: Store, origin: Origin, batch_ids: Sequence[str]) -> None:
    """Raise `Refused` for a batch that is not there, or is of the other origin."""
    for batch_id in batch_ids:
        found = find_batch(store, batch_id)
        if not found:
            raise Refused("batch", batch_id, f"no such batch in {store.uri}; `completions list` shows what is there")
        if found[1] != origin:
            raise Refused("batch", batch_id, f'its origin is another: origin="{found[1]}"')


def listed(part: Store, days: Days) -> dict[str, list[Found]]:
    """The Parquet of `completions` that there is of these days, by batch, whether a manifest names it yet or not."""
    there: dict[str, list[Found]] = {}
    for folder in _folders(part, "completions", days):
        for file in part.listed(folder):
            batch_id = file.key.partition("/batch=")[2].partition("/")[0]
            there.setdefault(batch_id, []).append(file)
    return {batch_id: sorted(files, key=lambda file: file.key) for batch_id, files in there.items()}


def health_keys(part: Store, days: Days) -> list[str]:
    """The files of the checks that were done on these days, oldest first."""
    if days.all:
        keys = part.keys("datasets/health")
    else:
        keys = {key for folder in _folders(part, "health", days) for key in part.keys(folder)}
    return sorted((key for key in keys if key.endswith(".parquet")), key=lambda key: (_day_of(key), key))


def _batches(part: Store, days: Days) -> Iterator[str]:
    for folder in _folders(part, "completions", days):
        for name in part.folders(folder):
            yield name.removeprefix("batch=")


def _folders(part: Store, table: TableName, days: Days) -> Iterator[str]:
    """The folders of these days, in every version of the schema."""
    for version in part.folders(f"datasets/{table}"):
        for name in part.folders(f"datasets/{table}/{version}"):
            if name.startswith("date=") and _day_of(name) in days:
                yield f"datasets/{table}/{version}/{name}"


def _day_of(key: str) -> date:
    """The day in the key of a file or folder of the dataset."""
    return date.fromisoformat(key.partition("date=")[2][:10])
