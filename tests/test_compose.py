"""docker-compose.yaml and Dockerfile: valid by their schema and linter, and the same commands that are tested here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from completions.cluster import VISIBILITY, Cluster
from completions.settings import PROJECT

FILE = PROJECT / "docker-compose.yaml"
AIRFLOW = ("init", "api-server", "scheduler", "worker", "dag-processor", "triggerer")
BACKING = ("postgres", "redis")
DEVELOPMENT = ("s3", "sqs")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))["services"]
    return found


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(home=tmp_path)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_valid_by_the_schema_of_compose() -> None:
    _run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE))


def test_the_dockerfile_is_what_its_linter_wants() -> None:
    # DL3008: packages of Debian stable move by security updates alone, and old versions are not kept.
    _run(str(Path(sys.executable).parent / "hadolint"), "--ignore", "DL3008", str(PROJECT / "Dockerfile"))


def test_there_are_these_services(services: dict[str, Any]) -> None:
    assert sorted(services) == sorted([*AIRFLOW, *BACKING, *DEVELOPMENT])
    assert [name for name in services if services[name].get("profiles")] == list(DEVELOPMENT)


def test_its_components_run_the_commands_that_the_cluster_here_runs(services: dict[str, Any], cluster: Cluster) -> None:
    ours = {}
    for name, command in cluster.components().items():
        words = list(command)
        words = words[words.index("airflow") + 1 :]
        if "--celery-hostname" in words:  # two on one machine need names
            at = words.index("--celery-hostname")
            del words[at : at + 2]
        ours["worker" if name.startswith("worker-") else name] = words
    assert {name: services[name]["command"] for name in AIRFLOW if name != "init"} == ours


def test_its_settings_are_those_that_the_cluster_here_has(services: dict[str, Any], cluster: Cluster) -> None:
    given, ours = services["worker"]["environment"], cluster.environment(8080)
    same = [
        "AIRFLOW__CORE__EXECUTOR",
        "AIRFLOW__CORE__LOAD_EXAMPLES",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION",
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER",
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT",
    ]
    assert [given[name].lower() for name in same] == [ours[name].lower() for name in same]
    assert VISIBILITY > 12 * 3600  # what the DAG gives a shard


@pytest.mark.parametrize("name", [*AIRFLOW, *BACKING])
def test_a_service_has_no_more_than_it_needs(services: dict[str, Any], name: str) -> None:
    service = services[name]
    if name in AIRFLOW:
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert name == "init" or service["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert name not in BACKING or not service.get("ports")


def test_every_image_is_pinned_and_no_secret_is_written_down(services: dict[str, Any]) -> None:
    for name in (*BACKING, *DEVELOPMENT):
        assert re.search(r":\d", services[name]["image"]), name
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", FILE.read_text("utf-8")))
    shown = set(re.findall(r"^#([A-Z_]+)=$", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert needed
    assert needed <= shown
