"""How asking went in the last days, as far as batches are collected: outcomes and cache by site, exits, failures.

It is read by the manifests of those days and, of the newest batches, a few columns of their rows. How the adapters of
the sites stand is told by the rows of their checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from completions.errors import OBSERVED, Outcome
from completions.health import Health
from completions.manifest import Manifest
from completions.parts import Days, health_keys, listed, manifests
from completions.store import Found, Store, StoreError

DAYS = 7
"""The days that are told of, today included."""
READ = 100
"""Batches, the newest, whose rows are read; of all others only the manifest is."""
FAILURES = 12
"""Failures that are told, the latest."""
CHECKED = timedelta(days=30)
"""Checks that are told of."""
MOST_CHECKS = 200
"""Of all sites together."""
SETTLED = timedelta(hours=1)
"""So long after its Parquet was written, a batch's manifest is there too."""

Known = dict[str, tuple[list[Found], Manifest]]
"""Manifests that were read before, by batch, each with the Parquet that was there then: another asking adds to it."""


@dataclass
class Site:
    """What came of the prompts for one site."""

    batches: int = 0
    count: int = 0
    cached: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Whence:
    """Conversations of one kind of exit, for one country, seen in one: how many agreed, and how many failed."""

    method: str | None
    asked: str | None
    """Country asked for, by its code; None: any."""
    seen: str | None
    count: int
    agreed: int
    """Seen in the place asked for: its city, or at least its country."""
    elsewhere: int
    failed: int


@dataclass(frozen=True)
class Failure:
    """A prompt that has no answer."""

    batch_id: str
    index: int
    sample: int
    model: str
    prompt: str
    outcome: str
    error_message: str | None
    at: datetime


@dataclass(frozen=True)
class Lately:
    """How asking went since a day."""

    since: date
    sites: dict[str, Site]
    batches: int
    read: int
    """Batches whose rows were read."""
    whence: list[Whence]
    failures: list[Failure]


def lately(part: Store, today: date | None = None, known: Known | None = None) -> Lately:
    """How asking went in this part of the store, live or rehearsed; what is `known` is not read again, and kept up."""
    since = (today or datetime.now(UTC).date()) - timedelta(days=DAYS - 1)
    found = _manifests(part, Days(since), {} if known is None else known)
    sites: dict[str, Site] = {}
    for one in found:
        site = sites.setdefault(one.model, Site())
        site.batches, site.count, site.cached = site.batches + 1, site.count + one.count, site.cached + one.cached
        site.outcomes.update(one.outcomes)
    read = found[-READ:]
    whence, failures = _from_rows(part, read) if read else ([], [])
    return Lately(since, sites, len(found), len(read), whence, failures)


def _manifests(part: Store, days: Days, known: Known) -> list[Manifest]:
    there, settled = listed(part, days), datetime.now(UTC) - SETTLED
    same = {name: known[name][1] for name, files in there.items() if name in known and known[name][0] == files}
    found = [*same.values(), *manifests(part, days, [name for name in there if name not in same])]
    known.clear()
    for one in found:
        if all(file.written_at <= settled for file in there[one.batch_id]):
            known[one.batch_id] = there[one.batch_id], one
    return sorted(found, key=lambda one: (one.started_at, one.batch_id))


def checks(part: Store, today: date | None = None) -> list[Health]:
    """The checks of the sites, oldest first."""
    import pyarrow.parquet as pq

    since = (today or datetime.now(UTC).date()) - CHECKED
    bodies = part.get_many(health_keys(part, Days(since))[-MOST_CHECKS:])
    rows = [row for body in bodies if body for row in _table(pq, body)]
    return sorted((Health.model_validate(row) for row in rows), key=lambda one: one.checked_at)


def _table(pq: Any, body: bytes) -> list[dict[str, Any]]:
    import pyarrow as pa

    rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(body)).to_pylist()
    return rows


_WHENCE = """
    select location_method as method, upper(country_requested) as asked, egress_country as seen, count(*) as count,
        count(*) filter (location_match in ('exact', 'country')) as agreed,
        count(*) filter (location_match = 'mismatch') as elsewhere, count(*) filter (failed) as failed
    from asked where attempts > 0 and duplicate_of is null group by all order by count desc, asked, seen limit 40
"""
_FAILURES = """
    select batch_id, prompt_index as "index", sample_index as sample, model, prompt, outcome, error_message,
        coalesce(answered_at, started_at, requested_at) as "at"
    from asked where failed order by "at" desc, batch_id, "index", sample limit $most
"""


def _from_rows(part: Store, found: Sequence[Manifest]) -> tuple[list[Whence], list[Failure]]:
    import duckdb

    try:
        return _asked(part, found)
    except duckdb.Error as error:  # a batch was collected anew, or the store broke
        raise StoreError(f"cannot read the dataset in {part.uri}: {str(error).splitlines()[0]}") from error


def _asked(part: Store, found: Sequence[Manifest]) -> tuple[list[Whence], list[Failure]]:
    from completions.reading import create_view, database, part_keys

    with database(part) as connection:
        create_view(connection, part, "completions", part_keys(found, "completions"))
        fine = ", ".join(f"'{one}'" for one in (*sorted(OBSERVED), Outcome.CANCELLED))
        rows = f"select *, outcome not in ({fine}) as failed from completions where not from_cache"  # noqa: S608 - ours
        connection.execute(f"create view asked as {rows}")
        whence = connection.sql(_WHENCE).to_arrow_table().to_pylist()
        failures = connection.sql(_FAILURES, params={"most": FAILURES}).to_arrow_table().to_pylist()
    return [Whence(**row) for row in whence], [Failure(**row) for row in failures]
