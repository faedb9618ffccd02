"""Background processes of this project: started together, found again, and stopped to the last child.

Every process carries a mark in its environment, `COMPLETIONS_SERVICE=<home>/<name>`, and so does whatever it starts: a
browser in a session of its own as well as the children of a killed parent. Looking for the mark finds them all, whatever
became of the state file, and never takes another process for one of ours when the system hands out its pid again.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

MARK = "COMPLETIONS_SERVICE"


@dataclass(frozen=True)
class Running:
    """What is known of a service that is up; kept as `<home>/<name>.json`."""

    url: str
    started_at: str
    """ISO 8601, UTC."""
    pids: dict[str, int]
    """Process id of each component."""


@dataclass(frozen=True)
class Service:
    """One or more processes that run together, their logs and their state in the folder `home`."""

    home: Path
    name: str

    @property
    def mark(self) -> str:
        """Value of the environment variable that all processes of this service carry."""
        return f"{self.home}/{self.name}"

    @property
    def state(self) -> Path:
        """The file that says what runs."""
        return self.home / f"{self.name}.json"

    def log(self, component: str) -> Path:
        """Where a component's output goes; begun anew at each start."""
        return self.home / f"{component}.log"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other starts and stops of this service out, waiting for one under way."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def status(self) -> Running | None:
        """What runs, if every component does."""
        try:
            running = Running(**json.loads(self.state.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        alive = {process.pid for process in self.processes()}
        return running if alive.issuperset(running.pids.values()) else None

    def processes(self) -> list[psutil.Process]:
        """Every living process that carries the mark."""
        return [process for process in psutil.process_iter() if _mark_of(process) == self.mark]

    def spawn(self, component: str, command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a component, out of reach of this terminal's signals."""
        with self.log(component).open("wb") as output:
            return subprocess.Popen(  # noqa: S603
                command,
                env={**env, MARK: self.mark, "SPT_NOENV": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def remember(self, url: str, started: Mapping[str, subprocess.Popen[bytes]]) -> Running:
        """Write down that the service is up."""
        pids = {component: process.pid for component, process in started.items()}
        running = Running(url, datetime.now(UTC).isoformat(timespec="seconds"), pids)
        fresh = self.state.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(running), indent=2), "utf-8")
        fresh.replace(self.state)
        return running

    def stop(self, patience: float = 20) -> bool:
        """End every process of the service and return whether there was one.

        Components are asked first, so that they can end their children; what is left after `patience` seconds, and
        whatever was started meanwhile, is killed.
        """
        found = self.processes()
        _signal([process for process in found if process.ppid() not in {other.pid for other in found}], signal.SIGTERM)
        psutil.wait_procs(found, timeout=patience)
        while left := self.processes():
            _signal(left, signal.SIGKILL)
            psutil.wait_procs(left, timeout=5)
        self.state.unlink(missing_ok=True)
        return bool(found)


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
