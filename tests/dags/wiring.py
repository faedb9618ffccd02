"""Run the DAG's graph with steps that do nothing but end as a scenario says, and print how each run and task ended.

`dag.test()` has Airflow's own scheduling decide what runs. `test_wiring` starts this with an Airflow home of its own.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from completions.errors import Refused
from completions.settings import PROJECT
from completions_airflow import steps

SCENARIOS: dict[str, dict[str, Any]] = {
    "all is well": {},
    "nothing to ask": {"shards": 0},
    "a shard breaks": {"fail": {1}},
    "all shards break": {"fail": {0, 1, 2}},
    "a shard is refused": {"refuse": {1}},
    "no prompt was answered": {"collect": "fail"},
    "the plan breaks": {"plan": "fail"},
    "no callback": {"notify": "skip"},
    "the delivery fails": {"notify": "fail"},
    "nothing was answered nor delivered": {"collect": "fail", "notify": "fail"},
}


def end(how: str | None) -> None:
    """End as a scenario says."""
    match how:
        case "fail":
            raise AirflowFailException("as the scenario says")
        case "refuse":
            raise Refused("scenario", how, "asks for it")
        case "skip":
            raise AirflowSkipException("as the scenario says")


def run(scenario: dict[str, Any]) -> dict[str, Any]:
    """The end states of the run, and of each task's instances."""

    def plan() -> list[int]:
        end(scenario.get("plan"))
        return list(range(scenario.get("shards", 3)))

    async def ask(shard: int) -> None:
        for how in ("fail", "refuse"):
            if shard in scenario.get(how, ()):
                end(how)

    def collect() -> None:
        end(scenario.get("collect"))

    def notify() -> None:
        end(scenario.get("notify"))

    with mock.patch.multiple(steps, plan=plan, ask=ask, collect=collect, notify=notify):
        dag = runpy.run_path(str(PROJECT / "dags/batch_completions.py"))["batch_completions"]()
    ended = dag.test()
    states: dict[str, list[str]] = {}
    for instance in sorted(ended.get_task_instances(), key=lambda one: one.map_index):
        states.setdefault(instance.task_id, []).append(instance.state)
    return {"run": ended.state, "tries": max(instance.try_number for instance in ended.get_task_instances()), **states}


if __name__ == "__main__":
    results = {name: run(scenario) for name, scenario in SCENARIOS.items()}
    Path(sys.argv[1]).write_text(json.dumps(results))
