"""Whether an Airflow that was just started takes batches yet, asked over its own API."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from completions.airflow_api import Airflow, AirflowError

DAG = "batch_completions"
POOL = "browsers"
"""Airflow pool that every asking task takes slots of: one slot is one conversation under way."""

_BEATING = ("scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True)
class Readiness:
    """What an Airflow started at `since` still lacks; what it said before does not count."""

    api: Airflow
    dags: Path
    conversations: int
    """How many a single task will ask at once: the pool must have room for that."""
    since: datetime

    def missing(self) -> str:
        """What is still to come, in words; empty once batches can be taken.

        Makes the pool on the way. Raises `AirflowError` when Airflow answers, but refuses.
        """
        try:
            health = self.api.request("GET", "/monitor/health")
            late = [part for part in _BEATING if not self._fresh(health[part][f"latest_{part}_heartbeat"])]
            if late:
                return "the " + ", the ".join(late)
            self._ensure_pool()
            return "" if self._loaded() else f"the DAG {DAG}"
        except AirflowError as error:
            if error.status and error.status < 500:
                raise
            return "the API server"

    def import_errors(self) -> list[dict[str, Any]]:
        """The DAG files that do not load: `filename`, `stack_trace` and more of each."""
        errors = self.api.request("GET", "/importErrors")["import_errors"]
        return [error for error in errors if self._fresh(error["timestamp"])]

    def _loaded(self) -> bool:
        """Whether the DAG's file, if there is one, was read, for better or worse."""
        file = f"{DAG}.py"
        if not (self.dags / file).exists() or any(error["filename"] == file for error in self.import_errors()):
            return True
        dags = self.api.request("GET", "/dags", dag_id_pattern=DAG)["dags"]
        return any(dag["dag_id"] == DAG and self._fresh(dag["last_parsed_time"]) for dag in dags)

    def _ensure_pool(self) -> None:
        """Make the pool, or make it large enough: a task that asks for more slots than there are waits for ever."""
        pools = self.api.request("GET", "/pools", pool_name_pattern=POOL)["pools"]
        slots = next((pool["slots"] for pool in pools if pool["name"] == POOL), None)
        if slots is None:
            about = "Conversations under way at once, over all browsers of this machine"
            pool = {"name": POOL, "slots": self._room(), "description": about, "include_deferred": False}
            self.api.request("POST", "/pools", json=pool)
        elif slots < self.conversations:
            larger = {"pool": POOL, "slots": self._room(), "include_deferred": False}
            self.api.request("PATCH", f"/pools/{POOL}", json=larger, update_mask="slots")

    def _room(self) -> int:
        return max(8 * (os.cpu_count() or 1), self.conversations)

    def _fresh(self, moment: str | None) -> bool:
        return moment is not None and datetime.fromisoformat(moment) >= self.since
