from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import S3FileSystem

from batches import BATCH, NOW, ask, planned
from completions.collect import collect
from completions.errors import Outcome
from completions.health import Health, keep
from completions.manifest import Manifest, manifest_key
from completions.reading import connect, example
from completions.store import AwsAccess, Store

pytest_plugins = ["stores"]

SEEN = [("a", "answered", 1), ("b", "refused", None)]


def checked(site: str, days: int = 0) -> Health:
    """A check that found nothing wrong."""
    at = NOW + timedelta(days=days)
    return Health(
        site=site,
        origin="live",
        checked_at=at,
        healthy=True,
        outcome=Outcome.ANSWERED,
        tries=1,
        adapter_version="1",
    )


def collected(store: Store, batch_id: str = BATCH, days: int = 0, **fields: Any) -> Manifest:
    """A batch of one answer and one refusal."""
    plan = planned(store, batch_id=batch_id, now=NOW + timedelta(days=days), **fields)
    ask(store, plan, lambda item: Outcome.REFUSED if item.index else Outcome.ANSWERED)
    return collect(store, batch_id, NOW)


def test_views(any_store: Store) -> None:
    collected(any_store)
    collected(any_store, "another", 1)
    collected(any_store, "rehearsed", 2, rehearse=True)
    collected(any_store, "unfinished", 3)
    any_store.delete([manifest_key("unfinished")])

    live = connect(any_store)
    light = "select distinct batch, date from completions order by date"
    assert live.sql(light).fetchall() == [(BATCH, date(2026, 11, 23)), ("another", date(2026, 11, 24))]
    joined = "select prompt, page_html from completions join artifacts using (answer_id, batch) where batch = 'another'"
    assert live.sql(f"{joined} order by prompt").fetchall() == [("a", "<p>a</p>"), ("b", "<p>b</p>")]
    rehearsed = connect(any_store, origin="rehearsal")
    assert rehearsed.sql("select distinct batch from completions").fetchall() == [("rehearsed",)]


@pytest.mark.parametrize("batch_id", ["another", "rehearsed"])
def test_views_of_one_batch(any_store: Store, batch_id: str) -> None:
    collected(any_store)
    collected(any_store, batch_id, rehearse=batch_id == "rehearsed")

    query = "select batch_id, prompt, outcome, len(citations) from completions order by prompt_index"
    assert connect(any_store, batch_id).sql(query).fetchall() == [(batch_id, *row) for row in SEEN]


@pytest.mark.parametrize("batch_id", [None, "none"])
def test_views_of_nothing(any_store: Store, batch_id: str | None) -> None:
    empty = connect(any_store, batch_id)
    query = "select prompt, citations[1].url, batch from completions where date > '2026-01-01' and schema = 'v1'"
    assert empty.sql(query).fetchall() == []
    assert empty.sql("select page_html from artifacts").fetchall() == []


def test_an_empty_view_has_the_columns_of_a_full_one(folder: Store) -> None:
    empty = connect(folder).sql("from completions")
    collected(folder)
    full = connect(folder).sql("from completions")
    assert dict(zip(empty.columns, empty.types, strict=True)) == dict(zip(full.columns, full.types, strict=True))


def test_the_printed_query_runs_in_any_duckdb(folder: Store) -> None:
    collected(folder, client_ref="mine")
    collected(folder, "another", client_ref="theirs")
    query = example(folder, "mine")
    program = "import duckdb, sys; print(duckdb.sql(sys.argv[1]).fetchall())"
    told = subprocess.run([sys.executable, "-c", program, query], capture_output=True, text=True, check=True).stdout
    assert told == "[('chatgpt', 'a', 'answered', 'a 0', 1), ('chatgpt', 'b', 'refused', None, None)]\n"


def test_duckdb_reads_the_folder(folder: Store) -> None:
    collected(folder)
    files = f"{folder.uri}/datasets/completions/**/*.parquet"
    query = f"select prompt, outcome, len(citations), batch, date from read_parquet('{files}', hive_partitioning=true)"
    assert duckdb.connect().execute(query).fetchall() == [(*row, BATCH, date(2026, 11, 23)) for row in SEEN]


def _seen(table: pd.DataFrame) -> list[tuple[str, str, int | None]]:
    found = zip(table["prompt"], table["outcome"], table["citations"], table["batch"], strict=True)
    return [(prompt, outcome, None if links is None else len(links)) for prompt, outcome, links, _ in found]


def test_pandas_and_pyarrow_read_the_folder(folder: Store) -> None:
    collected(folder)
    table = f"{folder.uri}/datasets/completions"
    assert _seen(pd.read_parquet(table)) == _seen(pq.read_table(table).to_pandas()) == SEEN
    assert len(pd.read_parquet(f"{folder.uri}/datasets/artifacts", columns=["answer_id", "page_html"])) == 2


def test_pandas_and_pyarrow_read_s3(bucket: Store, s3: AwsAccess) -> None:
    collected(bucket)
    assert s3.endpoint_url
    keys = {"access_key": "testing", "secret_key": "testing", "region": "us-east-1"}
    client = S3FileSystem(**keys, endpoint_override=s3.endpoint_url)
    table = f"{bucket.uri.removeprefix('s3://')}/datasets/completions"
    assert _seen(pd.read_parquet(table, filesystem=client)) == SEEN
    assert _seen(pq.read_table(table, filesystem=client).to_pandas()) == SEEN


def test_polars_reads_the_folder(folder: Store) -> None:
    collected(folder)
    table = pl.read_parquet(f"{folder.uri}/datasets/completions/**/*.parquet", hive_partitioning=True)
    assert table.select("prompt", "outcome", pl.col("citations").list.len()).rows() == SEEN


def test_every_view_of_either_origin(any_store: Store) -> None:
    collected(any_store)
    collected(any_store, "rehearsed", rehearse=True)
    keep(any_store, checked("chatgpt"))

    live = connect(any_store)
    assert live.sql("select distinct batch from rehearsal.completions").fetchall() == [("rehearsed",)]
    assert live.sql("select distinct batch from artifacts").fetchall() == [(BATCH,)]
    assert live.sql("select site, date, schema from health").fetchall() == [("chatgpt", NOW.date(), "v1")]
    rehearsed = connect(any_store.uri if any_store.is_local else any_store, origin="rehearsal")
    assert rehearsed.sql("select site from live.health union all select site from health").fetchall() == [("chatgpt",)]
