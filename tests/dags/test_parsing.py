"""What every DAG file must be like: documented, bounded, and read without doing anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from completions.settings import PROJECT

NAMES = sorted(file.stem for file in (PROJECT / "dags").glob("*.py"))
HEAVY = {"babel", "boto3", "duckdb", "fastapi", "lxml", "obstore", "pandas", "playwright", "pyarrow"}


@pytest.fixture(params=NAMES)
def facts(request: pytest.FixtureRequest, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What was found in a DAG file."""
    return read(request.param)


def test_reading_does_nothing_but_import(facts: dict[str, Any]) -> None:
    assert facts["done"] == []


def test_reading_imports_nothing_heavy(facts: dict[str, Any]) -> None:
    assert HEAVY & set(facts["modules"]) == set()


def test_dags_are_documented_and_bounded(facts: dict[str, Any]) -> None:
    assert facts["dags"]
    for dag in facts["dags"]:
        assert dag["doc_md"].startswith(dag["description"])
        assert dag["tags"] in (["completions"], ["audit", "completions"])
        assert not dag["catchup"]
        assert dag["max_active_runs"] >= 1
        assert dag["max_active_tasks"] > 16, "Airflow's default would be the bottleneck"


def test_tasks_are_retried_and_bounded(facts: dict[str, Any]) -> None:
    for task in facts["tasks"]:
        assert task["retries"] >= 1, task
        assert 0 < task["timeout"] <= 24 * 3600, task


def test_asking_takes_a_slot_of_the_pool_for_each_conversation(read: Callable[[str], dict[str, Any]]) -> None:
    tasks = read("batch_completions")["tasks"]
    assert {task["task_id"]: (task["pool"], task["pool_slots"]) for task in tasks} == {
        "plan": ("default_pool", 1),
        "ask": ("browsers", 5),
        "collect": ("default_pool", 1),
        "notify": ("default_pool", 1),
    }


@pytest.mark.parametrize("name", NAMES)
def test_files_are_short(name: str) -> None:
    assert len((PROJECT / f"dags/{name}.py").read_text("utf-8").splitlines()) < 100
