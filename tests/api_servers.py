"""More API servers of the tests' Airflow, which know users: by the configuration, or by the database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from completions import tokens
from completions.embedded import free_port
from completions.service import MARK
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]

USERS = {"boss": "admin", "chief": "op", "maker": "user", "reader": "viewer", "guest": ""}
"""Users and their roles; their passwords are `boss's` and so on."""
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
FAB_USERS = {"boss": "Admin", "chief": "Op", "maker": "User", "reader": "Viewer", "guest": "Public"}
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Server:
    """An API server, asked over `client`."""

    airflow: RealAirflow
    client: httpx.Client
    env: dict[str, str]
    log: Path

    def login(self, user: str) -> str:
        """Airflow's own token for a user."""
        answer = self.client.post("/auth/token", json={"username": user, "password": f"{user}'s"})
        return str(answer.raise_for_status().json()["access_token"])

    def token(
        self,
        name: str,
        user: str,
        expires: datetime | None = NOW + timedelta(hours=1),
        tampered: dict[str, Any] | None = None,
    ) -> str:
        """An API token of ours for a user, with these fields of what is kept of it changed."""
        key = self.env["AIRFLOW__API__SECRET_KEY"]
        made, what = tokens.make(name, user, NOW, expires, key)
        value = what.model_copy(update=tampered).model_dump_json()
        self.airflow.api.request("POST", "/variables", json={"key": f"completions_token_{name}", "value": value})
        return made

    def ask(self, method: str, path: str, bearer: str | None = None, **how: Any) -> httpx.Response:
        """What the server answers to the bearer, or to nobody."""
        headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **how.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **how)


@pytest.fixture(scope="session")
def strict(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An API server that knows `USERS` by its configuration."""
    passwords = tmp_path_factory.mktemp("strict") / "passwords.json"
    passwords.write_text(json.dumps({name: f"{name}'s" for name in USERS}))
    users = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    with _serving(airflow, _environment(airflow, users), passwords.with_name("log")) as server:
        yield server


@pytest.fixture(scope="session")
def fab(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An API server that knows `FAB_USERS` by the database."""
    env = _environment(airflow, {"AIRFLOW__CORE__AUTH_MANAGER": FAB, "AIRFLOW__FAB__CACHE_TTL": "0"})
    _airflow(env, "db", "migrate")
    _airflow(env, "users", "create", *_person("boss"), "--role", "Admin")
    with _serving(airflow, env, tmp_path_factory.mktemp("fab") / "log") as server:
        for name in set(FAB_USERS) - {"boss"}:
            set_role(server, name, FAB_USERS[name], new=True)
        yield server


def set_role(fab: Server, name: str, role: str, *, new: bool = False) -> None:
    """Give a user of the database this role and no other."""
    person = {"username": name, "email": f"{name}@example.org", "first_name": name, "last_name": name}
    body = {**person, "roles": [{"name": role}], **({"password": f"{name}'s"} if new else {})}
    how = ("POST", "/auth/fab/v1/users") if new else ("PATCH", f"/auth/fab/v1/users/{name}")
    fab.ask(*how, fab.login("boss"), json=body).raise_for_status()


def _environment(airflow: RealAirflow, changed: dict[str, str]) -> dict[str, str]:
    port = free_port()
    running = airflow.embedded.status()
    assert running
    env = psutil.Process(running.pids["api-server"]).environ()
    del env[MARK]
    return env | {"AIRFLOW__API__PORT": f"{port}", "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}"} | changed


@contextmanager
def _serving(airflow: RealAirflow, env: dict[str, str], log: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "airflow", "api-server"]
    with log.open("wb") as out, subprocess.Popen(command, env=env, stdout=out, stderr=out) as server:
        try:
            patient = httpx.HTTPTransport(retries=10)  # until it listens
            with httpx.Client(base_url=env["AIRFLOW__API__BASE_URL"], transport=patient, timeout=60) as client:
                yield Server(airflow, client, env, log)
        finally:
            server.terminate()


def _airflow(env: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "airflow", *arguments], env=env, check=True, capture_output=True)


def _person(name: str) -> list[str]:
    return f"-u {name} -p {name}'s -e {name}@example.org -f {name} -l {name}".split()
