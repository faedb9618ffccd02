"""The HTTP API in a real API server: whom it lets in, what it refuses, and that a batch goes through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from completions.embedded import free_port
from completions.service import MARK
from completions.settings import PROJECT
from real_airflow import RealAirflow

pytest_plugins = ["embedded_airflow"]
pytestmark = pytest.mark.airflow

USERS = {"boss": "admin", "maker": "user", "reader": "viewer"}
ROUTES = [("POST", "/ai/batches"), ("GET", "/ai/batches"), ("GET", "/ai/openapi.json"), ("GET", "/ai/docs")]
BATCH = {"prompts": ["What is an API?"], "rehearse": True}


@pytest.fixture(scope="module")
def client(airflow: RealAirflow) -> Iterator[httpx.Client]:
    """The API of the embedded Airflow, where everybody is an administrator."""
    with httpx.Client(base_url=airflow.api.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def strict(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The API of a second API server of the same Airflow, which knows its users."""
    passwords = tmp_path_factory.mktemp("strict") / "passwords.json"
    passwords.write_text(json.dumps({name: f"{name}'s" for name in USERS}))
    port = free_port()
    running = airflow.embedded.status()
    assert running
    env = psutil.Process(running.pids["api-server"]).environ() | {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    del env[MARK]
    with subprocess.Popen([sys.executable, "-m", "airflow", "api-server"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            retry = httpx.HTTPTransport(retries=10)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=retry, timeout=60) as client:
                yield client
        finally:
            server.terminate()
