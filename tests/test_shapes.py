from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from completions.columns import BYTES, COMPLETIONS, TEXT, TIME, TRUTH, WHOLE, Column
from completions.shapes import athena_folder, athena_table, athena_type, json_schema, json_type

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/reference/rows.schema.json").read_text("utf-8"))
ROWS = json.loads((Path(__file__).parent / "data/v1/rows.json").read_text("utf-8"))
LINKS = pa.list_(pa.struct([("url", TEXT), ("order", WHOLE)]))


@pytest.mark.parametrize(
    ("type_", "athena", "json_"),
    [
        (TEXT, "string", {"type": ["string", "null"]}),
        (WHOLE, "bigint", {"type": ["integer", "null"]}),
        (TRUTH, "boolean", {"type": ["boolean", "null"]}),
        (pa.float64(), "double", {"type": ["number", "null"]}),
        (TIME, "timestamp", {"type": ["string", "null"], "format": "date-time"}),
        (BYTES, "binary", {"type": ["string", "null"], "contentEncoding": "base64"}),
        (pa.list_(TEXT), "array<string>", {"type": ["array", "null"], "items": {"type": ["string", "null"]}}),
        (
            LINKS,
            "array<struct<`url`:string,`order`:bigint>>",
            {
                "type": ["array", "null"],
                "items": {
                    "type": ["object", "null"],
                    "properties": {"url": {"type": ["string", "null"]}, "order": {"type": ["integer", "null"]}},
                    "required": ["url", "order"],
                },
            },
        ),
    ],
)
def test_a_type(type_: pa.DataType, athena: str, json_: dict[str, Any]) -> None:
    assert (athena_type(type_), json_type(type_)) == (athena, json_)


def test_a_folder_for_athena() -> None:
    assert athena_folder("seen", (Column("id", TEXT, "Id"),), "marts/seen").splitlines() == [
        "CREATE EXTERNAL TABLE `seen` (",
        "  `id` string",
        ")",
        "STORED AS PARQUET",
        "LOCATION 's3://BUCKET/PREFIX/marts/seen/';",
    ]


def test_a_table_for_athena() -> None:
    columns = (Column("id", TEXT, "Id"), Column("links", LINKS, "Links"))
    assert athena_table("seen", columns, 2).splitlines() == [
        "CREATE EXTERNAL TABLE `seen` (",
        "  `id` string,",
        "  `links` array<struct<`url`:string,`order`:bigint>>",
        ")",
        "PARTITIONED BY (`date` string)",
        "STORED AS PARQUET",
        "LOCATION 's3://BUCKET/PREFIX/datasets/seen/schema=v2/'",
        "TBLPROPERTIES (",
        "  'projection.enabled' = 'true',",
        "  'projection.date.type' = 'date',",
        "  'projection.date.format' = 'yyyy-MM-dd',",
        "  'projection.date.range' = '2026-01-01,NOW',",
        "  'storage.location.template' = 's3://BUCKET/PREFIX/datasets/seen/schema=v2/date=${date}/'",
        ");",
    ]


def test_no_name_needs_more_than_quotes() -> None:
    statement = athena_table("completions", COMPLETIONS, 1)
    assert re.findall(r"^  `(.*?)` ", statement, re.MULTILINE) == [column.name for column in COMPLETIONS]


@pytest.mark.parametrize("table", sorted(ROWS))
def test_rows_have_the_shape_that_is_printed(table: str) -> None:
    shape = SCHEMA | SCHEMA["$defs"][table]
    rows = [dict.fromkeys(shape["properties"]) | row for row in ROWS[table]]  # columns that came later read as NULL
    for row in rows:
        jsonschema.validate(row, shape)
    others: list[dict[str, Any]] = [{}, rows[0] | {next(iter(rows[0])): 1}]
    for wrong in others:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, shape)


def test_a_shape_tells_what_a_column_means() -> None:
    shape = json_schema([Column("latency_ms", WHOLE, "How long", "ms")])
    assert shape["properties"]["latency_ms"] == {"description": "How long (ms)", "type": ["integer", "null"]}
