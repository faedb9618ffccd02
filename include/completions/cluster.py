"""An Airflow with several workers on one machine, built as it is on many: PostgreSQL, Redis, Celery.

It is how what runs on several machines is tried out and tested. Workers share nothing but database, broker and store:
each has a home of its own. PostgreSQL and Redis are the system's (Debian: `postgresql`, `redis-server`); both listen on
sockets in folders that are closed to other users, and on no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from completions.airflow_api import AirflowError
from completions.embedded import Embedded
from completions.service import Running, ServiceError, Tell
from completions.settings import Settings

_AIRFLOW = [sys.executable, "-m", "airflow"]
_PROGRAMS = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "psql": "postgresql",
    "redis-server": "redis-server",
    "redis-cli": "redis-server",
}
"""What is needed of the system, and the Debian package that has it."""
_POSTGRES_OWNER = "postgres"
"""Who PostgreSQL runs as where we are root, as which it refuses to."""
VISIBILITY = 86400
"""Seconds after which the broker hands a task that is not done to another worker; a shard may take twelve hours."""


@dataclass(frozen=True)
class Cluster(Embedded):
    """The embedded Airflow with PostgreSQL for SQLite, and `workers` Celery workers for the scheduler's own."""

    workers: int = 2
    concurrency: int = 4
    """Tasks at once in each worker."""

    def environment(self, port: int | None = None) -> dict[str, str]:
        """The embedded Airflow's, with database, broker and executor changed; logs go to the store if that is S3."""
        database = f"postgresql+psycopg2://airflow@/airflow?host={self._postgres}"
        return {
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(VISIBILITY),
            **super().environment(port),
            **self._remote_logs(),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__BROKER_URL": f"redis+socket://{self._redis}/redis.sock?virtual_host=0",
            "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        }

    def components(self) -> dict[str, Sequence[str]]:
        """The embedded Airflow's, and the workers."""
        workers = {f"worker-{number}": self._worker(number) for number in range(1, self.workers + 1)}
        return {**super().components(), **workers}

    @property
    def database(self) -> Path:
        """The file without which there is none."""
        return self._postgres / "PG_VERSION"

    def _same_settings(self, running: Running) -> None:
        workers = sum(component.startswith("worker-") for component in running.pids)
        if workers != self.workers:
            raise AirflowError(
                f"the embedded Airflow at {running.url} runs with {workers or 'no'} workers: "
                "stop it with `completions down` first"
            )
        super()._same_settings(running)

    def _revive(self, running: Running, tell: Tell) -> Running:
        self._start_backing(tell)
        return super()._revive(running, tell)

    def _start(self, tell: Tell) -> Running:
        self._start_backing(tell)
        try:
            return super()._start(tell)
        except BaseException:
            self.backing.stop()
            raise

    def _start_backing(self, tell: Tell) -> None:
        if packages := lacking():
            raise ServiceError(f"workers need PostgreSQL and Redis: run 'apt-get install {' '.join(packages)}' as root")
        with self.backing.alone(tell):
            running = self.backing.known()
            start = partial(self.backing.start, url="")
            if running and self.backing.processes():
                start = partial(self.backing.revive, running)
            else:
                tell("starting PostgreSQL and Redis")
                self._make_database()
            commands, missing = self._backing_commands(), self._backing_missing
            start(commands=commands, env=os.environ, missing=missing, deadline=self.deadline, tell=tell)

    def _make_database(self) -> None:
        for folder in (self._redis, self._postgres):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_root():
            shutil.chown(self._postgres, _POSTGRES_OWNER, _POSTGRES_OWNER)
        if not self.database.exists():
            options = ["--username=airflow", "--auth=trust", "--encoding=UTF8", "--no-sync"]
            command = [*_as_owner(), _program("initdb"), f"--pgdata={self._postgres}", *options]
            self.backing.run("initdb", command, os.environ, self.deadline)

    def _backing_missing(self) -> str:
        """Which of the two does not answer yet; makes the database on the way."""
        redis = [_program("redis-cli"), "-s", str(self._redis / "redis.sock"), "ping"]
        if not _succeeds(redis):
            return "Redis"
        there = [*_as_owner(), _program("psql"), f"--host={self._postgres}", "--username=airflow"]
        made = _succeeds([*there, "--command=select 1", "airflow"]) or _succeeds(
            [*there, "--command=create database airflow", "postgres"]
        )
        return "" if made else "PostgreSQL"

    def _worker(self, number: int) -> list[str]:
        home = self.home / f"worker-{number}"
        own = [f"AIRFLOW_HOME={home}", f"AIRFLOW__LOGGING__BASE_LOG_FOLDER={home}/logs"]
        options = ["--concurrency", str(self.concurrency), "--celery-hostname", f"worker-{number}@%h"]
        return ["env", *own, *_AIRFLOW, "celery", "worker", "--skip-serve-logs", *options]

    def _remote_logs(self) -> dict[str, str]:
        """Where workers share no folder, the API server finds their logs in the store, if it is a bucket."""
        store = Settings.from_env().store
        if not store.startswith("s3://"):
            return {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs")}
        return {
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"{store.rstrip('/')}/logs",
            "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
        }

    @property
    def _redis(self) -> Path:
        return self.home / "redis"

    @property
    def _postgres(self) -> Path:
        """Its data and its socket. Where we are root it is another user's, who must be able to reach it."""
        if not _is_root():
            return self.home / "postgres"
        return Path("/var/tmp", f"completions-postgres-{sha256(bytes(self.home)).hexdigest()[:12]}")  # noqa: S108

    def _backing_commands(self) -> dict[str, Sequence[str]]:
        sockets = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self._postgres}"]
        redis = ["--port", "0", "--unixsocket", "redis.sock", "--unixsocketperm", "700"]
        redis += ["--appendonly", "yes", "--appendfsync", "always"]  # a task that is handed over is not lost with it
        redis += ["--set-proc-title", "no"]  # a title is written over the environment, the mark's home
        return {
            "postgres": [*_as_owner(), _program("postgres"), "-D", str(self._postgres), *sockets],
            "redis": [_program("redis-server"), *redis, "--dir", str(self._redis)],
        }


def lacking() -> list[str]:
    """The Debian packages without whose programs there are no workers."""
    return sorted({package for program, package in _PROGRAMS.items() if not _found(program)})


def _program(name: str) -> str:
    found = _found(name)
    assert found, "lacking() was asked before"
    return found


def _found(name: str) -> str | None:
    places = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    return shutil.which(name, path=os.pathsep.join(places))


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_owner() -> list[str]:
    """What a command of PostgreSQL's begins with."""
    owner = _POSTGRES_OWNER
    return ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"] if _is_root() else []
