"""The batch as it stands once it is collected: `batches/<batch_id>/manifest.json`.

It is written when everything that it names is in place, and replaced as a whole by that of the next generation.
Readers trust it and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from pydantic import BaseModel, ConfigDict

from completions.batch import Format, Model
from completions.errors import OBSERVED, Outcome
from completions.plan import Plan
from completions.profile import Profile
from completions.record import SCHEMA_VERSION, batch_key
from completions.store import Origin, Store

CODE_VERSION = version("batch-completions")


class Stored(BaseModel):
    """An object of the store."""

    model_config = ConfigDict(frozen=True)

    key: str
    uri: str
    bytes: int
    sha256: str


class PartFile(Stored):
    """A Parquet file of one table."""

    table: Literal["completions", "artifacts"]
    rows: int


class ArchiveFile(Stored):
    """The archive."""

    entries: int


class Manifest(BaseModel):
    """What a batch came to, and where it is."""

    model_config = ConfigDict(frozen=True)

    batch_id: str
    run_id: str
    generation: int
    origin: Origin
    model: Model
    format: Format
    client_ref: str | None
    status: Literal["successful", "failed"]
    """`failed` when no prompt was answered."""
    count: int
    """Prompts x samples; so many rows has each table."""
    successful: int
    failed: int
    observed: int
    """Rows in which the site had its say: answered, refused, no_answer."""
    cached: int
    outcomes: dict[str, int]
    started_at: datetime
    finished_at: datetime
    profile: Profile
    files: list[PartFile]
    archive: ArchiveFile | None = None
    """None only in the copy inside the archive."""
    schema_version: int = SCHEMA_VERSION
    code_version: str = CODE_VERSION

    @classmethod
    def of(
        cls, plan: Plan, outcomes: Mapping[Outcome, int], cached: int, files: list[PartFile], now: datetime
    ) -> Manifest:
        """The manifest of a batch whose rows ended in `outcomes`."""
        count, answered = sum(outcomes.values()), outcomes.get(Outcome.ANSWERED, 0)
        return cls(
            batch_id=plan.batch_id,
            run_id=plan.run_id,
            generation=plan.generation,
            origin=plan.config.origin,
            model=plan.config.model,
            format=plan.config.format,
            client_ref=plan.config.client_ref,
            status="successful" if answered else "failed",
            count=count,
            successful=answered,
            failed=count - answered,
            observed=sum(outcomes.get(outcome, 0) for outcome in OBSERVED),
            cached=cached,
            outcomes={str(outcome): number for outcome, number in sorted(outcomes.items())},
            started_at=plan.planned_at,
            finished_at=now,
            profile=plan.profile,
            files=files,
        )

    @property
    def stored(self) -> list[Stored]:
        """Everything that the manifest names."""
        return [*self.files, *([self.archive] if self.archive else [])]


def manifest_key(batch_id: str) -> str:
    """Key of the batch's manifest."""
    return batch_key(batch_id, "manifest.json")


def load_manifest(part: Store, batch_id: str) -> Manifest | None:
    """The manifest that stands in its origin's part of the store; None before the batch is collected."""
    body = part.get(manifest_key(batch_id))
    return Manifest.model_validate_json(body) if body else None
