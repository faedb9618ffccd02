"""The same prompt elsewhere: its other samples, other sites and people, earlier runs, the answer that a cached one is.

Reads are bounded: an audit's runs are found by their records, all else is looked for in the newest batches alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten

from completions.audit_runs import AuditRun, load_run, run_names
from completions.audits import Person
from completions.batch import BatchConfig
from completions.errors import Outcome
from completions.listing import batch_of, listed_at
from completions.record import Record, answer_id, answer_key, batch_key
from completions_web.pages.answer_found import Found, answer_path

NEWEST = 30
"""Batches that are looked through."""
RUNS = 12
"""Runs of an audit that are."""
LOOKED_AT = 24
"""Answers whose records are read."""
EXCERPT = 200
"""Characters of each that are shown."""


@dataclass(frozen=True)
class Other:
    """An answer to the same prompt."""

    batch_id: str
    index: int
    sample: int
    model: str
    who: str
    """As whom it was asked."""
    at: datetime
    """When it was due, or submitted."""

    @property
    def path(self) -> str:
        """Where its page is, below the pages' root."""
        return answer_path(self.batch_id, self.index, self.sample)


@dataclass(frozen=True)
class Glimpse:
    """What came of it, in short."""

    outcome: Outcome
    words: str
    citations: int | None


def glimpses(found: Found, others: Sequence[Other]) -> dict[str, Glimpse]:
    """What came of the first `LOOKED_AT` of them, by path; without those that have no record of their own (yet)."""
    looked_at = others[:LOOKED_AT]
    bodies = found.part.get_many([answer_key(other.batch_id, other.index, other.sample) for other in looked_at])
    records = [(other.path, Record.unpacked(body)) for other, body in zip(looked_at, bodies, strict=True) if body]
    return {path: _glimpse(record) for path, record in records if record}


def _glimpse(record: Record) -> Glimpse:
    answer = record.answer
    words = answer.answer_text if answer else record.error_message or ""
    cited = len(answer.citations) if answer and answer.citations is not None else None
    return Glimpse(record.outcome, shorten(words[:2000], EXCERPT, placeholder=" …"), cited)


def siblings(found: Found) -> list[Other]:
    """What other sites, and others than this profile, were asked in the same run of its audit."""
    run = _own_run(found)
    return [other for other in _of_run(found, run) if other.batch_id != found.batch_id] if run else []


def earlier(found: Found) -> list[Other]:
    """The same site and profile in the audit's other runs, newest first."""
    run = _own_run(found)
    own = next((batch for batch in run.batches if batch.id == found.batch_id), None) if run else None
    if run is None or own is None:
        return []
    names = [name for name in run_names(found.part, run.audit.name) if name != run.run][-RUNS:]
    records = [load_run(found.part, run.audit.name, name) for name in reversed(names)]
    others = [other for record in records if record for other in _of_run(found, record)]
    return [other for other in others if (other.model, other.who) == (own.model, own.profile)]


def newest(found: Found) -> list[Other]:
    """Where else the prompt stands in the newest batches, of any site, newest first."""
    return [
        Other(batch_id, index, 0, config.model, person_of(config), at)
        for batch_id, config, at in _newest(found)
        for index in _positions(config, found.prompt)
        if (batch_id, index) != (found.batch_id, found.index)
    ]


def original(found: Found) -> str | None:
    """The path of the answer that this one, from the cache, repeats; None where it is not in the newest batches."""
    wanted = found.record.cached_answer_id if found.record else None
    if wanted is None:
        return None
    for batch_id, config, _ in _newest(found):
        for index in _positions(config, found.prompt):
            for sample in range(config.samples):
                if answer_id(batch_id, index, sample) == wanted:
                    return answer_path(batch_id, index, sample)
    return None


def _own_run(found: Found) -> AuditRun | None:
    stamp = found.config.audit
    return load_run(found.part, stamp.name, stamp.run) if stamp else None


def _of_run(found: Found, run: AuditRun) -> Iterator[Other]:
    if found.prompt not in run.audit.prompts or found.sample >= run.audit.samples:
        return
    index = run.audit.prompts.index(found.prompt)
    for batch in run.batches:
        yield Other(batch.id, index, found.sample, batch.model, batch.profile, run.due_at)


def _newest(found: Found) -> Iterator[tuple[str, BatchConfig, datetime]]:
    entries = found.part.first("listed", NEWEST)
    bodies = found.part.get_many([batch_key(batch_of(entry), "request.json") for entry in entries])
    for entry, body in zip(entries, bodies, strict=True):
        if body:
            yield batch_of(entry), BatchConfig.model_validate_json(body), listed_at(entry)


def _positions(config: BatchConfig, prompt: str) -> list[int]:
    return [index for index, other in enumerate(config.prompts) if other == prompt]


def person_of(config: BatchConfig) -> str:
    """As whom a batch asks, in words."""
    return Person.model_validate(config.model_dump(include=set(Person.model_fields))).label
