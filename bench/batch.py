"""A batch through the whole pipeline against the limit and a plain Playwright script, side by side in one run.

    .venv/bin/python bench/batch.py [--prompts 60] [--latency 5]

Prints wall time against the ideal (prompts x latency / conversations at once), CPU seconds per chat and peak memory (PSS)
of everything Airflow runs, and the same for the script. The stand-ins run in this process and are left out of both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from plain import chats

from completions.batch import BatchConfig
from completions.cli.batches import submit_and_follow
from completions.cli.follow import outcomes
from completions.cli.out import say
from completions.embedded import Embedded
from completions.rehearsal import Rehearsal
from completions.service import Service
from completions.settings import Settings


@dataclass
class Cost:
    """What a stretch of work cost: wall and CPU in seconds, peak PSS in MB."""

    wall: float = 0
    cpu: float = 0
    peak: float = 0


@contextmanager
def measured(processes: Callable[[], list[psutil.Process]]) -> Iterator[Cost]:
    """Measure what `processes` (and the children they reaped) use while the block runs."""
    cost, over = Cost(), threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            cost.peak = max(cost.peak, sum(map(_pss, processes())) / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin, cpu = time.monotonic(), _cpu(processes())
    try:
        yield cost
    finally:
        cost.wall, cost.cpu = time.monotonic() - begin, _cpu(processes()) - cpu
        over.set()
        watcher.join()


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _config(prompts: list[str]) -> BatchConfig:
    return BatchConfig.parse({"prompts": prompts, "rehearse": True, "expiration": 0})


def _pipeline(prompts: list[str]) -> tuple[Cost, dict[str, Any]]:
    embedded = Embedded()
    embedded.up(say)
    try:
        submit_and_follow(_config(["warm up the workers"]), embedded)
        with measured(Service(embedded.home, "embedded").processes) as cost:
            body, _ = submit_and_follow(_config(prompts), embedded)
    finally:
        embedded.down(say)
    return cost, body


def _script(url: str, prompts: list[str], contexts: int) -> Cost:
    """The peer, in a process of its own so that its CPU can be told from the stand-ins'."""
    me = psutil.Process()
    with measured(lambda: me.children(recursive=True)) as cost:
        child = os.fork()
        if child == 0:
            asyncio.run(chats(url, prompts, contexts))
            os._exit(0)
        os.waitpid(child, 0)
    return cost


def main() -> None:
    """Run both and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--latency", type=float, default=5.0, help="seconds from a prompt to the end of its answer")
    options = parser.parse_args()
    prompts = [f"Which guitar is number {number}?" for number in range(options.prompts)]
    with tempfile.TemporaryDirectory() as folder, Rehearsal(latency=options.latency, ui="b") as rehearsal:
        home = {"HOME": f"{folder}/airflow", "STORE": f"{folder}/store", "REHEARSAL_URL": rehearsal.url}
        os.environ |= {f"COMPLETIONS_{name}": value for name, value in home.items()}
        at_once = min(_at_once(options.prompts), options.prompts)
        script = _script(rehearsal.url, prompts, at_once)
        pipeline, body = _pipeline(prompts)
    ideal = options.prompts * options.latency / at_once
    print(f"{options.prompts} chats of {options.latency:g} s, {at_once} at once; ideal {ideal:.0f} s")
    for name, cost in (("pipeline", pipeline), ("script", script)):
        each = cost.cpu / options.prompts
        print(
            f"{name:9} {cost.wall:6.1f} s  {cost.wall / ideal:4.2f} x ideal  {each:5.2f} CPU s/chat  {cost.peak:5.0f} MB"
        )
    print(f"pipeline / script: {pipeline.wall / script.wall:.2f} in time, {pipeline.cpu / script.cpu:.2f} in CPU")
    print(f"outcomes: {outcomes(body)}")


def _at_once(prompts: int) -> int:
    """Conversations that the pipeline holds at once: those of its shards."""
    shards = _config(["-"] * prompts).tasks
    return shards * Settings.from_env().conversations


if __name__ == "__main__":
    main()
