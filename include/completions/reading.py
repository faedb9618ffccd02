"""The dataset as DuckDB sees it: the views `completions` and `artifacts`.

The views read the files that manifests name, so that neither a batch that is still being collected nor a superseded
generation shows. DuckDB's own S3 client is a download; here it goes through the store's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa
from obstore.fsspec import FsspecStore
from obstore.store import S3Store

from completions.dataset import TABLES
from completions.manifest import Manifest, manifest_key
from completions.plan import find_batch
from completions.store import Store

_PATH_KEYS = [pa.field("batch", pa.string()), pa.field("date", pa.date32()), pa.field("schema", pa.string())]


def connect(store: Store, batch_id: str | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB with both views, over one batch (live or rehearsed), else over every batch of this part of the store."""
    found = find_batch(store, batch_id) if batch_id else None
    part = found[0] if found else store
    manifests = list(_manifests(part, [batch_id] if batch_id else part.folders("batches")))
    connection = duckdb.connect()
    if isinstance(part.inner, S3Store):
        connection.register_filesystem(_filesystem(part.inner))
    for table in TABLES:
        files = [part.uri_of(file.key) for one in manifests for file in one.files if file.table == table.name]
        rows = (
            connection.read_parquet(files, union_by_name=True, hive_partitioning=True)
            if files
            else connection.from_arrow(pa.schema([*table.schema, *_PATH_KEYS]).empty_table())
        )
        rows.create_view(table.name)
    return connection


def example(part: Store, client_ref: str) -> str:
    """One query over what this part of the store holds for a caller, as any DuckDB runs it (on S3, with httpfs)."""
    files = part.uri_of("datasets/completions/**/*.parquet").replace("'", "''")
    seen = "select model, prompt, outcome, answer_text, len(citations) as citations"
    return f"{seen} from read_parquet('{files}') where client_ref = '{client_ref}' and not from_cache"


def _manifests(part: Store, batch_ids: Iterable[str]) -> Iterator[Manifest]:
    for body in part.get_many([manifest_key(batch_id) for batch_id in batch_ids]):
        if body:
            yield Manifest.model_validate_json(body)


def _filesystem(client: S3Store) -> FsspecStore:
    """What DuckDB reads `s3://` with: a client like the store's own."""
    return FsspecStore(
        "s3",
        config=client.config,
        client_options=client.client_options,
        credential_provider=client.credential_provider,
    )
