"""Read one DAG file as Airflow does, and print what it declares and what was done meanwhile besides importing."""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

# So that importing them isn't counted as the file's doing.
import airflow.providers.standard.decorators.python
import airflow.providers.standard.decorators.sensor
import airflow.providers.standard.operators.trigger_dagrun  # noqa: F401
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext

SIDE_EFFECTS = {"os.mkdir", "os.remove", "os.rename", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}
DAG_FACTS = ("dag_id", "doc_md", "description", "catchup", "max_active_runs", "max_active_tasks", "schedule")
TASK_FACTS = ("task_id", "retries", "pool", "pool_slots")


def read(file: str) -> dict[str, Any]:
    """Read the file; returns its DAGs, their tasks, side effects and the modules there are now."""
    done: list[str] = []

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if args and "__pycache__" in str(args[0]):  # what Python keeps of what it compiles
            return
        code = event == "open" and str(args[0]).endswith((".py", ".yaml"))  # of DAGs and of audits
        if event in SIDE_EFFECTS or (event == "open" and not code):
            done.append(f"{event} {args[0]}")

    DAG("first", schedule=None)  # imports what Airflow needs for any DAG
    sys.addaudithook(watch)
    DagContext.current_autoregister_module_name = __name__
    runpy.run_path(file)
    seen, dags = list(done), [dag for dag, _ in DagContext.autoregistered_dags]
    return {
        "done": seen,
        "modules": sorted(sys.modules),
        "dags": [{name: getattr(dag, name) for name in DAG_FACTS} | {"tags": sorted(dag.tags)} for dag in dags],
        "tasks": [_task(task) for dag in dags for task in dag.tasks],
        "params": {name: dag.params.get_param(name).serialize() for dag in dags for name in dag.params},
    }


def _task(task: Any) -> dict[str, Any]:
    timeout = task.execution_timeout.total_seconds() if task.execution_timeout else None
    return {name: getattr(task, name) for name in TASK_FACTS} | {"timeout": timeout}


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
