"""Run an audit's graph with steps that only end as a scenario says, and write how the run and its tasks ended.

It has no batches, so that nothing is triggered. `dag.test()` has Airflow's own scheduling decide what runs;
`test_wiring` starts this with an Airflow home of its own, and the audit `lutes`.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from completions.settings import PROJECT
from completions_airflow import audits
from dags.wiring import end

SCENARIOS: dict[str, dict[str, str]] = {
    "all is well": {},
    "no callback": {"notify": "skip"},
    "the delivery fails": {"notify": "fail"},
    "no batch was answered": {"finish": "fail"},
    "nothing was answered nor delivered": {"finish": "fail", "notify": "fail"},
    "it comes too late": {"plan": "skip", "finish": "skip", "notify": "skip"},
    "it costs too much": {"plan": "fail", "finish": "fail"},
}


def run(scenario: dict[str, str]) -> dict[str, Any]:
    """The end states of the run, and of each task."""

    def plan(name: str) -> list[dict[str, Any]]:
        end(scenario.get("plan"))
        return []

    def finish(name: str) -> dict[str, int]:
        end(scenario.get("finish"))
        return {}

    def notify(name: str) -> None:
        end(scenario.get("notify"))

    with mock.patch.multiple(audits, plan=plan, finish=finish, notify=notify):
        dag = runpy.run_path(str(PROJECT / "dags/prompt_audits.py"))["audit_lutes"]
    ended = dag.test()
    return {"run": ended.state, **{instance.task_id: instance.state for instance in ended.get_task_instances()}}


if __name__ == "__main__":
    results = {name: run(scenario) for name, scenario in SCENARIOS.items()}
    Path(sys.argv[1]).write_text(json.dumps(results))
