"""What version 1 wrote is read by whatever comes later: see scripts/golden.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic_core import to_json

import completions
from completions.reading import SCHEMAS
from completions.record import SCHEMA_VERSION
from completions.store import Store, open_store
from completions.verify import holds
from stores import new_bucket

pytest_plugins = ["stores"]

V1 = Path(__file__).parent / "data" / "v1"
ROWS: dict[str, list[dict[str, Any]]] = json.loads((V1 / "rows.json").read_text("utf-8"))
TABLES: Any = sorted(ROWS)


@pytest.fixture(params=["folder", "bucket"])
def golden(request: pytest.FixtureRequest) -> Store:
    """The store that version 1 left, where it lies and in a bucket."""
    if request.param == "folder":
        return open_store(V1)
    bucket = new_bucket(request.getfixturevalue("s3"))
    for file in V1.rglob("*.*"):
        bucket.put(str(file.relative_to(V1)), file.read_bytes())
    return bucket


def plain(rows: list[dict[str, Any]]) -> Any:
    """Rows as rows.json has them."""
    return json.loads(to_json([{name: _plain(value) for name, value in row.items()} for row in rows]))


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def test_todays_version_has_its_golden_store() -> None:
    assert (V1.parent / f"v{SCHEMA_VERSION}").is_dir(), "run: python scripts/golden.py"


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_read(golden: Store, table: Any) -> None:
    frame = completions.load(table, store=golden)
    rows = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    assert {str(row.pop("date")) for row in rows} == {"2026-11-23"}
    assert plain([{name: row[name] for name in ROWS[table][0]} for row in rows]) == ROWS[table]
    later = [name for name in frame.columns if name not in ROWS[table][0] and name != "date"]
    assert frame[later].isna().all(axis=None)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_seen_by_duckdb(golden: Store, table: str) -> None:
    found = completions.connect(golden).execute(f"select * from {table}")
    names = [name for name, *_ in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert plain([{name: row[name] for name in ROWS[table][0]} for row in rows]) == ROWS[table]


@pytest.mark.parametrize("table", TABLES)
def test_todays_columns_hold_what_they_held(table: str) -> None:
    [file] = (V1 / "datasets" / table).rglob("*.parquet")
    today = SCHEMAS[table]
    for then in pq.read_schema(file):
        assert holds(today.field(then.name).type, then.type), then.name


@pytest.mark.parametrize(
    ("today", "then", "held"),
    [
        (pa.int64(), pa.int64(), True),
        (pa.int32(), pa.int64(), False),
        (pa.list_(pa.struct({"a": pa.int64(), "b": pa.int64()})), pa.list_(pa.struct({"a": pa.int64()})), True),
        (pa.list_(pa.struct({"b": pa.int64()})), pa.list_(pa.struct({"a": pa.int64()})), False),
        (pa.string(), pa.list_(pa.string()), False),
    ],
)
def test_what_holds_what(today: pa.DataType, then: pa.DataType, held: bool) -> None:
    assert holds(today, then) is held


def test_a_later_version_finds_nothing_in_its_new_columns(golden: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = SCHEMAS["completions"]
    link = pa.struct([*schema.field("citations").type.value_type, ("weight", pa.float64())])
    wider = schema.set(schema.get_field_index("citations"), pa.field("citations", pa.list_(link)))
    monkeypatch.setitem(SCHEMAS, "completions", wider.append(pa.field("mood", pa.string())))

    duck = completions.connect(golden)
    assert duck.sql("select distinct mood, typeof(mood) from completions").fetchall() == [(None, "VARCHAR")]
    frame = completions.load(store=golden)
    assert frame["mood"].isna().all()
    first = frame["citations"].iloc[0][0]
    assert (first["url_canonical"], first["weight"]) == ("https://a.example/guitars", None)


def test_readers_of_the_folder_find_every_row() -> None:
    folder = f"{V1}/datasets/completions"
    expected = [row["answer_id"] for row in ROWS["completions"]]
    assert pd.read_parquet(folder)["answer_id"].tolist() == expected
    assert pq.read_table(folder).column("answer_id").to_pylist() == expected
    assert pl.read_parquet(f"{folder}/**/*.parquet")["answer_id"].to_list() == expected
    view = duckdb.connect().read_parquet(f"{folder}/**/*.parquet")
    assert [answer_id for (answer_id,) in view.select("answer_id").fetchall()] == expected
