"""Background processes of this project: started together, found again, and stopped to the last child.

Every process carries a mark in its environment, `COMPLETIONS_SERVICE=<home>/<name>`, and hands it to whatever it
starts: to children that outlive it, and to a browser that sits in a session of its own. Looking for the mark finds them
all, whatever became of the state file, and takes no stranger for one of ours when the system hands out a pid again.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from completions.errors import Unreachable

MARK = "COMPLETIONS_SERVICE"

Tell = Callable[[str], None]
"""Takes a line about what is going on, for whoever waits."""

_ENDING = ((signal.SIGTERM, 3), (signal.SIGTERM, 3), (signal.SIGKILL, 5), (signal.SIGKILL, 5))
"""Signals, and the seconds that each is given. Airflow stops waiting for what is under way when it is asked twice."""


class ServiceError(Unreachable):
    """A service did not come up; the message says why, from its log."""


@dataclass(frozen=True)
class Running:
    """A service that is up, as kept in `<home>/<name>.json`."""

    url: str
    started_at: str
    """ISO 8601, UTC."""
    pids: dict[str, int]
    """Process id by component."""


@dataclass(frozen=True)
class Service:
    """One or more components that run together; their logs and their state are in the folder `home`."""

    home: Path
    name: str

    @property
    def mark(self) -> str:
        """What tells the processes of this service from all others."""
        return f"{self.home}/{self.name}"

    @contextmanager
    def alone(self, tell: Tell) -> Iterator[None]:
        """Keep other starts and stops of this service out; waits for one under way."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / f"{self.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"{self.name} is being started or stopped by another command: waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def status(self) -> Running | None:
        """What runs, if every component does."""
        running = self.known()
        return running if running and not self.ended(running) else None

    def known(self) -> Running | None:
        """What was started and not stopped since, whether it still lives or not."""
        try:
            return Running(**json.loads(self._state.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def ended(self, running: Running) -> list[str]:
        """The components that ended though nobody stopped them."""
        alive = {process.pid for process in self.processes()}
        return [component for component, pid in running.pids.items() if pid not in alive]

    def processes(self) -> list[psutil.Process]:
        """Every living process that carries the mark."""
        return [process for process in psutil.process_iter() if _mark_of(process) == self.mark]

    def start(
        self,
        commands: Mapping[str, Sequence[str]],
        env: Mapping[str, str],
        url: str,
        missing: Callable[[], str],
        deadline: float,
        tell: Tell,
    ) -> Running:
        """Start a component per command and wait until nothing is `missing` any more.

        Raises `ServiceError` when a component ends or `deadline` (seconds) passes. Nothing is left running then.
        """
        try:
            started = {component: self._spawn(component, command, env) for component, command in commands.items()}
            self._wait(started, missing, deadline, tell)
            pids = {component: process.pid for component, process in started.items()}
            return self._remember(Running(url, datetime.now(UTC).isoformat(timespec="seconds"), pids))
        except BaseException:
            self.stop()
            raise

    def revive(
        self,
        running: Running,
        commands: Mapping[str, Sequence[str]],
        env: Mapping[str, str],
        missing: Callable[[], str],
        deadline: float,
        tell: Tell,
    ) -> Running:
        """Start again the components that ended, beside those that live, and wait as `start` does; their logs go on."""
        ended = self.ended(running)
        self._bury({running.pids[part] for part in ended})
        again = {part: self._spawn(part, commands[part], env, "ab") for part in ended}
        pids = {component: process.pid for component, process in again.items()}
        revived = self._remember(replace(running, pids={**running.pids, **pids}))
        self._wait(again, missing, deadline, tell)
        return revived

    def _bury(self, sessions: Container[int]) -> None:
        """End what components left behind, each in the session that it began: nobody listens to it any more."""
        left = [process for process in self.processes() if _session_of(process) in sessions]
        _send(signal.SIGKILL, left)
        _await_end(left, _ENDING[-1][1])

    def run(self, component: str, command: Sequence[str], env: Mapping[str, str], deadline: float) -> None:
        """Run a command of this service to its end. Raises `ServiceError` when it fails or takes longer."""
        process = self._spawn(component, command, env)
        try:
            if process.wait(deadline):
                raise self._error(component, f"failed with exit status {process.returncode}")
        except subprocess.TimeoutExpired:
            raise self._error(component, f"was not done after {deadline:.0f} s") from None
        finally:
            self.stop()

    def stop(self) -> bool:
        """End every process of the service; False when there was none.

        The components are asked first, so that they can end their children in order; after that, all that is left.
        """
        found = self.processes()
        asked = _topmost(found)
        for number, patience in _ENDING:
            _send(number, asked)
            _await_end(asked, patience)
            if not (asked := self.processes()):
                self._state.unlink(missing_ok=True)
                return bool(found)
        raise ServiceError(f"{self.name}: the processes {[process.pid for process in asked]} do not end")

    @property
    def _state(self) -> Path:
        return self.home / f"{self.name}.json"

    def _log(self, component: str) -> Path:
        return self.home / f"{component}.log"

    def _spawn(
        self, component: str, command: Sequence[str], env: Mapping[str, str], mode: Literal["wb", "ab"] = "wb"
    ) -> subprocess.Popen[bytes]:
        with self._log(component).open(mode) as log:
            return subprocess.Popen(
                command,
                # SPT_NOENV: processes that change their title must not overwrite their environment, the mark's home.
                env={**env, MARK: self.mark, "SPT_NOENV": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(
        self, started: Mapping[str, subprocess.Popen[bytes]], missing: Callable[[], str], deadline: float, tell: Tell
    ) -> None:
        begin = told = time.monotonic()
        while what := missing():
            for component, process in started.items():
                if process.poll() is not None:
                    raise self._error(component, f"ended with exit status {process.returncode}")
            now = time.monotonic()
            if now > begin + deadline:
                raise ServiceError(f"{self.name}: {what} not ready after {deadline:.0f} s; the logs are in {self.home}")
            if now > told + 10:
                told = now
                tell(f"waiting for {what} ({now - begin:.0f} s)")
            time.sleep(0.2)

    def _remember(self, running: Running) -> Running:
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(running), indent=2), "utf-8")
        fresh.replace(self._state)
        return running

    def _error(self, component: str, how: str) -> ServiceError:
        log = self._log(component)
        last = log.read_text("utf-8", "replace").strip().splitlines()[-8:]
        return ServiceError("\n    ".join([f"{component} {how}; the end of {log}:", *(line[:300] for line in last)]))


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):  # gone, a zombie, or another user's
        return None


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return None


def _await_end(processes: Sequence[psutil.Process], patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and any(_alive(process) for process in processes):
        time.sleep(0.1)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE  # not every init buries the dead soon
    except psutil.NoSuchProcess:
        return False


def _topmost(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those whose parent is none of them."""
    pids = {process.pid for process in processes}
    return [process for process in processes if not pids.intersection(_ancestors(process))]


def _ancestors(process: psutil.Process) -> list[int]:
    try:
        return [parent.pid for parent in process.parents()]
    except psutil.NoSuchProcess:  # it ended meanwhile
        return []


def _send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
