"""The embedded Airflow: one machine, nothing to configure, nobody but this machine can reach it.

Its components run as `airflow standalone` would run them, but without that command's log servers, which listen on every
network interface and cannot be told otherwise; on one machine the log files are read directly.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from completions.airflow_api import Airflow, AirflowError
from completions.service import Running, Service
from completions.settings import PROJECT, Settings

Tell = Callable[[str], None]

POOL = "browsers"
COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}


def pool_slots() -> int:
    """How many conversations this host can take at once: its browsers are busy with loading pages, not with waiting."""
    return max(8, 8 * (os.cpu_count() or 1), Settings.from_env().conversations)


def default_home() -> Path:
    """The folder of the embedded Airflow: `COMPLETIONS_HOME`, else `.airflow` in the project's."""
    return Path(os.environ.get("COMPLETIONS_HOME") or PROJECT / ".airflow").expanduser().absolute()


@dataclass(frozen=True)
class Embedded:
    """An Airflow of one machine, with all it keeps in `home`."""

    home: Path = field(default_factory=default_home)
    dags: Path = PROJECT / "dags"
    plugins: Path = PROJECT / "plugins"
    deadline: float = 300
    """Seconds that a start may take."""

    @property
    def service(self) -> Service:
        """Its processes."""
        return Service(self.home, "embedded")

    def status(self) -> Running | None:
        """Where it runs; None when it doesn't."""
        return self.service.status()

    def down(self) -> bool:
        """Stop it, to the last process; False when nothing ran."""
        with self.service.alone():
            return self.service.stop()

    def up(self, tell: Tell = print) -> Running:
        """Start it unless it runs, and wait until it takes batches. Raises `AirflowError` with the cause."""
        with self.service.alone():
            if running := self.status():
                return running
            self.service.stop()
            return self._start(tell)

    def _start(self, tell: Tell) -> Running:
        port = free_port(8080)
        env = self.environment(port)
        try:
            self._migrate(env, tell)
            started = {
                name: self.service.spawn(name, [airflow_command(), *args], env) for name, args in COMPONENTS.items()
            }
            api = Airflow(f"http://127.0.0.1:{port}", timeout=10)
            self._wait(api, started, tell)
            return self.service.remember(api.url, started)
        except BaseException:
            self.service.stop()
            raise

    def _migrate(self, env: Mapping[str, str], tell: Tell) -> None:
        done = self.home / "migrated"
        now = version("apache-airflow-core")
        if done.exists() and done.read_text() == now:
            return
        tell("preparing the database of the embedded Airflow")
        process = self.service.spawn("migrate", [airflow_command(), "db", "migrate"], env)
        if process.wait(self.deadline):
            raise AirflowError("could not prepare the database")
        done.write_text(now)

    def _wait(self, api: Airflow, started: Mapping[str, subprocess.Popen[bytes]], tell: Tell) -> None:
        begin = time.monotonic()
        while time.monotonic() < begin + self.deadline:
            for name, process in started.items():
                if process.poll() is not None:
                    raise AirflowError(f"{name} ended: {self.service.log(name).read_text()[-2000:]}")
            with suppress(AirflowError):
                health = api.request("GET", "/monitor/health")
                if all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer")):
                    break
            time.sleep(0.25)
        else:
            raise AirflowError(f"Airflow was not ready after {self.deadline:.0f} s")
        body = {"name": POOL, "slots": pool_slots(), "include_deferred": False, "description": "conversations at once"}
        with suppress(AirflowError):
            api.request("POST", "/pools", json=body)

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What a process of this Airflow needs in its environment, on top of the caller's own."""
        if port is None:
            port = int(running.url.rpartition(":")[2]) if (running := self.status()) else 8080
        url = f"http://127.0.0.1:{port}"
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        keys = self._secrets()
        return env | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.plugins),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__FERNET_KEY": keys["fernet_key"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__SECRET_KEY": keys["secret_key"],
            "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt_secret"],
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db",
            "COMPLETIONS_STORE": Settings.from_env().store,
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"])),
        }

    def _secrets(self) -> dict[str, str]:
        file = self.home / "secrets.json"
        self.home.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            fd = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(fd, "w") as f:
                json.dump(
                    {
                        "jwt_secret": secrets.token_urlsafe(32),
                        "secret_key": secrets.token_urlsafe(32),
                        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                    },
                    f,
                )
        return json.loads(file.read_text())


def airflow_command() -> str:
    """The `airflow` beside this interpreter."""
    return str(Path(sysconfig.get_path("scripts")) / "airflow")


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there, else a port that the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
