"""A batch on two Celery workers that share nothing but PostgreSQL, Redis and a bucket; one of them dies."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from bucket_airflow import on_bucket
from completions.batch import batch_id_of
from completions.cluster import Cluster, lacking
from completions.embedded import free_port
from completions.reading import connect
from completions.status import status
from real_airflow import RealAirflow

pytestmark = [
    pytest.mark.drill,
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {' and '.join(lacking())}"),
]

PROMPTS = int(os.environ.get("COMPLETIONS_DRILL_PROMPTS", "48"))
"""How many the large batch has; the whole drill is `COMPLETIONS_DRILL_PROMPTS=1000`."""


SOON: dict[str, Any] = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "5",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__UNACKED_RESTORE_INTERVAL": "0.5",
}
"""Seconds until Airflow notices a death, until the broker takes a task for lost, and a tenth of how often it looks."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RealAirflow]:
    """Two workers, whose broker hands out again what runs for longer than some seconds, though it is not lost."""
    with on_bucket(Cluster(home=tmp_path / "airflow", port=free_port()), **SOON) as airflow:
        yield airflow


def of_worker(airflow: RealAirflow, number: int) -> list[psutil.Process]:
    """Every process of a worker: itself, its tasks, their browsers."""
    home, found = str(airflow.embedded.home / f"worker-{number}"), []
    for process in airflow.embedded.service.processes():
        with suppress(psutil.Error):
            if process.environ().get("AIRFLOW_HOME") == home:
                found.append(process)
    return found


def kill(processes: list[psutil.Process]) -> None:
    """All of them at once, as when a machine is gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def test_a_worker_that_dies_half_way_costs_no_row_and_its_own_chats_alone(cluster: RealAirflow) -> None:
    prompts = [f"Which guitar is number {number}?" for number in range(PROMPTS)]
    callback = cluster.rehearsal.callback_url("cluster")
    run_id = cluster.start({"prompts": prompts, "rehearse": True, "expiration": 0, "callback": callback})

    def completed() -> int:
        return len({asking.prompt for asking in cluster.rehearsal.asked() if asking.completed})

    cluster.until(lambda: completed() >= PROMPTS // 2, within=PROMPTS * 2)
    dying = of_worker(cluster, 1)
    kill(dying)
    cluster.wait(run_id)

    assert len(dying) > 1
    body = status(cluster.store, batch_id_of(run_id))
    assert body
    assert (cluster.state(run_id), body["outcomes"]) == ("success", {"answered": PROMPTS})
    counted = "select count(*), count(distinct prompt_index), count(distinct answer_id) from completions"
    assert connect(cluster.store, batch_id_of(run_id)).execute(counted).fetchone() == (PROMPTS, PROMPTS, PROMPTS)
    asked = Counter(asking.prompt for asking in cluster.rehearsal.asked())
    assert sorted(asked) == sorted(prompts)
    assert max(asked.values()) <= 2
    assert sum(asked.values()) - PROMPTS <= len(dying)  # what the dead browsers held; none of them holds two
    assert len(cluster.rehearsal.callbacks("cluster")) == 1
    assert max(_handed_out(cluster).values()) > 1


def _handed_out(airflow: RealAirflow) -> Counter[str]:
    """How often workers received each task."""
    logs = "".join((airflow.embedded.home / f"worker-{number}.log").read_text("utf-8") for number in (1, 2))
    return Counter(re.findall(r"Task execute_workload\[([^]]+)\] received", logs))
