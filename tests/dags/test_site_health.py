"""The health check as a DAG: a changed site stops its batches until a check passes, all of it on a real Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from completions.batch import BatchConfig, batch_id_of
from completions.canary import CANARY, FAILURES
from completions.doctor import examine
from completions.health import last, refuse_unhealthy
from completions.settings import PROJECT, Settings
from completions.sites import NAMES
from completions.status import status
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]

SCHEDULE = "import runpy, sys; print(runpy.run_path(sys.argv[1])['site_health']().schedule)"


def test_live_sites_are_asked_only_where_the_operator_says_so(
    tmp_path: Path, read: Callable[[str], dict[str, Any]]
) -> None:
    [dag] = read("site_health")["dags"]
    assert dag["schedule"] is None
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "COMPLETIONS_HEALTH": "daily"}
    command = [sys.executable, "-c", SCHEDULE, str(PROJECT / "dags/site_health.py")]
    told = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    assert told.splitlines()[-1] == "@daily"


def _ends(airflow: RealAirflow, run_id: str) -> dict[str, str]:
    """How the check of each site ended."""
    return {
        task["rendered_map_index"]: task["state"]
        for task in airflow.instances(run_id, "site_health")
        if task["task_id"] == "check"
    }


@pytest.mark.airflow
@pytest.mark.browser
@pytest.mark.drill
def test_a_changed_site_stops_its_batches_until_a_check_passes(airflow: RealAirflow) -> None:
    part, conf = airflow.store.of("rehearsal"), {"prompts": ["Still the same?"], "rehearse": True, "expiration": 0}
    only: dict[str, Any] = {"rehearse": True, "sites": ["chatgpt"]}
    before = set(part.keys("datasets/health"))
    airflow.rehearsal.script(CANARY, "layout_changed", FAILURES)

    changed = airflow.run(only, "site_health")
    assert (airflow.state(changed, "site_health"), _ends(airflow, changed)) == ("failed", {"chatgpt": "failed"})
    found = last(part, "chatgpt")
    assert found
    assert (found.healthy, found.tries, found.failed[0].partition(":")[0]) == (False, 2, "layout_changed")

    refused = airflow.run(conf)
    assert airflow.tasks(refused)["plan"] == ["failed"]
    log = airflow.log(refused, "plan")
    assert f"'chatgpt': is marked unhealthy since its check of {found.checked_at:%Y-%m-%d %H:%M} UTC (layout_" in log
    assert 'with `completions health --site chatgpt --rehearse`, or ask it all the same with "force": true' in log
    assert status(airflow.store, batch_id_of(refused)) is None

    forced, passed = airflow.start({**conf, "force": True}), airflow.start({"rehearse": True}, "site_health")
    airflow.wait(forced)
    airflow.wait(passed, "site_health")
    body = status(airflow.store, batch_id_of(forced))
    assert body
    assert body["outcomes"] == {"answered": 1}
    assert _ends(airflow, passed) == dict.fromkeys(NAMES, "success")
    assert len(set(part.keys("datasets/health")) - before) == 1 + len(NAMES)
    refuse_unhealthy(airflow.store, BatchConfig.model_validate(conf))
    assert airflow.store.keys("health") == set()


@pytest.mark.airflow
def test_the_doctor_sees_what_airflow_lacks(airflow: RealAirflow) -> None:
    for conversations, enough in ((4, True), (64, False)):
        settings = Settings(browser="/no/such/browser", conversations=conversations)
        found = {one.check: one for one in examine(settings, lambda: airflow.store, airflow.api.url, live=False)}
        assert [found[check].ok for check in ("store", "airflow", "pool", "dag")] == [True, True, enough, True]
    assert found["pool"].do.startswith('`airflow pools set browsers 64 "conversations at once"`')
