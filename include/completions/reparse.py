"""History read again: the kept pages and streams of a batch, as its site's adapter understands them today.

    records read again -> parts, archive and manifest of the next generation -> the old parts move away

The records change first, each as a whole, and the old dataset stands until the new one does: whoever is killed on the
way is simply run again. An answer that later batches may reuse is read again with its record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
from pydantic import BaseModel

from completions import cache
from completions.collect import collect
from completions.errors import Refused
from completions.manifest import Manifest, load_manifest, manifest_key
from completions.plan import Item, Plan, find_batch, load_plan
from completions.record import Record, answer_id, answer_key, batch_key
from completions.rereading import NOT_AGAIN, read_again
from completions.sites import NAMES, site
from completions.store import Store

Tell = Callable[[int, int], None]
"""Is told how many answers were looked at, of how many."""


class Reparsed(BaseModel):
    """What came of reading a batch again. All numbers are of rows."""

    id: str
    generation: int
    adapter_version: str
    rows: int
    reread: int
    """Read again, whether or not that changed anything."""
    changed: int
    """Other than before in more than the adapter's version and the warnings."""
    before: dict[str, int]
    after: dict[str, int]
    """Rows by outcome."""
    dataset: str
    """URI of the manifest."""


def reparse(store: Store, batch_id: str, tell: Tell = lambda done, of: None) -> Reparsed:
    """Read the batch again and write what changed as its next generation.

    Raises `Refused` where there is no such batch, it is not collected yet, or it is being asked again.
    """
    part, plan, before = _standing(store, batch_id)
    rows = _rows(part, before)
    again = _Again(part, plan, before, tell)
    again.run()
    after = before
    if again.plan.generation != before.generation:
        after = collect(store, batch_id, before.finished_at)
    fresh = _rows(part, after)
    return Reparsed(
        id=batch_id,
        generation=after.generation,
        adapter_version=again.site.version,
        rows=after.count,
        reread=again.reread,
        changed=sum(rows.get(name) != row for name, row in fresh.items()),
        before=before.outcomes,
        after=after.outcomes,
        dataset=part.uri_of(manifest_key(batch_id)),
    )


def _standing(store: Store, batch_id: str) -> tuple[Store, Plan, Manifest]:
    """The batch as it stands, if nobody is about to change it."""
    found = find_batch(store, batch_id)
    if found is None:
        raise Refused("BATCH", batch_id, f"there is no such batch in {store.uri}")
    plan, manifest = load_plan(found[0], batch_id), load_manifest(found[0], batch_id)
    if plan is None or manifest is None:
        raise Refused("BATCH", batch_id, "is not collected yet; read it again when it is done")
    if plan.config.model not in NAMES:
        raise Refused("BATCH", batch_id, f"was asked of {plan.config.model}, for which there is no adapter any more")
    if plan.generation not in (manifest.generation, _begun(found[0], batch_id)):
        raise Refused("BATCH", batch_id, "is being asked again; read it again when that is done")
    return found[0], plan, manifest


def _begun(part: Store, batch_id: str) -> int | None:
    """The generation that a reading begun before was to make, whether it was finished or not."""
    note = part.get(batch_key(batch_id, "reparse.json"))
    return json.loads(note)["generation"] if note else None


def _rows(part: Store, manifest: Manifest) -> dict[str, bytes]:
    """A digest of each row of `completions` by its `answer_id`."""
    [key] = [file.key for file in manifest.files if file.table == "completions"]
    with part.open(key) as file:
        batches = pq.ParquetFile(file).iter_batches(batch_size=100)
        return {row["answer_id"]: _digest(row) for batch in batches for row in batch.to_pylist()}


def _digest(row: dict[str, Any]) -> bytes:
    """Of what the row says, whoever read it. A column that a file does not have yet counts as NULL."""
    beside = ("adapter_version", "warnings")
    told = {name: value for name, value in sorted(row.items()) if value is not None and name not in beside}
    return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace")).digest()


class _Again:
    """One reading of all the records of a batch."""

    def __init__(self, part: Store, plan: Plan, manifest: Manifest, tell: Tell) -> None:
        self.part, self.plan, self.manifest, self.tell = part, plan, manifest, tell
        self.site = site(plan.config.model, plan.address)
        self.reread = 0

    def run(self) -> None:
        """Read every record and keep those that are other than before."""
        items = [item for item in self.plan.items if item.duplicate_of is None]
        keys = [answer_key(self.plan.batch_id, item.index, item.sample) for item in items]
        bodies = self.part.get_many(keys)
        for number, (item, key, body) in enumerate(zip(items, keys, bodies, strict=True), 1):
            record = Record.unpacked(body) if body else None
            if record and record.answer_id == answer_id(self.plan.batch_id, item.index, item.sample):
                self._read(item, key, record)
            self.tell(number, len(items))

    def _read(self, item: Item, key: str, record: Record) -> None:
        if not record.attempts and not record.from_cache:
            return  # it was never asked
        fresh = read_again(self.site, record)
        self.reread += 0 if any(each.startswith(NOT_AGAIN) for each in fresh.warnings) else self.plan.settles(item)
        if fresh != record:
            self._begin()
            self.part.put(key, fresh.packed())
            cache.refresh(self.part, fresh)

    def _begin(self) -> None:
        """From here on the dataset that stands is no longer what the records say: a next generation is due."""
        if self.plan.generation != self.manifest.generation:
            return
        due, batch_id = self.manifest.generation + 1, self.plan.batch_id
        self.part.put(batch_key(batch_id, "reparse.json"), json.dumps({"generation": due}).encode())
        self.plan = self.plan.model_copy(update={"generation": due, "asking": self.plan.asked_in})
        self.part.put(batch_key(batch_id, "plan.json"), self.plan.model_dump_json(by_alias=True).encode())
