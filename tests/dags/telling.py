"""Tell of a batch as the tasks do, without a scheduler, and print what each step came to.

`test_telling` starts this with an Airflow home of its own, and is the receiver.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DagRunTriggerException

from batches import BATCH
from completions.errors import Refused
from completions_airflow import steps, telling

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


def _deliver(generation: int) -> dict[str, Any]:
    """What the task deliver comes to, and what is made of its failure."""
    run = SimpleNamespace(run_id="msg_1", conf={"batch_id": BATCH, "generation": generation})
    with mock.patch.object(telling, "get_current_context", return_value={"dag_run": run}):
        try:
            return {"told": telling.deliver()}
        except AirflowSkipException as skipped:
            return {"skipped": str(skipped)}
        except (telling.NotYet, AirflowFailException) as failed:
            return {"failed": str(failed), **_decided(failed)}


def _decided(error: Exception) -> dict[str, Any]:
    decision = telling.WhenDue().evaluate(error, 1, 20)
    return {"action": decision.action.value, "wait": decision.retry_delay and decision.retry_delay.total_seconds()}


if __name__ == "__main__":
    does: dict[str, Any] = {
        "notify": _notify,
        "deliver": lambda: _deliver(1),
        "deliver of an earlier generation": lambda: _deliver(0),
        "a broken store": lambda: _decided(OSError("full")),
        "a purged batch": lambda: _decided(Refused("batch_id", BATCH, "is gone")),
    }
    print(json.dumps([does[word]() for word in sys.argv[1:]]))
