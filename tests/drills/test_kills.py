"""Every part killed with SIGKILL at every step of a batch: the batch ends right, and nothing answered is asked again.

A step is caught by holding one write of it in front of the bucket, which is on a real S3 server that is killed too. CI
strikes a few times; the whole table, written to a file as Markdown, is
`COMPLETIONS_DRILL_KILLS=FILE .venv/bin/python -m pytest -m whole tests/drills/test_kills.py`, a part of it with
`COMPLETIONS_DRILL_PARTS=s3,redis` as well.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import psutil
import pytest

from bucket_airflow import on_bucket
from completions.batch import batch_id_of
from completions.cluster import Cluster, lacking
from completions.embedded import free_port
from completions.leftovers import SCRATCH
from completions.reading import connect
from completions.record import answer_key
from completions.status import status
from gated_s3 import Gate, gated
from processes import command_of
from real_airflow import RealAirflow
from rgw import Rgw

pytest_plugins = ["rgw"]

pytestmark = [
    pytest.mark.drill,
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.skipif(bool(lacking()), reason=f"needs {' and '.join(lacking())}"),
]

STEPS = {
    "plan": r"^PUT .*/plan\.json$",
    "ask": r"^PUT .*/answers/\d",
    "collect": r"^PUT .*/manifest\.json$",
    "notify": r"^PUT .*/notifications",
}
"""The write that is held while the part is killed: what the step did before it is done."""
ASKING = ("browser", "driver")
"""Parts that only live while something is asked."""
PARTS = (*ASKING, "task", "worker", "scheduler", "api-server", "triggerer", "postgres", "redis", "s3")
REPORT = os.environ.get("COMPLETIONS_DRILL_KILLS")
TABLE = [
    (part, step)
    for part in os.environ.get("COMPLETIONS_DRILL_PARTS", ",".join(PARTS)).split(",")
    for step in STEPS
    if step == "ask" or part not in ASKING
]
FEW = [("s3", "ask"), ("postgres", "plan"), ("scheduler", "collect")]
PROMPTS = 6


@dataclass(frozen=True)
class Line:
    """What one kill came to."""

    part: str
    step: str
    run: str
    rows: int
    stored_asked_again: int
    in_flight_asked_again: int
    messages: int
    left: int
    """Browsers and temporary folders after the batch."""

    @property
    def right(self) -> bool:
        whole = (self.run, self.rows, self.stored_asked_again, self.left) == ("success", PROMPTS, 0, 0)
        return whole and self.messages in (1, 2)


@pytest.fixture
def gate(rgw: Rgw) -> Iterator[Gate]:
    with gated(rgw.access()) as gate:
        yield gate


@pytest.fixture
def cluster(tmp_path: Path, gate: Gate) -> Iterator[RealAirflow]:
    """Two workers that notice a death soon, and whose temporary files are all in one folder."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    given = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15", "TMPDIR": str(scratch)}
    embedded = Cluster(home=tmp_path / "airflow", port=free_port())
    with on_bucket(embedded, latency=1, s3=gate.access, **given) as airflow:
        yield airflow
    assert [line for line in map(command_of, psutil.process_iter()) if str(embedded.home) in " ".join(line)] == []


@pytest.mark.parametrize("table", [FEW, pytest.param(TABLE, marks=pytest.mark.whole)], ids=["few", "whole"])
def test_each_part_at_each_step(
    cluster: RealAirflow, gate: Gate, rgw: Rgw, tmp_path: Path, table: list[tuple[str, str]]
) -> None:
    lines = []
    for part, step in table:
        lines.append(_strike(cluster, gate, rgw, part, step, tmp_path / "tmp"))
        if REPORT:
            Path(REPORT).write_text(_markdown(lines), "utf-8")
    assert [line for line in lines if not line.right] == []


def _strike(airflow: RealAirflow, gate: Gate, rgw: Rgw, part: str, step: str, scratch: Path) -> Line:
    airflow.rehearsal.reset()
    name = f"{part}-{step}"
    prompts = [f"Which {name} is number {number}?" for number in range(PROMPTS)]
    callback = airflow.rehearsal.callback_url(name)
    gate.hold(STEPS[step])
    run_id = airflow.start({"prompts": prompts, "rehearse": True, "expiration": 0, "callback": callback})
    assert gate.reached.wait(240), f"{name}: the step was not reached"
    stored = _stored(airflow, batch_id_of(run_id))
    if part == "s3":
        _cut_power(rgw, gate)
    else:
        _kill(_found(airflow, part))
        gate.release()
    airflow.embedded.up()  # what a supervisor of services does: start again what ended
    airflow.wait(run_id)
    return _line(airflow, (part, step), run_id, [prompts[index] for index in stored], scratch)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process.kill()
            process.wait(10)  # until it is gone: PostgreSQL takes one whose end nobody saw for alive


def _cut_power(rgw: Rgw, gate: Gate) -> None:
    """Server and disk are killed, and back at the same address, with what they had kept, after some ten seconds."""
    rgw.kill()
    gate.release()
    rgw.start()


def _stored(airflow: RealAirflow, batch_id: str) -> list[int]:
    kept = airflow.store.of("rehearsal")
    return [index for index in range(PROMPTS) if kept.get(answer_key(batch_id, index, 0))]


def _found(airflow: RealAirflow, part: str) -> list[psutil.Process]:
    """The processes that are killed: of a worker, the one that has the task."""
    ours = airflow.embedded.service.processes()
    running = airflow.embedded.service.known(), airflow.embedded.backing.known()
    pids = {name: pid for known in running if known for name, pid in known.pids.items()}
    tasks = [process for process in ours if command_of(process)[:1] and _is_task(process)]
    looks: dict[str, Callable[[], list[psutil.Process]]] = {
        "task": lambda: tasks[:1],
        "worker": lambda: [_worker_of(tasks[0], {pids[name] for name in pids if name.startswith("worker-")})],
        "driver": lambda: [one for one in ours if "run-driver" in command_of(one)][:1],
        "browser": lambda: [one for one in ours if "--remote-debugging-pipe" in command_of(one)][:1],
    }
    found = looks.get(part, lambda: [psutil.Process(pids[part])])()
    assert found, f"there is no {part}"
    return found


def _is_task(process: psutil.Process) -> bool:
    return command_of(process)[0].startswith("airflow worker -- ")


def _worker_of(task: psutil.Process, workers: set[int]) -> psutil.Process:
    return next(parent for parent in task.parents() if parent.pid in workers)


def _line(airflow: RealAirflow, name: tuple[str, str], run_id: str, stored: list[str], scratch: Path) -> Line:
    batch_id = batch_id_of(run_id)
    body = status(airflow.store, batch_id)
    assert body
    counted = "select count(*), count(distinct prompt_index) from completions where outcome = 'answered'"
    row = connect(airflow.store, batch_id).execute(counted).fetchone()
    asked = Counter(asking.prompt for asking in airflow.rehearsal.asked())
    again = {prompt for prompt, times in asked.items() if times > 1}
    return Line(
        *name,
        run=airflow.state(run_id),
        rows=row[0] if row and row[0] == row[1] else -1,
        stored_asked_again=len(again.intersection(stored)),
        in_flight_asked_again=len(again.difference(stored)),
        messages=len(airflow.rehearsal.callbacks("-".join(name))),
        left=len(list(scratch.glob(f"{SCRATCH}*"))) + len(_browsers(airflow)),
    )


def _browsers(airflow: RealAirflow) -> list[psutil.Process]:
    return [one for one in airflow.embedded.service.processes() if "--remote-debugging-pipe" in command_of(one)]


def _markdown(lines: list[Line]) -> str:
    head = "| killed | at | run | rows of 6 | stored, asked again | in flight, asked again | messages | left behind |"
    rows = ["| " + " | ".join(map(str, astuple(line))) + " |" for line in lines]
    return "\n".join([head, "| --- " * 8 + "|", *rows]) + "\n"
