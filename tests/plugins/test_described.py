"""The HTTP API does what its OpenAPI says: schemathesis asks it whatever that allows, and what it doesn't."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from api_servers import Server
from batches import ask, planned
from completions.collect import collect
from completions.errors import Outcome

pytest_plugins = ["api_servers"]
pytestmark = [pytest.mark.airflow, pytest.mark.drill]

DAG = "/dags/batch_completions"
RUN = (
    *("--checks", "all", "--max-examples", "25", "--continue-on-failure", "--generation-deterministic", "--no-color"),
    # A country that there is not is a string all the same: more is refused than a schema can say.
    *("--exclude-checks", "positive_data_acceptance"),
)


@pytest.fixture
def resting(strict: Server) -> Iterator[Server]:
    """The server while no run starts: what is made up here is never asked."""
    api = strict.airflow.api
    api.request("PATCH", DAG, json={"is_paused": True})
    before = _runs(strict)
    yield strict
    for run in _runs(strict) - before:
        api.request("DELETE", f"{DAG}/dagRuns/{run}")
    api.request("PATCH", DAG, json={"is_paused": False})


def _runs(server: Server) -> set[str]:
    found: set[str] = set()
    while more := server.airflow.api.request("GET", f"{DAG}/dagRuns", limit=100, offset=len(found))["dag_runs"]:
        found |= {run["dag_run_id"] for run in more}
    return found


def _failed_in_part(server: Server) -> str:
    """A batch that is done, with an answer and a failure."""
    now = datetime.now(UTC)
    plan = planned(server.airflow.store, batch_id=str(uuid4()), now=now, rehearse=True)
    ask(server.airflow.store, plan, lambda item: Outcome.TIMEOUT if item.index else Outcome.ANSWERED)
    collect(server.airflow.store, plan.batch_id, now)
    return plan.batch_id


@pytest.mark.parametrize("known", [False, True], ids=["any batch", "one that is there"])
def test_what_it_says_is_what_it_does(resting: Server, tmp_path: Path, known: bool) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(f'parameters = {{ id = "{_failed_in_part(resting)}" }}\n' if known else "", "utf-8")
    url, token = f"{str(resting.client.base_url).rstrip('/')}/ai/openapi.json", resting.login("boss")
    tool = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", url]
    command = [*tool, "-H", f"Authorization: Bearer {token}", *RUN]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Tested: 13" in done.stdout
