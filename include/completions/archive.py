"""The batch's answers as one zip, named per generation: `batches/<batch_id>/archive-g<generation>.zip`.

It holds `answers.jsonl` (one structured answer a line, in prompt order, failures included), `manifest.json`, and, where
the request's format asks for it, one file per answered prompt: `html/0000-0.html` or `raw/0000-0.txt`. Entries carry no
time, so that the same records make the same bytes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import zstandard

from completions.errors import Refused
from completions.manifest import Manifest, load_manifest
from completions.plan import Item, Plan, find_batch
from completions.record import Record, answer_id, batch_key
from completions.store import Store

_TARGETS = ("device", "country", "subdivision", "city", "language", "display")


def archive_key(batch_id: str, generation: int) -> str:
    """Key of the archive of one generation."""
    return batch_key(batch_id, f"archive-g{generation}.zip")


def structured(plan: Plan, item: Item, record: Record) -> dict[str, Any]:
    """The structured answer, as JSON: the original API's names, then ours, with the typed fields as `answer`.

    HTML of a portion that is not there is `""`; `sse` is null where the site has no stream; targets that the request
    leaves unset are left out.
    """
    config, kept, answer = plan.config, record.artifacts, record.answer
    targets = {name: getattr(config, name) for name in _TARGETS}
    return {
        "model": config.model,
        "query": config.prompts[item.index],
        "html": kept.page_html or "",
        "prompt": kept.prompt_html or "",
        "completion": kept.completion_html or "",
        "sources": kept.sources_html or "",
        "ads": kept.ads_html or "",
        "sse": None if kept.raw_stream is None else _text(kept.raw_stream),
        "fanouts": [search.query for search in (answer and answer.fan_out_queries) or []],
        **{name: value for name, value in targets.items() if value is not None},
        "index": item.index,
        "sample": item.sample,
        "answer_id": answer_id(plan.batch_id, item.index, item.sample),
        "outcome": record.outcome,
        "error_message": record.error_message,
        "answer": answer.model_dump(mode="json") | {"answer_language": answer.language()} if answer else None,
    }


class ArchiveWriter:
    """Writes the archive, one answer at a time.

    A zip takes one entry after the other, so the lines of `answers.jsonl` gather in a file of their own.
    """

    def __init__(self, plan: Plan, file: Path) -> None:
        self.plan, self.file = plan, file
        self.entries = 0
        self._lines = file.with_suffix(".jsonl.zst")
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._gathered = zstandard.open(self._lines, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._gathered.close()
        self._zip.close()

    def add(self, item: Item, record: Record) -> None:
        """Append the answer, and the file that the request's format asks for."""
        line = json.dumps(structured(self.plan, item, record), ensure_ascii=False)
        self._gathered.write(line.encode() + b"\n")
        name, kept = f"{item.index:04d}-{item.sample}", record.artifacts
        if self.plan.config.format == "rendered" and record.outcome.succeeded and kept.page_html is not None:
            self._entry(f"html/{name}.html", kept.page_html.encode())
        if self.plan.config.format == "raw" and record.outcome.succeeded and kept.raw_stream is not None:
            self._entry(f"raw/{name}.txt", kept.raw_stream)

    def finish(self, manifest: Manifest) -> None:
        """Write what can only be written last. The manifest goes in without what it can't know of, or when."""
        self._gathered.close()
        with zstandard.open(self._lines, "rb") as lines, self._open("answers.jsonl") as entry:
            shutil.copyfileobj(lines, entry)
        self._entry("manifest.json", manifest.model_dump_json(indent=2, exclude={"archive", "finished_at"}).encode())
        self._zip.close()

    def _entry(self, name: str, content: bytes) -> None:
        with self._open(name) as entry:
            entry.write(content)

    def _open(self, name: str) -> IO[bytes]:
        self.entries += 1
        info = ZipInfo(name)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o100644 << 16
        return self._zip.open(info, "w", force_zip64=True)


@contextmanager
def open_archive(store: Store, batch_id: str) -> Iterator[IO[bytes]]:
    """The batch's archive as a file that is read by ranges; raises `Refused` when there is none (yet)."""
    found = find_batch(store, batch_id)
    manifest = load_manifest(found[0], batch_id) if found else None
    if found is None or manifest is None or manifest.archive is None:
        raise Refused("batch_id", batch_id, "has no archive: it is written when the batch is done")
    with found[0].open(manifest.archive.key) as file:
        yield file


def _text(stream: bytes) -> str:
    return stream.decode("utf-8", "replace")
