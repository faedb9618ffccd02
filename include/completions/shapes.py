"""The declared columns in other tongues: Athena's DDL and JSON Schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from completions.columns import Column

_ATHENA = {
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.binary(): "binary",
    pa.timestamp("us", tz="UTC"): "timestamp",
}
_JSON: dict[pa.DataType, dict[str, Any]] = {
    pa.string(): {"type": "string"},
    pa.int64(): {"type": "integer"},
    pa.float64(): {"type": "number"},
    pa.bool_(): {"type": "boolean"},
    pa.binary(): {"type": "string", "contentEncoding": "base64"},
    pa.timestamp("us", tz="UTC"): {"type": "string", "format": "date-time"},
}


def athena_table(name: str, columns: Sequence[Column], version: int) -> str:
    """The statement that declares a table to Athena, its days found by partition projection: nothing to register.

    https://docs.aws.amazon.com/athena/latest/ug/create-table.html and partition-projection-supported-types.html
    (November 2026). Names are quoted, as some (`order`, `date`) are reserved there. The folders of batches within a day
    are no partition; `batch_id` is a column.
    """
    folder = f"s3://BUCKET/PREFIX/datasets/{name}/schema=v{version}"
    properties = {
        "projection.enabled": "true",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": "2026-01-01,NOW",
        "storage.location.template": f"{folder}/date=${{date}}/",
    }
    return "\n".join(
        [
            _declared(name, columns),
            "PARTITIONED BY (`date` string)",
            "STORED AS PARQUET",
            f"LOCATION '{folder}/'",
            "TBLPROPERTIES (",
            ",\n".join(f"  '{key}' = '{value}'" for key, value in properties.items()),
            ");",
        ]
    )


def athena_folder(name: str, columns: Sequence[Column], folder: str) -> str:
    """The statement that declares all files below a folder as one table."""
    where = f"LOCATION 's3://BUCKET/PREFIX/{folder}/';"
    return "\n".join([_declared(name, columns), "STORED AS PARQUET", where])


def _declared(name: str, columns: Sequence[Column]) -> str:
    lines = ",\n".join(f"  `{column.name}` {athena_type(column.type)}" for column in columns)
    return f"CREATE EXTERNAL TABLE `{name}` (\n{lines}\n)"


def athena_type(type_: pa.DataType) -> str:
    """What Athena calls an Arrow type."""
    if pa.types.is_list(type_):
        return f"array<{athena_type(type_.value_type)}>"
    if pa.types.is_struct(type_):
        return f"struct<{','.join(f'`{field.name}`:{athena_type(field.type)}' for field in type_)}>"
    return _ATHENA[type_]


def json_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON Schema of a row, as `completions query --json` prints it: every column is there, and may be null."""
    return {
        "type": "object",
        "properties": {
            column.name: {"description": _described(column), **json_type(column.type)} for column in columns
        },
        "required": [column.name for column in columns],
    }


def json_type(type_: pa.DataType) -> dict[str, Any]:
    """The JSON Schema of an Arrow type, or null: columns are nullable by nature."""
    if pa.types.is_list(type_):
        return {"type": ["array", "null"], "items": json_type(type_.value_type)}
    if pa.types.is_struct(type_):
        fields = {field.name: json_type(field.type) for field in type_}
        return {"type": ["object", "null"], "properties": fields, "required": [*fields]}
    scalar = _JSON[type_]
    return {**scalar, "type": [scalar["type"], "null"]}


def _described(column: Column) -> str:
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning
