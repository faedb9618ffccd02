"""Batch after batch on one embedded Airflow: what it holds after each, and whether that grows.

    .venv/bin/python bench/steady.py [--batches 20] [--prompts 8]

After each batch, once its processes are gone: memory (PSS), processes and open files of everything that Airflow runs,
and what lies among its temporary files. The slopes are least squares over the second half, when what is loaded once is
loaded. The stand-ins run in this process and count for nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import linear_regression

import psutil

from completions.batch import BatchConfig
from completions.cli.batches import submit_and_follow
from completions.cli.follow import outcomes
from completions.cli.out import say
from completions.embedded import Embedded
from completions.rehearsal import Rehearsal

CALM = 60.0
"""Seconds within which processes must have settled after a batch."""


@dataclass(frozen=True)
class Held:
    """What is held at one moment."""

    memory: float
    """PSS in MB."""
    processes: int
    files: int
    temporary: int
    """Entries in the folder of temporary files."""


def main() -> None:
    """Run the batches and print a line for each, then the slopes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--prompts", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Rehearsal(latency=0.5, ui="b") as rehearsal:
        scratch = Path(folder, "tmp")
        scratch.mkdir()
        os.environ |= {"COMPLETIONS_HOME": f"{folder}/airflow", "COMPLETIONS_STORE": f"{folder}/store"}
        os.environ |= {"COMPLETIONS_REHEARSAL_URL": rehearsal.url, "TMPDIR": str(scratch)}
        embedded = Embedded()
        embedded.up(say)
        try:
            print("          memory   processes, open files, temporary files")
            _report(list(_batches(embedded, scratch, options.batches, options.prompts)))
        finally:
            embedded.down(say)


def _batches(embedded: Embedded, scratch: Path, batches: int, prompts: int) -> Iterator[Held]:
    yield _line("before", _settled(embedded, scratch))
    for number in range(batches):
        asked = [f"Which guitar is number {number} {index}?" for index in range(prompts)]
        config = BatchConfig.parse({"prompts": asked, "rehearse": True, "expiration": 0})
        [(body, _)] = submit_and_follow([config], embedded)
        yield _line(f"{number + 1}", _settled(embedded, scratch), outcomes(body))


def _settled(embedded: Embedded, scratch: Path) -> Held:
    """What is held once the number of processes stays as it is for some seconds."""
    end, counts = time.monotonic() + CALM, deque([0], maxlen=5)
    while len(set(counts)) > 1 or len(counts) < 5:
        assert time.monotonic() < end, "its processes come and go"
        time.sleep(1)
        counts.append(len(embedded.service.processes()))
    return _held(embedded.service.processes(), scratch)


def _held(processes: list[psutil.Process], scratch: Path) -> Held:
    memory, files = 0.0, 0
    for process in processes:
        with suppress(psutil.Error):
            memory += process.memory_full_info().pss / 1e6
            files += process.num_fds()
    return Held(memory, len(processes), files, sum(1 for _ in scratch.iterdir()))


def _line(name: str, held: Held, told: str = "") -> Held:
    memory, *counts = astuple(held)
    print(f"{name:>7}{memory:8.0f} MB" + "".join(f"{count:6}" for count in counts) + f"  {told}", flush=True)
    return held


def _report(held: list[Held]) -> None:
    late = [astuple(each) for each in held[len(held) // 2 :]]
    slopes = [linear_regression(range(len(late)), column).slope for column in zip(*late, strict=True)]
    names = ("MB", "processes", "open files", "temporary files")
    print("a batch adds: " + ", ".join(f"{slope:+.2f} {name}" for slope, name in zip(slopes, names, strict=True)))


if __name__ == "__main__":
    main()
