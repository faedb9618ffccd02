"""Print when Airflow would have the audit of a folder run, in some situations: seconds from now, negative if past.

`test_audit_tasks` starts this with an Airflow home of its own.
"""

from __future__ import annotations

import json
import runpy
from datetime import timedelta
from typing import Any

from airflow.sdk import timezone
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction

from completions.settings import PROJECT


def _due(dag: SerializedDAG, last_ago: timedelta | None) -> float:
    """When the run after one that was due so long ago is."""
    now = timezone.utcnow()
    last = None if last_ago is None else DataInterval.exact(timezone.coerce_datetime(now - last_ago))
    assert (dag.start_date, dag.end_date) == (None, None)
    restriction = TimeRestriction(None, None, dag.catchup)
    info = dag.timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
    assert info
    return info.run_after.timestamp() - now.timestamp()


def _read() -> SerializedDAG:
    found = runpy.run_path(str(PROJECT / "dags/prompt_audits.py"))
    dag: Any = DagSerialization.from_dict(DagSerialization.to_dict(found["audit_lutes"]))
    return dag  # type: ignore[no-any-return]


if __name__ == "__main__":
    dag = _read()
    since = {"new": None, "ran today": timedelta(0), "missed three": timedelta(days=3.5)}
    print(json.dumps({name: _due(dag, ago) for name, ago in since.items()} | {"at once": dag.max_active_runs}))
