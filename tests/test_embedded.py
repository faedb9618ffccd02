"""The embedded Airflow, really started and stopped, in a home of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from completions.airflow_api import Airflow, AirflowError
from completions.embedded import Embedded, free_port
from completions.readiness import POOL
from completions.service import Running, ServiceError
from completions.settings import Settings

DAG = """
import socket, subprocess, sys
from airflow.sdk import dag, task

@dag(schedule=None)
def batch_completions():
    @task(pool="browsers")
    def ask():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        with socket.create_connection(("127.0.0.1", {port})) as test:
            test.sendall(str(child.pid).encode())
        child.wait()

    ask()

batch_completions()
"""


@dataclass(frozen=True)
class Started:
    """The Airflow of this file, as two commands at the same time started it."""

    embedded: Embedded
    running: tuple[Running, Running]
    told: list[str]
    tasks: socket.socket
    """Where its task reports the pid of its child."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("an Airflow of 100 %")
    dags, plugins = folder / "dags", folder / "plugins"
    dags.mkdir()
    plugins.mkdir()
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as tasks, ThreadPoolExecutor(2) as both:
        tasks.settimeout(240)
        port = tasks.getsockname()[1]
        (dags / "batch_completions.py").write_text(DAG.format(port=port), "utf-8")
        (dags / "broken.py").write_text("from airflow.sdk import dag, no_such_thing", "utf-8")
        embedded = Embedded(home=folder / "home", dags=dags, plugins=plugins, port=port)
        try:
            first, second = (both.submit(embedded.up, told.append) for _ in range(2))
            yield Started(embedded, (first.result(), second.result()), told, tasks)
        finally:
            embedded.down()


@pytest.mark.airflow
@pytest.mark.drill
class TestUp:
    """What is there once it is up; the last test takes it down."""

    def test_two_starts_at_once_give_one_airflow(self, started: Started) -> None:
        assert started.running[0] == started.running[1] == started.embedded.status()
        assert started.told.count("preparing the database of the embedded Airflow") == 1
        assert any("by another command: waiting for it" in line for line in started.told)

    def test_it_takes_another_port_where_its_own_is_taken(self, started: Started) -> None:
        assert started.running[0].url != f"http://127.0.0.1:{started.embedded.port}"
        assert started.embedded.environment()["AIRFLOW__API__BASE_URL"] == started.running[0].url

    def test_it_takes_batches_at_once(self, started: Started) -> None:
        api = Airflow(started.running[0].url)
        assert api.request("GET", "/dags/batch_completions")["is_paused"] is False
        assert api.request("GET", f"/pools/{POOL}")["slots"] >= 8
        with pytest.raises(AirflowError, match="not found") as refused:
            api.request("GET", "/dags/no_such_dag")
        assert refused.value.status == 404

    def test_a_file_that_does_not_load_is_told(self, started: Started) -> None:
        (line,) = (line for line in started.told if "broken.py" in line)
        assert "does not load: ImportError: cannot import name 'no_such_thing'" in line

    def test_only_this_machine_reaches_it(self, started: Started) -> None:
        connections = [one for process in started.embedded.service.processes() for one in process.net_connections()]
        listening = {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}

    def test_its_keys_are_its_owners_alone(self, started: Started) -> None:
        home = started.embedded.home
        assert [file.stat().st_mode & 0o077 for file in (home, home / "keys.json", home / "airflow.cfg")] == [0, 0, 0]

    def test_other_settings_are_refused_and_named(self, started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COMPLETIONS_STORE", "/elsewhere")
        with pytest.raises(AirflowError, match=r"runs with another COMPLETIONS_STORE: stop it .*completions down"):
            started.embedded.up()

    def test_what_crashed_is_started_again_beside_the_rest_with_room_in_the_pool(
        self, started: Started, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = started.running[0]
        monkeypatch.setenv("COMPLETIONS_STORE", psutil.Process(old.pids["triggerer"]).environ()["COMPLETIONS_STORE"])
        small = {"pool": POOL, "slots": 1, "include_deferred": False}
        Airflow(old.url).request("PATCH", f"/pools/{POOL}", json=small, update_mask="slots")
        scheduler = psutil.Process(old.pids["scheduler"])
        scheduler.kill()
        scheduler.wait(60)
        new = started.embedded.up(started.told.append)
        assert {part for part in old.pids if old.pids[part] != new.pids[part]} == {"scheduler"}
        assert "starting again what had ended: scheduler" in started.told
        assert started.embedded.status() == new
        assert Airflow(new.url).request("GET", f"/pools/{POOL}")["slots"] >= Settings.from_env().conversations

    def test_down_leaves_no_process_not_even_of_a_running_task(self, started: Started) -> None:
        running = started.embedded.status()
        assert running
        api = Airflow(running.url)
        api.request("POST", "/dags/batch_completions/dagRuns", json={"logical_date": None})
        connection, _ = started.tasks.accept()
        with connection:
            child = psutil.Process(int(connection.recv(20)))
        components = [psutil.Process(pid) for pid in running.pids.values()]
        family = [child, *components, *(one for parent in components for one in parent.children(recursive=True))]

        assert started.embedded.down() is True
        assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
        assert started.embedded.status() is None
        assert started.embedded.down() is False


@pytest.mark.airflow
def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    embedded = Embedded(home=tmp_path, dags=tmp_path, plugins=tmp_path, port=0)
    (tmp_path / "airflow.db").write_text("not a database, but longer than the header of one would be" * 99, "utf-8")
    with pytest.raises(ServiceError, match=r"migrate failed with exit status 1[\s\S]*file is not a database"):
        embedded.up()
    assert embedded.service.processes() == []
    assert embedded.status() is None


def test_the_rehearsal_keeps_its_address(tmp_path: Path) -> None:
    embedded = Embedded(home=tmp_path)
    try:
        url = embedded.rehearse()
        assert httpx.get(f"{url}/_rehearsal/health", trust_env=False).status_code == 200
        assert embedded.rehearse() == url
        assert embedded.settings().rehearsal_url == f"{url}/"
        assert embedded.settings().callback_allow == (url.removeprefix("http://"),)
    finally:
        assert embedded.down() is True
    assert embedded.settings().rehearsal_url == f"{url}/"


def test_a_rehearsal_that_was_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLETIONS_REHEARSAL_URL", "http://127.0.0.1:9")
    embedded = Embedded(home=tmp_path)
    assert embedded.rehearse() == "http://127.0.0.1:9"
    assert embedded.down() is False


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("AIRFLOW_CONN_AWS_DEFAULT", "aws://", "aws://"),
        ("AIRFLOW__CORE__PARALLELISM", "3", "3"),
        ("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor", "LocalExecutor"),
        ("AIRFLOW__API__HOST", "0.0.0.0", "127.0.0.1"),
        ("PYTHONDONTWRITEBYTECODE", "1", None),
        ("NO_PROXY", "internal", "internal,127.0.0.1,localhost"),
        ("COMPLETIONS_STORE", "batches", str(Path.cwd() / "batches")),
        ("COMPLETIONS_CALLBACK_ALLOW", "hooks:9000", "hooks:9000,127.0.0.1:9"),
    ],
)
def test_the_environment_is_the_callers_with_what_makes_it_this_airflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, given: str, expected: str | None
) -> None:
    monkeypatch.setenv("COMPLETIONS_REHEARSAL_URL", "http://127.0.0.1:9")
    monkeypatch.setenv(name, given)
    assert Embedded(home=tmp_path).environment().get(name) == expected


def test_keys_are_made_once(tmp_path: Path) -> None:
    names = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")
    first, second = (Embedded(home=tmp_path).environment() for _ in range(2))
    other = Embedded(home=tmp_path / "other").environment()
    assert [first[name] for name in names] == [second[name] for name in names]
    assert len({env[name] for env in (first, other) for name in names}) == 6


def test_a_port_in_use_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken
