"""A request that is sent twice is taken once: what `Idempotency-Key` stands for, kept in the store.

A key belongs to its user and names one batch for at least `LIFE`; whoever is first makes the note, all others read it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel

from completions.batch import BatchConfig
from completions.store import Store

CLAIMS = "idempotency"
"""Where the notes are."""
LIFE = timedelta(days=1)
"""How long a key stands for its batch; after that it is a new one."""


class Claim(BaseModel):
    """What a key stands for."""

    batch_id: str
    request: str
    """Digest of the request."""
    at: AwareDatetime


class OtherRequest(Exception):
    """The key was used for another request."""


def claim(store: Store, user: str, key: str, config: BatchConfig, now: datetime) -> str:
    """The id of the batch that the key of this user stands for from now on; raises `OtherRequest`."""
    name = f"{CLAIMS}/{hashlib.sha256(json.dumps([user, key]).encode()).hexdigest()}.json"
    ours = Claim(batch_id=str(uuid.uuid4()), request=_digest(config), at=now)
    while not store.create(name, ours.model_dump_json().encode()):
        body = store.get(name)
        standing = Claim.model_validate_json(body) if body else None
        if standing and now - standing.at < LIFE:
            if standing.request != ours.request:
                raise OtherRequest
            return standing.batch_id
        if body and store.get(name) == body:  # looked at again: another may have been faster
            store.delete([name])
    return ours.batch_id


def _digest(config: BatchConfig) -> str:
    return hashlib.sha256(config.model_dump_json(by_alias=True).encode()).hexdigest()
