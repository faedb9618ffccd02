"""The batches that the list shows: newest first, those that are looked for, each with what tells it from the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from completions.listing import batch_of, entries
from completions.record import batch_key, is_batch_id
from completions.retrying import retried_at
from completions.status import Standing, look
from completions.store import Store
from completions_web.pages.batch_view import ENDED, plan_of, took

PAGE = 25
"""Batches on a page."""
LOOKED = 400
"""So many batches are looked through for one page; then the reader is asked whether to look on."""
_TOGETHER = 50
STATES = ("under way", "done", "failed", "cancelled")


@dataclass(frozen=True)
class Wanted:
    """Which batches are looked for; empty: any."""

    state: str = ""
    model: str = ""
    audit: str = ""
    q: str = ""
    """What is in the id, the caller's reference or a prompt."""

    @property
    def some(self) -> bool:
        """Whether any is left out."""
        return any(getattr(self, field.name) for field in fields(self))

    def takes(self, one: Row) -> bool:
        """Whether the request of a batch is what is looked for."""
        sought = self.q.strip().casefold()
        return (
            self.model in ("", one.model)
            and self.audit in ("", one.audit)
            and (not sought or any(sought in text.casefold() for text in one.texts))
        )


@dataclass(frozen=True)
class Row:
    """A batch in the list: its request, and how it stands."""

    batch_id: str
    part: Store
    request: dict[str, Any]
    standing: Standing | None = None
    again_at: datetime | None = None
    """When it was last asked again."""

    @property
    def model(self) -> str:
        """The site that is asked."""
        return str(self.request.get("model", ""))

    @property
    def audit(self) -> str:
        """The audit that it is of."""
        return str((self.request.get("_audit") or {}).get("name", ""))

    @property
    def prompts(self) -> list[str]:
        """What is asked."""
        return list(self.request["prompts"])

    @property
    def texts(self) -> Iterator[str]:
        """What a text is looked for in."""
        yield self.batch_id
        yield self.request.get("client_ref") or ""
        yield self.audit
        yield from self.prompts

    @property
    def place(self) -> str:
        """Where it is asked from, as the request has it."""
        return ", ".join(filter(None, (self.request.get(name) for name in ("city", "subdivision", "country"))))

    @property
    def body(self) -> dict[str, Any]:
        """Its status."""
        assert self.standing
        return self.standing.body

    @property
    def under_way(self) -> bool:
        """Whether it is still being asked or collected."""
        return self.body["status"] not in ENDED

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.under_way:
            return "under way"
        return "cancelled" if self.body["cancelled"] else "done" if self.body["status"] == "successful" else "failed"

    @property
    def generation(self) -> int:
        """How often it was asked."""
        standing = self.standing
        made = standing and (standing.manifest or standing.plan)
        return made.generation if made else 1

    @property
    def run_ids(self) -> list[str]:
        """The run of Airflow that asked it first; before it is planned, guesses."""
        made = self.standing and (self.standing.manifest or self.standing.plan)
        return [made.run_id] if made else [f"{how}__{self.batch_id}" for how in ("api", "cli", "audit")]

    @property
    def took(self) -> float | None:
        """Seconds that its last asking took, or takes till now."""
        assert self.standing
        return took(self.body, self.again_at)


@dataclass(frozen=True)
class Listed:
    """A page of the list."""

    rows: list[Row]
    following: str | None
    """Cursor of the page after it; None at the end."""
    looked: int
    """How many batches were looked through."""


def listed(store: Store, wanted: Wanted, after: str | None = None) -> Listed:
    """A page of the batches that are looked for; raises `Refused` for a cursor that is none."""
    found: list[Row] = []
    looked = 0
    while len(found) < PAGE and looked < LOOKED:
        many = _TOGETHER if wanted.some else PAGE
        names = entries(store, many + 1, after)
        for name, row in zip(names[:many], _rows(store, names[:many], wanted), strict=True):
            looked, after = looked + 1, name
            if row:
                found.append(row)
            if len(found) == PAGE:
                break
        if len(names) <= many and (not names or after == names[-1]):
            return Listed(found, None, looked)
    return Listed(found, after, looked)


def newest(store: Store) -> str:
    """What tells the newest batch of all from those to come; empty while there is none."""
    return next(iter(entries(store, 1)), "")


def newer(store: Store, than: str) -> int:
    """How many batches are newer than what `newest` told, counted to a page and one."""
    names = entries(store, PAGE + 1)
    return names.index(than) if than in names else len(names)


def row_of(store: Store, batch_id: str) -> Row | None:
    """One batch; None where there is none, or can be none."""
    asked = _request(store, batch_id) if is_batch_id(batch_id) else None
    return _standing(store, asked) if asked else None


def _rows(store: Store, names: list[str], wanted: Wanted) -> list[Row | None]:
    def one(name: str) -> Row | None:
        asked = _request(store, batch_of(name))
        found = _standing(store, asked) if asked and wanted.takes(asked) else None
        return found if found and wanted.state in ("", found.state) else None

    with ThreadPoolExecutor(16, thread_name_prefix="listed") as pool:
        return list(pool.map(one, names))


def _request(store: Store, batch_id: str) -> Row | None:
    for part in (store.of("live"), store.of("rehearsal")):
        if body := part.get(batch_key(batch_id, "request.json")):
            return Row(batch_id, part, json.loads(body))
    return None


def _standing(store: Store, row: Row) -> Row | None:
    standing = look(store, row.batch_id, planned=plan_of)
    return replace(row, standing=standing, again_at=retried_at(row.part, row.batch_id)) if standing else None
