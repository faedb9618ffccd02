"""The dataset as DuckDB sees it: the views `completions`, `artifacts` and `health`, and those of the marts.

The views read the files that manifests name, so that neither a batch that is still being collected nor a superseded
generation shows. DuckDB's own S3 client is a download; here it goes through the store's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

import duckdb
import pyarrow as pa
from obstore.fsspec import FsspecStore
from obstore.store import S3Store

from completions.columns import HEALTH
from completions.dataset import TABLES
from completions.errors import Refused
from completions.here import stored
from completions.manifest import Manifest
from completions.parts import TABLE_NAMES, Days, health_keys, manifests
from completions.plan import find_batch
from completions.store import Origin, Store

SCHEMAS = {table.name: table.schema for table in TABLES} | {
    "health": pa.schema([(column.name, column.type) for column in HEALTH])
}
DAY = pa.field("date", pa.date32())
_PATH_KEYS = {"health": [DAY, pa.field("schema", pa.string())]}
_BATCH_PATH_KEYS = [pa.field("batch", pa.string()), *_PATH_KEYS["health"]]
ORIGINS: tuple[Origin, ...] = get_args(Origin)


def connect(
    store: Store | str | Path | None = None, batch_id: str | None = None, *, origin: Origin = "live"
) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the views `completions`, `artifacts`, `health` and marts, in the schemas `live` and `rehearsal`.

    A name without a schema is of `origin`; times are shown in UTC. With `batch_id`, there are only the rows of that
    batch, by names without a schema, whatever its origin. `store` is that of `frames.load`.
    """
    from completions.marts import views

    one_of("origin", origin, ORIGINS)
    whole = opened(store)
    connection = database(whole)
    if batch_id:
        found = find_batch(whole, batch_id)
        _make_views(connection, found[0] if found else whole, [batch_id])
        return connection
    for name in ORIGINS:
        connection.execute(f"create schema {name}; use {name}")
        _make_views(connection, whole.of(name))
        views(connection, whole.of(name))
    connection.execute(f"use {origin}")
    return connection


def database(store: Store) -> duckdb.DuckDBPyConnection:
    """A DuckDB that can read the files of the store, with times in UTC; there is nothing in it."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    if isinstance(store.inner, S3Store):
        connection.register_filesystem(filesystem(store.inner))
    return connection


def example(part: Store, client_ref: str) -> str:
    """One query over what this part of the store holds for a caller, as any DuckDB runs it (on S3, with httpfs)."""
    files = part.uri_of("datasets/completions/**/*.parquet").replace("'", "''")
    seen = "select model, prompt, outcome, answer_text, len(citations) as citations"
    return f"{seen} from read_parquet('{files}') where client_ref = '{client_ref}' and not from_cache"


def _make_views(connection: duckdb.DuckDBPyConnection, part: Store, batch_ids: Sequence[str] | None = None) -> None:
    found = manifests(part, Days(), batch_ids)
    for table in TABLE_NAMES:
        if table == "health" and batch_ids:
            continue
        keys = health_keys(part, Days()) if table == "health" else part_keys(found, table)
        create_view(connection, part, table, keys)


def create_view(connection: duckdb.DuckDBPyConnection, part: Store, table: str, keys: Sequence[str]) -> None:
    """A view of this name over these files of a table, with every column that it has by now."""
    empty = pa.schema([*SCHEMAS[table], *_PATH_KEYS.get(table, _BATCH_PATH_KEYS)]).empty_table()
    rows = connection.from_arrow(empty)
    if keys:
        declared = dict(zip(rows.columns, rows.types, strict=True))
        files = [part.uri_of(key) for key in keys]
        rows = connection.read_parquet(files, union_by_name=True, hive_partitioning=True)
        later = [f'null::{type_} as "{name}"' for name, type_ in declared.items() if name not in rows.columns]
        rows = rows.project(", ".join(["*", *later]))
    rows.create_view(table)


def opened(store: Store | str | Path | None) -> Store:
    """The store that an argument names. A folder must be there: reading makes none."""
    if isinstance(store, Store):
        return store
    if store and "://" not in str(store) and not Path(store).expanduser().is_dir():
        raise Refused("store", str(store), "no such folder")
    return stored(str(store) if store else None)


def one_of(field: str, given: object, known: Sequence[str]) -> None:
    """Raise `Refused` unless the argument is one of those known."""
    if given not in known:
        raise Refused(field, given, f"give {', '.join(known[:-1])} or {known[-1]}")


def part_keys(found: Iterable[Manifest], table: str) -> list[str]:
    """The files of a table that manifests name."""
    return [file.key for one in found for file in one.files if file.table == table]


def filesystem(client: S3Store) -> FsspecStore:
    """What Arrow and DuckDB read `s3://` with: a client like the store's own."""
    return FsspecStore(
        "s3",
        config=client.config,
        client_options=client.client_options,
        credential_provider=client.credential_provider,
    )
