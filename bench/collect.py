"""A heavy batch collected: peak memory, time beside pyarrow alone, sizes beside pyarrow's defaults.

    .venv/bin/python bench/collect.py [--answers 1000] [--page 900000] [--stream 600000] [--format json]

On a folder, then on S3 (moto's, in a process of its own). Two peers write the same rows with pyarrow alone, with the
same options and to the same kind of place; neither checks anything, hashes, or makes an archive or a manifest. `write`
has them as Arrow tables already; `script` reads the records as collect must, one after the other. Everything that is
timed runs alone in its process; memory is that process's own `ru_maxrss`, imports included.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

BATCH = "11111111-2222-4333-8444-555555555555"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Spent:
    """What a process took: wall and CPU in seconds, peak memory in MB, and the bytes that it wrote."""

    wall: float
    cpu: float
    peak: float
    sizes: dict[str, int]


def main() -> None:
    """Run everything and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--page", type=int, default=900_000, help="characters of a page")
    parser.add_argument("--stream", type=int, default=600_000, help="bytes of a stream")
    parser.add_argument("--format", default="json", choices=["json", "rendered", "raw"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _s3() as bucket:
        for location in (f"{folder}/store", bucket):
            kept = _alone(fill, location, options)
            heavy = options.answers * (options.page + options.stream)
            print(f"{location[:5]:6}{options.answers} answers, {heavy / 1e6:.0f} MB, packed {kept / 1e6:.0f} MB")
            ours, script = _alone(collected, location), _alone(scripted, location)
            _print(ours, script, *(_alone(written, location, own) for own in (True, False)))


def _print(ours: Spent, script: Spent, write: Spent, default: Spent) -> None:
    for name, spent in (("collect", ours), ("script", script), ("write", write), ("snappy", default)):
        sizes = ", ".join(f"{what} {size / 1e6:.1f} MB" for what, size in spent.sizes.items())
        print(f"  {name:9}{spent.wall:7.1f} s {spent.cpu:7.1f} CPU s {spent.peak:6.0f} MB of memory   {sizes}")
    for name, peer in (("script", script), ("write", write)):
        print(f"  collect / {name}: {ours.wall / peer.wall:.2f} in time, {ours.cpu / peer.cpu:.2f} in CPU")
    tables = [sum(spent.sizes[table] for table in ("completions", "artifacts")) for spent in (ours, default)]
    print(f"  tables / snappy: {tables[0] / tables[1]:.2f} in bytes")


def _alone(do: Callable[..., Result], *arguments: Any) -> Result:
    """In a process of its own, started from this one, which stays small: a child's peak begins at its parent's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(do, *arguments).result()


@contextmanager
def _s3() -> Iterator[str]:
    """An S3 on a free port, and a bucket in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    try:
        _alone(_make_bucket)
        yield "s3://bench/store"
    finally:
        server.terminate()
        server.wait()


def _make_bucket() -> None:
    import boto3
    from botocore.config import Config

    boto3.client("s3", config=Config(retries={"total_max_attempts": 30, "mode": "standard"})).create_bucket(
        Bucket="bench"
    )


def fill(location: str, options: argparse.Namespace) -> int:
    """Plan a batch and leave its records, as the asking tasks would; returns their bytes."""
    from datetime import UTC, datetime, timedelta

    from completions.answer import Answer, Citation
    from completions.batch import BatchConfig
    from completions.errors import Outcome
    from completions.plan import make_plan
    from completions.profile import Profile
    from completions.record import Artifacts, Record, answer_id, answer_key
    from completions.store import open_store
    from pages import Pages

    store, pages, now = open_store(location), Pages(1), datetime(2026, 11, 23, 12, tzinfo=UTC)
    prompts = [f"{pages.text(9)} {number}?" for number in range(options.answers)]
    config = BatchConfig.model_validate({"prompts": prompts, "format": options.format})
    plan = make_plan(store, config, Profile(seed=1), batch_id=BATCH, run_id="bench", now=now)
    size = 0
    for item in plan.items:
        text, links = pages.text(900), [f"https://{pages.text(1)}.example/{number}" for number in range(12)]
        packed = Record(
            answer_id=answer_id(BATCH, item.index, item.sample),
            prompt=prompts[item.index],
            outcome=Outcome.ANSWERED,
            attempts=1,
            requested_at=now,
            started_at=now,
            answered_at=now + timedelta(seconds=9),
            latency_ms=9000,
            answer=Answer(
                answer_text=text,
                answer_markdown=text,
                citations=[
                    Citation(position=number, role="inline", url=link, url_canonical=link)
                    for number, link in enumerate(links, 1)
                ],
            ),
            artifacts=Artifacts(
                page_html=pages.page(options.page),
                completion_html=pages.page(9000),
                raw_stream=pages.stream(options.stream),
                raw_stream_kind="sse",
            ),
        ).packed()
        store.put(answer_key(BATCH, item.index, item.sample), packed)
        size += len(packed)
    return size


def collected(location: str) -> Spent:
    """Collect the batch."""
    from datetime import UTC, datetime

    from completions.collect import collect
    from completions.store import open_store

    store, clock = open_store(location), Clock()
    with clock:
        manifest = collect(store, BATCH, datetime.now(UTC))
    assert manifest.archive
    sizes: dict[str, int] = {file.table: file.bytes for file in manifest.files}
    return Spent(clock.wall, clock.cpu, _peak(), sizes | {"archive": manifest.archive.bytes})


def scripted(location: str) -> Spent:
    """What a script would do: read each record, keep what both tables have of it, write ten rows at a time."""
    import base64
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq
    import zstandard

    from completions.dataset import TABLES
    from completions.record import batch_key
    from completions.store import open_store

    store, clock = open_store(location), Clock()
    files, folder = _files(location)
    paths = [f"{folder}/script-{table.name}.parquet" for table in TABLES]
    with clock:
        writers = [
            pq.ParquetWriter(path, table.schema, filesystem=files, **table.options)
            for path, table in zip(paths, TABLES, strict=True)
        ]
        rows: list[dict[str, Any]] = []
        for body in store.get_many(sorted(store.keys(batch_key(BATCH, "answers")))):
            record = json.loads(zstandard.decompress(body or b""))
            kept = record["artifacts"]
            kept["raw_stream"] = base64.urlsafe_b64decode(kept["raw_stream"])
            rows.append({"answer_id": record["answer_id"], "prompt": record["prompt"], **record["answer"], **kept})
            if len(rows) == 10:
                for table, writer in zip(TABLES, writers, strict=True):
                    writer.write_table(pa.Table.from_pylist(rows, table.schema))
                rows = []
        for writer in writers:
            writer.close()
    return Spent(clock.wall, clock.cpu, _peak(), {})


def written(location: str, ours: bool) -> Spent:
    """Write the rows of the batch's parts anew, with our options or with none; only the writing is timed."""
    import pyarrow.parquet as pq

    from completions.dataset import TABLES
    from completions.manifest import load_manifest
    from completions.store import open_store

    store, clock = open_store(location), Clock()
    sizes: dict[str, int] = {}
    manifest = load_manifest(store, BATCH)
    assert manifest
    files, folder = _files(location)
    for table, file in zip(TABLES, manifest.files, strict=True):
        path = f"{folder}/{table.name}.parquet"
        with store.open(file.key) as content:
            part = pq.ParquetFile(content)
            options = table.options if ours else {}
            writer = pq.ParquetWriter(path, part.schema_arrow, filesystem=files, **options)
            for number in range(part.num_row_groups):
                rows = part.read_row_group(number)
                with clock:
                    writer.write_table(rows)
            with clock:
                writer.close()
        sizes[table.name] = files.get_file_info(path).size
    return Spent(clock.wall, clock.cpu, _peak(), sizes)


def _files(location: str) -> tuple[Any, str]:
    """Pyarrow's own way to the same kind of place."""
    from pyarrow.fs import LocalFileSystem, S3FileSystem

    if not location.startswith("s3://"):
        return LocalFileSystem(), str(Path(location).parent)
    endpoint = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    return S3FileSystem(endpoint_override=endpoint, scheme="http"), location.removeprefix("s3://")


class Clock:
    """Adds up wall and CPU time, in seconds, of the blocks that it is used for."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self.wall -= time.monotonic()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.monotonic()
        self.cpu += time.process_time()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
