"""Whether the adapters still fit their sites: the rows that checks leave, and the marks that stop batches.

A check (`canary`) that found a site changed marks it unhealthy in the store. Batches for it are then refused, unless
forced, until a check passes again. What says nothing of the adapter, such as a wall, leaves the mark as it is. Live and
rehearsed checks live in their origin's part of the store, and neither stops the batches of the other.
"""

from __future__ import annotations

import io
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from completions.batch import BatchConfig
from completions.errors import Outcome, Refused
from completions.record import SCHEMA_VERSION
from completions.store import Origin, Store


class Health(BaseModel):
    """What one check of a site came to; a row of the table `health`, whose columns say what each field means."""

    model_config = ConfigDict(frozen=True)

    site: str
    origin: Origin
    checked_at: AwareDatetime
    healthy: bool | None
    outcome: Outcome
    failed: list[str] = []
    error_message: str | None = None
    tries: int
    adapter_version: str
    ui_variant: str | None = None
    latency_ms: int | None = None
    fields_filled: list[str] = []
    fields_empty: list[str] = []
    evidence: str | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def told(self) -> str:
        """What failed or stood in the way, in a few words; empty where all is well."""
        return "; ".join(self.failed) or self.error_message or ""


def keep(part: Store, health: Health) -> None:
    """Write the row, and mark the site as what it was found to be, if the check could tell."""
    part.put(_row_key(health), _parquet(health))
    if health.healthy is not None:
        part.put(_mark_key(health.site), health.model_dump_json(indent=2).encode())


def last(part: Store, site: str) -> Health | None:
    """The last check of `site` that could tell; None when there was none."""
    body = part.get(_mark_key(site))
    return Health.model_validate_json(body) if body else None


def refuse_unhealthy(store: Store, config: BatchConfig) -> None:
    """Raise `Refused` when the site that `config` asks is marked unhealthy, unless the request is forced."""
    if config.forced:
        return
    found = last(store.of(config.origin), config.model)
    if found and found.healthy is False:
        raise Refused("model", config.model, _sentence(found))


def evidence_key(site: str, at: datetime, name: str = "") -> str:
    """Key of something that a failed check leaves for whoever mends the adapter."""
    return f"health/evidence/{site}-{at:%Y%m%dT%H%M%S%f}/{name}".rstrip("/")


def _sentence(found: Health) -> str:
    again = f"completions health --site {found.site}{' --rehearse' if found.origin == 'rehearsal' else ''}"
    return (
        f"is marked unhealthy since its check of {found.checked_at:%Y-%m-%d %H:%M} UTC ({found.told}); "
        f'check it again with `{again}`, or ask it all the same with "force": true'
    )


def _mark_key(site: str) -> str:
    return f"health/{site}.json"


def _row_key(health: Health) -> str:
    name = f"{health.site}-{health.checked_at:%H%M%S%f}.parquet"
    return f"datasets/health/schema=v{SCHEMA_VERSION}/date={health.checked_at.date()}/{name}"


def _parquet(health: Health) -> bytes:
    import pyarrow as pa  # here, as those who only look at the marks need no more than the store
    import pyarrow.parquet as pq

    from completions.columns import HEALTH

    schema, file = pa.schema([(column.name, column.type) for column in HEALTH]), io.BytesIO()
    pq.write_table(pa.Table.from_pylist([health.model_dump()], schema), file, compression="zstd")
    return file.getvalue()
