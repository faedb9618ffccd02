"""Tell of a batch as the tasks do, without a scheduler, and print what each step came to.

`test_telling` starts this with an Airflow home of its own, and is the receiver.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DagRunTriggerException

from batches import BATCH, NOW
from completions.audit_runs import run_name
from completions.errors import Refused
from completions_airflow import audits, steps, telling

FIELDS = ("trigger_dag_id", "dag_run_id", "conf", "reset_dag_run", "wait_for_completion")


def _notify() -> dict[str, Any]:
    """What the task notify of the batch's run comes to."""
    run = SimpleNamespace(run_id="manual__1", conf={"batch_id": BATCH})
    try:
        return {"told": steps.notify(run)}
    except AirflowFailException as failed:
        return {"failed": str(failed)}
    except DagRunTriggerException as handed:
        wait = (handed.run_after - datetime.now(UTC)).total_seconds()
        return {"handed over": {name: getattr(handed, name) for name in FIELDS}, "wait": wait, "note": handed.note}


def _deliver(run_id: str = "msg_1", **conf: Any) -> dict[str, Any]:
    """What the task deliver comes to, and what is made of its failure."""
    run = SimpleNamespace(run_id=run_id, conf=conf)
    with mock.patch.object(telling, "get_current_context", return_value={"dag_run": run}):
        try:
            return {"told": telling.deliver()}
        except AirflowSkipException as skipped:
            return {"skipped": str(skipped)}
        except (telling.NotYet, AirflowFailException) as failed:
            return {"failed": str(failed), **_decided(failed)}


def _notify_of_audit() -> dict[str, Any]:
    """What the task notify of an audit's run comes to."""
    run = SimpleNamespace(run_id="scheduled__1", run_after=NOW, conf={})
    with mock.patch.object(audits, "get_current_context", return_value={"dag_run": run}):
        try:
            return {"told": audits.notify("lutes")}
        except AirflowSkipException as skipped:
            return {"skipped": str(skipped)}
        except DagRunTriggerException as handed:
            return {"handed over": {name: getattr(handed, name) for name in FIELDS}, "note": handed.note}


def _finished() -> dict[str, Any]:
    """What the task finish of an audit comes to, and what the asset's event carries."""
    events, run = mock.MagicMock(), SimpleNamespace(run_id="scheduled__1", run_after=NOW, conf={})
    context = {"dag_run": run, "outlet_events": events}
    with mock.patch.object(audits, "get_current_context", return_value=context):
        try:
            return {"counts": audits.finish("lutes"), "extra": events.__getitem__.return_value.extra}
        except AirflowFailException as failed:
            return {"failed": str(failed)}


def _planned(days: int, kind: str = "scheduled") -> dict[str, Any]:
    """What the task plan of an audit comes to so many days after it was due."""
    after = datetime.now(UTC) - timedelta(days=days)
    run = SimpleNamespace(run_id=f"{kind}__1", run_after=after, conf={}, run_type=kind)
    with mock.patch.object(audits, "get_current_context", return_value={"dag_run": run}):
        try:
            return {"batches": len(audits.plan("lutes"))}
        except (AirflowSkipException, AirflowFailException) as ended:
            return {"skipped" if isinstance(ended, AirflowSkipException) else "failed": str(ended)}


def _decided(error: Exception) -> dict[str, Any]:
    decision = telling.WhenDue().evaluate(error, 1, 20)
    return {"action": decision.action.value, "wait": decision.retry_delay and decision.retry_delay.total_seconds()}


if __name__ == "__main__":
    does: dict[str, Any] = {
        "notify": _notify,
        "deliver": lambda: _deliver(batch_id=BATCH, generation=1),
        "deliver of an earlier generation": lambda: _deliver(batch_id=BATCH, generation=0),
        "notify of an audit": _notify_of_audit,
        "deliver of an audit": lambda: _deliver("manual__1", audit="lutes", run=run_name(NOW)),
        "deliver of an audit that was finished anew": lambda: _deliver("msg_0", audit="lutes", run=run_name(NOW)),
        "finish of an audit": _finished,
        "plan in time": lambda: _planned(0),
        "plan a day late": lambda: _planned(1),
        "plan a day after somebody started it": lambda: _planned(1, "manual"),
        "plan of an audit that costs too much": lambda: _planned(0),
        "a broken store": lambda: _decided(OSError("full")),
        "a purged batch": lambda: _decided(Refused("batch_id", BATCH, "is gone")),
    }
    print(json.dumps([does[word]() for word in sys.argv[1:]]))
