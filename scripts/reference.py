"""Write the reference pages that are made from the code: `python scripts/reference.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from completions.answer import Answer
from completions.columns import HEALTH, Column, arrow_type
from completions.dataset import TABLES
from completions.marts import mart as marts
from completions.marts.columns import TABLES as MARTS
from completions.record import SCHEMA_VERSION
from completions.shapes import athena_folder, athena_table, json_schema
from completions.sites import NAMES, site

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"

_INTRODUCTION = f"""\
# Columns

Schema version {SCHEMA_VERSION}. This page is made from `include/completions/columns.py` by `scripts/reference.py`.

`completions` and `artifacts` have one row per prompt x sample, failures included, and are joined on `answer_id`. NULL
means that the site does not show it, or that there is no answer; an empty list means that it was looked for and there
was none. Times are in microseconds, UTC. Whole numbers are 64-bit. Later schema versions only add columns.

The folders of a table add `schema`, `date` (when the batch was planned, UTC) and `batch` to what readers of the folder
see. For Athena: [athena.sql](athena.sql); rows as JSON: [rows.schema.json](rows.schema.json).
"""
_TITLES = {
    "completions": "what the site showed, light enough for analysts",
    "artifacts": "the bytes it was read from, heavy",
    "health": "what the checks of the sites found, a row each",
}


_ALL = {table.name: table.columns for table in TABLES} | {"health": HEALTH}
_ATHENA = """\
-- The dataset for Athena: put your bucket and prefix in place of BUCKET/PREFIX, and run the statements one by one.
-- Times are UTC. Days are found by partition projection, so new batches show at once; where date >= '2026-11-01' reads
-- no more than it must. For rehearsed answers: PREFIX/rehearsal, and other names for the tables.
-- Made from include/completions/columns.py and marts/columns.py by scripts/reference.py.
"""

_MARTS = f"""\
# Columns of the marts

Schema version {marts.SCHEMA_VERSION}, mart version {marts.MART_VERSION}. [Marts](../marts.md) tells how they are made
and read. Each is Parquet in `marts/<name>/schema=v{marts.SCHEMA_VERSION}/audit_name=<audit>/<run>.parquet` of the
store, a file for each run, of rehearsed audits below `rehearsal/`. `low` and `high` are the ends of the Wilson 95 %
interval. Later schema versions only add columns. This page is made from `include/completions/marts/columns.py` by
`scripts/reference.py`.

All of them begin and end with the same columns:
"""


def pages() -> dict[str, str]:
    """The reference: name of a file and what is in it."""
    return {
        "columns.md": "\n".join([_INTRODUCTION, *_tables(), *_sites(), *_structs()]),
        "marts.md": "\n".join([_MARTS, *_mart_tables()]),
        "athena.sql": "\n".join([_ATHENA, *_statements()]),
        "rows.schema.json": f"{json.dumps(_rows(), indent=2, ensure_ascii=False)}\n",
    }


def _statements() -> Iterator[str]:
    for name, columns in _ALL.items():
        yield f"{athena_table(name, columns, SCHEMA_VERSION)}\n"
    yield "-- The marts of audits.\n"
    for mart in MARTS.values():
        yield f"{athena_folder(f'mart_{mart.name}', mart.columns, f'{mart.folder}/schema=v{marts.SCHEMA_VERSION}')}\n"


def _rows() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rows of the dataset as JSON",
        "description": f"Schema version {SCHEMA_VERSION}; a row is one of $defs. Later versions only add to them.",
        "$defs": {name: json_schema(columns) for name, columns in _ALL.items()},
    }


def _tables() -> Iterator[str]:
    for name, columns in _ALL.items():
        yield f"## `{name}`: {_TITLES[name]}\n"
        yield from _table(columns)


def _mart_tables() -> Iterator[str]:
    yield from _table((*marts.KEYS, *marts.VERSIONS))
    for mart in MARTS.values():
        yield f"## `{mart.name}`: {mart.title}\n"
        yield f"A row for each {' and '.join(f'`{name}`' for name in ('batch_id', *mart.by))}.\n"
        yield from _table(mart.own)


def _table(columns: Sequence[Column]) -> Iterator[str]:
    yield "| column | type | unit | meaning |\n| --- | --- | --- | --- |"
    yield from (_line(column) for column in columns)
    yield ""


def _sites() -> Iterator[str]:
    """Which site fills what: the adapters' own declarations, which the tests hold against the rehearsals."""
    adapters = [site(name) for name in NAMES]
    fields = [name for name in Answer.model_fields if any(name in adapter.shows for adapter in adapters)]
    yield "## Which site fills what\n"
    yield "Where each adapter sees a column of the answer; `-`: the site is not known to show it, the column is NULL.\n"
    yield f"| column | {' | '.join(NAMES)} |\n| --- | {' | '.join('---' for _ in NAMES)} |"
    for name in fields:
        yield f"| `{name}` | {' | '.join(adapter.shows.get(name, '-') for adapter in adapters)} |"
    yield ""


def _line(column: Column) -> str:
    return f"| `{column.name}` | {_type(column.type)} | {column.unit} | {column.meaning} |"


def _type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"list of {_type(type_.value_type)}"
    if pa.types.is_timestamp(type_):
        return "timestamp"
    return "struct" if pa.types.is_struct(type_) else str(type_)


def _structs() -> Iterator[str]:
    for name, field in Answer.model_fields.items():
        if model := _model(field.annotation):
            yield f"## Entries of `{name}`\n\n{model.__doc__}\n"
            yield "| field | type | meaning |\n| --- | --- | --- |"
            for part, inner in model.model_fields.items():
                yield f"| `{part}` | {_type(arrow_type(inner.annotation))} | {inner.description or ''} |"
            yield ""


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model in `list[Model] | None`."""
    if get_origin(annotation) is None:
        return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return next((found for one in get_args(annotation) if one is not NoneType and (found := _model(one))), None)


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
