"""The batch's answers as one zip, named per generation: `batches/<batch_id>/archive-g<generation>.zip`.

It holds `answers.jsonl` (one structured answer a line, in prompt order, failures included), then, where the request's
format asks for it, one file per answered prompt: `html/0000-0.html` or `raw/0000-0.txt`, and `manifest.json`. Entries
carry no time, so that the same records make the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import zstandard
from isal import isal_zlib
from pydantic_core import to_json

from completions.errors import Refused
from completions.manifest import Manifest, load_manifest
from completions.plan import Item, Plan, find_batch
from completions.record import Record, answer_id, batch_key
from completions.store import Store

_LEVEL = 2
"""Of isal, which packs ten times as fast as zlib, to a seventh more."""
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

    A zip takes one entry after the other, so what follows the lines of `answers.jsonl` gathers in a file of its own.
    """

    def __init__(self, plan: Plan, file: Path) -> None:
        self.plan, self.file = plan, file
        self.entries = 0
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._lines = self._open("answers.jsonl")
        self._gathered = file.with_suffix(".zst")
        self._files = zstandard.open(self._gathered, "wb")
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._files.close()
        self._zip.close()

    def add(self, item: Item, record: Record) -> None:
        """Append the answer, and the file that the request's format asks for."""
        self._lines.write(to_json(structured(self.plan, item, record)) + b"\n")
        name, kept = f"{item.index:04d}-{item.sample}", record.artifacts
        if self.plan.config.format == "rendered" and record.outcome.succeeded and kept.page_html is not None:
            self._gather(f"html/{name}.html", kept.page_html.encode())
        if self.plan.config.format == "raw" and record.outcome.succeeded and kept.raw_stream is not None:
            self._gather(f"raw/{name}.txt", kept.raw_stream)

    def finish(self, manifest: Manifest) -> None:
        """Write what can only be written last. The manifest goes in without what it can't know of, or when."""
        self._lines.close()
        self._files.close()
        with zstandard.open(self._gathered, "rb") as files:
            for name, size in self._sizes.items():
                self._entry(name, files.read(size))
        self._entry("manifest.json", manifest.model_dump_json(indent=2, exclude={"archive", "finished_at"}).encode())
        self._zip.close()

    def _gather(self, name: str, content: bytes) -> None:
        self._sizes[name] = len(content)
        self._files.write(content)

    def _entry(self, name: str, content: bytes) -> None:
        with self._open(name) as entry:
            entry.write(content)

    def _open(self, name: str) -> IO[bytes]:
        self.entries += 1
        info = ZipInfo(name)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o100644 << 16
        entry: Any = self._zip.open(info, "w", force_zip64=True)
        entry._compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)  # zipfile has no say in that
        opened: IO[bytes] = entry
        return opened


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
