"""The runs of audits as the store keeps them: what a run was, how it ended, what it missed.

``audits/<name>/<run>.json`` in the part of the store that the audit's origin has, written when the run is planned and
once more when it ended. It is history: a file that is changed or removed leaves it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from completions.audits import NAME, Audit, Question, due_after
from completions.batch import BatchConfig
from completions.brands import Brand
from completions.errors import STOP, Outcome, Refused
from completions.record import prompt_id
from completions.store import Origin, Store

MISSED = 100
"""A run names so many of those that it missed."""
LATE = 10
"""A run that is late by more than one part in so many of the time to the next is not made up for ..."""
LEAST = timedelta(minutes=5)
"""... unless that is less than this."""
ENDED = ("successful", "failed")
"""The status of a batch that is over."""
ORIGINS: tuple[Origin, Origin] = ("live", "rehearsal")
_RUN = "%Y-%m-%dT%H%M%SZ"


class _Kept(BaseModel):
    """Base of what is kept: what a later version adds does not matter."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Declared(_Kept):
    """The audit as it stood. Its callback is not among it, as that may hold a secret."""

    name: str
    schedule: str | None = None
    timezone: str = "UTC"
    prompts: list[str]
    models: list[str]
    profiles: list[dict[str, str | None]]
    samples: int
    brands: list[Brand] = []
    budget: dict[str, int] | None = None
    expiration: float = 0
    evidence: list[str] = []
    format: str = "json"
    rehearse: bool = False


class Asked(_Kept):
    """A prompt, and what it is about where the audit's file says so."""

    prompt_id: str
    prompt: str
    topic: str | None = None
    intent: str | None = None


class AuditBatch(_Kept):
    """A batch of a run: one for each model and profile."""

    id: str
    model: str
    profile: str
    """Who asks, in words."""
    status: Literal["successful", "failed"] | None = None
    """How it ended; None while it is under way."""
    count: int = 0
    """Answers that it owes: prompts x samples."""
    answered: int = 0
    outcomes: dict[str, int] = {}

    @property
    def blocked(self) -> bool:
        """Whether the site let nobody in: nothing was answered, and it said so."""
        return self.status == "failed" and any(self.outcomes.get(outcome) for outcome in STOP)


class AuditRun(_Kept):
    """One run of an audit."""

    audit: Declared
    run: str
    """What it is called: when it was due, UTC."""
    due_at: AwareDatetime
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    """None while it is under way."""
    missed: list[AwareDatetime] = []
    """When it was due since the run before, and there was none: the series has a gap. At most the last `MISSED`."""
    prompts: list[Asked] = []
    batches: list[AuditBatch]
    callback: str | None = None
    """Whom to tell when it is over; never shown."""
    refused: str | None = None
    """Why nothing was asked: more than the budget, a place that nobody serves …"""
    summary: str | None = None
    """What it says beside the run before, in plain words."""
    served_at: str | None = None
    """Address of the API that serves its answers: its report links there."""
    matched: list[Brand] | None = None
    """Brands that its figures look for since they were recomputed; None: those of the audit as it stood."""

    @property
    def brands(self) -> list[Brand]:
        """Brands that its figures look for."""
        return self.audit.brands if self.matched is None else self.matched

    @property
    def origin(self) -> Origin:
        """Where its answers come from."""
        return "rehearsal" if self.audit.rehearse else "live"

    @property
    def status(self) -> Literal["running", "successful", "failed"]:
        """`failed` when no batch was answered."""
        if self.ended_at is None:
            return "running"
        return "successful" if self.counts["successful"] else "failed"

    @property
    def counts(self) -> dict[str, int]:
        """Batches, those of them that were answered and that were blocked; answers asked for, answers given."""
        return {
            "batches": len(self.batches),
            "successful": sum(batch.status == "successful" for batch in self.batches),
            "blocked": sum(batch.blocked for batch in self.batches),
            "asked": sum(batch.count for batch in self.batches),
            "answered": sum(batch.answered for batch in self.batches),
        }


def run_name(due_at: datetime) -> str:
    """What a run is called that was due then."""
    return due_at.astimezone(UTC).strftime(_RUN)


def due_at(run: str) -> datetime:
    """When a run of that name was due. Raises `Refused` for what is no run's name."""
    try:
        return datetime.strptime(run, _RUN).replace(tzinfo=UTC)
    except ValueError:
        raise Refused("run", run, "is no run: give a name such as 2026-11-30T060000Z") from None


def run_key(name: str, run: str, file: str = "") -> str:
    """Key of a run's record, or of a file that belongs to the run, such as its report."""
    return f"audits/{name}/{run}/{file}" if file else f"audits/{name}/{run}.json"


def begun(
    audit: Audit, due: datetime, batches: Sequence[tuple[str, BatchConfig]], now: datetime, before: str | None = None
) -> AuditRun:
    """The record of a run that begins; `before` is the run before it. Raises `RefusedRequest` for bad prompts."""
    people = [person.label for person in audit.profiles for _ in audit.models]
    return AuditRun(
        audit=Declared.model_validate(audit.model_dump(mode="json") | {"prompts": audit.asked}),
        run=run_name(due),
        due_at=due,
        started_at=now,
        missed=missed(audit, due_at(before), due) if before else [],
        prompts=[_asked(question) for question in audit.questions],
        batches=[
            AuditBatch(id=batch_id, model=config.model, profile=person, count=config.count)
            for (batch_id, config), person in zip(batches, people, strict=True)
        ],
        callback=audit.callback,
    )


def turned_down(audit: Audit, due: datetime, now: datetime, why: str) -> AuditRun:
    """The record of a run that asks nothing, for a reason."""
    declared = Declared.model_validate(audit.model_dump(mode="json"))
    return AuditRun(
        audit=declared,
        run=run_name(due),
        due_at=due,
        started_at=now,
        ended_at=now,
        batches=[],
        callback=audit.callback,
        refused=why,
    )


def ended(run: AuditRun, status: Callable[[str], dict[str, Any] | None], now: datetime) -> AuditRun:
    """The record of a run that is over; `status` is the body of a batch's status.

    What made no dataset has failed; what has been forgotten since stays as it was.
    """
    batches = [_ended(batch, status(batch.id)) for batch in run.batches]
    return run.model_copy(update={"batches": batches, "ended_at": now})


def so_far(run: AuditRun, status: Callable[[str], dict[str, Any] | None]) -> AuditRun:
    """The record of a run with what its batches have by now; `status` as for `ended`."""
    batches = [_so_far(batch, status(batch.id)) for batch in run.batches]
    return run.model_copy(update={"batches": batches})


def missed(audit: Audit, before: datetime, due: datetime) -> list[datetime]:
    """When the audit was due between the run before and this one, by the schedule that it has now."""
    if audit.schedule is None:
        return []
    between = takewhile(lambda at: at < due, due_after(audit.schedule, audit.timezone, before))
    return [at.astimezone(UTC) for at in between][-MISSED:]


def late_by(audit: Audit, due: datetime, now: datetime) -> timedelta | None:
    """By how much a run that was due then is too late to be had now: a chat answers today. None where it is not."""
    if audit.schedule is None:
        return None
    following = next(due_after(audit.schedule, audit.timezone, due))
    return now - due if now - due > max((following - due) / LATE, LEAST) else None


def keep(part: Store, run: AuditRun) -> None:
    """Write the record, in place of the one that stands."""
    part.put(run_key(run.audit.name, run.run), run.model_dump_json().encode())


def load_run(part: Store, name: str, run: str) -> AuditRun | None:
    """The record of one run; None where there is none."""
    body = part.get(run_key(name, run))
    return _read(run, body) if body else None


def find_run(store: Store, name: str, run: str, origin: Origin | None = None) -> tuple[Store, AuditRun] | None:
    """The record of one run, and the part of the store that it is in; None where there is none of that origin, or any.

    A run that was begun again after its file was switched to the other is the one begun last.
    """
    if not (NAME.fullmatch(name) and _is_run(run)):
        return None
    parts = [store.of(one) for one in ORIGINS if origin in (None, one)]
    found = [(part, record) for part in parts if (record := load_run(part, name, run))]
    return max(found, key=lambda one: one[1].started_at or one[1].due_at, default=None)


def run_names(part: Store, name: str) -> list[str]:
    """The names of the audit's runs, in order of time."""
    folder = f"audits/{name}/"
    found = (key.removeprefix(folder) for key in part.keys(f"audits/{name}"))
    return sorted(file.removesuffix(".json") for file in found if "/" not in file and file.endswith(".json"))


def load_runs(part: Store, name: str, runs: Sequence[str] | None = None) -> Iterator[AuditRun]:
    """The records of the audit's runs, or of these, in order of time; what cannot be read is left out."""
    names = run_names(part, name) if runs is None else runs
    bodies = part.get_many([run_key(name, run) for run in names])
    for run, body in zip(names, bodies, strict=True):
        if record := _read(run, body) if body else None:
            yield record


def audit_names(part: Store) -> list[str]:
    """The audits that ever ran, whether their files are still there or not."""
    return part.folders("audits")


def _is_run(text: str) -> bool:
    try:
        return due_at(text) is not None
    except Refused:
        return False


def _read(run: str, body: bytes) -> AuditRun | None:
    """What an earlier version wrote does not say when it was due: its name does."""
    try:
        return AuditRun.model_validate({"due_at": due_at(run), **json.loads(body)})
    except ValueError:
        return None


def _asked(question: Question) -> Asked:
    return Asked(prompt_id=prompt_id(question.prompt), **question.model_dump())


def _ended(batch: AuditBatch, body: dict[str, Any] | None) -> AuditBatch:
    if body is None and batch.status:
        return batch
    if body is None or body["status"] not in ENDED:
        return batch.model_copy(update={"status": "failed", "outcomes": {str(Outcome.CANCELLED): batch.count}})
    return _so_far(batch, body)


def _so_far(batch: AuditBatch, body: dict[str, Any] | None) -> AuditBatch:
    if body is None:
        return batch
    status = body["status"] if body["status"] in ENDED else None
    told = {"status": status, "count": body["count"], "answered": body["successful"]}
    return batch.model_copy(update={**told, "outcomes": body["outcomes"]})
