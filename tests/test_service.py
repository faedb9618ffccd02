"""Background processes: started together or not at all, found by their mark, stopped to the last child."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from completions.service import Running, Service, ServiceError

URL = "http://127.0.0.1:9"
IDLE = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + IDLE
PARENT = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
{IDLE}
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "a home", "thing")
    with service.alone(print):
        yield service
        service.stop()


def start(service: Service, codes: Mapping[str, str], missing: Callable[[], str], deadline: float = 30) -> Running:
    commands = {name: [sys.executable, "-c", code] for name, code in codes.items()}
    return service.start(commands, dict(os.environ), URL, missing, deadline, print)


def silent(service: Service, *components: str) -> Callable[[], str]:
    """Names the components that have not said that they are here."""

    def missing() -> str:
        logs = {component: service.home / f"{component}.log" for component in components}
        return ", ".join(component for component, log in logs.items() if "here" not in log.read_text("utf-8"))

    return missing


def test_a_service_is_found_while_all_its_components_live(service: Service) -> None:
    running = start(service, {"one": IDLE, "two": IDLE}, silent(service, "one", "two"))
    assert service.status() == running
    assert running.url == URL
    assert {process.pid for process in service.processes()} == set(running.pids.values())

    one = psutil.Process(running.pids["one"])
    one.kill()
    one.wait()
    assert service.status() is None
    assert [process.pid for process in service.processes()] == [running.pids["two"]]


def test_stopping_ends_detached_and_stubborn_children_too(service: Service) -> None:
    start(service, {"parent": PARENT}, lambda: "" if len(service.processes()) == 2 else "the child")
    family = service.processes()
    assert service.stop() is True
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)
    assert service.stop() is False


def test_a_lost_state_file_does_not_hide_the_processes(service: Service) -> None:
    start(service, {"one": IDLE}, silent(service, "one"))
    (service.home / "thing.json").unlink()
    assert service.status() is None
    assert service.stop() is True
    assert service.processes() == []


@pytest.mark.parametrize(
    "state", ["", "{", "[]", '{"url": 1}', json.dumps({"url": URL, "started_at": "", "pids": {}, "x": 1})]
)
def test_a_state_file_that_says_nothing_is_no_service(service: Service, state: str) -> None:
    (service.home / "thing.json").write_text(state, "utf-8")
    assert service.status() is None


def test_a_stranger_with_a_remembered_pid_is_left_alone(service: Service) -> None:
    stale = {"url": URL, "started_at": "2026-01-01T00:00:00+00:00", "pids": {"one": os.getpid()}}
    (service.home / "thing.json").write_text(json.dumps(stale), "utf-8")
    assert service.status() is None
    assert service.stop() is False
    assert not (service.home / "thing.json").exists()


def test_a_component_that_ends_is_told_with_the_end_of_its_log_and_ends_the_others(service: Service) -> None:
    with pytest.raises(ServiceError, match=r"bad ended with exit status 3; the end of .*bad\.log:\n +the disk is full"):
        start(service, {"good": IDLE, "bad": "print('the disk is full'); raise SystemExit(3)"}, lambda: "everything")
    assert service.processes() == []
    assert service.status() is None


def test_a_start_that_takes_too_long_says_what_was_missing_and_leaves_nothing(service: Service) -> None:
    with pytest.raises(ServiceError, match=r"thing: the end of time not ready after 0 s"):
        start(service, {"one": IDLE}, lambda: "the end of time", deadline=0)
    assert service.processes() == []


@pytest.mark.parametrize(
    ("code", "deadline", "message"),
    [
        ("print('no such table'); raise SystemExit(1)", 30, r"job failed with exit status 1; .*\n +no such table"),
        (IDLE, 0.2, "job was not done after 0 s"),
    ],
)
def test_a_command_that_fails_or_hangs_is_told(service: Service, code: str, deadline: float, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        service.run("job", [sys.executable, "-c", code], dict(os.environ), deadline)
    assert service.processes() == []
