"""What the tasks of an audit's DAG do.

The DAG's file imports this whenever it is parsed: what is heavy is imported when a task runs.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from completions.audits import Audit, files, load
from completions.errors import Refused
from completions.settings import Settings
from completions_airflow.connections import open_store

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol

log = logging.getLogger(__name__)

ENDED = ("successful", "failed")


def plan(name: str) -> list[dict[str, Any]]:
    """Submit the batches of this run; returns what starts each: `{"trigger_run_id", "conf": {"batch_id"}}`.

    Made again, it submits the same batches under the same ids.
    """
    from completions.plan import submit

    audit, run, store = _audit(name), run_of(get_current_context()["dag_run"]), open_store()
    audit.check()
    batches = list(audit.batches(run))
    store.of("rehearsal" if audit.rehearse else "live").put(f"audits/{name}/{run}.json", _record(audit, run, batches))
    for batch_id, config in batches:
        submit(store, batch_id, config)
    log.info("audit %s, run %s: %d batches, %d chats at most", name, run, len(batches), audit.chats)
    return [{"trigger_run_id": f"audit__{batch_id}", "conf": {"batch_id": batch_id}} for batch_id, _ in batches]


def ended(batch: dict[str, Any]) -> bool:
    """Whether a batch is over: its dataset stands, or its run will make none. Notifications are not waited for."""
    from completions.status import status

    body = status(open_store(), batch["conf"]["batch_id"])
    if body and body["status"] in ENDED:
        return True
    return _run_state(batch["trigger_run_id"]) in ("success", "failed")


def finish(batches: list[dict[str, Any]]) -> dict[str, int]:
    """Count how the batches of the run ended; fails when none of them was answered."""
    from completions.status import status

    store, counts = open_store(), dict.fromkeys(("batches", "successful", "asked", "answered"), 0)
    for batch in batches:
        body = status(store, batch["conf"]["batch_id"]) or {"status": "failed", "count": 0, "successful": 0}
        counts["batches"] += 1
        counts["successful"] += body["status"] == "successful"
        counts["asked"] += body["count"]
        counts["answered"] += body["successful"]
    log.info("%s", counts)
    if not counts["successful"]:
        raise AirflowFailException(f"no batch of this run was answered: {counts}")
    return counts


def run_of(dag_run: DagRunProtocol) -> str:
    """What a run of an audit is called: when it was due, in UTC."""
    return f"{dag_run.run_after:%Y-%m-%dT%H%M%SZ}"


def _audit(name: str) -> Audit:
    for file in files(Settings.from_env().audits):
        if file.stem == name:
            return load(file)
    raise Refused("audit", name, f"has no file in {Settings.from_env().audits}")


def _record(audit: Audit, run: str, batches: list[tuple[str, Any]]) -> bytes:
    """What the run was, for those who read its history: the audit as it was then, and its batches."""
    people = [person.label for person in audit.profiles for _ in audit.models]
    asked = [
        {"id": batch_id, "model": config.model, "profile": person}
        for (batch_id, config), person in zip(batches, people, strict=True)
    ]
    declared = audit.model_dump(mode="json", exclude={"folder"}) | {"prompts": audit.asked}
    return json.dumps({"audit": declared, "run": run, "batches": asked}, ensure_ascii=False).encode()


def _run_state(run_id: str) -> str:
    return str(get_current_context()["ti"].get_dagrun_state("batch_completions", run_id))
