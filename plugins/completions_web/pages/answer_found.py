"""One answer of a batch as the store has it now."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import HTTPException, Path

from completions.batch import BatchConfig
from completions.plan import Item, Plan, find_batch, load_plan, load_request
from completions.record import Record
from completions.store import Store
from completions_airflow.connections import open_store
from completions_web.answers import only, record_of
from completions_web.batches import no_batch

Index = Annotated[int, Path(ge=0, le=999)]
Sample = Annotated[int, Path(ge=0, le=29)]


@dataclass(frozen=True)
class Found:
    """What was asked, and what came of it."""

    store: Store
    part: Store
    """Where the batch lives."""
    batch_id: str
    index: int
    sample: int
    config: BatchConfig
    plan: Plan | None
    """With this answer's item alone; None until the batch is planned."""
    record: Record | None
    """None until it is asked."""

    @property
    def prompt(self) -> str:
        """What was asked."""
        return self.config.prompts[self.index]

    @property
    def item(self) -> Item | None:
        """Its place in the plan."""
        return self.plan.items[0] if self.plan else None

    def path(self, index: int | None = None, sample: int | None = None) -> str:
        """Below the pages' root: its own page, or that of another answer of its batch."""
        return answer_path(
            self.batch_id, self.index if index is None else index, self.sample if sample is None else sample
        )


def answer_path(batch_id: str, index: int, sample: int) -> str:
    """Where the page of an answer is, below the pages' root."""
    return f"/batches/{batch_id}/answers/{index}/{sample}"


def find(batch_id: str, index: int, sample: int) -> Found:
    """The answer; raises `HTTPException` where the batch owes no such one."""
    store = open_store()
    found = find_batch(store, batch_id)
    if found is None:
        raise no_batch(batch_id)
    part, plan = found[0], load_plan(found[0], batch_id)
    one = only(plan, index, sample) if plan else None
    config = plan.config if plan else load_request(store, batch_id)
    if index >= len(config.prompts) or sample >= config.samples:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"Batch {batch_id} asks no such prompt or sample.")
    record = record_of(store, part, one) if one else None
    return Found(store, part, batch_id, index, sample, config, one, record)


def settled(batch_id: str, index: int, sample: int) -> tuple[Found, Record, Plan]:
    """The same for what is made of an answer that is there."""
    found = find(batch_id, index, sample)
    if found.record is None or found.plan is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"Prompt {index}, sample {sample} of batch {batch_id} is not there yet."
        )
    return found, found.record, found.plan
