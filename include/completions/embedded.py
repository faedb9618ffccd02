"""The embedded Airflow: one machine, nothing to configure, out of reach of every other machine.

It runs the components that `airflow standalone` runs, but without that command's log servers: those listen on every
network interface and cannot be told otherwise, and on one machine the logs are read from their files. Everything it
keeps (database, logs, keys) is in one folder.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from completions.airflow_api import Airflow, AirflowError
from completions.readiness import Readiness
from completions.service import Running, Service, ServiceError, Tell
from completions.settings import PREFIX, PROJECT, Settings, variable

_AIRFLOW = [sys.executable, "-m", "airflow"]
_COMPONENTS = {
    "api-server": [*_AIRFLOW, "api-server"],
    "scheduler": [*_AIRFLOW, "scheduler", "--skip-serve-logs"],
    "dag-processor": [*_AIRFLOW, "dag-processor"],
    "triggerer": [*_AIRFLOW, "triggerer", "--skip-serve-logs"],
}
_SIMPLE = "airflow.api_fastapi.auth.managers.simple"
_KEYS = {"AIRFLOW__CORE__FERNET_KEY": 32, "AIRFLOW__API__SECRET_KEY": 64, "AIRFLOW__API_AUTH__JWT_SECRET": 64}
"""Secrets made once for each home, and their lengths in bytes."""

_DEFAULTS = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    # A task waits up to this long (s) at each step from one task to the next; the price is 2 % of one core when idle.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    # How soon (s) a task whose worker was killed is noticed and retried; Airflow's own default is 300.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "http.access=WARNING",
    "AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL": "600",
}
"""Tuned for one machine; the caller's environment overrides them."""


@dataclass(frozen=True)
class Embedded:
    """An Airflow of one machine that keeps everything in `home`, and the rehearsal beside it."""

    home: Path = field(default_factory=lambda: Path(Settings.from_env().home))
    dags: Path = PROJECT / "dags"
    plugins: Path = PROJECT / "plugins"
    port: int = 8080
    """Port on 127.0.0.1; another one is taken where this one is."""
    deadline: float = 300
    """Seconds that a start may take: a busy machine needs many times the ten of an idle one."""

    def up(self, tell: Tell = print) -> Running:
        """Start it unless it runs, or what ended of it, and wait until it takes batches.

        Raises `ServiceError` with the cause from the logs, and `AirflowError` when it runs with other settings.
        """
        self._make_home()
        with self.service.alone(tell):
            running = self.service.known()
            if running and self.service.processes():
                self._same_settings(running)
                return self._revive(running, tell)
            self.service.stop()
            return self._start(tell)

    def down(self, tell: Tell = print) -> bool:
        """Stop it and what runs beside it, to the last process; False when nothing ran."""
        self._make_home()
        stopped = []
        for service in (self.service, self._rehearsal, self.backing):
            with service.alone(tell):
                stopped.append(service.stop())
        return any(stopped)

    def status(self) -> Running | None:
        """Where it runs; None when it doesn't."""
        return self.service.status()

    def rehearse(self, tell: Tell = print) -> str:
        """The URL of the rehearsal, started unless it runs or COMPLETIONS_REHEARSAL_URL names another.

        The tasks of this Airflow find it at that address, whichever of the two was started first.
        """
        if given := Settings.from_env().rehearsal_url:
            return given.rstrip("/")
        self._make_home()
        with self._rehearsal.alone(tell):
            if running := self._rehearsal.status():
                return running.url
            self._rehearsal.stop()
            return self._start_rehearsal(tell).url

    def settings(self) -> Settings:
        """The settings that the tasks of this Airflow run with, the rehearsal's address among them.

        Only reads: until the rehearsal or Airflow was started, that address is none to remember.
        """
        return Settings.from_env(self._settings(self._rehearsal_url()))

    def environment(self, port: int | None = None) -> dict[str, str]:
        """The whole environment of a process of this Airflow: the caller's, and what makes it this one.

        `port` is where the API listens; None: where it does now, or would. Makes what is kept for good: the keys, and
        the address of the rehearsal.
        """
        self._make_home()
        running = self.status() if port is None else None
        url = running.url if running else f"http://127.0.0.1:{port or self.port}"
        return {
            **_DEFAULTS,
            **_inherited(),
            **self._settings(self._reserved_url()),
            **self._keys(),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONFIG": str(self.home / "airflow.cfg"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.plugins),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__AUTH_MANAGER": f"{_SIMPLE}.simple_auth_manager.SimpleAuthManager",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": url.rpartition(":")[2],
            "AIRFLOW__API__BASE_URL": url,
        }

    def components(self) -> dict[str, Sequence[str]]:
        """The command of each process of Airflow."""
        return dict(_COMPONENTS)

    @property
    def database(self) -> Path:
        """The file without which there is none."""
        return self.home / "airflow.db"

    @property
    def service(self) -> Service:
        """The processes of Airflow."""
        return Service(self.home, "embedded")

    @property
    def backing(self) -> Service:
        """Database and broker of a `Cluster`; an Airflow alone has none."""
        return Service(self.home, "backing")

    @property
    def _rehearsal(self) -> Service:
        return Service(self.home, "rehearsal")

    def _revive(self, running: Running, tell: Tell) -> Running:
        ended = self.service.ended(running)
        if not ended:
            return running
        tell(f"starting again what had ended: {', '.join(ended)}")
        env = self.environment(urlsplit(running.url).port)
        # It had come up by then: what was read while it did is still known.
        since = datetime.fromisoformat(running.started_at) - timedelta(seconds=self.deadline)
        missing = self._readiness(running.url, since).missing
        return self.service.revive(running, self.components(), env, missing, self.deadline, tell)

    def _start(self, tell: Tell) -> Running:
        port = free_port(self.port)
        url, env = f"http://127.0.0.1:{port}", self.environment(port)
        self._migrate(env, tell)
        tell(f"starting the embedded Airflow at {url}")
        airflow = self._readiness(url, datetime.now(UTC))
        running = self.service.start(self.components(), env, url, airflow.missing, self.deadline, tell)
        for error in airflow.import_errors():
            tell(f"{self.dags / error['filename']} does not load: {error['stack_trace'].strip().splitlines()[-1]}")
        return running

    def _readiness(self, url: str, since: datetime) -> Readiness:
        return Readiness(Airflow(url, timeout=10), self.dags, self.settings().conversations, since)

    def _migrate(self, env: Mapping[str, str], tell: Tell) -> None:
        stamp, state = self.home / "migrated", f"{version('apache-airflow-core')} {self.database}"
        if stamp.exists() and stamp.read_text("utf-8") == state and self.database.exists():
            return
        tell("preparing the database of the embedded Airflow")
        self.service.run("migrate", [*_AIRFLOW, "db", "migrate"], env, self.deadline)
        stamp.write_text(state, "utf-8")

    def _same_settings(self, running: Running) -> None:
        theirs = Settings.from_env(self.service.processes()[0].environ())
        ours = self.settings()
        other = [variable(field) for field in Settings.model_fields if getattr(theirs, field) != getattr(ours, field)]
        if other:
            raise AirflowError(
                f"the embedded Airflow at {running.url} runs with another {', '.join(other)}: "
                "stop it with `completions down` first"
            )

    def _start_rehearsal(self, tell: Tell) -> Running:
        tell("starting the rehearsal")
        url, log = self._reserved_url(), self.home / "rehearsal.log"
        command = [sys.executable, "-m", "completions.rehearsal", "--port", url.rpartition(":")[2]]

        def missing() -> str:
            return "" if url in log.read_text("utf-8", "replace") else "the rehearsal"

        return self._rehearsal.start({"rehearsal": command}, _inherited(), url, missing, self.deadline, tell)

    def _rehearsal_url(self) -> str:
        """Where the rehearsal runs, or would: at the port that is kept for it, if that is free."""
        if running := self._rehearsal.status():
            return running.url
        return f"http://127.0.0.1:{free_port(self._kept_port())}"

    def _reserved_url(self) -> str:
        """Where the rehearsal runs, or will: its port is kept, so that an Airflow that runs for weeks knows it."""
        url = self._rehearsal_url()
        port = url.rpartition(":")[2]
        if port != str(self._kept_port()):
            self._port_file.write_text(port, "utf-8")
        return url

    def _kept_port(self) -> int:
        with suppress(OSError, ValueError):
            return int(self._port_file.read_text("utf-8"))
        return 0

    @property
    def _port_file(self) -> Path:
        return self.home / "rehearsal.port"

    def _make_home(self) -> None:
        """Raises `ServiceError` where nothing can be kept in it."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.home).close()
        except OSError as error:
            raise ServiceError(f"COMPLETIONS_HOME {self.home} cannot be written to ({error.strerror})") from error

    def _settings(self, rehearsal_url: str) -> dict[str, str]:
        """The project's settings, with what depends on this home and on the caller's working folder made definite."""
        given = Settings.from_env()
        rehearsal = given.rehearsal_url or rehearsal_url
        return {
            **{name: value for name, value in os.environ.items() if name.startswith(PREFIX)},
            variable("home"): str(self.home),
            variable("store"): given.store,
            variable("audits"): str(given.audits),
            variable("rehearsal_url"): rehearsal,
            variable("callback_allow"): ",".join([*given.callback_allow, urlsplit(rehearsal).netloc]),
        }

    def _keys(self) -> dict[str, str]:
        file = self.home / "keys.json"
        if not file.exists():
            made = {name: base64.urlsafe_b64encode(secrets.token_bytes(size)).decode() for name, size in _KEYS.items()}
            _write_once(file, json.dumps(made, indent=2))
        keys: dict[str, str] = json.loads(file.read_text("utf-8"))
        return keys


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there on 127.0.0.1, else a port that the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServiceError("there is no free port on 127.0.0.1")


def _inherited() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    direct = [env.get("NO_PROXY") or env.get("no_proxy"), "127.0.0.1", "localhost"]
    env["NO_PROXY"] = env["no_proxy"] = ",".join(filter(None, direct))
    return env


def _write_once(file: Path, text: str) -> None:
    """Give `file` its text, whole and for its owner's eyes only, unless another was first."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8") as fresh:
        fresh.write(text)
        fresh.flush()
        with suppress(FileExistsError):
            file.hardlink_to(fresh.name)
