"""Which runs' marts are missing or out of date, and making those."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from completions.audit_runs import run_names
from completions.brands import MATCHING_VERSION, Brand
from completions.errors import Refused
from completions.marts import kept
from completions.marts.columns import TABLES
from completions.marts.computing import COMPARED, compute
from completions.marts.kept import Stamp
from completions.marts.mart import MART_VERSION, SCHEMA_VERSION
from completions.marts.runs import Run, alone, runs
from completions.reading import ORIGINS, database, one_of, opened
from completions.store import Origin, Store, StoreError

LOOK_BACK = 60
"""So many runs are looked at where one is asked for: it is compared with one of them."""
Progress = Callable[[str, int, int], None]
"""Told before a run is computed: its name, how many runs were looked at before, and of how many."""
Last = dict[tuple[str, str], tuple[str, str, str]]
"""By model and profile: the last run in which they were observed, its batch, its digest."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    audit: str
    origin: Origin
    computed: tuple[str, ...]
    """Runs, by name."""
    kept: tuple[str, ...]
    """Runs whose marts stood."""


def refresh(
    store: Store | str | Path | None,
    audit: str,
    run: str | None = None,
    *,
    origin: Origin = "live",
    again: bool = False,
    brands: Sequence[Brand] | None = None,
    progress: Progress | None = None,
) -> Refreshed:
    """Compute the marts of an audit's runs that are missing or out of date, and write them below `marts/`.

    Args:
        store: The store, a folder, or `s3://bucket/prefix`; else the one that COMPLETIONS_STORE names.
        audit: Its name.
        run: Only this run, and the last 60 before, with which it may be compared; None: all.
        origin: `live`, or `rehearsal`.
        again: Compute the run, or all of them, even where the marts stand.
        brands: Look for these in the run, or in all, in place of those on record; later refreshes do so too.
        progress: Told before each run that is computed.

    A run is out of date when definitions or matching have a new version, or a batch of it has another dataset: it was
    retried, read again or forgotten. Raises `Refused` for an audit or a run that is not on record, `StoreError`.
    """
    one_of("origin", origin, ORIGINS)
    whole = opened(store)
    part, last = whole.of(origin), Last()
    names = _asked_for(whole, audit, run, origin)
    found, standing, begun = runs(part, audit, names), kept.stamps(part, audit, names), kept.begun(part, audit)
    computed = []
    for done, recorded in enumerate(found):
        old = standing.get(recorded.name)
        meant = run in (None, recorded.name)
        stamp, one = _wanted(recorded, old or begun.get(recorded.name), last, names[0], brands if meant else None)
        if (again and meant) or old is None or old != stamp.model_copy(update={"observed": old.observed}):
            if progress:
                progress(one.name, done, len(found))
            stamp = _make(whole, one, stamp)
            computed.append(one.name)
        else:
            stamp = old
        _remember(last, one, stamp)
    return Refreshed(audit, origin, tuple(computed), tuple(one.name for one in found if one.name not in computed))


def connect(
    store: Store | str | Path | None,
    audit: str | None = None,
    origin: Origin = "live",
    only: Collection[str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A DuckDB with a view of each mart and of `mentions`, over what was refreshed of an audit, or of all.

    Runs that were not refreshed yet do not show; with `only`, no others do than these, and no file of others is read.
    """
    one_of("origin", origin, ORIGINS)
    whole = opened(store)
    connection = database(whole)
    views(connection, whole.of(origin), audit, only)
    return connection


def views(
    connection: duckdb.DuckDBPyConnection,
    part: Store,
    audit: str | None = None,
    only: Collection[str] | None = None,
) -> None:
    """Give a DuckDB the views of `connect`, for one origin's part of a store."""
    names = [audit] if audit else part.folders(kept.STAMPS)
    done = [(name, run) for name in names for run in kept.standing(part, name) if only is None or run in only]
    for mart in TABLES.values():
        connection.from_arrow(kept.dataset(part, mart, done)).create_view(mart.name)


def of_batch(store: Store | str | Path | None, batch_id: str, brands: Sequence[Brand]) -> duckdb.DuckDBPyConnection:
    """The same views of one batch, of whatever origin, computed now and kept nowhere.

    `audit` is NULL, `run` is the batch's id; what compares runs has no rows, but for places that do not match. Raises
    `Refused` for a batch that is not there or has no dataset yet.
    """
    whole = opened(store)
    connection = database(whole)
    with _told(whole):
        for mart, rows in compute(whole, alone(whole, batch_id, brands), {}, {}):
            connection.from_arrow(rows).create_view(mart.name)
    return connection


def _asked_for(whole: Store, audit: str, run: str | None, origin: Origin) -> Sequence[str]:
    """The runs to look at, in the order of time."""
    names = run_names(whole.of(origin), audit)
    if not names:
        other: Origin = "live" if origin == "rehearsal" else "rehearsal"
        hint = _ELSEWHERE[other] if run_names(whole.of(other), audit) else ""
        raise Refused("audit", audit, f"has no {origin} run on record; it has one once a run of it was planned{hint}")
    if run is None:
        return names
    if run not in names:
        raise Refused("run", run, f"there is none of {audit}; the last is {names[-1]}")
    until = names.index(run) + 1
    return names[max(0, until - LOOK_BACK) : until]


_ELSEWHERE: dict[Origin, str] = {
    "rehearsal": "; it has rehearsed ones: say --rehearsed",
    "live": "; it has live ones: leave out --rehearsed",
}


def _wanted(run: Run, old: Stamp | None, last: Last, since: str, given: Sequence[Brand] | None) -> tuple[Stamp, Run]:
    """What the run's marts should be made from, and the run with the brands to look for."""
    forced = given is not None or (old is not None and old.forced)
    brands = given if given is not None else old.brands if old and old.forced else run.brands
    stamp = Stamp(
        versions=[SCHEMA_VERSION, MART_VERSION, MATCHING_VERSION],
        brands=list(brands),
        forced=forced,
        batches={batch.id: batch.manifest.generation if batch.manifest else None for batch in run.batches},
        before=_before(run, old, last, since),
        observed=[],
    )
    return stamp, replace(run, brands=tuple(brands))


def _before(run: Run, old: Stamp | None, last: Last, since: str) -> dict[str, tuple[str, str, str]]:
    """What each batch is compared with: a run that was looked at, else the one that it was compared with before.

    That holds only of a run before those looked at, which are `since` one: of these it is known what they observed.
    """
    stood = {batch_id: then for batch_id, then in old.before.items() if then[0] < since} if old else {}
    found = {batch.id: last.get((batch.model, batch.profile)) or stood.get(batch.id) for batch in run.batches}
    return {batch_id: then for batch_id, then in found.items() if then}


def _make(store: Store, run: Run, stamp: Stamp) -> Stamp:
    """Compute and write a run's marts; returns its stamp, complete."""
    assert run.audit
    part, observed = store.of(run.origin), []
    before = {batch_id: (then, batch) for batch_id, (then, batch, _) in stamp.before.items()}
    kept.begin(part, run.audit, run.name, stamp)
    with _told(store):
        tables = compute(store, run, before, _earlier(part, run.audit, before))
        for mart, rows in kept.putting(part, run.audit, run.name, tables):
            if mart.name == "capture_health":
                observed = [row["batch_id"] for row in rows.to_pylist() if row["counted"]]
    done = stamp.model_copy(update={"observed": observed})
    kept.put_stamp(part, run.audit, run.name, done)
    return done


def _earlier(part: Store, audit: str, before: Mapping[str, tuple[str, str]]) -> dict[str, pa.Table]:
    """What the marts said of the batches that a run is compared with."""
    names = sorted({(audit, run) for run, _ in before.values()})
    only = ds.field("batch_id").isin([batch for _, batch in before.values()])
    return {name: kept.dataset(part, TABLES[name], names).to_table(filter=only) for name in COMPARED} if names else {}


def _remember(last: Last, run: Run, stamp: Stamp) -> None:
    digest = hashlib.sha256(stamp.model_dump_json(include={"versions", "brands", "batches"}).encode()).hexdigest()
    for batch in run.batches:
        if batch.id in stamp.observed:
            last[batch.model, batch.profile] = (run.name, batch.id, digest)


@contextmanager
def _told(store: Store) -> Iterator[None]:
    """Say in one sentence what cannot be read."""
    try:
        yield
    except (duckdb.IOException, duckdb.HTTPException, FileNotFoundError) as error:
        raise StoreError(f"cannot read the dataset in {store.uri}: {str(error).strip().splitlines()[0]}") from error
