"""Rows and Parquet files: from a stored record to the two tables of the dataset.

`completions` is light, what analysts read; `artifacts` holds the bytes it was read from. Both have one row per prompt x
sample, failures included. The same records make the same bytes: nothing in a file tells when it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from completions.answer import Answer
from completions.answer_language import mismatch
from completions.columns import ARTIFACTS, COMPLETIONS, CONVERSATION, KEPT, Column
from completions.errors import OBSERVED
from completions.manifest import CODE_VERSION
from completions.plan import Item, Plan
from completions.record import SCHEMA_VERSION, Record, answer_id

GROUP_ROWS = 100
GROUP_SIZE = 16_000_000
"""A row group ends at so many rows, or at so many characters and bytes in them: a group is what is held in memory."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One table of the dataset: its columns, and how a record becomes a row of it."""

    name: Literal["completions", "artifacts"]
    columns: tuple[Column, ...]
    row: Callable[[Plan, Item, Record], Row]

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, which is also the file's."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def options(self) -> dict[str, Any]:
        """How pyarrow is to write it."""
        return {
            "compression": "zstd",
            "compression_level": 3,
            "use_dictionary": [column.name for column in self.columns if column.repeats],
            "write_statistics": [column.name for column in self.columns if not column.bulky],
        }

    def folder(self, plan: Plan) -> str:
        """Key of the folder that holds this batch's part of the table.

        Its path keys must not be named like a column: `pandas.read_parquet(folder)` would fail.
        """
        return f"datasets/{self.name}/schema=v{SCHEMA_VERSION}/date={plan.date}/batch={plan.batch_id}"

    def key(self, plan: Plan) -> str:
        """Key of the one file of this batch and generation."""
        return f"{self.folder(plan)}/part-g{plan.generation}-00000.parquet"


class PartWriter:
    """Writes one Parquet file, a row group at a time."""

    def __init__(self, table: Table, plan: Plan, file: Path) -> None:
        self.table, self.plan, self.file = table, plan, file
        self.rows = 0
        self._group: list[Row] = []
        self._size = 0
        about = {"schema_version": str(SCHEMA_VERSION), "batch_id": plan.batch_id, "code_version": CODE_VERSION}
        self._writer = pq.ParquetWriter(file, table.schema.with_metadata(about), **table.options)

    def add(self, row: Row) -> None:
        """Append `row`."""
        self._group.append(row)
        self._size += sum(len(value) for value in row.values() if isinstance(value, (str, bytes)))
        self.rows += 1
        if len(self._group) == GROUP_ROWS or self._size >= GROUP_SIZE:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the footer."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._group:
            self._writer.write_table(pa.Table.from_pylist(self._group, self.table.schema))
            self._group, self._size = [], 0


def _identity(plan: Plan, item: Item) -> Row:
    return {
        "answer_id": answer_id(plan.batch_id, item.index, item.sample),
        "batch_id": plan.batch_id,
        "prompt_index": item.index,
        "sample_index": item.sample,
    }


def _request(plan: Plan, item: Item) -> Row:
    config = plan.config
    return {
        "run_id": plan.run_id,
        "prompt_id": item.prompt_id,
        "prompt": config.prompts[item.index],
        "model": config.model,
        "device_requested": config.device,
        "country_requested": config.country,
        "subdivision_requested": config.subdivision,
        "city_requested": config.city,
        "language_requested": config.language,
        "display_requested": config.display,
        "client_ref": config.client_ref,
        "audit": config.audit.name if config.audit else None,
        "format": config.format,
        "origin": config.origin,
        "duplicate_of": item.duplicate_of,
        "schema_version": SCHEMA_VERSION,
    }


def _completion(plan: Plan, item: Item, record: Record) -> Row:
    answer = record.answer
    language = answer.language() if answer else None
    foreign = mismatch(plan.profile.language, language)
    return {
        **_identity(plan, item),
        **_request(plan, item),
        "status": "succeeded" if record.outcome.succeeded else "failed",
        "observed": record.outcome in OBSERVED,
        "outcome": record.outcome,
        **{column.name: getattr(record, column.name) for column in CONVERSATION},
        "warnings": [*record.warnings, *([foreign] if foreign else [])],
        **(answer.model_dump() if answer else dict.fromkeys(Answer.model_fields)),
        "answer_language": language,
        "answer_sha256": _sha256(answer.answer_text if answer else None),
    }


def _artifact(plan: Plan, item: Item, record: Record) -> Row:
    artifacts = record.artifacts
    row = {**_identity(plan, item), "raw_stream_kind": artifacts.raw_stream_kind}
    for name in KEPT:
        content = getattr(artifacts, name)
        row |= {name: content, f"{name}_sha256": _sha256(content), f"{name}_truncated": name in artifacts.cut}
    return row


def _sha256(content: str | bytes | None) -> str | None:
    if content is None:
        return None
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


TABLES = (Table("completions", COMPLETIONS, _completion), Table("artifacts", ARTIFACTS, _artifact))
