"""The dataset as analysts want it: one table as a pandas frame, in one line.

It is read by the manifests and through the store's own client, like the views of DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from obstore.store import S3Store

from completions.batch import Model
from completions.errors import Refused
from completions.manifest import Manifest
from completions.parts import TABLE_NAMES, Days, TableName, day, health_keys, known, manifests
from completions.reading import DAY, ORIGINS, SCHEMAS, filesystem, one_of, opened, part_keys
from completions.store import Origin, Store, StoreError

_READ_AHEAD = 2
"""Row groups that are read before they are asked for; those of `artifacts` are of 16 MB and more."""


def load(
    table: TableName = "completions",
    *,
    since: date | str | None = None,
    until: date | str | None = None,
    model: str | Sequence[str] | None = None,
    audit: str | None = None,
    batch: str | Sequence[str] | None = None,
    origin: Origin = "live",
    columns: str | Sequence[str] | None = None,
    store: Store | str | Path | None = None,
) -> pd.DataFrame:
    """One table as a pandas frame with Arrow types: the columns of the reference page, and `date`.

    Args:
        table: `completions`, `artifacts` (page, stream, screenshot: large) or `health`.
        since: The first day, UTC, on which a batch was planned or a site checked; text is ISO 8601.
        until: The last day.
        model: The site, or some sites.
        audit: Only batches of this recurring audit.
        batch: Id of a batch, or of some batches.
        origin: `live`, or `rehearsal`: what the stand-ins answered. The two never meet in a frame.
        columns: Only this column, or these.
        store: Folder or `s3://bucket/prefix`; else the one that COMPLETIONS_STORE names.

    A store without such rows gives an empty frame with all columns. Raises `Refused`, a `ValueError`, with one sentence
    for an argument that cannot be, and `StoreError` for a store that cannot be read.
    """
    asked = _Asked(
        table=table,
        days=Days(day("since", since), day("until", until)),
        models=_several(model),
        audit=audit,
        batches=_several(batch),
        origin=origin,
        columns=_several(columns),
    )
    whole = opened(store)
    asked.refuse(whole)
    return _told(whole, asked.rows).to_pandas(types_mapper=pd.ArrowDtype)


@dataclass(frozen=True)
class _Asked:
    """The arguments of `load`."""

    table: TableName
    days: Days
    models: list[str] | None
    audit: str | None
    batches: list[str] | None
    origin: Origin
    columns: list[str] | None

    def refuse(self, store: Store) -> None:
        """Raise `Refused` for the first argument that cannot be."""
        one_of("table", self.table, TABLE_NAMES)
        one_of("origin", self.origin, ORIGINS)
        for name in self.models or ():
            one_of("model", name, get_args(Model))
        for name in self.columns or ():
            if name not in self._schema.names:
                way_out = f"{self.table} has no such column; docs/reference/columns.md has them all"
                raise Refused("columns", name, way_out)
        self.days.refuse_none()
        if self.table == "health":
            self._refuse_for_health()
        known(store, self.origin, self.batches or ())

    def rows(self, store: Store) -> pa.Table:
        """What is in the store of it. Raises `FileNotFoundError` where a file was replaced meanwhile."""
        part, only = store.of(self.origin), None
        if self.table == "health":
            keys, only = health_keys(part, self.days), ds.field("site").isin(self.models) if self.models else None
        else:
            keys = part_keys(self._manifests(part), self.table)
        return _rows(part, keys, self._schema, self.columns or self._schema.names, only)

    @property
    def _schema(self) -> pa.Schema:
        return SCHEMAS[self.table].append(DAY)

    def _refuse_for_health(self) -> None:
        for field, value in (("audit", self.audit), ("batch", self.batches)):
            if value is not None:
                raise Refused(field, value, "health is about sites; it has neither audits nor batches")

    def _manifests(self, part: Store) -> list[Manifest]:
        found = manifests(part, self.days, self.batches)
        found = [one for one in found if self.models is None or one.model in self.models]
        if self.audit is None:
            return found
        named = _of_audit(part, found, self.audit)
        return [one for one in found if one.batch_id in named]


def _several(given: str | Sequence[str] | None) -> list[str] | None:
    return [given] if isinstance(given, str) else None if given is None else list(given)


def _of_audit(part: Store, found: Sequence[Manifest], audit: str) -> set[str]:
    """Those of the batches whose rows name the audit."""
    rows = _rows(
        part, part_keys(found, "completions"), SCHEMAS["completions"], ["batch_id"], ds.field("audit") == audit
    )
    return set(rows.column("batch_id").to_pylist())


def _rows(part: Store, keys: Sequence[str], schema: pa.Schema, columns: list[str], only: Any) -> pa.Table:
    """The rows of files, read as `schema` says: what an older file does not have is null."""
    paths = [part.uri_of(key).removeprefix("s3://") for key in keys]
    client = part.inner
    files = pafs.PyFileSystem(pafs.FSSpecHandler(filesystem(client))) if isinstance(client, S3Store) else None
    path_keys = ds.partitioning(pa.schema([DAY]), flavor="hive")
    if not paths:
        return schema.empty_table().select(columns)
    found = ds.dataset(paths, schema, "parquet", files, path_keys)
    return found.to_table(columns, only, batch_readahead=_READ_AHEAD, fragment_readahead=_READ_AHEAD)


def _told(store: Store, read: Callable[[Store], pa.Table]) -> pa.Table:
    """What `read` gives; once more where a file is gone, for then its batch has a manifest that names others."""
    try:
        try:
            return read(store)
        except FileNotFoundError:
            return read(store)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"cannot read the dataset in {store.uri}: {str(error).strip().splitlines()[0]}") from error
