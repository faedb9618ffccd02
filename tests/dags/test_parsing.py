"""What every DAG file must be like: documented, bounded, and read without doing anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from completions.settings import PROJECT

FILES = sorted((PROJECT / "dags").glob("*.py"))
HEAVY = {"babel", "boto3", "duckdb", "lxml", "obstore", "pandas", "playwright", "pyarrow"}

READ = Path(__file__).with_name("reading.py")


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.stem)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process of its own saw when it read the file."""
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "COMPLETIONS_CONVERSATIONS": "5"}
    command = [sys.executable, str(READ), str(request.param)]
    output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def test_reading_does_nothing_but_import(read: dict[str, Any]) -> None:
    assert read["done"] == []


def test_reading_imports_nothing_heavy(read: dict[str, Any]) -> None:
    assert HEAVY & set(read["modules"]) == set()


def test_dags_are_documented_and_bounded(read: dict[str, Any]) -> None:
    assert read["dags"]
    for dag in read["dags"]:
        assert dag["doc_md"].startswith(dag["description"])
        assert dag["tags"] == ["completions"]
        assert not dag["catchup"]
        assert dag["max_active_runs"] >= 1
        assert dag["max_active_tasks"] > 16, "Airflow's default would be the bottleneck"


def test_tasks_are_retried_and_bounded(read: dict[str, Any]) -> None:
    for task in read["tasks"]:
        assert task["retries"] >= 1, task
        assert 0 < task["timeout"] <= 24 * 3600, task


def test_asking_takes_a_slot_of_the_pool_for_each_conversation(read: dict[str, Any]) -> None:
    asking = [(task["pool"], task["pool_slots"]) for task in read["tasks"] if task["task_id"] == "ask"]
    assert asking == [("browsers", 5)]
    assert {task["pool"] for task in read["tasks"] if task["task_id"] != "ask"} == {"default_pool"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 100
