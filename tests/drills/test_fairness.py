"""A large batch does not make a small one wait for its end."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from completions.batch import batch_id_of
from completions.cancelling import cancel_batch
from completions.status import status
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]

PROMPTS = int(os.environ.get("COMPLETIONS_DRILL_PROMPTS", "200"))
"""How many the large batch has; the whole drill is `COMPLETIONS_DRILL_PROMPTS=1000`."""
PER_TASK = max(4, PROMPTS // 50)


def test_five_prompts_are_through_while_many_go_on(airflow: RealAirflow) -> None:
    large = [f"Which drum is number {number}?" for number in range(PROMPTS)]
    small = [f"Which flute is number {number}?" for number in range(5)]
    first = airflow.start({"prompts": large, "rehearse": True, "expiration": 0, "prompts_per_task": PER_TASK})
    airflow.until(lambda: any(one.completed and one.prompt in large for one in airflow.rehearsal.asked()))
    second = airflow.run({"prompts": small, "rehearse": True, "expiration": 0})
    waiting = [one for one in airflow.instances(first) if one["task_id"] == "ask" and one["state"] == "scheduled"]
    cancel_batch(airflow.store, batch_id_of(first), datetime.now(UTC))
    airflow.wait(first)

    assert len(waiting) >= PROMPTS // PER_TASK // 4  # a quarter of the large one's tasks had not begun
    assert _outcomes(airflow, second) == {"answered": len(small)}
    outcomes = _outcomes(airflow, first)
    assert sum(outcomes.values()) == len(large)
    assert outcomes["answered"] == sum(one.completed and one.prompt in large for one in airflow.rehearsal.asked())


def _outcomes(airflow: RealAirflow, run_id: str) -> dict[str, int]:
    body = status(airflow.store, batch_id_of(run_id))
    assert body
    outcomes: dict[str, int] = body["outcomes"]
    return outcomes
