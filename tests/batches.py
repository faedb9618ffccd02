"""Batches made up for tests: planned, and with records as the asking tasks leave them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from completions.answer import Answer, Citation, FanOutQuery
from completions.batch import BatchConfig
from completions.errors import Outcome
from completions.manifest import Manifest
from completions.plan import Item, Plan, make_plan
from completions.profile import Profile
from completions.progress import Progress, Settled, keep
from completions.record import Artifacts, Record, answer_id, answer_key
from completions.store import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BATCH = "6f1d2c3b-0000-4000-8000-000000000001"


def planned(
    store: Store, prompts: Sequence[str] = ("a", "b"), *, batch_id: str = BATCH, now: datetime = NOW, **fields: Any
) -> Plan:
    """A batch of these prompts, planned."""
    config = BatchConfig.model_validate({"prompts": list(prompts), **fields})
    return make_plan(store, config, Profile(seed=1), batch_id=batch_id, run_id="manual__1", now=now)


def answer(text: str) -> Answer:
    """An answer that cites one page and consulted none."""
    cited = Citation(
        position=1, role="inline", url="https://a.example/?utm_source=x", url_canonical="https://a.example/"
    )
    return Answer(
        answer_text=text,
        answer_markdown=f"**{text}**",
        citations=[cited],
        sources=[],
        fan_out_queries=[FanOutQuery(query=f"about {text}", order=1)],
    )


def record(plan: Plan, item: Item, outcome: Outcome = Outcome.ANSWERED, **changes: Any) -> Record:
    """What the asking task would store of `item`."""
    prompt = plan.config.prompts[item.index]
    answered = outcome is Outcome.ANSWERED
    fields: dict[str, Any] = {
        "answer_id": answer_id(plan.batch_id, item.index, item.sample),
        "prompt": prompt,
        "cache_key": item.cache_key,
        "outcome": outcome,
        "error_message": None if answered else f"ended as {outcome}",
        "attempts": 1,
        "requested_at": plan.planned_at,
        "started_at": plan.planned_at,
        "answered_at": plan.planned_at + timedelta(seconds=3) if answered else None,
        "answer": answer(f"{prompt} {item.sample}") if answered else None,
        "artifacts": Artifacts(page_html=f"<p>{prompt}</p>", raw_stream=b"data: \xff\n", raw_stream_kind="sse"),
    }
    return Record.model_validate(fields | changes)


def ask(store: Store, plan: Plan, outcome: Callable[[Item], Outcome | None] = lambda _: Outcome.ANSWERED) -> None:
    """Do as the asking tasks do: a record for each conversation, and each shard's progress; None is never asked."""
    part = store.of(plan.config.origin)
    for number in range(len(plan.shards)):
        items = [(item, record(plan, item, ending)) for item in plan.shard(number) if (ending := outcome(item))]
        outcomes: Counter[str] = Counter()
        for item, made in items:
            part.put(answer_key(plan.batch_id, item.index, item.sample), made.packed())
            outcomes[made.outcome] += plan.settles(item)
        settled = [Settled.of(plan, item, made) for item, made in items]
        of = sum(map(plan.settles, plan.shard(number)))
        if items:
            keep(part, plan.batch_id, Progress(shard=number, of=of, outcomes=outcomes, settled=settled))


def rows(store: Store, manifest: Manifest, table: str = "completions") -> list[dict[str, Any]]:
    """The rows of a table, read through the manifest."""
    (file,) = (file for file in manifest.files if file.table == table)
    with store.of(manifest.origin).open(file.key) as content:
        found: list[dict[str, Any]] = pq.read_table(content).to_pylist()
    assert len(found) == file.rows
    return found


class Killed(Exception):
    """What `break_at` dies of: nothing that anybody expects."""


def break_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Die at a write to a store: steps 0 and 1 before and after the first write is done, 2 and 3 at the second, ..."""
    writes = itertools.count()

    def breaking(write: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(*arguments: Any) -> Any:
            number = next(writes)
            if step == 2 * number:
                raise Killed
            done = write(*arguments)
            if step == 2 * number + 1:
                raise Killed
            return done

        return attempt

    for name in ("put", "create", "put_file"):
        monkeypatch.setattr(Store, name, breaking(getattr(Store, name)))
