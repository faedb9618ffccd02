"""An answer is reused until it expires.

The key is a hash over everything that makes two askings the same; the entry is the `Record` of the conversation that
answered. Whatever is corrupt, cut, foreign, from the future or too old is a miss.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from completions.batch import BatchConfig
from completions.errors import Outcome
from completions.profile import Profile
from completions.record import SCHEMA_VERSION, Record
from completions.store import Store


def cache_key(config: BatchConfig, profile: Profile, prompt: str, sample: int, address: str | None = None) -> str:
    """Store key of the answer to `prompt`, asked this way. What was left to chance is keyed as "any".

    `address` is where it is asked in place of the site's own address; None: at the site's own.
    """
    asked = {
        "schema": SCHEMA_VERSION,
        "origin": config.origin,
        "model": config.model,
        "prompt": prompt,
        "device": profile.device,
        "country": profile.country if config.country else "any",
        "subdivision": profile.subdivision if config.subdivision or config.city else "any",
        "city": profile.city if config.city else "any",
        "location_method": profile.location_method,
        "language": profile.language,
        "display": profile.display_locale,
        "sample": sample,
        **({"address": address} if address else {}),
    }
    canonical = unicodedata.normalize(
        "NFC", json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"cache/v{SCHEMA_VERSION}/{config.model}/{digest[:2]}/{digest}.json.zst"


def find(store: Store, keys: Sequence[str], config: BatchConfig, now: datetime) -> Iterator[Record | None]:
    """The fresh answer kept under each key, or None, in order; the keys are looked up together."""
    for key, entry in zip(keys, store.get_many(keys), strict=True):
        record = Record.unpacked(entry) if entry else None
        yield record if record and record.cache_key == key and _usable(record, config, now) else None


def keep(store: Store, record: Record) -> None:
    """Keep `record` for later batches if it is a whole, verified answer of its own."""
    if record.cache_key and _good(record):
        store.put(record.cache_key, record.packed())


def refresh(store: Store, record: Record) -> None:
    """Let the entry that this very conversation left follow a later reading of it; one that is no answer any more goes.

    Nothing is added: what was no answer when it was asked has no moment from which it could expire.
    """
    entry = store.get(record.cache_key) if record.cache_key else None
    standing = Record.unpacked(entry) if entry else None
    if standing is None or standing.answer_id != record.answer_id or not record.cache_key:
        return
    if _good(record):
        store.put(record.cache_key, record.packed())
    else:
        store.delete([record.cache_key])


def _good(record: Record) -> bool:
    return record.outcome is Outcome.ANSWERED and record.answer is not None and not record.from_cache


def _usable(record: Record, config: BatchConfig, now: datetime) -> bool:
    if not _good(record) or record.answered_at is None:
        return False
    fresh = timedelta(0) <= now - record.answered_at < timedelta(days=config.expiration)
    return fresh and _holds(record, config)


def _holds(record: Record, config: BatchConfig) -> bool:
    """Whether the entry has everything that this request asks for."""
    kept = record.artifacts
    wanted = {
        "raw": config.format == "raw" and kept.raw_stream is None,
        "rendered": config.format == "rendered" and kept.page_html is None,
        "screenshot": "screenshot" in config.evidence and kept.screenshot is None,
        "page": "page" in config.evidence and kept.page_copy is None,
    }
    return not any(wanted.values())
