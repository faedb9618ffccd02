"""Where the marts are: a Parquet file for each mart and run, and a stamp for each run that tells what it was made from.

Files are replaced whole, under the same key: before the first of a run is, its stamp goes, and is written again last.
Who reads by stamps sees finished runs only.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from obstore.store import S3Store
from pydantic import BaseModel, ConfigDict

from completions.brands import Brand
from completions.marts.columns import TABLES
from completions.marts.mart import SCHEMA_VERSION, Mart
from completions.reading import filesystem
from completions.store import Store

TOGETHER = 8
STAMPS = "marts/_runs"
BEGUN = "marts/_begun"
"""What the marts of a run are being made from; it stays where the making was killed."""


class Stamp(BaseModel):
    """What a run's marts were made from."""

    model_config = ConfigDict(frozen=True)

    versions: list[int]
    brands: list[Brand]
    forced: bool
    """Whether the brands were given in place of those on record."""
    batches: dict[str, int | None]
    """By id: the generation of the dataset; None: it had nothing of the batch."""
    before: dict[str, tuple[str, str, str]]
    """By id of a batch: run and batch that it is compared with, and that run's digest."""
    observed: list[str]
    """Batches with an answer that counts: later runs are compared with them."""


def putting(
    part: Store, audit: str, run: str, tables: Iterable[tuple[Mart, pa.Table]]
) -> Iterator[tuple[Mart, pa.Table]]:
    """Write each mart of a run, and hand it on; all are written when this ends."""
    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="marts") as pool:
        writes = []
        for mart, rows in tables:
            writes.append(pool.submit(part.put, key(mart, audit, run), _parquet(mart, rows)))
            yield mart, rows
        for write in writes:
            write.result()


def begin(part: Store, audit: str, run: str, stamp: Stamp) -> None:
    """Say that a run's marts are made anew, and do not stand until they are."""
    part.put(f"{BEGUN}/{audit}/{run}.json", stamp.model_dump_json().encode())
    part.delete([f"{STAMPS}/{audit}/{run}.json"])


def begun(part: Store, audit: str) -> dict[str, Stamp]:
    """By name, the runs whose marts were begun and not finished."""
    keys = list(part.keys(f"{BEGUN}/{audit}"))
    found = {PurePosixPath(key).stem: body for key, body in zip(keys, part.get_many(keys), strict=True) if body}
    return {run: Stamp.model_validate_json(body) for run, body in found.items()}


def put_stamp(part: Store, audit: str, run: str, stamp: Stamp) -> None:
    """Say that a run's marts stand."""
    part.put(f"{STAMPS}/{audit}/{run}.json", stamp.model_dump_json().encode())
    part.delete([f"{BEGUN}/{audit}/{run}.json"])


def stamps(part: Store, audit: str, runs: Sequence[str] | None = None) -> dict[str, Stamp]:
    """By name, the runs whose marts stand, of these or of all."""
    names = standing(part, audit) if runs is None else runs
    bodies = part.get_many([f"{STAMPS}/{audit}/{name}.json" for name in names])
    found = {name: body for name, body in zip(names, bodies, strict=True) if body}
    return {run: Stamp.model_validate_json(body) for run, body in found.items()}


def standing(part: Store, audit: str) -> list[str]:
    """The names of the runs whose marts stand, in order."""
    keys = part.keys(f"{STAMPS}/{audit}")
    return sorted(PurePosixPath(key).stem for key in keys if key.endswith(".json"))


def drop(part: Store, audit: str, run: str) -> None:
    """Remove a run's marts; first what says that they stand."""
    part.delete([f"{STAMPS}/{audit}/{run}.json", f"{BEGUN}/{audit}/{run}.json"])
    part.delete([key(mart, audit, run) for mart in TABLES.values()])


def dataset(part: Store, mart: Mart, runs: Iterable[tuple[str, str]]) -> ds.Dataset:
    """The rows of a mart for these audits' runs; what an older file does not have is null."""
    paths = [part.uri_of(key(mart, audit, run)).removeprefix("s3://") for audit, run in runs]
    client = part.inner
    files = pafs.PyFileSystem(pafs.FSSpecHandler(filesystem(client))) if isinstance(client, S3Store) else None
    if not paths:
        return ds.dataset(mart.schema.empty_table())
    return ds.FileSystemDataset.from_paths(paths, mart.schema, ds.ParquetFileFormat(), files or pafs.LocalFileSystem())


def key(mart: Mart, audit: str, run: str) -> str:
    """Where a run's file of a mart is."""
    return f"{mart.folder}/schema=v{SCHEMA_VERSION}/audit_name={audit}/{run}.parquet"


def _parquet(mart: Mart, rows: pa.Table) -> bytes:
    file = io.BytesIO()
    repeated = [column.name for column in mart.columns if column.repeats]
    pq.write_table(rows, file, compression="zstd", compression_level=3, use_dictionary=repeated)
    return file.getvalue()
