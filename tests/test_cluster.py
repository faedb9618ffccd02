"""An Airflow with workers: what it is made of, and what it says when something is missing. Drills start it."""

from __future__ import annotations

from pathlib import Path

import pytest

from completions import cluster
from completions.airflow_api import AirflowError
from completions.cluster import Cluster, lacking
from completions.service import Running, ServiceError


def test_each_worker_has_a_home_and_a_name_of_its_own(tmp_path: Path) -> None:
    components = Cluster(home=tmp_path, workers=3, concurrency=2).components()
    workers = {name: " ".join(command) for name, command in components.items() if name.startswith("worker-")}
    assert list(workers) == ["worker-1", "worker-2", "worker-3"]
    for name, command in workers.items():
        assert f"AIRFLOW_HOME={tmp_path}/{name} " in command
        assert f"AIRFLOW__LOGGING__BASE_LOG_FOLDER={tmp_path}/{name}/logs " in command
        assert command.endswith(f"celery worker --skip-serve-logs --concurrency 2 --celery-hostname {name}@%h")


@pytest.mark.parametrize(
    ("store", "remote", "folder"),
    [("s3://answers/prod/", "s3://answers/prod/logs", None), ("/answers", None, "logs")],
)
def test_logs_go_to_the_store_if_it_is_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, remote: str | None, folder: str | None
) -> None:
    monkeypatch.setenv("COMPLETIONS_STORE", store)
    env = Cluster(home=tmp_path).environment(8080)
    assert env.get("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER") == remote
    assert folder is None or env["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] == str(tmp_path / folder)
    assert env["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert "sqlite" not in str(env)


def test_what_is_missing_is_named_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_found", lambda program: None if program.startswith("redis") else "/bin/true")
    assert lacking() == ["redis-server"]
    with pytest.raises(ServiceError, match=r"need PostgreSQL and Redis: run 'apt-get install redis-server' as root"):
        Cluster(home=tmp_path).up()


@pytest.mark.parametrize(("there", "told"), [([], "no workers"), (["worker-1"], "1 workers")])
def test_another_number_of_workers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], told: str
) -> None:
    running = Running("http://127.0.0.1:8080", "2026-11-28T06:00:00+00:00", dict.fromkeys([*there, "scheduler"], 1))
    monkeypatch.setattr("completions.service.Service.known", lambda _: running)
    monkeypatch.setattr("completions.service.Service.processes", lambda _: [object()])
    with pytest.raises(AirflowError, match=f"runs with {told}: stop it with `completions down` first"):
        Cluster(home=tmp_path).up()
