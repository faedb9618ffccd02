"""Which tasks run, and how the run ends, whatever its steps come to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from completions.settings import PROJECT

pytestmark = pytest.mark.airflow

Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """How the run and its tasks ended in each scenario of `wiring.py`."""
    home = tmp_path_factory.mktemp("wiring")
    core = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags")}
    env = {**os.environ, "AIRFLOW_HOME": str(home), **core}
    for command in (
        ["-m", "airflow", "db", "migrate"],
        [str(Path(__file__).with_name("wiring.py")), f"{home}/results"],
    ):
        subprocess.run([sys.executable, *command], env=env, check=True, capture_output=True)
    found: Results = json.loads((home / "results").read_text())
    return found


@pytest.mark.parametrize(
    ("scenario", "run", "plan", "ask", "collect", "notify"),
    [
        ("all is well", "success", "success", ["success"] * 3, "success", "success"),
        ("nothing to ask", "success", "success", ["skipped"], "success", "success"),
        ("a shard breaks", "success", "success", ["success", "failed", "success"], "success", "success"),
        ("all shards break", "success", "success", ["failed"] * 3, "success", "success"),
        ("a shard is refused", "success", "success", ["success", "failed", "success"], "success", "success"),
        ("no prompt was answered", "failed", "success", ["success"] * 3, "failed", "success"),
        ("the plan breaks", "failed", "failed", ["upstream_failed"], "upstream_failed", "success"),
        ("no callback", "success", "success", ["success"] * 3, "success", "skipped"),
        ("the delivery fails", "success", "success", ["success"] * 3, "success", "failed"),
        ("nothing was answered nor delivered", "failed", "success", ["success"] * 3, "failed", "failed"),
    ],
)
def test_the_run_is_as_successful_as_its_dataset(
    results: Results, scenario: str, run: str, plan: str, ask: list[str], collect: str, notify: str
) -> None:
    tasks = {"plan": [plan], "ask": ask, "collect": [collect], "notify": [notify]}
    assert results[scenario] == {"run": run, "tries": 1, **tasks}
