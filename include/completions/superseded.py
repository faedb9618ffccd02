"""Parts of a batch's earlier generations: out of the dataset's way once its readers had time to finish."""

from __future__ import annotations

from completions.dataset import TABLES
from completions.manifest import load_manifest
from completions.plan import find_batch, load_plan
from completions.store import Store

GRACE = 10.0
"""Seconds that those who are reading the generation before still have its files."""


def superseded(store: Store, batch_id: str) -> list[str]:
    """Keys of the batch's parts that its manifest does not name any more, oldest first."""
    found = find_batch(store, batch_id)
    plan = load_plan(found[0], batch_id) if found else None
    manifest = load_manifest(found[0], batch_id) if found else None
    if found is None or plan is None or manifest is None:
        return []
    keys = {key for table in TABLES for key in found[0].keys(table.folder(plan)) if key.endswith(".parquet")}
    return sorted(keys - {file.key for file in manifest.files})


def retire(store: Store, batch_id: str) -> None:
    """Move them out of the dataset, below `superseded/`, so that who reads the folder has every row once."""
    keys = superseded(store, batch_id)
    found = find_batch(store, batch_id)
    for key in keys:
        assert found, "it has parts"
        found[0].move(key, f"superseded/{key}")
