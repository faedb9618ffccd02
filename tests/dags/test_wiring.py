"""Which tasks run, and how the run ends, whatever the steps of a batch or an audit come to."""

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


def _ran(script: str, home: Path, **more: str) -> Results:
    """How the runs and their tasks ended in each scenario of a script."""
    core = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags")}
    env = {**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(PROJECT / "tests"), **core, **more}
    for command in (
        ["-m", "airflow", "db", "migrate"],
        [str(Path(__file__).with_name(script)), f"{home}/results"],
    ):
        subprocess.run([sys.executable, *command], env=env, check=True, capture_output=True)
    found: Results = json.loads((home / "results").read_text())
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return _ran("wiring.py", tmp_path_factory.mktemp("wiring"))


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("audits")
    (folder / "lutes.yaml").write_text("prompts: [Which lute is best?]\nrehearse: true\n", "utf-8")
    return _ran("audit_wiring.py", tmp_path_factory.mktemp("audit_wiring"), COMPLETIONS_AUDITS=str(folder))


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


@pytest.mark.parametrize(
    ("scenario", "run", "plan", "finish", "notify"),
    [
        ("all is well", "success", "success", "success", "success"),
        ("no callback", "success", "success", "success", "skipped"),
        ("the delivery fails", "success", "success", "success", "failed"),
        ("no batch was answered", "failed", "success", "failed", "success"),
        ("nothing was answered nor delivered", "failed", "success", "failed", "failed"),
        ("it comes too late", "success", "skipped", "skipped", "skipped"),
        ("it costs too much", "failed", "failed", "failed", "success"),
    ],
)
def test_an_audits_run_is_as_successful_as_what_it_finished_with(
    audits: Results, scenario: str, run: str, plan: str, finish: str, notify: str
) -> None:
    ended = audits[scenario]
    assert (ended["run"], ended["plan"], ended["finish"], ended["notify"]) == (run, plan, finish, notify)
