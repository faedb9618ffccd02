"""What drills share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from real_airflow import RealAirflow

pytest.register_assert_rewrite("drills.waiting")


@pytest.fixture(scope="session")
def waits(airflow: RealAirflow) -> Iterator[dict[str, Future[None]]]:
    """What mostly waits, by its name: begun when the first test asks for it, and at its end when the last one does."""
    from drills.waiting import SCENARIOS

    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {scenario.__name__: pool.submit(scenario, airflow) for scenario in SCENARIOS}
