"""A large batch does not make a small one wait for its end."""

from __future__ import annotations

import pytest

from completions.batch import batch_id_of
from completions.status import status
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = [pytest.mark.drill, pytest.mark.airflow, pytest.mark.browser]


def test_a_small_batch_is_through_while_a_large_one_goes_on(airflow: RealAirflow) -> None:
    airflow.rehearsal.reset()
    large = {"prompts": [f"Which drum is number {number}?" for number in range(96)], "prompts_per_task": 4}
    small = {"prompts": [f"Which flute is number {number}?" for number in range(3)]}
    first = airflow.start({**large, "rehearse": True, "expiration": 0})
    airflow.until(lambda: sum(asking.completed for asking in airflow.rehearsal.asked()) >= 4)
    second = airflow.run({**small, "rehearse": True, "expiration": 0})
    waiting = [one for one in airflow.instances(first) if one["task_id"] == "ask" and one["state"] == "scheduled"]
    airflow.wait(first)

    assert len(waiting) >= 8  # a third of the large one's tasks had not begun
    for run_id, count in ((first, 96), (second, 3)):
        body = status(airflow.store, batch_id_of(run_id))
        assert body
        assert body["outcomes"] == {"answered": count}
