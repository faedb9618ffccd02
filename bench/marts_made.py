"""An audit's history made up: records, manifests and Parquet as the pipeline leaves them, only faster.

Answers are of eight sentences, one in four of which names a brand; each links to six pages and lists ten, out of
50,000, the popular ones far more often; one in twenty-five is a failure. The same seed gives the same answers.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from completions.audit_runs import AuditBatch, AuditRun, Declared, keep, run_name
from completions.brands import Brand
from completions.dataset import GROUP_ROWS, TABLES
from completions.manifest import Manifest, PartFile, manifest_key
from completions.profile import Profile
from completions.record import prompt_id
from completions.store import Store
from pages import Pages

AUDIT = "made-up"
MODELS, PROFILES = ("chatgpt", "gemini", "perplexity", "copilot"), ("US", "DE")
BRANDS = tuple(
    Brand(name=name, domains=(f"{name.lower()}.example",))
    for name in (
        "Fender",
        "Gibson",
        "Ibanez",
        "Yamaha",
        "Taylor",
        "Martin",
        "Epiphone",
        "Gretsch",
        "Rickenbacker",
        "ESP",
    )
)
SCHEMA = TABLES[0].schema
OUTCOMES = ("answered", "refused", "timeout")
PAGES, SENTENCES, QUERIES = 50_000, 20_000, 20_000


class Made:
    """The words, pages and searches that answers are made of."""

    def __init__(self, prompts: int, samples: int) -> None:
        self.prompts, self.samples = prompts, samples
        self.random, self.words = np.random.default_rng(1), Pages(1)
        self.asked = [f"{self.words.text(9)} {number}?" for number in range(prompts)]

    @cached_property
    def sentences(self) -> pa.Array:
        """What answers are written of."""
        named = self.random.integers(0, 4 * len(BRANDS), SENTENCES)
        ends = [f" {BRANDS[at].name} {self.words.text(3)}." if at < len(BRANDS) else "." for at in named]
        return pa.array([self.words.text(22).capitalize() + end for end in ends])

    @cached_property
    def pages(self) -> pa.Table:
        """What answers link to."""
        domains = [f"{word}.example" for word in self.words.words[:3000]] + [brand.domains[0] for brand in BRANDS]
        own = [domains[at] for at in self._zipf(len(domains), PAGES)]
        urls = [f"https://www.{domain}/{self.words.text(2).replace(' ', '/')}/{at}" for at, domain in enumerate(own)]
        titles = [self.words.text(7) for _ in urls]
        return pa.table({"url": urls, "url_canonical": urls, "domain": own, "title": titles, "site_name": own})

    @cached_property
    def queries(self) -> pa.Array:
        """What is searched for."""
        return pa.array([self.words.text(6) for _ in range(QUERIES)])

    def batch(self, batch_id: str, model: str, country: str, at: datetime) -> pa.Table:
        """The rows of one batch."""
        size = self.prompts * self.samples
        index = np.repeat(np.arange(self.prompts), self.samples)
        outcome = self.random.choice(3, size, p=[0.94, 0.02, 0.04])
        picked = [self.sentences.take(pa.array(self.random.integers(0, SENTENCES, size))) for _ in range(8)]
        answered = pa.array(outcome == 0)
        text = pc.if_else(answered, pc.binary_join_element_wise(*picked, " "), None)
        took = pa.array(self.random.integers(2000, 30_000, size))
        filled: dict[str, Any] = {
            "answer_id": [f"{number:032x}" for number in self._ids(batch_id, size)],
            "batch_id": pa.repeat(batch_id, size),
            "prompt_index": index,
            "sample_index": np.tile(np.arange(self.samples), self.prompts),
            "prompt_id": pa.array([prompt_id(prompt) for prompt in self.asked]).take(pa.array(index)),
            "prompt": pa.array(self.asked).take(pa.array(index)),
            "model": pa.repeat(model, size),
            "country_requested": pa.repeat(country, size),
            "audit": pa.repeat(AUDIT, size),
            "origin": pa.repeat("live", size),
            "outcome": pa.array(OUTCOMES).take(pa.array(outcome)),
            "status": pc.if_else(answered, "succeeded", "failed"),
            "observed": outcome < 2,
            "requested_at": pa.repeat(pa.scalar(at, pa.timestamp("us", tz="UTC")), size),
            "latency_ms": pc.if_else(answered, took, None),
            "from_cache": pa.repeat(pa.scalar(value=False), size),
            "location_match": pa.repeat("exact", size),
            "ui_variant": pa.repeat("a", size),
            "adapter_version": pa.repeat("1", size),
            "model_version": pa.repeat("one", size),
            "answer_text": text,
            "answer_markdown": text,
            "answer_sha256": [one and hashlib.sha256(one.encode()).hexdigest() for one in text.to_pylist()],
            "citations": self._linked("citations", size, 6, answered),
            "sources": self._linked("sources", size, 10, answered),
            "fan_out_queries": self._searched(size, answered),
        }
        columns = [_cast(filled.get(field.name, pa.nulls(size, field.type)), field.type) for field in SCHEMA]
        return pa.table(columns, SCHEMA)

    def _linked(self, column: str, size: int, mean: int, answered: pa.Array) -> pa.Array:
        offsets = np.concatenate([[0], np.cumsum(self.random.poisson(mean, size))])
        rows = self.pages.take(pa.array(self._zipf(PAGES, int(offsets[-1]))))
        role = pa.array(["inline", "more"]).take(pa.array((self.random.random(len(rows)) > 0.8).astype(int)))
        cited = pa.array(self.random.random(len(rows)) > 0.5)
        position = np.arange(len(rows)) - np.repeat(offsets[:-1], np.diff(offsets)) + 1
        own = {"position": pa.array(position), "role": role, "cited": cited}
        return self._lists(column, offsets, own | {name: rows[name] for name in rows.column_names}, answered)

    def _searched(self, size: int, answered: pa.Array) -> pa.Array:
        offsets = np.arange(size + 1) * 2
        query = self.queries.take(pa.array(self.random.integers(0, QUERIES, 2 * size)))
        order = pa.array(np.tile([0, 1], size))
        return self._lists("fan_out_queries", offsets, {"query": query, "order": order}, answered)

    def _lists(self, column: str, offsets: Any, own: dict[str, Any], answered: pa.Array) -> pa.Array:
        type_ = SCHEMA.field(column).type
        size = int(offsets[-1])
        parts = [_cast(own.get(field.name, pa.nulls(size, field.type)), field.type) for field in type_.value_type]
        entries = pa.StructArray.from_arrays(parts, fields=list(type_.value_type))
        lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), entries)
        return pc.if_else(answered, lists.cast(type_), pa.scalar(None, type_))

    def _zipf(self, kinds: int, size: int) -> Any:
        weights = np.array(list(accumulate(1 / rank for rank in range(1, kinds + 1))))
        return np.searchsorted(weights, self.random.random(size) * weights[-1]).clip(0, kinds - 1)

    def _ids(self, batch_id: str, size: int) -> range:
        start = int(hashlib.sha256(batch_id.encode()).hexdigest()[:24], 16)
        return range(start, start + size)


def make_run(store: Store, made: Made, at: datetime) -> int:
    """One run of the audit: its record, and of each batch Parquet and manifest. Returns the bytes of Parquet."""
    run, asked, size = run_name(at), [(model, country) for model in MODELS for country in PROFILES], 0
    for model, country in asked:
        batch_id = f"{run}-{model}-{country}"
        rows = made.batch(batch_id, model, country, at)
        key = f"datasets/completions/schema=v1/date={at:%Y-%m-%d}/batch={batch_id}/part-g1-00000.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, row_group_size=GROUP_ROWS, **TABLES[0].options)
        store.put(key, sink.getvalue().to_pybytes())
        store.put(
            manifest_key(batch_id), _manifest(store, batch_id, model, key, len(rows), at).model_dump_json().encode()
        )
        size += store.size(key) or 0
    batches = [AuditBatch(id=f"{run}-{model}-{country}", model=model, profile=country) for model, country in asked]
    people = [{"country": country} for country in PROFILES]
    declared = Declared(
        name=AUDIT, prompts=made.asked, models=list(MODELS), profiles=people, samples=made.samples, brands=list(BRANDS)
    )
    keep(store, AuditRun(audit=declared, run=run, due_at=at, batches=batches))
    return size


def weeks(count: int) -> list[datetime]:
    """When the runs were due."""
    return [datetime(2026, 1, 5, 6, tzinfo=UTC) + timedelta(weeks=number) for number in range(count)]


def _manifest(store: Store, batch_id: str, model: str, key: str, rows: int, at: datetime) -> Manifest:
    part = {"key": key, "uri": store.uri_of(key), "bytes": 0, "sha256": "", "table": "completions", "rows": rows}
    return Manifest.model_validate(
        {
            "batch_id": batch_id,
            "run_id": "bench",
            "generation": 1,
            "origin": "live",
            "model": model,
            "format": "json",
            "client_ref": None,
            "status": "successful",
            "count": rows,
            "successful": rows,
            "failed": 0,
            "observed": rows,
            "cached": 0,
            "outcomes": {},
            "started_at": at,
            "finished_at": at,
            "profile": Profile(seed=1),
            "files": [PartFile.model_validate(part)],
        }
    )


def _cast(values: Any, type_: pa.DataType) -> pa.Array:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return array.cast(type_) if isinstance(array, pa.Array) else pa.array(array, type_)
